/// The script of the panel that tells all about a step.
#pragma once

#include <string_view>

namespace memo::detail {

/// Needs page_script_model.
inline constexpr std::string_view page_script_panel = R"js(
// A sentence in which what stands in backticks is code and, where it is a name, a link.
function sentence(text) {
  const pieces = text.split("`");
  if (pieces.length % 2 === 0) return [text];
  return pieces.map((piece, i) => {
    if (i % 2 === 0) return piece;
    const code = make("code", {}, piece);
    return byName.has(piece) ? make("a", {href: addressOf(byName.get(piece))}, code) : code;
  });
}
const paragraph = (name, ...texts) => make("p", {class: name}, texts);
const linkTo = i => make("a", {href: addressOf(i), title: nodes[i].name}, nodes[i].name);
const links = others => make("div", {class: "links"}, others.map(linkTo));
const lines = (texts, name = "lines") => make("ul", {class: name}, texts.map(text => make("li", {}, text)));
// Pairs of a name and a value; those without a value are left out.
const facts = rows => make("dl", {}, rows.filter(([, value]) => value).flatMap(([name, value]) =>
  [make("dt", {}, name), make("dd", {}, value)]));
// A heading and what is below it, or nothing where there is nothing to say.
const section = (title, isThere, content) => isThere ? [make("h3", {}, title), content()] : [];

const policies = {stored: "", never: "never, always runs", inputs_only: "by its inputs only",
                  digest_only: "its digest only", in_memory: "in memory only"};
function wiringRows(step) {
  if (!step) return [];
  const isGuest = step.pipeline !== (report.pipeline || report.name);
  return [["Code", step.code], ["Level", String(step.level)], ["Kept", policies[step.policy]],
          ["Pipeline", isGuest ? step.pipeline : ""], ["Type", step.schemas.join(", ")]];
}
const costRows = step => [
  ["Time", step.time_ns ? durationText(step.time_ns) : ""],
  ["Saved", step.saved_ns ? durationText(step.saved_ns) : ""],
  ["Size", step.bytes ? sizeText(step.bytes) : ""],
  ["Elements", step.elements ? `${step.elements_ran} of ${step.elements} ran` : ""],
  ["Waited for", step.waited_for]];

// What happened to a step, and why.
function story(step) {
  const why = reasonText(step);
  return [why ? paragraph("why", ...sentence(why)) : null,
          step.differs ? paragraph("alert", `Verify: ${step.difference}`) : null,
          step.not_reproducible ? paragraph("alert", "Not reproducible: it ran again and gave another value.") : null];
}
function elementLines(step) {
  const more = step.elements_ran - step.element_reasons.length;
  return lines(more > 0 ? [...step.element_reasons, `and ${more} more`] : step.element_reasons);
}
function digestRows(step) {
  const rows = step.values.map((value, i) => [step.names[i] || "value", value]);
  return [["key", step.key], ...rows].filter(([, value]) => value).map(([name, value]) =>
    make("div", {}, make("span", {class: "muted"}, name), make("div", {class: "digest"}, value)));
}

function showNode(i) {
  const {name, input, step, wiring, look, word, reads, after, readers} = nodes[i];
  const close = make("button", {class: "close", "aria-label": "Close", title: "Close (Escape)"}, "\u00d7");
  close.onclick = () => choose(null);
  const parts = [make("div", {class: "panel-head"}, make("h2", {}, name), close)];
  if (input) {
    parts.push(paragraph("outcome input", "input"), facts([["Type", input.schema]]));
  } else if (step) {
    parts.push(paragraph(`outcome ${look}`, sign(look), word), ...story(step));
    parts.push(...section("What it took", true, () => facts([...costRows(step), ...wiringRows(wiring)])));
    parts.push(...section("Elements that ran", step.element_reasons.length, () => elementLines(step)));
  } else {
    parts.push(facts(wiringRows(wiring)));
  }
  parts.push(...section("Reads", reads.length, () => links(reads)));
  parts.push(...section("Runs after", after.length, () => links(after)));
  parts.push(...section("Needed by", readers.length, () => links(readers)));
  if (!step) return parts;
  parts.push(...section("Parts of its key", step.key_parts.length, () => lines(step.key_parts, "lines key-parts")));
  const digests = digestRows(step);
  return [...parts, ...section("Digests", digests.length, () => make("div", {}, digests))];
}

// What to look at first, where nothing is selected.
function showOverview() {
  const hint = isGraph ? "to see what it reads and what needs it."
    : "to see why it ran, what its key is made of and what it cost.";
  const ranked = (title, cost, most) => {
    const rows = nodes.map((node, i) => [i, node.step ? cost(node.step) : 0]).filter(([, ns]) => ns > 0)
      .sort(([, a], [, b]) => b - a).slice(0, most);
    return section(title, rows.length, () => make("ul", {class: "list"}, rows.map(([i, ns]) =>
      make("li", {}, linkTo(i), make("span", {}, durationText(ns))))));
  };
  const planned = report.is_plan ? [...nodes.keys()].filter(i => nodes[i].look === "ran").slice(0, 20) : [];
  return [make("h2", {class: "words"}, "Select a step"), paragraph("muted", hint),
          ...ranked("Took longest", step => step.time_ns, 8),
          ...ranked("Saved most", step => step.outcome === "hit" ? step.saved_ns : 0, 5),
          ...section("Would run", planned.length, () => links(planned))];
}

function startPanel() {
  const panel = byId("panel");
  onChoice.push(i => {
    panel.replaceChildren(...(i === null ? showOverview() : showNode(i)).filter(part => part !== null));
    panel.classList.toggle("open", i !== null);
    document.body.classList.toggle("has-panel", i !== null);
    panel.scrollTop = 0;
  });
  addEventListener("keydown", event => { if (event.key === "Escape" && chosen !== null) choose(null); });
}
)js";

}  // namespace memo::detail
