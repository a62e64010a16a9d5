// A program of somebody else: it asks to be let in, is turned away, let in and kept out again; and so does a device.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { PASSWORD, follow, heading, logOut, makeOrganisation, press, says, session, signUp, tryToLogIn, write } from "./person.mjs";
import { operate, startApp } from "./server.mjs";

const VERIFIER = "a-verifier-of-more-than-forty-three-letters-0123456789";
const NAME = "The clock shop";

/** A client on its person's own machine, which keeps no secret. */
export async function registered(server, id) {
  const scopes = "openid,profile,email,offline_access,tenant:read,members:read";
  const grants = "authorization_code,refresh_token,device_code";
  const origin = await startApp(server);
  await operate(
    server, "client", "register", NAME, "--id", id, "--authentication", "none", "--grant", grants, "--scope", scopes,
    "--redirect-uri", "http://127.0.0.1/callback", "--post-logout-redirect-uri", "http://127.0.0.1/bye",
  );
  return { id, callback: `${origin}/callback`, bye: `${origin}/bye` };
}

/** Where the app sends its person; `more` replaces what it usually says. */
export function asking(app, more = {}) {
  const usual = {
    response_type: "code", client_id: app.id, redirect_uri: app.callback, state: "a state",
    scope: "openid email offline_access tenant:read members:read", code_challenge_method: "S256",
    code_challenge: createHash("sha256").update(VERIFIER).digest("base64url"),
  };
  return `/auth/oauth/authorize?${new URLSearchParams({ ...usual, ...more })}`;
}

/** Waits until the person is back in the app, and says with what. */
export async function back(page, app) {
  await page.waitForURL((url) => url.href.startsWith(app.callback));
  await heading(page, "Back in the app");
  return new URL(page.url()).searchParams;
}

/** What the server says to the app itself. */
export async function token(server, app, fields) {
  const body = new URLSearchParams({ client_id: app.id, ...fields });
  const answer = await fetch(`${server.origin}/auth/oauth/token`, { method: "POST", body });
  return { status: answer.status, ...(await answer.json()) };
}

/** Lets a device wait for its person. */
export async function device(server, app) {
  const body = new URLSearchParams({ client_id: app.id, scope: "openid offline_access members:read" });
  return (await fetch(`${server.origin}/auth/oauth/device`, { method: "POST", body })).json();
}

/** A person's whole way with an app, from its first question to its end. */
export async function appsWay(server, page, name) {
  const address = `${name}@example.org`;
  await signUp(page, address);
  await makeOrganisation(page, server, "Clocks & Sons", `${name}-clocks`);
  await page.goto("/auth/account");
  await logOut(page);
  const app = await registered(server, `${name}-shop`);
  await turnsItAway(page, app, address);
  const { refresh_token: refresh } = await letsItIn(server, page, app);
  await disconnects(server, page, app, refresh);
  await meansNobody(page, app);
  await connectsADevice(server, page, app);
  await leaves(page, app);
}

async function turnsItAway(page, app, address) {
  await page.goto(asking(app));
  await heading(page, "Log in");
  await tryToLogIn(page, address, PASSWORD);
  await heading(page, `Let ${NAME} in?`);
  await says(page, address);
  await says(page, "See your email address.");
  await page.getByRole("heading", { name: "In Clocks & Sons it could" }).waitFor();
  await says(page, "See who belongs to the organisation and who is invited.");
  await says(page, "a program on this computer");
  await press(page, "No");
  const said = await back(page, app);
  assert.deepEqual([said.get("error"), said.get("code"), said.get("state")], ["access_denied", null, "a state"]);
}

async function letsItIn(server, page, app) {
  await page.goto(asking(app));
  await press(page, "Let it in");
  const said = await back(page, app);
  assert.deepEqual([said.get("error"), said.get("state"), said.get("iss")], [null, "a state", `${server.origin}/auth`]);
  const exchange = { grant_type: "authorization_code", code: said.get("code"), redirect_uri: app.callback, code_verifier: VERIFIER };
  const given = await token(server, app, exchange);
  assert.equal(given.status, 200, JSON.stringify(given));
  return given;
}

async function disconnects(server, page, app, refresh) {
  await page.goto("/auth/account");
  await follow(page, "Your apps");
  await heading(page, "Connected apps");
  await says(page, "In Clocks & Sons it may");
  await press(page, `Disconnect ${NAME}`);
  await says(page, "The app is disconnected.");
  await says(page, "No app may use your account.");
  const given = await token(server, app, { grant_type: "refresh_token", refresh_token: refresh });
  assert.deepEqual([given.status, given.error], [400, "invalid_grant"]);
  await page.goto(asking(app));
  await heading(page, `Let ${NAME} in?`);
}

/** Whoever asks in another's name, or for an answer elsewhere, is told nothing, and the person stays here. */
async function meansNobody(page, app) {
  for (const more of [{ client_id: "nobody" }, { redirect_uri: "https://else.example.com/callback" }]) {
    await page.goto(asking(app, more));
    await heading(page, "This did not work");
  }
}

async function connectsADevice(server, page, app) {
  for (const [decision, title, expected] of [["No", "Not connected", "access_denied"], ["Let it in", "Connected", undefined]]) {
    const waiting = await device(server, app);
    await page.goto("/auth/device");
    await write(page, "Code", waiting.user_code.toLowerCase());
    await press(page, "Go on");
    await heading(page, `Let ${NAME} in?`);
    await says(page, "this very code");
    await press(page, decision);
    await heading(page, title);
    const grant = "urn:ietf:params:oauth:grant-type:device_code";
    assert.equal((await token(server, app, { grant_type: grant, device_code: waiting.device_code })).error, expected);
  }
  await follow(page, "Your apps and devices");
  await says(page, NAME);
}

async function leaves(page, app) {
  await page.goto(`/auth/oauth/logout?${new URLSearchParams({ client_id: app.id, post_logout_redirect_uri: app.bye, state: "bye" })}`);
  await heading(page, "Log out?");
  await says(page, NAME);
  assert.ok(await session(page), "asking ends nothing");
  await press(page, "Log out on this device");
  await page.waitForURL(`${app.bye}?state=bye`);
  assert.equal(await session(page), null);
}

/** Every page of it, and every complaint; `page` has just logged in and belongs to several organisations. */
export async function everyPageOfApps(server, page, look) {
  const app = await registered(server, "clock-shop");
  await page.goto("/auth/account/apps");
  await look(page, "apps-none");
  await page.goto(asking(app, { scope: "openid profile email" }));
  await look(page, "consent");
  await page.goto(asking(app, { tenant: "oberholzer" }));
  await look(page, "consent-one-organisation");
  await page.goto(asking(app));
  await look(page, "consent-choice");
  await press(page, "Let it in");
  await says(page, "Choose the organisation that is meant.");
  await look(page, "consent-choice-missing");
  await page.getByLabel("In which organisation?").selectOption({ index: 1 });
  await staying(page, app, async () => {
    await press(page, "Let it in");
    await heading(page, `Back to ${NAME}`);
    await look(page, "app-onward");
  });
  for (const [more, name] of [[{ client_id: "nobody" }, "app-unknown"], [{ redirect_uri: "https://else.example.com/" }, "app-elsewhere"]]) {
    await page.goto(asking(app, more));
    await look(page, name);
  }
  await page.goto("/auth/device");
  await look(page, "device");
  await write(page, "Code", "BCDF-GHJK");
  await press(page, "Go on");
  await says(page, "Nothing waits under this code.");
  await look(page, "device-unknown");
  for (const [decision, name] of [["No", "device-turned-away"], ["Let it in", "device-connected"]]) {
    const waiting = await device(server, app);
    await page.goto(waiting.verification_uri_complete);
    if (decision === "No") await look(page, "device-linked");
    await press(page, "Go on");
    await heading(page, `Let ${NAME} in?`);
    if (decision === "No") await look(page, "device-consent");
    else await page.getByLabel("In which organisation?").selectOption({ index: 1 });
    await press(page, decision);
    await page.getByRole("heading", { level: 1, name: /onnected$/ }).waitFor();
    await look(page, name);
  }
  await page.goto("/auth/account/apps");
  await look(page, "apps");
  await press(page, `Disconnect ${NAME}`);
  await says(page, "The app is disconnected.");
  await look(page, "apps-withdrawn");
  await page.goto(`/auth/oauth/logout?client_id=${app.id}`);
  await look(page, "app-logout");
  await page.goto(`/auth/oauth/logout?${new URLSearchParams({ client_id: app.id, post_logout_redirect_uri: app.bye })}`);
  await look(page, "app-logout-and-back");
}

/** Keeps the browser on the page that leads on, which it leaves at once otherwise: an app that answers with nothing is not shown. */
async function staying(page, app, act) {
  const pattern = (url) => url.href.startsWith(app.callback);
  await page.route(pattern, (route) => route.fulfill({ status: 204 }));
  await act();
  await page.unroute(pattern);
}
