// A second OpenID provider, written by others in another language: Debian's `glewlwyd` (C, libraries of its own for JOSE and HTTP).
//
//   node glewlwyd.mjs '{"alg": "RS256", "client": {…}, "accounts": [{…}]}'
//
// When it listens it prints one line of JSON, for instance {"issuer":"http://127.0.0.1:40001/api/oidc","http":40002}.
//
//   alg       how ID tokens are signed: RS256 (if nothing is said), PS256, ES256 or EdDSA
//   client    client_id, client_secret, redirect_uris, backchannel_logout_uri; it is authenticated with client_secret_post, because
//             glewlwyd takes Basic credentials as they are and does not decode them as RFC 6749 2.3.1 asks
//   accounts  {login, password, name, email, email_verified, hd, tid, groups}; `login` is the part of the email before the @ and
//             `password` is "password" if nothing is said. glewlwyd chooses the subject itself. Claims come with their scopes,
//             profile and email, in the ID token and in userinfo alike
//
// It has no HTML forms. Its login page is an application in JavaScript, which works in Chromium: fields `#username` and `#password` with
// the button "OK"; where the client is new to the person, boxes `#grant-email` and `#grant-profile` with the button "Grant access"; and
// then, even for somebody who is logged in already, the button "Continue". A client without JavaScript uses the API that the
// application uses, as `signIn` below does: POST /api/auth/ with {"username", "password"} sets the session cookie, PUT
// /api/auth/grant/<client> with {"scope"} grants scopes, and GET on the `callback_url` of the login page's address, with `&g_continue`,
// goes on with the authorization.
//
// What it does differently from oidc-provider, as seen with 2.7.5: `auth_time` is 0 with SQLite, so that no reauthentication through
// it can be believed; a logout token has no `exp`; the discovery document does not promise the `iss` that every answer has; and
// nobody can refuse: a person who grants nothing is sent back with a code all the same.
//
// The desk at port `http`:
//
//   GET  /seen      requests so far, as {"POST /api/oidc/token": 1, …}
//   PUT  /client    replaces members of the client
//   PUT  /accounts  adds accounts, or replaces those with the same login
//   POST /walk      {"url", "login", "password", "cookies"?}: goes through the authorization like a person, and answers with
//                   {"callback": URL, "cookies"}
//   POST /logout    {"cookies", "id_token"}: ends the session that the ID token came from, which sends the back-channel logout

import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { decodeJwt, exportJWK, generateKeyPair } from "jose";
import { Browser } from "./kit/browser.mjs";
import { front } from "./kit/front.mjs";
import { configuration, createDatabase, plugin, userProperties } from "./kit/glewlwyd.mjs";
import { LOOPBACK, Seen, announce, argument, endWithStarter, listen, openDesk } from "./kit/part.mjs";

const { alg = "RS256", client: given = {}, accounts = [] } = argument();
const SCOPES = ["openid", "profile", "email"];
const PATIENCE = 10_000;
// Its standard input closes when this process is gone, even when it was killed; then nothing of glewlwyd is left.
const KEEPER = `
  glewlwyd -c "$1/glewlwyd.conf" -m file -f "$1/log" -l WARNING & read -r nothing; kill -9 $!; wait; rm -rf "$1"
`;

const folder = mkdtempSync(join(tmpdir(), "doorward-glewlwyd-"));
const seen = new Seen();
const port = await freePort();
const origin = `http://${LOOPBACK}:${await listen(front(seen, () => port))}`;
const issuer = `${origin}/api/oidc`;
const file = (name) => join(folder, name);
endWithStarter();

createDatabase(file("glewlwyd.db"));
writeFileSync(file("glewlwyd.conf"), configuration(port, origin, file("glewlwyd.db")));
spawn("sh", ["-c", KEEPER, "glewlwyd", folder], { stdio: ["pipe", "ignore", "inherit"] });
await untilItAnswers();

const admin = new Browser();
await ask(admin, "POST", "/api/auth/", { username: "admin", password: "password" });
await configure();
let client = {};
await setClient({ client_id: "doorward", redirect_uris: ["http://localhost/callback"], ...given });
await setAccounts(accounts);

const http = await openDesk({
  "GET /seen": () => seen.counts,
  "PUT /client": setClient,
  "PUT /accounts": setAccounts,
  "POST /walk": walk,
  "POST /logout": logOut,
});
announce({ issuer, http });

/** Logs in, agrees to the scopes, and returns where the authorization goes on. */
async function signIn(browser, page, { login, password }) {
  const parameters = new URL(page).searchParams;
  const goesOn = parameters.get("callback_url");
  await ask(browser, "POST", "/api/auth/", { username: login, password });
  const scope = parameters.get("scope");
  if (parameters.has("client_id")) await ask(browser, "PUT", `/api/auth/grant/${parameters.get("client_id")}`, { scope });
  return `${goesOn}&g_continue`;
}

function walk({ url, cookies, ...person }) {
  const browser = new Browser(cookies);
  const atLogin = (here) => new URL(here).pathname === "/login.html";
  return browser.walk(url, person, (here) => (atLogin(here) ? signIn(browser, here, person) : null));
}

async function logOut({ cookies, id_token: idToken }) {
  const browser = new Browser(cookies);
  await ask(browser, "DELETE", `/api/oidc/session/${decodeJwt(idToken).sid}`);
  await ask(browser, "DELETE", "/api/auth/");
  return { cookies: browser.cookies };
}

async function configure() {
  // A scope that needs a password is what makes glewlwyd tell when it was given (`auth_time`).
  const scope = (name) => ({ name, display_name: name, password_required: true, password_max_age: 0, scheme: {} });
  await ask(admin, "PUT", "/api/scope/openid", scope("openid"));
  for (const name of SCOPES.slice(1)) await ask(admin, "POST", "/api/scope/", scope(name));
  const backend = await ask(admin, "GET", "/api/mod/user/database");
  Object.assign(backend.parameters["data-format"], userProperties());
  await ask(admin, "PUT", "/api/mod/user/database", backend);
  await ask(admin, "PUT", "/api/mod/user/database/reset");
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  const key = { ...(await exportJWK(privateKey)), alg, use: "sig", kid: `${alg}-1` };
  await ask(admin, "POST", "/api/mod/plugin/", plugin(issuer, alg, key, SCOPES));
}

async function setClient(members) {
  const old = client.client_id;
  client = { ...client, ...members };
  const entry = {
    client_id: client.client_id,
    name: client.client_id,
    enabled: true,
    confidential: true,
    client_secret: client.client_secret,
    redirect_uri: client.redirect_uris,
    authorization_type: ["code", "refresh_token", "delete_token"],
    token_endpoint_auth_method: ["client_secret_post"],
    backchannel_logout_uri: client.backchannel_logout_uri,
    backchannel_logout_session_required: "true",
    scope: [],
  };
  if (old === client.client_id) await ask(admin, "PUT", `/api/client/${old}`, entry);
  else await ask(admin, "POST", "/api/client/", entry);
}

async function setAccounts(list) {
  for (const { login, password = "password", ...account } of list) {
    const username = login ?? account.email.split("@")[0];
    const { name, email, email_verified, ...extra } = account;
    const properties = { ...extra, ...(email_verified !== undefined && { email_verified: email_verified ? "1" : "0" }) };
    const user = { username, password, name, email, ...properties, enabled: true, scope: ["g_profile", ...SCOPES] };
    const known = await admin.send(`${origin}/api/user/${username}`);
    await ask(admin, ...(known.ok ? ["PUT", `/api/user/${username}`] : ["POST", "/api/user/"]), user);
  }
}

async function ask(browser, method, path, value) {
  const options = { method, headers: { accept: "application/json", ...(value && { "content-type": "application/json" }) } };
  const response = await browser.send(origin + path, { ...options, body: value && JSON.stringify(value) });
  const text = await response.text();
  if (!response.ok) throw new Error(`glewlwyd: ${method} ${path}: ${response.status} ${text}`);
  return text ? JSON.parse(text) : undefined;
}

async function untilItAnswers() {
  const latest = performance.now() + PATIENCE;
  while (!(await fetch(`${origin}/config`).then((response) => response.ok, () => false))) {
    if (performance.now() > latest) stop(`glewlwyd does not answer (is Debian's glewlwyd installed?): ${log()}`);
    await pause(20);
  }
}

async function freePort() {
  const server = createServer();
  const found = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return found;
}

function log() {
  return existsSync(file("log")) ? readFileSync(file("log"), "utf8") : "it wrote no log";
}

function stop(problem) {
  process.stderr.write(`glewlwyd.mjs: ${problem}\n`);
  process.exit(1);
}
