#!/usr/bin/env python3
"""Compiles each header of include/memo alone, included twice, with all warnings as errors.

usage: headers.py INCLUDE_DIR COMPILER FLAG..."""
import concurrent.futures
import pathlib
import subprocess
import sys

WARNINGS = ["-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror"]


def problem(header):
    text = f"#include <{header}>\n#include <{header}>\nint main() {{}}\n"
    command = sys.argv[2:] + WARNINGS + ["-pthread", "-fsyntax-only", "-x", "c++", "-"]
    done = subprocess.run(command, input=text, text=True, capture_output=True)
    return f"{header}\n{done.stderr[:2000]}" if done.returncode else None


if len(sys.argv) < 3:
    sys.exit(__doc__)
root = pathlib.Path(sys.argv[1])
# What lies in ext needs a library of its own, which may be absent; its tests include it.
headers = [p.relative_to(root).as_posix() for p in sorted((root / "memo").rglob("*.hpp"))
           if p.relative_to(root).parts[1] != "ext"]
with concurrent.futures.ThreadPoolExecutor(2) as pool:
    problems = [p for p in pool.map(problem, headers) if p]
print("\n".join(problems))
print(f"{len(headers) - len(problems)} of {len(headers)} headers compile alone")
sys.exit(1 if problems or not headers else 0)
