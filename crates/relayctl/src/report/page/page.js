"use strict";
// The page: reads its data, draws the parts, and keeps them in step.

const at = (id) => document.getElementById(id);

class Page {
  constructor() {
    this.filter = new Filter();
    this.graph = new Graph(at("graph"), (item) => this.select(item));
    this.table = new SightingTable(at("rows"), (observable) => this.graph.selectKey(this.network.node(observable).key));
    this.listen();
  }

  // Shows a report; called again when more answers have come.
  show(report) {
    this.report = report;
    this.model = modelOf(report);
    this.network = new Network(this.model);
    this.filter.limit(null);
    this.graph.selected = null;
    at("title").textContent = titleOf(this.model);
    document.title = at("title").textContent;
    at("made").textContent = report.made ? `${shown(report.command, 200)} · ${shown(report.made, 40)}` : "";
    this.drawProblems();
    this.drawToggles();
    this.drawLists();
    this.graph.draw(this.network);
    this.refresh();
  }

  // Shows what the filter leaves.
  refresh() {
    const wideView = this.filter.wide(this.model.sightings);
    const view = this.filter.narrow(wideView);
    const products = new Set(this.model.products.map((one) => one.slug).filter((slug) => !this.filter.hiddenProducts.has(slug)));
    this.graph.filter(new Set(wideView.map((one) => one.key)), products);
    drawTimeline(at("timeline"), view, this.model.products, (marked) => this.limitTo(marked));
    this.table.show(view);
    this.drawPanel();
    this.drawSummary(wideView);
    at("shown").textContent = `${view.length.toLocaleString("en")} of ${counted(this.model.sightings.length, "sighting")}`;
    at("reset").hidden = !this.filter.isUsed();
    at("only").hidden = this.filter.only === null;
    at("only").textContent = this.filter.only ? `Only ${this.filter.only.name} ✕` : "";
  }

  select(item) {
    const keys = new Set(item?.nodes.flatMap((node) => [...node.edges].flatMap((edge) => [...edge.sightings])));
    for (const sighting of item ? this.model.sightings : []) {
      const ends = [...sighting.observables.map((one) => this.network.node(one)), ...sighting.targets.map((one) => this.network.target(one))];
      if (ends.some((node) => item.nodes.includes(node))) keys.add(sighting.key);
    }
    this.filter.limit(item && { name: shortened(item.label, 40), keys });
    this.refresh();
  }

  limitTo(sightings) {
    this.graph.selected = null;
    const name = sightings.length === 1 ? shortened(sightings[0].title, 40) : counted(sightings.length, "sighting");
    this.filter.limit({ name: `${name} of ${minuteOf(sightings[0].start).slice(0, 10)}`, keys: new Set(sightings.map((one) => one.key)) });
    this.refresh();
  }

  drawPanel() {
    const item = this.graph.selected;
    const onKey = (key) => this.graph.selectKey(key);
    const onObservable = (observable) => onKey(this.network.node(observable).key);
    const content = item
      ? [element("button", { class: "back", click: () => this.graph.select(null) }, "← Overview"), this.pivot(item), aboutItem(item, this.model, onKey, onObservable, () => this.graph.open(item))]
      : overview(this.model, this.network, this.filter.wide(this.model.sightings), onObservable, onKey);
    at("panel").replaceChildren(...content.flat(Infinity).filter(Boolean));
  }

  // While relays can be asked, what was found can be asked about too.
  pivot(item) {
    const [node] = item.nodes;
    if (!this.onPivot || item.isGroup || node.isAsked || node.indicator) return undefined;
    return element("button", { click: () => this.onPivot(node) }, "Ask about this too");
  }

  drawSummary(sightings) {
    const times = sightings.flatMap((one) => [one.start, one.end]).filter(Number.isFinite);
    const worst = this.model.verdicts[0]?.disposition;
    const condemned = new Set(this.model.verdicts.filter((one) => one.disposition === worst).map((one) => keyOf(one.observable)));
    const grave = sightings.filter((one) => ["Critical", "High"].includes(one.severity)).length;
    const tiles = [
      [worst ? badge("d", worst) : "-", worst ? `verdict on ${counted(condemned.size, "observable")}` : "no verdict"],
      [sightings.length, `sightings, ${grave} of high severity`],
      [targetsOf(sightings, this.network).length, "devices and users"],
      [new Set(sightings.map((one) => one.product)).size, `of ${counted(this.model.products.length, "product")} saw something`],
      [times.length > 0 ? minuteOf(Math.min(...times)).slice(0, 10) : "-", "first seen (UTC)"],
      [times.length > 0 ? minuteOf(Math.max(...times)).slice(0, 10) : "-", "last seen (UTC)"],
    ];
    at("summary").replaceChildren(...tiles.map(([value, name]) => element("div", { class: "tile" }, element("strong", {}, typeof value === "number" ? value.toLocaleString("en") : value), element("span", {}, name))));
  }

  drawProblems() {
    const items = this.model.problems.slice(0, 100).map((one) =>
      element("li", { class: one.isWarning ? "warning" : "error" }, element("strong", {}, `${shown(one.product.name, 60)}: `), shown(one.message || one.code, 1000), element("span", { class: "by" }, ` ${one.isWarning ? "warning" : "error"} ${shown(one.code, 80)}`)));
    at("problems").replaceChildren(...several(items).flat().map((item) => (item.tagName === "DETAILS" ? element("li", { class: "warning" }, item) : item)));
  }

  drawToggles() {
    const { sightings, products } = this.model;
    const count = (is) => sightings.filter(is).length;
    const severities = SEVERITIES.map((value) => ({ value, name: value, look: `s-${value.toLowerCase()}`, count: count((one) => one.severity === value) })).filter((one) => one.count > 0);
    const named = products.map((product) => ({ value: product.slug, name: product.name, count: count((one) => one.product === product) }));
    at("toggles").replaceChildren(
      toggles("Severities", severities, this.filter.hiddenSeverities, () => this.refresh()),
      toggles("Products", named, this.filter.hiddenProducts, () => this.refresh()),
    );
  }

  drawLists() {
    const actions = byTitle(this.model.actions);
    at("actions").replaceChildren(...actions.map(({ item, items }) => element("tr", {},
      element("td", {}, shown(item.title, 200)), element("td", {}, shown(item.product.name, 60)),
      element("td", {}, several(items.map((one) => element("div", {}, element("span", { class: "value" }, shortened(one.observable.value || one.text, 60)), element("code", {}, shown(one.id, 120)))))))));
    at("links").replaceChildren(...byTitle(this.model.links).map(({ item, items }) => element("tr", {},
      element("td", {}, shown(item.title, 200)), element("td", {}, shown(item.product.name, 60)),
      element("td", {}, several(items.map((one) => element("div", {}, linked(one.url, one.url))))))));
    at("actions-part").hidden = actions.length === 0;
    at("links-part").hidden = this.model.links.length === 0;
  }

  listen() {
    const search = at("search");
    search.addEventListener("input", () => {
      this.filter.text = search.value;
      this.refresh();
    });
    at("reset").addEventListener("click", () => this.reset());
    at("only").addEventListener("click", () => this.graph.select(null));
    at("grouping").addEventListener("change", (event) => {
      this.table.grouping = event.target.value;
      this.refresh();
    });
    at("layout").addEventListener("change", (event) => this.graph.arrange(event.target.value));
    at("closer").addEventListener("click", () => this.graph.zoom(1.3));
    at("farther").addEventListener("click", () => this.graph.zoom(1 / 1.3));
    at("fit").addEventListener("click", () => this.graph.fit());
    document.addEventListener("keydown", (event) => this.key(event));
    at("graph").addEventListener("keydown", (event) => this.graphKey(event));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.graph.recolor());
    addEventListener("beforeprint", () => this.paper(true));
    addEventListener("afterprint", () => this.paper(false));
    let width = innerWidth;
    addEventListener("resize", () => {
      if (innerWidth === width) return;
      width = innerWidth;
      this.refresh();
      this.graph.fit();
    });
  }

  key(event) {
    const isTyping = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
    if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      at("search").focus();
    }
    if (event.key === "Escape") this.escape(event.target);
  }

  // Undoes one thing: first the selection, then the filter.
  escape(target) {
    if (this.filter.only) this.graph.select(null);
    else if (this.filter.isUsed()) this.reset();
    else target.blur();
  }

  graphKey(event) {
    const keys = { ArrowRight: () => this.graph.step(1), ArrowDown: () => this.graph.step(1), ArrowLeft: () => this.graph.step(-1), ArrowUp: () => this.graph.step(-1), "+": () => this.graph.zoom(1.3), "-": () => this.graph.zoom(1 / 1.3), 0: () => this.graph.fit() };
    if (!Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    keys[event.key]();
  }

  reset() {
    this.filter.reset();
    at("search").value = "";
    this.drawToggles();
    this.graph.select(null);
  }

  // Paper is white, whatever the screen is.
  paper(isPaper) {
    document.documentElement.classList.toggle("paper", isPaper);
    this.graph.recolor();
  }
}

// The first lines, and the others behind a word that shows them.
function several(lines) {
  if (lines.length <= 4) return lines;
  return [lines.slice(0, 3), element("details", {}, element("summary", {}, `${lines.length - 3} more`), lines.slice(3))];
}

// Actions or links with one title, in one row.
function byTitle(items) {
  const rows = new Map();
  for (const item of items) {
    const key = `${item.product.slug}\n${item.title}`;
    rows.set(key, [...(rows.get(key) ?? []), item]);
  }
  return [...rows.values()].map((all) => ({ item: all[0], items: all.slice(0, 50) }));
}

function titleOf(model) {
  const values = model.observables.map((one) => shortened(one.value, 30));
  if (values.length === 0) return "Investigation";
  const more = values.length > 3 ? ` and ${values.length - 3} more` : "";
  return `Investigation of ${values.slice(0, 3).join(", ")}${more}`;
}

const page = new Page();
const report = JSON.parse(at("report").textContent);
if (report.relays) explore(page, report);
else page.show(report);
document.documentElement.dataset.drawn = String(Math.round(performance.now()));
