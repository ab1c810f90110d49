#!/usr/bin/env python3
"""Checks that includes between the folders of include/memo go one way, without a cycle, and that no header is long.

usage: layering.py INCLUDE_DIR | --self-test"""
import pathlib
import re
import sys
import tempfile

LONGEST = 450
ALLOWED = {
    "core": "", "key": "core", "graph": "core key", "store": "core", "exec": "core", "report": "core key graph",
    "run": "core key graph store exec report", "export": "core graph report", "sweep": "core key graph run",
    "cli": "core key graph store exec report run export", "ext": "core key graph store exec report run export cli",
}
# Headers outside the folders: what each may include. memo.hpp is the umbrella.
TOP = {"config.hpp": "", "fwd.hpp": "", "memo.hpp": "core key graph store exec report run export cli",
       "sweep.hpp": "sweep", "export.hpp": "export", "cli.hpp": "cli export"}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


def violations(include_dir):
    root = pathlib.Path(include_dir) / "memo"
    edges, found = {}, []
    for path in sorted(root.rglob("*.hpp")):
        name = path.relative_to(root).as_posix()
        folder = name.split("/")[0] if "/" in name else ""
        text = path.read_text("utf-8")
        lines = text.count("\n")
        if lines > LONGEST:
            found.append(f"{name}: {lines} lines, more than {LONGEST}")
        if folder and folder not in ALLOWED:
            found.append(f"{name}: the folder {folder} is no layer")
            continue
        if not folder and name not in TOP:
            found.append(f"{name}: lies in no layer")
        may = set((ALLOWED[folder] if folder else TOP.get(name, "")).split()) | {folder}
        edges[name] = []
        for quote, target in INCLUDE.findall(text):
            if quote == '"':
                found.append(f'{name}: includes "{target}"; write <memo/...>')
            elif target.startswith("memo/"):
                other = target[len("memo/"):]
                edges[name].append(other)
                layer = other.split("/")[0] if "/" in other else ""
                if not (root / other).is_file():
                    found.append(f"{name}: includes {target}, which does not exist")
                elif layer not in may and other not in ("config.hpp", "fwd.hpp"):
                    found.append(f"{name}: {folder or 'it'} may not include {target}")
                elif not layer and folder and other not in ("config.hpp", "fwd.hpp"):
                    found.append(f"{name}: a layer may not include {target}")
    return found + cycles(edges)


def cycles(edges):
    state, found = {}, []

    def visit(name, path):
        state[name] = "open"
        for other in edges.get(name, []):
            if state.get(other) == "open":
                found.append("cycle: " + " -> ".join(path[path.index(other):] + [other]))
            elif other not in state:
                visit(other, path + [other])
        state[name] = "done"

    for name in edges:
        if name not in state:
            visit(name, [name])
    return found


def self_test():
    files = {
        "core/a.hpp": "#include <memo/key/b.hpp>\n",
        "key/b.hpp": '#include <memo/core/c.hpp>\n#include "d.hpp"\n#include <memo/key/none.hpp>\n',
        "core/c.hpp": "#include <memo/core/a.hpp>\n#  include <memo/config.hpp>\n#include <vector>\n",
        "exec/long.hpp": "\n" * (LONGEST + 1),
        "misc/e.hpp": "", "config.hpp": "", "memo.hpp": "#include <memo/core/a.hpp>\n",
    }
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = pathlib.Path(folder) / "memo" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        found = violations(folder)
    expected = {
        "core/a.hpp: core may not include memo/key/b.hpp", 'key/b.hpp: includes "d.hpp"; write <memo/...>',
        "key/b.hpp: includes memo/key/none.hpp, which does not exist", "exec/long.hpp: 451 lines, more than 450",
        "misc/e.hpp: the folder misc is no layer",
        "cycle: core/a.hpp -> key/b.hpp -> core/c.hpp -> core/a.hpp",
    }
    return sorted(expected ^ set(found))


if len(sys.argv) != 2:
    sys.exit(__doc__)
problems = self_test() if sys.argv[1] == "--self-test" else violations(sys.argv[1])
print("\n".join(problems) if problems else "no violation")
sys.exit(1 if problems else 0)
