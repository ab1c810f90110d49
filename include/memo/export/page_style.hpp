/// The style sheet of the page.
#pragma once

#include <string_view>

namespace memo::detail {

/// Colours and text. `--c` and `--t` are the strong and the faint colour of what became of a step; tests compute the contrast
/// of each pair. Below: the parts of the page from top to bottom, then narrow screens and paper.
inline constexpr std::string_view page_style = R"css(
:root {
  color-scheme: light dark;
  --page: #f5f6f8; --card: #ffffff; --text: #1c2330; --muted: #586172; --line: #dde1e7; --edge: #b4bcc8;
  --accent: #2257c5; --hit: #17734a; --hit-t: #e8f5ee; --ran: #2257c5; --ran-t: #e7eefb; --failed: #b4232a;
  --failed-t: #fdebea; --skipped: #855600; --skipped-t: #fcf2dd; --cancelled: #74399a; --cancelled-t: #f5ecfa;
  --unneeded: #5c6675; --unneeded-t: #f0f2f5; --depends: #855600; --depends-t: #fcf2dd; --plain: #4a5870;
  --plain-t: #eef1f6; --shade: 0 1px 2px #10182014, 0 4px 16px #1018200a;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  --mono: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12151a; --card: #1a1f26; --text: #e3e7ed; --muted: #9ba6b5; --line: #2d343f; --edge: #4d5766;
    --accent: #82b0ff; --hit: #62cf9a; --hit-t: #162a20; --ran: #82b0ff; --ran-t: #182642; --failed: #ff8f8a;
    --failed-t: #3b1c1e; --skipped: #e3b45a; --skipped-t: #32280f; --cancelled: #cfa2f0; --cancelled-t: #2c2038;
    --unneeded: #99a4b2; --unneeded-t: #21272f; --depends: #e3b45a; --depends-t: #32280f; --plain: #aab8cf;
    --plain-t: #232b37; --shade: none;
  }
}
.hit { --c: var(--hit); --t: var(--hit-t); } .ran { --c: var(--ran); --t: var(--ran-t); }
.failed { --c: var(--failed); --t: var(--failed-t); } .skipped { --c: var(--skipped); --t: var(--skipped-t); }
.cancelled { --c: var(--cancelled); --t: var(--cancelled-t); }
.unneeded { --c: var(--unneeded); --t: var(--unneeded-t); }
.depends { --c: var(--depends); --t: var(--depends-t); } .plain { --c: var(--plain); --t: var(--plain-t); }

* { box-sizing: border-box; }
[hidden] { display: none !important; }
body { margin: 0 auto; max-width: 1760px; padding: 28px 32px 40px; background: var(--page); color: var(--text);
  font: 14px/1.5 var(--sans); -webkit-text-size-adjust: 100%; }
h1, h2, h3, p, ul, dl, dd { margin: 0; padding: 0; } ul { list-style: none; }
h2 { font-size: 15px; font-weight: 600; }
code, .mono { font-family: var(--mono); font-size: 0.93em; overflow-wrap: anywhere; }
a { color: var(--accent); text-underline-offset: 3px; text-decoration-thickness: 1px; }
a.name, .list a, .links a { text-decoration: none; } a.name:hover, .list a:hover { text-decoration: underline; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
button, input { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line);
  border-radius: 7px; padding: 3px 10px; min-height: 32px; }
button { cursor: pointer; } button:hover { border-color: var(--muted); }
input::placeholder { color: var(--muted); opacity: 1; }
.muted { color: var(--muted); }
.sign { width: 13px; height: 13px; flex: none; }
symbol path, .sign { fill: none; stroke: var(--c); stroke-width: 1.9; stroke-linecap: round; stroke-linejoin: round; }
#sign-ran path, #sign-cancelled path { fill: currentColor; stroke-width: 1; }
use, .sign { color: var(--c); }
.away { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
html:not(.live) .needs-script { display: none; }

header { display: flex; flex-wrap: wrap; align-items: baseline; gap: 4px 16px; margin-bottom: 20px; }
td.name a { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 3; overflow: hidden; }
h1 { font-size: 24px; line-height: 1.25; font-weight: 650; letter-spacing: -0.01em; overflow-wrap: anywhere; }
header .when { color: var(--muted); }
.verdict { display: inline-flex; align-items: center; gap: 7px; align-self: center; padding: 2px 11px 2px 9px;
  border-radius: 99px; background: var(--t); color: var(--c); font-weight: 600; font-size: 13px; }
.tiles { display: grid; grid-template-columns: minmax(260px, 2.2fr) repeat(4, minmax(120px, 1fr)); gap: 12px;
  margin-bottom: 16px; }
.tile, .card { background: var(--card); border: 1px solid var(--line); border-radius: 12px;
  box-shadow: var(--shade); }
.tile { padding: 14px 18px; min-width: 0; }
.tile .label { color: var(--muted); font-size: 13px; }
.tile .figure { font-size: 24px; line-height: 1.35; font-weight: 600; font-variant-numeric: tabular-nums; }
.tile .note { color: var(--muted); font-size: 13px; }
.bar { display: block; width: 100%; height: 8px; margin: 9px 0 10px; border-radius: 4px; background: var(--line); }
.bar rect { fill: var(--c); }
.counts { display: flex; flex-wrap: wrap; gap: 2px 16px; font-size: 13px; }
.counts li, .outcome { display: inline-flex; align-items: center; gap: 7px; white-space: nowrap; }
.counts b { font-weight: 600; font-variant-numeric: tabular-nums; }
.notices { max-height: 46vh; overflow: auto; margin-bottom: 16px; }
.notices li { padding: 8px 18px 8px 14px; border-left: 4px solid var(--c); overflow-wrap: anywhere; }
.notices li + li { border-top: 1px solid var(--line); }
.notices b { color: var(--c); font-weight: 600; }

main { display: grid; gap: 16px; align-items: start; grid-template-columns: minmax(0, 1fr) 360px;
  grid-template-areas: "graph panel" "time panel" "table panel"; grid-template-rows: auto auto 1fr; }
main.no-times { grid-template-areas: "graph panel" "table panel"; grid-template-rows: auto 1fr; }
.graph-card { grid-area: graph; } .time-card { grid-area: time; } .table-card { grid-area: table; }
.card > .head { display: flex; flex-wrap: wrap; align-items: center; gap: 8px 12px; padding: 12px 18px; }
.card > .head h2 { margin-right: auto; }
.tools { display: flex; gap: 6px; align-items: center; }
.tools button { min-width: 34px; }
.search { width: 210px; }
.note-line { padding: 0 18px 14px; color: var(--muted); font-size: 13px; }
.viewport { position: relative; overflow: auto; border-top: 1px solid var(--line); }
.graph-card .viewport { border-radius: 0 0 12px 12px; }
.live .viewport { overflow: hidden; touch-action: none; cursor: grab; user-select: none; -webkit-user-select: none; }
.live .viewport.moved { cursor: grabbing; }
.live #graph { display: block; width: 100%; height: 100%; }
.edge { fill: none; stroke: var(--edge); stroke-width: 1.5; } .edge.after { stroke-dasharray: 5 4; }
.node { cursor: pointer; outline: none; }
.node .box, .node .under { fill: var(--t); stroke: var(--c); stroke-width: 1.25; }
.node .under { stroke-opacity: 0.55; }
.node .name { font: 600 12px var(--mono); fill: var(--text); }
.node .detail { font: 11px var(--sans); fill: var(--c); }
.input { --c: var(--muted); } .input .box { fill: var(--card); stroke: var(--edge); }
.input .name { font-size: 11px; font-weight: 400; fill: var(--muted); }
.skipped .box, .cancelled .box, .unneeded .box { stroke-dasharray: 4 3; }
.node:hover .box { stroke-width: 2; }
.node:focus-visible .box { stroke: var(--accent); stroke-width: 3; }
.node.chosen .box { stroke: var(--accent); stroke-width: 3; }
.edge.lit { stroke: var(--accent); stroke-width: 2.25; }
.chosen-graph .edge:not(.lit) { stroke-opacity: 0.5; }
.searching .node:not(.found) { opacity: 0.28; } .searching .edge { stroke-opacity: 0.3; }
.far-sign { display: none; }
.far .name, .far .detail, .far .node > .sign { display: none; } .far .far-sign { display: block; }
.far .edge { stroke-width: 2.5; } .far .node:not(.input) .box { fill: var(--c); } .far .node:not(.input) { color: var(--card); }
.far .far-sign { --c: var(--card); }
.minimap { position: absolute; right: 10px; bottom: 10px; background: var(--card); border: 1px solid var(--line);
  border-radius: 8px; cursor: pointer; }
.minimap .mark { fill: var(--c); fill-opacity: 0.75; }
.minimap .window { fill: var(--accent); fill-opacity: 0.12; stroke: var(--accent); stroke-width: 1.5;
  vector-effect: non-scaling-stroke; }

.panel { grid-area: panel; position: sticky; top: 16px; max-height: calc(100vh - 32px); overflow: auto;
  padding: 18px 20px 20px; }
.panel-head { display: flex; align-items: start; gap: 8px; }
.panel h2 { flex: 1; font: 600 16px/1.4 var(--mono); overflow: auto; max-height: 9.8em; overflow-wrap: anywhere; }
.panel h2.words { font-family: var(--sans); }
.panel h3 { margin: 18px 0 5px; font-size: 12px; font-weight: 600; color: var(--muted); }
.panel .outcome { margin: 6px 0 10px; color: var(--c); font-weight: 600; }
.panel .why { overflow-wrap: anywhere; } .panel .alert { margin-top: 8px; color: var(--failed); overflow-wrap: anywhere; }
.panel dl { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 3px 16px; }
.panel dt { color: var(--muted); } .panel dd { text-align: right; font-variant-numeric: tabular-nums;
  overflow-wrap: anywhere; }
.panel .links { display: flex; flex-wrap: wrap; gap: 6px; }
.panel .links a { padding: 1px 9px; border: 1px solid var(--line); border-radius: 99px; text-decoration: none;
  font: 12px/1.7 var(--mono); overflow-wrap: anywhere; }
.panel .links a:hover { border-color: var(--accent); }
.panel .lines { font: 12px/1.55 var(--mono); background: var(--page); border-radius: 8px; padding: 8px 11px; }
.panel .lines li { overflow-wrap: anywhere; padding-left: 1.2em; text-indent: -1.2em; }
.panel .digest { font: 11.5px/1.6 var(--mono); overflow-wrap: anywhere; }
.panel .list li { display: flex; justify-content: space-between; gap: 12px; padding: 3px 0; }
.panel .list a { font-family: var(--mono); font-size: 13px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.panel .list span { white-space: nowrap; color: var(--muted); font-variant-numeric: tabular-nums; }
.close { min-height: 26px; padding: 0 8px; color: var(--muted); border-color: transparent; }
)css"
                                               R"css(
.lanes { position: relative; border-top: 1px solid var(--line); padding: 8px 18px 4px; }
.lane { display: grid; grid-template-columns: 112px minmax(0, 1fr); align-items: center; }
.lane .label { font-size: 12px; color: var(--muted); white-space: nowrap; }
.track { position: relative; height: 28px; overflow: hidden; border-left: 1px solid var(--line);
  touch-action: pan-y; cursor: grab; user-select: none; -webkit-user-select: none; }
.lane + .lane .track { border-top: 1px solid var(--line); }
.span { position: absolute; top: 3px; height: 21px; min-width: 2px; padding: 0 5px; overflow: hidden; cursor: pointer;
  border-radius: 3px; background: var(--t); color: var(--text); font: 11px/19px var(--mono); white-space: nowrap;
  text-overflow: ellipsis; border: 1px solid var(--c); }
.span.thin { padding: 0; background: var(--c); border-width: 0 0 0 1px; }
.span.chosen { outline: 2px solid var(--accent); z-index: 1; } .span:hover { z-index: 2; border-color: var(--text); }
.axis { position: relative; height: 24px; margin-left: 112px; font-size: 11px; color: var(--muted); overflow: hidden; }
.axis span { position: absolute; top: 0; padding: 6px 0 0 4px; border-left: 1px solid var(--line); height: 24px;
  white-space: nowrap; font-variant-numeric: tabular-nums; }

.scroll { overflow-x: auto; border-top: 1px solid var(--line); }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 6px 10px; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { padding-left: 18px; } th:last-child, td:last-child { padding-right: 18px; }
tr:last-child td { border-bottom: 0; }
th { font-size: 12px; font-weight: 600; color: var(--muted); white-space: nowrap; }
th button { all: unset; cursor: pointer; } th button:hover { color: var(--text); }
th button:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px; }
th[aria-sort=ascending] button::after { content: " \2191"; } th[aria-sort=descending] button::after { content: " \2193"; }
td.name { min-width: 200px; max-width: 340px; } td.name code { font: 13px/21px var(--mono); }
td.outcome-cell { color: var(--c); white-space: nowrap; }
td.why { width: 46%; min-width: 180px; overflow-wrap: anywhere; }
.number { text-align: right; white-space: nowrap; }
tbody tr:hover td { background: var(--page); } tr.chosen td { background: var(--ran-t); }
footer { margin-top: 20px; color: var(--muted); font-size: 12px; }

@media (max-width: 1100px) {
  main { grid-template-columns: minmax(0, 1fr) 300px; }
  .tiles { grid-template-columns: repeat(4, minmax(0, 1fr)); } td.name { min-width: 130px; } .tile.wide { grid-column: 1 / -1; }
}
@media (max-width: 860px) {
  body { padding: 20px 16px 32px; }
  main { grid-template-columns: minmax(0, 1fr); grid-template-areas: "graph" "time" "table"; }
  main.no-times { grid-template-areas: "graph" "table"; }
  .panel { display: none; }
  .panel.open { display: block; position: fixed; inset: auto 0 0 0; z-index: 5; max-height: 55vh; top: auto;
    border-radius: 14px 14px 0 0; box-shadow: 0 -6px 30px #00000040; }
  body.has-panel { padding-bottom: 58vh; }
}
@media (max-width: 560px) {
  .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 8px; } .tile { padding: 11px 14px; }
  .tile .figure { font-size: 20px; } .search { width: 100%; } .search-form { order: 3; width: 100%; }
  .card > .head { padding: 10px 14px; } .lanes { padding: 8px 14px 4px; } .note-line { padding: 0 14px 12px; }
  .lane { grid-template-columns: 1fr; } .lane .label { padding-top: 4px; } .axis { margin-left: 0; }
  .optional, .minimap { display: none; }
  tr { display: grid; grid-template-columns: minmax(0, 1fr) auto 76px; border-bottom: 1px solid var(--line); padding: 4px 14px; }
  th, td, th:first-child, td:first-child, th:last-child, td:last-child { border: 0; padding: 3px 8px 3px 0; }
  td.why { grid-column: 1 / -1; width: auto; min-width: 0; } thead th:nth-child(n + 4) { display: none; }
}
@media print {
  body { padding: 0; background: #fff; } main { display: block; } .tile, .card { box-shadow: none; }
  .graph-card, .time-card, .panel, .needs-script, footer { display: none; } tr { break-inside: avoid; }
}
@media (forced-colors: active) { .node .box { fill: Canvas; stroke: CanvasText; } .sign { stroke: CanvasText; } }
)css";

}  // namespace memo::detail
