// One issuer of the hostile provider. It is an honest provider that checks the client strictly, with one fault.
//
// A fault says what is expected of a client (`expect`, `at`, `why`), and may have
//
//   discovery, keys, answer, claims, sign, token, userinfo   functions that change the right document, key set, parameters of the
//                                                            answer, claims, signature, token answer or userinfo
//   person      a function that changes who it is, in ID token and userinfo alike
//   broken      {endpoint: name of a way in broken.mjs}
//   status      {endpoint: HTTP status}
//   methods     how the client may authenticate
//   lean        the ID token says nothing but who it is
//   sendsTo     the name of the issuer to which the browser is sent on

import { createHash, randomUUID } from "node:crypto";
import { WAYS } from "./broken.mjs";
import { DOMAIN, TENANT } from "./claims.mjs";
import { FAULTS, path } from "./faults.mjs";
import { jwk, sign } from "./keys.mjs";

const METHODS = ["client_secret_basic", "client_secret_post"];
const LIFETIME = 300;

export class Issuer {
  constructor(name, origin, client) {
    this.name = name;
    this.origin = origin;
    this.client = client;
    this.fault = FAULTS[name];
    this.kind = this.fault.kind ?? "oidc";
    this.authority = `${origin}/${name}`;
    this.trap = `${this.authority}/trap?of=stranger`;
    this.members = {};
    this.forget();
  }

  /** Forgets all requests and logins. */
  forget() {
    this.seen = { discovery: 0, authorize: 0, token: 0, jwks: 0, userinfo: 0, trap: 0, last: {} };
    this.codes = new Map();
    this.tokens = new Map();
    this.logins = 0;
    this.first = null;
    this.kept = undefined;
  }

  /** The issuer as it calls itself to a tenant; only Entra has several. */
  issuer(tenant = TENANT) {
    if (this.kind !== "entra") return this.authority;
    const template = ["common", "organizations", "consumers"].includes(tenant);
    return this.origin + (template ? path(this.name) : path(this.name).replace("{tenantid}", tenant));
  }

  discovery({ tenant }) {
    const methods = this.fault.methods ?? METHODS;
    const document = {
      issuer: this.issuer(tenant),
      authorization_endpoint: `${this.authority}/authorize`,
      token_endpoint: `${this.authority}/token`,
      userinfo_endpoint: `${this.authority}/userinfo`,
      jwks_uri: `${this.authority}/jwks`,
      response_types_supported: ["code"],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: ["RS256"],
      scopes_supported: ["openid", "email", "profile"],
      token_endpoint_auth_methods_supported: methods,
      code_challenge_methods_supported: ["S256"],
      backchannel_logout_supported: true,
      backchannel_logout_session_supported: true,
      ...(this.kind === "oidc" && { authorization_response_iss_parameter_supported: true }),
    };
    return this.#change("discovery", document);
  }

  async jwks({ of }) {
    if (of === "stranger") return { keys: [await jwk("stranger")] };
    return { keys: this.fault.keys ? await this.fault.keys(this.#login()) : [await jwk("rsa")] };
  }

  /** Answers an authorization request at once: the address to go to. */
  authorize({ query, search }) {
    this.logins += 1;
    const asked = Object.fromEntries(query);
    this.seen.last.authorize = asked;
    this.first ??= asked;
    if (this.fault.sendsTo) return `${this.origin}/${this.fault.sendsTo}/authorize${search}`;
    const problem = this.#unsound(asked);
    const code = randomUUID();
    if (!problem) this.codes.set(code, asked);
    const given = problem ? [["error", "invalid_request"], ["error_description", problem]] : [["code", code]];
    if (asked.state !== undefined) given.push(["state", asked.state]);
    if (this.kind === "oidc") given.push(["iss", this.issuer()]);
    const pairs = this.fault.answer && !problem ? this.fault.answer(given, this.#login()) : given;
    const to = new URL(asked.redirect_uri);
    for (const [name, value] of pairs) to.searchParams.append(name, value);
    return to.href;
  }

  /** Answers a token request: a document, or {status, error} for a request that is wrong. */
  async token({ form, authorization }) {
    this.seen.last.token = { ...Object.fromEntries(form), client_secret: undefined, method: authorization ? "basic" : "post" };
    const problem = this.#unknownClient(form, authorization);
    if (problem) return { status: 401, error: "invalid_client", error_description: problem };
    const asked = this.codes.get(form.get("code"));
    this.codes.delete(form.get("code"));
    const challenge = createHash("sha256").update(form.get("code_verifier") ?? "").digest("base64url");
    const sound = asked && asked.redirect_uri === form.get("redirect_uri") && asked.code_challenge === challenge;
    if (!sound || form.get("grant_type") !== "authorization_code") return { status: 400, error: "invalid_grant" };
    const access_token = randomUUID();
    const person = this.#person();
    this.tokens.set(access_token, person);
    const answer = { access_token, token_type: "Bearer", expires_in: LIFETIME, scope: asked.scope };
    if (this.kind === "oauth2") return this.#change("token", answer);
    const claims = this.#change("claims", this.#claims(asked, person));
    const id_token = await (this.fault.sign ?? ((honest) => sign(honest)))(claims, this.#login());
    return this.#change("token", { ...answer, id_token }, { claims });
  }

  userinfo({ authorization }) {
    const person = this.tokens.get(/^bearer (\S+)$/i.exec(authorization ?? "")?.[1]);
    if (!person) return { status: 401, error: "invalid_token" };
    const { sub, ...rest } = person;
    return this.#change("userinfo", this.kind === "oauth2" ? { id: sub, ...rest } : person);
  }

  /** How an endpoint is broken, if it is. */
  way(endpoint) {
    return WAYS[this.fault.broken?.[endpoint]];
  }

  #change(what, value, more = {}) {
    return this.fault[what] ? this.fault[what](value, { ...this.#login(), ...more }) : value;
  }

  #login() {
    const { client, first, logins, authority, trap } = this;
    return { fault: this, client, first, logins, authority, trap, issuer: this.issuer() };
  }

  #person() {
    const { name } = this;
    const email = `${name}@person.example`;
    const kinds = {
      google: { email: `${name}@${DOMAIN}`, email_verified: true, hd: DOMAIN },
      entra: { email, preferred_username: email, tid: TENANT, oid: "33333333-3333-4333-8333-333333333333", xms_edov: true },
    };
    const own = kinds[this.kind] ?? { email, email_verified: true };
    return this.#change("person", { sub: `person-of-${name}`, name: "A Person", ...own, ...this.members });
  }

  #claims(asked, person) {
    const iat = Math.floor(Date.now() / 1000);
    const told = this.fault.lean ? { sub: person.sub } : person;
    const at = asked.max_age === undefined ? {} : { auth_time: iat };
    return { iss: this.issuer(person.tid), aud: this.client.client_id, exp: iat + LIFETIME, iat, nonce: asked.nonce, ...at, ...told };
  }

  #unsound({ client_id, response_type, code_challenge, code_challenge_method }) {
    if (client_id !== this.client.client_id) return "unknown client";
    if (response_type !== "code") return "response_type is not code";
    if (!code_challenge || code_challenge_method !== "S256") return "no code_challenge by S256";
    return null;
  }

  #unknownClient(form, authorization) {
    const { client_id, client_secret } = this.client;
    const methods = this.fault.methods ?? METHODS;
    if (!methods.includes(authorization ? "client_secret_basic" : "client_secret_post")) return "not the promised way to authenticate";
    if (!authorization) {
      return form.get("client_id") === client_id && form.get("client_secret") === client_secret ? null : "wrong secret";
    }
    const [, text] = /^basic (\S+)$/i.exec(authorization) ?? [];
    const decoded = new URLSearchParams(Buffer.from(text ?? "", "base64").toString().replace(":", "=")).get(client_id);
    if (form.has("client_secret")) return "the secret came twice";
    return decoded === client_secret ? null : "wrong secret";
  }
}
