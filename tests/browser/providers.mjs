// People who come in through a provider: over its own forms, which the browser fills in, and back to pages of ours.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once as event } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parts } from "./parts.mjs";
import { look } from "./look.mjs";
import { PASSWORD, follow, heading, letterFor, logOut, press, says, seesLogin, session, signUp, tryToLogIn, write } from "./person.mjs";
import { atEnd } from "./runner.mjs";
import { alter, operate, startServer, until } from "./server.mjs";

const SECRET = "a secret of the provider's";
/** What every provider knows of Ann; her account at glewlwyd is another address's, and so is the one at GitHub. */
const ann = (address) => ({ login: "ann", password: "password", name: "Ann Smith", email: address, email_verified: true });
const CLIENT = { client_id: "doorward", client_secret: SECRET };

/** Starts a program of the test kit; where it is, and how to ask its desk. */
async function startPart(script, argument) {
  const child = spawn("node", [join(parts, script), JSON.stringify(argument)], { stdio: ["pipe", "pipe", "inherit"] });
  atEnd(() => new Promise((ended) => child.once("exit", ended).kill()));
  const [line] = await event(createInterface(child.stdout), "line");
  const told = JSON.parse(line);
  const desk = async (method, path, body) => {
    const answer = await fetch(`http://127.0.0.1:${told.http}${path}`, { method, body: body && JSON.stringify(body) });
    assert.ok(answer.ok, `${method} ${path}: ${answer.status}`);
    return answer.json();
  };
  return { ...told, desk };
}

/** Three providers, each written by others than the rest, and a server that is told of them. `more` is set beside. */
export async function startWithProviders(more = {}) {
  const [id, other, github, hostile] = await Promise.all([
    startPart("provider.mjs", { client: CLIENT, accounts: [
      { sub: "ann-1", ...ann("ann@example.com") },
      { sub: "bea-1", ...ann("bea@example.com"), login: "bea", name: "Bea Brown" },
      { sub: "cy-1", ...ann("cy@example.com"), login: "cy", name: "Cy Clark" },
      { sub: "long-1", ...ann("margarethe.oberholzer@a-rather-long-name.example.org"), login: "long", name: "Margarethe Oberholzer" },
      { sub: "eve-1", ...ann("eve@example.com"), login: "eve", name: "Eve Evans" },
      { sub: "dora-1", ...ann("dora@example.com"), login: "dora", name: "Dora Dale" },
      { sub: "fay-1", ...ann("fay@example.com"), login: "fay", name: "Fay Finch" },
    ] }),
    startPart("glewlwyd.mjs", { client: CLIENT, accounts: [ann("ann@glewlwyd.example")] }),
    startPart("github.mjs", { client: { ...CLIENT, name: "Doorward", redirect_uri: "http://localhost/callback" }, accounts: [
      { login: "octo", id: 7, name: "Octo Cat", emails: [{ email: "octo@example.com", primary: true, verified: true }] },
      { login: "kit", id: 8, name: "Kit Knox", emails: [{ email: "kit@example.com", primary: true, verified: true }] },
    ] }),
    startPart("hostile.mjs", { client: CLIENT }),
  ]);
  const server = await startServer({
    ...settings("id", { kind: "openid", label: "Example ID", issuer: id.issuer }),
    ...settings("other", { kind: "openid", label: "Glewlwyd", issuer: other.issuer }),
    ...settings("github", { kind: "github", issuer: github.origin, api: github.api }),
    ...settings("nobody", { kind: "openid", label: "Nobody", issuer: `${hostile.origin}/nobody` }),
    ...settings("broken", { kind: "openid", label: "Mallory", issuer: `${hostile.origin}/sig-stranger` }),
    ...more,
  });
  const callback = (name) => `${server.origin}/auth/providers/${name}/callback`;
  await id.desk("PUT", "/client", { redirect_uris: [callback("id")] });
  await other.desk("PUT", "/client", { redirect_uris: [callback("other")] });
  await github.desk("PUT", "/client", { redirect_uri: callback("github") });
  for (const { origin } of [{ origin: new URL(id.issuer).origin }, { origin: new URL(other.issuer).origin }, github, hostile]) {
    server.leadsTo.add(origin);
  }
  return { server, id, other, github, hostile };
}

function settings(name, keys) {
  const all = Object.entries({ client_id: CLIENT.client_id, client_secret: SECRET, ...keys });
  return Object.fromEntries(all.map(([key, value]) => [`DOORWARD_PROVIDERS__${name.toUpperCase()}__${key.toUpperCase()}`, value]));
}

/** How a person goes through the forms of each for the first time. */
const FORMS = {
  id: async (page, { login = "ann" } = {}) => {
    await heading(page, "Sign in");
    await write(page, "Login", login);
    await write(page, "Password", "password");
    await press(page, "Sign in");
    await decideIfAsked(page, "Continue");
  },
  github: async (page, { login = "octo", says: decision = "Authorize Doorward" } = {}) => {
    await heading(page, "Sign in to GitHub");
    await write(page, "Username or email address", login);
    await write(page, "Password", "password");
    await press(page, "Sign in");
    await decideIfAsked(page, decision);
  },
  other: async (page, { login = "ann" } = {}) => {
    await page.locator("#username").fill(login);
    await page.locator("#password").fill("password");
    await page.getByRole("button", { name: "OK" }).click();
    await page.locator("#grant-email").check();
    await page.locator("#grant-profile").check();
    await page.getByRole("button", { name: "Grant access" }).click();
    await page.getByRole("button", { name: "Continue" }).click();
  },
};

/** And for the second: the first two send somebody back at once who is logged in there. */
const AGAIN = {
  id: async () => {},
  github: async () => {},
  other: (page) => page.getByRole("button", { name: "Continue" }).click(),
};

/** Answers whatever else the provider asks, which it does not ask those who have said yes before, until it lets them go. */
async function decideIfAsked(page, decision) {
  const there = new URL(page.url()).origin;
  const button = page.getByRole("button", { name: decision, exact: true });
  await until("the provider to go on", async () => {
    if (await button.count()) await button.click();
    return new URL(page.url()).origin !== there;
  });
}

/** Notes every address that is shown, and every referrer that is sent, to whomever. */
function watch(page) {
  const trail = { shown: [], referrers: [] };
  page.on("framenavigated", (frame) => trail.shown.push(frame.url()));
  page.on("request", async (request) => {
    const { referer } = await request.allHeaders().catch(() => ({}));
    if (referer) trail.referrers.push({ referer, to: request.url() });
  });
  return trail;
}

/** Nothing of the answer stood in the address bar or was told to anybody, no page of ours was told to a provider, no cookie stays. */
async function leftNothing(page, server, trail) {
  const isOurs = (url) => url.startsWith(server.origin);
  assert.ok(trail.shown.some(isOurs) && trail.referrers.length > 0, "the browser was watched");
  // What a provider tells of its own pages is its affair.
  const referrers = trail.referrers.filter(({ referer }) => isOurs(referer));
  for (const text of [...trail.shown.filter(isOurs), ...referrers.map(({ referer }) => referer)]) {
    for (const name of ["state", "iss", "error"]) assert.ok(!new URL(text).searchParams.has(name), text);
    assert.ok(!new URL(text).searchParams.get("code")?.match(/[^a-z_]/), text);
  }
  assert.deepEqual(referrers.filter(({ to }) => !isOurs(to)), [], "no provider learns which page of ours somebody comes from");
  const cookies = await page.context().cookies(server.origin);
  assert.deepEqual(cookies.filter(({ name }) => name.includes("provider")), [], "no cookie is left of the way");
}

/** Comes in by each provider for the first time and again, from our button over its forms to our page. */
export async function comeInByEach({ server }, newPage) {
  const people = [
    ["id", "Example ID", "ann@example.com"], ["other", "Glewlwyd", "ann@glewlwyd.example"], ["github", "GitHub", "octo@example.com"],
  ];
  for (const [name, label, address] of people) {
    const page = await newPage();
    const trail = watch(page);
    await page.goto("/auth/login");
    await press(page, `Log in with ${label}`);
    await FORMS[name](page);
    await heading(page, "Your account");
    assert.equal(page.url(), `${server.origin}/auth/account`);
    const first = await session(page);
    assert.equal(first.account.email, address);
    assert.equal(first.session.factors[0].factor, "provider");
    await leftNothing(page, server, trail);
    await logOut(page);
    await press(page, `Log in with ${label}`);
    await AGAIN[name](page);
    await heading(page, "Your account");
    assert.equal((await session(page)).account.id, first.account.id, "the same account");
    await leftNothing(page, server, trail);
  }
}

/** Says no at two of them (at glewlwyd nobody can), is told what happened, and comes in from there after all. */
export async function cancelThere({ server }, page) {
  const trail = watch(page);
  await page.goto("/auth/login?return_to=/auth/sessions");
  await press(page, "Log in with Example ID");
  await heading(page, "Sign in");
  await follow(page, "Cancel");
  await says(page, "You did not finish there");
  await leftNothing(page, server, trail);
  assert.equal(await session(page), null);
  await follow(page, "Back to the login page");
  await press(page, "Log in with GitHub");
  await FORMS.github(page, { login: "kit", says: "Cancel" });
  await says(page, "You did not finish there");
  await leftNothing(page, server, trail);
  assert.equal(await session(page), null);
  await follow(page, "Back to the login page");
  await press(page, "Log in with Example ID");
  await FORMS.id(page, { login: "cy" });
  await heading(page, "Your devices");
}

/** Finds the address taken, proves the account and links the provider to it, and takes that away again. */
export async function linkAndUnlink(page) {
  await signUp(page, "bea@example.com");
  await logOut(page);
  await press(page, "Log in with Example ID");
  await FORMS.id(page, { login: "bea" });
  await says(page, "There is an account with your email address already.");
  assert.equal(await session(page), null, "an address alone opens nothing");
  await follow(page, "Log in and link it");
  await tryToLogIn(page, "bea@example.com", PASSWORD);
  await heading(page, "How you log in");
  await press(page, "Link Example ID");
  await says(page, "It is linked. You can log in by it from now on.");
  await letterFor(page, "bea@example.com", "A new way to log in to your account");
  await logOut(page);
  await press(page, "Log in with Example ID");
  await heading(page, "Your account");
  await follow(page, "Ways to log in");
  await press(page, "Unlink Example ID bea@example.com");
  await says(page, "One cannot log in to your account by it any more.");
  await letterFor(page, "bea@example.com", "A way to log in to your account was removed");
  await logOut(page);
  await press(page, "Log in with Example ID");
  await says(page, "There is an account with your email address already.");
}

/** Comes in and leaves the account alone until the proof is old. */
export async function comeWithoutPassword(page) {
  await page.goto("/auth/login");
  await press(page, "Log in with Example ID");
  await FORMS.id(page, { login: "dora" });
  await heading(page, "Your account");
  return page;
}

/** Without a password: proves it at the provider, not as somebody else, and cannot take away the only way in. */
export async function proveThere({ server }, page) {
  const trail = watch(page);
  const { session: { proof_expires_at: ends } } = await session(page);
  await until("the proof to be old", () => Date.now() / 1000 > ends + 1, 60_000);
  await page.goto("/auth/account");
  await follow(page, "Ways to log in");
  await heading(page, "Is it you?");
  await press(page, "Continue with Example ID");
  await FORMS.id(page, { login: "ann" });
  await says(page, "an account that is not linked to yours");
  await follow(page, "Back");
  await heading(page, "Is it you?");
  await press(page, "Continue with Example ID");
  await FORMS.id(page, { login: "dora" });
  await heading(page, "How you log in");
  await press(page, "Unlink Example ID dora@example.com");
  await says(page, "This is the only way into your account.");
  await press(page, "Link Example ID");
  await says(page, "Example ID");
  await leftNothing(page, server, trail);
}

/** Logs out at the provider, which tells us, and finds that nobody is logged in here any more. */
export async function logOutThere({ server, id }, page) {
  await id.desk("PUT", "/client", { backchannel_logout_uri: `${server.origin}/auth/providers/id/backchannel-logout` });
  await page.goto("/auth/login");
  await press(page, "Log in with Example ID");
  await FORMS.id(page, { login: "eve" });
  await heading(page, "Your account");
  const kept = (await page.context().cookies(id.issuer)).map(({ name, value }) => [name, value]);
  await id.desk("POST", "/logout", { cookies: Object.fromEntries(kept) });
  await until("the provider's word to arrive", async () => (await session(page)) === null);
  await seesLogin(page);
}

/** Has a session that is to be rechecked: is led to the provider and back, and can log out. */
export async function recheckThere({ server }, page) {
  const trail = watch(page);
  await page.goto("/auth/login");
  await press(page, "Log in with Example ID");
  await FORMS.id(page, { login: "fay" });
  await heading(page, "Your account");
  await isDue(server, "fay@example.com");
  await page.goto("/auth/sessions");
  await heading(page, "Still you?");
  assert.equal(await session(page), null, "it gives no access");
  await press(page, "Continue with Example ID");
  await heading(page, "Your devices");
  await isDue(server, "fay@example.com");
  await page.goto("/auth/account");
  await press(page, "Log out");
  await seesLogin(page);
  await leftNothing(page, server, trail);
}

/** Makes the sessions of somebody such that are to be rechecked. */
async function isDue(server, address) {
  await alter(server, `UPDATE sessions SET recheck_at = 1 WHERE account = (SELECT id FROM accounts WHERE email = '${address}')`);
}

/** Every page of it, and every reason why nothing came of a way. */
export async function everyPageOfProviders({ server, id }, page, other) {
  await page.goto("/auth/login");
  await look(page, "login-providers");
  await page.goto("/auth/signup");
  await look(page, "signup-providers");
  const pattern = (url) => url.href.startsWith(id.issuer);
  await page.route(pattern, (route) => route.fulfill({ status: 204 }));
  await page.goto("/auth/login");
  await press(page, "Log in with Example ID");
  await heading(page, "On to Example ID");
  await look(page, "provider-onward");
  await page.unroute(pattern);
  await page.goto("/auth/login");
  await press(page, "Log in with Example ID");
  await FORMS.id(page, { login: "long" });
  await heading(page, "Your account");
  await look(page, "account-without-password");
  await page.goto("/auth/password/change");
  await look(page, "password-set");
  await page.goto("/auth/reauthenticate");
  await look(page, "reauthenticate-by-provider");
  await isDue(server, "margarethe.oberholzer@a-rather-long-name.example.org");
  await page.goto("/auth/account");
  await heading(page, "Still you?");
  await look(page, "recheck");
  await press(page, "Continue with Example ID");
  await heading(page, "Your account");
  await page.goto("/auth/account/identities");
  await look(page, "identities");
  await page.getByRole("button", { name: "Unlink Example ID" }).click();
  await says(page, "This is the only way into your account.");
  await look(page, "identities-last");
  await press(page, "Link GitHub");
  await FORMS.github(page);
  await says(page, "It is linked.");
  await look(page, "identities-linked");
  await page.getByRole("button", { name: "Unlink GitHub" }).click();
  await says(page, "It is unlinked.");
  await look(page, "identities-unlinked");
  await signUp(other, "ann@example.com");
  await tried(server, other);
  await other.goto("/auth/reauthenticate");
  await look(other, "reauthenticate-without-provider");
  await lost(other);
  for (const [code, way] of REASONS) {
    await page.goto(`/auth/providers/id/failed?code=${code}&way=${way}`);
    await look(page, `provider-${code}`);
  }
}

/** The operator's list, and what a trial says of a provider that works and of one that is not there. */
async function tried(server, page) {
  await operate(server, "operator", "grant", "ann@example.com", "admin");
  await page.goto("/auth/admin/providers");
  await look(page, "console-providers-some");
  await press(page, "Try it Example ID");
  await says(page, "nothing is wrong");
  await look(page, "console-provider-good");
  await follow(page, "All providers");
  await press(page, "Try it Nobody");
  await says(page, "nobody can come in");
  await look(page, "console-provider-bad");
}

/** Really, and not by their address alone: an answer that cannot be believed, one that comes too late, a provider that is not there. */
async function lost(page) {
  await page.goto("/auth/account");
  await logOut(page);
  await press(page, "Log in with Mallory");
  await says(page, "We cannot believe what came back");
  await page.goto("/auth/providers/id/callback?code=x&state=y");
  await says(page, "Begin again here.");
  await page.goto("/auth/login");
  await press(page, "Log in with Nobody");
  await says(page, "The provider does not answer as it should right now.");
}

const REASONS = [
  ["provider_login_stale", "login"], ["provider_cancelled", "login"], ["provider_answer_refused", "login"],
  ["provider_unavailable", "login"], ["provider_account_not_allowed", "login"], ["provider_address_missing", "login"],
  ["provider_address_unverified", "login"], ["address_taken", "login"], ["signup_closed", "login"], ["account_disabled", "login"],
  ["not_signed_in", "link"], ["identity_taken", "link"], ["too_many_identities", "link"], ["wrong_account", "reauthentication"],
  ["not_proved", "reauthentication"], ["another_identity", "recheck"],
];
