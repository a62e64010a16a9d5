//! Microsoft Entra ID: the people of the tenants that are listed.
//!
//! With several tenants everybody comes by one address, whose document names the issuer with `{tenantid}` in it. So the issuer of
//! a token is checked against its own claim `tid`, and that against the list: a token of any other tenant has a signature of the
//! same keys.

use doorward_core::EmailAddress;
use doorward_verify::jws::Claims;
use serde_json::Value;

use super::{
    super::{rules::Reason, settings::Written},
    Kind, Mistake, Way,
};

pub(super) struct Entra;

impl Kind for Entra {
    fn name(&self) -> &'static str {
        "entra"
    }

    fn label(&self) -> &'static str {
        "Microsoft"
    }

    fn mark(&self) -> &'static str {
        include_str!("entra.svg")
    }

    fn keys(&self) -> &'static [&'static str] {
        &["tenants"]
    }

    fn way(&self, written: &Written) -> Result<Way, Mistake> {
        let authority = written.issuer_or("https://login.microsoftonline.com").trim_end_matches('/');
        let is_id = |id: &String| id.len() == 36 && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f' | b'-'));
        let cure = "List the ids of the tenants whose people may come in, as the portal shows them, in small letters.";
        match written.tenants.as_slice() {
            [] => Err(Mistake("tenants", "there is none, so anybody with a Microsoft account could come in", cure)),
            some if !some.iter().all(is_id) => Err(Mistake("tenants", "one of them is no id of a tenant", cure)),
            [one] => Ok(Way::of_issuer(&format!("{authority}/{one}/v2.0"))),
            _ => Ok(Way::OpenId {
                place: format!("{authority}/organizations/v2.0"),
                issuer: format!("{authority}/{TEMPLATE}/v2.0"),
            }),
        }
    }

    fn scopes(&self) -> &'static [&'static str] {
        &["email", "profile"]
    }

    fn proves_anew(&self) -> bool {
        true
    }

    fn issuer_of(&self, written: &Written, issuer: &str, claims: &Claims) -> Result<String, Reason> {
        let tenant = claims.get("tid").and_then(Value::as_str).unwrap_or_default();
        match written.tenants.iter().any(|one| one == tenant) {
            true => Ok(issuer.replace(TEMPLATE, tenant)),
            false => Err(Reason::TenantNotAllowed),
        }
    }

    fn organisation(&self, claims: &Claims) -> Option<String> {
        claims.get("tid").and_then(Value::as_str).map(str::to_owned)
    }

    /// The address is what an administrator has written, of any domain, unless the token says that its owner was asked: the claim
    /// `xms_edov` is there when the application asks for it, as a flag, a number or a text.
    fn vouches(&self, claims: &Claims) -> bool {
        let edov = claims.get("xms_edov");
        let owner_verified = edov == Some(&Value::Bool(true))
            || edov.and_then(Value::as_u64) == Some(1)
            || edov.and_then(Value::as_str).is_some_and(|text| matches!(text, "1" | "true"));
        let address = claims.get("email").and_then(Value::as_str);
        owner_verified && address.is_some_and(|text| EmailAddress::parse(text).is_ok())
    }
}

const TEMPLATE: &str = "{tenantid}";
