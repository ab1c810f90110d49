#!/usr/bin/env python3
"""Lists what <memo/memo.hpp> brings along and fails if it holds a header that crowds the global namespace or is slow.

usage: includes.py COMPILER FLAG..."""
import re
import subprocess
import sys

# The first group declares common names (send, connect, socket, refresh, environ) in the global namespace or defines
# lower-case macros; the second costs every user compile time.
# <iostream> and <iomanip> are not in it, as cereal and <filesystem> include them.
FORBIDDEN = """
sys/socket.h sys/un.h netdb.h netinet/ arpa/inet.h link.h elf.h sys/ptrace.h sys/user.h curses.h ncurses.h term.h
syslog.h search.h sys/sysmacros.h sys/param.h windows.h regex.h termios.h X11/
regex future fstream range/v3/all.hpp boost/hana.hpp execution
""".split()


def suffix_matches(path, name):
    return re.search("(^|/)" + re.escape(name) + ("" if name.endswith("/") else "$"), path) is not None


if len(sys.argv) < 2:
    sys.exit(__doc__)
done = subprocess.run(sys.argv[1:] + ["-pthread", "-M", "-x", "c++", "-"], input="#include <memo/memo.hpp>\n", text=True,
                      capture_output=True)
if done.returncode:
    sys.exit(done.stderr[:2000])
files = sorted(set(done.stdout.replace("\\\n", " ").split()[1:]))
if not any(suffix_matches(f, "memo/memo.hpp") for f in files):
    sys.exit("the compiler did not list memo/memo.hpp itself:\n" + done.stdout[:2000])
empty = subprocess.run(sys.argv[1:] + ["-M", "-x", "c++", "-"], input="#include <string>\n#include <thread>\n", text=True,
                       capture_output=True, check=True)
unavoidable = set(empty.stdout.replace("\\\n", " ").split())
found = [f"{name}: {f}" for name in FORBIDDEN for f in files if suffix_matches(f, name) and f not in unavoidable]
own = [f for f in files if "/memo/" in f]
print(f"memo.hpp includes {len(files)} files, {len(own)} of them memo's")
print("\n".join(f"forbidden: {f}" for f in found))
sys.exit(1 if found else 0)
