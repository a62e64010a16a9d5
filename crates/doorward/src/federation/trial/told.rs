//! What came of a trial, for programs and for people, and how often somebody may make one.

use doorward_core::AccountId;
use serde_json::{Value, json};

use super::{super::provider::Provider, Check, Trial};
use crate::{
    attempts::{self, Throttled},
    base::db::Durability,
    context::Context,
    error::Refusal,
};

impl Trial {
    /// Counts one that somebody is about to make; so many in an hour are enough.
    pub(crate) async fn counted(cx: &Context, by: AccountId) -> Result<(), Refusal<Throttled>> {
        let mut tx = cx.db.begin(Durability::Relaxed).await?;
        attempts::count_use(cx, &mut tx, ("provider_trials", &by.to_string()), MOST).await?;
        Ok(tx.commit().await?)
    }

    /// As programs see it.
    pub(crate) fn described(&self) -> Value {
        let check = |check: &Check| json!({ "check": check.name, "found": check.found.name(), "says": check.says });
        json!({
            "provider": self.provider.as_str(),
            "works": self.works(),
            "redirect_uri": self.redirect_uri,
            "checks": self.checks.iter().map(check).collect::<Vec<_>>(),
        })
    }
}

/// As people see it.
pub(crate) struct Tried {
    pub(crate) label: String,
    pub(crate) works: bool,
    /// What was found, what it is about, and a sentence.
    pub(crate) checks: Vec<(&'static str, &'static str, String)>,
}

impl Tried {
    pub(crate) fn of(provider: &Provider, trial: &Trial) -> Self {
        let check = |check: &Check| (check.found.name(), about(check.name), check.says.clone());
        Self {
            label: provider.label().to_owned(),
            works: trial.works(),
            checks: trial.checks.iter().map(check).collect(),
        }
    }
}

/// What a check is about, for people.
fn about(name: &str) -> &'static str {
    match name {
        "description" => "Its description",
        "issuer" => "Who it is",
        "endpoints" => "Its addresses",
        "algorithms" => "How it signs",
        "proof" => "Proof of the code",
        "clock" => "Clocks",
        "keys" => "Its keys",
        "request" => "Receiving people",
        _ => "Id and secret",
    }
}

/// How many trials somebody makes in an hour.
const MOST: u32 = 60;
