// A stand-in for GitHub that behaves as GitHub documents, and no more kindly: OAuth 2 without OpenID, `iss` or ID token.
//
//   node github.mjs '{"client": {"client_id", "client_secret", "redirect_uri", "name"}, "accounts": [{…}]}'
//
// When it listens it prints one line of JSON, for instance {"origin":"http://127.0.0.1:40001","api":"http://127.0.0.1:40001","http":40002}.
//
//   client    `redirect_uri` is the app's one callback URL; a request may name a path below it, and another port of loopback.
//             `accepts_unverified: true` lets people through whose primary address is not verified, which GitHub says it refuses
//   accounts  {login, password, id, name, email, emails: [{email, primary, verified, visibility}]}; `password` is "password" and `id` is
//             counted if nothing is said; `email` is what the profile shows, null if nothing is said
//
//   GET  origin/login/oauth/authorize      forms: `login` and `password`, button "Sign in"; then buttons "Authorize <name>" and "Cancel"
//   POST origin/login/oauth/access_token   form-encoded unless `Accept: application/json`; errors come with status 200
//   GET  api/user, api/user/emails         `Authorization: Bearer …` or `token …`, and a User-Agent
//
// The desk at port `http`:
//
//   GET  /seen      requests so far, as {"POST /login/oauth/access_token": 1, …}
//   PUT  /client    replaces members of the client
//   PUT  /accounts  replaces the accounts; tokens of an account that is gone are bad credentials
//   POST /walk      {"url", "login", "password", "cancel"?, "cookies"?}: walks the forms like a person: {"callback": URL, "cookies"}
//   POST /clock     {"seconds": N}: codes grow older by N seconds; they are good for 600

import { createServer } from "node:http";
import { api } from "./github/api.mjs";
import { authorize, exchange, logIn } from "./github/oauth.mjs";
import { State } from "./github/state.mjs";
import { Browser } from "./kit/browser.mjs";
import { LOOPBACK, Seen, announce, argument, endWithStarter, listen, openDesk, page } from "./kit/part.mjs";

const { client = {}, accounts = [] } = argument();
const state = new State(client, accounts);
const seen = new Seen();
const ROUTES = {
  "GET /login": (request, response, url) => logIn.page(response, url.searchParams.get("return_to")),
  "POST /session": (request, response) => logIn.act(state, request, response),
  "GET /login/oauth/authorize": (request, response, url) => authorize.page(state, request, response, url),
  "POST /login/oauth/authorize": (request, response) => authorize.act(state, request, response),
  "POST /login/oauth/access_token": (request, response) => exchange(state, request, response),
  "GET /user": (request, response) => api.user(state, request, response),
  "GET /user/emails": (request, response, url) => api.emails(state, request, response, url),
};

endWithStarter();
const origin = `http://${LOOPBACK}:${await listen(createServer(answer))}`;
const http = await openDesk({
  "GET /seen": () => seen.counts,
  "PUT /client": (members) => state.setClient(members),
  "PUT /accounts": (list) => state.setAccounts(list),
  "POST /walk": ({ url, cookies, ...person }) => new Browser(cookies).walk(url, person),
  "POST /clock": ({ seconds }) => state.advance(seconds),
});
announce({ origin, api: origin, http });

async function answer(request, response) {
  seen.note(request);
  const url = new URL(request.url, origin);
  const act = ROUTES[`${request.method} ${url.pathname}`];
  if (!act) return page(response, 404, "Page not found", "");
  return act(request, response, url);
}
