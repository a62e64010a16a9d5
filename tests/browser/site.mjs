// What a browser keeps of us, and where it may be sent.

import assert from "node:assert/strict";
import { newVisitor } from "./browser.mjs";
import { PASSWORD, logIn, signUp, tryToLogIn } from "./person.mjs";

/** Cookies that no script can read and no other site can use; nothing else is kept. */
export async function keepsOnlyCookies(server) {
  const page = await newVisitor(server);
  await signUp(page, "cookies@example.org");
  const cookies = await page.context().cookies();
  assert.deepEqual(cookies.map(({ name }) => name).sort(), ["dev-device", "dev-session"]);
  for (const { name, httpOnly, sameSite, path, domain } of cookies) {
    assert.deepEqual({ httpOnly, sameSite, path, domain }, { httpOnly: true, sameSite: "Lax", path: "/", domain: "localhost" }, name);
  }
  const secret = await sessionCookie(page);
  const { origins } = await page.context().storageState({ indexedDB: true });
  assert.deepEqual(origins, [], "nothing in any storage");
  assert.equal(await page.evaluate(() => document.cookie), "");
  assert.ok(!(await page.content()).includes(secret), "the page does not tell its own session");
  await logIn(page, "cookies@example.org");
  assert.notEqual(await sessionCookie(page), secret, "a login has a session of its own");
}

async function sessionCookie(page) {
  return (await page.context().cookies()).find(({ name }) => name === "dev-session").value;
}

/** A way back that leads elsewhere, as somebody would put it into a link; a way back that is ours works. */
export async function staysHere(server) {
  const page = await newVisitor(server);
  await signUp(page, "return@example.org");
  const elsewhere = [
    "https://evil.example/", "//evil.example/", "/\\evil.example/", "/\t/evil.example/", "\\\\evil.example", "javascript:alert(1)",
    "https:evil.example", "/auth/..//evil.example", "%2F%2Fevil.example",
  ];
  for (const target of elsewhere) {
    await comesBackTo(page, target, new URL("/auth/account", server.origin).href);
  }
  await comesBackTo(page, "/auth/dev/mailbox?x=1", `${server.origin}/auth/dev/mailbox?x=1`);
}

async function comesBackTo(page, target, expected) {
  await page.context().clearCookies({ name: "dev-session" });
  await page.goto(`/auth/login?return_to=${encodeURIComponent(target)}`);
  await tryToLogIn(page, "return@example.org", PASSWORD);
  await page.waitForURL((url) => url.pathname !== "/auth/login");
  assert.equal(page.url(), expected, `the way back ${JSON.stringify(target)}`);
}
