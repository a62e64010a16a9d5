//! Is this browser still logged in? An opaque signed cookie, a record on the server, and revocation.
//!
//! The cookie holds 256 random bits, the session's id, and the record's public name under an HMAC; the record holds the
//! digest of the id. Every request asks the database: for the record, or, where it is embedded, whether the record that
//! was read before still stands. So a session that was ended is refused by the next request everywhere. A renewal gives
//! the record another id and leaves it its name: whoever ends a session by its name ends it, also when it is renewed at
//! the same moment.
//!
//! - `sessions/opaque-cookie`: The cookie is HttpOnly, Lax, host-bound over https, and tells nothing.
//! - `sessions/new-id-at-login`: A login makes a new id and ends the one the browser had; the old CSRF token dies with it.
//! - `sessions/ends-at-once`: A session that was ended is refused by the next request, whatever was under way.
//! - `sessions/expires`: A session ends 8 hours after it began, or an hour after it was last used.
//! - `sessions/everywhere`: A person sees their sessions by device and ends this one, another one, all others, or all.
//! - `sessions/pages`: The list of one's own sessions comes in pages, whose cursor is good for its person alone.
//! - `sessions/own-only`: Nobody sees or ends a session of another account.
//! - `sessions/clocks`: Nodes whose clocks disagree, or a clock that is set back, do not make a session live longer.
//! - `sessions/bounded`: One account has a limited number of sessions; one more ends the oldest.
//! - `sessions/no-lockout`: Whatever a stranger does to the login, live sessions go on.
//! - `sessions/keys-rotate`: A rotation of signing keys logs nobody out; a removed key's cookies are dead.
//! - `sessions/due`: A session that is to be rechecked gives no access from that moment on, and can be ended and rechecked still.
//! - `sessions/digest-at-rest`: What the database holds logs nobody in.
//!
//! Against: theft of cookies from script or the network, fixation, forgery, theft of the database.

mod device;
mod flow;
pub(crate) mod http;
mod kept;
mod rules;
mod settings;
mod store;

pub(crate) use device::Device;
pub(crate) use flow::{
    backing, check, check_and_read, count, end_all, end_any, end_everything, list, list_all, live_among, lives,
    log_out, one, open, owner_of, purge, recheck, recheck_at, renew, renew_alone,
};
pub(crate) use kept::Kept;
pub use rules::Listed;
pub(crate) use rules::{Backing, Checked, DeviceLabel, Due, Live, Opened, Presented};
pub use settings::Settings;
pub(crate) use store::{forget, stands};

use crate::base::db::Migration;

/// The tables of this feature.
pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration { name: "0006_sessions", sql: include_str!("0006_sessions.sql") },
    Migration { name: "0048_session_rechecks", sql: include_str!("0048_session_rechecks.sql") },
];

#[cfg(test)]
mod tests;
