//! scrypt (RFC 7914), as PHC string and as Better Auth writes it.

use zeroize::Zeroizing;

use crate::password::{Unreadable, phc, text};

/// An scrypt hash as read.
pub(in crate::password) struct Scrypt {
    parameters: scrypt::Params,
    form: Form,
    salt: Vec<u8>,
    tag: Vec<u8>,
}

/// The Unicode form of the password that was hashed.
enum Form {
    AsGiven,
    Nfkc,
}

impl Scrypt {
    /// Reads what follows `$scrypt$`: `ln=…,r=…,p=…$salt$hash`.
    pub(in crate::password) fn read(rest: &str) -> Result<Self, Unreadable> {
        let [parameters, salt, tag] = phc::fields(rest)?;
        let [log_n, r, p] = phc::numbers(parameters, ["ln", "r", "p"])?;
        Ok(Self {
            parameters: bounded(log_n, r, p)?,
            form: Form::AsGiven,
            salt: phc::bytes(salt, 1..=64)?,
            tag: phc::bytes(tag, 16..=64)?,
        })
    }

    /// Reads `salt:key` of Better Auth: hexadecimal, N = 16384, r = 16, p = 1, 64 bytes.
    ///
    /// The salt is the hexadecimal text itself, not the bytes that it spells, and the password was put in NFKC.
    pub(in crate::password) fn read_better_auth(salt: &str, key: &str) -> Result<Self, Unreadable> {
        let hexadecimal = salt.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !hexadecimal || !(16..=64).contains(&salt.len()) {
            return Err(Unreadable::Malformed);
        }
        Ok(Self {
            parameters: bounded(14, 16, 1)?,
            form: Form::Nfkc,
            salt: salt.as_bytes().to_vec(),
            tag: phc::within(decode_hexadecimal(key)?, 64..=64)?,
        })
    }

    /// Says whether `password` has this hash.
    pub(in crate::password) fn matches(&self, password: &str) -> bool {
        match self.form {
            Form::AsGiven => self.matches_bytes(password.as_bytes()),
            Form::Nfkc => self.matches_bytes(text::nfkc(password).as_bytes()),
        }
    }

    fn matches_bytes(&self, password: &[u8]) -> bool {
        let mut tag = Zeroizing::new([0; 64]);
        let tag = &mut tag[..self.tag.len()];
        scrypt::scrypt(password, &self.salt, &self.parameters, tag).expect("the tag has 16 to 64 bytes");
        crate::secret::same(tag, &self.tag)
    }
}

/// At most 128 MiB (N·r = 2^20) and twice the work that OWASP asks for (N = 2^17, r = 8, p = 1).
fn bounded(log_n: u32, r: u32, p: u32) -> Result<scrypt::Params, Unreadable> {
    if log_n == 0 || r == 0 || p == 0 {
        return Err(Unreadable::Malformed);
    }
    if log_n > 20 || r > 32 || p > 16 {
        return Err(Unreadable::TooCostly);
    }
    let memory = (1_u32 << log_n) * r;
    if memory > MAX_MEMORY || memory * p > MAX_WORK {
        return Err(Unreadable::TooCostly);
    }
    let log_n = u8::try_from(log_n).expect("it is at most 20");
    scrypt::Params::new(log_n, r, p).map_err(|_| Unreadable::Malformed)
}

fn decode_hexadecimal(text: &str) -> Result<Vec<u8>, Unreadable> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let bytes = pairs.iter().map(|&[high, low]| Some(digit(high)? << 4 | digit(low)?)).collect::<Option<Vec<u8>>>();
    bytes.filter(|_| rest.is_empty()).ok_or(Unreadable::Malformed)
}

const MAX_MEMORY: u32 = 1 << 20;
const MAX_WORK: u32 = 1 << 21;
