#!/usr/bin/env python3
"""Checks what README.md shows: its programs are files of examples/, other C++ is a passage of one or of a test, and the
printed output is what the program prints. Also that all places agree on the version.

usage: docs.py SOURCE_DIR SCRATCH_DIR COMPILER FLAG..."""
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def squeeze(text):
    return " ".join(text.split())


def normalise(output):
    """Times, digests and the width of columns differ between runs."""
    output = re.sub(r"\d[\d.e+]* ?(ns|us|µs|ms|s|min|h)\b", "TIME", output)
    output = re.sub(r"\b[0-9a-f]{8,32}\b", "DIGEST", output)
    return [squeeze(line) for line in output.strip().splitlines()]


def versions(source):
    found = {}
    config = (source / "include/memo/config.hpp").read_text("utf-8")
    found["config.hpp"] = ".".join(re.search(rf"VERSION_{part} (\d+)", config).group(1) for part in
                                   ("MAJOR", "MINOR", "PATCH"))
    found["CMakeLists.txt"] = re.search(r"project\(memo VERSION ([\d.]+)", (source / "CMakeLists.txt").read_text("utf-8")).group(1)
    found["meson.build"] = re.search(r"version: '([\d.]+)'", (source / "meson.build").read_text("utf-8")).group(1)
    if len(set(found.values())) > 1:
        return [f"the version differs: {found}"]
    return []


def run_console(block, program, scratch, source, text):
    """A console block is '$ command' lines, each with its output. A compiler is run as it stands, beside a folder memo
    and the program's source; every other command runs the program once more."""
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    (scratch / "memo").symlink_to(source.resolve())
    (scratch / (pathlib.Path(program).name + ".cpp")).write_text(text, "utf-8")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MEMO_")}
    expected, found = [], []
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        words = command.split()
        if words[0] == "g++":
            done = subprocess.run(words, cwd=scratch, capture_output=True, text=True) if shutil.which("g++") else None
            if done and done.returncode:
                return [f"the README's command fails: {command}\n{done.stderr[:2000]}"]
            continue
        done = subprocess.run([program] + shlex.split(command)[1:], cwd=scratch, env=environment, text=True, timeout=120,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        expected += ["$ " + squeeze(command)] + normalise(output)
        found += ["$ " + squeeze(command)] + normalise(done.stdout)
    if expected != found:
        return ["the printed output of the README differs; it is now:\n" + "\n".join(found)]
    return []


def compiled(source_file, scratch, command, problems):
    """The program that an example is, or None where it does not compile."""
    program = scratch / source_file.parent.name
    done = subprocess.run(command + ["-O2", "-pthread", str(source_file), "-o", str(program)], capture_output=True, text=True)
    if done.returncode:
        problems.append(f"{source_file} does not compile:\n{done.stderr[:2000]}")
    return None if done.returncode else program


def check(source, scratch, command):
    problems = versions(source)
    examples = {p: p.read_text("utf-8") for p in sorted(source.glob("examples/**/*.[ch]pp"))}
    tests = {p: p.read_text("utf-8") for p in sorted(source.glob("tests/**/*.[ch]pp"))}
    passages = [squeeze(text) for text in (examples | tests).values()]
    scratch.mkdir(parents=True, exist_ok=True)
    program, counted = None, 0
    for language, block in BLOCK.findall((source / "README.md").read_text("utf-8")):
        first = block.splitlines()[0] if block else ""
        if language == "cpp" and "int main" in block and "#include" in block:
            counted += 1
            same = [p for p, text in examples.items() if text == block]
            if not same:
                problems.append(f"the program that opens with '{first}' is no file of examples/")
                continue
            program = compiled(same[0], scratch, command, problems)
        elif language == "cpp":
            counted += 1
            if not any(squeeze(block) in passage for passage in passages):
                problems.append(f"the passage that opens with '{first}' stands in no example and no test")
        elif language == "console" and (shown := re.search(r"^\$ \./(\w+)", block, re.MULTILINE)):
            counted += 1
            main = source / "examples" / shown[1] / "main.cpp"
            if not program or program.name != shown[1]:
                program = compiled(main, scratch, command, problems)
            if program:
                problems += run_console(block, str(program.resolve()), scratch / "run", source, main.read_text("utf-8"))
    if counted < 2:
        problems.append("README.md shows no program with its output")
    print(f"{counted} blocks of README.md checked")
    return problems


if len(sys.argv) < 4:
    sys.exit(__doc__)
problems = check(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3:])
print("\n".join(problems))
sys.exit(1 if problems else 0)
