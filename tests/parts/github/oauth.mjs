// The web application flow, as GitHub documents it under "Authorizing OAuth apps" and its two pages of troubleshooting.

import { createHash } from "node:crypto";
import { escaped, form, page } from "../kit/part.mjs";

const DOCS = "https://docs.github.com/apps/managing-oauth-apps/troubleshooting";
const AUTHORIZING = `${DOCS}-authorization-request-errors/`;
const EXCHANGING = `${DOCS}-oauth-app-access-token-request-errors/`;
const KNOWN = ["user", "read:user", "user:email", "read:org", "repo", "gist"];

/** The login form and what it does. */
export const logIn = {
  page(response, returnTo, problem = "") {
    page(response, 200, "Sign in to GitHub", `<p role="alert">${problem}</p>
      <form method="post" action="/session">
        <input type="hidden" name="return_to" value="${escaped(returnTo ?? "/")}">
        <label>Username or email address <input name="login" autocomplete="username" value=""></label>
        <label>Password <input name="password" type="password" autocomplete="current-password" value=""></label>
        <button type="submit" name="commit" value="Sign in">Sign in</button>
      </form>`);
  },

  async act(state, request, response) {
    const fields = await form(request);
    const session = state.openSession(fields.get("login"), fields.get("password"));
    if (!session) return logIn.page(response, fields.get("return_to"), "Incorrect username or password.");
    const cookie = `user_session=${session}; Path=/; HttpOnly; SameSite=Lax`;
    const home = /^\/(?![\/\\])/.test(fields.get("return_to")) ? fields.get("return_to") : "/";
    return response.writeHead(302, { location: home, "set-cookie": cookie }).end();
  },
};

/** The question whether the app may, and its answer. A person who has said yes to the same scopes is not asked again. */
export const authorize = {
  page(state, request, response, url) {
    const asked = readRequest(state, url.searchParams);
    if (!asked) return page(response, 404, "Page not found", "");
    const person = state.person(request);
    if (!person || url.searchParams.get("prompt") === "select_account" && !url.searchParams.has("selected")) {
      if (person) url.searchParams.set("selected", "1");
      const parameters = new URLSearchParams({ client_id: asked.client_id, return_to: url.pathname + url.search });
      return redirect(response, "/login", parameters);
    }
    if (asked.error) return refuse(response, asked, asked.error, asked.description);
    const before = state.authorized.get(`${person.id} ${asked.client_id}`);
    if (before && asked.scopes.every((scope) => before.includes(scope))) return send(state, response, asked, person);
    return question(state, response, asked, url);
  },

  async act(state, request, response) {
    const fields = await form(request);
    const asked = readRequest(state, fields);
    const person = state.person(request);
    if (!asked || !person) return page(response, 404, "Page not found", "");
    if (fields.get("authorize") !== "1") {
      return refuse(response, asked, "access_denied", "The user has denied your application access.");
    }
    state.authorized.set(`${person.id} ${asked.client_id}`, asked.scopes);
    return send(state, response, asked, person);
  },
};

/** Exchanges a code for a token. Every answer has status 200. */
export async function exchange(state, request, response) {
  const fields = await form(request);
  const answer = grant(state, fields);
  const json = (request.headers.accept ?? "").includes("application/json");
  const text = json ? JSON.stringify(answer) : new URLSearchParams(answer).toString();
  const type = json ? "application/json" : "application/x-www-form-urlencoded";
  response.writeHead(200, { "content-type": `${type}; charset=utf-8`, "cache-control": "max-age=0, private, must-revalidate" });
  response.end(text);
}

function grant(state, fields) {
  const { client } = state;
  if (fields.get("client_id") !== client.client_id || fields.get("client_secret") !== client.client_secret) {
    return failure("incorrect_client_credentials", "The client_id and/or client_secret passed are incorrect.");
  }
  const code = state.takeCode(fields.get("code"));
  if (!code || code.client_id !== client.client_id || !proven(code, fields.get("code_verifier"))) {
    return failure("bad_verification_code", "The code passed is incorrect or expired.");
  }
  const named = fields.get("redirect_uri");
  if (named && named !== code.redirect_uri) {
    return failure("redirect_uri_mismatch", "The redirect_uri MUST match the registered callback URL for this application.");
  }
  const account = state.account(code.account);
  if (!client.accepts_unverified && account?.emails.length && !account.emails.some((email) => email.primary && email.verified)) {
    return failure("unverified_user_email", "The user must have a verified primary email.");
  }
  return { access_token: state.issueToken(code.account, code.scopes), scope: code.scopes.join(","), token_type: "bearer" };
}

function failure(error, description) {
  return { error, error_description: description, error_uri: `${EXCHANGING}#${error.replaceAll("_", "-")}` };
}

function proven({ challenge }, verifier) {
  return !challenge || createHash("sha256").update(verifier ?? "").digest("base64url") === challenge;
}

// The scopes that are asked for twice, or that nobody knows, are dropped; `user` includes the two below it.
function readRequest({ client }, parameters) {
  if (parameters.get("client_id") !== client.client_id) return null;
  const redirect_uri = parameters.get("redirect_uri") || client.redirect_uri;
  const scopes = [...new Set((parameters.get("scope") ?? "").split(/[\s,]+/))].filter((scope) => KNOWN.includes(scope));
  const asked = {
    client_id: client.client_id,
    redirect_uri,
    scopes: scopes.filter((scope) => scope === "user" || !scopes.includes("user") || !scope.includes("user")),
    state: parameters.get("state"),
    challenge: parameters.get("code_challenge"),
  };
  if (!below(redirect_uri, client.redirect_uri)) {
    const description = "The redirect_uri MUST match the registered callback URL for this application.";
    return { ...asked, redirect_uri: client.redirect_uri, error: "redirect_uri_mismatch", description };
  }
  if (asked.challenge && parameters.get("code_challenge_method") !== "S256") {
    return { ...asked, error: "invalid_request", description: "The code_challenge_method must be S256." };
  }
  return asked;
}

// "Redirect URLs": host and path below the registered one; another port for loopback only.
function below(named, registered) {
  if (!URL.canParse(named)) return false;
  const [asked, known] = [new URL(named), new URL(registered)];
  const loopback = ["127.0.0.1", "[::1]"].includes(known.hostname) && asked.hostname === known.hostname;
  const path = known.pathname.replace(/\/$/, "");
  const within = asked.pathname === known.pathname || asked.pathname.startsWith(`${path}/`);
  return asked.protocol === known.protocol && (loopback || asked.host === known.host) && within && !asked.username;
}

function question({ client }, response, asked, url) {
  const hidden = [...url.searchParams].map(([name, value]) => `<input type="hidden" name="${escaped(name)}" value="${escaped(value)}">`);
  const scopes = escaped(asked.scopes.join(", ") || "public data only");
  page(response, 200, `Authorize ${client.name}`, `<p>${escaped(client.name)} wants: ${scopes}</p>
    <form method="post" action="/login/oauth/authorize">${hidden.join("")}
      <button type="submit" name="authorize" value="1">Authorize ${escaped(client.name)}</button>
    </form>
    <form method="post" action="/login/oauth/authorize">${hidden.join("")}
      <button type="submit" name="authorize" value="0" data-cancel>Cancel</button>
    </form>`);
}

function send(state, response, { redirect_uri, state: text, ...asked }, person) {
  const { client_id, scopes, challenge } = asked;
  const code = state.issueCode({ client_id, scopes, challenge, redirect_uri, account: person.id });
  redirect(response, redirect_uri, { code, ...(text !== null && { state: text }) });
}

function refuse(response, asked, error, description) {
  const error_uri = `${AUTHORIZING}#${error.replaceAll("_", "-")}`;
  redirect(response, asked.redirect_uri, { error, error_description: description, error_uri, ...(asked.state && { state: asked.state }) });
}

function redirect(response, to, parameters) {
  response.writeHead(302, { location: `${to}${to.includes("?") ? "&" : "?"}${new URLSearchParams(parameters)}` }).end();
}
