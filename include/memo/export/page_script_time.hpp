/// The script of the time line.
#pragma once

#include <string_view>

namespace memo::detail {

/// Needs page_script_model. Only what is seen is drawn: spans that fall on the same pixels as one before are left out.
inline constexpr std::string_view page_script_time = R"js(
function startTimeLine() {
  const lanes = byId("lanes"), note = byId("time-note"), spans = report.work;
  if (spans.length === 0) {
    note.textContent = report.is_plan ? "A plan calls no function."
      : report.steps.some(step => step.outcome === "ran" || step.outcome === "failed")
        ? "The report does not tell when functions were called." : "No function was called.";
    lanes.remove();
    byId("time-tools").remove();
    return;
  }
  const workers = [...new Set(spans.map(span => span.worker))].sort((a, b) => a - b);
  const end = spans.reduce((last, span) => Math.max(last, span.end_ns), Math.max(1, report.time_ns));
  const shown = {from: 0, to: end};
  const rows = workers.map((worker, lane) => {
    const own = spans.filter(span => span.worker === worker).sort((a, b) => a.start_ns - b.start_ns);
    const busy = own.reduce((sum, span) => sum + span.end_ns - span.start_ns, 0);
    const label = `worker ${worker + 1}, ${Math.min(100, Math.round(100 * busy / end))} %`;
    const track = make("div", {class: "track"});
    lanes.append(make("div", {class: "lane"}, make("div", {class: "label"}, label), track));
    return {own, track, lane};
  });
  const axis = make("div", {class: "axis", "aria-hidden": "true"});
  lanes.append(axis);
  const counted = (count, one) => `${count} ${one}${count === 1 ? "" : "s"}`;
  const first = workers.length === 1 ? "One thread did all the work" : `${workers.length} threads worked`;
  note.textContent = `${first}: ${counted(spans.length, "call")} of functions in ${durationText(end)}.` +
    (workers.length > 1 ? " Beside each stands how much of the time it was busy." : "") +
    (spans.length >= 10000 ? " Later calls were not noted." : "");

  const tell = span => `${nodes[span.step].name}: ${durationText(span.end_ns - span.start_ns)}, from ` +
    `${durationText(span.start_ns)} to ${durationText(span.end_ns)}` +
    (span.elements ? `, ${counted(span.elements, "element")}` : "");

  function drawLane({own, track}) {
    const width = track.clientWidth, perPixel = (shown.to - shown.from) / Math.max(1, width);
    const made = [];
    let free = -1;
    for (const span of own) {
      if (span.end_ns < shown.from || span.start_ns > shown.to) continue;
      const left = Math.max(-2, (span.start_ns - shown.from) / perPixel);
      const right = Math.min(width + 2, (span.end_ns - shown.from) / perPixel);
      if (right < free) continue;
      free = Math.max(left + 2, right);
      const {name, look} = nodes[span.step];
      const shape = make("div", {class: `span ${look}`, "data-node": span.step, title: tell(span)},
                         right - left > 30 ? name : null);
      shape.classList.toggle("thin", right - left < 12);
      shape.classList.toggle("chosen", span.step === chosen);
      shape.style.left = `${left}px`;
      shape.style.width = `${Math.max(2, right - left)}px`;
      made.push(shape);
    }
    track.replaceChildren(...made);
  }
  function drawAxis() {
    const width = axis.clientWidth, range = shown.to - shown.from;
    const wanted = range / Math.max(2, Math.floor(width / 110)), power = 10 ** Math.floor(Math.log10(wanted));
    const step = [1, 2, 5, 10].map(factor => factor * power).find(size => size >= wanted);
    const [unit, name] = units.find(([size]) => step >= size * 0.1) || [1, "ns"];
    const digits = Math.max(0, Math.ceil(-Math.log10(step / unit) - 1e-9));
    const ticks = [];
    for (let at = Math.ceil(shown.from / step) * step; at <= shown.to && ticks.length < 100; at += step) {
      const left = (at - shown.from) / range * width;
      const tick = make("span", {}, left < width - 48 ? `${(at / unit).toFixed(digits)} ${name}` : "");
      tick.style.left = `${left}px`;
      ticks.push(tick);
    }
    axis.replaceChildren(...ticks);
  }
  function drawAll() {
    rows.forEach(drawLane);
    drawAxis();
  }
  function show(from, to) {
    const length = Math.min(end, Math.max(end / 1e5, 100, to - from));
    shown.from = Math.min(Math.max(0, from), end - length);
    shown.to = shown.from + length;
    drawAll();
  }
  function zoom(factor, at = (shown.from + shown.to) / 2) {
    show(at - (at - shown.from) * factor, at + (shown.to - at) * factor);
  }
  const timeAt = x => {
    const box = axis.getBoundingClientRect();
    return shown.from + (x - box.left) / box.width * (shown.to - shown.from);
  };
  lanes.addEventListener("wheel", event => {
    const before = shown.to - shown.from;
    if (event.deltaY > 0 && before >= end) return;
    event.preventDefault();
    zoom(Math.exp(event.deltaY * 0.0018), timeAt(event.clientX));
  }, {passive: false});

  let drag = null, wasDrag = false;
  lanes.addEventListener("pointerdown", event => {
    const isHere = event.button === 0 && event.target.closest(".track");
    drag = isHere ? {x: event.clientX, ...shown} : null;
    wasDrag = false;
  });
  addEventListener("pointermove", event => {
    if (!drag || (!wasDrag && Math.abs(event.clientX - drag.x) < 4)) return;
    wasDrag = true;
    const moved = (event.clientX - drag.x) / Math.max(1, axis.clientWidth) * (drag.to - drag.from);
    show(drag.from - moved, drag.to - moved);
  });
  addEventListener("pointerup", () => { drag = null; });
  addEventListener("pointercancel", () => { drag = null; });
  lanes.addEventListener("click", event => {
    const shape = event.target.closest(".span");
    if (shape && !wasDrag) choose(Number(shape.dataset.node));
  });
  byId("time-in").onclick = () => zoom(0.6);
  byId("time-out").onclick = () => zoom(1 / 0.6);
  byId("time-fit").onclick = () => show(0, end);
  onChoice.push(i => {
    for (const shape of all(".span", lanes)) shape.classList.toggle("chosen", Number(shape.dataset.node) === i);
  });
  new ResizeObserver(drawAll).observe(axis);
}
)js";

}  // namespace memo::detail
