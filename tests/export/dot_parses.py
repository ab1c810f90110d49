#!/usr/bin/env python3
"""Draws the DOT files of samples with Graphviz and compares the drawings with the JSON documents of the same samples.

usage: dot_parses.py TEST_EXPORT      exit status 77: skipped, with the reason"""
import json
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

sys.dont_write_bytecode = True  # the sources may lie where nothing is to be written
import samples  # noqa: E402

SVG = "{http://www.w3.org/2000/svg}"


def shown(text):
    """What is left of a text in a drawing: white space may be drawn in several ways."""
    return re.sub(r"\s", "", re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]", "\ufffd", text.replace("\r", "\ufffd")))


def drawing(path):
    """{id: text} of nodes, and [(from, to, is_dashed)] of edges."""
    done = subprocess.run(["dot", "-Tsvg", str(path)], capture_output=True, timeout=300)
    if done.returncode or done.stderr:
        raise ValueError(done.stderr.decode("utf-8", "replace")[:500] or f"exit status {done.returncode}")
    nodes, edges = {}, []
    for group in xml.etree.ElementTree.fromstring(done.stdout).iter(SVG + "g"):
        title = group.findtext(SVG + "title")
        if group.get("class") == "node":
            nodes[title] = shown("".join("".join(t.itertext()) for t in group.iter(SVG + "text")))
        if group.get("class") == "edge":
            edges.append((*title.split("->"), any(p.get("stroke-dasharray") for p in group.iter(SVG + "path"))))
    return nodes, sorted(edges)


def expected(graph, report):
    """The same from the document; of nodes, how their text begins and what else is in it."""
    nodes, edges, source = {}, set(), {}
    if graph:
        for i, node in enumerate(graph["inputs"]):
            source[node["name"]] = f"i{i}"
            nodes[f"i{i}"] = node["name"]
        for i, node in enumerate(graph["steps"]):
            source.update((name, f"s{i}") for name in node["names"])
        for i, node in enumerate(graph["steps"]):
            read = {source[name] for name in node["reads"]}
            edges |= {(name, f"s{i}", False) for name in read}
            edges |= {(source[name], f"s{i}", True) for name in node["after"] if source[name] not in read}
    for i, node in enumerate((report or graph)["steps"]):
        nodes[f"s{i}"] = node["name"]
        if report:
            word = node["forecast" if report["is_plan"] else "outcome"]
            nodes[f"legend_{word}"] = word.replace("_", " ")
    return nodes, sorted(edges)


def check(path, report):
    document = json.loads((path.parent / (path.stem + ".json")).read_text("utf-8"))
    graph = document["graph"] if report else document
    nodes, edges = drawing(path)
    wanted, wanted_edges = expected(graph, document if report else None)
    if set(nodes) != set(wanted):
        raise ValueError(f"has the nodes {sorted(nodes)}, not {sorted(wanted)}")
    if edges != wanted_edges:
        raise ValueError(f"has the edges {edges}, not {wanted_edges}")
    for id, text in wanted.items():
        if not nodes[id].startswith(shown(text)):
            raise ValueError(f"shows {nodes[id][:200]!r} in {id}, not {shown(text)[:200]!r}")


if len(sys.argv) != 2:
    sys.exit(__doc__)
if not shutil.which("dot"):
    samples.skip("Graphviz is missing (Debian package graphviz)")
problems, count = [], 0
with tempfile.TemporaryDirectory() as folder:
    for path in samples.write(sys.argv[1], folder):
        if path.suffix == ".dot":
            count += 1
            try:
                check(path, path.name.endswith(".report.dot"))
            except (ValueError, xml.etree.ElementTree.ParseError) as problem:
                problems.append(f"{path.name}: {problem}")
print("\n".join(problems))
print(f"{count} drawings, {len(problems)} problems")
sys.exit(1 if problems or count < 20 else 0)
