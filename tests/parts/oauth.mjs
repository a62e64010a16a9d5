// Unchanged clients of others against a running Doorward: every grant by `openid-client` and `oauth4webapi`, and the tokens
// verified by `jose`.
//
//   node oauth.mjs < arguments.json
//
// Arguments: issuer, email, password, tenant, audience, and the clients `web` (secret), `native` (none), `service` (secret) and
// `signer` (private_key_jwt, with its private JWK). Writes one JSON object: which steps were done, and access tokens for others to verify.

import * as jose from 'jose';
import * as oauth from 'oauth4webapi';
import * as oidc from 'openid-client';

const given = JSON.parse(await new Response(process.stdin).text());
const { issuer, email, password, tenant, audience, web, native, service, signer } = given;
const origin = new URL(issuer).origin;
const insecure = { [oauth.allowInsecureRequests]: true };
const done = [];

/** A browser of the person: it keeps cookies and agrees to whatever it is asked. */
class Browser {
  cookies = new Map();

  async send(path, form) {
    const headers = { accept: 'application/json', origin, 'sec-fetch-site': 'same-origin', cookie: this.sent() };
    let body;
    if (form) {
      headers['x-csrf-token'] = await this.token();
      headers['content-type'] = 'application/x-www-form-urlencoded';
      body = new URLSearchParams(form).toString();
    }
    headers.cookie = this.sent();
    const response = await fetch(new URL(path, origin), { method: form ? 'POST' : 'GET', headers, body, redirect: 'manual' });
    for (const cookie of response.headers.getSetCookie()) {
      const [pair] = cookie.split(';');
      this.cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
    }
    const json = await response.json();
    if (response.status >= 400) throw new Error(`${path}: ${response.status} ${JSON.stringify(json)}`);
    return json;
  }

  sent() {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  async token() {
    if (!this.loggedIn) return (await this.send('/auth/csrf')).csrf_token;
    return (await this.send('/auth/session')).csrf_token;
  }

  async logIn() {
    await this.send('/auth/login', { email, password });
    this.loggedIn = true;
  }

  /** Goes where a client sends the person, and agrees; the address that the answer leads to. */
  async agree(url) {
    const asked = await this.send(url.pathname + url.search);
    if (asked.redirect_to) return new URL(asked.redirect_to);
    const form = { ...Object.fromEntries(url.searchParams), decision: 'allow' };
    return new URL((await this.send('/auth/oauth/authorize', form)).redirect_to);
  }
}

const person = new Browser();
await person.logIn();

const metadata = { id_token_signed_response_alg: 'EdDSA' };
const configured = (client, authentication) =>
  oidc.discovery(new URL(issuer), client.id, metadata, authentication, { execute: [oidc.allowInsecureRequests] });

/** The code grant of a client as `openid-client` does it; `how` makes the address of the request. */
async function code(config, client, scope, options = {}, how = oidc.buildAuthorizationUrl) {
  const pkceCodeVerifier = oidc.randomPKCECodeVerifier();
  const [expectedState, expectedNonce] = [oidc.randomState(), oidc.randomNonce()];
  const url = await how(config, {
    redirect_uri: client.redirect_uri,
    scope,
    tenant,
    code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: expectedState,
    nonce: expectedNonce,
  });
  const checks = { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true };
  return oidc.authorizationCodeGrant(config, await person.agree(url), checks, undefined, options);
}

const everything = 'openid profile email offline_access tenant:read';

// openid-client: code, userinfo, renewal, introspection, revocation.
const ofWeb = await configured(web, oidc.ClientSecretBasic(web.secret));
const first = await code(ofWeb, web, everything);
const { sub } = first.claims();
const about = await oidc.fetchUserInfo(ofWeb, first.access_token, sub);
if (about.email !== email || about.email_verified !== true) throw new Error(JSON.stringify(about));
const renewed = await oidc.refreshTokenGrant(ofWeb, first.refresh_token);
if (renewed.refresh_token === first.refresh_token) throw new Error('the refresh token stayed');
const told = await oidc.tokenIntrospection(ofWeb, renewed.access_token);
if (!told.active || told.sub !== sub) throw new Error(JSON.stringify(told));
await oidc.tokenRevocation(ofWeb, renewed.refresh_token);
if ((await oidc.tokenIntrospection(ofWeb, renewed.access_token)).active) throw new Error('it was taken back');
done.push('openid-client: code, userinfo, refresh, introspection, revocation');

await code(ofWeb, web, everything, {}, oidc.buildAuthorizationUrlWithPAR);
done.push('openid-client: pushed authorization request');

const posting = await configured(web, oidc.ClientSecretPost(web.secret));
await code(posting, web, 'openid');
done.push('openid-client: client_secret_post');

const ofNative = await configured(native, oidc.None());
const key = await oidc.randomDPoPKeyPair();
const DPoP = oidc.getDPoPHandle(ofNative, key);
const bound = await code(ofNative, native, everything, { DPoP });
if (bound.token_type !== 'dpop') throw new Error(bound.token_type);
await oidc.fetchUserInfo(ofNative, bound.access_token, sub, { DPoP });
await oidc.refreshTokenGrant(ofNative, bound.refresh_token, undefined, { DPoP });
done.push('openid-client: public client with DPoP: code, userinfo, refresh');

const waiting = await oidc.initiateDeviceAuthorization(ofNative, { scope: 'openid offline_access tenant:read' });
await person.send('/auth/device/decide', { user_code: waiting.user_code, decision: 'allow', choice: tenant });
const ofDevice = await oidc.pollDeviceAuthorizationGrant(ofNative, { ...waiting, interval: 1 });
if (!ofDevice.refresh_token) throw new Error('the device cannot renew');
done.push('openid-client: device authorization');

const ofService = await configured(service, oidc.ClientSecretBasic(service.secret));
const itself = await oidc.clientCredentialsGrant(ofService, { scope: 'tenant:read' });
done.push('openid-client: client credentials');

const signing = await crypto.subtle.importKey('jwk', signer.jwk, { name: 'Ed25519' }, false, ['sign']);
const ofSigner = await configured(signer, oidc.PrivateKeyJwt({ key: signing, kid: signer.jwk.kid }));
await oidc.clientCredentialsGrant(ofSigner, { scope: 'tenant:read' });
done.push('openid-client: private_key_jwt');

// oauth4webapi: found by RFC 8414, then code, renewal and client credentials.
const url = new URL(issuer);
const discovered = await oauth.discoveryRequest(url, { algorithm: 'oauth2', ...insecure });
const server = await oauth.processDiscoveryResponse(url, discovered);
const client = { client_id: web.id, id_token_signed_response_alg: 'EdDSA' };
const secret = oauth.ClientSecretBasic(web.secret);
const verifier = oauth.generateRandomCodeVerifier();
const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()];
const ask = new URL(server.authorization_endpoint);
ask.search = new URLSearchParams({
  client_id: web.id,
  redirect_uri: web.redirect_uri,
  response_type: 'code',
  scope: everything,
  tenant,
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
  state,
  nonce,
}).toString();
const parameters = oauth.validateAuthResponse(server, client, await person.agree(ask), state);
const exchanged = await oauth.authorizationCodeGrantRequest(server, client, secret, parameters, web.redirect_uri, verifier, insecure);
const tokens = await oauth.processAuthorizationCodeResponse(server, client, exchanged, { expectedNonce: nonce, requireIdToken: true });
const request = new Request(audience, { headers: { authorization: `Bearer ${tokens.access_token}` } });
const claims = await oauth.validateJwtAccessToken(server, request, audience, { ...insecure, signingAlgorithms: ['EdDSA'] });
if (claims.sub !== sub) throw new Error(JSON.stringify(claims));
const next = await oauth.refreshTokenGrantRequest(server, client, secret, tokens.refresh_token, insecure);
await oauth.processRefreshTokenResponse(server, client, next);
const asked = new URLSearchParams({ scope: 'tenant:read' });
const credentials = await oauth.clientCredentialsGrantRequest(
  server, { client_id: service.id }, oauth.ClientSecretPost(service.secret), asked, insecure,
);
await oauth.processClientCredentialsResponse(server, { client_id: service.id }, credentials);
done.push('oauth4webapi: discovery, code, access token, refresh, client credentials');

// jose: our tokens through the key set.
const keys = jose.createRemoteJWKSet(new URL(server.jwks_uri));
for (const token of [first.access_token, itself.access_token]) {
  const verified = await jose.jwtVerify(token, keys, { issuer, audience, typ: 'at+jwt', algorithms: ['EdDSA'] });
  if (!verified.payload.permissions.includes('tenant:read')) throw new Error(JSON.stringify(verified.payload));
}
await jose.jwtVerify(first.id_token, keys, { issuer, audience: web.id, algorithms: ['EdDSA'] });
done.push('jose: access tokens and ID token');

console.log(JSON.stringify({ done, jwks_uri: server.jwks_uri, tokens: [first.access_token, itself.access_token] }));
