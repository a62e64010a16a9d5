// Logout tokens right and wrong, as a client gets them at its back-channel logout address.

import { randomUUID } from "node:crypto";
import { sign, spoiled, unsigned } from "./keys.mjs";

const EVENT = "http://schemas.openid.net/event/backchannel-logout";
const refused = (why, change, how = typed) => ({ expect: "refused", why, change, how });
const members = (why, more) =>
  refused(why, (honest) => ({ ...honest, ...(typeof more === "function" ? more(honest) : more) }));

export const LOGOUTS = {
  right: { ...members("nothing is wrong", {}), expect: "success" },
  "typ-jwt": {
    ...refused("`typ` is JWT, which Back-Channel Logout 2.4 leaves open", undefined, (claims) => sign(claims)), expect: "success",
  },
  "alg-none": refused("alg none", undefined, (claims) => unsigned(claims)),
  "sig-stranger": refused("a stranger's key", undefined, (claims) => sign(claims, "stranger", { kid: "rsa" })),
  "sig-spoiled": refused("a spoiled signature", undefined, async (claims) => spoiled(await sign(claims))),
  "iss-wrong": members("another issuer", { iss: "https://mallory.example" }),
  "aud-wrong": members("another client", { aud: "somebody-else" }),
  "iat-missing": members("no `iat`", { iat: undefined }),
  "exp-missing": { ...members("no `exp`: required since the final text, absent from glewlwyd's", { exp: undefined }), expect: "either" },
  expired: members("expired an hour ago", ({ iat }) => ({ iat: iat - 7200, exp: iat - 3600 })),
  "iat-future": members("`iat` is an hour ahead", ({ iat }) => ({ iat: iat + 3600, exp: iat + 7200 })),
  "jti-missing": members("no `jti`", { jti: undefined }),
  "events-missing": members("no `events`", { events: undefined }),
  "events-other": members("another event", { events: { "http://schemas.openid.net/event/other": {} } }),
  "events-text": members("the event in place of an object", { events: EVENT }),
  "nonce-present": members("a `nonce`: it may be an ID token", { nonce: "n" }),
  nobody: members("neither `sub` nor `sid`", { sub: undefined, sid: undefined }),
  "id-token": refused("an ID token", ({ iss, sub, aud, iat, exp }) => ({ iss, sub, aud, iat, exp, nonce: "n" }), (claims) => sign(claims)),
};

/** Makes a logout token of the issuer `iss` for `sub`, `sid` or both. */
export async function logoutToken(variant, iss, aud, { sub, sid, jti = randomUUID() }) {
  const { change = (honest) => honest, how, expect, why } = LOGOUTS[variant];
  const iat = Math.floor(Date.now() / 1000);
  const claims = change({ iss, sub, sid, aud, iat, exp: iat + 120, jti, events: { [EVENT]: {} } });
  return { logout_token: await how(claims), expect, why };
}

function typed(claims) {
  return sign(claims, "rsa", { typ: "logout+jwt" });
}
