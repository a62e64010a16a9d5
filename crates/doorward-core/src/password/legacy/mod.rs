//! Hashes made by other systems: verified, never made.
//!
//! Every cost is bounded when the text is read, low ones are accepted (the next login replaces the hash), and the memory of
//! these schemes is not pooled.

pub(super) mod bcrypt;
pub(super) mod pbkdf2;
pub(super) mod scrypt;
