//! Hashes made by others. The vectors are those of the RFCs and of the reference implementations; where it says so, they
//! were made with Python's `hashlib`, `argon2-cffi`, `bcrypt` and Django.

use super::*;

const OUTDATED: Result<Verdict, Unreadable> = Ok(Verdict::Right(Freshness::Outdated));
const WRONG: Result<Verdict, Unreadable> = Ok(Verdict::Wrong);

/// RFC 9106 §5: the library itself, since stored hashes have no associated data.
#[test]
fn the_vectors_of_rfc_9106_hold() {
    use argon2_rust::{Algorithm, Argon2, Params, Version, params::Memory};
    let params = Params::builder().memory(Memory::kib(32)).passes(3).lanes(4).threads(1).build().unwrap();
    let vectors = [
        (Algorithm::Argon2d, "512b391b6f1162975371d30919734294f868e3be3984f3c1a13a4db9fabe4acb"),
        (Algorithm::Argon2i, "c814d9d1dc7f37aa13f0d77f2494bda1c8de6b016dd388d29952a4c4672b6ce8"),
        (Algorithm::Argon2id, "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"),
    ];
    for (algorithm, expected) in vectors {
        let mut hasher = Argon2::new(algorithm, Version::V0x13, params).hasher();
        let mut tag = [0; 32];
        hasher.hash_into_with_ad(&[1; 32], &[2; 16], &[3; 8], &[4; 12], &mut tag).unwrap();
        assert_eq!(tag.map(|byte| format!("{byte:02x}")).concat(), expected, "{algorithm:?}");
    }
}

/// The first four are from `test.c` of the reference implementation, the others made with argon2-cffi.
///
/// Promise: `password/imports`
#[test]
fn argon2_of_other_kinds_verifies() {
    let reference = [
        "$argon2i$m=65536,t=2,p=1$c29tZXNhbHQ$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ",
        "$argon2i$v=16$m=65536,t=2,p=1$c29tZXNhbHQ$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ",
        "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA",
        "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
    ];
    let python = [
        "$argon2id$v=19$m=102400,t=2,p=8$MDEyMzQ1Njc4OWFiY2RlZg$WmALaWqb46IArTtexEZjO3pO4w1cTraWaKEG+2lJ1GY",
        "$argon2d$v=19$m=4096,t=3,p=4$MDEyMzQ1Njc4OWFiY2RlZg$0Sk1YP3XzNx9ycs/ib+FzB82R1h+B+YvdqZsvVJMBdg",
        "$argon2d$v=16$m=4096,t=1,p=3$MDEyMzQ1Njc4OWFiY2RlZg$Kpi/Mi88GYoEZe97jWxKLc1PdAIETgG+RG0vmS/bbt8",
        "$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$69I7qCjDTsQwhQqFvpQJiqEI0lGQvxC84fXE0Ktxca4",
    ];
    for (right, stored) in
        reference.map(|stored| ("password", stored)).into_iter().chain(python.map(|stored| (RIGHT, stored)))
    {
        assert_eq!(verdict(stored, right), OUTDATED, "{stored}");
        assert_eq!(verdict(stored, "passwore"), WRONG, "{stored}");
    }
}

/// Openwall's and pyca/bcrypt's vectors.
///
/// Promise: `password/imports`
#[test]
fn bcrypt_verifies() {
    for (right, stored) in [
        ("Kk4DQuMMfZL9o", "$2b$04$cVWp4XaNU8a4v1uMRum2SO026BWLIoQMD/TXg5uZV.0P.uO8m3YEm"),
        ("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
        ("U*U*", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK"),
        ("U*U*U", "$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a"),
        ("", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy"),
        (RIGHT, "$2y$06$abcdefghijklmnopqrstuu50eFBEC8vQwBnuFXMHE45jBnqvQ8xz."),
    ] {
        assert_eq!(verdict(stored, right), OUTDATED, "{stored}");
        assert_eq!(verdict(stored, "U*U*u"), WRONG, "{stored}");
    }
}

/// Openwall's vector for the silent cut, which it shows to be usual, and which here lets nobody in.
///
/// Promise: `password/whole`
#[test]
fn bcrypt_refuses_what_it_would_have_to_cut() {
    let stored = "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui";
    let long = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789chars after 72 are ignored";
    assert_eq!(verdict(stored, &long[..72]), OUTDATED);
    assert_eq!(verdict(stored, &long[..73]), WRONG);
    assert_eq!(verdict(stored, long), WRONG);
    let whole = "$2b$05$abcdefghijklmnopqrstuuLkMZtUsVwf9Ptg/wgiNv8ZhtnAHnix.";
    let digits = "0123456789".repeat(8);
    assert_eq!(verdict(whole, &digits[..72]), OUTDATED);
    assert_eq!(verdict(whole, &digits[..71]), WRONG);
}

/// bcrypt repeats its key, so that without the rule `U*U` and `U*U\0U*U` would have one hash.
///
/// Promise: `password/whole`
#[test]
fn bcrypt_refuses_a_zero_byte() {
    let stored = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
    assert_eq!(verdict(stored, "U*U\0"), WRONG);
    assert_eq!(verdict(stored, "U*U\0U*U"), WRONG);
}

#[test]
fn bcrypt_costs_from_4_to_14_are_accepted() {
    let stored = |cost| format!("$2b${cost}$cVWp4XaNU8a4v1uMRum2SO026BWLIoQMD/TXg5uZV.0P.uO8m3YEm");
    let read = |cost| PasswordHash::imported(stored(cost)).err();
    assert_eq!(["04", "09", "10", "14"].map(read), [None; 4]);
    assert_eq!(["15", "31", "99"].map(read), [Some(Unreadable::TooCostly); 3]);
    assert_eq!(["00", "03", "4", "004", "+4", "1a"].map(read), [Some(Unreadable::Malformed); 6]);
}

/// RFC 7914 §12.
///
/// Promise: `password/imports`
#[test]
fn scrypt_verifies() {
    for (right, stored) in [
        (
            "pleaseletmein",
            "$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU\
             $cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofLVQylVYT8Pz2LUlwUkKpr55h6F3A1lHkDfzwF7RVdYhw",
        ),
        (
            "password",
            "$scrypt$ln=10,r=8,p=16$TmFDbA\
             $/bq+HJ00cgB4VucZDQHp/nxq18vII3gw53N2Y0s3MWIurzDZLiKjiG/xCSedmDDaxyevuUqD7m2DYMvfoswGQA",
        ),
    ] {
        assert_eq!(verdict(stored, right), OUTDATED, "{stored}");
        assert_eq!(verdict(stored, "pleaseletmeim"), WRONG, "{stored}");
    }
}

/// Made with `hashlib.scrypt` over what Better Auth feeds it.
///
/// Promise: `password/imports`
#[test]
fn the_form_of_better_auth_verifies() {
    let horse = "5a0f3c1e9b7d2468ace013579bdf0246:\
        19dacc9557319a18d991894140daef3593d15fdb3a3cca16dccfdd1422f5ef1c\
        20c3969863955a203cb8bf00ac2f1a50e1f0b05d2c7317863954396328ac976d";
    assert_eq!(verdict(horse, RIGHT), OUTDATED);
    assert_eq!(verdict(horse, "correct horse batterz"), WRONG);
    let compatible = "5a0f3c1e9b7d2468ace013579bdf0246:\
        8132064404e17d56094fd4c8f961eb92815463e89443ac8f898b32cde398923f\
        f5b37fb6e90cdd18d7c2480139ac0a31d5cd83d21e7473559ce4e5021b46efdd";
    assert_eq!(verdict(compatible, "\u{fb01}sh and \u{2163} chips"), OUTDATED);
    assert_eq!(verdict(compatible, "fish and IV chips"), OUTDATED);
}

/// RFC 7914 §11, `hashlib.pbkdf2_hmac` and Django 5.2.
///
/// Promise: `password/imports`
#[test]
fn pbkdf2_verifies() {
    for (right, stored) in [
        (
            "passwd",
            "$pbkdf2-sha256$i=1,l=64$c2FsdA\
             $VawEblbjCJ/sFpHCJUS2BflBhSFt3gRl5oudV8INrLxJypzM8Xm2RZkWZLOdd+8xfHG4RbHjC9UJESBB06GXgw",
        ),
        (
            "Password",
            "$pbkdf2-sha256$i=80000,l=64$TmFDbA\
             $TdzY9guYviGDDO5e8icB+WQaRBjQTAQUrv8Ih2s0q1ah1CWhIlgzVJrbhBtRybMXaicr3ruh0HhHj2Kzl/M8jQ",
        ),
        (RIGHT, "$pbkdf2-sha256$i=29000,l=32$MDEyMzQ1Njc4OWFiY2RlZg$HwysB+Ke0YuzHEd/zzqZI6iTbuC8ephxy6jSfQdwV8M"),
        (
            RIGHT,
            "$pbkdf2-sha512$i=21000,l=64$MDEyMzQ1Njc4OWFiY2RlZg\
             $sNAglPO3Oje5G+vgTUui1fRHNjFXCjwHQ+80GYSSyZ9eVtDGwpfI9mM4ICvyFsOzwfD7p5Xf0cMNpcnKJROfrA",
        ),
        (RIGHT, "pbkdf2_sha256$600000$saltsaltsaltsalt12$NnUApm59w3J7w/OV0vq5DEvFGiWCGiVmNDOdOlPHFOM="),
    ] {
        assert_eq!(verdict(stored, right), OUTDATED, "{stored}");
        assert_eq!(verdict(stored, "passwdpasswd"), WRONG, "{stored}");
    }
}

/// Made with Python's `bcrypt` of the decomposed and of the composed text.
///
/// Promise: `password/imports`
#[test]
fn a_system_that_did_not_normalise_is_met_half_way() {
    let decomposed = "$2b$04$abcdefghijklmnopqrstuu5nXP4wK3d.5WecD6PSh0D8Lkjt7qC6.";
    let composed = "$2b$04$abcdefghijklmnopqrstuuSXxILBM7OMjz06pU6DjD56dCH23CHyO";
    let typed_apart = "cre\u{300}me bru\u{302}le\u{301}e";
    let typed_whole = "cr\u{e8}me br\u{fb}l\u{e9}e";
    assert_eq!(verdict(decomposed, typed_apart), OUTDATED);
    assert_eq!(verdict(decomposed, typed_whole), WRONG);
    assert_eq!(verdict(composed, typed_apart), OUTDATED);
    assert_eq!(verdict(composed, typed_whole), OUTDATED);
}

#[test]
fn an_import_becomes_a_hash_of_our_own() {
    let mut hasher = hasher();
    let short = "U*U";
    let stored = PasswordHash::imported("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW").unwrap();
    assert_eq!(hasher.check(&guess(short), &stored), OUTDATED);
    let renewed = hasher.rehash(&guess(short), &Counter::default());
    assert_eq!(hasher.check(&guess(short), &renewed), Ok(Verdict::Right(Freshness::Current)));
}
