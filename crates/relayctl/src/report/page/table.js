"use strict";
// The table of sightings: grouped, with what each of them says.

// So many rows are shown at once; a button shows more.
const ROWS = 100;

const GROUPINGS = {
  what: (one) => `${one.title} · ${one.product.name}`,
  target: (one) => one.targets[0]?.name.toLowerCase() ?? "No target named",
  observable: (one) => one.observables[0]?.value ?? "No observable named",
  product: (one) => one.product.name,
  nothing: (one) => one.key,
};

const badge = (kind, name) => element("span", { class: `badge ${kind}-${name.toLowerCase()}` }, name);
const byGravityAndTime = (one, other) =>
  SEVERITIES.indexOf(one.severity) - SEVERITIES.indexOf(other.severity) || (other.start || 0) - (one.start || 0);

function groupsOf(sightings, grouping) {
  const groups = new Map();
  for (const sighting of [...sightings].sort(byGravityAndTime)) {
    const name = GROUPINGS[grouping](sighting);
    groups.set(name, [...(groups.get(name) ?? []), sighting]);
  }
  return [...groups].map(([name, members]) => ({ name, members }));
}

class SightingTable {
  constructor(body, onObservable) {
    this.body = body;
    this.onObservable = onObservable;
    this.grouping = "what";
    this.open = new Set();
  }

  show(sightings) {
    this.groups = groupsOf(sightings, this.grouping);
    this.limit = ROWS;
    this.draw();
  }

  draw() {
    const rows = this.groups.slice(0, this.limit).flatMap((group) => this.rowsOf(group));
    const left = this.groups.length - this.limit;
    if (left > 0) rows.push(wide(element("button", { class: "more", click: () => this.more() }, `Show ${Math.min(left, 500)} more of ${left}`)));
    if (rows.length === 0) rows.push(wide(element("p", { class: "empty" }, "No sighting is left by the filter.")));
    this.body.replaceChildren(...rows);
  }

  more() {
    this.limit += 500;
    this.draw();
  }

  rowsOf(group) {
    if (group.members.length === 1) return this.sightingRows(group.members[0], "");
    const isOpen = this.open.has(group.name);
    const head = this.row("group", isOpen, () => this.toggle(group.name), summaryOf(group));
    return isOpen ? [head, ...group.members.flatMap((one) => this.sightingRows(one, "member"))] : [head];
  }

  sightingRows(sighting, place) {
    const isOpen = this.open.has(sighting.key);
    const row = this.row(place, isOpen, () => this.toggle(sighting.key), {
      time: minuteOf(sighting.start), severity: sighting.severity, what: shown(sighting.title, 200), observables: sighting.observables,
      targets: sighting.targets.map((one) => one.name), product: sighting.product.name,
    });
    return isOpen ? [row, wide(this.details(sighting), "details")] : [row];
  }

  row(place, isOpen, toggle, cells) {
    const button = element("button", { class: "caret", "aria-expanded": String(isOpen), click: toggle }, cells.what, cells.count && element("span", { class: "times" }, `× ${cells.count}`));
    return element(
      "tr", { class: place },
      element("td", { class: "time" }, cells.time),
      element("td", {}, badge("s", cells.severity)),
      element("td", { class: "what" }, button),
      element("td", {}, names(cells.targets)),
      element("td", { class: "value" }, names(cells.observables.map((one) => one.value))),
      element("td", {}, shown(cells.product, 60)),
    );
  }

  toggle(key) {
    if (!this.open.delete(key)) this.open.add(key);
    const at = [...this.body.querySelectorAll("button")].indexOf(document.activeElement);
    this.draw();
    this.body.querySelectorAll("button")[at]?.focus();
  }

  details(one) {
    const rows = [...one.about, ...one.facts];
    const names = (list) => list.map((observable) => this.observable(observable));
    return element(
      "div", { class: "detail" },
      ...one.texts.filter((text, at) => one.texts.indexOf(text) === at && text !== one.title).map((text) => element("p", { class: "prose" }, shown(text))),
      element(
        "dl", {},
        ...rows.map(([name, value]) => [element("dt", {}, shown(name, 80)), element("dd", {}, shown(value, 1000))]),
        one.end > one.start && [element("dt", {}, "until"), element("dd", {}, `${minuteOf(one.end)} UTC`)],
        one.targets.map((target) => [element("dt", {}, "target"), element("dd", {}, ...names(target.observables), shown(target.os, 120))]),
        one.indicators.map((indicator) => [element("dt", {}, "indicator"), element("dd", {}, shown(indicator.title, 200), indicator.links.slice(0, 1).map((link) => [" · ", linked(link.title, link.url)]))]),
        one.ids.length > 0 && [element("dt", {}, "product's ids"), element("dd", {}, shown(one.ids.join(", "), 600))],
        one.links.length > 0 && [element("dt", {}, "links"), element("dd", {}, one.links.map((link, at) => [at > 0 && " · ", linked(link.title, link.url)]))],
      ),
      one.relations.length > 0 && element("ul", { class: "relations" }, one.relations.slice(0, 100).map((relation) =>
        element("li", {}, this.observable(relation.source), ` ${worded(relation.relation)} `, this.observable(relation.related)))),
    );
  }

  // An observable as a button that selects it in the graph.
  observable(one) {
    return element("button", { class: "observable", click: () => this.onObservable(one), title: shown(`${one.type} ${one.value}`, 300) }, shortened(one.value, 48));
  }
}

function summaryOf({ members }) {
  const starts = members.map((one) => one.start).filter(Number.isFinite);
  const [first, last] = [minuteOf(Math.min(...starts)), minuteOf(Math.max(...starts))];
  const distinct = (list) => [...new Set(list)];
  const titles = distinct(members.map((one) => one.title));
  return {
    time: first === last ? first : element("span", { title: `from ${first} to ${last}` }, last),
    severity: gravest(SEVERITIES, members.map((one) => one.severity)),
    what: titles.length === 1 ? shown(titles[0], 200) : `${shown(titles[0], 120)} and ${titles.length - 1} more`,
    count: members.length,
    targets: distinct(members.flatMap((one) => one.targets.map((target) => target.name))),
    observables: distinct(members.flatMap((one) => one.observables.map((observable) => observable.value))).map((value) => ({ value })),
    product: distinct(members.map((one) => one.product.name)).join(", "),
  };
}

// The first names of a list, and how many there are besides.
const names = (list) => [shortened(list[0] ?? "-", 40), list.length > 1 && element("span", { class: "times" }, ` + ${list.length - 1}`)];

const wide = (child, place) => element("tr", { class: place ?? "wide" }, element("td", { colspan: 6 }, child));
