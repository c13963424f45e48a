"use strict";
// When it happened: a lane for each product, a mark for each short span of time. Long times without a sighting are cut out.

const MARK = 20;
const LANE = 34;
const GAP = 26;

// The parts of the time with sightings, between breaks of a twentieth of the whole and an hour at least.
function spansOf(times) {
  const sorted = [...times].sort((one, other) => one - other);
  const least = Math.max((sorted.at(-1) - sorted[0]) / 20, 3600000);
  const breaks = [];
  for (let at = 1; at < sorted.length; at += 1) {
    if (sorted[at] - sorted[at - 1] > least) breaks.push({ at, length: sorted[at] - sorted[at - 1] });
  }
  const longest = breaks.sort((one, other) => other.length - one.length).slice(0, 5).map((one) => one.at).sort((one, other) => one - other);
  const bounds = [0, ...longest, sorted.length];
  return bounds.slice(1).map((end, at) => ({ start: sorted[bounds[at]], end: sorted[end - 1], count: end - bounds[at] }));
}

// Gives every span a place on the axis, wider for more sightings.
function placed(spans, width, first) {
  const free = width - first - 16 - GAP * (spans.length - 1);
  const least = Math.min(96, free / spans.length);
  const weights = spans.map((span) => (span.end > span.start ? Math.sqrt(span.count) : 0));
  const total = weights.reduce((sum, one) => sum + one, 0) || 1;
  let left = first;
  for (const [at, span] of spans.entries()) {
    span.left = left;
    span.width = least + ((free - least * spans.length) * weights[at]) / total;
    left += span.width + GAP;
  }
  return spans;
}

function placeOf(spans, time) {
  const span = spans.find((one) => time <= one.end) ?? spans.at(-1);
  const part = span.end > span.start ? (time - span.start) / (span.end - span.start) : 0.5;
  return span.left + MARK / 2 + part * (span.width - MARK);
}

// "2 months" for the time between two spans.
function lengthOf(milliseconds) {
  const units = [["year", 31557600000], ["month", 2629800000], ["day", 86400000], ["hour", 3600000]];
  const [name, unit] = units.find(([, one]) => milliseconds >= one) ?? units[3];
  return counted(Math.max(1, Math.round(milliseconds / unit)), name);
}

function marksOf(sightings, spans) {
  const marks = new Map();
  for (const sighting of sightings) {
    const x = Math.round(placeOf(spans, sighting.start) / MARK) * MARK;
    marks.set(x, [...(marks.get(x) ?? []), sighting]);
  }
  return [...marks].sort(([one], [other]) => one - other);
}

// Draws the timeline into the container; `onSelect` gets the sightings of a mark.
function drawTimeline(container, sightings, products, onSelect) {
  const timed = sightings.filter((one) => Number.isFinite(one.start));
  if (timed.length === 0) return container.replaceChildren(element("p", { class: "empty" }, "No sighting that tells its time is left by the filter."));
  const isNarrow = container.clientWidth < 640;
  const width = Math.max(container.clientWidth, 480);
  const first = isNarrow ? 128 : 215;
  const lanes = products.filter((product) => timed.some((one) => one.product === product));
  const height = LANE * lanes.length + 40;
  const spans = placed(spansOf(timed.map((one) => one.start)), width, first);
  const picture = drawn("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "group", "aria-label": "Timeline; arrow keys go from mark to mark" });
  picture.append(...axis(spans, height));
  for (const [at, product] of lanes.entries()) {
    const y = LANE * at + LANE / 2;
    picture.append(drawn("text", { x: 0, y: y + 4, class: "lane" }, shortened(product.name, isNarrow ? 17 : 32)));
    picture.append(drawn("line", { x1: first, x2: width - 16, y1: y, y2: y, class: "rail" }));
    for (const [x, marked] of marksOf(timed.filter((one) => one.product === product), spans)) picture.append(mark(x, y, marked, onSelect));
  }
  container.replaceChildren(picture);
  rove(container, ".mark");
}

function mark(x, y, marked, onSelect) {
  const severity = gravest(SEVERITIES, marked.map((one) => one.severity));
  const title = `${minuteOf(marked[0].start)} UTC: ${marked.length === 1 ? shown(marked[0].title, 120) : counted(marked.length, "sighting")}, ${severity}`;
  const radius = Math.min(MARK / 2, 6 + 1.2 * Math.log2(marked.length));
  return drawn(
    "g",
    { class: `mark s-${severity.toLowerCase()}`, role: "button", tabindex: -1, "aria-label": title, click: () => onSelect(marked) },
    drawn("title", {}, title),
    drawn("circle", { cx: x, cy: y, r: radius }),
    marked.length > 1 && drawn("text", { x, y: y + 3.5, class: "count" }, String(marked.length)),
  );
}

function axis(spans, height) {
  const parts = [];
  for (const [at, span] of spans.entries()) {
    const isSameDay = minuteOf(span.start).slice(0, 10) === minuteOf(span.end).slice(0, 10);
    const last = span.end === span.start ? "" : isSameDay ? minuteOf(span.end).slice(11) : minuteOf(span.end).slice(0, 10);
    const first = minuteOf(span.start).slice(0, last && !isSameDay ? 10 : 16);
    const isNarrow = span.width < 170;
    parts.push(drawn("rect", { x: span.left, y: 2, width: span.width, height: height - 34, class: "span" }));
    parts.push(drawn("text", { x: span.left, y: height - 18, class: "time" }, isNarrow ? first.slice(0, 10) : first));
    if (last && !isNarrow) parts.push(drawn("text", { x: span.left + span.width, y: height - 18, class: "time end" }, last));
    const next = spans[at + 1];
    if (!next) continue;
    const [middle, between] = [span.left + span.width + GAP / 2, lengthOf(next.start - span.end)];
    parts.push(drawn("text", { x: middle, y: height - 3, class: "time gap" }, between));
    parts.push(drawn("path", { d: `M${middle - 4} ${height - 28}l8 -5M${middle - 4} ${height - 22}l8 -5`, class: "cut" }));
  }
  return parts;
}

// Makes the parts of a container one stop of the Tab key; arrow keys go from part to part, Enter and blank press them.
function rove(container, selector) {
  const parts = [...container.querySelectorAll(selector)];
  parts[0]?.setAttribute("tabindex", "0");
  const go = (from, to) => {
    if (!to) return;
    from.setAttribute("tabindex", "-1");
    to.setAttribute("tabindex", "0");
    to.focus();
  };
  container.onkeydown = (event) => {
    const at = parts.indexOf(event.target);
    if (at < 0) return;
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (by) go(parts[at], parts[at + by]);
    else if (event.key === "Enter" || event.key === " ") parts[at].dispatchEvent(new MouseEvent("click"));
    else return;
    event.preventDefault();
  };
}
