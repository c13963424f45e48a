"use strict";
// Which sightings are shown: by text, product, severity, and by what was selected in the graph or on the timeline.

function haystackOf(one) {
  const observables = [...one.observables, ...one.targets.flatMap((target) => target.observables), ...one.relations.flatMap(({ source, related }) => [source, related])];
  const texts = [one.title, one.severity, one.product.name, ...one.texts, ...one.ids, ...one.facts.flat(), ...one.indicators.map((indicator) => indicator.title), ...observables.map((observable) => observable.value)];
  return texts.map((text) => text.slice(0, 2000)).join("\n").slice(0, 50000).toLowerCase();
}

class Filter {
  constructor() {
    this.reset();
  }

  reset() {
    this.text = "";
    this.hiddenProducts = new Set();
    this.hiddenSeverities = new Set();
    this.only = null;
  }

  // Limits the view to sightings, under a name that tells which; `null` for all.
  limit(only) {
    this.only = only;
  }

  isUsed() {
    return this.text !== "" || this.only !== null || this.hiddenProducts.size + this.hiddenSeverities.size > 0;
  }

  // What products, severities and text leave; the graph shows this.
  wide(sightings) {
    const words = this.text.toLowerCase().split(/\s+/).filter(Boolean);
    return sightings.filter((one) => {
      if (this.hiddenProducts.has(one.product.slug) || this.hiddenSeverities.has(one.severity)) return false;
      one.haystack ??= haystackOf(one);
      return words.every((word) => one.haystack.includes(word));
    });
  }

  // The same within what was selected; timeline and table show this.
  narrow(sightings) {
    return this.only ? sightings.filter((one) => this.only.keys.has(one.key)) : sightings;
  }
}

// Buttons that hide and show what has one of these values.
function toggles(label, values, hidden, onChange) {
  const buttons = values.map(({ value, name, count, look }) =>
    element("button", { class: `toggle ${look ?? ""}`, "aria-pressed": String(!hidden.has(value)), click: (event) => {
      if (!hidden.delete(value)) hidden.add(value);
      event.currentTarget.setAttribute("aria-pressed", String(!hidden.has(value)));
      onChange();
    } }, shortened(name, 30), element("span", { class: "times" }, ` ${count}`)));
  return element("div", { class: "toggles", role: "group", "aria-label": label }, buttons);
}
