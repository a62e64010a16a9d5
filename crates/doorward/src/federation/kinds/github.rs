//! GitHub: OAuth 2 with documents of its own (docs.github.com, "REST API endpoints for users" and "for emails").
//!
//! The address in a person's profile is what they like to show, or `null`. What counts is the list of addresses: of these GitHub
//! vouches for the ones that are verified, and the primary one is theirs.

use doorward_core::EmailAddress;
use serde_json::Value;

use super::{
    super::{
        rules::{Identity, Reason, Said},
        settings::Written,
    },
    Kind, Mistake, Way, below, text,
};

pub(super) struct GitHub;

impl Kind for GitHub {
    fn name(&self) -> &'static str {
        "github"
    }

    fn label(&self) -> &'static str {
        "GitHub"
    }

    fn mark(&self) -> &'static str {
        include_str!("github.svg")
    }

    fn keys(&self) -> &'static [&'static str] {
        &["api"]
    }

    fn way(&self, written: &Written) -> Result<Way, Mistake> {
        let issuer = written.issuer_or(SITE);
        // A GitHub of one's own has its interface below its own address.
        let own = format!("{}/api/v3", issuer.trim_end_matches('/'));
        let api = match (written.api.as_str(), issuer) {
            ("", SITE) => "https://api.github.com",
            ("", _) => &own,
            (api, _) => api,
        };
        Ok(Way::OAuth {
            issuer: issuer.to_owned(),
            authorization: below(issuer, "/login/oauth/authorize")?,
            token: below(issuer, "/login/oauth/access_token")?,
            documents: vec![below(api, "/user")?, below(api, "/user/emails")?],
        })
    }

    fn scopes(&self) -> &'static [&'static str] {
        &["read:user", "user:email"]
    }

    fn read(&self, _: &Written, issuer: &str, documents: &[Value]) -> Result<Said, Reason> {
        let [user, emails] = documents else { return Err(Reason::UserinfoMalformed) };
        let id = user.get("id").and_then(Value::as_u64).filter(|id| *id > 0).ok_or(Reason::Subject)?;
        let emails = emails.as_array().ok_or(Reason::UserinfoMalformed)?;
        let is = |email: &Value, what: &str| email.get(what) == Some(&Value::Bool(true));
        let primary = emails.iter().find(|email| is(email, "primary"));
        let name = text(user, "name").or_else(|| text(user, "login")).unwrap_or_default();
        Ok(Said {
            identity: Identity { issuer: issuer.to_owned(), subject: id.to_string() },
            email: primary.and_then(|email| EmailAddress::parse(text(email, "email")?).ok()),
            vouched: primary.is_some_and(|email| is(email, "verified")),
            name: name.to_owned(),
            proved_at: None,
            handed: None,
            sid: None,
            organisation: None,
            claims: None,
        })
    }
}

const SITE: &str = "https://github.com";
