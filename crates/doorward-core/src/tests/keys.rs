//! Signing keys.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::*;

const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);
const PURPOSES: [Purpose; 4] = [Purpose::Session, Purpose::Form, Purpose::Device, Purpose::Cursor];

fn key(id: u32, signs_from: Timestamp) -> Key {
    let mut secret = vec![u8::try_from(id % 251).unwrap(); 32];
    secret[0] = secret[0].wrapping_add(1);
    Key { id, signs_from, secret: Secret::new(secret) }
}

fn ring(keys: &[(u32, Timestamp)]) -> KeyRing {
    KeyRing::new(keys.iter().map(|(id, from)| key(*id, *from)).collect()).ok().unwrap()
}

fn signer(sealed: &str) -> u32 {
    let bytes = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, sealed).unwrap();
    u32::from_be_bytes(bytes[..4].try_into().unwrap())
}

fn opens(ring: &KeyRing, sealed: &str) -> bool {
    ring.open::<40>(Purpose::Session, sealed).is_some_and(|payload| *payload == [9; 40])
}

/// Promise: `keys/rotation`
#[test]
fn the_newest_key_in_force_signs() {
    let soon = NOW.after(Duration::from_secs(300));
    let ring = ring(&[(5, NOW), (9, soon), (2, NOW.before(Duration::from_secs(1)))]);
    let by = |moment| signer(&ring.seal(Purpose::Session, &[9; 40], moment));
    assert_eq!((by(NOW), by(soon.before(Duration::from_micros(1))), by(soon)), (5, 5, 9));
    assert_eq!(by(NOW.before(Duration::from_micros(1))), 2);
    assert_eq!(by(Timestamp::from_secs(0)), 2, "before every key the oldest signs");
}

/// Promise: `keys/rotation`
#[test]
fn every_kept_key_verifies_and_a_removed_one_does_not() {
    let soon = NOW.after(Duration::from_secs(300));
    let old = ring(&[(1, NOW)]);
    let both = ring(&[(1, NOW), (2, soon)]);
    let new = ring(&[(2, soon)]);
    let (by_old, by_new) = (both.seal(Purpose::Session, &[9; 40], NOW), both.seal(Purpose::Session, &[9; 40], soon));
    assert!(opens(&old, &by_old) && opens(&both, &by_old) && !opens(&new, &by_old));
    assert!(!opens(&old, &by_new) && opens(&both, &by_new) && opens(&new, &by_new));
    let impostor =
        KeyRing::new(vec![Key { id: 1, signs_from: NOW, secret: Secret::new((0..32).collect()) }]).ok().unwrap();
    assert!(!opens(&impostor, &by_old), "the id is not the key");
}

/// Promise: `keys/purpose`
#[test]
fn a_value_opens_for_its_own_purpose_only() {
    let ring = ring(&[(1, NOW)]);
    for sealed_for in PURPOSES {
        let sealed = ring.seal(sealed_for, &[9; 40], NOW);
        for purpose in PURPOSES {
            assert_eq!(
                ring.open::<40>(purpose, &sealed).is_some(),
                purpose == sealed_for,
                "{sealed_for:?} as {purpose:?}"
            );
        }
    }
}

/// Promise: `keys/unforgeable`
#[test]
fn a_value_that_was_changed_does_not_open() {
    let ring = ring(&[(1, NOW), (2, NOW.after(Duration::from_secs(300)))]);
    let sealed = ring.seal(Purpose::Session, &[9; 40], NOW);
    assert!(opens(&ring, &sealed));
    for at in 0..sealed.len() {
        for other in ["A", "B", "-", "_", "9", "=", "+", "/", " ", "\0"] {
            let changed = format!("{}{other}{}", &sealed[..at], &sealed[at + 1..]);
            assert_eq!(opens(&ring, &changed), changed == sealed, "{changed}");
        }
    }
    let others = [
        String::new(),
        sealed[1..].to_owned(),
        sealed[..sealed.len() - 1].to_owned(),
        format!("{sealed}A"),
        format!("{sealed}="),
        format!("{sealed}{sealed}"),
        format!(" {sealed}"),
        "ä".repeat(51),
        "A".repeat(102),
        "A".repeat(1_000_000),
    ];
    for other in others {
        assert!(!opens(&ring, &other), "{other:.120}");
    }
}

/// Promise: `keys/unforgeable`
#[test]
fn a_value_opens_at_its_own_length_only() {
    let ring = ring(&[(1, NOW)]);
    let sealed = ring.seal(Purpose::Session, &[9; 40], NOW);
    assert!(ring.open::<39>(Purpose::Session, &sealed).is_none());
    assert!(ring.open::<41>(Purpose::Session, &sealed).is_none());
    assert!(ring.open::<32>(Purpose::Session, &ring.seal(Purpose::Session, &[9; 32], NOW)).is_some());
    assert!(ring.open::<0>(Purpose::Session, "").is_none());
}

/// Promise: `keys/real`
#[test]
fn keys_that_are_none_make_no_ring() {
    let of = |id: u32, secret: &[u8]| Key { id, signs_from: NOW, secret: Secret::new(secret.to_vec()) };
    let refused = |keys: Vec<Key>| KeyRing::new(keys).err();
    let real: Vec<u8> = (0..32).collect();
    assert_eq!(refused(vec![]), Some(KeyRingError::Empty));
    for short in [&real[..31], &real[..1], &[]] {
        assert_eq!(refused(vec![of(1, short)]), Some(KeyRingError::Short));
        assert_eq!(refused(vec![of(1, &real), of(2, short)]), Some(KeyRingError::Short));
    }
    assert_eq!(refused(vec![of(1, &[0; 32])]), Some(KeyRingError::Sample));
    assert_eq!(refused(vec![of(1, &[b'x'; 64])]), Some(KeyRingError::Sample));
    assert_eq!(refused(vec![of(1, &real), of(1, &real)]), Some(KeyRingError::Duplicate));
    assert_eq!(refused(vec![of(1, &real), of(2, &real)]), None);
    for error in [KeyRingError::Empty, KeyRingError::Short, KeyRingError::Duplicate, KeyRingError::Sample] {
        assert!(error.to_string().contains(';'), "each says what to do about it: {error}");
    }
}

/// Promise: `keys/seeds`
#[test]
fn a_seed_is_one_for_each_key_and_use() {
    let soon = NOW.after(Duration::from_secs(300));
    let (early, both) = (ring(&[(5, NOW)]), ring(&[(5, NOW), (9, soon)]));
    let seed = early.seed("notes", NOW);
    assert_eq!(seed, both.seed("notes", NOW), "it follows from the key alone");
    assert_ne!(seed, both.seed("notes", soon), "the newest key in force signs");
    assert_ne!(seed, early.seed("note", NOW));
    assert_ne!(seed, early.seed("", NOW));
    assert_eq!(both.seeds("notes"), [both.seed("notes", soon), seed]);
}

/// Promise: `keys/seeds`
#[test]
fn a_seed_is_no_key_of_a_cookie() {
    let ring = ring(&[(5, NOW)]);
    let message = [&5_u32.to_be_bytes()[..], &[9; 40]].concat();
    let own = URL_SAFE_NO_PAD.decode(ring.seal(Purpose::Session, &[9; 40], NOW)).unwrap();
    for name in ["session", "cookie/session", "doorward/cookie/session", "seeds"] {
        let seed = ring.seed(name, NOW);
        let tag = Hmac::<Sha256>::new_from_slice(&*seed).unwrap().chain_update(&message).finalize().into_bytes();
        assert_ne!(own[44..], tag[..], "{name}");
    }
}
