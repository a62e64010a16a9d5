//! Somebody who was sent here by a client, logged in or not.

use std::sync::Arc;

use axum::http::{HeaderValue, Method};
use doorward_core::{LocalPath, Purpose, Timestamp};

use super::{
    caller::Caller,
    guards::{Guard, SignedIn, login_page, not_signed_in, presented, recheck_page, to_be_rechecked},
    holder::Holder,
    reply::Refused,
};
use crate::{
    context::Context,
    error::Fault,
    sessions::{self, Checked},
};

/// Anybody who only looks, and who it is when somebody is logged in: for a question whose answer differs for both.
pub(crate) enum Arrived {
    /// Somebody who is logged in.
    Known(Box<SignedIn>),
    /// Somebody whose session gives no access until it was rechecked.
    Due(Box<Holder>),
    /// Somebody who is not.
    Unknown(Box<Caller>),
}

impl Guard for Arrived {
    fn name() -> String {
        "Arrived".to_owned()
    }

    async fn admit(caller: Caller) -> Result<Self, Refused> {
        if !matches!(caller.method, Method::GET | Method::HEAD) {
            return Err(
                Fault::new("admitting somebody", "a route that changes something has a guard that only looks").into()
            );
        }
        let Ok(presented) = presented(&caller) else { return Ok(Self::Unknown(Box::new(caller))) };
        Ok(match sessions::check(&caller.cx, presented).await? {
            Checked::Live(live) => Self::Known(Box::new(SignedIn::new(caller, live))),
            Checked::Due(due) => Self::Due(Box::new(Holder::due(caller, due))),
            Checked::Nobody => Self::Unknown(Box::new(caller)),
        })
    }

    fn csrf(&self) -> String {
        match self {
            Self::Known(person) => person.csrf_token(),
            Self::Due(holder) => holder.csrf_token(),
            Self::Unknown(_) => String::new(),
        }
    }

    fn signed_in(&self) -> bool {
        matches!(self, Self::Known(_))
    }
}

impl Arrived {
    pub(crate) fn cx(&self) -> &Arc<Context> {
        &self.caller().cx
    }

    fn caller(&self) -> &Caller {
        match self {
            Self::Known(person) => &person.caller,
            Self::Due(holder) => holder.caller(),
            Self::Unknown(caller) => caller,
        }
    }

    /// Whether one of our own pages sent the browser here, a form of ours perhaps: then a redirect to another site would be
    /// taken for the form's own way, which our pages do not allow.
    pub(crate) fn comes_from_us(&self) -> bool {
        comes_from_us(self.caller())
    }

    /// Refuses somebody who is not logged in, or whose session is to be rechecked; people are led to do that and come back to
    /// `path`, which is one of ours.
    pub(crate) fn to_log_in(&self, path: &str) -> Refused {
        let (caller, back) = (self.caller(), LocalPath::parse(path));
        match self {
            Self::Due(_) => to_be_rechecked(caller).way_on(recheck_page(caller, back)),
            Self::Known(_) | Self::Unknown(_) => not_signed_in(caller).way_on(login_page(caller, back)),
        }
    }
}

impl SignedIn {
    /// The same of somebody who sent a form.
    pub(crate) fn comes_from_us(&self) -> bool {
        comes_from_us(&self.caller)
    }

    /// A mark of this moment for an address of ours, so that a proof asked for there is known to be younger.
    pub(crate) fn mark_now(cx: &Context) -> String {
        let now = cx.clock.now();
        cx.keys().seal(Purpose::Moment, &now.as_micros().to_be_bytes(), now)
    }

    /// Reads such a mark; `None` when it is not ours.
    pub(crate) fn marked(cx: &Context, mark: &str) -> Option<Timestamp> {
        let bytes = cx.keys().open::<8>(Purpose::Moment, mark)?;
        Some(Timestamp::from_micros(i64::from_be_bytes(*bytes)))
    }
}

pub(super) fn comes_from_us(caller: &Caller) -> bool {
    caller.headers.get("sec-fetch-site").is_some_and(|site| site == HeaderValue::from_static("same-origin"))
}
