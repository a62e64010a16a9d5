//! What a session is, when it is over, and how its cookie is read.

use std::sync::Arc;

use doorward_core::{AccountId, Digest, KeyRing, Purpose, Session, SessionId, Timestamp, Token};

use super::Settings;
use crate::base::lifetime::LEEWAY;

/// A cookie whose signature is ours: not yet a session, but worth a look into the store.
pub(crate) struct Presented {
    pub(crate) id: SessionId,
    pub(crate) secret: Token<Session>,
}

/// A session as it is stored.
#[derive(Clone)]
pub(crate) struct Record {
    pub(super) digest: Arc<Digest<Session>>,
    pub(super) account: AccountId,
    pub(super) created_at: Timestamp,
    pub(super) seen_at: Timestamp,
    pub(super) expires_at: Timestamp,
    pub(super) proved_at: Timestamp,
    pub(super) factors: Arc<str>,
    /// From when on it gives no access until its provider has said once more who this is; none where nobody is to be asked.
    pub(super) recheck_at: Option<Timestamp>,
}

/// What the check of a cookie has found.
pub(crate) enum Checked<T = Live> {
    /// A live session.
    Live(T),
    /// One that gives no access.
    Due(Due),
    /// None, for whatever reason.
    Nobody,
}

impl Checked {
    /// The session, when it gives access.
    pub(crate) fn live(self) -> Option<Live> {
        match self {
            Self::Live(live) => Some(live),
            Self::Due(_) | Self::Nobody => None,
        }
    }

    /// The session whether or not it gives access, for what one that gives none may do.
    pub(crate) fn held(self) -> Option<Live> {
        match self {
            Self::Live(live) => Some(live),
            Self::Due(due) => Some(due.into_held()),
            Self::Nobody => None,
        }
    }
}

/// A session that gives no access until its provider has said once more who this is; made by `check` alone.
pub(crate) struct Due(Live);

impl Due {
    /// The session, for what it may still do: be rechecked, and end.
    pub(crate) fn into_held(self) -> Live {
        self.0
    }
}

/// Whether a session stands behind what was given for as long as it lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backing {
    /// It does.
    Stands,
    /// It gives no access until its provider has said once more who this is.
    Due,
    /// It is over.
    Over,
}

/// A session that is live at this moment; made by `check` alone.
pub(crate) struct Live {
    pub(crate) id: SessionId,
    pub(crate) secret: Token<Session>,
    pub(crate) account: AccountId,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) idle_until: Timestamp,
    pub(crate) proved_at: Timestamp,
    pub(crate) factors: Arc<str>,
    /// The last use that the record knows of.
    pub(super) noted_at: Timestamp,
}

/// A session that has just been made; its cookie is given out once.
pub(crate) struct Opened {
    pub(crate) id: SessionId,
    pub(super) secret: Token<Session>,
    pub(super) expires_at: Timestamp,
}

/// A line in the list of devices.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The session's public name.
    pub id: SessionId,
    /// Whose it is.
    pub account: AccountId,
    /// Browser and system, as the browser said.
    pub device: String,
    /// The address of the login.
    pub address: String,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub seen_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
}

impl Presented {
    /// Opens the cookie's text; `None` when no key of the ring signed it.
    pub(crate) fn open(keys: &KeyRing, text: &str) -> Option<Self> {
        let payload = keys.open::<40>(Purpose::Session, text)?;
        let secret = Token::from_bytes(payload[..32].try_into().ok()?);
        let id = SessionId::from_i64(i64::from_be_bytes(payload[32..].try_into().ok()?));
        Some(Self { id, secret })
    }
}

impl Record {
    /// Whether the session is over, or was used in the future: clocks that disagree by more than a minute, or one that
    /// was set back, must not make a session live longer than it may. It works again once the clock has caught up.
    pub(super) fn is_over(&self, now: Timestamp, settings: &Settings) -> bool {
        let from_the_future = self.seen_at.max(self.created_at) > now.after(LEEWAY);
        from_the_future || now >= self.expires_at || now >= self.idle_until(settings)
    }

    /// The session, if the cookie holds this record's secret and it is not over; this request is its latest use.
    pub(super) fn opened_by(&self, presented: Presented, now: Timestamp, settings: &Settings) -> Checked {
        if !self.digest.matches(&presented.secret.digest()) || self.is_over(now, settings) {
            return Checked::Nobody;
        }
        let held = Live {
            id: presented.id,
            secret: presented.secret,
            account: self.account,
            created_at: self.created_at,
            expires_at: self.expires_at,
            idle_until: now.max(self.seen_at).after(settings.idle).min(self.expires_at),
            proved_at: self.proved_at,
            factors: Arc::clone(&self.factors),
            noted_at: self.seen_at,
        };
        if is_due(self.recheck_at, now) { Checked::Due(Due(held)) } else { Checked::Live(held) }
    }

    fn idle_until(&self, settings: &Settings) -> Timestamp {
        self.seen_at.after(settings.idle).min(self.expires_at)
    }
}

/// Whether a session gives no access that is to be rechecked from `recheck_at` on.
pub(super) fn is_due(recheck_at: Option<Timestamp>, now: Timestamp) -> bool {
    recheck_at.is_some_and(|at| now >= at)
}

/// Browser and system in a few words, from the `User-Agent` header: a help for the person, believed by nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DeviceLabel(String);

impl DeviceLabel {
    /// Recognises the usual ones; everything else is "Unknown browser", so no text of a stranger is stored.
    pub(crate) fn of(agent: &str) -> Self {
        let find =
            |table: &[(&str, &'static str)]| table.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name);
        let browser = find(BROWSERS).unwrap_or("Unknown browser");
        Self(find(SYSTEMS).map_or_else(|| browser.to_owned(), |system| format!("{browser} on {system}")))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// In the order in which they must be looked for: most browsers also claim to be others.
const BROWSERS: &[(&str, &str)] = &[
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS", "Firefox"),
    ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("CriOS", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
];
const SYSTEMS: &[(&str, &str)] = &[
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
];
