//! What the pure part promises.

use std::time::Duration;

use proptest::prelude::*;

use crate::*;

mod domain;
mod email;
mod handled;
mod keys;
mod local_path;
mod names;
mod time;
mod token;

/// Gives the same bytes always.
struct Same(u8);

impl Entropy for Same {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(self.0);
    }
}
