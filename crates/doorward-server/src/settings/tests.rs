use std::fs;

use super::*;

fn file(folder: &Path, text: &str) -> Source {
    let path = folder.join("doorward.toml");
    fs::write(&path, text).unwrap();
    Source::File(path)
}

fn variables(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn errors(source: &Source, pairs: &[(&str, &str)]) -> Vec<String> {
    let draft = source.draft_with(&variables(pairs)).map_err(|_| ()).unwrap();
    draft.origins.tell(&draft.errors)
}

/// Promise: `server/environment`
#[test]
fn a_variable_overrides_the_file_and_text_stays_text() {
    let folder = tempfile::tempdir().unwrap();
    let source = file(folder.path(), "[site]\nname = \"File\"\n[server]\nlisten = \"127.0.0.1:1\"\n");
    let pairs = [
        ("DOORWARD_SITE__NAME", "1234"),
        ("DOORWARD_SESSIONS__IDLE_SECS", "600"),
        ("DOORWARD_AUDIT__STREAM", "true"),
        ("DOORWARD_SITE__TRUSTED_PROXIES", "[\"10.0.0.0/8\"]"),
        ("DOORWARD_SERVER__WORKERS", "3"),
        ("DOORWARD_LOG", "debug"),
    ];
    let draft = source.draft_with(&variables(&pairs)).map_err(|_| ()).unwrap();
    let loaded = draft.finish().map_err(|_| ()).unwrap();
    assert_eq!(loaded.settings.site.name, "1234");
    assert_eq!(loaded.settings.sessions.idle.as_secs(), 600);
    assert!(loaded.settings.audit.stream);
    assert_eq!(loaded.settings.site.trusted_proxies, ["10.0.0.0/8"]);
    assert_eq!((loaded.server.workers, loaded.server.listen.port()), (3, 1));
}

/// Promise: `server/environment`
#[test]
fn a_mistyped_variable_is_refused_by_name() {
    let cases = [
        (("DOORWARD_SITE__PUBLIC_ULR", "x"), "site.public_ulr", "DOORWARD_SITE__PUBLIC_ULR"),
        (("DOORWARD_SIGHT__NAME", "x"), "sight", "DOORWARD_SIGHT__NAME"),
        (("DOORWARD_SITE_PUBLIC_URL", "x"), "site.public_url", "DOORWARD_SITE__PUBLIC_URL"),
        (("DOORWARD_SESSIONS__IDLE_SECS", "soon"), "sessions.idle_secs", "DOORWARD_SESSIONS__IDLE_SECS"),
    ];
    for (pair, key, named) in cases {
        let told = errors(&Source::Environment, &[pair]);
        assert!(told.len() == 1 && told[0].starts_with(&format!("{key}: ")) && told[0].contains(named), "{told:?}");
    }
}

/// Promise: `server/secret-files`
#[test]
fn a_secret_comes_from_its_file_without_the_line_end() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("password");
    fs::write(&secret, "from the file\n").unwrap();
    let source = file(folder.path(), &format!("[mail]\nsmtp_password_file = {:?}\n", secret.to_str().unwrap()));
    let draft = source.draft_with(&[]).map_err(|_| ()).unwrap();
    let loaded = draft.finish().map_err(|_| ()).unwrap();
    assert_eq!(loaded.settings.mail.smtp_password.get().unwrap().expose_text(), Some("from the file"));
}

/// Promise: `server/environment`, `server/secret-files`
#[test]
fn a_client_of_the_settings_is_completed_by_the_environment_and_by_files() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    let text = doorward::operate::ClientSecretText::mint(&doorward::core::SystemEntropy).reveal();
    fs::write(&secret, format!("{text}\n")).unwrap();
    let client = "[clients.the__shop]\nname = \"The shop\"\nauthentication = \"secret\"\n";
    let source = file(folder.path(), client);
    let pairs = [
        ("DOORWARD_CLIENTS__THE__SHOP__SECRET_FILE", secret.to_str().unwrap()),
        ("DOORWARD_CLIENTS__THE__SHOP__GRANTS", "[\"client_credentials\"]"),
    ];
    let draft = source.draft_with(&variables(&pairs)).map_err(|_| ()).unwrap();
    assert_eq!(draft.secret_files, [("clients.the__shop.secret_file".to_owned(), secret.clone())]);
    assert!(draft.finish().is_ok());
    let told = errors(&source, &[pairs[1]]);
    assert!(told.len() == 1 && told[0].contains("clients.the__shop.secret: there is none"), "{told:?}");
    let wrong = [pairs[0], ("DOORWARD_CLIENTS__THE__SHOP__GRANTS", "[\"password\"]")];
    let told = errors(&source, &wrong);
    assert!(told.len() == 1 && told[0].ends_with("variable DOORWARD_CLIENTS__THE__SHOP__GRANTS."), "{told:?}");
    let nowhere = [pairs[1], ("DOORWARD_CLIENTS__THE__SHOP__SECRET_FILE", "/nowhere/at/all")];
    let told = errors(&source, &nowhere);
    assert!(told[0].contains("clients.the__shop.secret_file: cannot read /nowhere/at/all"), "{told:?}");
}

/// Promise: `server/secret-files`
#[test]
fn both_a_secret_and_its_file_are_refused_and_so_is_a_file_that_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let source = file(folder.path(), "[mail]\nsmtp_password = \"here\"\n");
    let told = errors(&source, &[("DOORWARD_MAIL__SMTP_PASSWORD_FILE", "/nowhere")]);
    assert!(told[0].starts_with("mail.smtp_password_file: `smtp_password` is given as well. Remove one"), "{told:?}");
    let told = errors(&Source::Environment, &[("DOORWARD_DATABASE__URL_FILE", "/nowhere/at/all")]);
    assert!(told[0].starts_with("database.url_file: cannot read /nowhere/at/all"), "{told:?}");
    let told = errors(&Source::Environment, &[("DOORWARD_SESSIONS__IDLE_SECS_FILE", "/nowhere")]);
    assert!(told[0].starts_with("sessions.idle_secs_file: there is no such setting"), "{told:?}");
}

/// The places that are told of the mistakes in a text, each as `LINE KEY`.
fn places(text: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let source = file(folder.path(), text);
    let before = format!("{}:", folder.path().join("doorward.toml").display());
    let told = errors(&source, &[]).into_iter().map(|line| {
        let Some(rest) = line.strip_prefix(&before) else { return format!("- {}", line.split(": ").next().unwrap()) };
        rest.split(": ").take(2).collect::<Vec<_>>().join(" ")
    });
    told.collect()
}

/// Promise: `server/mistakes-have-a-place`
#[test]
fn a_mistake_is_told_with_the_line_of_its_key() {
    let cases: &[(&str, &[&str])] = &[
        ("[site]\nname = 1\n", &["2 site.name"]),
        ("# first\n\n[sessions]\n# idle\nidle_secs = 1\n", &["5 sessions.idle_secs"]),
        ("site.name = 1\nsessions.idle_secs = 1\n", &["1 site.name", "2 sessions.idle_secs"]),
        ("\nsessions = { idle_secs = 1 }\n", &["2 sessions.idle_secs"]),
        ("[server]\n\nlistn = \"\"\n", &["3 server.listn"]),
        ("[danger]\nallow = true\n", &["2 danger.allow"]),
        ("[site]\n[sight]\n", &["2 sight"]),
        ("\nsite = 3\n", &["2 site"]),
        ("[site]\r\nname = 1\r\n", &["2 site.name"]),
        ("[site]\nname = \"\"\"\n\n\"\"\"\n[sessions]\nidle_secs = 1", &["6 sessions.idle_secs"]),
        ("[site]\n\"na.me\" = 1\nname = 2\n", &["2 site.na.me", "3 site.name"]),
        ("[mail]\n\nsmtp_password_file = \"/nowhere\"\n", &["3 mail.smtp_password_file"]),
    ];
    for (text, told) in cases {
        let mut found = places(text);
        found.sort();
        assert_eq!(found, *told, "{text}");
    }
}

/// Promise: `server/mistakes-have-a-place`
#[test]
fn what_is_wrong_in_a_list_is_told_with_its_own_line() {
    const POLICY: &str = "\
[policy]
permissions = [
    \"invoices:read\",
    \"invoices:write\",
    \"invoices:read\",
]
[policy.roles.owner]
permissions = [\"*\"]
grants = [
    \"*\",
    \"nobody\",
]
[policy.roles.\"a.b\"]
[policy.roles.editor]
permissions = [ \"invoices:read\",
    \"invoice:write\" ]
inherits = [\"editor\"]
[policy.plans.pro]
[policy.operators.admin]
permissions = [\"*\"]
grants = [\"admin\"]
";
    let mut told = places(POLICY);
    told.sort_by_key(|line| line.split(' ').next().unwrap().parse::<u32>().unwrap());
    let expected = [
        "5 policy.permissions",
        "11 policy.roles.owner.grants",
        "13 policy.roles.a.b",
        "16 policy.roles.editor.permissions",
        "17 policy.roles.editor.inherits",
        "18 policy.plans.pro",
        "21 policy.operators.admin.grants",
    ];
    assert_eq!(told, expected);
}

/// Promise: `server/mistakes-have-a-place`
#[test]
fn what_a_variable_says_over_the_file_has_no_line_and_nothing_of_the_file_is_quoted() {
    let folder = tempfile::tempdir().unwrap();
    let source = file(folder.path(), "[sessions]\nidle_secs = 600\n[mail]\nsmtp_password = [\"canary-7261\"]\n");
    let told = errors(&source, &[("DOORWARD_SESSIONS__IDLE_SECS", "1")]);
    let [password, idle] = told.as_slice() else { panic!("{told:?}") };
    assert!(password.contains("doorward.toml:4: mail.smtp_password: ") && !password.contains("canary"), "{told:?}");
    assert!(idle.starts_with("sessions.idle_secs: ") && idle.ends_with("variable DOORWARD_SESSIONS__IDLE_SECS."));
}

#[test]
fn the_folder_of_dev_decides_where_things_lie() {
    let source = Source::Folder(DevFolder { path: "here".into(), port: 4400 });
    assert_eq!(errors(&source, &[]), Vec::<String>::new());
    let told = errors(&source, &[("DOORWARD_DATABASE__URL", "postgres://production/users")]);
    assert!(
        told[0].contains("DOORWARD_DATABASE__URL") && told[0].contains("the folder of `doorward dev` decides"),
        "{told:?}"
    );
}

#[test]
fn a_file_that_is_no_toml_is_refused_without_quoting_it() {
    let folder = tempfile::tempdir().unwrap();
    let source = file(folder.path(), "[mail]\nsmtp_password = \"canary-7261\nfrom = 1\n");
    let failure = source.draft_with(&[]).err().map(|failure| format!("{failure:?}")).unwrap();
    assert!(failure.contains("doorward.toml:2: ") && !failure.contains("canary"), "{failure}");
}

#[test]
fn the_example_is_accepted_once_its_secret_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("smtp");
    fs::write(&secret, "s3cr3t-of-some-length\n").unwrap();
    let source =
        file(folder.path(), &reference::EXAMPLE.replace("/etc/doorward/smtp-password", secret.to_str().unwrap()));
    assert_eq!(errors(&source, &[]), Vec::<String>::new());
}

#[test]
fn the_reference_has_a_row_for_every_setting() {
    let page = reference::markdown();
    for entry in reference::entries() {
        assert!(page.contains(&format!("| `{}` |", entry.key)), "{}", entry.key);
    }
    assert!(page.contains("## `[server]`") && page.contains("## `[danger]`"));
}

#[test]
fn golden_settings_reference_is_current() {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/settings.md");
    let page = reference::markdown();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&file, &page).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&file).unwrap_or_default(), page, "run `cargo xtask docs`");
}
