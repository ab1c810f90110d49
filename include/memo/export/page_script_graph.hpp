/// The script of the graph: zoom and pan, keyboard, search, and the small map.
#pragma once

#include <string_view>

namespace memo::detail {

/// Needs page_script_model.
inline constexpr std::string_view page_script_graph = R"js(
const viewport = byId("viewport"), picture = byId("graph"), scene = byId("scene");
const shapeOf = new Map(all(".node", scene).map(shape => [Number(shape.dataset.node), shape]));
const edges = all(".edge", scene).map(edge =>
  ({edge, from: Number(edge.dataset.from), to: Number(edge.dataset.to)}));
const picturesBox = picture.viewBox.baseVal;
const whole = {x: picturesBox.x, y: picturesBox.y, width: picturesBox.width, height: picturesBox.height};
const smallestText = 0.72, readable = 0.88, farBelow = 0.45, largest = 2.5;
const view = {x: 0, y: 0, scale: 1};  // of the scene in the viewport: pixels = scene * scale + (x, y)
let touched = false;  // somebody moved the picture: a new size of the window must not undo that

const room = () => ({width: viewport.clientWidth, height: viewport.clientHeight});
const fitScale = () => Math.min(1, room().width / whole.width, room().height / whole.height);

// Where the picture is smaller than the viewport it stays in the middle, else it covers it.
function keepInside() {
  const {width, height} = room();
  const along = (at, start, size, space) => {
    const low = space - (start + size) * view.scale, high = -start * view.scale;
    return size * view.scale <= space ? (low + high) / 2 : Math.min(high, Math.max(low, at));
  };
  view.x = along(view.x, whole.x, whole.width, width);
  view.y = along(view.y, whole.y, whole.height, height);
}
function draw() {
  keepInside();
  scene.setAttribute("transform", `translate(${view.x} ${view.y}) scale(${view.scale})`);
  picture.classList.toggle("far", view.scale < farBelow);
  drawMinimap();
}
function zoomTo(scale, x = room().width / 2, y = room().height / 2) {
  const next = Math.min(largest, Math.max(fitScale(), scale));
  view.x = x - (x - view.x) * next / view.scale;
  view.y = y - (y - view.y) * next / view.scale;
  view.scale = next;
  touched = true;
  draw();
}
function fit() {
  view.scale = fitScale();
  draw();
  touched = false;
}
// All of it if that can be read, else the place where something happened.
function firstView() {
  touched = false;
  if (fitScale() >= smallestText) return fit();
  view.scale = readable;
  const first = ["failed", "ran"].map(look => nodes.findIndex(node => node.look === look)).find(i => i >= 0);
  centre(chosen ?? first ?? 0);
}
function boxOf(i) {
  const shape = shapeOf.get(i);
  if (!shape) return null;
  const {e, f} = shape.transform.baseVal.consolidate().matrix, box = shape.querySelector(".box");
  return {x: e, y: f, width: box.width.baseVal.value, height: box.height.baseVal.value};
}
function centre(i) {
  const box = boxOf(i), {width, height} = room();
  if (box) {
    view.x = width / 2 - (box.x + box.width / 2) * view.scale;
    view.y = height / 2 - (box.y + box.height / 2) * view.scale;
  }
  draw();
}
// Moves no more than it has to, so that a click does not throw the picture about.
function reveal(i) {
  const box = boxOf(i), {width, height} = room(), margin = 20;
  if (!box) return;
  const shift = (start, size, space) =>
    size + 2 * margin > space ? (space - size) / 2 - start
      : Math.max(margin - start, 0) || Math.min(space - margin - start - size, 0);
  const dx = shift(box.x * view.scale + view.x, box.width * view.scale, width);
  const dy = shift(box.y * view.scale + view.y, box.height * view.scale, height);
  if (dx === 0 && dy === 0) return;
  view.x += dx;
  view.y += dy;
  draw();
}

// The small map shows where in a large picture one is.
let minimap = null, minimapWindow = null;
function drawMinimap() {
  const {width, height} = room(), seen = view.scale;
  const isPart = height > 240 && (whole.width * seen > width + 1 || whole.height * seen > height + 1);
  if (!minimap && isPart) {
    const scale = Math.min(220 / whole.width, 120 / whole.height);
    minimapWindow = make("rect", {class: "window"});
    minimap = make("svg", {class: "minimap", "aria-hidden": "true", width: Math.max(48, whole.width * scale),
                           height: Math.max(36, whole.height * scale), preserveAspectRatio: "none",
                           viewBox: `${whole.x} ${whole.y} ${whole.width} ${whole.height}`},
                   [...shapeOf.keys()].map(i => make("rect", {class: `mark ${nodes[i].look}`, ...boxOf(i)})),
                   minimapWindow);
    const go = event => {
      const box = minimap.getBoundingClientRect(), {width, height} = room();
      view.x = width / 2 - (whole.x + (event.clientX - box.left) / box.width * whole.width) * view.scale;
      view.y = height / 2 - (whole.y + (event.clientY - box.top) / box.height * whole.height) * view.scale;
      touched = true;
      draw();
    };
    minimap.addEventListener("pointerdown", event => {
      event.stopPropagation();
      minimap.setPointerCapture(event.pointerId);
      go(event);
    });
    minimap.addEventListener("pointermove", event => {
      if (minimap.hasPointerCapture(event.pointerId)) go(event);
    });
    viewport.append(minimap);
  }
  if (!minimap) return;
  minimap.style.display = isPart ? "" : "none";
  const part = {x: -view.x / seen, y: -view.y / seen, width: width / seen, height: height / seen};
  for (const [name, value] of Object.entries(part)) minimapWindow.setAttribute(name, value);
}
)js"
                                                      R"js(
// One finger or the mouse moves the picture, two fingers zoom it; what hardly moved is a click.
const pointers = new Map();
let wasDrag = false;
function onPointerDown(event) {
  if (event.button !== 0) return;
  if (pointers.size === 0) wasDrag = false;
  pointers.set(event.pointerId, {x: event.clientX, y: event.clientY, from: [event.clientX, event.clientY]});
}
function onPointerMove(event) {
  const pointer = pointers.get(event.pointerId);
  if (!pointer) return;
  if (!wasDrag && Math.hypot(event.clientX - pointer.from[0], event.clientY - pointer.from[1]) < 4) return;
  wasDrag = touched = true;
  viewport.classList.add("moved");
  const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
  if (other) {
    const frame = viewport.getBoundingClientRect();
    const before = Math.hypot(pointer.x - other.x, pointer.y - other.y);
    const now = Math.hypot(event.clientX - other.x, event.clientY - other.y);
    zoomTo(view.scale * now / Math.max(1, before), (event.clientX + other.x) / 2 - frame.left,
           (event.clientY + other.y) / 2 - frame.top);
  } else {
    view.x += event.clientX - pointer.x;
    view.y += event.clientY - pointer.y;
    draw();
  }
  pointer.x = event.clientX;
  pointer.y = event.clientY;
}
function onPointerUp(event) {
  pointers.delete(event.pointerId);
  viewport.classList.remove("moved");
}
// At the ends of the zoom the wheel scrolls the page, so that it does not get stuck here.
function onWheel(event) {
  const next = Math.min(largest, Math.max(fitScale(), view.scale * Math.exp(-event.deltaY * 0.0018)));
  if (Math.abs(next - view.scale) < 1e-6) return;
  event.preventDefault();
  const frame = viewport.getBoundingClientRect();
  zoomTo(next, event.clientX - frame.left, event.clientY - frame.top);
}

// One node at a time can be reached with the tabulator; arrows go to the nearest node in their direction.
function moveFocus(from, key) {
  const here = boxOf(from);
  const ways = {ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1]};
  const [dx, dy] = ways[key];
  let best = null, least = Infinity;
  for (const i of shapeOf.keys()) {
    const box = boxOf(i);
    const x = box.x + box.width / 2 - here.x - here.width / 2;
    const y = box.y + box.height / 2 - here.y - here.height / 2;
    const along = x * dx + y * dy, aside = Math.abs(x * dy + y * dx);
    const isNeighbour = dx !== 0 && (nodes[from].readers.includes(i) || nodes[i].readers.includes(from));
    const cost = along + 3 * aside - (isNeighbour ? 1e4 : 0);
    if (i !== from && along > 1 && (dy === 0 || aside < here.width) && cost < least) [best, least] = [i, cost];
  }
  if (best !== null) focusOn(best);
}
function focusOn(i) {
  reveal(i);
  shapeOf.get(i)?.focus({preventScroll: true});
}
function setTabStop(i) {
  for (const [k, shape] of shapeOf) shape.setAttribute("tabindex", k === i ? "0" : "-1");
}
function onKey(event) {
  const from = Number(event.target.closest?.(".node")?.dataset.node ?? NaN);
  const isMod = event.ctrlKey || event.metaKey || event.altKey;
  if (isMod) return;
  if (event.key === "+" || event.key === "=") zoomTo(view.scale * 1.25);
  else if (event.key === "-") zoomTo(view.scale / 1.25);
  else if (event.key === "0") fit();
  else if (Number.isNaN(from)) return;
  else if (event.key.startsWith("Arrow")) moveFocus(from, event.key);
  else if (event.key === "Enter" || event.key === " ") choose(from);
  else return;
  event.preventDefault();
}

// Matching steps stay, the others fade; Enter goes from one match to the next.
let matches = [], nextMatch = 0;
function search() {
  const text = byId("search").value.trim().toLowerCase();
  matches = text === "" ? [] : [...shapeOf.keys()].filter(i => nodes[i].name.toLowerCase().includes(text));
  nextMatch = 0;
  picture.classList.toggle("searching", text !== "");
  for (const [i, shape] of shapeOf) shape.classList.toggle("found", matches.includes(i));
  for (const row of all("#steps tbody tr"))
    row.hidden = text !== "" && !matches.includes(Number(row.dataset.node));
  byId("found").textContent = text === "" ? "" : matches.length === 0 ? "no match" : `${matches.length} found`;
  if (matches.length) reveal(matches[0]);
}
function nextFound(event) {
  event.preventDefault();
  if (!matches.length) return;
  choose(matches[nextMatch++ % matches.length]);
}

function markChoice(i) {
  picture.classList.toggle("chosen-graph", i !== null);
  for (const [k, shape] of shapeOf) {
    shape.classList.toggle("chosen", k === i);
    shape.setAttribute("aria-pressed", String(k === i));
  }
  const lit = edges.filter(({edge, from, to}) => {
    edge.classList.toggle("lit", from === i || to === i);
    return from === i || to === i;
  });
  lit.forEach(({edge}) => edge.parentNode.append(edge));  // over the others
  if (i !== null && shapeOf.has(i)) setTabStop(i), reveal(i);
}
function resize() {
  const narrow = innerWidth <= 560;
  const tallest = Math.max(260, Math.round(innerHeight * (narrow ? 0.55 : 0.64)));
  const scale = Math.max(smallestText, Math.min(1, viewport.clientWidth / whole.width));
  viewport.style.height = `${Math.round(Math.min(tallest, Math.max(110, whole.height * scale + 12)))}px`;
  if (touched) draw();
  else firstView();
}
function startGraph() {
  picture.removeAttribute("viewBox");
  setTabStop([...shapeOf.keys()][0]);
  viewport.addEventListener("pointerdown", onPointerDown);
  addEventListener("pointermove", onPointerMove);
  addEventListener("pointerup", onPointerUp);
  addEventListener("pointercancel", onPointerUp);
  viewport.addEventListener("wheel", onWheel, {passive: false});
  viewport.addEventListener("click", event => {
    const shape = event.target.closest(".node");
    if (shape && !wasDrag) choose(Number(shape.dataset.node));
  });
  viewport.addEventListener("keydown", onKey);
  byId("zoom-in").onclick = () => zoomTo(view.scale * 1.25);
  byId("zoom-out").onclick = () => zoomTo(view.scale / 1.25);
  byId("fit").onclick = fit;
  byId("search").addEventListener("input", search);
  document.querySelector(".search-form").addEventListener("submit", nextFound);
  addEventListener("resize", resize);
  onChoice.push(markChoice);
  resize();
}
)js";

}  // namespace memo::detail
