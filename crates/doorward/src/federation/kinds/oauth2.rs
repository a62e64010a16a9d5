//! Plain OAuth 2: addresses and a document about the person, whose fields the settings describe.

use doorward_core::EmailAddress;
use serde_json::Value;
use url::Url;

use super::{
    super::{
        rules::{Identity, Reason, Said, is_subject},
        settings::Written,
    },
    Kind, Mistake, Way,
};

pub(super) struct OAuth2;

impl Kind for OAuth2 {
    fn name(&self) -> &'static str {
        "oauth2"
    }

    fn label(&self) -> &'static str {
        "OAuth"
    }

    fn mark(&self) -> &'static str {
        include_str!("oauth2.svg")
    }

    fn keys(&self) -> &'static [&'static str] {
        &[
            "authorization_endpoint",
            "token_endpoint",
            "userinfo_endpoint",
            "subject_field",
            "subject_shape",
            "email_field",
            "email_verified_field",
            "name_field",
        ]
    }

    fn way(&self, written: &Written) -> Result<Way, Mistake> {
        let known = ["text", "number"].contains(&written.subject_shape.as_str());
        if !known {
            return Err(Mistake(
                "subject_shape",
                "it is neither `text` nor `number`",
                "Write what the provider sends.",
            ));
        }
        if written.issuer.is_empty() {
            let cure = "Write a name for the provider that stays, such as its address: people are known by it.";
            return Err(Mistake("issuer", "there is none", cure));
        }
        let endpoint = |key, text: &str| {
            Url::parse(text)
                .map_err(|_| Mistake(key, "it is no address", "Write it as the provider's documents say it."))
        };
        Ok(Way::OAuth {
            issuer: written.issuer.clone(),
            authorization: endpoint("authorization_endpoint", &written.authorization_endpoint)?,
            token: endpoint("token_endpoint", &written.token_endpoint)?,
            documents: vec![endpoint("userinfo_endpoint", &written.userinfo_endpoint)?],
        })
    }

    fn scopes(&self) -> &'static [&'static str] {
        &[]
    }

    fn read(&self, written: &Written, issuer: &str, documents: &[Value]) -> Result<Said, Reason> {
        let [user] = documents else { return Err(Reason::UserinfoMalformed) };
        let found =
            |path: &str| if path.is_empty() { None } else { user.pointer(&format!("/{}", path.replace('.', "/"))) };
        let said = |path: &str| found(path).and_then(Value::as_str).unwrap_or_default();
        // A number and a text that look alike would be two people, so only one of the two is taken.
        let subject = match written.subject_shape.as_str() {
            "number" => {
                found(&written.subject_field).and_then(Value::as_u64).filter(|id| *id > 0).map(|id| id.to_string())
            }
            _ => Some(said(&written.subject_field).to_owned()).filter(|id| is_subject(id)),
        };
        Ok(Said {
            identity: Identity { issuer: issuer.to_owned(), subject: subject.ok_or(Reason::Subject)? },
            email: EmailAddress::parse(said(&written.email_field)).ok(),
            vouched: found(&written.email_verified_field) == Some(&Value::Bool(true)),
            name: said(&written.name_field).to_owned(),
            proved_at: None,
            handed: None,
            sid: None,
            organisation: None,
            claims: None,
        })
    }
}
