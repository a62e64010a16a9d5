// Ways in which an endpoint does not answer as it should. Where a body is sent it is the right one, so that a client which does not
// look at the status, has no limit or follows a redirect goes on as if nothing had happened.

import { setTimeout as pause } from "node:timers/promises";
import { gzipSync } from "node:zlib";

const MEGABYTE = 1 << 20;
const METADATA_SERVICE = "http://169.254.169.254/latest/meta-data/";
const JSON_TYPE = { "content-type": "application/json" };

/** By name: what it is, how it answers, and `waits` where a client finds out by its own clock only. */
export const WAYS = {
  hang: { why: "never answers", waits: true, act: () => {} },
  slow: { why: "sends its headers, then a byte now and then", waits: true, act: drip },
  "slow-head": { why: "does not even finish its headers", waits: true, act: dripHead },
  huge: { why: "sends 10 MB", act: (response, body) => response.writeHead(200, JSON_TYPE).end(padded(body, 10)) },
  endless: { why: "never stops sending", act: flood },
  bomb: { why: "sends 50 MB packed into 50 kB", act: bomb },
  500: { why: "answers with status 500", act: (response, body) => response.writeHead(500, JSON_TYPE).end(body) },
  redirect: { why: "redirects to the metadata service of a cloud", act: (response) => send(response, 302, METADATA_SERVICE) },
  "redirect-home": { why: "redirects to where the right answer is", act: (response, body, trap) => send(response, 307, trap) },
  html: { why: "answers with a page", act: (response) => response.writeHead(200, { "content-type": "text/html" }).end("<h1>Hello</h1>") },
  empty: { why: "answers with nothing", act: (response) => response.writeHead(200, JSON_TYPE).end() },
  array: { why: "answers with a list", act: (response) => response.writeHead(200, JSON_TYPE).end("[]") },
  cut: { why: "hangs up in the middle of its answer", act: cut },
  drop: { why: "hangs up at once", act: (response) => response.socket.destroy() },
};

function send(response, status, location) {
  response.writeHead(status, { location }).end();
}

function padded(body, megabytes) {
  return body.replace(/^\{/, `{"padding":"${"a".repeat(megabytes * MEGABYTE)}",`);
}

function bomb(response, body) {
  response.writeHead(200, { ...JSON_TYPE, "content-encoding": "gzip" }).end(gzipSync(padded(body, 50)));
}

async function drip(response, body) {
  response.writeHead(200, JSON_TYPE);
  response.write(body.slice(0, -1));
  while (!response.destroyed) {
    response.write(" ");
    await pause(500);
  }
}

async function dripHead(response) {
  const { socket } = response;
  socket.write("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n");
  while (!socket.destroyed) {
    socket.write("x-more: 1\r\n");
    await pause(500);
  }
}

async function flood(response, body) {
  response.writeHead(200, JSON_TYPE);
  response.write(body.replace(/^\{/, '{"padding":"'));
  const chunk = "a".repeat(MEGABYTE >> 4);
  while (!response.destroyed) {
    if (!response.write(chunk)) await Promise.race([new Promise((drained) => response.once("drain", drained)), pause(100)]);
  }
}

function cut(response, body) {
  response.writeHead(200, { ...JSON_TYPE, "content-length": Buffer.byteLength(body) + 100 });
  response.write(body, () => response.socket?.destroy());
}
