//! In development: the letters that would have been sent. The routes exist only where the mailbox folder does.
//!
//! - `mailbox/development-only`: A service that sends real letters has no mailbox page.
//! - `mailbox/own-host`: Letters are shown to requests that name this host only, so no rebound name reads them.

pub(crate) mod http;

#[cfg(test)]
mod tests;
