// Faults of the ID token: its claims, its signature, and the keys to check it with.

import { jwk, mac, pair, publicText, sign, spoiled, swapped, unsigned } from "./keys.mjs";

const refused = { expect: "refused", at: "id_token" };
const success = { expect: "success" };
const claims = (why, members, more = {}) => ({
  ...refused, why, ...more,
  claims: (honest, login) => ({ ...honest, ...(typeof members === "function" ? members(honest, login) : members) }),
});
const signed = (why, how, more = {}) => ({ ...refused, row: "O-16", why, ...more, sign: how });

const CLAIMS = {
  "invalid-iss": claims("`iss` is another issuer", { iss: "https://mallory.example" }, { module: "invalid-iss" }),
  "missing-iss": claims("no `iss`", { iss: undefined }),
  "iss-slash": claims("`iss` with a slash at its end", ({ iss }) => ({ iss: `${iss}/` })),
  "iss-without-scheme": claims("`iss` without its scheme, which only Google may do", ({ iss }) => ({ iss: iss.replace("http://", "") })),
  "invalid-aud": claims("`aud` is another client", { aud: "somebody-else" }, { module: "invalid-aud" }),
  "missing-aud": claims("no `aud`", { aud: undefined }, { module: "missing-aud" }),
  "aud-empty": claims("`aud` is an empty list", { aud: [] }, { row: "O-16" }),
  "aud-array": claims("`aud` is a list of us alone, as Core 2 allows", ({ aud }) => ({ aud: [aud] }), success),
  "aud-stranger": claims("`aud` lists a stranger beside us", ({ aud }) => ({ aud: [aud, "stranger"] }), { row: "O-16" }),
  "aud-stranger-azp": claims("the same with `azp` ours", ({ aud }) => ({ aud: [aud, "stranger"], azp: aud }), { row: "O-16" }),
  "azp-right": claims("`azp` is us", ({ aud }) => ({ azp: aud }), success),
  "azp-wrong": claims("`azp` is another client", { azp: "stranger" }, { row: "O-16" }),
  "missing-sub": claims("no `sub`", { sub: undefined }, { module: "missing-sub", row: "O-20" }),
  "sub-empty": claims("`sub` is empty", { sub: "" }, { row: "O-20" }),
  "sub-number": claims("`sub` is a number", { sub: 12345 }, { row: "O-20" }),
  "sub-null": claims("`sub` is null", { sub: null }, { row: "O-20" }),
  "sub-list": claims("`sub` is a list", ({ sub }) => ({ sub: [sub] }), { row: "O-20" }),
  "sub-long": claims("`sub` has 256 characters; Core 2 allows 255", { sub: "s".repeat(256) }),
  "sub-nul": claims("`sub` has a NUL, which PostgreSQL cannot store", { sub: "per\u0000son" }),
  "missing-iat": claims("no `iat`", { iat: undefined }, { module: "missing-iat" }),
  "iat-future": claims("`iat` is an hour ahead", ({ iat }) => ({ iat: iat + 3600, exp: iat + 7200 }), { row: "O-16" }),
  "iat-text": claims("`iat` is text", ({ iat }) => ({ iat: String(iat) })),
  "missing-exp": claims("no `exp`", { exp: undefined }, { row: "O-16" }),
  expired: claims("expired an hour ago", ({ iat }) => ({ iat: iat - 7200, exp: iat - 3600 }), { row: "O-16" }),
  "exp-text": claims("`exp` is text", ({ exp }) => ({ exp: String(exp) })),
  "nbf-future": claims("not valid for another hour", ({ iat }) => ({ nbf: iat + 3600, exp: iat + 7200 }), { row: "O-16" }),
  "nonce-invalid": claims("`nonce` of somebody else", { nonce: "somebody-else" }, { module: "nonce-invalid", row: "O-09" }),
  "nonce-missing": claims("no `nonce`", { nonce: undefined }, { row: "O-09" }),
  "nonce-empty": claims("`nonce` is empty", { nonce: "" }, { row: "O-09" }),
  "nonce-array": claims("`nonce` is a list with the right one", ({ nonce }) => ({ nonce: [nonce, "x"] }), { row: "O-09" }),
  "nonce-reused": claims("the `nonce` of the first login comes again", (honest, { first }) => ({ nonce: first.nonce }), {
    row: "O-09", logins: 2,
  }),
  replayed: signed("the ID token of the first login comes again", (honest, { fault }) => (fault.kept ??= sign(honest)), {
    row: "O-09", logins: 2,
  }),
};

const SIGNATURES = {
  "idtoken-sig-rs256": { ...success, module: "idtoken-sig-rs256", why: "an honest RS256 signature" },
  "sig-es256": { ...success, why: "an honest ES256 signature", ...signedBy("es") },
  "sig-eddsa": { ...success, why: "an honest EdDSA signature", ...signedBy("ed") },
  "idtoken-sig-none": signed("alg none", (honest) => unsigned(honest), { module: "idtoken-sig-none" }),
  "sig-none-spelt": signed("alg nOnE", (honest) => unsigned(honest, "nOnE")),
  "sig-empty": signed("RS256 in the header, no signature", (honest) => unsigned(honest, "RS256")),
  "sig-hs256-secret": signed("HS256 with the client's secret", (honest, { client }) => mac(honest, client.client_secret)),
  "sig-hs256-public": signed("HS256 with the public key as secret", async (honest) => mac(honest, await publicText())),
  "invalid-sig-rs256": signed("a spoiled RS256 signature", async (honest) => spoiled(await sign(honest)), {
    module: "invalid-sig-rs256",
  }),
  "invalid-sig-es256": { ...refused, ...signedBy("es", async (honest) => spoiled(await sign(honest, "es"))), module: "invalid-sig-es256",
    row: "O-16", why: "a spoiled ES256 signature" },
  "sig-swapped": signed("other claims under an honest signature", async (honest) =>
    swapped(await sign(honest), { ...honest, sub: "victim" })),
  "sig-stranger": signed("a stranger's key under our key's name", (honest) => sign(honest, "stranger", { kid: "rsa" })),
  "sig-jwk-header": signed("the stranger's key comes in the header", async (honest) =>
    sign(honest, "stranger", { jwk: await jwk("stranger") })),
  "sig-jku-header": signed("the header says where the stranger's key is", (honest, { trap }) => sign(honest, "stranger", { jku: trap }), {
    max: { trap: 0 },
  }),
  "sig-x5u-header": signed("the same with `x5u`", (honest, { trap }) => sign(honest, "stranger", { x5u: trap }), { max: { trap: 0 } }),
  "sig-crit": signed("a critical header that nobody knows", (honest) => sign(honest, "rsa", { crit: ["x"], x: 1 }, { crit: { x: true } })),
  "sig-parts": signed("a fourth part behind the signature", async (honest) => `${await sign(honest)}.e30`),
  "alg-mismatch": signed("ES256 by the name of an RSA key", (honest) => sign(honest, "es", { kid: "rsa" })),
  "kid-unknown": signed("a `kid` that is in no key set", (honest) => sign(honest, "stranger", { kid: "unknown" }), { max: { jwks: 2 } }),
  "kid-flood": signed("another unknown `kid` every time", (honest) => sign(honest, "stranger", { kid: crypto.randomUUID() }), {
    row: "O-17", logins: 6, first: "refused", max: { jwks: 2 },
  }),
  "kid-absent-single-jwks": signed("no `kid`, one key", withoutKid, {
    ...success, module: "kid-absent-single-jwks", row: undefined,
  }),
  "kid-absent-multiple-jwks": signed("no `kid`, two keys (Core 10.1); the suite takes either", withoutKid, {
    module: "kid-absent-multiple-jwks", keys: async () => [await jwk("rsa-2"), await jwk("rsa")],
  }),
};

const KEYS = {
  "signing-key-rotation": { ...success, module: "signing-key-rotation", logins: 2, why: "the key is another one at the second login",
    keys: async ({ logins }) => [await jwk(logins > 1 ? "rsa-2" : "rsa")],
    sign: (honest, { fault }) => sign(honest, fault.logins > 1 ? "rsa-2" : "rsa") },
  "jwks-none": { ...refused, why: "an empty key set", keys: () => [] },
  "jwks-10000": { ...refused, row: "O-32", why: "10,000 keys, ours the last", keys: async () => {
    const other = await jwk("rsa-2");
    return [...Array.from({ length: 9999 }, (none, index) => ({ ...other, kid: `other-${index}` })), await jwk("rsa")];
  } },
  "jwks-for-encryption": { ...refused, why: "our key is for encryption",
    keys: async () => [await jwk("rsa", { use: "enc", alg: "RSA-OAEP" })] },
  "jwks-symmetric": { ...refused, row: "O-16", why: "the set has a secret, and the token is made with it",
    keys: () => [{ kty: "oct", kid: "rsa", alg: "HS256", k: Buffer.from("a secret that everybody knows..").toString("base64url") }],
    sign: (honest) => mac(honest, "a secret that everybody knows..") },
  "jwks-with-strange-keys": { ...success, why: "keys of kinds to come stand beside ours, as RFC 7517 5 has it",
    keys: async () => [{ kty: "XYZ", kid: "odd" }, { kty: "OKP", crv: "Ed9000", kid: "new", x: "AA" }, await jwk("rsa")] },
};

/** Everything about ID tokens. */
export const ID_TOKEN = { ...CLAIMS, ...SIGNATURES, ...KEYS };

function withoutKid(honest) {
  return sign(honest, "rsa", { kid: undefined });
}

function signedBy(name, how = (honest) => sign(honest, name)) {
  return { keys: async () => [await jwk(name)], sign: how, discovery: (document) => ({
    ...document, id_token_signing_alg_values_supported: [name === "es" ? "ES256" : "EdDSA"],
  }) };
}

/** Makes the key that everybody waits for. */
export const ready = () => pair("rsa");
