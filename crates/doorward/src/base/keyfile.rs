//! The file that holds the signing keys: one line each, mode 0600, replaced as a whole.
//!
//! A line is `ID SIGNS_FROM SECRET`: a number, seconds since the epoch, and 32 random bytes in base64url.
//!
//! - `keyfile/owner-only`: The file is made for its owner only, and one that others may read is refused.
//! - `keyfile/atomic`: Whoever reads while keys are rotated gets the whole old file or the whole new one.
//! - `keyfile/one-writer`: Several rotations at once each add their key; none is lost.
//! - `keyfile/keeps-needed`: A rotation keeps every key that a live session may depend on, and drops the others.
//! - `keyfile/refuses-unsound`: A malformed line, a short key, a sample or a repeated id is refused, not skipped.

use std::{
    fmt, fs,
    io::{self, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use doorward_core::{Entropy, Key, KeyRing, KeyRingError, Secret, Timestamp};
use zeroize::Zeroizing;

use super::files::{create_private, exposed_mode};

/// A file of signing keys.
#[derive(Clone, Debug)]
pub struct KeyFile {
    path: PathBuf,
}

/// Why the keys cannot be used.
#[derive(Debug)]
pub enum KeyFileError {
    /// The file cannot be read or written.
    Io(PathBuf, io::Error),
    /// Somebody other than the owner may read the file.
    Exposed(PathBuf),
    /// A line is not `ID SIGNS_FROM SECRET`.
    Line(PathBuf, usize),
    /// The keys do not make a ring.
    Ring(PathBuf, KeyRingError),
}

impl fmt::Display for KeyFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(path, cause) => {
                write!(f, "{}: {cause}. Make the file with `doorward keys rotate`.", path.display())
            }
            Self::Exposed(path) => {
                write!(f, "{}: others may read the signing keys. Run: chmod 600 {}", path.display(), path.display())
            }
            Self::Line(path, line) => write!(
                f,
                "{}, line {line}: a key is `ID SIGNS_FROM SECRET`. Restore the file from a backup.",
                path.display()
            ),
            Self::Ring(path, cause) => write!(f, "{}: {cause}.", path.display()),
        }
    }
}

impl std::error::Error for KeyFileError {}

/// The right to write keys in a folder: a lock on it, which ends with the process at the latest.
struct Turn {
    folder: fs::File,
}

struct Line {
    id: u32,
    signs_from: i64,
    secret: Zeroizing<Vec<u8>>,
}

impl KeyFile {
    /// Names the file; it need not exist yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the keys.
    pub fn load(&self) -> Result<KeyRing, KeyFileError> {
        let lines = self.read()?;
        let keys = lines.iter().map(|line| Key {
            id: line.id,
            signs_from: Timestamp::from_secs(line.signs_from),
            secret: Secret::new(line.secret.to_vec()),
        });
        KeyRing::new(keys.collect()).map_err(|cause| KeyFileError::Ring(self.path.clone(), cause))
    }

    /// The ids of the keys and the moments from which they sign, without the secrets.
    pub fn list(&self) -> Result<Vec<(u32, Timestamp)>, KeyFileError> {
        Ok(self.read()?.iter().map(|line| (line.id, Timestamp::from_secs(line.signs_from))).collect())
    }

    /// Makes the file with one key when there is none.
    pub fn ensure(&self, now: Timestamp, entropy: &dyn Entropy) -> Result<(), KeyFileError> {
        if self.path.exists() {
            return Ok(());
        }
        let turn = self.turn()?;
        if self.path.exists() {
            return Ok(());
        }
        self.write(&turn, &[Line { id: 1, signs_from: now.as_secs(), secret: new_secret(entropy) }])
    }

    /// Adds a key that signs from `now + lead` on, and drops those that no session can depend on any more: superseded
    /// for longer than `session_lifetime`. Returns the new key's id.
    pub fn rotate(
        &self,
        now: Timestamp,
        lead: Duration,
        session_lifetime: Duration,
        entropy: &dyn Entropy,
    ) -> Result<u32, KeyFileError> {
        let turn = self.turn()?;
        let mut lines = if self.path.exists() { self.read()? } else { Vec::new() };
        lines.sort_by_key(|line| line.signs_from);
        let needed_since = now.before(session_lifetime).as_secs();
        while lines.len() > 1 && lines[1].signs_from < needed_since {
            lines.remove(0);
        }
        let id = lines.iter().map(|line| line.id).max().unwrap_or(0) + 1;
        let signs_from = if lines.is_empty() { now.as_secs() } else { now.after(lead).as_secs() };
        lines.push(Line { id, signs_from, secret: new_secret(entropy) });
        self.write(&turn, &lines)?;
        Ok(id)
    }

    /// Replaces all keys by a new one: every cookie ever signed is refused from then on.
    pub fn replace_all(&self, now: Timestamp, entropy: &dyn Entropy) -> Result<u32, KeyFileError> {
        let turn = self.turn()?;
        let lines = if self.path.exists() { self.read()? } else { Vec::new() };
        let id = lines.iter().map(|line| line.id).max().unwrap_or(0) + 1;
        self.write(&turn, &[Line { id, signs_from: now.as_secs(), secret: new_secret(entropy) }])?;
        Ok(id)
    }

    fn read(&self) -> Result<Vec<Line>, KeyFileError> {
        self.refuse_exposed()?;
        let text = Zeroizing::new(fs::read_to_string(&self.path).map_err(|cause| self.io(cause))?);
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
        lines
            .map(|(number, line)| Line::parse(line).ok_or_else(|| KeyFileError::Line(self.path.clone(), number + 1)))
            .collect()
    }

    /// Waits until no other process writes keys in this folder; the turn ends when it is dropped.
    ///
    /// Two rotations at once would read the same keys and one of the two new ones would be lost, and the one that comes
    /// first would put the other's half-written file in place.
    fn turn(&self) -> Result<Turn, KeyFileError> {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let take = || {
            let folder = fs::File::open(folder)?;
            folder.lock()?;
            Ok(Turn { folder })
        };
        take().map_err(|cause| self.io(cause))
    }

    /// Writes a new file beside the old one and puts it in its place, so that no reader ever sees half of it.
    fn write(&self, turn: &Turn, lines: &[Line]) -> Result<(), KeyFileError> {
        let mut text = Zeroizing::new(String::from(
            "# Signing keys of Doorward: ID SIGNS_FROM SECRET. Keep them secret; `doorward keys rotate` adds one.\n",
        ));
        for line in lines {
            let secret = Zeroizing::new(URL_SAFE_NO_PAD.encode(line.secret.as_slice()));
            text.push_str(&format!("{} {} {}\n", line.id, line.signs_from, secret.as_str()));
        }
        let beside = self.path.with_extension("new");
        let put = || -> io::Result<()> {
            let _ = fs::remove_file(&beside);
            let mut file = create_private(&beside)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&beside, &self.path)?;
            turn.folder.sync_all()
        };
        put().map_err(|cause| self.io(cause))
    }

    fn refuse_exposed(&self) -> Result<(), KeyFileError> {
        match exposed_mode(&self.path).map_err(|cause| self.io(cause))? {
            Some(_) => Err(KeyFileError::Exposed(self.path.clone())),
            None => Ok(()),
        }
    }

    fn io(&self, cause: io::Error) -> KeyFileError {
        KeyFileError::Io(self.path.clone(), cause)
    }
}

impl Line {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split_ascii_whitespace();
        let line = Self {
            id: parts.next()?.parse().ok()?,
            signs_from: parts.next()?.parse().ok()?,
            secret: Zeroizing::new(URL_SAFE_NO_PAD.decode(parts.next()?).ok()?),
        };
        parts.next().is_none().then_some(line)
    }
}

fn new_secret(entropy: &dyn Entropy) -> Zeroizing<Vec<u8>> {
    let mut secret = Zeroizing::new(vec![0; 32]);
    entropy.fill(&mut secret);
    secret
}

#[cfg(test)]
mod tests;
