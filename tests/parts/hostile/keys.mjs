// Keys of the provider and of strangers, and signatures right and wrong.

import { CompactSign, exportJWK, exportSPKI, generateKeyPair } from "jose";

const made = new Map();

/** A key pair by name, made when it is first asked for: `rsa`, `rsa-2`, `es`, `ed` and `stranger` (RSA). */
export function pair(name) {
  if (!made.has(name)) made.set(name, generateKeyPair(ALGS[name], { extractable: true }));
  return made.get(name);
}

const ALGS = { rsa: "RS256", "rsa-2": "RS256", es: "ES256", ed: "EdDSA", stranger: "RS256" };

/** The public half as it stands in a key set. */
export async function jwk(name, more = {}) {
  return { ...(await exportJWK((await pair(name)).publicKey)), kid: name, alg: ALGS[name], use: "sig", ...more };
}

/** Signs claims with a key by name; members of `header` that are undefined are left out. */
export async function sign(claims, name = "rsa", header = {}, options = undefined) {
  const { privateKey } = await pair(name);
  return compact(claims, privateKey, { alg: ALGS[name], kid: name, ...header }, options);
}

/** Signs with a secret, as if the algorithm were symmetric. */
export function mac(claims, secret) {
  return compact(claims, new TextEncoder().encode(secret), { alg: "HS256", kid: "rsa" });
}

/** The public key as text, which some verifiers would take for an HMAC secret. */
export async function publicText() {
  return exportSPKI((await pair("rsa")).publicKey);
}

/** A token without a signature, under whatever spelling of `none`. */
export function unsigned(claims, alg = "none") {
  return `${part({ alg, typ: "JWT" })}.${part(claims)}.`;
}

/** Spoils the signature of a token. */
export function spoiled(token) {
  const [head, body, signature] = token.split(".");
  const bytes = Buffer.from(signature, "base64url");
  bytes[bytes.length >> 1] ^= 1;
  return `${head}.${body}.${bytes.toString("base64url")}`;
}

/** Puts other claims under an honest signature. */
export function swapped(token, claims) {
  const [head, , signature] = token.split(".");
  return `${head}.${part(claims)}.${signature}`;
}

function compact(claims, key, header, options) {
  const bytes = new TextEncoder().encode(JSON.stringify(claims));
  const given = Object.fromEntries(Object.entries(header).filter(([, value]) => value !== undefined));
  return new CompactSign(bytes).setProtectedHeader({ typ: "JWT", ...given }).sign(key, options);
}

function part(value) {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
