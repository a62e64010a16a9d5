//! May this person come in? The login form, from password to session.
//!
//! - `login/uniform`: An unknown address, a wrong password and a disabled account get the same answer, to the byte.
//! - `login/new-device-letter`: A login from a browser that is new to the account is told to its owner by mail.
//! - `login/return-to`: After logging in one is taken to a path of this site and nowhere else.
//! - `login/forged-login`: Another site cannot log somebody in.
//!
//! Against: guessing, enumeration, login CSRF, open redirects.

mod flow;
pub(crate) mod http;
mod letters;
mod rules;

pub(crate) use flow::{enter, enter_by, tell_of_new_browser};
pub(crate) use letters::COMPOSERS;
pub(crate) use rules::Entered;

#[cfg(test)]
mod tests;
