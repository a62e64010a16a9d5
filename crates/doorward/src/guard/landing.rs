//! Somebody whom another site has sent back to us with its answer.

use std::sync::Arc;

use doorward_core::{ProviderBrowser, Token};

use super::{
    caller::{Caller, Visit},
    cookie::{self, Sent},
    guards::Guard,
    reply::Refused,
};
use crate::{
    context::Context,
    error::Fault,
    sessions::{self, Checked, Presented},
};

/// Whoever comes from another site with an answer in the address, or in a form of that site. The answer itself must prove that
/// it belongs to something that was begun in this browser; nothing else is known of whoever comes, and a session that the browser
/// brings along proves nothing about the answer.
pub(crate) struct Landing {
    caller: Caller,
}

impl Guard for Landing {
    fn name() -> String {
        "Landing".to_owned()
    }

    async fn admit(caller: Caller) -> Result<Self, Refused> {
        Ok(Self { caller })
    }
}

impl Landing {
    pub(crate) fn cx(&self) -> &Arc<Context> {
        &self.caller.cx
    }

    pub(crate) fn visit(&self) -> Visit {
        self.caller.visit()
    }

    /// What this browser has kept since somebody was sent away from it.
    pub(crate) fn browser(&self) -> Option<Token<ProviderBrowser>> {
        match cookie::sent(&self.caller.headers, self.caller.cx.cookies.provider) {
            Sent::One(text) => Token::parse(text),
            Sent::Nothing | Sent::Doubtful => None,
        }
    }

    /// The session that the browser brings along, unchecked beyond its signature: coming in ends it.
    pub(crate) fn previous_session(&self) -> Option<Presented> {
        self.caller.session_cookie()
    }

    /// The session of this browser.
    pub(crate) async fn session(&self) -> Result<Checked, Fault> {
        match self.caller.session_cookie() {
            Some(presented) => sessions::check(&self.caller.cx, presented).await,
            None => Ok(Checked::Nobody),
        }
    }
}
