//! What the file of signing keys promises.

use std::{
    fs,
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use doorward_core::{Entropy, KeyRingError, Purpose, SystemEntropy, Timestamp};

use super::{KeyFile, KeyFileError};

const HOUR: Duration = Duration::from_secs(3600);
const SESSION: Duration = Duration::from_secs(8 * 3600);
const SECRET: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

/// A folder that goes away with the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let mut name = [0; 8];
        SystemEntropy.fill(&mut name);
        let folder = std::env::temp_dir().join(format!("doorward-keys-{:x}", u64::from_be_bytes(name)));
        fs::create_dir(&folder).unwrap();
        Self(folder)
    }

    fn keys(&self) -> KeyFile {
        KeyFile::new(self.0.join("keys"))
    }

    fn write(&self, text: &str) -> KeyFile {
        let keys = self.keys();
        fs::write(keys.path(), text).unwrap();
        #[cfg(unix)]
        chmod(&keys, 0o600);
        keys
    }

    fn ids(&self) -> Vec<u32> {
        let text = fs::read_to_string(self.keys().path()).unwrap();
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines.map(|line| line.split(' ').next().unwrap().parse().unwrap()).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(unix)]
fn chmod(keys: &KeyFile, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(keys.path(), fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(unix)]
fn mode(keys: &KeyFile) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(keys.path()).unwrap().permissions().mode() & 0o777
}

fn at(secs: i64) -> Timestamp {
    Timestamp::from_secs(1_800_000_000 + secs)
}

fn rotate(keys: &KeyFile, now: Timestamp) -> u32 {
    keys.rotate(now, HOUR, SESSION, &SystemEntropy).unwrap()
}

/// Promise: `keyfile/owner-only`
#[cfg(unix)]
#[test]
fn the_file_is_its_owners_only() {
    let folder = Folder::new();
    let keys = folder.keys();
    keys.ensure(at(0), &SystemEntropy).unwrap();
    assert_eq!(mode(&keys), 0o600);
    rotate(&keys, at(0));
    assert_eq!(mode(&keys), 0o600);
    keys.replace_all(at(0), &SystemEntropy).unwrap();
    assert_eq!(mode(&keys), 0o600);
}

/// Promise: `keyfile/owner-only`
#[cfg(unix)]
#[test]
fn a_file_that_others_may_read_is_refused_with_the_cure() {
    let folder = Folder::new();
    let keys = folder.keys();
    keys.ensure(at(0), &SystemEntropy).unwrap();
    let before = fs::read(keys.path()).unwrap();
    for exposed in [0o640, 0o604, 0o660, 0o620, 0o602, 0o601, 0o610, 0o777] {
        chmod(&keys, exposed);
        let refused = keys.load().err().unwrap();
        assert!(matches!(refused, KeyFileError::Exposed(_)), "{exposed:o}");
        assert!(refused.to_string().ends_with(&format!("Run: chmod 600 {}", keys.path().display())));
        assert!(keys.rotate(at(0), HOUR, SESSION, &SystemEntropy).is_err(), "and no rotation tidies it away");
        assert!(keys.replace_all(at(0), &SystemEntropy).is_err());
    }
    assert_eq!(fs::read(keys.path()).unwrap(), before);
    for private in [0o600, 0o400, 0o700] {
        chmod(&keys, private);
        assert!(keys.load().is_ok(), "{private:o}");
    }
}

#[test]
fn a_file_is_made_once_and_then_left_alone() {
    let folder = Folder::new();
    let keys = folder.keys();
    assert!(matches!(keys.load().err().unwrap(), KeyFileError::Io(..)));
    keys.ensure(at(0), &SystemEntropy).unwrap();
    let before = fs::read(keys.path()).unwrap();
    keys.ensure(at(5), &SystemEntropy).unwrap();
    assert_eq!(fs::read(keys.path()).unwrap(), before);
    assert!(keys.load().is_ok());
}

/// Promise: `keyfile/keeps-needed`
#[test]
fn a_key_is_kept_until_no_session_can_depend_on_it() {
    let folder = Folder::new();
    let keys = folder.keys();
    keys.ensure(at(0), &SystemEntropy).unwrap();
    let cookie = keys.load().unwrap().seal(Purpose::Session, &[7; 40], at(1));
    // The second key signs an hour later, so the first one signs cookies until then.
    assert_eq!(rotate(&keys, at(10)), 2);
    let superseded = 10 + 3600;
    rotate(&keys, at(superseded + 8 * 3600));
    assert_eq!(folder.ids(), [1, 2, 3], "a session of the last moment lives to this very second");
    assert!(keys.load().unwrap().open::<40>(Purpose::Session, &cookie).is_some());
    rotate(&keys, at(superseded + 8 * 3600 + 1));
    assert_eq!(folder.ids(), [2, 3, 4]);
    assert!(keys.load().unwrap().open::<40>(Purpose::Session, &cookie).is_none());
}

/// Promise: `keyfile/keeps-needed`
#[test]
fn many_rotations_at_short_intervals_drop_nothing_that_is_in_use() {
    let folder = Folder::new();
    let keys = folder.keys();
    keys.ensure(at(0), &SystemEntropy).unwrap();
    for hour in 1..40_i64 {
        let now = at(hour * 3600);
        let cookie = keys.load().unwrap().seal(Purpose::Session, &[7; 40], now);
        for _ in 0..2 {
            rotate(&keys, now);
        }
        let ring = keys.load().unwrap();
        assert!(ring.open::<40>(Purpose::Session, &cookie).is_some(), "hour {hour}");
        assert!(folder.ids().len() < 30, "and the old ones do go: {:?}", folder.ids());
    }
}

#[test]
fn a_new_key_signs_only_after_every_node_knows_it() {
    let folder = Folder::new();
    let keys = folder.keys();
    keys.ensure(at(0), &SystemEntropy).unwrap();
    let before = keys.load().unwrap();
    rotate(&keys, at(0));
    let after = keys.load().unwrap();
    let early = after.seal(Purpose::Session, &[7; 40], at(3599));
    let late = after.seal(Purpose::Session, &[7; 40], at(3600));
    assert!(before.open::<40>(Purpose::Session, &early).is_some(), "a node that has not read the file yet knows it");
    assert!(before.open::<40>(Purpose::Session, &late).is_none());
    assert_eq!(rotate(&KeyFile::new(folder.0.join("first")), at(0)), 1, "the first key of all signs at once");
    let first = KeyFile::new(folder.0.join("first")).load().unwrap();
    assert!(first.open::<40>(Purpose::Session, &first.seal(Purpose::Session, &[7; 40], at(0))).is_some());
}

#[test]
fn replacing_all_keys_refuses_every_cookie_ever_signed() {
    let folder = Folder::new();
    let keys = folder.keys();
    keys.ensure(at(0), &SystemEntropy).unwrap();
    rotate(&keys, at(0));
    let cookies = [at(1), at(3601)].map(|now| keys.load().unwrap().seal(Purpose::Session, &[7; 40], now));
    assert_eq!(keys.replace_all(at(4000), &SystemEntropy).unwrap(), 3, "an id is never used again");
    assert_eq!(folder.ids(), [3]);
    let ring = keys.load().unwrap();
    for cookie in cookies {
        assert!(ring.open::<40>(Purpose::Session, &cookie).is_none());
    }
}

/// Promise: `keyfile/refuses-unsound`
#[test]
fn a_malformed_line_is_refused_by_its_number() {
    let folder = Folder::new();
    let good = format!("# comment\n\n1 1800000000 {SECRET}\n");
    assert!(folder.write(&good).load().is_ok());
    for line in [
        "2".to_owned(),
        "2 1800000000".to_owned(),
        format!("2 1800000000 {SECRET} more"),
        format!("two 1800000000 {SECRET}"),
        format!("-2 1800000000 {SECRET}"),
        format!("4294967296 1800000000 {SECRET}"),
        format!("2 tomorrow {SECRET}"),
        format!("2 1800000000 {SECRET}="),
        format!("2 1800000000 {}", SECRET.replace('A', "+")),
        format!("2 1800000000 {}", &SECRET[1..]),
        "<<<<<<< HEAD".to_owned(),
    ] {
        let refused = folder.write(&format!("{good}{line}\n")).load().err().unwrap();
        assert!(matches!(refused, KeyFileError::Line(_, 4)), "{line}: {refused}");
        assert!(!refused.to_string().contains(&SECRET[1..20]), "no error shows a key: {refused}");
        assert!(folder.keys().rotate(at(0), HOUR, SESSION, &SystemEntropy).is_err(), "nor does a rotation drop it");
    }
}

/// Promise: `keyfile/refuses-unsound`
#[test]
fn keys_that_protect_nothing_are_refused() {
    let folder = Folder::new();
    let cases = [
        (String::new(), KeyRingError::Empty),
        ("# nothing\n".to_owned(), KeyRingError::Empty),
        (format!("1 0 {}\n", "A".repeat(43)), KeyRingError::Sample),
        (format!("1 0 {SECRET}\n2 0 {}\n", "_".repeat(42) + "8"), KeyRingError::Sample),
        (format!("1 0 {}\n", &SECRET[..42]), KeyRingError::Short),
        ("1 0 c2VjcmV0\n".to_owned(), KeyRingError::Short),
        (format!("1 0 {SECRET}\n1 5 {}\n", SECRET.replace('E', "F")), KeyRingError::Duplicate),
    ];
    for (text, expected) in cases {
        match folder.write(&text).load() {
            Err(KeyFileError::Ring(_, found)) => assert_eq!(found, expected, "{text}"),
            Err(KeyFileError::Line(..)) if expected == KeyRingError::Short => {}
            other => panic!("{text}: {}", other.err().map_or_else(|| "loaded".to_owned(), |error| error.to_string())),
        }
    }
    fs::write(folder.keys().path(), [0xff, 0xfe, 0]).unwrap();
    assert!(matches!(folder.keys().load(), Err(KeyFileError::Io(..))));
}

/// Promise: `keyfile/atomic`, `keyfile/one-writer`
#[test]
fn several_rotations_at_once_each_add_their_key_and_nobody_reads_half_a_file() {
    const EACH: u32 = 25;
    let folder = Folder::new();
    let keys = folder.keys();
    keys.ensure(at(0), &SystemEntropy).unwrap();
    let done = AtomicBool::new(false);
    let mut ids = std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut reads = 0;
            while !done.load(Ordering::SeqCst) {
                keys.load().unwrap_or_else(|error| panic!("after {reads} reads: {error}"));
                reads += 1;
            }
            reads
        });
        let writers = [(); 3].map(|()| scope.spawn(|| (0..EACH).map(|_| rotate(&keys, at(0))).collect::<Vec<_>>()));
        let written = writers.map(std::thread::ScopedJoinHandle::join);
        done.store(true, Ordering::SeqCst);
        assert!(reader.join().unwrap() > 10);
        let ids: Vec<u32> = written.into_iter().flat_map(Result::unwrap).collect();
        ids
    });
    ids.sort_unstable();
    assert_eq!(ids, (2..=1 + 3 * EACH).collect::<Vec<_>>());
    let mut kept = folder.ids();
    kept.sort_unstable();
    assert_eq!(kept, (1..=1 + 3 * EACH).collect::<Vec<_>>());
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 1, "nothing is left beside it");
}

/// Promise: `keyfile/one-writer`
#[test]
fn nodes_that_start_together_make_one_file() {
    let folder = Folder::new();
    let keys = folder.keys();
    let cookies = std::thread::scope(|scope| {
        let starts = [(); 8].map(|()| {
            scope.spawn(|| {
                keys.ensure(at(0), &SystemEntropy).unwrap();
                keys.load().unwrap().seal(Purpose::Session, &[7; 40], at(0))
            })
        });
        starts.map(|start| start.join().unwrap())
    });
    let ring = keys.load().unwrap();
    assert!(cookies.iter().all(|cookie| ring.open::<40>(Purpose::Session, cookie).is_some()));
}

/// What a crash left beside the file does not stand in the way.
///
/// Promise: `keyfile/atomic`
#[test]
fn a_half_written_new_file_is_not_used() {
    let folder = Folder::new();
    let keys = folder.keys();
    keys.ensure(at(0), &SystemEntropy).unwrap();
    fs::write(folder.0.join("keys.new"), "2 18000").unwrap();
    assert!(keys.load().is_ok());
    assert_eq!(rotate(&keys, at(0)), 2);
    assert_eq!(folder.ids(), [1, 2]);
}
