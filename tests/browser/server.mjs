// The real server, started like anybody starts it: `doorward dev`, in a new folder, on a port that is free.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once as event } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { atEnd } from "./runner.mjs";

/** Starts a server, with settings such as `DOORWARD_SITE__NAME` in `settings`, and ends it with the tests. */
export async function startServer(settings = {}) {
  const binary = process.env.DOORWARD_BIN;
  assert.ok(binary, "DOORWARD_BIN names the server to test; `cargo xtask test --only browser` builds it and sets this");
  const folder = mkdtempSync(join(tmpdir(), "doorward-browser-"));
  const child = spawn(binary, ["dev", "--port", "0", "--folder", folder], {
    env: { ...withoutOurs(process.env), ...settings },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const server = { folder, origin: "", said: "", leadsTo: new Set() };
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (server.said += text));
  atEnd(() => stop(child, folder));
  process.on("exit", () => child.kill("SIGKILL"));
  server.origin = await until(`the server to say where it is, after:\n${server.said}`, async () => {
    assert.equal(child.exitCode, null, `the server ended: ${server.said}`);
    return /http:\/\/localhost:\d+/.exec(server.said)?.[0];
  });
  await until("the server to be healthy", () => fetch(`${server.origin}/healthz`).then((answer) => answer.ok, () => false));
  return server;
}

/** Listens as a program does on its person's own machine, and shows that somebody has come back; its address is known to the server. */
export async function startApp(server) {
  const app = createServer((_, answer) => {
    answer.writeHead(200, { "content-type": "text/html; charset=utf-8" });
    answer.end('<!doctype html><html lang="en"><title>The app</title><link rel="icon" href="data:,"><h1>Back in the app</h1>');
  });
  await new Promise((listening) => app.listen(0, "127.0.0.1", listening));
  const origin = `http://127.0.0.1:${app.address().port}`;
  server.leadsTo.add(origin);
  atEnd(() => new Promise((closed) => {
    app.closeAllConnections();
    app.close(closed);
  }));
  return origin;
}

/** Runs a command of the command line about the data of a running server. */
export async function operate(server, ...words) {
  await promisify(execFile)(process.env.DOORWARD_BIN, ["--folder", server.folder, ...words], { env: withoutOurs(process.env) });
}

/** Changes a row of a running server's database, as the hours would that no test waits for. */
export async function alter(server, sql) {
  const script = "import sqlite3, sys; db = sqlite3.connect(sys.argv[1], timeout=10); db.execute(sys.argv[2]); db.commit()";
  await promisify(execFile)("/usr/bin/python3", ["-c", script, join(server.folder, "doorward.db"), sql]);
}

/** Asks again until `ask` answers with something, and returns that. */
export async function until(what, ask, patience = PATIENCE) {
  const latest = performance.now() + patience;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    assert.ok(performance.now() < latest, `waited in vain for ${what}`);
    await pause(50);
  }
}

async function stop(child, folder) {
  if (child.exitCode === null) {
    child.kill("SIGTERM");
    const late = setTimeout(() => child.kill("SIGKILL"), PATIENCE);
    await event(child, "exit");
    clearTimeout(late);
  }
  rmSync(folder, { recursive: true, force: true });
}

/** What somebody has in the environment for a Doorward of their own must not reach this one. */
const withoutOurs = (env) => Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith("DOORWARD_")));

const PATIENCE = 20_000;
