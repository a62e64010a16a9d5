//! What a browser brings back from a provider: the answer to an authorization request (RFC 6749 section 4.1.2, RFC 9207).
//!
//! It is read by rules of its own, because it is not ours: names that we do not know are ignored, and a name that comes twice
//! makes all of it void, whatever it is.

use std::collections::BTreeMap;

use zeroize::Zeroizing;

use super::rules::Reason;

/// An answer with each name once.
#[derive(Default)]
pub(super) struct Answer(BTreeMap<String, Zeroizing<String>>);

impl Answer {
    /// Reads a query or a form.
    pub(super) fn read(text: &str) -> Result<Self, Reason> {
        let mut parts = BTreeMap::new();
        if text.len() > MAX_LENGTH {
            return Err(Reason::AnswerMalformed);
        }
        for (name, value) in url::form_urlencoded::parse(text.as_bytes()) {
            if parts.insert(name.into_owned(), Zeroizing::new(value.into_owned())).is_some() || parts.len() > MAX_PARTS
            {
                return Err(Reason::AnswerMalformed);
            }
        }
        Ok(Self(parts))
    }

    /// One part, when it is there and says anything.
    pub(super) fn part(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.as_str()).filter(|value| !value.is_empty())
    }

    /// The code; or why there is none.
    pub(super) fn code(&self) -> Result<&str, Reason> {
        match (self.part("error"), self.part("code")) {
            (Some("access_denied" | "user_cancelled_authorize" | "user_cancelled_login"), _) => Err(Reason::Cancelled),
            (Some(_), _) => Err(Reason::ProviderError),
            (None, Some(code)) => Ok(code),
            (None, None) => Err(Reason::CodeMissing),
        }
    }

    /// What of it counts, as a query: the way from the form of another site to our own address.
    pub(super) fn query(&self) -> String {
        let parts = ["state", "code", "error", "iss"].into_iter().filter_map(|name| Some((name, self.part(name)?)));
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parts).finish()
    }
}

/// Codes of some providers are long; nothing else is.
const MAX_LENGTH: usize = 16 * 1024;
const MAX_PARTS: usize = 30;
