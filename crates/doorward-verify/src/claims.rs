//! The claims of an access token (RFC 9068 section 2.2), read in one go: each at most once, each of its type.
//!
//! - `verify/typed-claims`: A claim of the wrong type is refused, and is never taken for an absent one.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize,
    de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor},
};

use crate::{AccessToken, json::Text};

/// Who must have made a token, and for one of whom.
#[derive(Clone, Copy)]
pub(crate) struct Expected<'e> {
    pub(crate) issuer: &'e str,
    pub(crate) audiences: &'e [String],
}

/// What was read; whether the token is ours and for us is noted and not judged.
pub(crate) struct Claims {
    pub(crate) token: AccessToken,
    pub(crate) not_before: Option<u64>,
    pub(crate) is_of_issuer: bool,
    pub(crate) is_for_audience: bool,
}

impl Claims {
    /// Reads a payload; `None` when a claim is absent, repeated, empty or of another type.
    pub(crate) fn read(payload: &[u8], expected: Expected<'_>) -> Option<Self> {
        let mut json = serde_json::Deserializer::from_slice(payload);
        let claims = expected.deserialize(&mut json).ok()?;
        json.end().ok()?;
        Some(claims)
    }
}

/// How many claims of other names are skipped; a token of ours has none.
const MAX_OTHERS: usize = 64;

impl<'de> DeserializeSeed<'de> for Expected<'_> {
    type Value = Claims;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Claims, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Expected<'_> {
    type Value = Claims;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the claims of an access token")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Claims, A::Error> {
        let mut raw = Raw::default();
        let mut others: Vec<Cow<'de, str>> = Vec::new();
        while let Some(Text(name)) = map.next_key()? {
            match &*name {
                "iss" => text(&mut raw.iss, &mut map)?,
                "aud" => text(&mut raw.aud, &mut map)?,
                "sub" => text(&mut raw.sub, &mut map)?,
                "client_id" => text(&mut raw.client_id, &mut map)?,
                "jti" => text(&mut raw.jti, &mut map)?,
                "scope" => scope(&mut raw.scope, &mut map)?,
                "fam" => text(&mut raw.fam, &mut map)?,
                "tenant" => text(&mut raw.tenant, &mut map)?,
                "permissions" => once(&mut raw.permissions, map.next_value()?)?,
                "exp" => once(&mut raw.exp, map.next_value()?)?,
                "iat" => once(&mut raw.iat, map.next_value()?)?,
                "nbf" => once(&mut raw.nbf, map.next_value()?)?,
                "auth_time" => once(&mut raw.auth_time, map.next_value()?)?,
                "cnf" => once(&mut raw.cnf, map.next_value()?)?,
                _ => {
                    if others.len() == MAX_OTHERS || others.contains(&name) {
                        return Err(A::Error::custom("a name twice, or too many"));
                    }
                    others.push(name);
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        raw.claims(self).ok_or_else(|| A::Error::custom("a claim is missing"))
    }
}

#[derive(Default)]
struct Raw<'c> {
    iss: Option<Cow<'c, str>>,
    aud: Option<Cow<'c, str>>,
    sub: Option<Cow<'c, str>>,
    client_id: Option<Cow<'c, str>>,
    jti: Option<Cow<'c, str>>,
    scope: Option<Cow<'c, str>>,
    fam: Option<Cow<'c, str>>,
    tenant: Option<Cow<'c, str>>,
    permissions: Option<Vec<String>>,
    exp: Option<u64>,
    iat: Option<u64>,
    nbf: Option<u64>,
    auth_time: Option<u64>,
    cnf: Option<Confirmation>,
}

/// How a holder proves themselves. Another way than by this thumbprint is none that could be checked, so it is refused.
struct Confirmation {
    jkt: String,
}

impl Raw<'_> {
    fn claims(self, expected: Expected<'_>) -> Option<Claims> {
        let audience = self.aud?;
        let is_for_audience = expected.audiences.iter().any(|own| *own == audience);
        let token = AccessToken {
            audience: audience.into_owned(),
            subject: self.sub?.into_owned(),
            client: self.client_id?.into_owned(),
            id: self.jti?.into_owned(),
            family: self.fam.map(Cow::into_owned),
            tenant: self.tenant.map(Cow::into_owned),
            permissions: self.permissions.unwrap_or_default(),
            scope: self.scope.unwrap_or_default().into_owned(),
            issued_at: self.iat?,
            expires_at: self.exp?,
            authenticated_at: self.auth_time,
            key_thumbprint: self.cnf.map(|cnf| cnf.jkt),
        };
        Some(Claims { token, not_before: self.nbf, is_of_issuer: self.iss? == expected.issuer, is_for_audience })
    }
}

/// Reads a text that names somebody or something. An empty one would name whatever else has no name.
fn text<'de, A: MapAccess<'de>>(place: &mut Option<Cow<'de, str>>, map: &mut A) -> Result<(), A::Error> {
    let Text(text) = map.next_value()?;
    if text.is_empty() { Err(A::Error::custom("an empty text")) } else { once(place, text) }
}

/// Reads the scopes, which may be none.
fn scope<'de, A: MapAccess<'de>>(place: &mut Option<Cow<'de, str>>, map: &mut A) -> Result<(), A::Error> {
    let Text(text) = map.next_value()?;
    once(place, text)
}

fn once<T, E: serde::de::Error>(place: &mut Option<T>, value: T) -> Result<(), E> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(E::custom("a name twice")),
    }
}

impl<'de> Deserialize<'de> for Confirmation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Confirmation;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a thumbprint")
            }
            // Only an object: what serde derives would take an array for one.
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Confirmation, A::Error> {
                let mut jkt = None;
                while let Some(Text(name)) = map.next_key()? {
                    if &*name != "jkt" {
                        return Err(A::Error::custom("another way of proof"));
                    }
                    text(&mut jkt, &mut map)?;
                }
                let jkt = jkt.ok_or_else(|| A::Error::custom("no thumbprint"))?;
                Ok(Confirmation { jkt: jkt.into_owned() })
            }
        }
        deserializer.deserialize_map(Members)
    }
}
