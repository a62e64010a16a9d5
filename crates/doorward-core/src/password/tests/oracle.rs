//! The engine in use against RustCrypto's, an implementation by other people, on the same recipes.

use proptest::prelude::*;

use crate::password::argon2::{Argon2Engine, Cost, OutOfMemory, Pooled, Recipe, Variant, Version};

struct RustCrypto;

impl Argon2Engine for RustCrypto {
    fn derive(&mut self, recipe: &Recipe<'_>, password: &[u8], tag: &mut [u8]) -> Result<(), OutOfMemory> {
        let algorithm = match recipe.variant {
            Variant::D => argon2::Algorithm::Argon2d,
            Variant::I => argon2::Algorithm::Argon2i,
            Variant::Id => argon2::Algorithm::Argon2id,
        };
        let version = match recipe.version {
            Version::V16 => argon2::Version::V0x10,
            Version::V19 => argon2::Version::V0x13,
        };
        let Cost { memory_kib, passes, lanes } = recipe.cost;
        let params = argon2::Params::new(memory_kib, passes, lanes, Some(tag.len())).unwrap();
        let argon2 = argon2::Argon2::new_with_secret(recipe.secret, algorithm, version, params).unwrap();
        argon2.hash_password_into(password, recipe.salt, tag).unwrap();
        Ok(())
    }

    fn rest(&mut self) {}
}

const VARIANTS: [Variant; 3] = [Variant::D, Variant::I, Variant::Id];
const VERSIONS: [Version; 2] = [Version::V16, Version::V19];

#[derive(Debug)]
struct Case {
    variant: Variant,
    version: Version,
    cost: Cost,
    salt: Vec<u8>,
    secret: Vec<u8>,
    password: Vec<u8>,
    tag_len: usize,
}

impl Case {
    fn run(&self, engine: &mut dyn Argon2Engine) -> Vec<u8> {
        let Self { variant, version, cost, .. } = *self;
        let recipe = Recipe { variant, version, cost, salt: &self.salt, secret: &self.secret };
        let mut tag = vec![0; self.tag_len];
        engine.derive(&recipe, &self.password, &mut tag).unwrap();
        tag
    }
}

fn case() -> impl Strategy<Value = Case> {
    let cost = (1..=8_u32, 0..200_u32, 1..=4_u32).prop_map(|(lanes, extra, passes)| Cost {
        memory_kib: 8 * lanes + extra,
        passes,
        lanes,
    });
    let bytes = |range| proptest::collection::vec(any::<u8>(), range);
    let kind = (proptest::sample::select(&VARIANTS[..]), proptest::sample::select(&VERSIONS[..]));
    (kind, cost, bytes(8..=64), bytes(0..=64), bytes(0..=1024), 16..=64_usize).prop_map(
        |((variant, version), cost, salt, secret, password, tag_len)| Case {
            variant,
            version,
            cost,
            salt,
            secret,
            password,
            tag_len,
        },
    )
}

proptest! {
    /// One worker for a row of recipes, some above its own memory: what one hash leaves must not show in the next.
    #[test]
    fn both_engines_agree_also_when_memory_is_reused(cases in proptest::collection::vec(case(), 1..6), own in 8..256_u32) {
        let mut pooled = Pooled::new(Cost { memory_kib: own, passes: 1, lanes: 1 }).unwrap();
        for case in cases {
            prop_assert_eq!(case.run(&mut pooled), case.run(&mut RustCrypto), "{:?}", case);
        }
    }
}

#[test]
fn both_engines_agree_on_every_kind_and_shape() {
    let mut pooled = Pooled::new(Cost { memory_kib: 256, passes: 1, lanes: 1 }).unwrap();
    for variant in VARIANTS {
        for version in VERSIONS {
            for (memory_kib, passes, lanes) in [(8, 1, 1), (64, 1, 1), (65, 3, 1), (64, 2, 8), (97, 2, 3), (512, 1, 4)]
            {
                for secret in [&b""[..], b"a pepper of thirty-two bytes....", &[0xA5; 64]] {
                    let cost = Cost { memory_kib, passes, lanes };
                    let (salt, secret) = (b"0123456789abcdef".to_vec(), secret.to_vec());
                    let case =
                        Case { variant, version, cost, salt, secret, password: b"password".to_vec(), tag_len: 32 };
                    assert_eq!(case.run(&mut pooled), case.run(&mut RustCrypto), "{case:?}");
                }
            }
        }
    }
}

/// The recipe that production uses, at its real size.
#[test]
fn both_engines_agree_on_the_default() {
    let cost = crate::password::Parameters::STANDARD.cost();
    let (salt, password) = (b"0123456789abcdef".to_vec(), b"correct horse battery".to_vec());
    let case =
        Case { variant: Variant::Id, version: Version::V19, cost, salt, secret: vec![9; 32], password, tag_len: 32 };
    let mut pooled = Pooled::new(cost).unwrap();
    let first = case.run(&mut pooled);
    assert_eq!(first, case.run(&mut RustCrypto));
    assert_eq!(first, case.run(&mut pooled));
}
