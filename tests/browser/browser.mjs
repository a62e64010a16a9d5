// One Chromium, and visitors in it: each has cookies of its own, and everything that goes wrong around them is noted.

import { chromium } from "./parts.mjs";
import { atEnd, once } from "./runner.mjs";

/** What no page may cause, noted over the whole run: console errors, policy violations, requests to strangers. */
export const mishaps = [];

/** How many documents were shown while mishaps were being noted. */
export const shown = { documents: 0 };

const pages = new Set();

const browser = once(async () => {
  const launched = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
  atEnd(() => launched.close());
  return launched;
});

/** A new browser profile with one page. `options` are Playwright's for a context, such as `javaScriptEnabled: false`. */
export async function newVisitor(server, options = {}) {
  const context = await unwatched(server, options);
  context.on("request", (request) => noteRequest(server, request));
  context.on("console", (message) => noteMessage(server, message));
  context.on("weberror", (error) => mishaps.push(`script error: ${error.error().message}`));
  if (options.javaScriptEnabled !== false) await context.addInitScript(reportViolations);
  return openPage(context);
}

/** A visitor around whom mishaps are expected, because they walk into a trap. */
export async function newVictim(server) {
  return openPage(await unwatched(server, {}));
}

/** Keeps a picture of every page that is still open, as evidence of a failure. */
export async function keepEvidence(folder, failure) {
  let number = 0;
  for (const page of pages) {
    number += 1;
    await page.screenshot({ path: `${folder}/failed-${failure}-${number}.png`, fullPage: true });
  }
}

async function unwatched(server, options) {
  const context = await (await browser()).newContext({ baseURL: server.origin, ...options });
  context.setDefaultTimeout(15_000);
  return context;
}

async function openPage(context) {
  const page = await context.newPage();
  pages.add(page);
  page.on("close", () => pages.delete(page));
  return page;
}

function noteRequest(server, request) {
  const url = new URL(request.url());
  if (request.isNavigationRequest()) shown.documents += 1;
  // A person is led to an app or a provider that we know, and only by a page as a whole; what is asked for there is not ours.
  if (request.isNavigationRequest() && server.leadsTo.has(url.origin)) return;
  if (isElsewhere(server, request.frame().url()) && server.leadsTo.has(url.origin)) return;
  if (url.protocol !== "about:" && url.origin !== server.origin) mishaps.push(`request to ${url.origin}${url.pathname}`);
}

/** Chromium reports a page that arrives with 4xx or 5xx as an error of that page; such a page is shown on purpose. */
function noteMessage(server, message) {
  const { url } = message.location();
  if (isElsewhere(server, message.page()?.url())) return;
  const refusal = message.text().startsWith("Failed to load resource") && url === message.page()?.url();
  if (["error", "warning"].includes(message.type()) && !refusal) mishaps.push(`${message.type()}: ${message.text()} (${url})`);
}

const isElsewhere = (server, url) => URL.canParse(url) && server.leadsTo.has(new URL(url).origin);

function reportViolations() {
  document.addEventListener("securitypolicyviolation", (event) => {
    console.error(`policy violation: ${event.violatedDirective} by ${event.blockedURI}`);
  });
}

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-dev-shm-usage",
];
