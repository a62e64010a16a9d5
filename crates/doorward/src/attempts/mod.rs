//! May somebody try a password? Every guess is paid for before it is made, per account and per address.
//!
//! - `attempts/paid-before`: However many guesses are sent at once, no more are evaluated than the throttle allows.
//! - `attempts/growing-wait`: After a few failures each further guess costs a growing wait, until only a reset helps.
//! - `attempts/no-lockout-by-strangers`: A stranger's failures leave the owner's sessions, known devices and reset link usable.
//! - `attempts/says-nothing`: An address without an account is throttled exactly like one with an account.
//! - `attempts/no-washing`: A success forgives the failures at its own account, not those of its address at others.
//! - `attempts/unmade-is-free`: A guess that was not evaluated for want of room costs nothing.
//! - `attempts/recorded`: A delay is recorded once, when it begins, and so is the stop; an attempt that they refuse is not.
//! - `attempts/known-device`: Only a mark that we made for this very address, within a year and since the password was last set, makes a
//!   device known.
//!
//! Against: guessing, spraying and credential stuffing, and against those who would use the defence itself to lock
//! somebody out. A browser in which the owner has logged in, or has redeemed a reset link, carries a signed mark. It is
//! bound to the number of the password, so after a recovery a thief's browser is a new one again. Known browsers share a
//! counter of their own, so a stranger's failures do not stand in their way, even while they go on.

mod flow;
mod rules;
mod settings;

pub(crate) use flow::{
    browser, count_letter_request, count_letters_by, count_letters_of, count_use, device_cookie, forgive, give_back,
    is_first_of_a_day, is_first_within, may_send, may_send_link, pardon, pay, pay_for_link, record_failure,
};
pub(crate) use rules::{Browser, Delays, Owner, Refund, Spent, Throttled};
pub use settings::Settings;

#[cfg(test)]
mod tests;
