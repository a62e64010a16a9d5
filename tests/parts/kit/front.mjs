// The web server before glewlwyd, which Debian's package asks for: it serves the files of the login page and passes on the rest.

import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer, request as ask } from "node:http";
import { extname, join, normalize } from "node:path";
import { LOOPBACK } from "./part.mjs";

const FILES = "/usr/share/glewlwyd/webapp";
// Debian's link of that name leads to a folder.
const CONFIGURATION = "/usr/share/glewlwyd/templates/config.json";
const TYPES = {
  ".html": "text/html; charset=utf-8", ".css": "text/css", ".js": "text/javascript", ".json": "application/json",
  ".png": "image/png", ".ico": "image/x-icon", ".woff": "font/woff", ".woff2": "font/woff2",
};

/** A server that passes `/api/` and `/config` on to the port that `behind` tells, and counts requests in `seen`. */
export function front(seen, behind) {
  return createServer((request, response) => {
    seen.note(request);
    const { pathname } = new URL(request.url, "http://front");
    if (/^\/(api\/|config\/?$)/.test(pathname)) return pass(request, response, behind());
    const path = pathname === "/config.json" ? CONFIGURATION : join(FILES, normalize(pathname));
    if (!existsSync(path) || !statSync(path).isFile()) return response.writeHead(404).end();
    response.writeHead(200, { "content-type": TYPES[extname(path)] ?? "application/octet-stream" });
    return createReadStream(path).pipe(response);
  });
}

function pass(request, response, port) {
  const { method, url, headers } = request;
  const onward = ask({ host: LOOPBACK, port, method, path: url, headers }, (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  onward.on("error", () => response.destroy());
  request.pipe(onward);
}
