#!/usr/bin/env python3
"""Measures what memo costs the compiler: pipelines of two-input steps, a pipeline over many aggregates, and the include.

usage: run.py [--repeat N] [--compilers g++,clang++-19] [--flags FLAG...]
Prints seconds of processor time and peak memory, medians of N compilations at -O1. Nothing else should run meanwhile."""
import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]


def chain(steps):
    """Step i reads the two values before it, so that levels are deep and every function differs."""
    names = ["a", "b"] + [f"s{i}" for i in range(steps)]
    functions = [f"double f{i}(double x, double y) {{ return x + {i} * y; }}" for i in range(steps)]
    nodes = [f'    memo::step<"s{i}">(f{i}).from<"{names[i]}", "{names[i + 1]}">().version<1>()' for i in range(steps)]
    return program(functions, ['    memo::input<"a", double>', '    memo::input<"b", double>'] + nodes,
                   '"a"_in = 1.0, "b"_in = 2.0', f's{steps - 1}', "double")


def aggregates(steps, types):
    """Each step reads an aggregate of 10 fields and gives the next type."""
    fields = ["double", "int", "std::string", "std::vector<double>", "float"] * 2
    structs = [f"struct t{t} {{ " + " ".join(f"{f} m{i}{{}};" for i, f in enumerate(fields)) + " };"
               for t in range(types)]
    functions = [f"t{(i + 1) % types} f{i}(t{i % types} const& x, int n) {{ "
                 f"t{(i + 1) % types} y; y.m0 = x.m0 + n; return y; }}" for i in range(steps)]
    nodes = [f'    memo::step<"s{i}">(f{i}).from<"{f"s{i - 1}" if i else "first"}", "n">().version<1>()'
             for i in range(steps)]
    return program(structs + functions, ['    memo::input<"first", t0>', '    memo::input<"n", int>'] + nodes,
                   '"first"_in = t0{}, "n"_in = 2', f"s{steps - 1}", f"t{steps % types}", ".m0")


def program(declarations, nodes, inputs, target, result, member=""):
    return "\n".join(
        ["#include <memo/memo.hpp>", "#include <string>", "#include <vector>", "using namespace memo::literals;"]
        + declarations + ['constexpr auto p = memo::pipeline<"p">(', ",\n".join(nodes) + ");", "int main() {",
                          "  memo::runner runner{memo::memory_store{}};", f"  auto run = runner.run(p, {inputs});",
                          f'  {result} const& last = run.get<"{target}">();', f"  return last{member} > 0 ? 0 : 1;", "}", ""])


def compile_once(command, source, folder):
    """Processor seconds and peak MB of the whole compilation; the largest process counts for memory."""
    child = subprocess.Popen(command + [str(source), "-o", str(folder / "out.o")], stderr=subprocess.PIPE)
    message = child.stderr.read().decode()
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"{' '.join(command)}: does not compile\n{message[:3000]}")
    # wait4 gives the driver's own peak and that of the processes it waited for, whichever is larger.
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--compilers", default="g++,clang++-19")
    parser.add_argument("--flags", nargs="*", default=[])
    options = parser.parse_args()
    programs = {"#include <string>": "#include <string>\n", "#include <memo/memo.hpp>": "#include <memo/memo.hpp>\n"}
    programs |= {f"{n} steps": chain(n) for n in (5, 20, 80, 200)}
    programs["50 steps over 20 aggregates"] = aggregates(50, 20)
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        for compiler in options.compilers.split(","):
            command = [compiler, "-std=c++20", f"-I{ROOT / 'include'}", "-pthread", "-O1", "-c"] + options.flags
            print(f"{compiler:30} {'seconds':>9} {'MB':>7}   median of {options.repeat}")
            for name, text in programs.items():
                source = folder / "program.cpp"
                source.write_text(text)
                runs = [compile_once(command, source, folder) for _ in range(options.repeat)]
                seconds, memory = (statistics.median(column) for column in zip(*runs))
                print(f"{name:30} {seconds:9.2f} {memory:7.0f}", flush=True)


main()
