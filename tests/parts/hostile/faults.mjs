// Every fault by name, and the table that tests go through.

import { CALLBACK } from "./callback.mjs";
import { PEOPLE } from "./claims.mjs";
import { EXCHANGE } from "./exchange.mjs";
import { ID_TOKEN } from "./id_token.mjs";

/** What each fault does; the members are explained in issuer.mjs. */
export const FAULTS = {
  honest: { expect: "success", module: "", why: "nothing is wrong" },
  ...CALLBACK,
  ...ID_TOKEN,
  ...EXCHANGE,
  ...PEOPLE,
};

/** Where an issuer is below the origin of its server; what the issuer of Entra calls itself has a place for the tenant. */
export function path(name) {
  return FAULTS[name].kind === "entra" ? `/${name}/{tenantid}/v2.0` : `/${name}`;
}

/** The table, as plain data. */
export function table() {
  return Object.entries(FAULTS).map(([name, fault]) => {
    const { kind = "oidc", expect, logins = 1, first = "success", reauth = null, waits = false, lean = false } = fault;
    const module = fault.module === undefined ? null : ["oidcc-client-test", fault.module].filter(Boolean).join("-");
    const { row = null, why } = fault;
    const at = expect === "refused" ? (fault.at ?? null) : null;
    return { name, kind, issuer: path(name), expect, at, logins, first, reauth, waits, lean, max: most(at, fault), module, row, why };
  });
}

/** How many requests to each endpoint are too many to be right. */
function most(at, { max }) {
  const before = { discovery: { authorize: 0, token: 0, userinfo: 0 }, callback: { token: 0, userinfo: 0 } };
  const fetchedOnce = { jwks: 2 };
  return { ...fetchedOnce, ...before[at], ...max };
}
