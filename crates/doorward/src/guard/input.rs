//! What a request brings: path, query and body, from a form or as JSON, in one shape.
//!
//! Every field is text here; `http.rs` of the feature parses it into a type and answers with the form when it cannot.
//! The text of every field is wiped after use, because some of them are passwords.

use axum::http::{HeaderMap, StatusCode, header::CONTENT_TYPE};
use bytes::Bytes;
use doorward_core::LocalPath;
use zeroize::Zeroizing;

use crate::base::problem::Problem;

/// The largest body that is read, in bytes.
pub(crate) const MAX_BODY: usize = 64 * 1024;
/// How long such a body may take.
pub(crate) const BODY_PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);
/// One for each of the 64 roles that a policy may have, in the form that ticks them, and what else a form has.
const MAX_FIELDS: usize = 80;

/// One field of an input, for the description of the interface.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) doc: &'static str,
    /// Whether the request is refused without it.
    pub(crate) required: bool,
}

/// What a handler takes as its second parameter.
pub(crate) trait Input: Sized + Send {
    /// Its fields.
    const FIELDS: &'static [Field];
    /// How the names of further fields begin, where a form has one for each thing that may be chosen; `None` for none.
    const FAMILY: Option<&'static str> = None;
    /// Takes the fields out; an absent one is empty, and is refused where it is parsed.
    fn take(fields: &mut Fields) -> Self;
}

/// The input of a route that takes none.
pub(crate) struct NoInput;

impl Input for NoInput {
    const FIELDS: &'static [Field] = &[];
    fn take(_: &mut Fields) -> Self {
        Self
    }
}

/// Defines an input: a struct of texts, each with the sentence that describes it. One without which the request may do is
/// `[optional]`.
macro_rules! input {
    ($(#[$meta:meta])* $name:ident { $($field:ident $([$optional:ident])?: $doc:literal),* $(,)? }) => {
        $(#[$meta])*
        pub(crate) struct $name {
            $(#[doc = $doc] pub(crate) $field: zeroize::Zeroizing<String>,)*
        }

        impl $crate::guard::Input for $name {
            const FIELDS: &'static [$crate::guard::Field] =
                &[$($crate::guard::Field {
                    name: stringify!($field),
                    doc: $doc,
                    required: stringify!($($optional)?).is_empty(),
                }),*];

            fn take(fields: &mut $crate::guard::Fields) -> Self {
                Self { $($field: fields.take(stringify!($field)),)* }
            }
        }
    };
}
pub(crate) use input;

/// Whether a body is of this media type, whatever its case and its parameters (RFC 9110 section 8.3.1).
pub(super) fn is_of(headers: &HeaderMap, media_type: &str) -> bool {
    let named = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    named.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(media_type)
}

/// What browsers send forms as.
pub(super) const FORM: &str = "application/x-www-form-urlencoded";

/// The fields of one request, before they have a type.
#[derive(Default)]
pub(crate) struct Fields {
    fields: Vec<(String, Zeroizing<String>)>,
    /// The body as it came, where the handler reads it itself.
    body: Bytes,
}

impl Fields {
    /// Reads a query string.
    pub(crate) fn of_query(query: Option<&str>) -> Result<Self, Problem> {
        Self::of_pairs(url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()))
    }

    /// Reads a body in the format that its content type names.
    pub(crate) fn of_body(headers: &HeaderMap, body: &[u8]) -> Result<Self, Problem> {
        if body.is_empty() {
            return Ok(Self::default());
        }
        if is_of(headers, FORM) {
            Self::of_pairs(url::form_urlencoded::parse(body))
        } else if is_of(headers, "application/json") {
            Self::of_json(body)
        } else {
            Err(Problem::plain(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "Send the body as application/json or application/x-www-form-urlencoded.",
            ))
        }
    }

    /// Reads a form, and nothing else (RFC 6749 section 3.2).
    pub(crate) fn of_form(headers: &HeaderMap, body: &[u8]) -> Result<Self, Problem> {
        if body.is_empty() || is_of(headers, FORM) {
            return Self::of_pairs(url::form_urlencoded::parse(body));
        }
        let text = "Send the body as application/x-www-form-urlencoded.";
        Err(Problem::plain(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", text))
    }

    /// Keeps a JSON body as it is, for a handler that reads it itself.
    pub(crate) fn of_whole_body(headers: &HeaderMap, body: Bytes) -> Result<Self, Problem> {
        if !is_of(headers, "application/json") {
            let text = "Send the body as application/json.";
            return Err(Problem::plain(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", text));
        }
        Ok(Self { fields: Vec::new(), body })
    }

    /// Adds a parameter of the path. A field of the same name is refused: one of the two would be ignored, and somebody would
    /// take the other one for what was meant.
    pub(crate) fn put(&mut self, name: &str, value: &str) -> Result<(), Problem> {
        self.add(name.to_owned(), Zeroizing::new(value.to_owned()))
    }

    /// Takes the body that was kept.
    pub(crate) fn take_body(&mut self) -> Bytes {
        std::mem::take(&mut self.body)
    }

    /// Takes the field `name`, or nothing as empty text.
    pub(crate) fn take(&mut self, name: &str) -> Zeroizing<String> {
        let at = self.fields.iter().position(|(known, _)| known == name);
        at.map(|at| self.fields.swap_remove(at).1).unwrap_or_default()
    }

    /// Takes all fields whose names begin so, each as the rest of its name and its value.
    pub(crate) fn take_family(&mut self, beginning: &str) -> Vec<(String, Zeroizing<String>)> {
        let is_one = |(name, _): &mut (String, _)| name.starts_with(beginning);
        let taken = self.fields.extract_if(.., is_one);
        taken.map(|(name, value)| (name[beginning.len()..].to_owned(), value)).collect()
    }

    /// The path to return to, when one is given and it is a path of ours.
    pub(crate) fn return_to(&self) -> Option<LocalPath> {
        let (_, value) = self.fields.iter().find(|(name, _)| name == "return_to")?;
        LocalPath::parse(value)
    }

    /// Refuses fields that the route does not know: a misspelt one would be ignored, a smuggled one believed one day.
    pub(crate) fn refuse_others(&self, known: &[Field], family: Option<&str>) -> Result<(), Problem> {
        let expected = |name: &str| {
            let ours = name == "csrf_token" || name == "return_to";
            ours || known.iter().any(|field| field.name == name) || family.is_some_and(|one| name.starts_with(one))
        };
        match self.fields.iter().find(|(name, _)| !expected(name)) {
            None => Ok(()),
            Some(_) => {
                let known: Vec<_> = known.iter().map(|field| field.name).collect();
                let text = format!("This request has a field that is not known here. Known are: {}.", known.join(", "));
                Err(Problem::plain(StatusCode::UNPROCESSABLE_ENTITY, "unknown_field", text))
            }
        }
    }

    fn of_json(body: &[u8]) -> Result<Self, Problem> {
        let malformed =
            |_| Problem::plain(StatusCode::BAD_REQUEST, "malformed_json", "The body is not a JSON object of texts.");
        let Texts(pairs) = serde_json::from_slice(body).map_err(malformed)?;
        let mut fields = Self::default();
        for (name, value) in pairs {
            fields.add(name, value)?;
        }
        Ok(fields)
    }

    fn of_pairs<'p>(
        pairs: impl Iterator<Item = (std::borrow::Cow<'p, str>, std::borrow::Cow<'p, str>)>,
    ) -> Result<Self, Problem> {
        let mut fields = Self::default();
        for (name, value) in pairs {
            fields.add(name.into_owned(), Zeroizing::new(value.into_owned()))?;
        }
        Ok(fields)
    }

    /// A field that is sent twice has no meaning that two parsers agree on.
    fn add(&mut self, name: String, value: Zeroizing<String>) -> Result<(), Problem> {
        let twice = self.fields.iter().any(|(known, _)| *known == name);
        if twice || self.fields.len() == MAX_FIELDS {
            return Err(Problem::plain(
                StatusCode::BAD_REQUEST,
                "repeated_field",
                "A field appears twice, or there are too many.",
            ));
        }
        self.fields.push((name, value));
        Ok(())
    }
}

/// A JSON object whose values are all texts, in its own order, repeated names included.
struct Texts(Vec<(String, Zeroizing<String>)>);

impl<'de> serde::Deserialize<'de> for Texts {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Texts;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object of texts")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Texts, A::Error> {
                let mut pairs = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, String>()? {
                    pairs.push((name, Zeroizing::new(value)));
                }
                Ok(Texts(pairs))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}
