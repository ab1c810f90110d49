#!/usr/bin/env python3
"""Starts an example twice with an empty cache: the first start must run steps, the second must find hits only, and both
must write the same files.

usage: second_start.py [--file NAME]... PROGRAM ARGUMENT...
       {} in an argument is a folder of its own for each start, in which the files are looked for"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

arguments, files = sys.argv[1:], []
while arguments and arguments[0] == "--file":
    files, arguments = files + arguments[1:2], arguments[2:]
if not arguments:
    sys.exit(__doc__)

with tempfile.TemporaryDirectory() as scratch:
    root = pathlib.Path(scratch)
    starts = []
    for name in ("first", "second"):
        (root / name).mkdir()
        done = subprocess.run([word.replace("{}", str(root / name)) for word in arguments], capture_output=True, text=True,
                              env=os.environ | {"MEMO_DIR": str(root / "cache")}, stdin=subprocess.DEVNULL)
        said = done.stdout + done.stderr
        print(f"== {name} start, exit status {done.returncode}\n{said}")
        counts = re.search(r"(\d+) hit, (\d+) ran", said)
        if done.returncode or not counts:
            sys.exit(f"the {name} start failed or printed no report")
        starts.append((int(counts[1]), int(counts[2]), [(root / name / f).read_bytes() for f in files]))

first, second = starts
problems = []
if first[0] or not first[1]:
    problems.append("the first start had hits, or ran nothing")
if second[1] or second[0] != first[1]:
    problems.append("the second start was not all hits")
for name, before, after in zip(files, first[2], second[2]):
    if not before or before != after:
        problems.append(f"{name} is empty, or not the same")
print("\n".join(problems) if problems else "the second start was all hits")
sys.exit(1 if problems else 0)
