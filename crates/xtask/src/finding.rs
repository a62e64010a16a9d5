//! What a check found: where, which rule, and the cure.

use crate::{Failure, Outcome};

/// Names a place that breaks a rule.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    /// The file, from the root of the repository.
    pub(crate) path: String,
    /// The line, counted from one.
    pub(crate) line: usize,
    /// The rule's short name.
    pub(crate) rule: &'static str,
    /// What is there and should not be, or the reverse.
    pub(crate) what: String,
    /// What to do about it.
    pub(crate) cure: &'static str,
}

impl Finding {
    /// Makes a finding.
    pub(crate) fn new(
        path: &str,
        line: usize,
        rule: &'static str,
        what: impl Into<String>,
        cure: &'static str,
    ) -> Self {
        Self { path: path.to_owned(), line, rule, what: what.into(), cure }
    }
}

/// Prints the findings in the order of their places and fails if there is one.
pub(crate) fn report(check: &str, mut findings: Vec<Finding>) -> Outcome {
    findings.sort();
    findings.dedup();
    for Finding { path, line, rule, what, cure } in &findings {
        println!("{path}:{line}: [{rule}] {what}\n    cure: {cure}");
    }
    match findings.len() {
        0 => Ok(()),
        1 => Err(Failure::new(format!("{check}: one finding"), "see the line above")),
        count => Err(Failure::new(format!("{check}: {count} findings"), "each line above names its own")),
    }
}
