//! What an account is.

use doorward_core::{AccountId, EmailAddress, Timestamp};

/// An account as it is stored.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its name for programs.
    pub id: AccountId,
    /// The confirmed address.
    pub email: EmailAddress,
    /// How the person wants to be addressed; may be empty.
    pub name: String,
    /// How often everything was revoked.
    pub(crate) epoch: i64,
    /// How often the password was replaced or voided.
    pub(crate) password_epoch: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When somebody last logged in.
    pub last_login_at: Option<Timestamp>,
    /// Since when it may not log in.
    pub disabled_at: Option<Timestamp>,
}

/// What an account says about its person.
#[derive(Clone)]
pub(crate) struct Profile {
    /// The confirmed address.
    pub(crate) email: EmailAddress,
    /// How the person wants to be addressed; may be empty.
    pub(crate) name: String,
}

/// Which account is meant, and in which epoch a proof for it was begun.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standing {
    pub(crate) account: AccountId,
    pub(crate) epoch: i64,
}

impl Account {
    /// The account in its present epoch.
    pub(crate) fn standing(&self) -> Standing {
        Standing { account: self.id, epoch: self.epoch }
    }
}

/// Proof that an account may come in: enabled, and nothing revoked since its proofs were begun.
///
/// Its row is locked until the transaction ends, so a revocation waits and then sees the session, or is seen itself.
pub(crate) struct Admitted {
    account: AccountId,
}

impl Admitted {
    pub(super) fn new(account: AccountId) -> Self {
        Self { account }
    }

    /// Which account.
    pub(crate) fn account(&self) -> AccountId {
        self.account
    }
}

/// Whether an account may log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Disabled {
    /// It may not.
    Yes,
    /// It may.
    No,
}

/// The longest display name, in code points.
pub(crate) const MAX_NAME: usize = 100;

/// A display name without control characters and white space around it; `None` when it is too long.
pub(crate) fn display_name(text: &str) -> Option<String> {
    let name: String = text.trim().chars().filter(|c| !c.is_control() && !turns_text(*c)).collect();
    (name.chars().count() <= MAX_NAME).then_some(name)
}

/// Whether a character changes the direction of what stands around it (Unicode Standard Annex 9): a name with one in it
/// could make the sentence about it, in a page or a letter, say something else.
fn turns_text(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
