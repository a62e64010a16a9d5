//! What an invitation is, who may send it, and what a letter says of a tenant.

use axum::http::StatusCode;
use doorward_core::{AccountId, EmailAddress, InvitationId, RoleName, TenantId, Timestamp};

use crate::{
    access::{Permission, own::MembersInvite},
    attempts::Throttled,
    base::lifetime::Working,
    guard::{Denial, Problem},
    policy::{OwnRoles, Policy},
    tenant_page::ActDenied,
    tenants::{Standing, TenantDenied},
};

/// An invitation that waits.
#[derive(Clone, Debug)]
pub struct Invited {
    /// Its name.
    pub id: InvitationId,
    pub(crate) tenant: TenantId,
    /// Who is invited.
    pub email: EmailAddress,
    /// The roles that go with it.
    pub roles: Vec<RoleName>,
    /// Which member has sent it last; `None` for an operator.
    pub invited_by: Option<AccountId>,
    /// When it was sent first.
    pub created_at: Timestamp,
    /// From this moment on its link does not work.
    pub expires_at: Timestamp,
}

impl Invited {
    /// Whether its link could work now.
    pub(crate) fn waits(&self, working: Working) -> bool {
        self.expires_at > working.after && self.expires_at <= working.until
    }
}

/// Whether somebody who stands so in a tenant may invite to these roles.
pub(super) fn may_invite(policy: &Policy, standing: &Standing, roles: &[RoleName], now: Timestamp) -> bool {
    let invites = policy.permission(MembersInvite::NAME).is_some_and(|permission| standing.holds(permission, now));
    invites && gives(policy, &standing.roles, roles)
}

/// Whether the roles `own` may give all of these.
pub(super) fn gives(policy: &Policy, own: &OwnRoles, roles: &[RoleName]) -> bool {
    roles.iter().all(|role| policy.may_give(own, role))
}

/// Why nobody was invited, or an invitation not resent or taken back.
#[derive(Clone, Debug)]
pub(crate) enum InviteDenied {
    /// Whoever acts may not, or not any more.
    Act(ActDenied),
    /// The tenant does not take it: a role that is unknown or not theirs to give, or the person is a member.
    Tenant(TenantDenied),
    /// An invitation waits for this address already.
    AlreadyInvited,
    /// As many wait as may.
    TooMany,
    /// The tenant is closed for the time being.
    Closed,
    /// There is no such invitation here, or not any more.
    NoSuchInvitation,
    /// Enough letters were sent this hour.
    Throttled(Throttled),
}

impl Denial for InviteDenied {
    fn problem(&self) -> Problem {
        match self {
            Self::Act(denied) => denied.problem(),
            Self::Tenant(TenantDenied::AlreadyMember) => {
                let problem = TenantDenied::AlreadyMember.problem();
                Problem {
                    status: problem.status,
                    ..Problem::field("email", problem.code, "They are a member already.")
                }
            }
            Self::Tenant(denied) => denied.problem(),
            Self::AlreadyInvited => {
                let text = "They are invited already. You can send the invitation again from the list.";
                Problem { status: StatusCode::CONFLICT, ..Problem::field("email", "already_invited", text) }
            }
            Self::TooMany => {
                let text = "As many invitations wait as may. Take one back, or wait until one is accepted.";
                Problem::plain(StatusCode::CONFLICT, "too_many_invitations", text)
            }
            Self::Closed => AcceptDenied::Closed.problem(),
            Self::NoSuchInvitation => {
                let text = "There is no such invitation; it may have been accepted or taken back.";
                Problem::plain(StatusCode::NOT_FOUND, "no_such_invitation", text)
            }
            Self::Throttled(throttled) => throttled.problem(),
        }
    }
}

/// Why an invitation is not accepted.
#[derive(Clone, Copy, Debug)]
pub(crate) enum AcceptDenied {
    /// The link was used, replaced or taken back, is too old, is void, or never was one.
    LinkSpent,
    /// It is for another address. Which one is not said: whoever got the letter knows.
    NotYours,
    /// The tenant is closed for the time being; the link stays.
    Closed,
    /// The tenant or the account has no room, or the person is a member already.
    Tenant(TenantDenied),
}

impl Denial for AcceptDenied {
    fn problem(&self) -> Problem {
        match self {
            Self::LinkSpent => {
                let text = "This invitation does not work any more: it was used or taken back, is too old, or there is a newer \
                    one. Ask whoever invited you for a new one.";
                Problem::plain(StatusCode::GONE, "link_spent", text)
            }
            Self::NotYours => {
                let text = "This invitation is for another address. Log in with the account of the address that the letter came to.";
                Problem::plain(StatusCode::FORBIDDEN, "invitation_not_yours", text)
            }
            Self::Closed => {
                let text = "This is closed for the time being: nobody is invited to it and nobody joins.";
                Problem::plain(StatusCode::FORBIDDEN, "tenant_closed", text)
            }
            Self::Tenant(TenantDenied::AlreadyMember) => {
                let problem = TenantDenied::AlreadyMember.problem();
                Problem {
                    status: problem.status,
                    ..Problem::plain(problem.status, problem.code, "You belong to it already.")
                }
            }
            Self::Tenant(denied) => denied.problem(),
        }
    }
}

/// A tenant's name as a letter shows it: without what a mail program makes a link of, and not longer than a line.
///
/// The name is whatever somebody typed, and the letter comes from us: `Click http://evil.example` in it would be bait with our
/// signature. Letters, digits and the marks of names stay; a dot stays at the end of a word.
pub(super) fn in_a_letter(name: &str) -> String {
    let mut shown = String::new();
    let mut rest = name.chars().peekable();
    while let Some(c) = rest.next() {
        let ends_word = rest.peek().is_none_or(|next| next.is_whitespace());
        let stays = match c {
            '.' => ends_word,
            '-' | '\'' | '&' | ',' | '(' | ')' | '+' | '!' => true,
            // Dots, slashes, colons and at signs of other scripts, which mail programs and browsers read as ours (UTS 46).
            '\u{2024}' | '\u{2044}' | '\u{2215}' | '\u{29f8}' | '\u{3002}' | '\u{fe52}' | '\u{fe55}' | '\u{fe6b}' => {
                false
            }
            '\u{ff0e}' | '\u{ff0f}' | '\u{ff1a}' | '\u{ff20}' | '\u{ff61}' => false,
            // They show nothing and hide where a word ends.
            '\u{00ad}' | '\u{200b}' | '\u{2028}' | '\u{2029}' | '\u{2060}' | '\u{feff}' => false,
            // The quotation marks that the letter puts around it: nobody ends the quotation early.
            '\u{201c}'..='\u{201f}' => false,
            c => c.is_alphanumeric() || (!c.is_ascii() && !c.is_control()),
        };
        shown.push(if stays { c } else { ' ' });
    }
    let words: Vec<_> = shown.split_whitespace().collect();
    words.join(" ").chars().take(LONGEST).collect::<String>().trim_end().to_owned()
}

/// Characters of a tenant's name that a letter shows.
const LONGEST: usize = 60;
