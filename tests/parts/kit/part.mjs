// What every counterpart has in common: one JSON argument, one line of JSON when it listens, a desk to ask and steer it, and its end.

import { createServer } from "node:http";

/** The only address that a part listens on. */
export const LOOPBACK = "127.0.0.1";

/** Reads the argument of the command line: one JSON object, or nothing. */
export function argument() {
  const text = process.argv[2] ?? "{}";
  try {
    return JSON.parse(text);
  } catch {
    process.stderr.write(`${process.argv[1]}: takes one JSON object, not "${text}"\n`);
    return process.exit(2);
  }
}

/** Ends the process when its standard input closes, so that it never outlives the test that started it; `clean` runs last. */
export function endWithStarter(clean = () => {}) {
  process.on("exit", clean);
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(0));
  process.stdin.on("close", () => process.exit(0)).resume();
}

/** Listens on a port that is free, and returns it. */
export function listen(server) {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, LOOPBACK, () => resolve(server.address().port));
  });
}

/** Tells the starter where the part is. */
export function announce(where) {
  process.stdout.write(`${JSON.stringify(where)}\n`);
}

/** Counts requests by method and path, where an identifier in the path is a star. */
export class Seen {
  counts = {};

  note(request) {
    const path = new URL(request.url, "http://part").pathname.replace(/\/[\w-]{30,}/g, "/*");
    const name = `${request.method} ${path}`;
    this.counts[name] = (this.counts[name] ?? 0) + 1;
  }
}

/**
 * Opens the desk: an HTTP API of its own port, with a function for each `METHOD /path`, which gets the JSON body and answers with
 * something to send as JSON. What it throws is answered with 422.
 */
export function openDesk(routes) {
  return listen(createServer(async (request, response) => {
    const act = routes[`${request.method} ${request.url}`];
    if (!act) return reply(response, 404, { error: `no such route: ${request.method} ${request.url}` });
    try {
      return reply(response, 200, (await act(await json(request))) ?? {});
    } catch (error) {
      return reply(response, 422, { error: error.message });
    }
  }));
}

/** Reads a body to its end. */
export async function body(request) {
  let text = "";
  for await (const chunk of request) text += chunk;
  return text;
}

/** Reads a form to its end. */
export async function form(request) {
  return new URLSearchParams(await body(request));
}

/** Answers with JSON. */
export function reply(response, status, value, headers = {}) {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(value));
}

/** Answers with a page whose `content` is HTML already. */
export function page(response, status, title, content) {
  const head = `<!doctype html><html lang="en"><meta charset="utf-8"><title>${escaped(title)}</title>`;
  response.writeHead(status, { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" });
  response.end(`${head}<main><h1>${escaped(title)}</h1>${content}</main></html>`);
}

/** Text as it may stand in HTML. */
export function escaped(text) {
  return String(text).replace(/[&<>"']/g, (sign) => `&#${sign.codePointAt(0)};`);
}

async function json(request) {
  const text = await body(request);
  return text ? JSON.parse(text) : undefined;
}
