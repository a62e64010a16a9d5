//! Reading cookies without believing them, and writing them so that nobody else can.
//!
//! Names are compared byte for byte and values are never decoded. A browser may be made to send two cookies of one name
//! (another path, another subdomain, an older jar); which of them is ours cannot be told, so neither is.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header::COOKIE};

/// The names in use: with the `__Host-` prefix (RFC 6265bis section 4.1.3.2) wherever a browser honours it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CookieNames {
    pub(crate) session: &'static str,
    pub(crate) form: &'static str,
    pub(crate) device: &'static str,
    pub(crate) provider: &'static str,
    secure: bool,
}

impl CookieNames {
    /// Over https: bound to exactly this host, and never sent in the clear.
    pub(crate) const HOST: Self = Self {
        session: "__Host-session",
        form: "__Host-form",
        device: "__Host-device",
        provider: "__Host-provider",
        secure: true,
    };
    /// Over plain http on localhost, for development only.
    pub(crate) const DEV: Self = Self {
        session: "dev-session",
        form: "dev-form",
        device: "dev-device",
        provider: "dev-provider",
        secure: false,
    };

    /// Sets `name` to `value` for `lifetime`.
    pub(crate) fn set(&self, name: &'static str, value: &str, lifetime: Duration) -> SetCookie {
        let secure = if self.secure { "; Secure" } else { "" };
        SetCookie(format!("{name}={value}; Path=/; Max-Age={}; HttpOnly; SameSite=Lax{secure}", lifetime.as_secs()))
    }

    /// Removes `name`.
    pub(crate) fn clear(&self, name: &'static str) -> SetCookie {
        self.set(name, "", Duration::ZERO)
    }
}

/// The text of one `Set-Cookie` header.
pub(crate) struct SetCookie(String);

impl SetCookie {
    pub(crate) fn header(&self) -> HeaderValue {
        HeaderValue::from_str(&self.0).expect("cookie names are constants and values are base64url")
    }
}

/// What a request says under one cookie name.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Sent<'h> {
    /// No such cookie.
    Nothing,
    /// Exactly one.
    One(&'h str),
    /// Several, or one whose value is not plain text.
    Doubtful,
}

/// Looks for the cookie `name` in all `Cookie` headers.
pub(crate) fn sent<'h>(headers: &'h HeaderMap, name: &str) -> Sent<'h> {
    let mut found = Sent::Nothing;
    for header in headers.get_all(COOKIE) {
        for pair in header.as_bytes().split(|b| *b == b';') {
            let pair = trim(pair);
            let Some(value) = pair.strip_prefix(name.as_bytes()).and_then(|rest| rest.strip_prefix(b"=")) else {
                continue;
            };
            found = match (found, std::str::from_utf8(value)) {
                (Sent::Nothing, Ok(value)) => Sent::One(value),
                _ => return Sent::Doubtful,
            };
        }
    }
    found
}

/// Trims the white space of the cookie grammar only: a Unicode space before a name is part of another name.
fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}
