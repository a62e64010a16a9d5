// Faults of everything else that a client fetches: the discovery document, the token answer and the userinfo document.

import { WAYS } from "./broken.mjs";

const refused = { expect: "refused" };
const LINK_LOCAL = "http://169.254.169.254";
const discovery = (why, change, more = {}) => ({ ...refused, at: "discovery", why, ...more, discovery: change });
const token = (why, change, more = {}) => ({ ...refused, at: "token", why, ...more, token: change });
// A lean ID token says who it is and no more, so that a client needs userinfo.
const userinfo = (why, change, more = {}) => ({ ...refused, at: "userinfo", row: "O-20", lean: true, why, ...more, userinfo: change });
const issuer = (why, spell) => discovery(why, (document) => ({ ...document, issuer: spell(document.issuer) }), { row: "O-12" });
const endpoint = (why, name, url) => discovery(why, (document) => ({ ...document, [name]: url ?? undefined }), { row: "O-32" });

const DISCOVERY = {
  "discovery-issuer-mismatch": { ...issuer("another issuer", () => "https://mallory.example"), module: "discovery-issuer-mismatch" },
  "discovery-issuer-slash": issuer("a slash at its end", (honest) => `${honest}/`),
  "discovery-issuer-case": issuer("another case", (honest) => honest.replace("issuer-case", "Issuer-Case")),
  "discovery-issuer-scheme": issuer("https in place of http", (honest) => honest.replace("http:", "https:")),
  "discovery-issuer-host": issuer("localhost in place of 127.0.0.1", (honest) => honest.replace("127.0.0.1", "localhost")),
  "discovery-issuer-absent": issuer("no issuer", () => undefined),
  "discovery-issuer-list": issuer("a list with the right issuer", (honest) => [honest]),
  "discovery-no-token-endpoint": endpoint("no token endpoint", "token_endpoint"),
  "discovery-no-authorization-endpoint": endpoint("no authorization endpoint", "authorization_endpoint"),
  "discovery-no-jwks-uri": endpoint("no key set", "jwks_uri"),
  "discovery-authorization-script": endpoint("a script", "authorization_endpoint", "javascript:alert(1)"),
  "discovery-authorization-relative": endpoint("a relative address", "authorization_endpoint", "//evil.example/authorize"),
  "discovery-token-file": endpoint("a file for a token endpoint", "token_endpoint", "file:///etc/passwd"),
  "token-link-local": { ...endpoint("the token endpoint is link-local", "token_endpoint", `${LINK_LOCAL}/token`), at: "token" },
  "jwks-link-local": { ...endpoint("the key set is link-local", "jwks_uri", `${LINK_LOCAL}/jwks`), at: "id_token" },
  "userinfo-link-local": { ...endpoint("userinfo is link-local", "userinfo_endpoint", `${LINK_LOCAL}/me`), at: "userinfo", lean: true },
};

const TOKEN = {
  "client-secret-basic": { expect: "success", module: "client-secret-basic", why: "Basic authentication only",
    methods: ["client_secret_basic"] },
  "client-secret-post": { expect: "success", methods: ["client_secret_post"], why: "the secret in the form only" },
  "token-type-wrong": token("token_type is mac", (answer) => ({ ...answer, token_type: "mac" })),
  "token-type-missing": token("no token_type, which RFC 6749 5.1 requires", (answer) => ({ ...answer, token_type: undefined })),
  "token-type-case": token("token_type is bEaReR, as good", (answer) => ({ ...answer, token_type: "bEaReR" }), { expect: "success" }),
  "token-no-id-token": token("no ID token", (answer) => ({ ...answer, id_token: undefined })),
  "token-id-token-garbage": token("an ID token that is none", (answer) => ({ ...answer, id_token: "garbage" })),
  "token-id-token-object": token("the claims in place of an ID token", (answer, { claims }) => ({ ...answer, id_token: claims })),
  "token-no-access-token": token("no access token", (answer) => ({ ...answer, access_token: undefined })),
  "token-access-token-list": token("the access token is a list", (answer) => ({ ...answer, access_token: [answer.access_token] })),
  "token-error-200": token("an error with status 200 and no token", () => ({ error: "invalid_grant" }), { row: "O-20" }),
  "token-error-and-token": token("an error beside all tokens", (answer) => ({ ...answer, error: "server_error" }), { row: "O-20" }),
  "token-invalid-grant": token("the code is refused", () => ({ error: "invalid_grant" }), { status: { token: 400 } }),
  "token-invalid-client": token("the client is refused, with markup", () => ({
    error: "invalid_client", error_description: "<script>alert(1)</script>",
  }), { status: { token: 401 } }),
};

const USERINFO = {
  "scope-userinfo-claims": { expect: "success", module: "scope-userinfo-claims", lean: true, why: "claims come from userinfo alone" },
  "userinfo-invalid-sub": userinfo("somebody else's `sub`", (honest) => ({ ...honest, sub: "victim" }), {
    module: "userinfo-invalid-sub", row: undefined,
  }),
  "userinfo-missing-sub": userinfo("no `sub`", (honest) => ({ ...honest, sub: undefined })),
  "userinfo-empty-sub": userinfo("an empty `sub`", (honest) => ({ ...honest, sub: "" })),
  "userinfo-sub-list": userinfo("`sub` is a list", (honest) => ({ ...honest, sub: [honest.sub] })),
  "userinfo-error-200": userinfo("an error with status 200", () => ({ error: "invalid_token" })),
  "userinfo-401": userinfo("status 401 with the right document", (honest) => honest, { status: { userinfo: 401 } }),
};

const ENDPOINTS = ["discovery", "jwks", "token", "userinfo"];
const STAGES = { jwks: "id_token" };
const broken = (name, way) => ({
  ...refused, at: STAGES[name] ?? name, row: "O-32", why: `${name}: ${WAYS[way].why}`, lean: name === "userinfo",
  broken: { [name]: way }, waits: WAYS[way].waits, ...(way === "redirect-home" && { max: { trap: 0 } }),
});
const BROKEN = Object.fromEntries(
  ENDPOINTS.flatMap((name) => Object.keys(WAYS).map((way) => [`${name}-${way}`, broken(name, way)])),
);

/** Everything that is fetched, apart from what stands in an ID token. */
export const EXCHANGE = { ...DISCOVERY, ...TOKEN, ...USERINFO, ...BROKEN };
