//! What an operator may set about passwords.

use crate::base::settings::{SecretText, settings};

settings! {
    /// Passwords.
    "passwords" Settings {
        /// The least number of code points of a new password. NIST SP 800-63B-4 asks for 15 where the password is the only factor.
        min_length["min_length"]: u32 = 12, 12 => 64;
        /// The largest number of code points of a new password.
        max_length["max_length"]: u32 = 128, 64 => 256;
        /// Argon2id memory of one hash in KiB. With `passes` it must be one of the sets of ASVS 5.0 appendix C.
        memory_kib["memory_kib"]: u32 = 19_456, 12_288 => 262_144;
        /// Argon2id passes over that memory: 1 needs 47104 KiB, 2 needs 19456 KiB, 3 or more need 12288 KiB.
        passes["passes"]: u32 = 2, 1 => 10;
        /// Hashes computed at once, each in `memory_kib` of memory; 0 means one for each core, as far as the budget allows.
        threads["threads"]: u32 = 0, 0 => 256;
        /// Memory in MiB that hashing may take while `threads` is 0; 0 means a quarter of the machine's or the container's.
        budget_mib["budget_mib"]: u32 = 0, 0 => 1_048_576;
        /// A key outside the database that every new hash also needs: `ID:SECRET` with at least 32 bytes of secret in base64.
        pepper["pepper"]: SecretText = SecretText::default();
        /// Peppers that only old hashes still need, in the same form, separated by spaces.
        old_peppers["old_peppers"]: SecretText = SecretText::default();
    }
}
