"use strict";
// Asking relays from the page, where `relayctl explore` serves it. Answers come as lines of JSON, each as soon as its relay has it.

function explore(page, { relays }) {
  const chosen = relays.map((relay) => element("label", { class: "choice" }, element("input", { type: "checkbox", name: "relay", value: relay.slug, checked: true }), shown(relay.name, 60)));
  at("relays").replaceChildren(...chosen);
  at("ask").hidden = false;
  at("ask").addEventListener("submit", (event) => {
    event.preventDefault();
    ask(page);
  });
  at("observables").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) at("ask").requestSubmit();
  });
  page.onPivot = (node) => {
    at("observables").value = `${at("observables").value.trimEnd()}\n${node.type}=${node.value}`;
    ask(page);
  };
  page.show({ observables: [], products: [] });
  at("observables").focus();
}

let running;

async function ask(page) {
  running?.abort();
  running = new AbortController();
  const { signal } = running;
  const asked = { text: at("observables").value, relays: [...document.querySelectorAll("input[name=relay]:checked")].map((one) => one.value) };
  try {
    const response = await fetch("ask", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(asked), signal });
    if (!response.ok) return say(shown((await response.json()).message, 600) || "The request was not answered.");
    const report = { command: "relayctl explore", observables: [], products: [] };
    for await (const line of linesOf(response.body)) heard(page, report, line);
  } catch (error) {
    if (!signal.aborted) say(`relayctl does not answer any more (${shown(error.message, 200)}). Start it again and open the address that it prints.`);
  }
}

// The first line says what is asked; every further one is the answer of a relay.
function heard(page, report, line) {
  if (line.observables) {
    report.observables = line.observables;
    report.made = line.made;
    report.order = line.relays.map((relay) => relay.slug);
    report.waiting = new Map(line.relays.map((relay) => [relay.slug, relay.name]));
    say("", ...line.notes.map((note) => element("span", { class: "note" }, shown(note, 600))));
  } else {
    report.products.push(line);
    report.products.sort((one, other) => report.order.indexOf(one.slug) - report.order.indexOf(other.slug));
    report.waiting.delete(line.slug);
  }
  at("waiting").replaceChildren(...[...report.waiting.values()].map((name) => element("span", { class: "wait" }, `${shown(name, 60)} …`)));
  at("answered").replaceChildren(...report.products.map((one) => element("span", { class: "answered" }, `${shown(one.name, 60)} ${one.milliseconds} ms`)));
  page.show(report);
}

const say = (text, ...more) => at("notes").replaceChildren(text, ...more);

async function* linesOf(body) {
  let rest = "";
  const decoder = new TextDecoderStream();
  const reader = body.pipeThrough(decoder).getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const lines = (rest + part.value).split("\n");
    rest = lines.pop();
    for (const line of lines) if (line) yield JSON.parse(line);
  }
}
