//! Row J-28: what the Wycheproof project has collected against libraries like this one (see `testdata/README.md`).

use serde_json::Value;

use crate::{KeySet, PublicKey, jws::Unverified};

/// Cases about one key, or one set of keys.
pub(super) struct Group {
    key: Value,
    pub(super) tests: Vec<Case>,
}

pub(super) struct Case {
    pub(super) id: u64,
    pub(super) jws: String,
    comment: String,
    is_valid: bool,
}

fn groups(text: &str) -> Vec<Group> {
    let file: Value = serde_json::from_str(text).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let case = |case: &Value| Case {
        id: case["tcId"].as_u64().unwrap(),
        jws: text(&case["jws"]),
        comment: text(&case["comment"]),
        is_valid: case["result"] == "valid",
    };
    let group = |group: &Value| Group {
        key: group["public"].clone(),
        tests: group["tests"].as_array().unwrap().iter().map(case).collect(),
    };
    let groups: Vec<_> = file["testGroups"].as_array().unwrap().iter().map(group).collect();
    assert_eq!(groups.iter().map(|group| group.tests.len() as u64).sum::<u64>(), file["cases"].as_u64().unwrap());
    groups
}

pub(super) fn signatures() -> Vec<Group> {
    groups(include_str!("../../testdata/json_web_signature_test.json"))
}

/// Whether a token is taken with the key or the set of its group, which it finds by the name in its header as ours do.
fn is_taken(key: &Value, token: &str) -> bool {
    let keys = match key.get("keys") {
        Some(_) => KeySet::parse(&key.to_string()),
        None => KeySet::parse(&serde_json::json!({ "keys": [key] }).to_string()),
    };
    let (Some(keys), Ok(token)) = (keys, Unverified::of_any_payload(token)) else { return false };
    let Ok(header) = token.header() else { return false };
    let found = header.kid.as_deref().and_then(|name| keys.find(name));
    header.jwk.is_none() && found.is_some_and(|key| token.verified(key).is_some())
}

/// Checks every case; those in `refused` are called valid there and are not taken here. Returns how many were taken.
fn check(groups: &[Group], refused: &[u64]) -> usize {
    let mut taken = Vec::new();
    let mut wrong = Vec::new();
    for (group, case) in groups.iter().flat_map(|group| group.tests.iter().map(move |case| (group, case))) {
        let is = is_taken(&group.key, &case.jws);
        if is {
            taken.push(case.id);
        }
        if is != (case.is_valid && !refused.contains(&case.id)) {
            wrong.push(format!("{}: {} is taken: {is}", case.id, case.comment));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let known = |id: &u64| groups.iter().flat_map(|group| &group.tests).any(|case| case.id == *id && case.is_valid);
    assert!(refused.iter().all(known), "what is refused on purpose is called valid there");
    taken.len()
}

/// Called valid there, and refused here.
///
/// - 259 and 272 have an empty payload; a token of ours has claims.
/// - 346 and 350 are signed by PS384 with a key that says PS256.
/// - 347 and 351 have a key for ES521, which is no algorithm, and P-521, which is none of ours.
/// - 357 to 359, 376 and 377 are MACs; a key that verifies one can make one, so we have none.
/// - 372 and 373 have a question mark in the middle of base64url, which their own notes call invalid elsewhere.
const REFUSED: &[u64] = &[259, 272, 346, 347, 350, 351, 357, 358, 359, 372, 373, 376, 377];

/// Promise: `verify/signed`, `verify/own-algorithm`, `verify/one-spelling`
#[test]
fn signatures_of_wycheproof_are_taken_or_refused_as_they_should() {
    assert_eq!(check(&signatures(), REFUSED), 14);
    for id in [372, 373] {
        let groups = signatures();
        let case = groups.iter().flat_map(|group| &group.tests).find(|case| case.id == id).unwrap();
        assert!(Unverified::of_any_payload(&case.jws).is_err(), "not for its key alone");
    }
}

/// Promise: `verify/sound-keys`, `verify/strict-keys`, `verify/one-name`
#[test]
fn keys_of_wycheproof_are_taken_or_refused_as_they_should() {
    let groups = groups(include_str!("../../testdata/json_web_key_test.json"));
    assert_eq!(check(&groups, &[]), 1);
    let roca = groups.iter().find(|group| group.tests[0].id == 7).unwrap();
    let mut key = roca.key["keys"][0].clone();
    assert!(PublicKey::from_jwk(&key).is_none(), "made by a library whose keys can be factored");
    key["n"] = super::rsa()["n"].clone();
    assert!(PublicKey::from_jwk(&key).is_some(), "nothing else is wrong with it");
}

/// Promise: `verify/signed`, `verify/nothing-fetched`
#[test]
fn mixtures_of_wycheproof_are_taken_or_refused_as_they_should() {
    assert_eq!(check(&groups(include_str!("../../testdata/json_web_crypto_test.json")), &[]), 2);
}
