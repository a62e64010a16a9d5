//! Names that people choose.

use super::*;
use crate::{AccountId, ClientId, PlanName, ProviderName, RoleName, Slug};

/// Promise: `names/one-spelling`
#[test]
fn a_name_has_one_spelling_and_one_meaning() {
    for good in ["a", "admin", "super-editor", "tier_2", &"r".repeat(32)] {
        assert_eq!(good.parse::<RoleName>().unwrap().as_str(), good);
        assert!(good.parse::<PlanName>().is_ok() && good.parse::<ProviderName>().is_ok(), "{good}");
    }
    let bad = [
        "",
        "Admin",
        "ädmin",
        " admin",
        "admin ",
        "a,b",
        "a:b",
        "a b",
        "*",
        "1st",
        "-a",
        "_a",
        "a-",
        "a_",
        "a\0",
        "a\n",
        "a/b",
        "а",
        &"r".repeat(33),
    ];
    for bad in bad {
        assert!(bad.parse::<RoleName>().is_err() && bad.parse::<PlanName>().is_err(), "{bad:?}");
        assert!(bad.parse::<Slug>().is_err() && bad.parse::<ProviderName>().is_err(), "{bad:?}");
    }
    assert!("acme-2".parse::<Slug>().is_ok() && "tier_2".parse::<Slug>().is_err() && "a".parse::<Slug>().is_err());
}

/// J-18: a token says of whom it is in one claim, for a person and for a program.
///
/// Promise: `names/one-spelling`
#[test]
fn no_spelling_of_an_account_is_a_client() {
    let id = AccountId::new(Timestamp::from_secs(1_800_000_000), &SystemEntropy).to_string();
    let hyphenated = format!("a{}", &id[1..]);
    let simple = hyphenated.replace('-', "");
    for spelling in [hyphenated.clone(), simple, format!("urn:uuid:{hyphenated}"), format!("{{{hyphenated}}}")] {
        assert!(spelling.parse::<AccountId>().is_ok() && spelling.parse::<ClientId>().is_err(), "{spelling}");
    }
    for good in ["ab", "app-abcdefghijkl", "my_shop", &"a".repeat(31)] {
        assert!(good.parse::<ClientId>().is_ok() && good.parse::<AccountId>().is_err(), "{good}");
    }
    assert!("A1".parse::<ClientId>().is_err() && "a".parse::<ClientId>().is_err());
}

/// Promise: `names/one-spelling`
#[test]
fn a_slug_is_never_an_id() {
    let id = TenantId::new(Timestamp::from_secs(1_800_000_000), &SystemEntropy).to_string();
    let letter_first = format!("a{}", &id[1..]);
    assert!(letter_first.parse::<TenantId>().is_ok() && letter_first.parse::<Slug>().is_err());
}
