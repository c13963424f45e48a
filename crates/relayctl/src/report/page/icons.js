"use strict";
// The pictures of the kinds of nodes, as paths in a square of 24.

const ICONS = {
  address: "M4 7h16v10H4zM8 7v10M12 10.5v3M16 10.5v3",
  device: "M4 5h16v10H4zM9 19h6M12 15v4",
  person: "M12 4a4 4 0 1 1 0 8a4 4 0 1 1 0-8M4.5 20c1-4 4-5.5 7.5-5.5s6.500 1.500 7.500 5.500",
  name: "M12 3a9 9 0 1 1 0 18a9 9 0 1 1 0-18M3 12h18M12 3c-5 5-5 13 0 18M12 3c5 5 5 13 0 18",
  page: "M9.500 14.500l5-5M8 11l-2.500 2.500a3.500 3.500 0 0 0 5 5L13 16M11 8l2.500-2.500a3.500 3.500 0 0 1 5 5L16 13",
  hash: "M9.500 4L7.500 20M16.500 4L14.500 20M4.500 9h16M3.500 15h16",
  file: "M6 3h8l4 4v14H6zM14 3v4h4",
  indicator: "M12 3l8 3v6c0 4.500-3.500 7.500-8 9c-4.500-1.500-8-4.500-8-9V6zM12 8v5M12 15.500v1",
  other: "M12 8v5M12 15.500v1M12 3a9 9 0 1 1 0 18a9 9 0 1 1 0-18",
};

const icon = (kind) => drawn("svg", { viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true" }, drawn("path", { d: ICONS[kind] }));

// The same picture as an address that the graph can draw; made of constants only.
const iconAddress = (kind, color) =>
  "data:image/svg+xml," + encodeURIComponent(
    `<svg xmlns="${SVG}" width="24" height="24" viewBox="0 0 24 24" fill="none" stroke="${color}" stroke-width="1.8" ` +
      `stroke-linecap="round" stroke-linejoin="round"><path d="${ICONS[kind]}"/></svg>`);
