#!/usr/bin/env python3
"""Writes typed_random_1.cpp to typed_random_4.cpp beside itself: random pipelines of many types, each with a test that
runs it in changing modes on changing inputs, in memory and in a directory. Its output is committed; the same program
gives the same files. usage: make_typed_random.py (needs clang-format-19)"""
import pathlib
import random
import subprocess

TYPES = ["double", "int", "numbers", "text", "table", "buckets", "record", "nested"]
HEAD = """// Made by make_typed_random.py.
#include "typed_trial.hpp"

using namespace typed;
"""


class Step:
    def __init__(self, number, outputs, draw):
        self.number, self.outputs = number, outputs  # (name, type)
        self.policy = draw.choice(["stored"] * 5 + ["never", "digest_only", "inputs_only"])
        self.version = draw.choice([0, 2, 3, 4, 5])
        self.values = draw.choice([2, 3, 50, 100000])
        self.context = draw.random() < 0.1
        self.reads = []  # (slot, how)


def random_pipeline(number, draw):
    inputs = [(f"in{i}", draw.choice(TYPES)) for i in range(draw.randint(1, 3))]
    slots, steps = list(inputs), []
    for n in range(draw.randint(3, 7)):
        outputs = [(f"s{n}", draw.choice(TYPES))]
        if draw.random() < 0.25:
            outputs.append((f"t{n}", draw.choice(TYPES)))
        step = Step(n, outputs, draw)
        for _ in range(draw.choice([0, 1, 2, 2, 3])):
            slot = draw.randrange(len(slots))
            ways = ["reference", "value"] + (["span", "view"] if slots[slot][1] == "numbers" else [])
            step.reads.append((slot, draw.choice(ways)))
        slots += outputs
        steps.append(step)
    return inputs, slots, steps


def parameter(slots, slot, how, name):
    return {"reference": f"{slots[slot][1]} const& {name}", "value": f"{slots[slot][1]} {name}",
            "span": f"std::span<double const> {name}", "view": f"memo::view<double> {name}"}[how]


def function(slots, step):
    parameters = [parameter(slots, slot, how, f"x{i}") for i, (slot, how) in enumerate(step.reads)]
    if step.context:
        parameters.insert(0, "memo::context&")
    # What comes by value is the function's own.
    read = "".join({"value": f", taken(x{i})", "view": f", x{i}.span()"}.get(how, f", x{i}")
                   for i, (_, how) in enumerate(step.reads))
    types = ", ".join(t for _, t in step.outputs)
    result = types if len(step.outputs) == 1 else f"std::pair<{types}>"
    return f"{result} f{step.number}({', '.join(parameters)}) {{\n" \
           f"return made<{types}>(combined({step.number}, {step.values}{read}));\n}}\n"


def declaration(slots, step):
    names = ", ".join(f'"{n}"' for n, _ in step.outputs)
    text = f"memo::step<{names}>(f{step.number})"
    if step.reads:
        text += ".from<" + ", ".join(f'"{slots[slot][0]}"' for slot, _ in step.reads) + ">()"
    if step.version:
        text += f".version<{step.version}>()"
    return text + (f".cache(memo::{step.policy})" if step.policy != "stored" else "")


def evaluation(inputs, slots, step):
    arguments = ["ctx"] if step.context else []
    for slot, how in step.reads:
        arguments.append(f"memo::view<double>(nullptr, v{slot})" if how == "view" else f"v{slot}")
    first = next(i for i, s in enumerate(slots) if s[0] == step.outputs[0][0])
    names = [f"v{first + i}" for i in range(len(step.outputs))]
    return f"auto const {names[0] if len(names) == 1 else '[' + ', '.join(names) + ']'} = " \
           f"f{step.number}({', '.join(arguments)});"


def program(number, draw):
    inputs, slots, steps = random_pipeline(number, draw)
    place = {name: i for i, (name, _) in enumerate(slots)}
    out = [f"namespace typed_{number} {{\n"] + [function(slots, s) for s in steps]
    nodes = [f'memo::input<"{n}", {t}>' for n, t in inputs] + [declaration(slots, s) for s in steps]
    out.append(f'constexpr auto declared = memo::pipeline<"typed {number}">({", ".join(nodes)});\n')

    names = ", ".join(f'"{n}"' for n, _ in slots)
    out.append(f'random_graph::plan described() {{\nreturn plan_of("typed {number}", {len(inputs)}, {{{names}}}, {{')
    out.append(",\n".join(f"{{{{{', '.join(str(place[n]) for n, _ in s.outputs)}}}, "
                          f"{{{', '.join(str(slot) for slot, _ in s.reads)}}}, {s.version}, "
                          f"memo::cache_policy::{s.policy}}}" for s in steps) + "});\n}\n")

    out.append("std::vector<std::uint64_t> evaluate(trial const& t) {")
    out.append(f"calls().resize({len(steps)});")
    if any(s.context for s in steps):
        out.append('memo::context ctx("", 0, {}, nullptr);')
    out += [f"auto const v{i} = made<{t}>(t.input({i}));" for i, (_, t) in enumerate(inputs)]
    out += [evaluation(inputs, slots, s) for s in steps]
    out.append("return {" + ", ".join(f"number(v{i})" for i in range(len(slots))) + "};\n}\n")
    out.append(f"}}  // namespace typed_{number}\n")

    given = ", ".join(f'"{n}"_in = made<{t}>(t.input({i}))' for i, (n, t) in enumerate(inputs))
    out.append(f'TEST_CASE("typed pipeline {number} gives the values of a run without a cache and calls what the model '
               f'says") {{\nusing namespace typed_{number};\nfor (std::uint64_t seed = 0; seed < tries(); ++seed) {{\n'
               f"INFO(\"seed \" << seed);\ntrial t(described(), seed, seed % 4 == 3);\nfor (int i = 0; i < 10; ++i) {{\n"
               f"memo::runner const runner = t.prepare();\nt.expect(evaluate(t));\n"
               f"auto run = runner.run(declared, {given});\nt.compare(run.report());")
    for name, _ in slots[len(inputs):]:
        out.append(f'if (t.coin()) t.compare_value({place[name]}, number(run.get<"{name}">()));')
    out.append("if (t.coin()) t.lose();\n}\n}\n}\n")
    return "\n".join(out)


def main():
    draw = random.Random(20)
    folder = pathlib.Path(__file__).resolve().parent
    for part in range(1, 5):
        text = HEAD + "\n" + "\n".join(program(n, draw) for n in range(5 * part - 4, 5 * part + 1))
        path = folder / f"typed_random_{part}.cpp"
        text = subprocess.run(["clang-format-19", f"--assume-filename={path}"], input=text, capture_output=True, text=True,
                              check=True).stdout
        path.write_text(text)


main()
