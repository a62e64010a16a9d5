use super::*;
use crate::password::{
    argon2::{Argon2Engine, Cost, Pooled, Recipe, Variant, Version},
    hash::Readable,
};

const CURRENT: Verdict = Verdict::Right(Freshness::Current);
const OUTDATED: Verdict = Verdict::Right(Freshness::Outdated);

/// Promise: `password/slow-hash`
#[test]
fn the_default_is_written_as_owasp_and_asvs_name_it() {
    let mut hasher = Hasher::new(Parameters::default(), Arc::default()).unwrap();
    let stored = hasher.hash(&password(RIGHT), &Counter::default());
    assert!(
        stored.as_phc().starts_with("$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$"),
        "{}",
        stored.as_phc()
    );
    assert_eq!(hasher.check(&guess(RIGHT), &stored), Ok(CURRENT));
    assert_eq!(hasher.check(&guess("correct horse batterz"), &stored), Ok(Verdict::Wrong));
}

/// Promise: `password/slow-hash`
#[test]
fn one_password_hashed_twice_has_two_salts() {
    let (mut hasher, entropy) = (hasher(), Counter::default());
    let first = hasher.hash(&password(RIGHT), &entropy);
    let second = hasher.hash(&password(RIGHT), &entropy);
    assert_ne!(first.as_phc(), second.as_phc());
    assert_eq!(hasher.check(&guess(RIGHT), &first), Ok(CURRENT));
    assert_eq!(hasher.check(&guess(RIGHT), &second), Ok(CURRENT));
}

/// Promise: `password/whole`
#[test]
fn the_last_of_many_characters_counts() {
    let mut hasher = hasher();
    let long = "x7 ".repeat(42);
    let stored = hasher.hash(&password(&format!("{long}a")), &Counter::default());
    assert_eq!(hasher.check(&guess(&format!("{long}a")), &stored), Ok(CURRENT));
    assert_eq!(hasher.check(&guess(&format!("{long}b")), &stored), Ok(Verdict::Wrong));
    assert_eq!(hasher.check(&guess(&long), &stored), Ok(Verdict::Wrong));
    let zero = hasher.hash(&password("before\0after zero"), &Counter::default());
    assert_eq!(hasher.check(&guess("before\0something else"), &zero), Ok(Verdict::Wrong));
}

#[test]
fn one_password_typed_on_two_keyboards_is_one_password() {
    let mut hasher = hasher();
    let stored = hasher.hash(&password("cre\u{300}me bru\u{302}le\u{301}e"), &Counter::default());
    assert_eq!(hasher.check(&guess("cr\u{e8}me br\u{fb}l\u{e9}e"), &stored), Ok(CURRENT));
    assert_eq!(hasher.check(&guess("cre\u{300}me bru\u{302}le\u{301}e"), &stored), Ok(CURRENT));
    assert_eq!(hasher.check(&guess("CR\u{c8}ME BR\u{db}L\u{c9}E"), &stored), Ok(Verdict::Wrong));
}

/// Promise: `password/nobody`
#[test]
fn nobody_is_never_right() {
    for mut hasher in [hasher(), hasher_with(Peppers::new(Some(pepper("a", 7)), vec![]).unwrap())] {
        for text in ["", RIGHT, "nobody at home :", "cre\u{300}me"] {
            assert_eq!(hasher.check_nobody(&guess(text)), Verdict::Wrong);
        }
    }
}

/// Promise: `password/nobody`
#[test]
fn nobody_and_an_unreadable_hash_cost_what_a_wrong_password_costs() {
    for text in [RIGHT, "cre\u{300}me bru\u{302}le\u{301}e"] {
        let (mut hasher, recipes) = watched();
        let stored = hasher.hash(&password("something else entirely"), &Counter::default());
        recipes.lock().unwrap().clear();
        assert_eq!(hasher.check(&guess(text), &stored), Ok(Verdict::Wrong));
        let wrong = std::mem::take(&mut *recipes.lock().unwrap());
        let _ = hasher.check_nobody(&guess(text));
        assert_eq!(std::mem::take(&mut *recipes.lock().unwrap()), wrong);
        assert_eq!(hasher.check(&guess(text), &PasswordHash::stored("")), Err(Unreadable::UnknownScheme));
        assert_eq!(std::mem::take(&mut *recipes.lock().unwrap()), wrong);
    }
}

#[test]
fn other_parameters_are_outdated() {
    let stored = hasher().hash(&password(RIGHT), &Counter::default());
    let mut other = Hasher::new(Parameters::STANDARD, Arc::default()).unwrap();
    assert_eq!(other.check(&guess(RIGHT), &stored), Ok(OUTDATED));
    let renewed = other.rehash(&guess(RIGHT), &Counter::default());
    assert_eq!(other.check(&guess(RIGHT), &renewed), Ok(CURRENT));
}

/// Promise: `password/slow-hash`
#[test]
fn a_pepper_is_needed_to_check_and_rotates_one_login_at_a_time() {
    let entropy = Counter::default();
    let plain = hasher().hash(&password(RIGHT), &entropy);
    let mut first = hasher_with(Peppers::new(Some(pepper("2026-a", 1)), vec![]).unwrap());
    let with_a = first.hash(&password(RIGHT), &entropy);
    assert!(with_a.as_phc().contains("p=1,keyid=MjAyNi1h$"), "{}", with_a.as_phc());
    assert_eq!(first.check(&guess(RIGHT), &with_a), Ok(CURRENT));
    assert_eq!(first.check(&guess(RIGHT), &plain), Ok(OUTDATED));

    let mut second = hasher_with(Peppers::new(Some(pepper("2026-b", 2)), vec![pepper("2026-a", 1)]).unwrap());
    assert_eq!(second.check(&guess(RIGHT), &with_a), Ok(OUTDATED));
    let with_b = second.rehash(&guess(RIGHT), &entropy);
    assert_eq!(second.check(&guess(RIGHT), &with_b), Ok(CURRENT));
    assert_eq!(second.check(&guess("wrong horse battery"), &with_b), Ok(Verdict::Wrong));

    let mut ended = hasher_with(Peppers::new(None, vec![pepper("2026-b", 2)]).unwrap());
    assert_eq!(ended.check(&guess(RIGHT), &with_b), Ok(OUTDATED));
    assert_eq!(ended.check(&guess(RIGHT), &with_a), Err(Unreadable::UnknownPepper));

    let mut forged = hasher_with(Peppers::new(Some(pepper("2026-b", 3)), vec![]).unwrap());
    assert_eq!(forged.check(&guess(RIGHT), &with_b), Ok(Verdict::Wrong));
}

#[test]
fn peppers_are_long_and_told_apart() {
    let new = |id, length| Pepper::new(id, Secret::new(vec![1; length])).err();
    assert_eq!(new("a", 32), None);
    assert_eq!(new("a", 31), Some(PepperDenied::Short));
    for id in ["", "ninechars", "a$b", "a,b", "é"] {
        assert_eq!(new(id, 32), Some(PepperDenied::Id), "{id}");
    }
    let twice = Peppers::new(Some(pepper("a", 1)), vec![pepper("b", 2), pepper("a", 3)]);
    assert_eq!(twice.err(), Some(PepperDenied::Duplicate));
}

#[test]
fn a_worker_may_move_to_another_thread() {
    let mut hasher = hasher();
    let stored = hasher.hash(&password(RIGHT), &Counter::default());
    let verdict = std::thread::spawn(move || hasher.check(&guess(RIGHT), &stored)).join().unwrap();
    assert_eq!(verdict, Ok(CURRENT));
}

#[test]
fn only_the_parameters_of_asvs_are_accepted() {
    for (memory_kib, passes) in [(47_104, 1), (19_456, 2), (12_288, 3), (12_288, 10), (262_144, 1)] {
        assert!(Parameters::new(memory_kib, passes).is_ok(), "{memory_kib},{passes}");
    }
    for (memory_kib, passes) in [(47_103, 1), (19_455, 2), (12_287, 3), (262_145, 1), (262_144, 5), (0, 3)] {
        assert!(
            matches!(Parameters::new(memory_kib, passes), Err(ParametersDenied::Memory { .. })),
            "{memory_kib},{passes}"
        );
    }
    for passes in [0, 11, u32::MAX] {
        assert_eq!(Parameters::new(262_144, passes), Err(ParametersDenied::Passes));
    }
}

/// Promise: `password/bounded`
#[test]
fn memory_above_the_workers_own_is_given_back() {
    let own = Cost { memory_kib: 64, passes: 1, lanes: 1 };
    let mut engine = Pooled::new(own).unwrap();
    assert_eq!(engine.kept_kib(), 64);
    for memory_kib in [8, 64, 65, 4096, 32] {
        let cost = Cost { memory_kib, ..own };
        let recipe = Recipe { variant: Variant::Id, version: Version::V19, cost, salt: b"somesalt", secret: &[] };
        engine.derive(&recipe, b"password", &mut [0; 32]).unwrap();
        assert_eq!(engine.kept_kib(), 64, "after {memory_kib}");
    }
}

#[test]
fn a_rested_worker_hashes_as_before() {
    let mut engine = Pooled::new(Cost { memory_kib: 64, passes: 1, lanes: 1 }).unwrap();
    let mut tags = [[0; 32]; 2];
    for tag in &mut tags {
        let cost = Cost { memory_kib: 64, passes: 1, lanes: 1 };
        let recipe = Recipe { variant: Variant::Id, version: Version::V19, cost, salt: b"somesalt", secret: &[] };
        engine.derive(&recipe, b"password", tag).unwrap();
        engine.rest();
        assert_eq!(engine.kept_kib(), 64, "the room is still set aside");
    }
    assert_eq!(tags[0], tags[1]);
}

#[test]
fn what_is_written_is_read_back() {
    let stored =
        hasher_with(Peppers::new(Some(pepper("k", 1)), vec![]).unwrap()).hash(&password(RIGHT), &Counter::default());
    let Ok(Readable::Argon2(read)) = Readable::read(stored.as_phc()) else { panic!("it is Argon2") };
    assert_eq!((read.variant, read.version), (Variant::Id, Version::V19));
    assert_eq!(read.cost, Cost { memory_kib: 12_288, passes: 3, lanes: 1 });
    assert_eq!((read.key_id.as_deref(), read.salt.len(), read.tag.len()), (Some("k"), 16, 32));
    assert_eq!(super::super::argon2::Argon2Hash::write(read.cost, Some("k"), &read.salt, &read.tag), stored.as_phc());
}

type Recipes = Arc<std::sync::Mutex<Vec<(Cost, usize, usize)>>>;

/// A hasher that keeps account of the work that it is asked for.
fn watched() -> (Hasher, Recipes) {
    struct Watched(Pooled, Recipes);
    impl Argon2Engine for Watched {
        fn derive(
            &mut self,
            recipe: &Recipe<'_>,
            password: &[u8],
            tag: &mut [u8],
        ) -> Result<(), crate::password::argon2::OutOfMemory> {
            self.1.lock().unwrap().push((recipe.cost, password.len(), tag.len()));
            self.0.derive(recipe, password, tag)
        }

        fn rest(&mut self) {}
    }
    let recipes = Recipes::default();
    let parameters = Parameters::new(12_288, 3).unwrap();
    let engine = Watched(Pooled::new(parameters.cost()).unwrap(), recipes.clone());
    (Hasher::over(Box::new(engine), parameters, Arc::default()), recipes)
}
