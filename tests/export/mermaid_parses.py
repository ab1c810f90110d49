#!/usr/bin/env python3
"""Has Mermaid itself parse and draw the flow charts of samples, in headless Chromium, and compares what it draws with the
JSON documents of the same samples.

usage: mermaid_parses.py TEST_EXPORT BUILD_FOLDER      exit status 77: skipped, with the reason

The npm package `mermaid` is looked for in $MEMO_NODE_MODULES, BUILD_FOLDER/node/node_modules and `npm root -g`; where it is
in none, npm installs it in the second."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True  # the sources may lie where nothing is to be written
import samples  # noqa: E402

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "browser"))
import webdriver  # noqa: E402

PAGE = """<!DOCTYPE html><meta charset="utf-8"><title>Mermaid</title><body><script src="%s"></script>
<script>mermaid.initialize({startOnLoad: false, securityLevel: "strict"})</script>"""
DRAW = """const [text] = arguments;
return (async () => {
  try {
    await mermaid.parse(text);
    const {svg} = await mermaid.render("drawing", text);
    document.body.innerHTML = svg;
    const plain = element => (element.innerText ?? element.textContent).replace(/\\s/g, "");
    const nodes = {};
    for (const node of document.querySelectorAll("g.node"))
      nodes[node.id.replace(/^.*flowchart-/, "").replace(/-\\d+$/, "")] = plain(node.querySelector(".nodeLabel") ?? node);
    const edges = [...document.querySelectorAll("path.flowchart-link")];
    const scripts = document.body.querySelectorAll("script, a[href], img, iframe").length;
    return {nodes, edges: edges.length, dashed: edges.filter(e => /dotted/.test(e.getAttribute("class"))).length, scripts};
  } catch (problem) {
    return {problem: String(problem.message ?? problem).slice(0, 500)};
  }
})()"""
FILE = pathlib.Path("mermaid/dist/mermaid.min.js")


def npm(*arguments):
    try:
        return subprocess.run(["npm", *arguments], capture_output=True, text=True, timeout=120, check=True).stdout.strip()
    except subprocess.TimeoutExpired:
        raise OSError("npm does not answer within two minutes") from None
    except subprocess.CalledProcessError as problem:
        raise OSError((problem.stderr.strip() or "npm fails").splitlines()[-1]) from None


def find_mermaid(build):
    own = build / "node"
    folders = [own / "node_modules"]
    if os.environ.get("MEMO_NODE_MODULES"):
        folders.insert(0, pathlib.Path(os.environ["MEMO_NODE_MODULES"]))
    has_npm = shutil.which("npm") is not None
    try:
        if has_npm:
            folders.append(pathlib.Path(npm("root", "-g")))
        for folder in folders:
            if (folder / FILE).is_file():
                return folder / FILE
        if not has_npm:
            samples.skip("the npm package mermaid is nowhere, and there is no npm to install it")
        own.mkdir(parents=True, exist_ok=True)
        npm("install", "--prefix", str(own), "--no-audit", "--no-fund", "--no-save", "mermaid@11")
    except OSError as problem:
        samples.skip(f"the npm package mermaid is nowhere, and cannot be installed: {problem}")
    if not (own / "node_modules" / FILE).is_file():
        samples.skip("the npm package mermaid has no " + str(FILE))
    return own / "node_modules" / FILE


def shown(text):
    """What is left of a text in a drawing: without white space, whatever character stands for one that cannot be drawn."""
    return "".join("\ufffd" if ord(c) < 32 and c not in "\t\n" or 127 <= ord(c) < 160 else c
                   for c in text if c not in " \t\n\u2028\u2029\u200b")


def check(found, document):
    if "problem" in found:
        raise ValueError(found["problem"])
    is_report = document["schema"] == "memo.report"
    graph = document["graph"] if is_report else document
    inputs = graph["inputs"] if graph else []
    nodes = {f"i{i}": node["name"] for i, node in enumerate(inputs)}
    source = {node["name"]: f"i{i}" for i, node in enumerate(inputs)}
    for i, node in enumerate(document["steps"]):
        nodes[f"s{i}"] = node["name"]
        source.update((name, f"s{i}") for name in node["names"])
        if is_report:
            word = node["forecast" if document["is_plan"] else "outcome"]
            nodes[f"legend_{word}"] = word.replace("_", " ")
    edges = dashed = 0
    for node in graph["steps"] if graph else []:
        read = {source[name] for name in node["reads"]}
        after = {source[name] for name in node["after"]} - read
        edges, dashed = edges + len(read) + len(after), dashed + len(after)
    if set(found["nodes"]) != set(nodes):
        raise ValueError(f"has the nodes {sorted(found['nodes'])}, not {sorted(nodes)}")
    for id, text in nodes.items():
        if not shown(found["nodes"][id]).startswith(shown(text)):
            raise ValueError(f"shows {found['nodes'][id][:200]!r} in {id}, not {shown(text)[:200]!r}")
    if (found["edges"], found["dashed"]) != (edges, dashed):
        raise ValueError(f"has {found['edges']} edges, {found['dashed']} of them dotted, not {edges} and {dashed}")
    if found["scripts"]:
        raise ValueError("the drawing holds a script, a link, a picture or a frame")


if len(sys.argv) != 3:
    sys.exit(__doc__)
script = find_mermaid(pathlib.Path(sys.argv[2]).resolve())
problems, count = [], 0
with tempfile.TemporaryDirectory() as folder:
    paths = samples.write(sys.argv[1], folder)
    page = pathlib.Path(folder) / "page.html"
    page.write_text(PAGE % script.as_uri(), encoding="utf-8")
    try:
        with webdriver.browser() as browser:
            browser.open(page)
            version = browser.script("return typeof mermaid")
            if version != "object":
                sys.exit(f"{script} does not load: {browser.console()}")
            if "problem" not in browser.script(DRAW, "flowchart TD\n  a[\"\n"):
                sys.exit("Mermaid draws what is no flow chart")
            for path in paths:
                if path.suffix != ".mmd":
                    continue
                count += 1
                document = json.loads(path.with_suffix(".json").read_text("utf-8"))
                try:
                    check(browser.script(DRAW, path.read_text("utf-8")), document)
                except (ValueError, webdriver.Failed) as problem:
                    problems.append(f"{path.name}: {problem}")
    except webdriver.Missing as problem:
        samples.skip(str(problem))
print("\n".join(problems))
print(f"{count} flow charts, {len(problems)} problems")
sys.exit(1 if problems or count < 20 else 0)
