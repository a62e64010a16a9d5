// How glewlwyd is set up: its configuration file, its database, and its plugin for OpenID Connect.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { LOOPBACK } from "./part.mjs";

const SCHEMA = "/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3";

/** Makes the database as Debian's package does; its administrator is admin with the password "password". */
export function createDatabase(path) {
  execFileSync("sqlite3", [path], { input: `PRAGMA synchronous=OFF; BEGIN; ${readFileSync(SCHEMA, "utf8")} COMMIT;` });
}

/** The text of glewlwyd.conf, for a server that people know as `origin`. */
export function configuration(port, origin, database) {
  const modules = { user_module: "user", client_module: "client", user_auth_scheme_module: "scheme", plugin_module: "plugin" };
  const paths = Object.entries(modules).map(([name, folder]) => `${name}_path="/usr/lib/glewlwyd/${folder}"`);
  return `port=${port}
bind_address="${LOOPBACK}"
external_url="${origin}"
login_url="login.html"
api_prefix="api"
cookie_secure=0
cookie_same_site="lax"
session_key="GLEWLWYD2_SESSION_ID"
admin_scope="g_admin"
profile_scope="g_profile"
hash_algorithm="SHA512"
${paths.join("\n")}
database = { type = "sqlite3" path = "${database}" }
`;
}

/** What an account may have beside what glewlwyd knows by itself. */
export function userProperties() {
  const property = (multiple) => ({ multiple, read: true, write: true, "profile-read": true, "profile-write": false });
  return { email_verified: property(false), hd: property(false), tid: property(false), groups: property(true) };
}

/** The instance `oidc` of the plugin for OpenID Connect: code flow with required PKCE, `iss` in answers, and back-channel logout. */
export function plugin(iss, alg, key, scopes) {
  const claim = (name, scope, more = { type: "string" }) => ({
    name, "user-property": name, scope: [scope], mandatory: false, "on-demand": false, ...more,
  });
  const truth = { type: "boolean", "boolean-value-true": "1", "boolean-value-false": "0" };
  const parameters = {
    iss,
    "jwks-private": JSON.stringify({ keys: [key] }),
    "default-kid": key.kid,
    "jwks-show": true,
    "jwt-type": { RS: "rsa", PS: "rsa-pss", ES: "ecdsa", Ed: "eddsa" }[alg.slice(0, 2)],
    "jwt-key-size": "256",
    "subject-type": "public",
    "allowed-scope": scopes,
    "allow-non-oidc": false,
    "access-token-duration": 3600,
    "refresh-token-duration": 1209600,
    "refresh-token-rolling": true,
    "refresh-token-one-use": "never",
    "code-duration": 600,
    "auth-type-code-enabled": true,
    "auth-type-code-revoke-replayed": true,
    "auth-type-token-enabled": false,
    "auth-type-implicit-enabled": false,
    "auth-type-none-enabled": false,
    "auth-type-password-enabled": false,
    "auth-type-client-enabled": false,
    "auth-type-device-enabled": false,
    "auth-type-refresh-enabled": true,
    "pkce-allowed": true,
    "pkce-required": true,
    "pkce-method-plain-allowed": false,
    "oauth-as-iss-id": true,
    "session-management-allowed": true,
    "session-cookie-name": "GLEWLWYD2_OIDC_SID",
    "session-cookie-expiration": 2419200,
    "back-channel-logout-allowed": true,
    "front-channel-logout-allowed": false,
    "name-claim": "on-demand",
    "name-claim-scope": ["profile"],
    "email-claim": "on-demand",
    "email-claim-scope": ["email"],
    "scope-claim": "no",
    claims: [
      claim("email_verified", "email", truth),
      claim("hd", "profile"),
      claim("tid", "profile"),
      claim("groups", "profile"),
    ],
    "address-claim": { type: "no" },
    "additional-parameters": [],
  };
  return { module: "oidc", name: "oidc", display_name: "OpenID Connect", parameters, enabled: true, readonly: false };
}
