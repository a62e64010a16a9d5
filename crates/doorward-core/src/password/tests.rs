//! What a password may be, and what becomes of it.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use super::*;
use crate::{Entropy, Secret};

mod choosing;
mod hashing;
mod hostile;
mod imports;
mod oracle;

/// Counts instead of drawing lots, so that every salt is another one and every run the same.
#[derive(Default)]
struct Counter(AtomicU64);

impl Entropy for Counter {
    fn fill(&self, buffer: &mut [u8]) {
        for byte in buffer {
            *byte = self.0.fetch_add(1, Ordering::Relaxed).to_le_bytes()[0];
        }
    }
}

const RIGHT: &str = "correct horse battery";

fn hasher() -> Hasher {
    hasher_with(Peppers::none())
}

fn hasher_with(peppers: Peppers) -> Hasher {
    Hasher::new(Parameters::new(12_288, 3).unwrap(), Arc::new(peppers)).unwrap()
}

fn guess(text: &str) -> Guess {
    Guess::new(text).unwrap()
}

fn password(text: &str) -> Password {
    choose(text).unwrap_or_else(|denied| panic!("{text} is {}", denied.code()))
}

fn choose(text: &str) -> Result<Password, PasswordDenied> {
    let context = Context { service_name: "Acme Notes Online", email: "ann.of.green.gables@example.org" };
    Password::new(text, &Policy::STANDARD, &context)
}

fn denied(text: &str) -> &'static str {
    choose(text).err().unwrap_or_else(|| panic!("{text} passes")).code()
}

fn verdict(stored: &str, text: &str) -> Result<Verdict, Unreadable> {
    hasher().check(&guess(text), &PasswordHash::stored(stored))
}

fn pepper(id: &str, byte: u8) -> Pepper {
    Pepper::new(id, Secret::new(vec![byte; 32])).unwrap()
}
