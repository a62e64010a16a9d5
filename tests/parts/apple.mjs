// A stand-in for Apple that behaves as Apple documents, and no more kindly: the answer is a form of its own site, and the secret a
// token that the service signs (developer.apple.com, "Sign in with Apple REST API").
//
//   node apple.mjs '{"client": {"client_id", "team_id", "key_id", "redirect_uri"}, "accounts": [{…}]}'
//
// When it listens it prints one line of JSON: {"origin":"http://127.0.0.1:40001","http":40002,"key":"-----BEGIN PRIVATE KEY-----…"}.
// `key` is what stands in the file AuthKey_….p8 that Apple gives.
//
//   accounts  {login, password, sub, email, email_verified, is_private_email, name}; `password` is "password" if nothing is said,
//             `email_verified` is sent as it is given, because Apple sends a flag or a text
//
//   GET  origin/.well-known/openid-configuration
//   GET  origin/auth/authorize    a form with `login` and `password`; then a form posts the answer to the redirect URI, with `user`
//                                 the first time; a scope without `response_mode=form_post` is refused
//   POST origin/auth/token        client_id, client_secret (ES256, of at most six months), code, grant_type, redirect_uri
//   GET  origin/auth/keys
//
// The desk at port `http`:
//
//   GET  /seen      requests so far, as {"POST /auth/token": 1, …}
//   PUT  /accounts  replaces the accounts
//   POST /walk      {"url", "login", "password"}: walks the forms like a person: {"callback": URL, "form": fields, "cookies"}
//   POST /secret    what the last client_secret said: {header, claims}

import { createHash, createPublicKey, createSign, createVerify, generateKeyPairSync, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { Browser } from "./kit/browser.mjs";
import { LOOPBACK, Seen, announce, argument, endWithStarter, escaped, form, listen, openDesk, page, reply } from "./kit/part.mjs";

const SIX_MONTHS = 15_777_000;
const KID = "apple-1";
const { client = {}, accounts = [] } = argument();
const [own, service] = [generateKeyPairSync("rsa", { modulusLength: 2048 }), generateKeyPairSync("ec", { namedCurve: "P-256" })];
const [seen, codes, met] = [new Seen(), new Map(), new Set()];
let [people, last] = [accounts, null];

const ROUTES = {
  "GET /.well-known/openid-configuration": describe,
  "GET /auth/keys": keys,
  "GET /auth/authorize": (request, response, url) => authorize(response, url.searchParams),
  "POST /auth/authorize": async (request, response) => logIn(response, await form(request)),
  "POST /auth/token": async (request, response) => exchange(response, await form(request)),
};

endWithStarter();
const origin = `http://${LOOPBACK}:${await listen(createServer(answer))}`;
const http = await openDesk({
  "GET /seen": () => seen.counts,
  "PUT /accounts": (list) => { people = list; },
  "POST /walk": ({ url, ...person }) => new Browser().walk(url, person),
  "POST /secret": () => last,
});
announce({ origin, http, key: service.privateKey.export({ type: "pkcs8", format: "pem" }) });

async function answer(request, response) {
  seen.note(request);
  const url = new URL(request.url, origin);
  const act = ROUTES[`${request.method} ${url.pathname}`];
  return act ? act(request, response, url) : page(response, 404, "Not found", "");
}

function describe(request, response) {
  reply(response, 200, {
    issuer: origin, authorization_endpoint: `${origin}/auth/authorize`, token_endpoint: `${origin}/auth/token`,
    revocation_endpoint: `${origin}/auth/revoke`, jwks_uri: `${origin}/auth/keys`, response_types_supported: ["code"],
    response_modes_supported: ["query", "fragment", "form_post"], subject_types_supported: ["pairwise"],
    id_token_signing_alg_values_supported: ["RS256"], scopes_supported: ["openid", "email", "name"],
    token_endpoint_auth_methods_supported: ["client_secret_post"],
    claims_supported: ["aud", "email", "email_verified", "exp", "iat", "is_private_email", "iss", "nonce", "nonce_supported", "sub"],
  });
}

function keys(request, response) {
  reply(response, 200, { keys: [{ ...own.publicKey.export({ format: "jwk" }), kid: KID, use: "sig", alg: "RS256" }] });
}

/** Why Apple shows a page of its own, and sends nobody back. */
function unsound(asked) {
  if (asked.get("client_id") !== client.client_id) return "invalid_client";
  if (asked.get("redirect_uri") !== client.redirect_uri) return "invalid_request: Invalid web redirect url.";
  if (asked.get("response_type") !== "code") return "unsupported_response_type";
  const scopes = (asked.get("scope") ?? "").split(" ").filter((scope) => ["name", "email"].includes(scope));
  const late = scopes.length > 0 && asked.get("response_mode") !== "form_post";
  return late ? "invalid_request: response_mode must be form_post when name or email scope is requested." : null;
}

function authorize(response, asked, problem = "") {
  const wrong = unsound(asked);
  if (wrong) return page(response, 400, "Invalid request", `<p role="alert">${escaped(wrong)}</p>`);
  const kept = [...asked].map(([name, value]) => `<input type="hidden" name="${escaped(name)}" value="${escaped(value)}">`);
  return page(response, 200, "Sign in with Apple", `<p role="alert">${problem}</p>
    <form method="post" action="/auth/authorize">${kept.join("")}
    <input name="login" value=""><input name="password" type="password" value=""><button type="submit">Continue</button></form>`);
}

function logIn(response, asked) {
  const person = people.find(({ login, password = "password" }) => login === asked.get("login") && password === asked.get("password"));
  if (!person || unsound(asked)) return authorize(response, asked, "Your Apple Account or password was incorrect.");
  const code = `c${randomUUID()}`;
  codes.set(code, { person, nonce: asked.get("nonce"), redirect_uri: asked.get("redirect_uri"), at: Date.now() });
  // The name and the address come beside the answer, once, and nobody signs them.
  const first = met.has(person.sub) ? {} : { user: JSON.stringify({ name: person.name, email: person.email }) };
  met.add(person.sub);
  const fields = Object.entries({ state: asked.get("state"), code, ...first });
  const inputs = fields.map(([name, value]) => `<input type="hidden" name="${name}" value="${escaped(value)}">`);
  return page(response, 200, "", `<form method="post" action="${escaped(asked.get("redirect_uri"))}">${inputs.join("")}</form>`);
}

function exchange(response, asked) {
  const wrong = wrongSecret(asked.get("client_secret") ?? "", asked.get("client_id"));
  if (wrong) return reply(response, 400, { error: "invalid_client", error_description: wrong });
  const given = codes.get(asked.get("code"));
  codes.delete(asked.get("code"));
  const stands = given && Date.now() - given.at < 300_000 && given.redirect_uri === asked.get("redirect_uri");
  if (asked.get("grant_type") !== "authorization_code") return reply(response, 400, { error: "unsupported_grant_type" });
  if (!stands) {
    return reply(response, 400, { error: "invalid_grant", error_description: "The code has expired or has been revoked." });
  }
  const access_token = `a${randomUUID()}`;
  const id_token = idToken(given, access_token);
  return reply(response, 200, { access_token, token_type: "Bearer", expires_in: 3600, refresh_token: `r${randomUUID()}`, id_token });
}

function wrongSecret(secret, id) {
  const [head, claims, signature] = secret.split(".");
  const read = (text) => JSON.parse(Buffer.from(text ?? "", "base64url").toString() || "{}");
  const [header, said, now] = [read(head), read(claims), Date.now() / 1000];
  last = { header, claims: said };
  if (header.alg !== "ES256" || header.kid !== client.key_id) return "kid or alg";
  if (said.iss !== client.team_id || said.sub !== id || id !== client.client_id || said.aud !== origin) return "iss, sub or aud";
  if (!(said.exp > now) || said.exp - now > SIX_MONTHS || said.iat > now + 60) return "iat or exp";
  const key = { key: createPublicKey(service.privateKey), dsaEncoding: "ieee-p1363" };
  const good = createVerify("SHA256").update(`${head}.${claims}`).verify(key, Buffer.from(signature ?? "", "base64url"));
  return good ? null : "signature";
}

function idToken({ person, nonce }, access) {
  const [now, hash] = [Math.floor(Date.now() / 1000), createHash("sha256").update(access).digest().subarray(0, 16)];
  const { sub, email, email_verified, is_private_email } = person;
  const claims = {
    iss: origin, aud: client.client_id, exp: now + 86_400, iat: now, sub, nonce, at_hash: hash.toString("base64url"),
    email, email_verified, is_private_email, auth_time: now, nonce_supported: true,
  };
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${part({ kid: KID, alg: "RS256" })}.${part(claims)}`;
  return `${signed}.${createSign("SHA256").update(signed).sign(own.privateKey, "base64url")}`;
}
