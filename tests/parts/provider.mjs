// A real, certified OpenID provider (npm `oidc-provider`) with real forms for login and consent.
//
//   node provider.mjs '{"alg": "RS256", "client": {…}, "accounts": [{…}], "claims_in": "userinfo"}'
//
// When it listens it prints one line of JSON, for instance {"issuer":"http://127.0.0.1:40001","http":40002}.
//
//   alg        how ID tokens are signed: RS256 (if nothing is said), PS256, ES256 or EdDSA
//   client     OpenID client metadata: client_id, client_secret, redirect_uris, token_endpoint_auth_method (client_secret_basic if nothing
//              is said), jwks, backchannel_logout_uri, post_logout_redirect_uris, …
//   accounts   {sub, email, email_verified, name, login, password} and whatever other claim, such as hd, tid or groups; `login` is the
//              email and `password` is "password" if nothing is said
//   claims_in  "userinfo", as the specification has it for the code flow, or "id_token", as Google and Microsoft do it
//
// PKCE is required, `iss` comes with every answer, and the end of a session sends back-channel logout tokens.
// Extra claims come with the scope openid. A refresh token comes with offline_access, if the request says prompt=consent.
// `auth_time` comes where `max_age` is asked for.
//
// Forms: `login` and `password`, button "Sign in"; then button "Continue" to agree. Both have a link "Cancel" (access_denied).
// End of session: GET the end_session_endpoint, button "Sign out".
//
// The desk at port `http`:
//
//   GET  /seen      requests so far, as {"POST /token": 1, …}
//   PUT  /client    replaces members of the client's metadata, for instance {"redirect_uris": ["http://localhost:9/callback"]}
//   PUT  /accounts  replaces the accounts; an account that is gone has no userinfo and no refresh any more
//   POST /walk      {"url", "login", "password", "cancel"?, "cookies"?}: walks the forms like a person, and answers with
//                   {"callback": URL, "form"?: fields of a form_post answer, "cookies"}
//   POST /logout    {"cookies", "query"?}: ends the session of that browser through the end_session_endpoint, with the same answer

import { createServer } from "node:http";
import { exportJWK, generateKeyPair } from "jose";
import { Browser } from "./kit/browser.mjs";
import { Seen, announce, argument, endWithStarter, escaped, form, listen, openDesk, page } from "./kit/part.mjs";

// The library asks for Node.js 22, and warns of whatever suits tests only.
console.info = console.warn = () => {};
const { Provider, errors } = await import("oidc-provider");
const { createMemoryAdapter } = await import("oidc-provider/lib/adapters/memory_adapter.js");

const { alg = "RS256", client: given = {}, accounts: first = [], claims_in: claimsIn = "userinfo" } = argument();
const STANDARD = {
  profile: ["name", "family_name", "given_name", "preferred_username", "picture", "locale", "zoneinfo", "updated_at"],
  email: ["email", "email_verified"],
};
// The library's own way to keep nothing but memory; only clients come from elsewhere, so that the desk can change them.
const memory = createMemoryAdapter();
const seen = new Seen();
let client;
let accounts;
setClient(given);
setAccounts(first);

endWithStarter();
let provider;
const server = createServer(answer);
const issuer = `http://127.0.0.1:${await listen(server)}`;
provider = await makeProvider();
provider.on("backchannel.error", (context, error) => process.stderr.write(`back-channel logout: ${error.message} ${error.cause ?? ""}\n`));
const http = await openDesk({
  "GET /seen": () => seen.counts,
  "PUT /client": (members) => setClient({ ...client, ...members }),
  "PUT /accounts": setAccounts,
  "POST /walk": ({ url, cookies, ...person }) => new Browser(cookies).walk(url, person),
  "POST /logout": logOut,
});
announce({ issuer, http });

function setClient(metadata) {
  client = {
    client_id: "doorward",
    redirect_uris: ["http://localhost/callback"],
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    id_token_signed_response_alg: alg,
    backchannel_logout_session_required: true,
    ...metadata,
  };
}

function setAccounts(list) {
  accounts = list.map((account) => ({ login: account.email, password: "password", ...account }));
}

async function makeProvider() {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  return new Provider(issuer, {
    adapter: (model) => (model === "Client" ? { find: async (id) => (id === client.client_id ? client : undefined) } : memory(model)),
    claims: claims(),
    conformIdTokenClaims: claimsIn === "userinfo",
    cookies: { keys: [crypto.randomUUID()] },
    features: {
      backchannelLogout: { enabled: true },
      devInteractions: { enabled: false },
      rpInitiatedLogout: { enabled: true, logoutSource, postLogoutSuccessSource },
    },
    // Its own fetch refuses loopback, which is where the tests have their servers.
    fetch: (url, { dispatcher, ...options }) => fetch(url, options),
    findAccount: (context, sub) => findAccount(sub),
    interactions: { url: (context, interaction) => `/interaction/${interaction.uid}` },
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg, use: "sig", kid: `${alg}-1` }] },
    pkce: { required: () => true },
    renderError: (context, out) => renderError(context, out),
    ttl: { AccessToken: 3600, AuthorizationCode: 60, Grant: 86400, IdToken: 3600, Interaction: 3600, Session: 86400 },
  });
}

// Extra claims are unknown until an account has them, so that a list of the usual ones stands beside those of the first accounts.
function claims() {
  const own = ["login", "password", ...Object.values(STANDARD).flat()];
  const extra = new Set(["hd", "tid", "oid", "groups", "roles", "xms_edov", "sub", ...accounts.flatMap(Object.keys)]);
  return { ...STANDARD, openid: [...extra].filter((name) => !own.includes(name)) };
}

function findAccount(sub) {
  const account = accounts.find((one) => one.sub === sub);
  if (!account) return undefined;
  const { login, password, ...claims } = account;
  return { accountId: sub, claims: () => claims };
}

async function answer(request, response) {
  seen.note(request);
  const [, area, uid, step = ""] = new URL(request.url, issuer).pathname.split("/");
  if (area !== "interaction" || !uid) return provider.callback()(request, response);
  try {
    return await interact(`${request.method} ${step}`, request, response);
  } catch (error) {
    return page(response, error instanceof errors.SessionNotFound ? 400 : 500, "Something went wrong", escaped(error.message));
  }
}

async function interact(step, request, response) {
  const interaction = await provider.interactionDetails(request, response);
  if (step === "GET ") return interaction.prompt.name === "login" ? loginPage(response, interaction) : consentPage(response, interaction);
  if (step === "POST login") return logIn(request, response, interaction);
  if (step === "POST confirm") return agree(request, response, interaction);
  if (step === "GET abort") {
    return finish(request, response, { error: "access_denied", error_description: "the person said no" });
  }
  return page(response, 404, "There is no such page", "");
}

function loginPage(response, { uid, params }, problem = "") {
  page(response, problem ? 401 : 200, "Sign in", `<p role="alert">${problem}</p>
    <form method="post" action="/interaction/${uid}/login">
      <label>Login <input name="login" autocomplete="username" required value="${escaped(params.login_hint ?? "")}"></label>
      <label>Password <input name="password" type="password" autocomplete="current-password" required value=""></label>
      <button type="submit">Sign in</button>
    </form>
    <a href="/interaction/${uid}/abort" data-cancel>Cancel</a>`);
}

function consentPage(response, { uid, params }) {
  page(response, 200, "Agree", `<p>${escaped(params.client_id)} wants to know: ${escaped(params.scope)}</p>
    <form method="post" action="/interaction/${uid}/confirm"><button type="submit">Continue</button></form>
    <a href="/interaction/${uid}/abort" data-cancel>Cancel</a>`);
}

async function logIn(request, response, interaction) {
  const fields = await form(request);
  const account = accounts.find(({ login, password }) => login === fields.get("login") && password === fields.get("password"));
  if (!account) return loginPage(response, interaction, "Login or password is wrong.");
  return finish(request, response, { login: { accountId: account.sub, amr: ["pwd"] } });
}

async function agree(request, response, { grantId, params, prompt: { details }, session: { accountId } }) {
  const grant = (grantId && (await provider.Grant.find(grantId))) || new provider.Grant({ accountId, clientId: params.client_id });
  if (details.missingOIDCScope) grant.addOIDCScope(details.missingOIDCScope.join(" "));
  if (details.missingOIDCClaims) grant.addOIDCClaims(details.missingOIDCClaims);
  return finish(request, response, { consent: { grantId: await grant.save() } });
}

function finish(request, response, result) {
  return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: !result.error });
}

async function logOut({ cookies, query = {} }) {
  const browser = new Browser(cookies);
  const response = await browser.send(`${issuer}/session/end?${new URLSearchParams(query)}`);
  const next = await browser.following(response, issuer, {});
  const last = await browser.submit(next.url, next.fields);
  return { callback: last.headers.get("location"), cookies: browser.cookies };
}

function logoutSource(context, form) {
  const button = '<button type="submit" name="logout" value="yes">Sign out</button></form>';
  context.body = `<!doctype html><title>Sign out</title><h1>Do you want to sign out?</h1>${form.replace("</form>", button)}`;
}

function postLogoutSuccessSource(context) {
  context.body = "<!doctype html><title>Signed out</title><h1>You are signed out</h1>";
}

function renderError(context, out) {
  context.type = "html";
  context.body = `<!doctype html><title>Error</title><pre>${escaped(JSON.stringify(out, null, 2))}</pre>`;
}
