#!/usr/bin/env python3
"""Types commands into a program with memo::cli and into memo-cache, as a person would, and looks at what they say.

usage: commands.py PROGRAM MEMO_CACHE"""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

PIPELINE_COMMANDS = ["run", "plan", "explain", "graph"]
CACHE_COMMANDS = ["report", "list", "show", "stats", "history", "verify", "clear", "gc", "doctor"]
problems = []


class Said:
    def __init__(self, line, done):
        self.line, self.status, self.out, self.err = line, done.returncode, done.stdout, done.stderr

    def check(self, status=0, out=(), err=(), no_out=False, no_err=False):
        wrong = []
        if self.status != status:
            wrong.append(f"status {self.status}, not {status}")
        wrong += [f"standard output lacks {part!r}" for part in out if part not in self.out]
        wrong += [f"standard error lacks {part!r}" for part in err if part not in self.err]
        if no_out and self.out:
            wrong.append("there is something on standard output")
        if no_err and self.err:
            wrong.append("there is something on standard error")
        if "terminate called" in self.err or "runtime error" in self.err or "Sanitizer" in self.err:
            wrong.append("the program broke")
        if wrong:
            problems.append(f"$ {self.line}\n  " + "; ".join(wrong) + f"\n--- out\n{self.out}--- err\n{self.err}---")
        return self


class Shell:
    """A person in a folder of their own."""

    def __init__(self, folder, program, cache):
        self.folder, self.programs = pathlib.Path(folder), {"sample": program, "memo-cache": cache}
        self.folder.mkdir(parents=True, exist_ok=True)
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("MEMO_")}
        self.environment.update(HOME=str(self.folder), MEMO_DIR=str(self.folder / "cache"))
        self.environment.pop("XDG_CACHE_HOME", None)

    def type(self, line, **more):
        words = ["" if word == "''" else word for word in line.split()]
        done = subprocess.run([self.programs[words[0]]] + words[1:], cwd=self.folder, text=True, capture_output=True,
                              stdin=subprocess.DEVNULL, timeout=120, env={**self.environment, **more})
        return Said(line, done)

    def pipe(self, line):
        """As bash does it."""
        done = subprocess.run(["bash", "-c", "set -o pipefail; " + line], cwd=self.folder, text=True, capture_output=True,
                              timeout=120, env={**self.environment, **{k.replace("-", "_"): v for k, v in self.programs.items()}})
        return Said(line, done)


def helps(shell):
    shell.type("sample --help").check(out=["usage: sample", "n ", "needed", "total", "exit status"] + PIPELINE_COMMANDS +
                                      CACHE_COMMANDS, no_err=True)
    shell.type("memo-cache --help").check(out=["usage: memo-cache", "MEMO_DIR"] + CACHE_COMMANDS, no_err=True)
    shell.type("sample --version").check(out=["memo "], no_err=True)
    for program, names in (("sample", PIPELINE_COMMANDS + CACHE_COMMANDS), ("memo-cache", CACHE_COMMANDS)):
        for name in names:
            for line in (f"{name} --help", f"{name} -h", f"help {name}"):
                shell.type(f"{program} {line}").check(out=[f"usage: {program} {name}", "-h, --help"], no_err=True)


# What a person mistypes, and what has to be said. Each ends with 2, and with nothing on standard output.
MISTAKES = [
    ("sample", ["an input has no value", "n ", "sample run --set n=10"]),
    ("sample rnu", ["there is no command `rnu`", "did you mean `run`?"]),
    ("sample total", ["`total` is a step: `sample run total`"]),
    ("sample run --set n=two", ["n", "two"]),
    ("sample run --set n=", ["n"]),
    ("sample run --set n=2.5", ["n", "2.5"]),
    ("sample run --set n=99999999999999", ["n", "99999999999999"]),
    ("sample run --set n=1 --set kernel=round", ["kernel", "round", "flat", "steep"]),
    ("sample run --set n=1 --set constant=perhaps", ["constant", "perhaps"]),
    ("sample run --set n=1 --set pause=soon", ["pause", "soon"]),
    ("sample run --set n=1 --set training=0.5", ["training", "0.5"]),
    ("sample run --set n=1 --set training={\"rates\":1}", ["training", "rate"]),
    ("sample run --set n=1 --set training={\"rate\":", ["training"]),
    ("sample run --set m=1", ["has no input `m`", "n, kernel, training, constant, pause"]),
    ("sample run --set total=1", ["`total` is a step"]),
    ("sample run --set n", ["gives no value", "--set NAME=VALUE"]),
    ("sample run --set n=1 --set n=2", ["set twice"]),
    ("sample run --set", ["the option --set needs a value"]),
    ("sample run --sett n=1", ["there is no option --sett", "did you mean `--set`?"]),
    ("sample run toatl --set n=1", ["has no step `toatl`", "did you mean `total`?"]),
    ("sample run n --set n=1", ["`n` is an input, and no step"]),
    ("sample run --set n=1 --force totals", ["has no step `totals`"]),
    ("sample run --set n=1 --jobs none", ["--jobs"]),
    ("sample run --set n=1 --jobs 0", ["--jobs"]),
    ("sample run --set n=1 --jobs= 3", ["--jobs", "empty"]),
    ("sample run --set n=1 --mode write", ["there is no mode `write`", "read_write"]),
    ("sample run --set n=1 --verify=x", ["--verify"]),
    ("sample run --set n=1 --verify --mode off", ["--verify"]),
    ("sample run --set n=1 --wait x", ["--wait"]),
    ("sample run --set n=1 --keep-going=yes", ["takes no value"]),
    ("sample run --set n=1 -q -v", ["contradict"]),
    ("sample plan", ["an input has no value", "sample plan --set n=10"]),
    ("sample plan --html x", ["there is no option --html"]),
    ("sample explain", ["needs STEP"]),
    ("sample explain nothing --set n=1", ["has no step `nothing`"]),
    ("sample graph --format gif", ["no format `gif`"]),
    ("sample graph extra", ["takes no words"]),
    ("sample list --sort x", ["cannot be sorted by `x`"]),
    ("sample list --limit x", ["--limit"]),
    ("sample show", ["needs KEY"]),
    ("sample show xyz", ["is no key"]),
    ("sample clear", ["needs --yes"]),
    ("sample run --verify --force total", ["--verify keeps what is stored"]),
    ("sample clear ''", ["the name of the step is empty"]),
    ("sample clear --pipeline '' x", ["the name of the pipeline is empty"]),
    ("sample clear nothing", ["no step `nothing`"]),
    ("sample gc --max-bytes much", ["--max-bytes", "10GB"]),
    ("sample gc --max-age old", ["--max-age", "30d"]),
    ("sample gc --max-entries some", ["--max-entries"]),
    ("memo-cache", ["no command is given"]),
    ("memo-cache run", ["needs a pipeline"]),
    ("memo-cache lists", ["did you mean `list`?"]),
    ("memo-cache --dir", ["no command is given"]),
    ("memo-cache list --dir", ["the option --dir needs a value"]),
    ("memo-cache list --dir=/nowhere/at/all", ["no such directory"]),
    ("memo-cache list --dir /etc/passwd", ["no directory"]),
    ("memo-cache list --dir /etc", ["not a cache"]),
]


def mistakes(shell):
    shell.type("sample run -q --set n=3").check()
    for line, parts in MISTAKES:
        said = shell.type(line).check(2, err=["error: "] + parts, no_out=True)
        if not said.err.startswith("error: ") or not said.err.endswith("\n"):
            problems.append(f"$ {line}\n  is no error in the one form:\n{said.err}")
    shell.type("memo-cache list", MEMO_DIR="").check(2, err=["no cache is named", "MEMO_DIR"])
    shell.type("sample run --set n=3", MEMO_MODE="fast").check(2, err=["MEMO_MODE", "fast"])
    shell.type("sample run --set n=3 -j2", MEMO_JOBS="2").check(0)


def runs(shell):
    shell.type("sample run --set n=3").check(out=["total = 4.5\n", "chance = 4\n", "wait = 1\n"], err=["0 hit, 4 ran"])
    shell.type("sample --set n=3").check(out=["total = 4.5\n"], err=["4 hit, 0 ran"])
    shell.type("sample run total -q --set n=3").check(out=["total = 4.5\n"], no_err=True)
    shell.type("sample run -v --set n=4 --set kernel=steep --set training={\"rate\":2}").check(
        out=["total = 36\n"], err=["values: runs"])
    shell.type("sample run -q --set n=9").check(1, err=["error: the step `total` failed: 13.5 is no good sum"])
    shell.type("sample run -k --set n=9").check(1, out=["chance = 4"], err=["1 failed"])
    shell.type("sample run --verify --set n=3").check(0)
    shell.type("sample run -q --set n=3 --set constant=no").check(0)
    shell.type("sample run --verify --set n=3 --set constant=no").check(3, err=["chance", "error: verify found"])
    shell.type("sample plan --set n=5").check(out=["values", "run", "input `n` changed"], no_err=True)
    shell.type("sample explain values --set n=5").check(out=["input `n` changed", "input n = 5"], no_err=True)
    shell.type("sample graph").check(out=["level 2  total"], no_err=True)
    shell.type("sample graph --format dot --plan --set n=3").check(out=["digraph"], no_err=True)
    shell.type("sample report").check(out=["total"], no_err=True)
    json.loads(shell.type("sample report --json -").check(no_err=True).out)
    json.loads(shell.type("sample report --trace -").check(no_err=True).out)
    shell.type("sample report --html page.html").check(no_out=True, no_err=True)
    if "<svg" not in (shell.folder / "page.html").read_text():
        problems.append("the page has no picture")
    shell.type("sample history").check(out=["read_write", "verify"], no_err=True)


def caches(shell):
    shell.type("sample run -q --set n=3").check()
    for program in ("sample", "memo-cache"):
        shell.type(f"{program} stats").check(out=["4 entries", "total"], no_err=True)
        shell.type(f"{program} history").check(out=["4 ran"], no_err=True)
        shell.type(f"{program} verify").check(out=["0 damaged"], no_err=True)
        shell.type(f"{program} report").check(out=["4 ran"], no_err=True)
        shell.type(f"{program} doctor").check()
        lines = shell.type(f"{program} list --json").check(no_err=True).out.splitlines()
        entry = json.loads(lines[0])
        if len(lines) != 4 or set(entry) != {"key", "project", "pipeline", "step", "created_ms", "cost_ns", "bytes"}:
            problems.append(f"list --json gives {lines}")
        shell.type(f"{program} show {entry['key'][:10]}").check(out=[entry["key"], entry["step"]], no_err=True)
        shell.type(f"{program} show {'0' * 32}").check(1, err=["no entry with the key"])
    shell.type("memo-cache clear total").check(out=["removed 1 entry"], no_err=True)
    shell.type("sample run -q total --set n=3").check(out=["total = 4.5"])
    shell.type("sample gc --max-entries 2").check(out=["entries"], no_err=True)
    shell.type("memo-cache clear -y").check(out=["removed"], no_err=True)
    shell.type("sample list").check(err=["the cache is empty"], no_out=True)


def damage(shell):
    shell.type("sample run -q --set n=3000").check()
    damaged = 0
    for file in (shell.folder / "cache").rglob("*"):
        if file.is_file() and file.stat().st_size > 20_000:
            file.chmod(0o600)
            text = bytearray(file.read_bytes())
            text[len(text) // 2] ^= 1
            file.write_bytes(text)
            damaged += 1
    if damaged != 1:
        problems.append(f"{damaged} large files in the cache")
    shell.type("memo-cache verify").check(3, out=["1 damaged"], err=["removed"])
    shell.type("sample verify").check(0, out=["0 damaged"])


def other_caches(shell):
    """An empty cache, one of the other kind, and one that may only be read."""
    shell.type("sample list").check(err=["the cache is empty"], no_out=True)
    shell.type("sample stats").check(out=["0 entries"])
    shell.type("sample history").check(err=["no run"])
    shell.type("sample report").check(1, err=["no run of the pipeline `sample` is kept"])
    shell.type("memo-cache list").check(2, err=["no such directory"])
    shell.type("sample run -q --set n=3", STORE="mapped").check(out=["total = 4.5"])
    shell.type("memo-cache stats").check(out=["4 entries"])
    shell.type("memo-cache list").check(out=["total"])
    shell.type("memo-cache verify").check(out=["0 damaged"])
    place = shell.environment["MEMO_DIR"]
    shell.type(f"sample run --dir {place} --set n=3").check(err=["4 hit"])
    shell.type(f"sample run --dir {place}/../new --set n=3").check(err=["4 ran"])
    shell.type(f"memo-cache list --dir {place}/../new").check(out=["total"])
    if os.geteuid() == 0:
        return  # may write everywhere
    folders = [p for p in [shell.folder / "new", *(shell.folder / "new").rglob("*")] if p.is_dir()]
    for folder in folders:
        folder.chmod(0o500)
    shell.type(f"sample run --dir {place}/../new --set n=3").check(out=["total = 4.5"])
    shell.type(f"sample run --dir {place}/../new --set n=4").check(out=["total = 6"], err=["warning: "])
    for folder in folders:
        folder.chmod(0o700)


def pipes(shell):
    shell.type("sample run -q --set n=3").check()
    shell.pipe('for i in 1 2 3 4 5 6; do "$sample" run -q --set n=$i >/dev/null; done; "$memo_cache" list | head -1').check(
        out=["key "], no_err=True)
    # Nobody reads any more: quiet, whether the signal is there to end the program or not.
    for ignored, status in ((False, -signal.SIGPIPE), (True, 1)):
        read_end, write_end = os.pipe()
        os.close(read_end)
        line = "sample graph"
        done = subprocess.run([shell.programs["sample"], "graph"], stdout=write_end, stderr=subprocess.PIPE, text=True,
                              env=shell.environment, restore_signals=not ignored)
        os.close(write_end)
        done.stdout = ""
        Said(line + " into a pipe that nobody reads", done).check(status, no_err=True)
    shell.pipe('"$sample" list >/dev/full').check(1, err=["standard output could not be written"])
    shell.pipe('"$sample" run --set n=3 2>/dev/null | grep total').check(out=["total = 4.5"])
    shell.pipe('yes | "$sample" clear').check(2, err=["needs --yes"])  # the answer must come from a terminal
    shell.pipe('"$sample" run --set n=3 --json - -q | python3 -m json.tool').check(out=["pipeline"])


def wait_for(file):
    end = time.monotonic() + 60
    while not file.exists():
        if time.monotonic() > end:
            raise TimeoutError(file)
        time.sleep(0.01)


def signals(shell):
    # Who starts this in the background hands down that Ctrl-C is ignored, which a program respects.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        mark = shell.folder / f"running{number}"
        line = "sample run --set n=3 --set pause=100s"
        with subprocess.Popen([shell.programs["sample"], *line.split()[1:]], cwd=shell.folder, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**shell.environment, "WAIT_FILE": str(mark)}) as p:
            wait_for(mark)
            p.send_signal(number)
            out, err = p.communicate(timeout=60)
            done = subprocess.CompletedProcess(line, p.returncode, out, err)
        Said(line + f", then signal {number}", done).check(status, err=["error: "], no_out=True)
    # What was finished before is kept.
    shell.type("sample run total --set n=3").check(out=["total = 4.5"], err=["hit"])


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    program, cache = (os.path.abspath(path) for path in sys.argv[1:])
    parts = [helps, mistakes, runs, caches, damage, other_caches, pipes, signals]
    with tempfile.TemporaryDirectory() as folder:
        link = pathlib.Path(folder) / "sample"  # the name that is told
        link.symlink_to(program)
        for part in parts:
            before = len(problems)
            part(Shell(pathlib.Path(folder) / part.__name__, str(link), cache))
            print(f"{part.__name__}: {len(problems) - before} problems")
    print("\n".join(problems))
    sys.exit(1 if problems else 0)


main()
