#!/usr/bin/env python3
"""Looks at the HTML pages of reports in a headless Chromium, as a person would: clicks, keys, search, light and dark,
wide and narrow.

usage: page.py WRITE_PAGES [SCREENSHOTS]      exit status 77: skipped, with the reason

WRITE_PAGES is the program of write_pages.cpp. SCREENSHOTS is a folder for pictures of the pages."""
import json
import pathlib
import subprocess
import sys
import tempfile
import urllib.parse

sys.dont_write_bytecode = True  # the folder of the sources stays as it is
import contrast
import webdriver

PAGES = ("one", "cold", "five", "all_hits", "failed", "plan", "graph", "hundreds", "hundreds_failed", "deep", "wide", "every_outcome",
         "strange", "extreme", "hostile", "unwired", "empty")
WORDS = {"hit": "hit", "ran": "ran", "run": "run", "failed": "failed", "skipped": "skipped", "cancelled": "cancelled",
         "not_needed": "not needed", "depends": "depends"}
problems = []


def check(condition, what):
    if not condition:
        problems.append(what)
        print("FAILED:", what)


def same(found, expected, what):
    check(found == expected, f"{what}: {found!r}, expected {expected!r}")


def duration(ns):
    """The table's spelling of a time, found independently of the page."""
    seconds = ns // 10**9
    for least, large, name, small, small_name in ((172800, 86400, "d", 3600, "h"), (7200, 3600, "h", 60, "min"),
                                                  (120, 60, "min", 1, "s")):
        if seconds >= least:
            rest = seconds % large // small
            return f"{seconds // large} {name}" + (f" {rest} {small_name}" if rest else "")
    for size, unit in ((10**9, "s"), (10**6, "ms"), (10**3, "us"), (1, "ns")):
        if ns >= 0.9995 * size or unit == "ns":
            value = ns / size
            return (f"{value:.0f}" if value >= 999.5 else f"{value:.3g}") + f" {unit}"


def reason(step):
    text = step["reason"]
    at = text.find(" changed") if step["change"] else -1
    text = text if at < 0 else f"{text[:at + 8]}: {step['change']}{text[at + 8:]}"
    return text.replace("`", "") if text.count("`") % 2 == 0 else text


def panel(page):
    """What the panel says, as data."""
    return page.script("""
      const panel = document.getElementById("panel"), text = selector => panel.querySelector(selector)?.textContent ?? "";
      const terms = [...panel.querySelectorAll("dt")].map(term => [term.textContent, term.nextSibling.textContent]);
      return {name: text("h2"), outcome: text(".outcome"), why: text(".why"), facts: Object.fromEntries(terms),
              key: [...panel.querySelectorAll(".key-parts li")].map(line => line.textContent),
              digests: [...panel.querySelectorAll(".digest")].map(line => line.textContent),
              elements: [...panel.querySelectorAll(".lines:not(.key-parts) li")].map(line => line.textContent),
              links: [...panel.querySelectorAll(".links a")].map(link => link.textContent),
              alerts: [...panel.querySelectorAll(".alert")].map(line => line.textContent),
              shown: getComputedStyle(panel).display !== "none"}""")


def check_panel(page, data, i, how):
    step, seen = data["steps"][i], panel(page)
    where = f"{how}, step {i}"
    same(seen["name"], step["name"], where + ": name")
    check(seen["shown"], where + ": the panel is not shown")
    if data["schema"] == "memo.graph":
        same(seen["facts"].get("Code"), step["code"], where + ": code")
        return
    same(seen["outcome"], WORDS[step["forecast" if data["is_plan"] else "outcome"]], where + ": outcome")
    same(seen["why"], reason(step), where + ": reason")
    same(seen["key"], step["key_parts"], where + ": key parts")
    same(seen["digests"], [d for d in [step["key"], *step["values"]] if d], where + ": digests")
    same(seen["facts"].get("Waited for", ""), step["waited_for"], where + ": waited for")
    same(seen["elements"][:len(step["element_reasons"])], step["element_reasons"], where + ": elements")
    alerts = [f"Verify: {step['difference']}"] if step["differs"] else []
    alerts += ["Not reproducible: it ran again and gave another value."] if step["not_reproducible"] else []
    same(seen["alerts"], alerts, where + ": alerts")
    if data["graph"] and len(data["graph"]["steps"]) == len(data["steps"]):
        wiring = data["graph"]["steps"][i]
        producers = {name: other["name"] for other in data["graph"]["steps"] for name in other["names"]}
        reads = [producers.get(name, name) for name in wiring["reads"]]
        same(seen["links"][:len(set(reads))], list(dict.fromkeys(reads)), where + ": reads")
    same(seen["facts"].get("Time"), duration(step["time_ns"]) if step["time_ns"] else None, where + ": time")
    same(seen["facts"].get("Saved"), duration(step["saved_ns"]) if step["saved_ns"] else None, where + ": saved")


def visible_nodes(page):
    """Steps of which the middle can be clicked where it is."""
    return page.script("""
      const frame = document.getElementById("viewport").getBoundingClientRect();
      return [...document.querySelectorAll(".node:not(.input)")].filter(node => {
        const box = node.querySelector(".box").getBoundingClientRect();
        const x = box.x + box.width / 2, y = box.y + box.height / 2;
        return x > frame.left + 2 && x < frame.right - 2 && y > frame.top + 2 && y < Math.min(frame.bottom, innerHeight) - 2 &&
               document.elementFromPoint(x, y)?.closest(".node") === node;
      }).map(node => Number(node.dataset.node))""")


def scale(page):
    return page.script("return document.getElementById('scene').transform.baseVal.consolidate().matrix.a")


def quiet(page, where, path):
    same(page.console(), [], where + ": console")
    # A change of the fragment counts as a request of the same file.
    urls = {url.split("#")[0] for url in page.requests()} - {pathlib.Path(path).resolve().as_uri()}
    same(urls, set(), where + ": requests")
    check(page.script("return document.title") != "broken", where + ": a text of the report became a script")
    same(page.script("return document.querySelectorAll('script').length"), 2, where + ": scripts")
    same(page.script("return document.querySelectorAll('img, b:not(.counts b):not(.notices b), i, iframe, [onerror], [onload], [style*=url]').length"),
         0, where + ": elements that a text made")


def geometry(page, where):
    found = page.script("""
      const nodes = [...document.querySelectorAll(".node")].map(node => {
        const {e, f} = node.transform.baseVal.consolidate().matrix, box = node.querySelector(".box");
        return {node, x: e, y: f, w: box.width.baseVal.value, h: box.height.baseVal.value};
      });
      const wrong = [];
      for (const a of nodes) {
        for (const b of nodes)
          if (a !== b && a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h)
            wrong.push(`${a.node.dataset.node} lies over ${b.node.dataset.node}`);
        for (const text of a.node.querySelectorAll("text")) {
          const box = text.getBBox();
          if (box.width > 0 && (box.x < 4 || box.x + box.width > a.w - 4 || box.y < 0 || box.y + box.height > a.h))
            wrong.push(`"${text.textContent}" leaves its box: ${box.x + box.width} of ${a.w}`);
        }
      }
      return wrong.slice(0, 5)""")
    same(found, [], where + ": geometry")


def click_box(page, i):
    x, y = page.script("""const box = document.querySelector(`.node[data-node="${arguments[0]}"] .box`).getBoundingClientRect();
                          return [box.x + box.width / 2, box.y + box.height / 2]""", i)
    page.pointer(("move", x, y), ("down",), ("up",))


def clicks(page, data, where):
    page.script("document.getElementById('viewport').scrollIntoView({block: 'center'})")
    clicked = []
    for _ in range(min(8, len(data["steps"]))):
        # A click may move the graph, so that the whole box is seen.
        left = [i for i in visible_nodes(page) if i not in clicked]
        if not left:
            break
        i = left[len(left) // 2]
        clicked.append(i)
        click_box(page, i)
        check_panel(page, data, i, where + " click")
        same(page.script("return [...document.querySelectorAll('.node.chosen')].map(n => Number(n.dataset.node))"), [i],
             where + ": marked step")
        same(page.script("return [...document.querySelectorAll('tr.chosen')].map(n => Number(n.dataset.node))"), [i],
             where + ": marked row")
    check(clicked, where + ": no step can be clicked")
    page.keys("escape")
    same(page.script("return document.querySelectorAll('.node.chosen').length"), 0, where + ": Escape takes the selection back")


def keyboard(page, data, where):
    page.script("document.body.tabIndex = -1; document.body.focus()")
    for _ in range(20):
        page.keys("tab")
        if page.script("return document.activeElement.matches('.node')"):
            break
    check(page.script("return document.activeElement.matches('.node')"), where + ": the tabulator does not reach the graph")
    stops = page.script("return document.querySelectorAll('.node[tabindex=\"0\"]').length")
    same(stops, 1, where + ": stops of the tabulator")
    node = "return Number(document.activeElement.dataset.node)"
    first = page.script(node)
    page.keys("right")
    if page.script(node) == first:
        page.keys("left")
    second = page.script(node)
    if len(data["steps"]) > 1 and data.get("graph", data):
        check(second != first, where + ": the arrow does not move")
    if second < len(data["steps"]):
        page.keys("enter")
        check_panel(page, data, second, where + " Enter")
    page.keys("escape")


def search(page, data, where):
    # A text that can be typed.
    texts = [step["name"][:12] for step in data["steps"] if step["name"][:12].strip().isascii() and step["name"][:12].isprintable()]
    text = texts[-1].strip()
    page.type("#search", text)
    found = page.script("return [...document.querySelectorAll('.node.found')].map(n => Number(n.dataset.node))")
    expected = {i for i, step in enumerate(data["steps"]) if text.lower() in step["name"].lower()}
    same({i for i in found if i < len(data["steps"])}, expected, where + ": search")
    rows = page.script("return [...document.querySelectorAll('#steps tbody tr:not([hidden])')].map(r => Number(r.dataset.node))")
    same(set(rows), expected, where + ": rows that match")
    page.keys("enter")
    names = [node["name"] for node in data["steps"] + ((data.get("graph") or data).get("inputs") or [])]
    check(panel(page)["name"] in [name for name in names if text.lower() in name.lower()], where + ": Enter selects what was found")
    page.script("const s = document.getElementById('search'); s.value = ''; s.dispatchEvent(new Event('input'))")
    page.keys("escape")


def after_change(page, script):
    """Runs what changes the address, and waits until the page knows."""
    page.script(f"""return new Promise(done => {{
      addEventListener("hashchange", () => setTimeout(done), {{once: true}});
      {script};
    }})""")


def address(page, path, data, where):
    for i in {0, len(data["steps"]) - 1}:
        page.open(path, "step=" + urllib.parse.quote(data["steps"][i]["name"], safe=""))
        check_panel(page, data, i, where + " address")
    page.open(path, "step=%zz")
    check("Select a step" in panel(page)["name"], where + ": a wrong address selects nothing")
    if len(data["steps"]) > 1:
        after_change(page, "document.querySelectorAll('#steps tbody a')[0].click()")
        after_change(page, "document.querySelectorAll('#steps tbody a')[1].click()")
        check_panel(page, data, 1, where + " row")
        after_change(page, "history.back()")
        check_panel(page, data, 0, where + " back")


def time_line(page, data, where):
    if not data.get("work"):
        check(data["schema"] == "memo.graph" or page.script("return document.getElementById('time-note').textContent"),
              where + ": no word about the missing time line")
        return
    lanes = len({span["worker"] for span in data["work"]})
    same(page.script("return document.querySelectorAll('.lane').length"), lanes, where + ": lanes")
    if lanes == 1:
        check("One thread" in page.script("return document.getElementById('time-note').textContent"), where + ": one lane in words")
    page.script("document.getElementById('lanes').scrollIntoView({block: 'center'})")
    widest = page.script("""
      const spans = [...document.querySelectorAll(".span")].sort((a, b) => b.offsetWidth - a.offsetWidth);
      spans[0].id = "widest";
      return Number(spans[0].dataset.node)""")
    page.click("#widest")
    check_panel(page, data, widest, where + " span")
    before = page.script("return document.querySelector('.axis').textContent")
    page.click("#time-in")
    check(page.script("return document.querySelector('.axis').textContent") != before, where + ": the time line does not zoom")
    page.click("#time-fit")
    same(page.script("return document.querySelector('.axis').textContent"), before, where + ": Fit of the time line")
    page.keys("escape")
    page.script("scrollTo(0, 0)")


def zoom(page, where):
    page.click("#fit")
    fitted = scale(page)
    inside = page.script("""
      const frame = document.getElementById("viewport").getBoundingClientRect();
      return [...document.querySelectorAll(".node .box")].every(node => {
        const box = node.getBoundingClientRect();
        return box.left >= frame.left - 1 && box.right <= frame.right + 1 && box.top >= frame.top - 1 && box.bottom <= frame.bottom + 1;
      })""")
    check(inside, where + ": Fit shows not all of it")
    page.click("#zoom-in")
    check(scale(page) > fitted, where + ": + does not enlarge")
    page.script("document.getElementById('viewport').scrollIntoView({block: 'center'})")
    x, y = page.script("""const box = document.getElementById("viewport").getBoundingClientRect();
                          return [box.x + box.width / 2, box.y + box.height / 2]""")
    before = scale(page)
    page.wheel(x, y, -300)
    check(scale(page) > before, where + ": the wheel does not enlarge")
    place = "return document.getElementById('scene').getAttribute('transform')"
    for _ in range(3):
        page.click("#zoom-in")
    before, chosen = page.script(place), panel(page)["name"]
    page.pointer(("move", x, y), ("down",), ("move", x - 20, y - 5), ("move", x - 60, y - 12), ("up",))
    check(page.script(place) != before, where + ": dragging does not move")
    same(panel(page)["name"], chosen, where + ": dragging selects")
    page.click("#fit")
    page.script("document.getElementById('viewport').scrollIntoView({block: 'center'})")
    page.wheel(x, y, 200)
    same(scale(page), fitted, where + ": the wheel makes it smaller than all of it")


def table(page, data, where):
    page.script("document.querySelectorAll('#steps th button')[2].click()")
    page.script("document.querySelectorAll('#steps th button')[2].click()")
    order = page.script("return [...document.querySelectorAll('#steps tbody tr')].map(row => Number(row.dataset.node))")
    times = [data["steps"][i]["time_ns"] for i in order]
    same(times, sorted(times, reverse=True), where + ": sorted by time")
    same(page.script("return document.querySelectorAll('#steps th')[2].getAttribute('aria-sort')"), "descending",
         where + ": aria-sort")


def sizes(page, path, where):
    for width, height in ((1400, 900), (800, 600), (400, 800)):
        page.resize(width, height)
        page.open(path)
        check(page.script("return document.documentElement.scrollWidth <= innerWidth"), f"{where}: wider than {width}")
    page.resize(1400, 900)


def schemes(page, path, data, where):
    fragment = "step=" + data["steps"][0]["name"] if data["steps"] and where != "hostile" else ""
    for scheme in ("light", "dark"):
        page.prefer(scheme)
        page.open(path, fragment)
        for told in contrast.faults(page):
            check(False, f"{where}, {scheme}: {told}")
        page.click("#fit")
        for told in contrast.faults(page):
            check(False, f"{where}, {scheme}, all of it: {told}")
    page.prefer("light")


def without_script(page, path, where):
    page.command("Emulation.setScriptExecutionDisabled", {"value": True})
    page.open(path)
    seen = page.script("""const shown = selector => document.querySelector(selector)?.getBoundingClientRect().height > 0;
                          return [shown("#graph .box"), shown("#steps"), shown("#search"), shown("#panel")]""")
    same(seen, [True, True, False, False], where + ": without script")
    page.command("Emulation.setScriptExecutionDisabled", {"value": False})


def on_paper(page, path, where):
    page.prefer("light", "print")
    page.open(path)
    seen = page.script("""const shown = selector => document.querySelector(selector)?.getBoundingClientRect().height > 0;
                          return [shown("#steps"), shown("#graph"), shown("#panel")]""")
    same(seen, [True, False, False], where + ": on paper")
    page.prefer("light")


def pictures(page, folder, to):
    for name in ("five", "hundreds", "hundreds_failed", "plan"):
        data = json.loads((folder / f"{name}.json").read_text("utf-8"))
        fragment = "step=" + data["steps"][min(1, len(data["steps"]) - 1)]["name"]
        for scheme in ("light", "dark"):
            page.prefer(scheme)
            page.open(folder / f"{name}.html", fragment)
            page.screenshot(to / f"{name}_{scheme}.png")
        page.prefer("light")
        for width, height in ((800, 600), (400, 800)):
            page.resize(width, height)
            page.open(folder / f"{name}.html")
            page.screenshot(to / f"{name}_{width}.png", whole_page=True)
        page.resize(1400, 900)
        page.open(folder / f"{name}.html")
        page.click("#fit")
        page.screenshot(to / f"{name}_whole.png")


def look(page, folder, name):
    path = folder / f"{name}.html"
    data = json.loads((folder / f"{name}.json").read_text("utf-8"))
    page.open(path)
    print(name, flush=True)
    quiet(page, name, path)
    same(page.script("return document.querySelectorAll('.node:not(.input)').length"), len(data["steps"]), name + ": boxes")
    geometry(page, name)
    if data["steps"]:
        clicks(page, data, name)
        keyboard(page, data, name)
        search(page, data, name)
        time_line(page, data, name)
        zoom(page, name)
        if data["schema"] == "memo.report":
            table(page, data, name)
        quiet(page, name + " after use", path)
        address(page, path, data, name)
        without_script(page, path, name)
        on_paper(page, path, name)
    sizes(page, path, name)
    schemes(page, path, data, name)
    quiet(page, name + " at the end", path)


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        subprocess.run([sys.argv[1], str(folder)], check=True)
        try:
            with webdriver.browser() as page:
                for name in PAGES:
                    look(page, folder, name)
                if len(sys.argv) == 3:
                    to = pathlib.Path(sys.argv[2])
                    to.mkdir(parents=True, exist_ok=True)
                    pictures(page, folder, to)
        except webdriver.Missing as why:
            print(f"skipped: {why}")
            sys.exit(77)
    print(f"{len(PAGES)} pages, {len(problems)} problems")
    sys.exit(1 if problems else 0)


main()
