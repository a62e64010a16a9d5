//! May somebody come in through a provider? Signing in with Google, GitHub, Entra ID, GitLab and any OpenID provider.
//!
//! - `federation/own-session`: Who comes in by a provider has a session of ours; no token of the provider is shown, nor kept unasked.
//! - `federation/bound`: An answer counts in the browser and with the provider where it was begun, once, for ten minutes.
//! - `federation/secrets-unseen`: Every way has a PKCE challenge and a nonce of its own, whose secrets are neither stored nor seen.
//! - `federation/one-issuer`: An answer of another provider, or one that does not say whose it is although it must, gets no code.
//! - `federation/id-token`: An ID token is believed after every check of OpenID Connect Core 3.1.3.7, with four algorithms and no more.
//! - `federation/keys-once-a-minute`: Unknown keys make us fetch a provider's at most once a minute.
//! - `federation/fails-closed`: A provider that does not answer, or as it should not, lets nobody in; each such end is one event.
//! - `federation/by-identity`: Who it is says the issuer and the subject, never an address; two first logins make one account.
//! - `federation/never-merged`: An address that has an account is not handed to whoever a provider says it belongs to.
//! - `federation/vouched`: An address counts as the person's only when the provider vouches for it in its own way.
//! - `federation/no-squatters`: What strangers have begun with an address dies when its owner comes by a provider, or resets it.
//! - `federation/limits`: Only people of the tenants and domains that are listed come in, compared as a whole.
//! - `federation/disabled-stays-out`: A disabled account stays out, whatever a provider says.
//! - `federation/proved-anew`: A provider proves somebody anew only when it says that it has asked them just now.
//! - `federation/real-forms`: People come in through the real forms of two OpenID providers and a GitHub, or say no.
//! - `federation/clean-address`: The answer leaves no code in the address bar, and none in a referrer.
//! - `federation/five-lines`: A provider of a known kind is five lines of settings.
//!
//! Against: mix-up, forged answers, hostile providers, prepared accounts, merging by address, and tenants that become others by theirs.
//!
//! `kinds` tells providers apart, `settings` and `brought` make them, `metadata` and `kept` learn about them, `protocol` and `claims`
//! speak with them, `flow` goes there and back, `signing_in`, `linking`, `recheck`, `handed` are what comes of it; `trial` tries one.

mod answer;
mod backchannel;
mod brought;
mod claims;
mod flow;
mod handed;
pub(crate) mod http;
mod kept;
mod kinds;
mod letters;
mod linking;
mod metadata;
mod protocol;
mod provider;
mod recheck;
mod rules;
mod settings;
mod signing_in;
mod store;
mod trial;

pub(crate) use brought::{Brought, BroughtDenied, Terms, kinds, mark_of};
pub(crate) use handed::token;
pub use handed::{ProviderToken, ProviderTokenError};
pub(crate) use letters::COMPOSERS;
pub(crate) use linking::{end_foreign, forget_provider, provers};
pub(crate) use provider::{Provider, Registry};
pub(crate) use rules::{Identity, not_here};
pub use settings::Settings;
pub(crate) use store::{MIGRATIONS, forget_account, identities_of, purge};
pub use trial::{Check, Found, Trial};
pub(crate) use trial::{Tried, try_out};

#[cfg(test)]
mod tests;
