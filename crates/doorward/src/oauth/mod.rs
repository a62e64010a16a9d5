//! What do clients ask us for? The endpoints at which programs get, check and give back tokens.
//!
//! They speak OAuth 2.1 with RFC 9700 in mind: no implicit grant and no password grant exist. A client proves itself, or is a
//! public one; what it has to exchange decides what it gets, and `tokens` makes it.
//!
//! - `oauth/any-client`: Certified clients of others, unchanged, complete every grant, and libraries of others verify the tokens.
//! - `oauth/no-cookies`: These endpoints look at no cookie, so a page of another site has nothing to use there.
//! - `oauth/own-words`: They answer in the words of RFC 6749, also when something is wrong on our side.
//! - `oauth/only-what-is-registered`: A client gets tokens in the ways, with the scopes and for the resources that it is registered for.
//! - `oauth/service`: A service gets a token for itself, in its own tenant, and no refresh token with it.
//! - `oauth/exchange`: An API key gets an access token and nothing else, with no proof but itself and in its own words.
//! - `oauth/introspection`: Whoever protects a resource learns what holds now of a token for that resource, and of no other.
//! - `oauth/revocation`: A client gives back what it was given, and nothing of another's.

mod asked;
mod exchange;
pub(crate) mod http;

#[cfg(test)]
mod tests;
