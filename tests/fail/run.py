#!/usr/bin/env python3
"""Compiles each program of this folder, which the compiler must reject with a sentence near the top of its output.

A program opens with the words that must appear, one line for each:
    // expect: reads a name that no input or step
They must stand in the first 8 lines, or as many as a line `// within: N` says. Lines that echo the expectation do not
count.

usage: run.py [--self-test] COMPILER FLAG..."""
import concurrent.futures
import pathlib
import re
import subprocess
import sys
import tempfile

LINES = 8


def problem(path, command):
    source = path.read_text()
    words = re.findall(r"^// expect: (.+?)\s*$", source, re.MULTILINE)
    within = re.search(r"^// within: (\d+)$", source, re.MULTILINE)
    lines = int(within.group(1)) if within else LINES
    if not words:
        return f"{path.name}: no line '// expect: words'"
    done = subprocess.run(command + ["-Wall", "-Wextra", "-pthread", "-fsyntax-only", str(path)],
                          capture_output=True, text=True)
    if done.returncode == 0:
        return f"{path.name}: it compiled"
    output = [line for line in done.stderr.splitlines() if "// expect:" not in line]
    head = "\n".join(output[:lines])
    absent = [w for w in words if w not in head]
    if not absent:
        return None
    where = {w: next((i + 1 for i, line in enumerate(output) if w in line), None) for w in absent}
    notes = "; ".join(f"'{w}' " + (f"only in line {n}" if n else "nowhere") for w, n in where.items())
    return f"{path.name}: not in the first {lines} lines: {notes}\n{head}\n"


def check(folder, command):
    paths = sorted(folder.glob("*.cpp"))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        problems = [p for p in pool.map(lambda path: problem(path, command), paths) if p]
    return paths, problems


def self_test(command):
    cases = {
        "rejected": ("// expect: at least one\nstatic_assert(sizeof(int) == 0, \"at least one\");\n", None),
        "compiles": ("// expect: nothing\nint main() {}\n", "it compiled"),
        "other_words": ("// expect: another sentence\nstatic_assert(false, \"a sentence\");\n", "nowhere"),
        "too_late": ("// expect: the last\n" + "int a = b;\n" * 9 + "static_assert(false, \"the last\");\n", "only in line"),
        "late_but_declared": ("// expect: the last\n// within: 99\n" + "int a = b;\n" * 9 +
                              "static_assert(false, \"the last\");\n", None),
        "silent": ("static_assert(false);\n", "no line '// expect"),
    }
    problems = []
    with tempfile.TemporaryDirectory() as folder:
        for name, (source, expected) in cases.items():
            path = pathlib.Path(folder) / f"{name}.cpp"
            path.write_text(source)
            found = problem(path, command)
            if (found is None) != (expected is None) or (expected and expected not in found):
                problems.append(f"{name}: expected {expected!r}, found {found!r}")
    return cases, problems


arguments = sys.argv[1:]
testing = arguments[:1] == ["--self-test"]
command = arguments[1:] if testing else arguments
if not command:
    sys.exit(__doc__)
cases, problems = self_test(command) if testing else check(pathlib.Path(__file__).parent, command)
print("\n".join(problems))
print(f"{len(cases) - len(problems)} of {len(cases)} programs are rejected as expected")
sys.exit(1 if problems or not cases else 0)
