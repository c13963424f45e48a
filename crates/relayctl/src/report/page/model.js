"use strict";
// From the answers of the relays to what the page shows. Nothing here knows the page.

const SEVERITIES = ["Critical", "High", "Medium", "Low", "Info", "None", "Unknown"];
const DISPOSITIONS = ["Malicious", "Suspicious", "Common", "Clean", "Unknown"];

const oneOf = (known, value) => (known.includes(value) ? value : "Unknown");
const keyOf = (observable) => `${observable.type} ${observable.value.toLowerCase()}`;
const observableOf = (json) => ({ type: textOf(memberOf(json, "type")), value: textOf(memberOf(json, "value")) });
const docsOf = (answer, collection) => listOf(memberOf(memberOf(memberOf(answer, "data"), collection), "docs"));

// The gravest of severities or dispositions.
const gravest = (known, values) => known.find((one) => values.includes(one)) ?? "Unknown";

function timeOf(json, name) {
  const time = Date.parse(textOf(memberOf(json, name)));
  // Dates that ISO 8601 writes with four digits.
  return time > -62135596800000 && time < 253402300800000 ? time : NaN;
}

function referencesOf(doc) {
  const page = textOf(memberOf(doc, "source_uri"));
  const links = page ? [{ title: `Open in ${textOf(memberOf(doc, "source")) || "the product"}`, url: page }] : [];
  for (const one of listOf(memberOf(doc, "external_references"))) {
    const url = textOf(memberOf(one, "url"));
    if (!url || links.some((known) => known.url === url)) continue;
    const id = textOf(memberOf(one, "external_id"));
    links.push({ title: textOf(memberOf(one, "description")) || [textOf(memberOf(one, "source_name")), id].join(" ").trim(), url });
  }
  return links;
}

// A table of CTIM as rows of names and values; cells that say nothing are left out.
function factsOf(doc) {
  const table = memberOf(doc, "data");
  const names = listOf(memberOf(table, "columns")).map((column) => textOf(memberOf(column, "name")));
  return listOf(memberOf(table, "rows")).slice(0, 50).flatMap((row) =>
    listOf(row).map((cell, at) => [names[at] ?? "", Array.isArray(cell) ? cell.map(textOf).join(", ") : textOf(cell)]),
  ).filter(([, value]) => value.trim() !== "");
}

const TARGET_NAMES = ["hostname", "user", "email", "ip", "ipv6", "mac_address"];

function targetOf(json) {
  const observables = listOf(memberOf(json, "observables")).map(observableOf).filter((one) => one.value);
  const named = TARGET_NAMES.map((type) => observables.find((one) => one.type === type)).find(Boolean) ?? observables[0];
  return named && { name: named.value, type: named.type, key: keyOf(named), observables, os: textOf(memberOf(json, "os")) };
}

function sightingOf(product, doc, at) {
  const time = memberOf(doc, "observed_time");
  const start = timeOf(time, "start_time");
  return {
    key: `${product.slug} ${at}`,
    id: textOf(memberOf(doc, "id")),
    product,
    title: textOf(memberOf(doc, "title")) || textOf(memberOf(doc, "short_description")) || "A sighting without a title",
    severity: oneOf(SEVERITIES, memberOf(doc, "severity")),
    start,
    end: Number.isNaN(timeOf(time, "end_time")) ? start : timeOf(time, "end_time"),
    observables: listOf(memberOf(doc, "observables")).map(observableOf),
    targets: listOf(memberOf(doc, "targets")).map(targetOf).filter(Boolean),
    relations: listOf(memberOf(doc, "relations")).map((one) => ({
      source: observableOf(memberOf(one, "source")),
      relation: textOf(memberOf(one, "relation")),
      related: observableOf(memberOf(one, "related")),
    })).filter((one) => one.source.value && one.related.value),
    texts: ["short_description", "description"].map((name) => textOf(memberOf(doc, name))).filter(Boolean),
    facts: factsOf(doc),
    about: ["confidence", "resolution", "sensor", "tlp"].map((name) => [name, textOf(memberOf(doc, name))]).filter(([, value]) => value),
    ids: listOf(memberOf(doc, "external_ids")).map(textOf),
    links: referencesOf(doc),
    indicators: [],
  };
}

function indicatorOf(product, doc) {
  return {
    product,
    id: textOf(memberOf(doc, "id")),
    title: textOf(memberOf(doc, "title")) || textOf(memberOf(doc, "short_description")) || "An indicator without a title",
    text: textOf(memberOf(doc, "description")) || textOf(memberOf(doc, "short_description")),
    severity: oneOf(SEVERITIES, memberOf(doc, "severity")),
    tags: listOf(memberOf(doc, "tags")).map(textOf),
    links: referencesOf(doc),
  };
}

// Verdicts with the reasons of their judgements; a judgement without a verdict stands for itself.
function verdictsOf(product, answer) {
  const verdicts = new Map();
  const add = (doc, reasons) => {
    const observable = observableOf(memberOf(doc, "observable"));
    if (!observable.value) return;
    const disposition = oneOf(DISPOSITIONS, memberOf(doc, "disposition_name"));
    const key = `${keyOf(observable)} ${disposition}`;
    const known = verdicts.get(key) ?? { product, observable, disposition, reasons: [], until: timeOf(memberOf(doc, "valid_time"), "end_time") };
    for (const one of reasons) {
      if (!known.reasons.some((other) => other.text === one.text && other.url === one.url)) known.reasons.push(one);
    }
    verdicts.set(key, known);
  };
  for (const doc of docsOf(answer, "verdicts")) add(doc, []);
  for (const doc of docsOf(answer, "judgements")) {
    const text = textOf(memberOf(doc, "reason"));
    const link = referencesOf(doc)[0];
    add(doc, text || link ? [{ text, url: link?.url, title: link?.title }] : []);
  }
  return [...verdicts.values()];
}

// Actions and links are lists of items about one observable each.
function itemsOf(product, answer) {
  return listOf(memberOf(answer, "data")).map((item) => {
    const query = memberOf(item, "query-params");
    return {
      product,
      title: textOf(memberOf(item, "title")),
      text: textOf(memberOf(item, "description")),
      id: textOf(memberOf(item, "id")),
      url: textOf(memberOf(item, "url")),
      observable: { type: textOf(memberOf(query, "observable_type")), value: textOf(memberOf(query, "observable_value")) },
    };
  });
}

function problemsOf(product, answers) {
  const seen = new Set();
  return Object.values(answers ?? {}).flatMap((answer) => listOf(memberOf(answer, "errors"))).map((error) => ({
    product,
    isWarning: memberOf(error, "type") === "warning",
    code: textOf(memberOf(error, "code")),
    message: textOf(memberOf(error, "message")),
  })).filter((one) => !seen.has(one.code + one.message) && seen.add(one.code + one.message));
}

// Links name their observable only in their id and title, so they are listed as they come.
function modelOf(report) {
  const model = { sightings: [], verdicts: [], indicators: new Map(), edges: [], actions: [], links: [], problems: [], products: [] };
  model.observables = listOf(report.observables).map(observableOf);
  for (const one of listOf(report.products)) {
    const product = { slug: textOf(one.slug), name: textOf(one.name), milliseconds: one.milliseconds };
    const answers = one.answers ?? {};
    const found = [answers.observe, answers.deliberate];
    const sightings = docsOf(answers.observe, "sightings").map((doc, at) => sightingOf(product, doc, at));
    for (const doc of docsOf(answers.observe, "indicators")) {
      const indicator = indicatorOf(product, doc);
      model.indicators.set(indicator.id, indicator);
    }
    model.edges.push(...indicatedBy(answers.observe, sightings, model.indicators));
    model.products.push(product);
    model.sightings.push(...sightings);
    for (const answer of found) model.verdicts.push(...verdictsOf(product, answer));
    model.links.push(...itemsOf(product, answers.refer));
    model.actions.push(...itemsOf(product, answers.respond));
    model.problems.push(...problemsOf(product, answers));
  }
  model.verdicts.sort((one, other) => DISPOSITIONS.indexOf(one.disposition) - DISPOSITIONS.indexOf(other.disposition));
  model.problems.sort((one, other) => one.isWarning - other.isWarning);
  return model;
}

// Joins sightings with their indicators; returns what joins observables of judgements with theirs.
function indicatedBy(answer, sightings, indicators) {
  const sightingById = new Map(sightings.map((one) => [one.id, one]));
  const judgements = new Map(docsOf(answer, "judgements").map((doc) => [textOf(memberOf(doc, "id")), observableOf(memberOf(doc, "observable"))]));
  const edges = [];
  for (const doc of docsOf(answer, "relationships")) {
    const [source, indicator] = [textOf(memberOf(doc, "source_ref")), indicators.get(textOf(memberOf(doc, "target_ref")))];
    if (!indicator) continue;
    const sighting = sightingById.get(source);
    if (sighting && !sighting.indicators.includes(indicator)) sighting.indicators.push(indicator);
    if (judgements.has(source)) edges.push({ observable: judgements.get(source), indicator });
  }
  return edges;
}
