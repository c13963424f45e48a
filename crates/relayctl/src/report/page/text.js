"use strict";
// Texts, and the only functions that make elements. Everything that a product sends reaches the page as the data of a
// text node, never as markup.

// Characters that are invisible, control a terminal, or change the order in which others are read.
const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;
const LONGEST_TEXT = 4000;

const textOf = (value) =>
  typeof value === "string" ? value : typeof value === "number" || typeof value === "boolean" ? String(value) : "";
const listOf = (value) => (Array.isArray(value) ? value : []);
const memberOf = (value, name) => (value !== null && typeof value === "object" && Object.hasOwn(value, name) ? value[name] : undefined);

// A text as it may be shown: what is hidden becomes visible, and what is too long is cut.
function shown(value, longest = LONGEST_TEXT) {
  const text = textOf(value);
  const cut = text.length > longest ? `${text.slice(0, longest)} … (${text.length.toLocaleString("en")} characters)` : text;
  return cut.replace(HIDDEN, (letter) => `[U+${letter.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}]`);
}

// The start and the end of a long value, such as a hash; people compare the ends.
function shortened(value, longest) {
  const letters = Array.from(shown(value, 10 * longest));
  if (letters.length <= longest) return letters.join("");
  const end = Math.floor(longest / 3);
  return `${letters.slice(0, longest - end - 1).join("")}…${letters.slice(-end).join("")}`;
}

// "File_Name_Of" becomes "file name of".
const worded = (value) => shown(value, 60).replaceAll("_", " ").toLowerCase();

const counted = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;

const SVG = "http://www.w3.org/2000/svg";

function filled(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (typeof value === "function") made.addEventListener(name, value);
    else if (value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children.flat(Infinity).filter((child) => child || child === 0));
  return made;
}

// A text among the children becomes a text node; a function among the attributes becomes a listener.
const element = (tag, attributes, ...children) => filled(document.createElement(tag), attributes, children);
const drawn = (tag, attributes, ...children) => filled(document.createElementNS(SVG, tag), attributes, children);

// Returns the address of a link that may be followed, which is https only.
function followed(url) {
  try {
    const parsed = new URL(textOf(url));
    return parsed.protocol === "https:" && parsed.username === "" && parsed.password === "" ? parsed.href : undefined;
  } catch {
    return undefined;
  }
}

// A link, or, where it may not be followed, the text that would have been one.
function linked(title, url) {
  const href = followed(url);
  const name = shown(title, 120) || shown(url, 120);
  if (href === undefined) return element("span", { class: "no-link" }, title === url ? shown(url, 200) : `${name}: ${shown(url, 200)}`);
  return element("a", { href, target: "_blank", rel: "noopener noreferrer", title: shown(href, 300) }, name);
}

// "2026-11-29T04:47:18.412Z" becomes "2026-11-29 04:47".
const minuteOf = (time) => (Number.isFinite(time) ? new Date(time).toISOString().slice(0, 16).replace("T", " ") : "-");
