// Tries the page of an investigation in a browser: node picture.js BROWSER RELAYCTL FOLDER
//
// The pages are those that RELAYCTL writes and serves; pictures of them go into FOLDER.
"use strict";
const assert = require("assert");
const { execFileSync, spawn } = require("child_process");
const fs = require("fs");
const http = require("http");
const path = require("path");
const readline = require("readline");
const { chromium } = require("playwright-core");

const [browserPath, relayctl, folder] = process.argv.slice(2);
// Far above what is measured on an idle machine; see docs/picture.md.
const LONGEST_MS = 10_000;
const QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

const inFolder = (name) => path.resolve(folder, name);

// Runs the tool with an empty environment; --html gets a file that does not exist.
function written(name, ...command) {
  const file = inFolder(name);
  fs.rmSync(file, { force: true });
  execFileSync(relayctl, [...command, "--html", file], { env: { RELAY_TOKEN: "token" }, stdio: "ignore" });
  return `file://${file}`;
}

// ---- hostile answers, and many ----

const HOSTILE = [
  "</script><script>window.harmed = 1</script>",
  "<img src=x onerror='window.harmed = 2'>",
  "<svg onload='window.harmed = 3'><style>body { display: none }</style>",
  "javascript:window.harmed=4",
  "invoice\u202Efdp.exe \u2066 \u200F \u0000 \u001b[2J",
  "__proto__",
  "<!--<script>",
  "{script}{report}",
];
const LONG = "long ".repeat(20_000);
const SEVERITIES = ["Critical", "High", "Medium", "Low", "Info", "None", "Unknown", "constructor"];
const LINKS = ["javascript:window.harmed=5", "http://product.example/plain", "data:text/html,<script>1</script>", "https://user:pass@product.example/", "https://product.example/alert"];

// A sighting; every text of every second one is hostile.
function sighting(at) {
  const text = (plain) => (at === 17 ? LONG : at % 2 ? HOSTILE[at % HOSTILE.length] : `${plain} ${at}`);
  const start = new Date(Date.UTC(2026, 1, 1) + at * 3_600_000).toISOString();
  const ip = { type: "ip", value: "203.0.113.7" };
  return {
    id: `transient:sighting-${at}`, type: "sighting", title: at % 5 ? `${text("Alert")} of kind ${at % 60}` : "The same alert", severity: SEVERITIES[at % SEVERITIES.length],
    source: text("Product"), source_uri: LINKS[at % LINKS.length], description: text("A description"), observed_time: { start_time: start, end_time: start },
    observables: [ip], external_ids: [text("id")],
    external_references: [{ source_name: text("Reference"), url: LINKS[(at + 1) % LINKS.length] }],
    targets: [{ type: "endpoint", os: text("OS"), observables: [{ type: "hostname", value: `host-${at % 90}` }] }],
    relations: [
      { source: ip, relation: text("Connected_To"), related: { type: "domain", value: at % 2 ? text("") : `d${at % 70}.example` } },
      { source: { type: "file_name", value: text("file") }, relation: "File_Name_Of", related: { type: "sha256", value: String(at % 40).padStart(64, "a") } },
    ],
    data: { columns: [{ name: text("Column"), type: "string" }], row_count: 1, rows: [[text("Cell")]] },
  };
}

function hostileAnswer() {
  const docs = Array.from({ length: 500 }, (_, at) => sighting(at));
  const observable = { type: "ip", value: "203.0.113.7" };
  const judgements = HOSTILE.map((reason, at) => ({ id: `transient:judgement-${at}`, observable, disposition_name: "Malicious", reason, source_uri: LINKS[at % LINKS.length] }));
  return {
    data: { sightings: { count: 500, docs }, judgements: { docs: judgements }, verdicts: { docs: [{ observable, disposition_name: HOSTILE[1] }, null, 7] }, indicators: { docs: [null, {}] } },
    errors: HOSTILE.map((message) => ({ type: "warning", code: message.slice(0, 40), message })),
  };
}

// A relay that answers so.
async function hostileRelay() {
  const server = http.createServer((request, response) => {
    request.resume();
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify(hostileAnswer()));
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return { url: `http://127.0.0.1:${server.address().port}`, end: () => server.close() };
}

// ---- the browser ----

// Opens a page in a browser of its own; what it says and asks for is kept.
async function opened(address, { width, height, dark }) {
  const profile = fs.mkdtempSync(inFolder("profile-"));
  const options = { executablePath: browserPath, headless: true, args: QUIET, viewport: { width, height }, colorScheme: dark ? "dark" : "light" };
  const context = await chromium.launchPersistentContext(profile, options);
  const page = await context.newPage();
  const [said, requests] = [[], []];
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", (error) => said.push(error.stack));
  context.on("request", (request) => requests.push(request.url()));
  const session = await context.newCDPSession(page);
  // Time of the processor, which does not depend on what else the machine does.
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  await page.goto(address);
  await page.waitForFunction(() => document.documentElement.dataset.drawn, null, { timeout: 60_000 });
  const { metrics } = await session.send("Performance.getMetrics");
  const busy = Math.round(1000 * metrics.find((one) => one.name === "TaskDuration").value);
  const close = async () => {
    await context.close();
    fs.rmSync(profile, { recursive: true, force: true });
    assert.deepStrictEqual(said, [], "nothing is said on the console");
    const others = requests.filter((url) => url !== address && !url.startsWith("data:image/svg+xml,") && url !== `${address}ask`);
    assert.deepStrictEqual(others, [], "nobody else is asked");
  };
  return { page, busy, close };
}

const count = (page, selector) => page.locator(selector).count();
const shownSightings = async (page) => Number((await page.locator("#shown").textContent()).split(" ")[0].replace(",", ""));

async function demoPage(address) {
  const { page, close } = await opened(address, { width: 1400, height: 1084 });
  const all = await shownSightings(page);
  assert(all > 20, `${all} sightings`);
  assert((await count(page, "#rows tr")) > 5 && (await count(page, "#timeline .mark")) > 5 && (await count(page, "#actions tr")) > 3);
  assert((await page.evaluate(() => page.graph.graph.nodes().length)) > 10, "the graph is drawn");
  await page.screenshot({ path: inFolder("wide.png") });

  // By keyboard alone: the search, a node of the graph, a row, a mark of the timeline.
  await page.keyboard.press("/");
  await page.keyboard.type("files-02");
  const found = await shownSightings(page);
  assert(found > 0 && found < all, `${found} of ${all}`);
  assert.strictEqual(await page.locator("#search").inputValue(), "files-02");
  await page.keyboard.press("Escape");
  assert.strictEqual(await shownSightings(page), all);
  await page.locator("#graph").focus();
  await page.keyboard.press("ArrowRight");
  assert(await page.locator("#only").isVisible(), "a node is selected");
  await page.keyboard.press("Escape");
  await page.locator("#rows button").first().focus();
  await page.keyboard.press("Enter");
  assert.strictEqual(await page.locator("#rows button").first().getAttribute("aria-expanded"), "true");
  await page.locator("#timeline .mark").first().focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  assert((await shownSightings(page)) < all, "a mark is selected");
  await page.keyboard.press("Escape");

  // A product and a severity less.
  for (const group of ["Products", "Severities"]) {
    const toggle = page.locator(`[aria-label="${group}"] .toggle`).first();
    const few = Number(await toggle.locator(".times").textContent());
    await toggle.click();
    assert.strictEqual(await shownSightings(page), all - few, group);
    await page.locator("#reset").click();
    assert.strictEqual(await shownSightings(page), all, group);
  }
  for (const layout of ["rings", "layers", "force"]) await page.locator("#layout").selectOption(layout);
  for (const grouping of ["target", "observable", "product", "nothing", "what"]) await page.locator("#grouping").selectOption(grouping);
  assert((await page.pdf({ format: "A4" })).length > 20_000, "it prints");
  await close();
}

async function picturesOf(address) {
  for (const [name, size] of [["narrow.png", { width: 390, height: 900 }], ["dark.png", { width: 1400, height: 1000, dark: true }]]) {
    const { page, close } = await opened(address, size);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert(overflow <= 0, `${name}: ${overflow} pixels too wide`);
    await page.screenshot({ path: inFolder(name), fullPage: true });
    await close();
  }
}

async function hostilePage(address) {
  const { page, busy, close } = await opened(address, { width: 1400, height: 1000 });
  const drawn = await page.evaluate(() => document.documentElement.dataset.drawn);
  console.log(`500 sightings are drawn in ${busy} ms of processor time, ${drawn} ms by the clock.`);
  assert(busy < LONGEST_MS, `${busy} ms`);
  assert.strictEqual(await shownSightings(page), 500);
  await page.locator("#grouping").selectOption("nothing");
  while (await count(page, "#rows .more")) await page.locator("#rows .more").click();
  assert.strictEqual(await count(page, "#rows .caret"), 500);
  // Every row opened at once, as the table itself does it one by one.
  await page.evaluate(() => {
    page.model.sightings.forEach((one) => page.table.open.add(one.key));
    page.table.draw();
  });
  await page.screenshot({ path: inFolder("hostile.png") });
  const found = await page.evaluate(() => ({
    harmed: window.harmed ?? null,
    strange: document.querySelectorAll("body img, body iframe, body object, body embed, body svg[onload], body style, body link, body base").length,
    scripts: document.scripts.length,
    links: [...new Set([...document.links].map((link) => `${link.href} ${link.rel}`))],
    text: document.querySelector("main").textContent,
    longest: Math.max(...[...document.querySelectorAll("main *")].filter((one) => one.children.length === 0).map((one) => one.textContent.length)),
    polluted: {}.harmed ?? null,
  }));
  assert.strictEqual(found.harmed, null);
  assert.strictEqual(found.polluted, null);
  assert.strictEqual(found.strange, 0, "no element comes from a product");
  assert.strictEqual(found.scripts, 3);
  assert.deepStrictEqual(found.links, ["https://product.example/alert noopener noreferrer"]);
  for (const text of ["<img src=x onerror=", "</script><script>window.harmed", "[U+202E]fdp.exe", "javascript:window.harmed"]) assert(found.text.includes(text), text);
  assert(!/[\u202a-\u202e\u2066-\u2069\u0000]/.test(found.text), "nothing hides or reverses");
  assert(found.longest < 5_000, `${found.longest} characters in one place`);
  await page.locator("#search").fill("the same alert");
  assert.strictEqual(await shownSightings(page), 100);
  await close();
}

// The same page, served, with the relays in front of simulators.
async function explored() {
  const tool = spawn(relayctl, ["explore", "--sandbox", "--json"], { env: {}, stdio: ["ignore", "pipe", "ignore"] });
  try {
    let said = "";
    for await (const line of readline.createInterface({ input: tool.stdout })) if ((said += line).endsWith("}")) break;
    const { page, close } = await opened(JSON.parse(said).url, { width: 1400, height: 1000 });
    await page.keyboard.type("203.0.113[.]77\nfile_name=drop.exe\nwhat?");
    await page.getByRole("button", { name: "Ask the relays" }).click();
    await page.waitForFunction(() => document.querySelectorAll(".answered").length === 5 && document.querySelectorAll(".wait").length === 0, null, { timeout: 60_000 });
    assert((await page.locator("#notes").textContent()).startsWith("what? is left out"));
    assert((await shownSightings(page)) > 5);
    await page.screenshot({ path: inFolder("explore.png"), fullPage: true });
    const before = await page.locator("#observables").inputValue();
    await page.locator("#panel .chip").first().click();
    await page.getByRole("button", { name: "Ask about this too" }).click();
    await page.waitForFunction((text) => document.querySelector("#observables").value !== text, before);
    await page.waitForFunction(() => document.querySelectorAll(".answered").length === 5, null, { timeout: 60_000 });
    await close();
  } finally {
    tool.kill("SIGINT");
  }
}

async function main() {
  const demo = written("demo.html", "demo");
  await demoPage(demo);
  await picturesOf(demo);
  const relay = await hostileRelay();
  // The tool has to run beside the server, so not through execFileSync.
  const file = inFolder("hostile.html");
  fs.rmSync(file, { force: true });
  const called = spawn(relayctl, ["call", relay.url, "observe", "203.0.113.7", "--html", file], { env: { RELAY_TOKEN: "token" }, stdio: "ignore" });
  assert.strictEqual(await new Promise((done) => called.on("exit", done)), 0);
  relay.end();
  await hostilePage(`file://${file}`);
  await explored();
  console.log("The page holds.");
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
