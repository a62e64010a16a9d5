//! Somebody who has a session, whether or not it gives access at this moment.

use std::sync::Arc;

use doorward_core::{AccountId, SessionId};

use super::{
    caller::{Caller, Visit},
    guards::{Guard, SignedIn, not_signed_in, presented},
    reply::Refused,
};
use crate::{
    context::Context,
    sessions::{self, Checked, Due, Live},
};

/// Somebody with a session, also one that gives no access until its provider has said once more who they are: for what such a
/// session may still do, which is to be rechecked and to end. On an unsafe method, with our origin and the session's token.
pub(crate) struct Holder {
    held: SignedIn,
    is_due: bool,
}

impl Guard for Holder {
    fn name() -> String {
        "Holder".to_owned()
    }

    async fn admit(caller: Caller) -> Result<Self, Refused> {
        let presented = presented(&caller)?;
        match sessions::check(&caller.cx, presented).await? {
            Checked::Live(live) => Ok(Self { held: SignedIn::new(caller, live), is_due: false }),
            Checked::Due(due) => Ok(Self::due(caller, due)),
            Checked::Nobody => Err(not_signed_in(&caller)),
        }
    }

    fn csrf(&self) -> String {
        self.csrf_token()
    }

    fn signed_in(&self) -> bool {
        !self.is_due
    }
}

/// What is known of them goes out in pieces: a [`SignedIn`] of a session that gives no access must not leave here.
impl Holder {
    /// Somebody whose session gives no access now, with a request that was checked.
    pub(super) fn due(caller: Caller, due: Due) -> Self {
        Self { held: SignedIn::new(caller, due.into_held()), is_due: true }
    }

    /// Whether the session gives no access until it was rechecked.
    pub(crate) fn is_due(&self) -> bool {
        self.is_due
    }

    pub(crate) fn cx(&self) -> &Arc<Context> {
        self.held.cx()
    }

    pub(crate) fn visit(&self) -> Visit {
        self.held.visit()
    }

    pub(crate) fn account(&self) -> AccountId {
        self.held.account()
    }

    pub(crate) fn session(&self) -> SessionId {
        self.held.session()
    }

    /// The session, to end it.
    pub(crate) fn live(&self) -> &Live {
        self.held.live()
    }

    pub(crate) fn csrf_token(&self) -> String {
        self.held.csrf_token()
    }

    /// Where the person wanted to go, else to their account.
    pub(crate) fn destination(&self) -> String {
        self.held.destination()
    }

    /// Whether a form of ours was sent, whose answer must not lead to another site by itself.
    pub(crate) fn comes_from_us(&self) -> bool {
        self.held.comes_from_us()
    }

    pub(super) fn caller(&self) -> &Caller {
        &self.held.caller
    }
}
