// Who somebody is said to be: addresses that are not vouched for, and the ways of Google, Microsoft and plain OAuth 2.

const success = { expect: "success" };
const refused = { expect: "refused", at: "claims" };
const unverified = { expect: "unverified" };
const person = (result, why, members, more = {}) => ({
  ...result, why, ...more, person: (honest) => ({ ...honest, ...(typeof members === "function" ? members(honest) : members) }),
});

/** The tenants of Entra: ours, somebody else's, and the one of all personal accounts. */
export const TENANT = "11111111-1111-4111-8111-111111111111";
const FOREIGN = "22222222-2222-4222-8222-222222222222";
const PERSONAL = "9188040d-6c67-4c5b-b112-36a304b66dad";
/** The domain of Google Workspace. */
export const DOMAIN = "corp.example";

const verified = (why, value, result = unverified) => person(result, why, { email_verified: value }, { row: "O-22" });
const address = (why, email) => person(unverified, why, { email, email_verified: true }, { row: "O-22" });
const EMAIL = {
  "email-verified": verified("vouched for", true, success),
  "email-unverified": verified("not vouched for", false),
  "email-verified-absent": verified("nothing is said", undefined),
  "email-verified-null": verified("null", null),
  "email-verified-text": verified('the text "true", which only Apple may send', "true"),
  "email-verified-text-false": verified('the text "false"', "false"),
  "email-verified-number": verified("the number 1", 1),
  "email-verified-list": verified("a list with true", [true]),
  "email-verified-in-id-token": { ...unverified, row: "O-22", lean: true, why: "vouched for in the ID token, the address in userinfo",
    claims: (honest) => ({ ...honest, email_verified: true }), userinfo: (honest) => ({ ...honest, email_verified: undefined }) },
  "email-verified-in-userinfo": { ...unverified, row: "O-22", why: "the address in the ID token, vouched for in userinfo",
    claims: (honest) => ({ ...honest, email_verified: undefined }), userinfo: (honest) => ({ ...honest, email: undefined }) },
  "email-other-in-userinfo": { ...unverified, row: "O-22", lean: true, why: "userinfo has another address than the ID token vouches for",
    claims: (honest) => ({ ...honest, email: "victim@person.example", email_verified: true }),
    userinfo: (honest) => ({ ...honest, email_verified: undefined }) },
  "email-absent": address("no address", undefined),
  "email-empty": address("an empty address", ""),
  "email-list": address("a list of addresses", ["victim@person.example"]),
  "email-number": address("a number", 7),
  "email-malformed": address("no address at all", "nobody"),
  "email-line-break": address("a line break in the address", "a@person.example\r\nBcc: victim@person.example"),
  "email-nul": address("a NUL in the address", "a\u0000@person.example"),
  "name-markup": person(success, "markup for a name", { name: '<script>alert(1)</script>"\u202e' }),
  "name-number": person(success, "a number for a name, which is left out", { name: 7 }),
  "name-nul": person(success, "a NUL in the name, which is left out or cleaned", { name: "A\u0000nn" }),
};

const google = (result, why, members, more = {}) => person(result, why, members, { kind: "google", row: "O-14", ...more });
const GOOGLE = {
  google: google(success, "as Google does it", {}),
  "google-iss-bare": google(success, "`iss` without its scheme", {}, {
    claims: (honest) => ({ ...honest, iss: honest.iss.replace("http://", "") }),
  }),
  "google-iss-other": google(refused, "`iss` of another host", {}, {
    at: "id_token", claims: (honest) => ({ ...honest, iss: "accounts.example" }),
  }),
  "google-hd-missing": google(refused, "no `hd`: a private account with an address of the domain", { hd: undefined }),
  "google-hd-other": google(refused, "another domain", { hd: "other.example" }),
  "google-hd-suffix": google(refused, "a domain that ends like ours", { hd: `exploit${DOMAIN}` }, { row: "O-15" }),
  "google-hd-below": google(refused, "a domain below ours", { hd: `sub.${DOMAIN}` }, { row: "O-15" }),
  "google-hd-prefix": google(refused, "a domain that begins like ours", { hd: `${DOMAIN}.evil.example` }, { row: "O-15" }),
  "google-hd-empty": google(refused, "an empty `hd`", { hd: "" }),
  "google-hd-list": google(refused, "a list with our domain", { hd: [DOMAIN] }),
  "google-email-unverified": google(unverified, "`email_verified` is false", { email_verified: false }, { row: "O-22" }),
};

const entra = (result, why, members, more = {}) => person(result, why, members, { kind: "entra", row: "O-13", ...more });
const edov = (result, why, value) => entra(result, why, { xms_edov: value }, { row: "O-22" });
const from = (why, tid, more = {}) => entra(refused, why, { tid }, more);
const issuedBy = (tenant) => ({ at: "id_token", claims: (honest, { authority }) => ({ ...honest, iss: `${authority}/${tenant}/v2.0` }) });
const ENTRA = {
  entra: entra(success, "our tenant, through the issuer template", {}),
  "entra-foreign-tid": from("a token of a foreign tenant", FOREIGN),
  "entra-personal": from("a token of the tenant of personal accounts", PERSONAL),
  "entra-tid-missing": from("no `tid`; `iss` is ours", undefined, { ...issuedBy(TENANT), at: "claims" }),
  "entra-iss-foreign": entra(refused, "`tid` ours, `iss` foreign", {}, issuedBy(FOREIGN)),
  "entra-tid-foreign-iss-ours": from("`tid` foreign, `iss` ours", FOREIGN, issuedBy(TENANT)),
  "entra-iss-template": entra(refused, "`iss` is the template itself", {}, issuedBy("{tenantid}")),
  "entra-tid-path": from("a path for a `tid`", `${TENANT}/../${FOREIGN}`),
  "entra-edov-true": edov(success, "`xms_edov` is true", true),
  "entra-edov-text": edov(success, '`xms_edov` is the text "1", which Entra is seen to send', "1"),
  "entra-edov-number": edov(success, "`xms_edov` is the number 1, as above", 1),
  "entra-edov-absent": edov(unverified, "no `xms_edov`", undefined),
  "entra-edov-false": edov(unverified, "`xms_edov` is false", false),
  "entra-edov-text-0": edov(unverified, '`xms_edov` is the text "0"', "0"),
  "entra-edov-email-verified": entra(unverified, "`email_verified` in place of `xms_edov`", { xms_edov: undefined, email_verified: true }, {
    row: "O-22",
  }),
};

const plain = (result, why, members, more = {}) => ({
  ...result, kind: "oauth2", row: "O-20", why, ...more, userinfo: (honest) => ({ ...honest, ...members }),
});
const nobody = { expect: "refused", at: "userinfo" };
const PLAIN = {
  oauth2: plain(success, "plain OAuth 2 with an `id` of letters", {}),
  "oauth2-id-number": plain(success, "the `id` is the number 12345, which is the text 12345", { id: 12345 }),
  "oauth2-id-missing": plain(nobody, "no `id`", { id: undefined }),
  "oauth2-id-null": plain(nobody, "the `id` is null", { id: null }),
  "oauth2-id-zero": plain(nobody, "the `id` is 0: whoever has none", { id: 0 }),
  "oauth2-id-empty": plain(nobody, "the `id` is empty", { id: "" }),
  "oauth2-id-blank": plain(nobody, "the `id` is blank", { id: "  " }),
  "oauth2-id-true": plain(nobody, "the `id` is true", { id: true }),
  "oauth2-id-fraction": plain(nobody, "the `id` is 1.5", { id: 1.5 }),
  "oauth2-id-object": plain(nobody, "the `id` is an object", { id: {} }),
  "oauth2-id-list": plain(nobody, "the `id` is a list", { id: ["1"] }),
  "oauth2-error-200": { ...plain(nobody, "an error with status 200", {}), userinfo: () => ({ error: "bad", message: "Bad credentials" }) },
};

const time = (why, change) => ({
  ...success, reauth: "refused", why, claims: (honest) => ({ ...honest, auth_time: change(honest.iat) }),
});
/** A login is fine with these; whoever asked with `max_age` must refuse. */
const AUTH_TIME = {
  "auth-time-now": { ...time("`auth_time` is now", (now) => now), reauth: "success" },
  "auth-time-missing": time("no `auth_time` although `max_age` was asked for", () => undefined),
  "auth-time-old": time("`auth_time` is an hour ago: nobody was asked again", (now) => now - 3600),
  "auth-time-zero": time("`auth_time` is 0, as glewlwyd has it", () => 0),
  "auth-time-future": time("`auth_time` is an hour ahead", (now) => now + 3600),
  "auth-time-text": { ...time("`auth_time` is text", (now) => String(now)), expect: "refused", at: "id_token" },
};

/** Everything about people. */
export const PEOPLE = { ...EMAIL, ...GOOGLE, ...ENTRA, ...PLAIN, ...AUTH_TIME };
