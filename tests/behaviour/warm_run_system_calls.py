#!/usr/bin/env python3
"""Counts the system calls of warm runs with strace: a warm run of a chain of steps from a directory reads no object and
makes at most 4 system calls for each step, apart from the heap's growth. What does not depend on the number of steps cancels out, since a chain of
100 steps is compared with one of 10.

usage: warm_run_system_calls.py COMPILER FLAG...      exit status 77: skipped, with the reason"""
import collections
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

MOST = 4
HEAP = ("brk", "mmap", "munmap", "madvise")
LENGTHS = (10, 100)

PROGRAM = """#include <memo/memo.hpp>
#include <cstdio>
#include <cstdlib>
#include <vector>
using namespace memo::literals;

// Too large to sit in an entry.
static std::vector<double> next(std::vector<double> const& before) {
  std::vector<double> after = before;
  after.front() += 1;
  after.resize(1000);
  return after;
}
%s
template <class Pipeline>
static int run(Pipeline const& chain, char const* folder, bool get) {
  memo::runner runner{memo::directory_store{folder}, {.jobs = 1}};
  auto run = runner.run(chain, "start"_in = std::vector<double>{0});
  std::printf("%%zu hits of %%zu\\n", run.report().count(memo::outcome::hit), run.report().steps.size());
  return get ? static_cast<int>(run.template get<"s9">().front()) - 10 : 0;
}

int main(int, char** arguments) {
  bool const get = arguments[3][0] == 'g';
  return std::atoi(arguments[1]) == %d ? run(chain_%d, arguments[2], get) : run(chain_%d, arguments[2], get);
}
"""


def chain(length):
    steps = [f'    memo::step<"s{i}">(next).from<"{f"s{i - 1}" if i else "start"}">().version<1>()'
             for i in range(length)]
    return "\n".join([f'static constexpr auto chain_{length} = memo::pipeline<"chain {length}">(',
                      '    memo::input<"start", std::vector<double>>,', ",\n".join(steps) + ");"])


def build(folder, command):
    source = folder / "chain.cpp"
    source.write_text(PROGRAM % ("\n".join(map(chain, LENGTHS)), *LENGTHS[:1], *LENGTHS))
    program = folder / "chain"
    subprocess.run(command + ["-O1", "-pthread", str(source), "-o", str(program)], check=True)
    return program


def traced(folder, command):
    """What the program printed, its system calls by name, and the objects that it opened."""
    log = folder / "trace"
    done = subprocess.run(["strace", "-f", "-y", "-o", str(log)] + command, capture_output=True, text=True, check=True)
    lines = log.read_text(errors="replace").splitlines()
    calls = collections.Counter(m.group(1) for m in (re.match(r"\d+ +(\w+)\(", line) for line in lines) if m)
    opened = [line for line in lines if re.search(r'/v1/o(>, "|/)[0-9a-f]{2}/', line)]
    return done.stdout, calls, opened


def main(command):
    if not shutil.which("strace"):
        return "skipped: strace is not installed (Debian package strace)", 77
    probe = subprocess.run(["strace", "-f", "-o", "/dev/null", "true"], capture_output=True, text=True)
    if probe.returncode:
        return "skipped: strace cannot trace here: " + probe.stderr.strip(), 77
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        program = str(build(folder, command))
        cache = str(folder / "cache")
        counts, problems = {}, []
        for length in LENGTHS:
            subprocess.run([program, str(length), cache, "run"], check=True, capture_output=True)
            said, counts[length], opened = traced(folder, [program, str(length), cache, "run"])
            if said != f"{length} hits of {length}\n":
                problems.append(f"the warm run of {length} steps says: {said}")
            if opened:
                problems.append(f"the warm run of {length} steps opens {len(opened)} objects: {opened[0]}")
        # Were objects not seen where one is opened, they would be seen nowhere.
        if not traced(folder, [program, "100", cache, "get"])[2]:
            problems.append("asking for a value opens no object")
        small, large = (counts[length] for length in LENGTHS)
        steps = LENGTHS[1] - LENGTHS[0]
        for_each = sum(large[n] - small[n] for n in large | small if n not in HEAP) / steps
        if for_each > MOST:
            problems.append(f"more than {MOST} system calls for a step")
        names = {n: (large[n] - small[n]) / steps for n in large if large[n] != small[n]}
        shown = ", ".join(f"{n} {c:.2f}" for n, c in sorted(names.items(), key=lambda item: -item[1]))
        problems.append(f"{for_each:.2f} system calls for each step of a warm run ({shown}); "
                        f"{sum(small.values())} in a run of {LENGTHS[0]} steps")
        return "\n".join(problems), 1 if len(problems) > 1 else 0


if len(sys.argv) < 2:
    sys.exit(__doc__)
text, status = main(sys.argv[1:])
print(text)
sys.exit(status)
