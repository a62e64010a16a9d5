//! What a provider may say, why it is not believed, and what the person is told then.

use std::time::Duration;

use axum::http::StatusCode;
use doorward_core::{AccountId, EmailAddress, LocalPath, ProviderName, SessionId, Timestamp};
use doorward_verify::jws::Claims;

use super::handed::Handed;
use crate::{
    accounts::Standing,
    attempts::Throttled,
    guard::{Denial, Problem},
    ladder::{Factor, FirstFactor},
};

/// Somebody as a provider knows them. The issuer and the subject are who it is; everything else may change or be anybody's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) issuer: String,
    pub(crate) subject: String,
}

/// What a provider has said about somebody, after every check that a token can pass.
pub(super) struct Said {
    pub(super) identity: Identity,
    pub(super) email: Option<EmailAddress>,
    /// Whether the provider vouches, in its own way, that the address is theirs.
    pub(super) vouched: bool,
    pub(super) name: String,
    /// When they last proved themselves to the provider, where it says so.
    pub(super) proved_at: Option<Timestamp>,
    /// What it hands out besides, where that is kept.
    pub(super) handed: Option<Handed>,
    /// The name of their session there, where it says so.
    pub(super) sid: Option<String>,
    /// What the provider calls the organisation that they are of, where it vouches for that.
    pub(super) organisation: Option<String>,
    /// Everything that its ID token says, where there is one.
    pub(super) claims: Option<Claims>,
}

impl Said {
    /// The address, where the provider vouches for it.
    pub(super) fn vouched_address(&self) -> Option<&EmailAddress> {
        self.email.as_ref().filter(|_| self.vouched)
    }
}

/// What somebody was sent to a provider for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To come in.
    Login,
    /// To make the provider a way into the account of a session.
    Link,
    /// To prove that it is still the person of a session.
    Reauthentication,
    /// To have the provider that opened a session say once more who its person is.
    Recheck,
}

impl Purpose {
    /// The name in the database and in addresses.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Link => "link",
            Self::Reauthentication => "reauthentication",
            Self::Recheck => "recheck",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        let all = [Self::Login, Self::Link, Self::Reauthentication, Self::Recheck];
        all.into_iter().find(|purpose| purpose.name() == name)
    }
}

/// A way to a provider and back, as it was begun.
pub(super) struct Flow {
    pub(super) provider: ProviderName,
    pub(super) purpose: Purpose,
    /// Whose session began it, where one did.
    pub(super) begun_by: Option<(AccountId, SessionId)>,
    pub(super) return_to: Option<LocalPath>,
    pub(super) begun_at: Timestamp,
}

/// Proof that a provider has vouched for somebody whom an account is linked to; made by this feature's flow alone.
pub(crate) struct ProviderProof {
    standing: Standing,
    at: Timestamp,
}

impl ProviderProof {
    pub(super) fn new(standing: Standing, at: Timestamp) -> Self {
        Self { standing, at }
    }
}

impl FirstFactor for ProviderProof {
    fn factor(&self) -> Factor {
        Factor::Provider
    }

    fn standing(&self) -> Standing {
        self.standing
    }

    fn proved_at(&self) -> Timestamp {
        self.at
    }
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $reason:ident = $word:literal, $told:ident;)*) => {
        /// Why somebody does not get in by way of a provider.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Reason {
            $($(#[$doc])* $reason,)*
        }

        impl Reason {
            /// The stable word in the audit log.
            pub(crate) const fn word(self) -> &'static str {
                match self {
                    $(Self::$reason => $word,)*
                }
            }

            const fn told(self) -> Told {
                match self {
                    $(Self::$reason => Told::$told,)*
                }
            }
        }
    };
}

reasons! {
    /// The answer names no way that was begun here.
    StateMissing = "state_missing", Flow;
    /// The state is none of ours, or was used.
    StateUnknown = "state_unknown", Flow;
    /// The state is older than ten minutes.
    StateExpired = "state_expired", Flow;
    /// The state was begun with another provider.
    StateOfOtherProvider = "state_of_other_provider", Flow;
    /// The state was begun in another browser, or in another tab since.
    StateOfOtherBrowser = "state_of_other_browser", Flow;
    /// The answer says something twice, or too much.
    AnswerMalformed = "answer_malformed", Flow;
    /// The answer does not say who gives it, although the provider promises that (RFC 9207).
    AnswerIssuerMissing = "answer_issuer_missing", Untrue;
    /// The answer is another provider's.
    AnswerIssuerWrong = "answer_issuer_wrong", Untrue;
    /// There is neither a code nor an error.
    CodeMissing = "code_missing", Untrue;
    /// The person has said no at the provider.
    Cancelled = "cancelled", Cancelled;
    /// The provider says that it does not work.
    ProviderError = "provider_error", Untrue;
    /// The provider does not answer, or not in time.
    Unreachable = "unreachable", Unavailable;
    /// The provider answers more than there is room for.
    TooLarge = "answer_too_large", Unavailable;
    /// What the provider says of itself cannot be used.
    DiscoveryMalformed = "discovery_malformed", Unavailable;
    /// What is found at the issuer's address says that it is of another issuer.
    DiscoveryIssuer = "discovery_issuer", Unavailable;
    /// The keys of the provider cannot be read.
    KeysMalformed = "keys_malformed", Unavailable;
    /// The provider does not take the code.
    TokenRefused = "token_refused", Untrue;
    /// The provider's answer to the code cannot be read.
    TokenMalformed = "token_malformed", Untrue;
    /// There is no ID token.
    IdTokenMissing = "id_token_missing", Untrue;
    /// The ID token cannot be read.
    IdTokenMalformed = "id_token_malformed", Untrue;
    /// The ID token is signed in a way that is not taken.
    Algorithm = "id_token_algorithm", Untrue;
    /// The ID token is signed with a key that the provider does not publish.
    KeyUnknown = "id_token_key", Untrue;
    /// The ID token is not signed by the provider.
    Signature = "id_token_signature", Untrue;
    /// The ID token is another issuer's.
    Issuer = "id_token_issuer", Untrue;
    /// The ID token is not for us, or not for us alone.
    Audience = "id_token_audience", Untrue;
    /// The ID token was given to somebody else.
    AuthorizedParty = "id_token_authorized_party", Untrue;
    /// The ID token is too old.
    Expired = "id_token_expired", Untrue;
    /// The ID token was issued at a moment that cannot be.
    IssuedAt = "id_token_issued_at", Untrue;
    /// The ID token is not the answer to this very question.
    Nonce = "id_token_nonce", Untrue;
    /// The ID token does not belong to the access token.
    AccessHash = "id_token_access_hash", Untrue;
    /// Nobody is named.
    Subject = "subject_missing", Untrue;
    /// What the provider tells about the person cannot be read.
    UserinfoMalformed = "userinfo_malformed", Untrue;
    /// What the provider tells is about another person.
    UserinfoSubject = "userinfo_subject", Untrue;
    /// The person is of a tenant of the provider that is not listed.
    TenantNotAllowed = "tenant_not_allowed", NotAllowed;
    /// The person is of a domain that is not listed.
    DomainNotAllowed = "domain_not_allowed", NotAllowed;
    /// The address is of no domain of the tenant whose provider it is.
    AddressOfOthers = "address_of_others", OfOthers;
    /// The tenant whose provider it is has given it up, or written something else about it, meanwhile.
    ProviderGone = "provider_gone", Flow;
    /// The tenant whose provider it is has removed them.
    RemovedFromTenant = "removed_from_tenant", TenantClosed;
    /// The tenant whose provider it is has no room for them.
    TenantFull = "tenant_full", TenantClosed;
    /// The provider tells no address.
    AddressMissing = "address_missing", NoAddress;
    /// The provider does not vouch for the address.
    AddressUnverified = "address_unverified", Unverified;
    /// The address belongs to an account that is not linked.
    AddressTaken = "address_taken", AddressTaken;
    /// Nobody gets an account here by way of this provider.
    SignupClosed = "signup_closed", Closed;
    /// The account is disabled.
    AccountDisabled = "account_disabled", Disabled;
    /// The session that began the way is over, or is not this browser's.
    SessionEnded = "session_ended", LoggedOut;
    /// The provider's account is a way into another account here.
    IdentityOfAnother = "identity_of_another", OfAnother;
    /// The account has as many ways in as there may be.
    TooMany = "too_many_identities", TooMany;
    /// Somebody else than the person of the session has proved themselves.
    WrongAccount = "wrong_account", WrongAccount;
    /// Somebody has come back by another identity than the one that opened the session.
    AnotherIdentity = "another_identity", AnotherIdentity;
    /// The provider does not say that the person has just proved themselves.
    NotProved = "not_proved_anew", NotProved;
}

macro_rules! told {
    ($($told:ident = $status:ident, $code:expr, $text:literal;)*) => {
        /// What the person is told: fewer things than the log, because a person can do one of a few things about it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        enum Told {
            $($told,)*
        }

        impl Told {
            const ALL: &'static [Self] = &[$(Self::$told),*];

            /// Status, code, and what the person may do.
            const fn said(self) -> (StatusCode, &'static str, &'static str) {
                match self {
                    $(Self::$told => (StatusCode::$status, $code, $text),)*
                }
            }
        }
    };
}

told! {
    Flow = BAD_REQUEST, "provider_login_stale",
        "This login was begun elsewhere, was finished already or took longer than ten minutes. Begin again here.";
    Cancelled = FORBIDDEN, "provider_cancelled",
        "You did not finish there, so nothing has changed here. Try again, or choose another way.";
    Untrue = BAD_GATEWAY, "provider_answer_refused",
        "We cannot believe what came back, so nothing has changed here. Try again; if it stays so, tell the operator.";
    Unavailable = SERVICE_UNAVAILABLE, "provider_unavailable",
        "The provider does not answer as it should right now. Try again in a moment, or choose another way.";
    NotAllowed = FORBIDDEN, "provider_account_not_allowed",
        "This account there does not belong to an organisation that may log in here. Choose another one.";
    OfOthers = FORBIDDEN, "address_of_others",
        "This provider is for the people of one organisation, and your address is none of theirs. Log in as you did before.";
    TenantClosed = FORBIDDEN, "tenant_does_not_allow",
        "Your organisation does not let you in this way. Ask one of its owners to invite you.";
    NoAddress = FORBIDDEN, "provider_address_missing",
        "The provider did not tell us an email address. Allow it there and try again, or sign up with your address.";
    Unverified = FORBIDDEN, "provider_address_unverified",
        "The provider does not vouch for your email address. Confirm it there and try again, or sign up here and link the \
        provider on your account page.";
    AddressTaken = CONFLICT, ADDRESS_TAKEN,
        "There is an account with your email address already. Log in to it as you did before, then link the provider on your \
        account page.";
    Closed = FORBIDDEN, "signup_closed",
        "You have no account here yet, and sign-up is closed. Ask the operator for an account.";
    Disabled = FORBIDDEN, "account_disabled",
        "This account may not log in. Ask the operator about it.";
    LoggedOut = UNAUTHORIZED, "not_signed_in",
        "You have been logged out meanwhile. Log in again.";
    OfAnother = CONFLICT, "identity_taken",
        "That account of the provider is a way into another account here. Log in to that one and unlink it there first.";
    TooMany = CONFLICT, "too_many_identities",
        "Your account has as many ways in as it may have. Unlink one first.";
    WrongAccount = FORBIDDEN, "wrong_account",
        "You have proved yourself there with an account that is not linked to yours. Choose the one that is.";
    AnotherIdentity = FORBIDDEN, "another_identity",
        "You have come back as somebody else than the one who logged in here. Log in there as before and try again, or log out here.";
    NotProved = FORBIDDEN, "not_proved",
        "The provider did not ask you who you are. Use your password, or have a link sent to set one.";
}

impl Told {
    fn problem(self) -> Problem {
        let (status, code, text) = self.said();
        let problem = Problem::plain(status, code, text);
        match self {
            Self::Unavailable => problem.retry_after(Duration::from_secs(10)),
            _ => problem,
        }
    }
}

impl Denial for Reason {
    fn problem(&self) -> Problem {
        self.told().problem()
    }
}

/// A way to a provider that was not begun.
#[derive(Clone, Copy, Debug)]
pub(crate) enum BeginDenied {
    /// The provider cannot be used.
    Provider(Reason),
    /// Too many were begun from here.
    Throttled(Throttled),
}

impl Denial for BeginDenied {
    fn problem(&self) -> Problem {
        match self {
            Self::Provider(reason) => reason.problem(),
            Self::Throttled(throttled) => throttled.problem(),
        }
    }
}

/// A way that came to nothing: why, what it was for, and where its person wanted to go.
#[derive(Clone, Debug)]
pub(crate) struct Lost {
    pub(crate) reason: Reason,
    pub(crate) purpose: Purpose,
    pub(crate) return_to: Option<LocalPath>,
}

impl Denial for Lost {
    fn problem(&self) -> Problem {
        self.reason.problem()
    }
}

/// The problem of a code, for the page that somebody is led to; `None` for a code that is none of these.
pub(super) fn problem_of(code: &str) -> Option<Problem> {
    Told::ALL.iter().find(|told| told.said().1 == code).map(|told| told.problem())
}

/// A way in that is not taken away.
#[derive(Clone, Copy, Debug)]
pub(crate) enum UnlinkDenied {
    /// There is no such link of this account.
    Unknown,
    /// Nobody could come in afterwards.
    Last,
    /// The session is over.
    SessionEnded,
}

impl Denial for UnlinkDenied {
    fn problem(&self) -> Problem {
        match self {
            Self::Unknown => {
                Problem::plain(StatusCode::NOT_FOUND, "identity_unknown", "Your account is not linked to that.")
            }
            Self::Last => Problem::plain(
                StatusCode::CONFLICT,
                "last_way_in",
                "This is the only way into your account. Set a password or link another provider first.",
            ),
            Self::SessionEnded => Told::LoggedOut.problem(),
        }
    }
}

/// A logout token that is not believed, and why; only its provider reads it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogoutDenied(pub(super) &'static str);

impl Denial for LogoutDenied {
    fn problem(&self) -> Problem {
        let text = format!("The logout token is not believed: {}.", self.0);
        Problem::plain(StatusCode::BAD_REQUEST, "invalid_request", text)
    }
}

/// What is said of a session that no provider carries on.
pub(super) fn opener_gone() -> Problem {
    let text = "This session was opened by no provider that leads here. Log in again to go on.";
    Problem::plain(StatusCode::NOT_FOUND, "no_such_provider", text)
}

/// What is said where no provider of the settings is named.
pub(crate) fn not_here() -> Problem {
    Problem::plain(StatusCode::NOT_FOUND, "no_such_provider", "There is no such provider here.")
}

/// What is said where the domain of an address has no provider of its own.
pub(super) fn no_provider() -> Problem {
    let text =
        "No organisation with this domain has a login of its own here. Log in with your password or another way.";
    Problem::field("email", "no_provider_of_domain", text)
}

/// Whether a text can name somebody: at most 255 letters (OpenID Connect Core section 2), none of them unseen.
pub(super) fn is_subject(text: &str) -> bool {
    (1..=255).contains(&text.len()) && text.trim() == text && !text.chars().any(char::is_control)
}

/// What somebody is told whose address has an account already.
pub(super) const ADDRESS_TAKEN: &str = "address_taken";
