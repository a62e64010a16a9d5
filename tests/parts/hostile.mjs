// A hostile OpenID provider: one issuer for each fault, and some without a fault.
//
//   node hostile.mjs '{"client": {"client_id": "doorward", "client_secret": "…"}}'
//   node hostile.mjs --list      the faults as a JSON list, and nothing else happens
//   node hostile.mjs --logouts   the logout tokens as a JSON list
//
// When it listens it prints one line of JSON: {"origin":"http://127.0.0.1:40001","tenant":"1111…","domain":"corp.example"}.
// The issuer of a fault is origin + its `issuer` from the list. Any redirect_uri is taken. The authorization endpoint asks nobody: it
// answers with a redirect. A client that authenticates wrongly or without PKCE is refused, so that a success is one.
//
// An entry of the list:
//
//   name, why   the fault
//   kind        oidc; google (with Workspace domain `domain`); entra (discovery at origin/<name>/<tenant>/v2.0, where <tenant> is
//               `organizations`, `common` or a tenant; the only one allowed is `tenant`); or oauth2 (no discovery: origin/<name>/authorize,
//               /token and /userinfo, where the person's key is `id`)
//   expect      success, refused, or unverified: the address must not count as verified, so that it is neither linked nor matched
//   at          where it is to be refused: discovery, callback, token, id_token, userinfo or claims
//   logins      how many logins it takes; the last one is to end as `expect` says, those before it as `first`
//   reauth      how a login with `max_age` is to end, where that differs from a plain one
//   lean        the ID token says nothing but who it is: only a client that asks for userinfo meets the fault
//   waits       the client finds out by its own clock only
//   max         how many requests to an endpoint are allowed in all, such as {"token": 0}
//   module      the module of the OpenID conformance suite that does the same; `row` is one for all faults of one attack
//
//   GET    /_seen/<name>           requests so far: {discovery, authorize, token, jwks, userinfo, trap, last: {authorize, token}}, where
//                                  `trap` is where redirects and headers of tokens lead
//   DELETE /_seen/<name>           forgets requests, logins and codes
//   PUT    /_claims/<name>         a JSON object: who logs in from now on, over the usual sub, email, email_verified and name
//   GET    /_logout/<variant>      with sub, sid and jti as query: {logout_token, expect, why} by the issuer `honest`, or by `?of=<name>`

import { createServer } from "node:http";
import { TENANT, DOMAIN } from "./hostile/claims.mjs";
import { FAULTS, table } from "./hostile/faults.mjs";
import { ready } from "./hostile/id_token.mjs";
import { Issuer } from "./hostile/issuer.mjs";
import { LOGOUTS, logoutToken } from "./hostile/logout.mjs";
import { LOOPBACK, announce, argument, body, endWithStarter, form, listen, reply } from "./kit/part.mjs";

const LISTS = {
  "--list": table,
  "--logouts": () => Object.entries(LOGOUTS).map(([name, { expect, why }]) => ({ name, expect, why })),
};
if (process.argv[2] in LISTS) {
  announce(LISTS[process.argv[2]]());
  process.exit(0);
}

const { client = {} } = argument();
const known = { client_id: "doorward", client_secret: "a secret between two", ...client };
const ENDPOINTS = ["authorize", "token", "jwks", "userinfo", "trap"];

endWithStarter();
const server = createServer((request, response) => answer(request, response).catch((error) => failed(response, error)));
const origin = `http://${LOOPBACK}:${await listen(server)}`;
const issuers = new Map(Object.keys(FAULTS).map((name) => [name, new Issuer(name, origin, known)]));
await ready();
announce({ origin, tenant: TENANT, domain: DOMAIN });

async function answer(request, response) {
  const url = new URL(request.url, origin);
  const [, first, ...rest] = url.pathname.split("/");
  if (first.startsWith("_")) return steer(request, response, url, first, rest[0]);
  const issuer = issuers.get(first);
  const endpoint = url.pathname.endsWith("/.well-known/openid-configuration") ? "discovery" : rest.at(-1);
  if (!issuer || (endpoint !== "discovery" && !ENDPOINTS.includes(endpoint))) return reply(response, 404, { error: "not found" });
  issuer.seen[endpoint] += 1;
  if (endpoint === "trap") return trapped(issuer, request, response, url.searchParams.get("of"));
  if (endpoint === "authorize") {
    const location = issuer.authorize({ query: url.searchParams, search: url.search });
    return response.writeHead(303, { location, "cache-control": "no-store" }).end();
  }
  const document = await fetched(issuer, endpoint, request, { tenant: rest.length > 3 ? rest[0] : undefined });
  const way = issuer.way(endpoint);
  if (way && !document.status) return way.act(response, JSON.stringify(document), `${issuer.authority}/trap?of=${endpoint}`);
  const { status, ...told } = document;
  return reply(response, status ?? issuer.fault.status?.[endpoint] ?? 200, told, { "cache-control": "no-store" });
}

async function fetched(issuer, endpoint, request, more) {
  const { authorization } = request.headers;
  const sent = endpoint === "token" ? await form(request) : undefined;
  return issuer[endpoint]({ authorization, form: sent, ...more });
}

async function trapped(issuer, request, response, of) {
  const { status = 200, ...told } = await fetched(issuer, of === "stranger" ? "jwks" : of, request, { of });
  return reply(response, status, told);
}

async function steer(request, response, url, what, name) {
  const of = url.searchParams.get("of") ?? "honest";
  const [issuer, token] = [issuers.get(name), issuers.get(of)];
  const act = {
    "GET _seen": () => issuer.seen,
    "DELETE _seen": () => issuer.forget(),
    "PUT _claims": async () => { issuer.members = JSON.parse(await body(request)); },
    "GET _logout": () => logoutToken(name, token.issuer(), known.client_id, Object.fromEntries(url.searchParams)),
  }[`${request.method} ${what}`];
  const found = act && (what === "_logout" ? Object.hasOwn(LOGOUTS, name) && token : issuer);
  return found ? reply(response, 200, (await act()) ?? {}) : reply(response, 404, { error: "not found" });
}

function failed(response, error) {
  process.stderr.write(`hostile.mjs: ${error.stack}\n`);
  if (!response.headersSent) reply(response, 500, { error: error.message });
}
