//! What scopes mean to the person who is asked about them.

use crate::{context::Context, tokens::Scopes};

/// What a client could do, in sentences, by where it could.
pub(crate) struct Wishes {
    /// With the account of whoever is asked.
    pub(crate) account: Vec<String>,
    /// In the tenant that is meant.
    pub(crate) tenant: Vec<String>,
}

impl Wishes {
    /// Reads them from scopes.
    pub(super) fn of(cx: &Context, scopes: &Scopes) -> Self {
        let own = OWN.iter().filter(|(name, _)| scopes.has(name));
        Self {
            account: own.map(|(_, sentence)| (*sentence).to_owned()).collect(),
            tenant: scopes.permissions().map(|name| cx.policy().about(name)).collect(),
        }
    }
}

/// The scopes that are about a person and not about a tenant, in the order in which one wants to know.
const OWN: [(&str, &str); 4] = [
    ("openid", "Know that it is you when you come back."),
    ("profile", "See your name."),
    ("email", "See your email address."),
    ("offline_access", "Stay connected after you have logged out."),
];

#[test]
fn every_scope_that_is_no_permission_says_something() {
    assert_eq!(OWN.map(|(name, _)| name), Scopes::OPENID);
}
