"use strict";
// The graph as nodes and edges: observables, the targets they were seen on, the indicators that name them. Sightings are
// the edges' evidence. Nothing here draws.

const KINDS = [
  ["device", ["hostname", "mac_address", "imei", "imsi"]],
  ["person", ["user", "email"]],
  ["address", ["ip", "ipv6"]],
  ["name", ["domain"]],
  ["page", ["url"]],
  ["hash", ["md5", "sha1", "sha256"]],
  ["file", ["file_name", "file_path", "process_name", "process_path", "process_username", "process_args", "process_hash"]],
];
const kindOf = (type) => KINDS.find(([, types]) => types.includes(type))?.[0] ?? "other";

// So many nodes alike are drawn as one.
const ALIKE = 3;

// The targets that other names of theirs stand for, by the key of the name: an address of one named device only, and a
// device's name without its domain.
function ownersOf(model, asked) {
  const targets = model.sightings.flatMap((one) => one.targets);
  const named = new Map(targets.filter((target) => !["ip", "ipv6", "mac_address"].includes(target.type)).map((target) => [target.key, target]));
  const candidates = new Map();
  const add = (key, target) => candidates.set(key, (candidates.get(key) ?? new Set()).add(target));
  for (const target of targets) {
    for (const key of target.observables.map(keyOf)) if (named.has(target.key)) add(key, named.get(target.key));
  }
  for (const target of named.values()) {
    const [host, ...domain] = target.type === "hostname" ? target.key.split(".") : [];
    if (domain.length > 0 && named.has(host)) candidates.set(host, (candidates.get(host) ?? new Set()).add(target));
  }
  const owners = new Map();
  for (const [key, all] of candidates) {
    const others = [...all].filter((target) => target.key !== key);
    if (others.length === 1 && !asked.has(key)) owners.set(key, others[0]);
  }
  return owners;
}

class Network {
  constructor(model) {
    this.nodes = new Map();
    this.edges = new Map();
    this.asked = new Set(model.observables.map(keyOf));
    this.owners = ownersOf(model, this.asked);
    for (const observable of model.observables) this.node(observable).isAsked = true;
    for (const sighting of model.sightings) this.addSighting(sighting);
    for (const { observable, indicator } of model.edges) {
      this.join(this.node(observable), this.indicator(indicator), "indicated by", null, indicator.product);
    }
    this.joinRest(model);
    for (const verdict of model.verdicts) {
      const node = this.nodes.get(keyOf(verdict.observable));
      if (node) node.disposition = gravest(DISPOSITIONS, [node.disposition, verdict.disposition].filter(Boolean));
    }
  }

  addSighting(sighting) {
    for (const { source, relation, related } of sighting.relations) {
      this.join(this.node(source), this.node(related), worded(relation), sighting, sighting.product);
    }
    const seen = sighting.observables.map((one) => this.node(one));
    for (const target of sighting.targets) {
      const node = this.target(target);
      for (const one of seen) if (!this.isJoined(one, node)) this.join(one, node, "seen on", sighting, sighting.product);
    }
    for (const indicator of sighting.indicators) {
      for (const one of seen) this.join(one, this.indicator(indicator), "indicated by", sighting, sighting.product);
    }
  }

  // Joins what nothing connects to what was asked about with the observable of its sighting.
  joinRest(model) {
    const reached = new Set();
    const reach = (node) => {
      const queue = [node];
      for (const one of queue) {
        if (reached.has(one)) continue;
        reached.add(one);
        for (const edge of one.edges) queue.push(edge.source, edge.target);
      }
    };
    for (const node of this.nodes.values()) if (node.isAsked) reach(node);
    for (const sighting of model.sightings) {
      const [first] = sighting.observables.map((one) => this.node(one));
      for (const node of first ? sighting.relations.map((one) => this.node(one.source)) : []) {
        if (!reached.has(node)) this.join(first, node, "in one sighting with", sighting, sighting.product);
        reach(node);
      }
    }
  }

  // The node of an observable, or of the target that it belongs to.
  node(observable) {
    const key = keyOf(observable);
    const owner = this.owners.get(key);
    return owner ? this.target(owner) : this.kept(key, { key, kind: kindOf(observable.type), type: observable.type, value: observable.value, edges: new Set() });
  }

  target(target) {
    const { key, type, name } = this.owners.get(target.key) ?? target;
    const node = this.kept(key, { key, kind: kindOf(type), type, value: name, edges: new Set() });
    node.isTarget = true;
    return node;
  }

  indicator(indicator) {
    const key = `indicator ${indicator.id}`;
    return this.kept(key, { key, kind: "indicator", type: "indicator", value: indicator.title, indicator, edges: new Set() });
  }

  kept(key, made) {
    if (!this.nodes.has(key)) this.nodes.set(key, made);
    return this.nodes.get(key);
  }

  isJoined(one, other) {
    return [...one.edges].some((edge) => edge.source === other || edge.target === other);
  }

  join(source, target, label, sighting, product) {
    if (source === target) return;
    const key = `${source.key}\n${target.key}`;
    const edge = this.edges.get(key) ?? { key, source, target, labels: new Set(), sightings: new Set(), products: new Set() };
    edge.labels.add(label);
    edge.products.add(product.slug);
    if (sighting) edge.sightings.add(sighting.key);
    this.edges.set(key, edge);
    source.edges.add(edge);
    target.edges.add(edge);
  }

  // What is drawn as one node each: a file under all its names and hashes, nodes that are alike, or a node alone.
  items() {
    const files = filesOf(this);
    const fileOf = new Map(files.flatMap((nodes) => nodes.map((node) => [node, nodes[0]])));
    const standFor = (node) => fileOf.get(node) ?? node;
    const filed = new Set(files.flat());
    const items = [...files, ...[...this.nodes.values()].filter((node) => !filed.has(node)).map((node) => [node])].map((nodes) => ({ nodes }));
    const alike = new Map();
    for (const item of items) {
      const likeness = likenessOf(item, standFor);
      alike.set(likeness, [...(alike.get(likeness) ?? []), item]);
    }
    return [...alike.values()].flatMap((same) =>
      same.length < ALIKE ? same : [{ isGroup: true, count: same.length, parts: same, nodes: same.flatMap((item) => item.nodes) }]);
  }
}

// A text that is equal for items of one kind with the same neighbours; asked ones, targets and indicators are like no other.
function likenessOf(item, standFor) {
  if (item.nodes.some((node) => node.isAsked || node.isTarget || node.indicator)) return `alone ${item.nodes[0].key}`;
  const ends = item.nodes.flatMap((node) => [...node.edges].flatMap((edge) => [edge.source, edge.target])).map(standFor);
  const neighbours = new Set(ends.filter((end) => !item.nodes.includes(end)).map((end) => end.key));
  const { kind } = item.nodes[0];
  return `${kind === "hash" ? "file" : kind}\n${[...neighbours].sort().join("\n")}`;
}

const isFile = (node) => ["file", "hash"].includes(node.kind);
const namesFile = (edge) => isFile(edge.source) && isFile(edge.target) && [...edge.labels].some((label) => label.endsWith(" of"));

// Nodes that are one file: hashes that one sighting gives under one name, and the names that have no other hash.
function filesOf(network) {
  const parents = new Map();
  const root = (node) => (parents.has(node) ? root(parents.get(node)) : node);
  const merge = (one, other) => {
    const [from, to] = [root(one), root(other)];
    if (from === to || (from.isAsked && to.isAsked)) return;
    if (from.isAsked) parents.set(to, from);
    else parents.set(from, to);
  };
  const hashesOf = (node) => [...node.edges].filter(namesFile).map((edge) => [edge.source === node ? edge.target : edge.source, edge]).filter(([end]) => end.kind === "hash");
  const named = [...network.nodes.values()].filter((node) => node.kind === "file");
  for (const node of named) {
    const hashes = hashesOf(node);
    for (const key of new Set(hashes.flatMap(([, edge]) => [...edge.sightings]))) {
      const together = hashes.filter(([, edge]) => edge.sightings.has(key)).map(([hash]) => hash);
      const isOneFile = new Set(together.map((hash) => hash.type)).size === together.length;
      if (isOneFile) together.slice(1).forEach((hash) => merge(together[0], hash));
    }
  }
  for (const node of named) {
    const files = new Set(hashesOf(node).map(([hash]) => root(hash)));
    if (files.size === 1) merge(node, [...files][0]);
  }
  const clusters = new Map();
  for (const node of network.nodes.values()) {
    if (isFile(node)) clusters.set(root(node), [...(clusters.get(root(node)) ?? []), node]);
  }
  // The name that a reader knows stands first, what was asked before it.
  const place = (node) => (node.isAsked ? 0 : node.type === "file_name" ? 1 : node.kind === "file" ? 2 : 3);
  return [...clusters.values()].filter((nodes) => nodes.length > 1).map((nodes) => nodes.sort((one, other) => place(one) - place(other)));
}
