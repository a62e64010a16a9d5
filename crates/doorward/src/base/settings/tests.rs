//! What settings promise to the operator who writes them.

use std::{collections::BTreeSet, time::Duration};

use toml::Table;

use super::{Entry, SecretText, Section, Setting, SettingsError, closest};
use crate::Settings;

settings! {
    /// A section of these tests.
    "sample" Sample {
        /// A number
        /// of things.
        number["number"]: u32 = 5, 1 => 10;
        /// A pause.
        pause["pause_secs"]: Duration = Duration::from_secs(60), Duration::from_secs(30) => Duration::from_secs(90);
        /// A text.
        text["text"]: String = "a \"text\"".to_owned();
        /// A list.
        list["list"]: Vec<String> = vec!["one".to_owned()];
        /// A switch.
        switch["switch"]: bool = true;
        /// A secret.
        secret["secret"]: SecretText = SecretText::default();
        /// Perhaps a text.
        perhaps["perhaps"]: Option<String> = None;
    }
}

#[test]
fn what_is_absent_keeps_its_default() {
    let (sample, errors) = sample("");
    assert_eq!((sample.number, sample.text.as_str(), sample.list.len(), sample.switch), (5, "a \"text\"", 1, true));
    assert!(sample.perhaps.is_none() && sample.secret.get().is_none() && errors.is_empty());
}

fn sample(text: &str) -> (Sample, Vec<String>) {
    let mut errors = Vec::new();
    let read = Sample::read(&text.parse::<Table>().unwrap(), &mut errors);
    (read, errors.iter().map(ToString::to_string).collect())
}

fn errors(text: &str) -> Vec<SettingsError> {
    Settings::read(&text.parse::<Table>().unwrap(), &[]).err().unwrap_or_default()
}

#[test]
fn what_is_set_is_read_and_what_is_not_keeps_its_default() {
    let (read, errors) = sample("text = \"é\"\nlist = []\nswitch = false\nperhaps = \"\"");
    assert!(errors.is_empty());
    assert_eq!((read.text.as_str(), read.list.len(), read.switch, read.perhaps.as_deref()), ("é", 0, false, Some("")));
    assert_eq!((read.number, read.pause.as_secs()), (5, 60));
    let (read, _) = sample("");
    assert_eq!((read.text.as_str(), read.list.as_slice()), ("a \"text\"", ["one".to_owned()].as_slice()));
    assert!(read.switch && read.perhaps.is_none());
}

/// Promise: `settings/unknown-refused`
#[test]
fn a_mistyped_key_is_refused_with_the_one_that_was_meant() {
    for (text, key, cure) in [
        ("[sessions]\nidle_sec = 600", "sessions.idle_sec", "Did you mean `idle_secs`?"),
        ("[site]\npublic_ulr = \"https://a.example\"", "site.public_ulr", "Did you mean `public_url`?"),
        ("[passwords]\nmin_lenght = 15", "passwords.min_lenght", "Did you mean `min_length`?"),
        ("[session]\nidle_secs = 600", "session", "Did you mean `sessions`?"),
        (
            "[attempts]\ncaptcha = true",
            "attempts.captcha",
            "Remove the line; this section knows: free, first_wait_secs,",
        ),
        ("idle_secs = 600", "idle_secs", "Remove the line; this section knows: site, database,"),
    ] {
        let found = errors(text);
        assert_eq!(found.len(), 1, "{text}");
        assert_eq!((found[0].key.as_str(), found[0].problem.as_str()), (key, "there is no such setting"));
        assert!(found[0].cure.starts_with(cure), "{}", found[0]);
    }
}

/// Promise: `settings/unknown-refused`
#[test]
fn the_sections_of_a_program_are_left_to_it() {
    let table = "[server]\nanything = 1\n[audit]\nstream = true".parse::<Table>().unwrap();
    assert!(Settings::read(&table, &["server"]).is_ok_and(|settings| settings.audit.stream));
    assert_eq!(Settings::read(&table, &[]).err().unwrap()[0].key, "server");
}

#[test]
fn a_suggestion_is_close_or_is_none() {
    let known = ["idle_secs", "absolute_secs", "per_account"];
    assert_eq!(closest("idel_secs", &known), Some("idle_secs"));
    assert_eq!(closest("per_acount", &known), Some("per_account"));
    assert_eq!(closest("lifetime", &known), None);
    assert_eq!(closest("", &known), None);
    assert_eq!(closest("x", &[]), None);
    assert_eq!(closest("ïdle_secs", &known), Some("idle_secs"));
}

/// Promise: `settings/bounded`
#[test]
fn the_bounds_themselves_are_allowed_and_one_beyond_is_not() {
    for (number, pause) in [(1, 30), (10, 90)] {
        let (read, errors) = sample(&format!("number = {number}\npause_secs = {pause}"));
        assert_eq!((read.number, read.pause.as_secs(), errors.len()), (number, pause, 0));
    }
    for (number, pause) in [("0", "29"), ("11", "91"), ("4294967295", "9223372036854775807")] {
        let (read, errors) = sample(&format!("number = {number}\npause_secs = {pause}"));
        assert_eq!(
            errors,
            [
                "sample.number: it must be between 1 and 10. Correct it or remove the line to use the default (5).",
                "sample.pause_secs: it must be between 30 and 90. Correct it or remove the line to use the default (60).",
            ]
        );
        assert_eq!((read.number, read.pause.as_secs()), (5, 60));
    }
}

/// Promise: `settings/all-at-once`
#[test]
fn every_mistake_is_told_at_once() {
    let (_, told) = sample(
        "number = -1\npause_secs = \"60\"\ntext = 7\nlist = [\"a\", 2]\nswitch = \"yes\"\nsecret = 12\nperhaps = false\nunknown = 1",
    );
    let keys: Vec<_> = told.iter().map(|error| error.split(':').next().unwrap()).collect();
    let expected = ["unknown", "number", "pause_secs", "text", "list", "switch", "secret", "perhaps"];
    assert_eq!(keys, expected.map(|key| format!("sample.{key}")));
    for shape in
        ["a whole number", "a number of seconds", "it must be text", "a list of texts", "true or false", "a text"]
    {
        assert!(told.iter().any(|error| error.contains(shape)), "{shape}: {told:#?}");
    }
    let found = errors("signup = 3\n[sessions]\nidle_secs = 1\n[attempts]\nfree = 0\nfoo = 1\n[sight]\nname = \"x\"");
    let keys: BTreeSet<_> = found.iter().map(|error| error.key.as_str()).collect();
    assert_eq!(keys, BTreeSet::from(["signup", "sessions.idle_secs", "attempts.free", "attempts.foo", "sight"]));
}

/// Promise: `settings/all-at-once`
#[test]
fn values_of_another_shape_are_refused_and_not_guessed() {
    for value in ["1.5", "\"5\"", "true", "[5]", "{ n = 5 }", "4294967296", "-1", "1979-05-27"] {
        assert_eq!(sample(&format!("number = {value}")).1.len(), 1, "{value}");
    }
    for value in ["1.0", "-60", "\"60\"", "\"60s\"", "07:32:00"] {
        assert_eq!(sample(&format!("pause_secs = {value}")).1.len(), 1, "{value}");
    }
    for value in ["1", "0", "\"true\"", "[]"] {
        assert_eq!(sample(&format!("switch = {value}")).1.len(), 1, "{value}");
    }
}

/// Promise: `settings/all-at-once`
#[test]
fn a_section_is_no_value_and_a_value_no_section() {
    for text in ["sessions = 3", "sessions = \"x\"", "[[sessions]]\nidle_secs = 600"] {
        let found = errors(text);
        assert_eq!(
            (found.len(), found[0].key.as_str(), found[0].problem.as_str()),
            (1, "sessions", "it is a section, not a value")
        );
    }
    assert_eq!(errors("[sessions.idle_secs]\nx = 1")[0].problem, "it must be a number of seconds");
    assert!(errors("[sessions]").is_empty(), "an empty section is none");
    assert!(errors("").is_empty());
}

/// Promise: `settings/reference`
#[test]
fn the_reference_tells_every_key_with_its_default_and_its_reason() {
    let reference = Settings::reference();
    let sections: BTreeSet<_> = reference.iter().map(|entry| entry.section).collect();
    let known = [
        "api_keys",
        "attempts",
        "audit",
        "authorization",
        "clients.NAME",
        "connections",
        "database",
        "domains",
        "email_change",
        "invitations",
        "keys",
        "mail",
        "password_reset",
        "passwords",
        "policy",
        "providers.NAME",
        "reauthentication",
        "sessions",
        "signing",
        "signup",
        "site",
        "tenants",
        "tokens",
    ];
    assert_eq!(sections.into_iter().collect::<Vec<_>>(), known);
    let keys: BTreeSet<_> = reference.iter().map(|entry| (entry.section, entry.key)).collect();
    assert_eq!(keys.len(), reference.len(), "no key is told twice");
    for Entry { section, key, shape, default, doc, .. } in &reference {
        assert!(doc.len() > 10 && doc.ends_with('.') && !doc.contains("  "), "{section}.{key}: {doc:?}");
        assert_eq!(key.ends_with("_secs"), *shape == "a number of seconds", "{section}.{key}: units live in names");
        if default.is_empty() {
            let may_be_absent = ["text", "a secret", "a list of texts", "true or false", "tables"]
                .iter()
                .any(|beginning| shape.starts_with(beginning));
            // Without it no provider is asked again.
            assert!(may_be_absent || *key == "recheck_secs", "{section}.{key} has no default");
        }
    }
    let sample = Sample::reference();
    assert_eq!((sample[0].doc.as_str(), sample[0].default.as_str()), ("A number of things.", "5"));
    assert_eq!(sample[1].bounds, Some(("30".to_owned(), "90".to_owned())));
}

/// Promise: `settings/bounded`
#[test]
fn every_default_can_be_written_and_is_within_its_bounds() {
    let mut text = String::new();
    for entry in Settings::reference().iter().filter(|entry| !entry.default.is_empty()) {
        text += &format!("[{}]\n{} = {}\n", entry.section, entry.key, entry.default);
        if let Some((low, high)) = &entry.bounds {
            let number = |text: &str| text.parse::<u64>().unwrap();
            let (low, default, high) = (number(low), number(&entry.default), number(high));
            assert!(low <= default && default <= high && low < high, "{}.{}", entry.section, entry.key);
        }
        let one = format!("[{}]\n{} = {}\n", entry.section, entry.key, entry.default);
        assert_eq!(errors(&one), [], "{one}");
    }
    assert!(text.contains("[sessions]\nabsolute_secs = 28800\n"));
}

/// Every number that decides something has bounds, and what the standards limit cannot be set beyond them.
///
/// Promise: `settings/bounded`
#[test]
fn no_number_is_without_bounds() {
    let reference = Settings::reference();
    let number = |entry: &&Entry| ["a whole number", "a number of seconds"].contains(&entry.shape);
    for entry in reference.iter().filter(number) {
        assert!(entry.bounds.is_some(), "{}.{}", entry.section, entry.key);
    }
    for text in [
        "[passwords]\nmin_length = 11",
        "[passwords]\nmemory_kib = 12287",
        "[attempts]\nhard_stop = 101",
        "[sessions]\nabsolute_secs = 2592001",
        "[password_reset]\nlifetime_secs = 86401",
        "[reauthentication]\nvalid_secs = 3601",
    ] {
        assert_eq!(errors(text).len(), 1, "{text}");
    }
}

/// Promise: `settings/secrets-unshown`
#[test]
fn a_secret_is_read_and_never_shown() {
    let (read, errors) = sample("secret = \"hunter2 hunter2\"");
    assert!(errors.is_empty());
    assert_eq!(read.secret.get().unwrap().expose_text(), Some("hunter2 hunter2"));
    assert_eq!(read.secret.show(), "");
    assert!(SecretText::default().get().is_none());
    let table = "[mail]\nsmtp_password = [\"hunter2\"]\nsmtp_passwort = \"hunter2\"".parse::<Table>().unwrap();
    let told: Vec<_> = Settings::read(&table, &[]).err().unwrap().iter().map(ToString::to_string).collect();
    assert!(told.len() == 2 && !told.concat().contains("hunter2"), "{told:#?}");
    let secrets = Settings::reference().into_iter().filter(|entry| entry.shape == SecretText::SHAPE);
    assert_eq!(secrets.filter(|entry| entry.default.is_empty()).count(), 7);
}
