//! Names that people choose.

use super::*;
use crate::{PlanName, RoleName, Slug};

/// Promise: `names/one-spelling`
#[test]
fn a_name_has_one_spelling_and_one_meaning() {
    for good in ["a", "admin", "super-editor", "tier_2", &"r".repeat(32)] {
        assert_eq!(good.parse::<RoleName>().unwrap().as_str(), good);
        assert!(good.parse::<PlanName>().is_ok(), "{good}");
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
        assert!(bad.parse::<Slug>().is_err(), "{bad:?}");
    }
    assert!("acme-2".parse::<Slug>().is_ok() && "tier_2".parse::<Slug>().is_err() && "a".parse::<Slug>().is_err());
}

/// Promise: `names/one-spelling`
#[test]
fn a_slug_is_never_an_id() {
    let id = TenantId::new(Timestamp::from_secs(1_800_000_000), &SystemEntropy).to_string();
    let letter_first = format!("a{}", &id[1..]);
    assert!(letter_first.parse::<TenantId>().is_ok() && letter_first.parse::<Slug>().is_err());
}
