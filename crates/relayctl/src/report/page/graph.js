"use strict";
// The network as a picture, drawn by Cytoscape.js.

const PLURALS = { device: "devices", person: "users", address: "addresses", name: "domains", page: "URLs", hash: "files", file: "files", indicator: "indicators", other: "observables" };

// A colour of the style sheet, by name.
const colorOf = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

const isDark = () => colorOf("scheme") === "dark";

function graphStyle() {
  const text = colorOf("text");
  const back = colorOf("panel");
  return [
    { selector: "node", style: {
      width: 30, height: 30, "background-color": "data(fill)", "background-image": "data(icon)", "background-width": "58%", "background-height": "58%",
      "border-width": 2, "border-color": "data(ring)", label: "data(label)", color: text, "font-size": 12, "font-family": "system-ui, sans-serif",
      "text-valign": "bottom", "text-margin-y": 4, "text-background-color": back, "text-background-opacity": 0.85, "text-background-padding": 1,
      "min-zoomed-font-size": 12.5 } },
    { selector: "node.target", style: { shape: "round-rectangle", width: 38, height: 38, "font-size": 14, "font-weight": 600, "min-zoomed-font-size": 5 } },
    { selector: "node.indicator", style: { shape: "round-hexagon", width: 36, height: 36, "font-size": 13, "min-zoomed-font-size": 7 } },
    { selector: "node.group", style: { "border-style": "double", "border-width": 5, width: 38, height: 38, "font-size": 13, "min-zoomed-font-size": 7 } },
    { selector: "node.asked", style: { width: 46, height: 46, "border-width": 4, "font-size": 15, "font-weight": 700, "z-index": 10, "min-zoomed-font-size": 4 } },
    { selector: "edge", style: {
      width: "data(width)", "line-color": colorOf("edge"), "target-arrow-color": colorOf("edge"), "target-arrow-shape": "triangle", "arrow-scale": 0.7,
      "curve-style": "bezier", opacity: 0.8, label: "", "font-size": 9, color: text, "text-background-color": back, "text-background-opacity": 0.9,
      "text-background-padding": 2, "text-rotation": "autorotate" } },
    { selector: "edge.indicated", style: { "line-style": "dashed", "target-arrow-shape": "none" } },
    { selector: "edge.near", style: { label: "data(label)", "line-color": colorOf("accent"), "target-arrow-color": colorOf("accent"), opacity: 1, "z-index": 5 } },
    { selector: "node:selected", style: { "underlay-color": colorOf("accent"), "underlay-opacity": 0.35, "underlay-padding": 7 } },
    { selector: "node.named", style: { "min-zoomed-font-size": 0, "z-index": 20 } },
    { selector: ".far", style: { opacity: 0.18 } },
    { selector: ".hidden", style: { display: "none" } },
  ];
}

const LAYOUTS = {
  force: (graph) => ({
    name: "cose", animate: false, randomize: false, fit: false, numIter: Math.round(Math.min(1200, 90000 / graph.nodes().length)), nodeOverlap: 30,
    nodeRepulsion: () => 90000, idealEdgeLength: (edge) => (edge.source().degree(false) === 1 || edge.target().degree(false) === 1 ? 40 : 90),
    edgeElasticity: () => 80, gravity: 0.7, componentSpacing: 50, initialTemp: 260, coolingFactor: 0.985, nestingFactor: 1,
  }),
  rings: () => ({
    name: "concentric", animate: false, fit: false, minNodeSpacing: 26, levelWidth: () => 1,
    concentric: (node) => (node.hasClass("asked") ? 3 : node.hasClass("target") ? 2 : 1),
  }),
  layers: (graph) => ({ name: "breadthfirst", animate: false, fit: false, spacingFactor: 1.1, roots: graph.nodes(".asked") }),
};

// Moves two boxes apart that lie on each other.
function part(one, other) {
  const across = (one.width + other.width) / 2 - Math.abs(other.x - one.x);
  const along = (one.height + other.height) / 2 - Math.abs(other.y - one.y);
  if (across <= 0 || along <= 0) return;
  const [axis, by] = across < along ? ["x", across / 2] : ["y", along / 2];
  const sign = other[axis] < one[axis] ? -1 : 1;
  one[axis] -= sign * by;
  other[axis] += sign * by;
}

class Graph {
  constructor(container, onSelect) {
    this.layout = "force";
    this.opened = new Set();
    this.onSelect = onSelect;
    this.graph = cytoscape({ container, style: graphStyle(), minZoom: 0.1, maxZoom: 4, boxSelectionEnabled: false, selectionType: "single" });
    this.graph.on("tap", (event) => this.select(event.target === this.graph ? null : event.target.isNode() ? event.target.scratch("item") : null));
    this.graph.on("mouseover", "edge", (event) => event.target.addClass("near"));
    this.graph.on("mouseover", "node", (event) => event.target.addClass("named"));
    this.graph.on("mouseout", () => this.mark());
  }

  // Draws another network; nodes that were there keep their places.
  draw(network) {
    this.network = network;
    const places = new Map(this.graph.nodes().map((node) => [node.scratch("item").key, node.position()]));
    this.items = this.itemsOf(network);
    const ids = new Map();
    this.items.forEach((item, at) => item.nodes.forEach((node) => ids.set(node, `n${at}`)));
    const edges = this.edgesOf(network, ids);
    this.places(places);
    this.graph.batch(() => {
      this.graph.elements().remove();
      this.items.forEach((item, at) => {
        this.graph.add({ group: "nodes", data: { id: `n${at}`, ...this.looks(item) }, position: item.place, classes: item.classes }).scratch("item", item);
      });
      for (const edge of edges) this.graph.add({ group: "edges", data: edge.data, classes: edge.classes }).scratch("edges", edge.edges);
    });
    this.arrange();
  }

  // What is drawn as a node: one node of the network, or several that are alike.
  itemsOf(network) {
    const items = network.items().flatMap((item) => (item.isGroup && this.opened.has(item.nodes[0].key) ? item.parts : [item]));
    return items.map((item) => {
      const node = item.nodes[0];
      const classes = [node.isAsked && "asked", item.nodes.some((one) => one.isTarget) && "target", node.indicator && "indicator", item.isGroup && "group"];
      const label = item.isGroup ? `${item.count} ${PLURALS[node.kind]}` : node.value;
      return { ...item, label, key: `${item.isGroup ? "group " : ""}${node.key}`, classes: classes.filter(Boolean) };
    });
  }

  looks(item) {
    const node = item.nodes[0];
    const role = item.nodes.some((one) => one.isTarget) ? "target" : node.indicator ? "indicator" : "seen";
    const disposition = item.isGroup ? undefined : gravest(DISPOSITIONS, item.nodes.map((one) => one.disposition).filter(Boolean));
    const ring = disposition && disposition !== "Unknown" ? colorOf(disposition.toLowerCase()) : colorOf(role);
    return { label: shortened(item.label, 26), ring, fill: colorOf(`${role}-fill`), icon: iconAddress(node.kind, ring) };
  }

  edgesOf(network, ids) {
    const drawnEdges = new Map();
    for (const edge of network.edges.values()) {
      const [source, target] = [ids.get(edge.source), ids.get(edge.target)];
      if (source === target) continue;
      const key = `${source} ${target}`;
      const known = drawnEdges.get(key) ?? { edges: [], data: { source, target }, classes: [] };
      known.edges.push(edge);
      drawnEdges.set(key, known);
    }
    for (const one of drawnEdges.values()) {
      const labels = new Set(one.edges.flatMap((edge) => [...edge.labels]));
      const sightings = new Set(one.edges.flatMap((edge) => [...edge.sightings]));
      one.data.label = [...labels].slice(0, 3).join(", ") + (sightings.size > 1 ? ` (${sightings.size})` : "");
      one.data.width = Math.min(6, 1.2 + Math.log2(1 + sightings.size) * 0.6);
      if (labels.has("indicated by")) one.classes.push("indicated");
    }
    return [...drawnEdges.values()];
  }

  // Gives every item the place where the layout starts from: asked ones in a ring, others around a neighbour.
  places(known) {
    const itemOf = new Map(this.items.flatMap((item) => item.nodes.map((node) => [node, item])));
    const asked = this.items.filter((item) => item.nodes[0].isAsked);
    asked.forEach((item, at) => {
      const angle = (2 * Math.PI * at) / asked.length;
      item.place = known.get(item.key) ?? { x: 260 * Math.cos(angle), y: 150 * Math.sin(angle) };
    });
    const queue = [...asked];
    for (let at = 0; at < queue.length; at += 1) {
      for (const edge of queue[at].nodes.flatMap((node) => [...node.edges])) {
        for (const end of [edge.source, edge.target]) {
          const item = itemOf.get(end);
          if (item.place) continue;
          const angle = 2.399963 * queue.length;
          item.place = known.get(item.key) ?? { x: queue[at].place.x + 90 * Math.cos(angle), y: queue[at].place.y + 90 * Math.sin(angle) };
          queue.push(item);
        }
      }
    }
    this.items.filter((item) => !item.place).forEach((item, at) => (item.place = { x: 40 * at, y: 400 }));
  }

  arrange(layout = this.layout) {
    this.layout = layout;
    const shownNodes = this.graph.elements().not(".hidden");
    if (shownNodes.nodes().length > 0) shownNodes.layout(LAYOUTS[layout](this.graph)).run();
    this.widen();
    this.fit();
  }

  // Turns and stretches the layout to the form of its frame.
  widen() {
    const { w, h } = this.graph.nodes().boundingBox({ includeLabels: false });
    const form = this.graph.width() / this.graph.height();
    if (this.layout !== "force" || !(w > 0 && h > 0)) return;
    const isTurned = form > 1 === h > w;
    const stretch = Math.min(1.7, Math.max(1, form / (isTurned ? h / w : w / h)));
    this.graph.nodes().positions((node) => {
      const { x, y } = node.position();
      return { x: (isTurned ? y : x) * stretch, y: isTurned ? x : y };
    });
    this.spread();
  }

  // Moves nodes and names that lie on each other apart, the shorter way.
  spread() {
    const boxes = this.graph.nodes().map((node) => {
      const { x1, x2, y1, y2 } = node.boundingBox({ includeLabels: node.classes().length > 0, includeOverlays: false });
      const [x, y] = [(x1 + x2) / 2, (y1 + y2) / 2];
      return { node, x, y, from: { x, y }, width: x2 - x1 + 8, height: y2 - y1 + 6 };
    });
    for (let turn = 0; turn < 6000 / boxes.length && turn < 60; turn += 1) boxes.forEach((one, at) => boxes.slice(at + 1).forEach((other) => part(one, other)));
    this.graph.batch(() => boxes.forEach(({ node, x, y, from }) => node.shift({ x: x - from.x, y: y - from.y })));
  }

  fit() {
    this.graph.resize();
    this.graph.fit(this.graph.elements().not(".hidden"), 28);
    if (this.graph.zoom() > 1.6) {
      this.graph.zoom(1.6);
      this.graph.center(this.graph.elements().not(".hidden"));
    }
  }

  zoom(factor) {
    this.graph.zoom({ level: this.graph.zoom() * factor, renderedPosition: { x: this.graph.width() / 2, y: this.graph.height() / 2 } });
  }

  // Shows only what the sightings and products left by the filter account for.
  filter(sightings, products) {
    const isShown = (edge) => (edge.sightings.size > 0 ? [...edge.sightings].some((key) => sightings.has(key)) : [...edge.products].some((slug) => products.has(slug)));
    this.graph.batch(() => {
      for (const edge of this.graph.edges()) edge.toggleClass("hidden", !edge.scratch("edges").some(isShown));
      for (const node of this.graph.nodes()) {
        node.toggleClass("hidden", !node.hasClass("asked") && node.connectedEdges().every((edge) => edge.hasClass("hidden")));
      }
    });
    this.mark();
  }

  // Selects an item; a group that is selected twice is opened.
  select(item) {
    if (item?.isGroup && this.selected === item) return this.open(item);
    this.selected = item;
    this.mark();
    this.onSelect(item);
  }

  selectKey(key) {
    this.select(this.items.find((item) => item.nodes.some((node) => node.key === key)) ?? null);
  }

  // Goes to the next item, or the one before, in the order of the network.
  step(by) {
    const shownItems = this.graph.nodes().not(".hidden").map((node) => node.scratch("item"));
    const at = shownItems.indexOf(this.selected);
    if (shownItems.length > 0) this.select(shownItems[(at + by + shownItems.length) % shownItems.length]);
  }

  open(group) {
    this.opened.add(group.nodes[0].key);
    this.draw(this.network);
    this.select(null);
  }

  mark() {
    this.graph.batch(() => {
      this.graph.elements().removeClass("near far named").unselect();
      const node = this.graph.nodes().filter((one) => one.scratch("item") === this.selected);
      if (node.empty()) return;
      node.select();
      node.connectedEdges().addClass("near");
      node.closedNeighborhood().addClass("named");
      this.graph.elements().not(node.closedNeighborhood()).addClass("far");
    });
  }

  // Takes the colours of the style sheet again, after they changed.
  recolor() {
    this.graph.batch(() => this.graph.nodes().forEach((node) => node.data(this.looks(node.scratch("item")))));
    this.graph.style(graphStyle());
  }
}
