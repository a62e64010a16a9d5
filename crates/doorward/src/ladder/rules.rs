//! The steps of the ladder.

use doorward_core::Timestamp;

use crate::accounts::Standing;

/// A way to prove who one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Factor {
    /// The account's password.
    Password,
    /// A provider that the account is linked to.
    Provider,
}

/// A proof that stands at the bottom of the ladder.
pub(crate) trait FirstFactor {
    /// What was proved.
    fn factor(&self) -> Factor;
    /// Whose proof it is, and in which epoch it was begun.
    fn standing(&self) -> Standing;
    /// When it was made.
    fn proved_at(&self) -> Timestamp;
}

/// The first rung: one factor proved.
#[must_use]
pub(crate) struct Rung {
    standing: Standing,
    factors: Vec<(Factor, Timestamp)>,
}

/// The top of the ladder: everything that this account needs was proved.
pub(crate) struct Done {
    standing: Standing,
    factors: Vec<(Factor, Timestamp)>,
}

/// Steps onto the ladder with a proof.
pub(crate) fn first(proof: impl FirstFactor) -> Rung {
    Rung { standing: proof.standing(), factors: vec![(proof.factor(), proof.proved_at())] }
}

impl Rung {
    /// Ends the climb; no account has a second factor to ask for.
    pub(crate) fn top(self) -> Done {
        Done { standing: self.standing, factors: self.factors }
    }
}

impl Done {
    /// Who climbed.
    pub(crate) fn standing(&self) -> Standing {
        self.standing
    }

    /// What was proved, and when, in the order of the climb.
    pub(crate) fn factors(&self) -> &[(Factor, Timestamp)] {
        &self.factors
    }

    /// The names of what was proved, in the order of the climb.
    pub(crate) fn names(&self) -> Vec<&'static str> {
        self.factors.iter().map(|(factor, _)| factor.name()).collect()
    }
}

impl Factor {
    /// The stable name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Provider => "provider",
        }
    }
}
