/// The script of the page: what its parts share, and the table. It is one function, whose parts are in the headers below.
#pragma once

#include <memo/export/page_script_graph.hpp>
#include <memo/export/page_script_panel.hpp>
#include <memo/export/page_script_time.hpp>

#include <string>
#include <string_view>

namespace memo::detail {

/// What there is, and which of it is selected. Texts of the report enter the page as text nodes only, never as markup.
inline constexpr std::string_view page_script_model = R"js(
"use strict";
const byId = id => document.getElementById(id);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const report = JSON.parse(byId("data").textContent);
const isGraph = report.schema === "memo.graph";
const wiring = isGraph ? report
  : report.graph && report.graph.steps.length === report.steps.length ? report.graph : null;

// An element or, for names of SVG, a shape. Properties are attributes; children are elements and texts.
const shapes = new Set(["svg", "use", "rect"]);
function make(name, attributes = {}, ...children) {
  const made = shapes.has(name) ? document.createElementNS("http://www.w3.org/2000/svg", name)
                                : document.createElement(name);
  for (const [key, value] of Object.entries(attributes))
    if (value !== null && value !== undefined) made.setAttribute(key, value);
  made.append(...children.flat().filter(child => child !== null && child !== undefined));
  return made;
}

// Steps in the order of the report, then inputs: the numbers that `data-node` has.
const words = {hit: "hit", ran: "ran", run: "run", failed: "failed", skipped: "skipped", cancelled: "cancelled",
               not_needed: "not needed", depends: "depends"};
const looks = {run: "ran", not_needed: "unneeded"};
const nodes = report.steps.map((step, i) => {
  const became = isGraph ? null : report.is_plan ? step.forecast : step.outcome;
  return {name: step.name, names: step.names, step: isGraph ? null : step, wiring: wiring && wiring.steps[i],
          word: became ? words[became] : "", look: became ? looks[became] || became : "plain",
          reads: [], after: [], readers: []};
});
for (const input of wiring ? wiring.inputs : [])
  nodes.push({name: input.name, names: [input.name], input, look: "input", reads: [], after: [], readers: []});
const byName = new Map();
nodes.forEach((node, i) => node.names.forEach(name => byName.has(name) || byName.set(name, i)));
nodes.forEach((node, i) => byName.has(node.name) || byName.set(node.name, i));
const known = names => [...new Set(names.filter(name => byName.has(name)).map(name => byName.get(name)))];
nodes.forEach((node, i) => {
  if (!node.wiring) return;
  node.reads = known(node.wiring.reads);
  node.after = known(node.wiring.after).filter(other => !node.reads.includes(other));
  for (const other of [...node.reads, ...node.after]) nodes[other].readers.push(i);
});

// As the C++ side writes them.
const units = [[1e9, "s"], [1e6, "ms"], [1e3, "us"], [1, "ns"]];
function durationText(ns) {
  const pair = (large, name, small, smallName) => `${large}${name}` + (small ? ` ${small}${smallName}` : "");
  const seconds = Math.floor(ns / 1e9);
  if (seconds >= 172800) return pair(Math.floor(seconds / 86400), " d", Math.floor(seconds / 3600) % 24, " h");
  if (seconds >= 7200) return pair(Math.floor(seconds / 3600), " h", Math.floor(seconds / 60) % 60, " min");
  if (seconds >= 120) return pair(Math.floor(seconds / 60), " min", seconds % 60, " s");
  const [size, unit] = units.find(([size]) => ns >= 0.9995 * size) || [1, "ns"];
  const value = ns / size;
  return `${value >= 999.5 ? Math.round(value) : Number(value.toPrecision(3))} ${unit}`;
}
function sizeText(bytes) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let power = 0;
  for (; bytes >= 1024 && power + 1 < units.length; ++power) bytes /= 1024;
  return `${Number(bytes.toPrecision(4))} ${units[power]}`;
}
function reasonText(step) {
  const at = step.change ? step.reason.indexOf(" changed") : -1;
  return at < 0 ? step.reason : `${step.reason.slice(0, at + 8)}: ${step.change}${step.reason.slice(at + 8)}`;
}
const sign = look => make("svg", {class: "sign", viewBox: "0 0 12 12", "aria-hidden": "true"},
                          make("use", {href: `#sign-${look}`}));
const addressOf = i => `#step=${encodeURIComponent(nodes[i].name)}`;

// The selection is what the address says, so that it can be shared and "back" works.
let chosen;  // a number, or null; undefined before the first look
const onChoice = [];
function choose(i) {
  const address = i === null ? "#" : addressOf(i);
  if (location.hash !== address) location.hash = address;
  choiceFromAddress();
}
function choiceFromAddress() {
  let found = null;
  if (location.hash.startsWith("#step=")) {
    try {
      const name = decodeURIComponent(location.hash.slice(6));
      found = byName.has(name) ? byName.get(name) : null;
    } catch { /* an address that somebody mistyped selects nothing */ }
  }
  if (found === chosen) return;
  chosen = found;
  onChoice.forEach(tell => tell(chosen));
}
)js";

/// The table, and the start of everything.
inline constexpr std::string_view page_script_start = R"js(
function sortTable(header, column) {
  const down = header.getAttribute("aria-sort") === "ascending";
  all("#steps th").forEach(other => other.removeAttribute("aria-sort"));
  header.setAttribute("aria-sort", down ? "descending" : "ascending");
  const valueOf = row => {
    const cell = row.cells[column];
    return cell.dataset.value === undefined ? cell.textContent : Number(cell.dataset.value);
  };
  const compare = (a, b) => typeof a === "number" ? a - b : a.localeCompare(b, undefined, {numeric: true});
  const rows = all("#steps tbody tr");
  rows.sort((a, b) => (down ? -1 : 1) * compare(valueOf(a), valueOf(b)));
  rows[0]?.parentNode.append(...rows);
}
all("#steps th").forEach((header, column) => {
  const button = make("button", {type: "button", title: "Sort"}, header.textContent);
  button.onclick = () => sortTable(header, column);
  header.replaceChildren(button);
});
onChoice.push(i => {
  for (const row of all("#steps tbody tr")) row.classList.toggle("chosen", Number(row.dataset.node) === i);
});
const when = document.querySelector("header time");
if (when) when.title = new Date(when.dateTime).toLocaleString();

document.documentElement.classList.add("live");
startGraph();
startPanel();
if (byId("lanes")) startTimeLine();
addEventListener("hashchange", choiceFromAddress);
choiceFromAddress();
if (chosen !== null && innerWidth <= 860) byId("viewport").parentNode.scrollIntoView();
)js";

/// All of it.
inline std::string page_script() {
  std::string text;
  for (std::string_view const part :
       {page_script_model, page_script_graph, page_script_panel, page_script_time, page_script_start})
    text += part;
  return "(() => {" + text + "})();\n";
}

}  // namespace memo::detail
