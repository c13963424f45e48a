// Checks what the relays send to Microsoft: node microsoft.js SENT TABLES GRAPH_TYPES
//
// SENT is what the test `print_queries_and_members` prints: {"queries": [KQL], "filters": [OData],
// "members": [{"record": "ipEvidence", "members": ["ipAddress"]}]}. TABLES lists the documented columns of the
// hunting tables, GRAPH_TYPES is the declaration file of Graph's types.
"use strict";
const fs = require("fs");

const [sentPath, tablesPath, typesPath] = process.argv.slice(2);
const sent = JSON.parse(fs.readFileSync(sentPath, "utf8"));
const faults = [];

// ---- Kusto ----

require("@kusto/language-service-next/bridge.min.js");
require("@kusto/language-service-next/Kusto.Language.Bridge.min.js");
const { Symbols, GlobalState, KustoCode } = Kusto.Language;

function column(text) {
  const [name, type] = text.split(":");
  return new Symbols.ColumnSymbol(name, Symbols.ScalarTypes.GetSymbol(type || "string"));
}

const tables = fs
  .readFileSync(tablesPath, "utf8")
  .trim()
  .split("\n\n")
  .map((block) => {
    const [name, columns] = block.split("\n");
    return new Symbols.TableSymbol.$ctor4(name, columns.split(/\s+/).map(column));
  });
const globals = GlobalState.Default.WithDatabase(new Symbols.DatabaseSymbol.$ctor1("hunting", tables));

for (const query of sent.queries) {
  const diagnostics = KustoCode.ParseAndAnalyze(query, globals).GetDiagnostics();
  for (let at = 0; at < diagnostics.Count; at++) {
    const found = diagnostics.getItem(at);
    const place = query.slice(found.Start, found.Start + Math.max(found.Length, 20));
    faults.push(`query: ${found.Severity}: ${found.Message} at ${JSON.stringify(place)}`);
  }
}

// ---- Graph ----

// The interfaces of a namespace: name → {base, members: name → type}.
function interfaces(text) {
  const found = new Map();
  const declaration = /interface (\w+)(?: extends ([\w.]+))? \{(?:\}|([\s\S]*?)\n {0,4}\})/g;
  for (const [, name, base, body = ""] of text.matchAll(declaration)) {
    const bare = body.replace(/\/\*[\s\S]*?\*\//g, "").replace(/\/\/.*/g, "");
    const members = new Map();
    for (const [, member, type] of bare.matchAll(/(\w+)\??:\s*([^;]+);/g)) members.set(member, type);
    found.set(name, { base, members });
  }
  return found;
}

const declarations = fs.readFileSync(typesPath, "utf8");
const start = declarations.indexOf("export namespace SecurityNamespace");
const known = interfaces(declarations.slice(start));
// What every entity has stands outside of the namespace.
known.set("Entity", interfaces(declarations.slice(0, start)).get("Entity"));

const declared = (record) => record[0].toUpperCase() + record.slice(1);
const written = (name) => name[0].toLowerCase() + name.slice(1);

// The type of a member of a record, or of what it inherits; undefined where there is none.
function memberType(record, member) {
  for (let name = declared(record); name; ) {
    const one = known.get(name);
    if (!one) return undefined;
    if (one.members.has(member)) return one.members.get(member);
    name = one.base && one.base.replace(/^.*\./, "");
  }
  return undefined;
}

// The record that a member's type names, without `NullableOption` and `[]`.
function recordOf(type) {
  const name = type.replace(/NullableOption<(.*)>/, "$1").replace(/\[\]$/, "").replace(/^.*\./, "").trim();
  return known.has(name) ? written(name) : undefined;
}

for (const { record, members } of sent.members) {
  if (!known.has(declared(record))) faults.push(`record: Graph has no type ${record}`);
  else if (members.length === 0) faults.push(`record: no member of ${record} is read`);
  for (const member of members)
    if (!memberType(record, member)) faults.push(`record: ${record} has no member ${member}`);
}

// Follows a path such as ["fileDetails", "sha1"] from a record; returns the type at its end.
function follow(record, path, filter) {
  let type;
  for (const [at, member] of path.entries()) {
    type = record && memberType(record, member);
    if (!type) {
      faults.push(`filter: ${path.slice(0, at + 1).join("/")} is unknown in ${filter.slice(0, 200)}`);
      return undefined;
    }
    record = recordOf(type);
  }
  return type;
}

const withoutLiterals = (filter) => filter.replace(/'(?:[^']|'')*'/g, "''");
let properties = 0;
for (const filter of sent.filters.map(withoutLiterals)) {
  // The evidence: a cast, the path behind it, and for collections the path of an element `i`.
  const cast = /e\/microsoft\.graph\.security\.(\w+)\/([\w/]+?)(\/any\(i: ((?:[^()]|\([^()]*\))*)\))?(?=[ ,)]|$)/g;
  for (const [, record, path, collection, element] of filter.matchAll(cast)) {
    properties += 1;
    // A type of evidence must be written as Graph writes it.
    if (![...known.keys()].some((name) => written(name) === record)) faults.push(`filter: no type ${record}`);
    const type = follow(record, path.split("/"), filter);
    const ofElement = collection ? [...element.matchAll(/\bi\/([\w/]+)/g)] : [];
    if (type && collection && !/\[\]/.test(type)) faults.push(`filter: ${record}/${path} is no collection`);
    for (const [, rest] of ofElement) follow(recordOf(type || ""), rest.split("/"), filter);
  }
  for (const [, name] of filter.matchAll(/(?:^|and )(\w+) eq ''/g)) follow("alert", [name], filter);
}

const counts = `${sent.queries.length} queries, ${sent.filters.length} filters with ${properties} properties, ${sent.members.length} records`;
if (sent.queries.length === 0 || properties === 0 || sent.members.length === 0) faults.push(`too little: ${counts}`);
for (const fault of new Set(faults)) console.error(fault);
console.log(faults.length === 0 ? `${counts}: no fault` : `${counts}: ${new Set(faults).size} faults`);
process.exit(faults.length === 0 ? 0 : 1);
