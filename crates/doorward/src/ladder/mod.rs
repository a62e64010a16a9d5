//! Which proofs make a session? The ladder, in types.
//!
//! A factor's feature makes a proof; [`first`] takes it to the first rung; [`Rung::top`] ends the climb in [`Done`],
//! which is the only key to `sessions::open`. Nobody passes in a level: the session records which factors were proved,
//! and when. A second factor adds a rung between the two: accounts that have one then get `Done` from there only.
//!
//! - `ladder/proofs-only`: Nothing but proofs makes a session, and a proof is made only where its factor was checked.

mod rules;

pub(crate) use rules::{Done, Factor, FirstFactor, first};

#[cfg(test)]
mod tests;
