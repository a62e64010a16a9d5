// Faults of the authorization endpoint: what comes back through the browser. No code may be sent anywhere after them.

const back = (why, change, more = {}) => ({ expect: "refused", at: "callback", why, ...more, answer: change });
const replace = (name, ...values) => (pairs) => [...pairs.filter(([key]) => key !== name), ...values.map((value) => [name, value])];
const also = (name, value) => (pairs) => [...pairs, [name, value]];
const error = (code, more = {}) => (pairs) => [...pairs.filter(([key]) => key !== "code"), ["error", code], ...Object.entries(more)];
const silent = (document) => ({ ...document, authorization_response_iss_parameter_supported: undefined });

export const CALLBACK = {
  "state-missing": back("no state", replace("state"), { row: "O-01" }),
  "state-empty": back("an empty state", replace("state", ""), { row: "O-01" }),
  "state-wrong": back("another state", replace("state", "somebody-else"), { row: "O-02" }),
  "state-doubled": back("the right state and another", also("state", "somebody-else"), { row: "O-02" }),
  "code-missing": back("neither code nor error", replace("code")),
  "code-empty": back("an empty code", replace("code", "")),
  "code-doubled": back("the right code and another", also("code", "somebody-else")),
  "code-huge": back("a code of 20,000 characters", replace("code", "c".repeat(20_000))),
  "iss-wrong": back("`iss` of another issuer", replace("iss", "https://mallory.example"), { row: "O-10" }),
  "iss-param-slash": back("`iss` with a slash at its end", (pairs, { issuer }) => replace("iss", `${issuer}/`)(pairs), { row: "O-10" }),
  "iss-empty": back("an empty `iss`", replace("iss", ""), { row: "O-10" }),
  "iss-absent": back("no `iss` although the metadata promises it", replace("iss"), { row: "O-10" }),
  "iss-doubled": back("the right `iss` and another", also("iss", "https://mallory.example"), { row: "O-10" }),
  "iss-unpromised-wrong": back("`iss` of another issuer, and no promise", replace("iss", "https://mallory.example"), {
    row: "O-10", discovery: silent,
  }),
  "iss-unpromised-absent": back("neither `iss` nor promise", replace("iss"), { expect: "success", discovery: silent }),
  "iss-unpromised-right": back("the right `iss` and no promise", (pairs) => pairs, { expect: "success", discovery: silent }),
  "mix-up": { expect: "refused", at: "callback", row: "O-10", sendsTo: "honest",
    why: "sends the browser on to the issuer `honest`, whose code comes back where ours is expected" },
  "error-access-denied": back("the person said no", error("access_denied")),
  "error-login-required": back("nobody is logged in there", error("login_required")),
  "error-server-error": back("the provider failed", error("server_error")),
  "error-temporarily-unavailable": back("the provider is busy", error("temporarily_unavailable")),
  "error-unknown": back("an error that nobody knows", error("out_of_cheese")),
  "error-markup": back("markup in the error and its description", error("<b>x</b>", {
    error_description: "<script>alert(1)</script>", error_uri: "javascript:alert(1)",
  })),
  "error-and-code": back("an error beside a code", also("error", "access_denied")),
  "error-state-wrong": back("an error with another state", (pairs) => replace("state", "somebody-else")(error("access_denied")(pairs))),
};
