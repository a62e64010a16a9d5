//! Any OpenID Connect provider, found by discovery at its issuer.

use super::{super::settings::Written, Kind, Mistake, Way};

pub(super) struct OpenId;

impl Kind for OpenId {
    fn name(&self) -> &'static str {
        "openid"
    }

    fn label(&self) -> &'static str {
        "OpenID"
    }

    fn mark(&self) -> &'static str {
        include_str!("openid.svg")
    }

    fn keys(&self) -> &'static [&'static str] {
        &[]
    }

    fn way(&self, written: &Written) -> Result<Way, Mistake> {
        let cure =
            "Write the provider's issuer exactly as its discovery document says it, such as https://id.example.com.";
        match written.issuer.as_str() {
            "" => Err(Mistake("issuer", "there is none", cure)),
            issuer => Ok(Way::of_issuer(issuer)),
        }
    }

    fn scopes(&self) -> &'static [&'static str] {
        &["email", "profile"]
    }

    fn proves_anew(&self) -> bool {
        true
    }
}
