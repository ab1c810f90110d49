#!/usr/bin/env python3
"""Checks the traces of samples against the Trace Event Format, and against the reports of the same samples.

usage: trace_format.py TEST_EXPORT

From the format (JSON object form): traceEvents is an array of objects. Each event has name (string), ph (one character), pid and
tid (integers; of the metadata, process_name may go without tid) and, unless it is metadata, ts (a number of microseconds). By
phase: X, a complete event, has dur (microseconds, not negative); M, metadata, has args with `name` for process_name and
thread_name and with `sort_index` for thread_sort_index. displayTimeUnit is ms or ns. Complete events of one track are apart or
nested."""
import decimal
import json
import sys
import tempfile

sys.dont_write_bytecode = True  # the sources may lie where nothing is to be written
import samples  # noqa: E402

NUMBER = (int, decimal.Decimal)
METADATA = {"process_name": ("name", str), "thread_name": ("name", str), "thread_sort_index": ("sort_index", int)}


def is_a(value, kind):
    return isinstance(value, kind) and not isinstance(value, bool)


def event_problems(event):
    def need(name, kind, of=event):
        if not is_a(of.get(name), kind):
            yield f"{name} is {of.get(name)!r}"

    yield from need("name", str)
    yield from need("pid", int)
    phase = event.get("ph")
    if phase == "M":
        if event.get("name") not in METADATA:
            yield f"unknown metadata {event.get('name')!r}"
        else:
            yield from need(*METADATA[event["name"]], of=event.get("args", {}))
        if event.get("name") != "process_name":
            yield from need("tid", int)
    elif phase == "X":
        for name in ("ts", "dur"):
            yield from need(name, NUMBER)
            if is_a(event.get(name), NUMBER) and event[name] < 0:
                yield f"{name} is negative"
        yield from need("tid", int)
        yield from need("cat", str)
        yield from need("args", dict)
        if event.get("name") == "":
            yield "a complete event without a name"
    else:
        yield f"unknown phase {phase!r}"


def overlaps(events):
    """Pairs of complete events of one track that are neither apart nor nested."""
    tracks = {}
    for event in events:
        if event["ph"] == "X":
            tracks.setdefault(event["tid"], []).append((event["ts"], event["ts"] + event["dur"]))
    for tid, spans in tracks.items():
        around = []
        for start, end in sorted(spans, key=lambda s: (s[0], -s[1])):
            while around and around[-1] <= start:
                around.pop()
            if around and end > around[-1]:
                yield f"track {tid}: {start} to {end} overlaps another event"
            around.append(end)


def nanoseconds(microseconds):
    return int(microseconds * 1000)


def trace_problems(trace, report):
    events = trace["traceEvents"]
    for i, event in enumerate(events):
        yield from (f"event {i}: {problem}" for problem in event_problems(event))
    if trace["displayTimeUnit"] not in ("ms", "ns"):
        yield "unknown displayTimeUnit"
    named = {e["tid"] for e in events if e["name"] == "thread_name"}
    if not {e["tid"] for e in events if e["ph"] == "X"} <= named:
        yield "a track has no name"
    found = [(e["args"]["step"], e["tid"] - 1, nanoseconds(e["ts"]), nanoseconds(e["ts"] + e["dur"]),
              e["args"].get("elements", 0), e["args"]["key"]) for e in events if e["ph"] == "X" and e["cat"] == "step"]
    steps = report["steps"]
    wanted = [(steps[w["step"]]["name"], w["worker"], w["start_ns"], w["end_ns"], w["elements"], steps[w["step"]]["key"])
              for w in report["work"]]
    if found != wanted:
        yield f"its spans are {str(found)[:300]}, and those of the report {str(wanted)[:300]}"
    runs = [e for e in events if e["ph"] == "X" and e["cat"] == "run"]
    if [nanoseconds(e["dur"]) for e in runs] != [report["time_ns"]]:
        yield "the run is not there once, with its time"
    hits = [] if report["is_plan"] else [s["name"] for s in steps if s["outcome"] == "hit"]
    if trace["otherData"]["hits"] != hits:
        yield "other hits than those of the report"


GOOD = {"name": "a", "ph": "X", "ts": 1, "dur": 1, "pid": 1, "tid": 1, "cat": "step", "args": {}}
if len(sys.argv) != 2:
    sys.exit(__doc__)
decimal.getcontext().prec = 60
problems, count, spans = [], 0, 0
if list(event_problems(GOOD)) or not all(list(event_problems({k: v for k, v in GOOD.items() if k != name})) for name in GOOD):
    problems.append("the checks of events do not check")
if not list(overlaps([GOOD, {**GOOD, "ts": 1.5}])) or list(overlaps([GOOD, {**GOOD, "ts": 1.2, "dur": 0.5}, {**GOOD, "ts": 2}])):
    problems.append("the check for overlaps does not check")
with tempfile.TemporaryDirectory() as folder:
    for path in samples.write(sys.argv[1], folder):
        if not path.name.endswith(".trace.json"):
            continue
        count += 1
        trace = json.loads(path.read_text("utf-8"), parse_float=decimal.Decimal)
        report = json.loads((path.parent / path.name.replace(".trace.", ".report.")).read_text("utf-8"))
        spans += len(report["work"])
        found = [*trace_problems(trace, report), *overlaps(trace["traceEvents"])]
        problems += [f"{path.name}: {problem}" for problem in found]
print("\n".join(problems))
print(f"{count} traces, {spans} spans of work, {len(problems)} problems")
sys.exit(1 if problems or count < 10 or spans < 200 else 0)
