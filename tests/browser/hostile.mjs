// Somebody else's site, which the person visits while they are logged in here.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once as event } from "node:events";
import { newVictim } from "./browser.mjs";
import { PASSWORD, SECOND_PASSWORD, logIn, session, signUp } from "./person.mjs";
import { atEnd, once } from "./runner.mjs";

const VICTIM = "victim@example.org";
const ATTACKER = "mallory@example.org";

const attackersPort = once(async () => {
  const server = createServer((request, response) => {
    response.setHeader("content-type", "text/html");
    response.end(decodeURIComponent(new URL(request.url, "http://nowhere").searchParams.get("page") ?? ""));
  });
  server.listen(0, "127.0.0.1");
  await event(server, "listening");
  atEnd(async () => void server.close().closeAllConnections());
  return server.address().port;
});

/** Another site, to which the cookies do not travel; and another port of the same one, to which they do. */
async function attackers() {
  const port = await attackersPort();
  return [`http://127.0.0.1:${port}`, `http://localhost:${port}`];
}

const trap = (origin, html) => `${origin}/?page=${encodeURIComponent(encodeURIComponent(html))}`;

/** A page that sends a form to `path` as soon as it is opened. */
function formTrap(origin, target, fields) {
  const inputs = Object.entries(fields).map(([name, value]) => `<input name="${name}" value="${value}">`);
  return trap(origin, `<form method="post" action="${target}">${inputs.join("")}</form><script>document.forms[0].submit()</script>`);
}

/** Forms sent from elsewhere to somebody who is logged in. */
export async function sendsForms(server) {
  const page = await newVictim(server);
  await signUp(page, VICTIM);
  const before = await standing(page);
  const attempts = {
    "/auth/logout": {},
    "/auth/logout/everywhere": {},
    "/auth/sessions/revoke-others": {},
    "/auth/login": { email: ATTACKER, password: PASSWORD },
    "/auth/password/change": { new_password: SECOND_PASSWORD },
    "/auth/email/change": { email: ATTACKER },
    "/auth/account/profile": { display_name: "Owned" },
    [`/auth/sessions/${before.id}/revoke`]: {},
  };
  for (const origin of await attackers()) {
    for (const [path, fields] of Object.entries(attempts)) {
      const response = await springs(page, origin, server.origin + path, fields);
      assert.ok([303, 403].includes(response.status()), `${path} from ${origin} answered ${response.status()}`);
      assert.deepEqual(await standing(page), before, `${path} from ${origin} changed nothing`);
    }
  }
  await logIn(page, VICTIM);
}

/** What must stay as it is; that a session was just used may change. */
async function standing(page) {
  const { account, session: { id, proved_at }, csrf_token } = await session(page);
  return { account, id, proved_at, csrf_token };
}

/** A login sent from elsewhere, so that the person works in the attacker's account without knowing. */
export async function sendsLogin(server) {
  await signUp(await newVictim(server), ATTACKER);
  for (const origin of await attackers()) {
    const page = await newVictim(server);
    await page.goto("/auth/login");
    const response = await springs(page, origin, `${server.origin}/auth/login`, { email: ATTACKER, password: PASSWORD });
    assert.equal(response.status(), 403);
    assert.equal(await session(page), null);
  }
}

/** Our pages in somebody else's frame, under something that wants to be clicked. */
export async function framesPages(server) {
  const page = await newVictim(server);
  await signUp(page, "framed@example.org");
  for (const origin of await attackers()) {
    for (const path of ["/auth/login", "/auth/account"]) {
      await page.goto(trap(origin, `<h1>Win a prize</h1><iframe src="${server.origin}${path}"></iframe>`));
      const frame = page.frames()[1];
      await frame.waitForLoadState();
      assert.match(frame.url(), /^chrome-error:/, `${path} in a frame of ${origin}`);
      assert.equal(await frame.locator("form").count(), 0);
    }
  }
}

/** Answers read by somebody else's script. */
export async function readsAnswers(server) {
  const page = await newVictim(server);
  await signUp(page, "read@example.org");
  for (const origin of await attackers()) {
    await page.goto(trap(origin, "<h1>Reading</h1>"));
    const read = (url) => fetch(url, { credentials: "include" }).then((answer) => answer.text(), () => null);
    assert.notEqual(await page.evaluate(read, origin), null, "the script does read what it may read");
    for (const path of ["/auth/session", "/auth/account", "/auth/csrf", "/auth/dev/mailbox"]) {
      assert.equal(await page.evaluate(read, server.origin + path), null, `${path} read from ${origin}`);
    }
  }
}

/** Opens the trap and returns the answer to the form that it sends. */
async function springs(page, origin, target, fields) {
  const answered = page.waitForResponse((response) => response.request().method() === "POST");
  await page.goto(formTrap(origin, target, fields), { waitUntil: "commit" });
  const response = await answered;
  assert.equal(response.url(), target);
  await page.waitForLoadState();
  return response;
}
