"use strict";
// What stands beside the graph: the verdicts with their reasons, or all about what was selected.

const heading = (text) => element("h3", {}, text);

// Verdicts that say the same of one observable, as one.
function agreed(verdicts) {
  const all = new Map();
  for (const one of verdicts) {
    const key = `${keyOf(one.observable)}\n${one.disposition}`;
    const known = all.get(key) ?? { ...one, products: [], reasons: [] };
    known.products.push(one.product.name);
    known.reasons.push(...one.reasons.filter((reason) => !known.reasons.some((other) => other.text === reason.text)));
    all.set(key, known);
  }
  return [...all.values()];
}

function verdictItem(verdict, onObservable) {
  const reasons = verdict.reasons.slice(0, 8).map((reason) =>
    element("li", {}, shown(reason.text, 600), reason.text && reason.url ? " · " : "", reason.url && linked(reason.title ?? reason.url, reason.url)));
  return element(
    "li", { class: "verdict" },
    badge("d", verdict.disposition), " ",
    element("button", { class: "observable", title: shown(verdict.observable.value, 300), click: () => onObservable(verdict.observable) }, shortened(verdict.observable.value, 40)),
    element("span", { class: "by" }, ` ${shown(verdict.products.join(", "), 200)}`),
    reasons.length > 0 && element("ul", { class: "reasons" }, reasons),
  );
}

// Devices and users that were hit, those with the most sightings first.
function targetsOf(sightings, network) {
  const targets = new Map();
  for (const sighting of sightings) {
    for (const target of sighting.targets) {
      const node = network.target(target);
      const known = targets.get(node) ?? { node, sightings: [] };
      if (known.sightings.at(-1) !== sighting) known.sightings.push(sighting);
      targets.set(node, known);
    }
  }
  return [...targets.values()].sort((one, other) => other.sightings.length - one.sightings.length);
}

function overview(model, network, sightings, onObservable, onKey) {
  const targets = targetsOf(sightings, network);
  const verdicts = agreed(model.verdicts).slice(0, 200);
  return [
    element("h2", {}, "Verdicts"),
    verdicts.length > 0 ? element("ul", { class: "plain" }, verdicts.map((one) => verdictItem(one, onObservable))) : element("p", { class: "empty" }, "No product has a verdict."),
    element("h2", {}, `On whom (${targets.length})`),
    element("ul", { class: "plain chips" }, targets.slice(0, 60).map(({ node, sightings: seen }) =>
      element("li", {}, element("button", { class: "chip", click: () => onKey(node.key) }, icon(node.kind), shortened(node.value, 32), element("span", { class: "times" }, String(seen.length)))))),
    targets.length > 60 && element("p", { class: "empty" }, `and ${targets.length - 60} more`),
  ];
}

function edgeItem(edge, node, onKey) {
  const other = edge.source === node ? edge.target : edge.source;
  const button = element("button", { class: "observable", title: shown(other.value, 300), click: () => onKey(other.key) }, shortened(other.value, 40));
  const label = [...edge.labels].join(", ");
  const count = edge.sightings.size > 1 && element("span", { class: "times" }, ` ${edge.sightings.size} sightings`);
  return element("li", {}, edge.source === node ? [`${label} `, button] : [button, ` ${label} this`], count);
}

function aboutIndicator({ indicator }) {
  return [
    element("p", { class: "prose" }, shown(indicator.text, 1500)),
    element("p", {}, badge("s", indicator.severity), " ", shown(indicator.product.name, 60), indicator.tags.length > 0 && ` · ${shown(indicator.tags.join(", "), 300)}`),
    element("ul", { class: "plain" }, indicator.links.map((link) => element("li", {}, linked(link.title, link.url)))),
  ];
}

function aboutItem(item, model, onKey, onObservable, open) {
  if (item.isGroup) {
    const members = item.nodes.slice(0, 100).map((node) => element("li", {}, element("span", { class: "value" }, shown(node.value, 200))));
    return [element("h2", {}, item.label), element("p", {}, element("button", { click: open }, "Draw them one by one")), element("ul", { class: "plain" }, members)];
  }
  const [node, ...others] = item.nodes;
  const isAbout = (observable) => item.nodes.some((one) => keyOf(observable) === one.key);
  const [verdicts, actions] = [agreed(model.verdicts.filter((one) => isAbout(one.observable))), model.actions.filter((one) => isAbout(one.observable))];
  const edges = item.nodes.flatMap((one) => [...one.edges].map((edge) => ({ edge, one }))).filter(({ edge }) => !(item.nodes.includes(edge.source) && item.nodes.includes(edge.target)));
  return [
    element("h2", { class: "value" }, icon(node.kind), shown(node.value, 400)),
    element("p", { class: "by" }, [shown(node.type, 60).replaceAll("_", " "), node.isAsked && "asked about", node.isTarget && "target"].filter(Boolean).join(" · ")),
    others.length > 0 && element("ul", { class: "plain also" }, others.slice(0, 40).map((one) => element("li", {}, `${shown(one.type, 40).replaceAll("_", " ")} `, element("span", { class: "value" }, shown(one.value, 200))))),
    node.indicator && aboutIndicator(node),
    verdicts.length > 0 && element("ul", { class: "plain" }, verdicts.map((one) => verdictItem(one, onObservable))),
    edges.length > 0 && [heading("Relations"), element("ul", { class: "plain" }, edges.slice(0, 100).map(({ edge, one }) => edgeItem(edge, one, onKey)))],
    actions.length > 0 && [heading("What can be done"), element("ul", { class: "plain" }, actions.map((one) => element("li", {}, shown(one.title, 200), element("span", { class: "by" }, ` ${shown(one.product.name, 60)}`))))],
  ];
}
