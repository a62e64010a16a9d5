//! The words of the audit log.

use std::{fmt, net::IpAddr};

use doorward_core::{
    AccountId, ApiKeyId, ClientId, DomainName, FamilyId, InvitationId, PlanName, ProviderName, RoleName, SessionId,
    TenantId, Timestamp,
};

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
    /// The provider that opened a session has said once more whose it is, or has not.
    SessionRechecked = "session.rechecked";
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
    /// A key that signs tokens was added; the one before it retires.
    SigningRotated = "signing.rotated";
    /// All keys that sign tokens were replaced at once, and every token was voided.
    SigningReplaced = "signing.replaced";
    /// A copy of the database was made.
    BackupMade = "backup.made";
    /// Events were written out of the log.
    AuditExported = "audit.exported";
    /// Somebody asked to change their address.
    EmailChangeRequested = "email.change_requested";
    /// An address was changed.
    EmailChanged = "email.changed";
    /// A tenant was made.
    TenantCreated = "tenant.created";
    /// A tenant got another name or slug.
    TenantRenamed = "tenant.renamed";
    /// A tenant was closed to its members for the time being.
    TenantSuspended = "tenant.suspended";
    /// A suspended tenant was opened again.
    TenantResumed = "tenant.resumed";
    /// A tenant is to be deleted when its waiting period is over.
    TenantDeletionRequested = "tenant.deletion_requested";
    /// A tenant that was to be deleted is kept.
    TenantRestored = "tenant.restored";
    /// A tenant is gone.
    TenantDeleted = "tenant.deleted";
    /// Who may join a tenant without an invitation was changed.
    TenantOpened = "tenant.opened";
    /// A tenant claims a domain, and has yet to prove it.
    DomainAdded = "domain.added";
    /// A domain was proved to be a tenant's, or somebody tried to.
    DomainVerified = "domain.verified";
    /// The record that proves a domain is not there any more; the domain is the tenant's for a while still.
    DomainMissing = "domain.missing";
    /// A domain does not count as a tenant's any more: its record was gone for too long, or another tenant has it.
    DomainLost = "domain.lost";
    /// An operator has taken back that a domain is a tenant's.
    DomainWithdrawn = "domain.withdrawn";
    /// A tenant does not claim a domain any more.
    DomainRemoved = "domain.removed";
    /// A tenant brings a provider, and has yet to set it up.
    ConnectionAdded = "connection.added";
    /// It was written how a tenant's provider is spoken to.
    ConnectionChanged = "connection.changed";
    /// A tenant's provider is gone, and every way into an account that led through it.
    ConnectionRemoved = "connection.removed";
    /// A tenant lets in only who comes by its own provider.
    SignInLimited = "tenant.sign_in_limited";
    /// A tenant lets its people in however they log in.
    SignInFreed = "tenant.sign_in_freed";
    /// An owner was named who may come in without the tenant's provider.
    GlassEntrusted = "member.break_glass_given";
    /// An owner may not come in without the tenant's provider any more.
    GlassTaken = "member.break_glass_taken";
    /// An owner has come in without the tenant's provider, or somebody tried to.
    GlassBroken = "tenant.glass_broken";
    /// Somebody became a member.
    MemberJoined = "member.joined";
    /// Somebody left a tenant.
    MemberLeft = "member.left";
    /// Somebody was removed from a tenant.
    MemberRemoved = "member.removed";
    /// A member got other roles.
    RolesChanged = "member.roles_changed";
    /// Somebody was invited.
    InvitationSent = "invitation.sent";
    /// An invitation was sent once more; the link before it is void.
    InvitationResent = "invitation.resent";
    /// An invitation was taken back.
    InvitationRevoked = "invitation.revoked";
    /// An invitation was accepted, or somebody tried to.
    InvitationAccepted = "invitation.accepted";
    /// A tenant or a member is entitled to a plan until a moment.
    EntitlementSet = "entitlement.set";
    /// An entitlement was ended before its time.
    EntitlementEnded = "entitlement.ended";
    /// A person has let a client in.
    AccessGranted = "access.granted";
    /// A person has agreed to what a client asks for, and it is remembered.
    ConsentGiven = "consent.given";
    /// A person has taken back what they had agreed to for a client, and what came of it ended.
    ConsentWithdrawn = "consent.withdrawn";
    /// A provider's account became a way into an account here, or somebody tried to make it one.
    IdentityLinked = "identity.linked";
    /// A provider's account is no way into an account here any more.
    IdentityUnlinked = "identity.unlinked";
    /// A provider was tried out.
    ProviderTried = "provider.tried";
    /// A client was let out: by its person, by itself, or because somebody else had what it was given.
    AccessRevoked = "access.revoked";
    /// A refresh token came again after it was replaced, and everything that came of it was ended.
    RefreshReused = "access.reused";
    /// An API key was made.
    ApiKeyCreated = "api_key.created";
    /// An API key was taken back: by its people, or by somebody who had it.
    ApiKeyRevoked = "api_key.revoked";
    /// An API key was not taken; written once a minute for each key.
    ApiKeyRefused = "api_key.refused";
    /// An account may use the operator's console, or may do other things there than before.
    OperatorGranted = "operator.granted";
    /// An account may not use the operator's console any more.
    OperatorRevoked = "operator.revoked";
    /// A program was registered as a client.
    ClientRegistered = "client.registered";
    /// A client got another secret.
    ClientSecretRotated = "client.secret_rotated";
    /// A client is kept out.
    ClientDisabled = "client.disabled";
    /// A client that was kept out may ask again.
    ClientEnabled = "client.enabled";
    /// A client is gone.
    ClientDeleted = "client.deleted";
    /// Something took itself for a client and could not prove it; written once a minute for each client.
    ClientDenied = "client.denied";
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
    /// An account that acts as an operator, in the console.
    Console(AccountId),
    /// Doorward itself, on the clock.
    Doorward,
    /// A program, for itself; the event says which.
    Client,
}

/// What was acted upon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// An account.
    Account(AccountId),
    /// A session.
    Session(SessionId),
    /// A tenant.
    Tenant(TenantId),
    /// An invitation.
    Invitation(InvitationId),
    /// What a client was given by a person.
    Family(FamilyId),
    /// A client.
    Client(ClientId),
    /// An API key.
    ApiKey(ApiKeyId),
    /// A domain, in its one spelling.
    Domain(DomainName),
    /// A provider that a tenant has brought.
    Connection(ProviderName),
}

/// What was given or taken, in names that the settings define; no text of a person gets here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Detail {
    /// These roles.
    Roles(Vec<RoleName>),
    /// This plan.
    Plan(PlanName),
    /// By way of this provider.
    Provider(ProviderName),
    /// By way of this provider, and why not: a word of the program.
    Refused(ProviderName, &'static str),
    /// How, or why not: a word of the program.
    Word(&'static str),
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was done.
    Success,
    /// It was refused.
    Denied,
}

/// What is to be written.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) actor: Actor,
    /// Which program, when it is one.
    pub(crate) client: Option<ClientId>,
    pub(crate) action: Action,
    pub(crate) target: Option<Target>,
    pub(crate) tenant: Option<TenantId>,
    pub(crate) detail: Option<Detail>,
    pub(crate) outcome: Outcome,
    pub(crate) address: Option<IpAddr>,
    /// The names of what was proved; constants of the program, so that no text of a person gets here.
    pub(crate) factors: Vec<&'static str>,
}

/// Who acts, and from where.
#[derive(Clone, Copy, Debug)]
pub(crate) struct By {
    actor: Actor,
    address: Option<IpAddr>,
}

impl By {
    /// Somebody at the command line of the server.
    pub(crate) const COMMAND_LINE: Self = Self { actor: Actor::Operator, address: None };
    /// Doorward itself, on the clock.
    pub(crate) const DOORWARD: Self = Self { actor: Actor::Doorward, address: None };

    /// The person of an account, for themselves.
    pub(crate) fn person(account: AccountId, address: IpAddr) -> Self {
        Self { actor: Actor::Account(account), address: Some(address) }
    }

    /// The person of an account, as an operator.
    pub(crate) fn operator(account: AccountId, address: IpAddr) -> Self {
        Self { actor: Actor::Console(account), address: Some(address) }
    }

    /// Something that they did.
    pub(crate) fn did(self, action: Action) -> Event {
        Event::new(self.actor, action, self.address)
    }
}

/// An event that `account` made happen to itself.
pub(crate) fn by(account: AccountId, action: Action, address: IpAddr) -> Event {
    By::person(account, address).did(action).on(Target::Account(account))
}

/// An event that a program made happen.
pub(crate) fn by_client(client: &ClientId, action: Action, address: IpAddr) -> Event {
    Event { client: Some(client.clone()), ..Event::new(Actor::Client, action, Some(address)) }
}

/// An event that somebody unknown made happen, perhaps to an account.
pub(crate) fn nobody(action: Action, target: Option<AccountId>, address: IpAddr) -> Event {
    Event { target: target.map(Target::Account), ..Event::new(Actor::Anonymous, action, Some(address)) }
}

impl Event {
    /// Something that `actor` did, from `address` where it was done from elsewhere than the server itself.
    fn new(actor: Actor, action: Action, address: Option<IpAddr>) -> Self {
        let (target, tenant, detail, outcome, factors) = (None, None, None, Outcome::Success, Vec::new());
        Self { actor, client: None, action, target, tenant, detail, outcome, address, factors }
    }

    /// The same event as one that happened in a tenant.
    pub(crate) fn within(self, tenant: TenantId) -> Self {
        Self { tenant: Some(tenant), ..self }
    }

    /// The same event with what was given or taken.
    pub(crate) fn about(self, detail: Detail) -> Self {
        Self { detail: Some(detail), ..self }
    }

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

impl Recorded {
    /// The event as the people of a tenant see it: that somebody who runs the service acted, and not who or from where.
    #[must_use]
    pub(crate) fn for_members(mut self) -> Self {
        if self.actor.starts_with("operator") {
            "operator".clone_into(&mut self.actor);
            self.address = None;
        }
        self
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
    /// Who: `anonymous`, `account:ID`, `operator` at the command line, `operator:ID` in the console, `client:ID`, or `doorward` itself.
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
    /// What was given or taken: roles with commas between, or a plan. Where a provider was asked, its name, and why not. Of a
    /// domain, how it was proved, or why not.
    pub detail: Option<String>,
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
            actor: match self.client {
                Some(client) => format!("{}:{client}", self.actor),
                None => self.actor.to_string(),
            },
            action: self.action.name().to_owned(),
            target: self.target.map(|target| target.to_string()),
            tenant: self.tenant.map(|tenant| tenant.to_string()),
            result: self.outcome.name().to_owned(),
            address: self.address.map(|address| address.to_string()),
            factors: (!self.factors.is_empty()).then(|| self.factors.join(",")),
            detail: self.detail.map(|detail| detail.to_string()),
        }
    }
}

impl Outcome {
    /// Every one there is.
    pub const ALL: &'static [Self] = &[Self::Success, Self::Denied];

    /// The stable name.
    pub const fn name(self) -> &'static str {
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
            Self::Console(id) => write!(f, "operator:{id}"),
            Self::Doorward => f.write_str("doorward"),
            Self::Client => f.write_str("client"),
        }
    }
}

impl fmt::Display for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Roles(roles) => f.write_str(&roles.iter().map(RoleName::as_str).collect::<Vec<_>>().join(",")),
            Self::Plan(plan) => plan.fmt(f),
            Self::Provider(provider) => provider.fmt(f),
            Self::Refused(provider, why) => write!(f, "{provider}: {why}"),
            Self::Word(word) => f.write_str(word),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(id) => write!(f, "account:{id}"),
            Self::Session(id) => write!(f, "session:{id}"),
            Self::Tenant(id) => write!(f, "tenant:{id}"),
            Self::Invitation(id) => write!(f, "invitation:{id}"),
            Self::Family(id) => write!(f, "family:{id}"),
            Self::Client(id) => write!(f, "client:{id}"),
            Self::ApiKey(id) => write!(f, "api_key:{id}"),
            Self::Domain(name) => write!(f, "domain:{name}"),
            Self::Connection(name) => write!(f, "connection:{name}"),
        }
    }
}

/// A moment as RFC 3339 in UTC with microseconds.
pub(crate) fn rfc3339(at: Timestamp) -> String {
    jiff::Timestamp::from_microsecond(at.as_micros()).map_or_else(|_| "?".to_owned(), |at| at.to_string())
}
