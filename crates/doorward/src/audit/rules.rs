//! The words of the audit log.

use std::{fmt, net::IpAddr};

use doorward_core::{AccountId, SessionId, Timestamp};

macro_rules! actions {
    ($($(#[$doc:meta])* $action:ident = $name:literal;)*) => {
        /// What was done, or tried.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Action {
            $($(#[$doc])* $action,)*
        }

        impl Action {
            /// Every action there is.
            pub const ALL: &'static [Self] = &[$(Self::$action),*];

            /// The stable name.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$action => $name,)*
                }
            }
        }
    };
}

actions! {
    /// Somebody asked for an account.
    SignupRequested = "signup.requested";
    /// An address was confirmed and its account made.
    SignupCompleted = "signup.completed";
    /// An account was made by an operator.
    AccountCreated = "account.created";
    /// An account may no longer log in.
    AccountDisabled = "account.disabled";
    /// An account may log in again.
    AccountEnabled = "account.enabled";
    /// An account is gone.
    AccountDeleted = "account.deleted";
    /// A name was changed.
    ProfileChanged = "account.profile_changed";
    /// Somebody logged in, or tried to.
    Login = "login";
    /// The next guess at a password has to wait from here on.
    GuessesDelayed = "attempts.delayed";
    /// Guesses at a password are refused from here on, until it is reset.
    GuessesStopped = "attempts.stopped";
    /// The next guess from an address, at whatever account, has to wait from here on.
    AddressDelayed = "attempts.address_delayed";
    /// Somebody proved themselves once more, or tried to.
    Reauthentication = "reauthentication";
    /// A session was ended by its own device.
    Logout = "session.logout";
    /// A session was ended from elsewhere.
    SessionRevoked = "session.revoked";
    /// All sessions of an account, or all but one, were ended.
    SessionsEnded = "session.all_ended";
    /// Somebody asked for a reset link.
    PasswordResetRequested = "password.reset_requested";
    /// A reset link was redeemed, or somebody tried to.
    PasswordReset = "password.reset";
    /// A password was voided by an operator, and its owner sent a link for a new one.
    PasswordVoided = "password.voided";
    /// A password was changed by its owner.
    PasswordChanged = "password.changed";
    /// A hash was renewed at login because its parameters were old.
    PasswordUpgraded = "password.upgraded";
    /// A signing key was added; nobody was logged out.
    KeysRotated = "keys.rotated";
    /// All signing keys were replaced by one, and everybody was logged out.
    KeysReplaced = "keys.replaced";
    /// A copy of the database was made.
    BackupMade = "backup.made";
    /// Events were written out of the log.
    AuditExported = "audit.exported";
    /// Somebody asked to change their address.
    EmailChangeRequested = "email.change_requested";
    /// An address was changed.
    EmailChanged = "email.changed";
}

/// Who acted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Actor {
    /// Nobody that we know.
    Anonymous,
    /// The person of an account.
    Account(AccountId),
    /// Somebody at the command line of the server.
    Operator,
}

/// What was acted upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// An account.
    Account(AccountId),
    /// A session.
    Session(SessionId),
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It was done.
    Success,
    /// It was refused.
    Denied,
}

/// What is to be written.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) actor: Actor,
    pub(crate) action: Action,
    pub(crate) target: Option<Target>,
    pub(crate) outcome: Outcome,
    pub(crate) address: Option<IpAddr>,
    /// The names of what was proved; constants of the program, so that no text of a person gets here.
    pub(crate) factors: Vec<&'static str>,
}

/// An event that `account` made happen to itself.
pub(crate) fn by(account: AccountId, action: Action, address: IpAddr) -> Event {
    Event {
        actor: Actor::Account(account),
        action,
        target: Some(Target::Account(account)),
        outcome: Outcome::Success,
        address: Some(address),
        factors: Vec::new(),
    }
}

/// An event that somebody unknown made happen, perhaps to an account.
pub(crate) fn nobody(action: Action, target: Option<AccountId>, address: IpAddr) -> Event {
    Event {
        actor: Actor::Anonymous,
        action,
        target: target.map(Target::Account),
        outcome: Outcome::Success,
        address: Some(address),
        factors: Vec::new(),
    }
}

impl Event {
    /// The same event as something that was refused.
    pub(crate) fn denied(self) -> Self {
        Self { outcome: Outcome::Denied, ..self }
    }

    /// The same event with another target.
    pub(crate) fn on(self, target: Target) -> Self {
        Self { target: Some(target), ..self }
    }

    /// The same event as one that these factors were proved for.
    pub(crate) fn with(self, factors: Vec<&'static str>) -> Self {
        Self { factors, ..self }
    }
}

/// An event as it was written.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Recorded {
    /// Its place in the log.
    #[serde(serialize_with = "as_text")]
    pub id: i64,
    /// When, RFC 3339 in UTC.
    pub at: String,
    /// Who: `anonymous`, `operator` or `account:ID`.
    pub actor: String,
    /// What.
    pub action: String,
    /// To whom or what.
    pub target: Option<String>,
    /// In which tenant.
    pub tenant: Option<String>,
    /// `success` or `denied`.
    pub result: String,
    /// From which machine.
    pub address: Option<String>,
    /// What was proved, in its order, with commas between.
    pub factors: Option<String>,
}

/// A 64-bit id as text: JavaScript would round the number.
fn as_text<S: serde::Serializer>(id: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&format!("{id:016x}"))
}

impl Event {
    pub(super) fn recorded(self, at: Timestamp) -> Recorded {
        Recorded {
            id: 0,
            at: rfc3339(at),
            actor: self.actor.to_string(),
            action: self.action.name().to_owned(),
            target: self.target.map(|target| target.to_string()),
            tenant: None,
            result: self.outcome.name().to_owned(),
            address: self.address.map(|address| address.to_string()),
            factors: (!self.factors.is_empty()).then(|| self.factors.join(",")),
        }
    }
}

impl Outcome {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Denied => "denied",
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => f.write_str("anonymous"),
            Self::Operator => f.write_str("operator"),
            Self::Account(id) => write!(f, "account:{id}"),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(id) => write!(f, "account:{id}"),
            Self::Session(id) => write!(f, "session:{id}"),
        }
    }
}

/// A moment as RFC 3339 in UTC with microseconds.
pub(crate) fn rfc3339(at: Timestamp) -> String {
    jiff::Timestamp::from_microsecond(at.as_micros()).map_or_else(|_| "?".to_owned(), |at| at.to_string())
}
