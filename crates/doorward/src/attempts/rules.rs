//! What is counted, how patience runs out, and what marks a known device.

use std::{net::IpAddr, time::Duration};

use axum::http::StatusCode;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use doorward_core::{Digest, EmailAddress, KeyRing, Purpose, Signup, Timestamp, derived};

use super::Settings;
use crate::{
    accounts::Account,
    audit::{Action, Event},
    base::{
        lifetime::LEEWAY,
        throttle::{Blocked, Delay, Key, Patience, Payment},
    },
    guard::{Denial, Problem, throttled_as},
};

/// The receipt for one guess; checking a password consumes it.
#[must_use]
pub(crate) struct Spent {
    pub(super) own: Payment,
    pub(super) address: Option<Payment>,
}

/// The receipt of a guess that was right.
#[must_use]
pub(crate) struct Refund(pub(super) Spent);

/// No guess may be made yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Throttled {
    pub(super) wait: Option<Duration>,
}

/// What a browser is to an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Browser {
    /// The owner of the address has proved themselves in it within a year.
    Known,
    /// Anybody's.
    New,
}

/// Whom a browser may be known to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Owner<'o> {
    pub(super) email: &'o EmailAddress,
    pub(super) password_epoch: i64,
}

impl<'o> Owner<'o> {
    /// The owner of an account.
    pub(crate) fn of(account: &'o Account) -> Self {
        Self { email: &account.email, password_epoch: account.password_epoch }
    }

    /// The owner of `email` when the password has this number; that of a new account is 0.
    pub(crate) fn with_password(email: &'o EmailAddress, password_epoch: i64) -> Self {
        Self { email, password_epoch }
    }

    /// Whoever has `email`. Without an account no mark counts, and reading one costs the same.
    pub(super) fn of_any(email: &'o EmailAddress, account: Option<&Account>) -> Self {
        Self { email, password_epoch: account.map_or(-1, |account| account.password_epoch) }
    }
}

impl Spent {
    /// Says that the guess was right; only what has checked it may say so.
    pub(crate) fn was_right(self) -> Refund {
        Refund(self)
    }
}

/// The delays that begin if a guess fails.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Delays {
    own: Option<Delay>,
    address: Option<Delay>,
}

impl Spent {
    /// What begins if this guess fails; asked before it is checked, for that consumes the receipt.
    pub(crate) fn delays(&self) -> Delays {
        let address = self.address.as_ref().and_then(Payment::delay);
        Delays { own: self.own.delay(), address }
    }
}

impl Delays {
    /// The events of the delays that begin with the failure `failed`.
    pub(super) fn events(self, failed: &Event) -> Vec<Event> {
        let own = self.own.map(|delay| match delay {
            Delay::Wait => Action::GuessesDelayed,
            Delay::Stop => Action::GuessesStopped,
        });
        let own = own.map(|action| Event { action, ..failed.clone() });
        // An address is delayed for all accounts, so the event is about none.
        let address = self.address.map(|_| Event { action: Action::AddressDelayed, target: None, ..failed.clone() });
        own.into_iter().chain(address).collect()
    }
}

impl Throttled {
    /// After what span another try may be made; `None` when waiting does not help.
    pub(crate) fn wait(&self) -> Option<Duration> {
        self.wait
    }
}

impl From<Blocked> for Throttled {
    fn from(blocked: Blocked) -> Self {
        Self { wait: blocked.wait }
    }
}

impl Denial for Throttled {
    fn problem(&self) -> Problem {
        let text = "Too many attempts. Wait a little and try again, or set a new password with the link “Forgot your password?”.";
        let problem = Problem::plain(StatusCode::TOO_MANY_REQUESTS, "too_many_attempts", text);
        problem.retry_after(self.wait.unwrap_or(Duration::from_secs(3600)))
    }
}

/// The counter that a guess for `email` from such a browser belongs to.
///
/// All known devices of an address share one. With one for each, somebody who knew the password for a while could collect
/// marks by logging in, and would have as many guesses at the next password as marks, from anywhere and unthrottled.
pub(super) fn account_key(email: &EmailAddress, browser: Browser) -> Key {
    match browser {
        Browser::Known => Key::new("devices", email.as_str()),
        Browser::New => Key::new("account", email.as_str()),
    }
}

/// The counter of a confirmation link.
pub(super) fn link_key(link: &Digest<Signup>) -> Key {
    Key::new("link", &URL_SAFE_NO_PAD.encode(link.as_bytes()))
}

pub(super) fn address_key(address: IpAddr) -> Key {
    Key::new("address", &throttled_as(address))
}

pub(super) fn account_patience(settings: &Settings) -> Patience {
    Patience {
        free: settings.free,
        first_wait: settings.first_wait,
        longest_wait: settings.longest_wait,
        hard_stop: Some(settings.hard_stop),
        forgets_after: None,
    }
}

pub(super) fn address_patience(settings: &Settings) -> Patience {
    let forgets_after = Some(Duration::from_secs(3600));
    Patience { free: settings.free_per_address, hard_stop: None, forgets_after, ..account_patience(settings) }
}

/// Reads the mark that a browser brought; one for another address or password, by somebody else, or older than a year is
/// none.
pub(super) fn browser(keys: &KeyRing, mark: Option<&str>, owner: Owner<'_>, now: Timestamp) -> Browser {
    let known = || {
        let payload = keys.open::<24>(Purpose::Device, mark?)?;
        let (marked, made_at) = payload.split_at(16);
        let made_at = Timestamp::from_micros(i64::from_be_bytes(made_at.try_into().ok()?));
        let in_time = made_at <= now.after(LEEWAY) && now.since(made_at) < KNOWN_FOR;
        (in_time && marked == fingerprint(owner)).then_some(Browser::Known)
    };
    known().unwrap_or(Browser::New)
}

/// Makes a mark for the browser in which `owner` has just proved themselves.
pub(super) fn new_mark(keys: &KeyRing, owner: Owner<'_>, now: Timestamp) -> String {
    let mut payload = [0; 24];
    payload[..16].copy_from_slice(&fingerprint(owner));
    payload[16..].copy_from_slice(&now.as_micros().to_be_bytes());
    keys.seal(Purpose::Device, &payload, now)
}

/// Stands for address and password number in the mark, so that the cookie holds no personal data in the clear.
fn fingerprint(owner: Owner<'_>) -> [u8; 16] {
    let mut fingerprint = [0; 16];
    // An address has no control character, so what is before the zero is the address.
    let text = format!("{}\0{}", owner.email, owner.password_epoch);
    let digest = derived(text.as_bytes(), b"doorward/device-of-this-address/");
    fingerprint.copy_from_slice(&digest[..16]);
    fingerprint
}

/// How long a browser stays known without a login.
pub(super) const KNOWN_FOR: Duration = Duration::from_secs(365 * 86_400);
