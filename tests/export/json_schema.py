#!/usr/bin/env python3
"""Validates the JSON documents of samples against docs/report.schema.json, and sees that the schema refuses others.

usage: json_schema.py TEST_EXPORT SCHEMA      exit status 77: skipped, with the reason"""
import copy
import json
import sys
import tempfile

sys.dont_write_bytecode = True  # the sources may lie where nothing is to be written
import samples  # noqa: E402

if len(sys.argv) != 3:
    sys.exit(__doc__)
try:
    import jsonschema
except ImportError:
    samples.skip("the Python module jsonschema is missing (Debian package python3-jsonschema)")


def undocumented(schema, place="schema"):
    """Places in the schema that leave something open."""
    if isinstance(schema, list):
        return [line for i, one in enumerate(schema) for line in undocumented(one, f"{place}[{i}]")]
    if not isinstance(schema, dict):
        return []
    found = []
    if "properties" in schema and schema.get("type") == "object":
        if schema.get("additionalProperties") is not False:
            found.append(f"{place} allows other members")
        if schema.get("required") != list(schema["properties"]):
            found.append(f"{place} does not require all members")
        for name, one in schema["properties"].items():
            if len(one.get("description", "")) < 8 and "anyOf" not in one:
                found.append(f"{place}.{name} has no description")
    for name, one in schema.items():
        found += undocumented(one, f"{place}.{name}")
    return found


def mutants(value, place=()):
    """(what was done, place of the value, the new one) for each kind of change. Of an array, one element counts for all."""
    if isinstance(value, dict):
        for name in value:
            yield "removed " + name, place, {k: v for k, v in value.items() if k != name}
        yield "added a member", place, {**value, "another": 1}
        for name, one in value.items():
            yield from mutants(one, (*place, name))
        yield "array for an object", place, []
    elif isinstance(value, list):
        if value:
            yield from mutants(value[0], (*place, 0))
        yield "object for an array", place, {}
        yield "number among the elements", place, [*value, 5]
    elif isinstance(value, bool):
        yield "number for a boolean", place, 1
    elif isinstance(value, (int, float)):
        yield "string for a number", place, "5"
        yield "negative number", place, -1
        yield "fraction", place, 1.5
        yield "too large", place, 2 ** 64
    elif isinstance(value, str):
        yield "number for a string", place, 5
        yield "object for a string", place, {}
        if place[-1] in ("outcome", "forecast", "policy") or place == ("schema",):
            yield "unknown word", place, value + "s"
        if place[-1] in ("key", "value", "parts") or "values" in place:
            yield "no digits", place, "g" + value[1:]
            yield "a digit too few", place, value[1:] or "0"
            yield "capital letters", place, "ABCDEF0123456789" * 2
    else:
        yield "number for null", place, 5


def replaced(document, place, value):
    made = copy.deepcopy(document)
    if not place:
        return value
    at = made
    for name in place[:-1]:
        at = at[name]
    at[place[-1]] = value
    return made


def texts(document, pick):
    """All strings in the document, at any depth."""
    if isinstance(document, dict):
        return [t for one in document.values() for t in texts(one, pick)]
    if isinstance(document, list):
        return [t for one in document for t in texts(one, pick)]
    return [document] if isinstance(document, str) and pick in document else []


schema = json.load(open(sys.argv[2], encoding="utf-8"))
jsonschema.Draft7Validator.check_schema(schema)
validator = jsonschema.Draft7Validator(schema)
problems = undocumented(schema)
documents = {}
with tempfile.TemporaryDirectory() as folder:
    for path in samples.write(sys.argv[1], folder):
        if path.name.endswith((".report.json", ".graph.json")):
            text = path.read_bytes()
            if b"</" in text or b"<!" in text or b"correct horse" in text:
                problems.append(f"{path.name} holds what it must not hold")
            documents[path.name] = json.loads(text.decode("utf-8"))
for name, document in documents.items():
    problems += [f"{name}: {e.json_path if hasattr(e, 'json_path') else list(e.path)}: {e.message[:200]}"
                 for e in validator.iter_errors(document)]
strange = documents["strange.report.json"]
for text in ("</script>", "\u65e5\u672c\u8a9e \u2028", "\U0001f600", "nul\0inside", "back\\slash", "line one\nline two", "\ufffd"):
    if not texts(strange, text):
        problems.append(f"strange.report.json lost {text!r}")
if not any("environment MEMO_SAMPLE_SECRET is set" in t for t in texts(documents["first.report.json"], "environment")):
    problems.append("first.report.json does not tell that the environment counts")

count = 0
for name in ("sample.report.json", "first.report.json", "failed.report.json", "first.graph.json"):
    for what, place, value in mutants(documents[name]):
        count += 1
        if validator.is_valid(replaced(documents[name], place, value)):
            problems.append(f"{name}: the schema takes it: {what} at {'.'.join(map(str, place))}")
print("\n".join(problems))
print(f"{len(documents)} documents, {count} mutants, {len(problems)} problems")
sys.exit(1 if problems or len(documents) < 20 or count < 300 else 0)
