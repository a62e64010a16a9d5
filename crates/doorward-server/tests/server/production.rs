use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use crate::support::{Said, config, doorward, finish, fresh_database};

/// A folder with settings and keys that a server would start with.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        let place = Self { folder: TempDir::new().unwrap() };
        fs::write(place.file(), config(place.folder.path(), "")).unwrap();
        let made = place.run(&["keys", "rotate"], &[]);
        assert_eq!(made.code, Some(0), "{made:?}");
        place
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("doorward.toml")
    }

    fn keys(&self) -> PathBuf {
        self.folder.path().join("keys")
    }

    fn run(&self, args: &[&str], environment: &[(&str, &str)]) -> Said {
        let mut command = doorward(&[args, &["--config", self.file().to_str().unwrap()]].concat());
        command.envs(environment.iter().copied());
        finish(command, "")
    }

    /// A refusal without the place that it names, which begins with the key then.
    fn without_place<'l>(&self, line: &'l str) -> &'l str {
        let line = line.strip_prefix("doorward: ").unwrap_or(line);
        let place = line.strip_prefix(&format!("{}:", self.file().display()));
        place.map_or(line, |rest| rest.split_once(": ").unwrap().1)
    }

    fn change(&self, from: &str, to: &str) {
        let text = fs::read_to_string(self.file()).unwrap();
        assert!(text.contains(from), "{from}");
        fs::write(self.file(), text.replace(from, to)).unwrap();
    }
}

/// How a case differs from settings that are good.
enum Fault<'f> {
    /// This text of the file is another.
    File(&'f str, &'f str),
    /// This variable is set.
    Environment(&'f str, &'f str),
    /// The keys' file is this.
    Keys(&'f str),
    /// The keys' file has this mode.
    Mode(u32),
    /// There is no keys' file.
    NoKeys,
}

use Fault::{Environment, File, Keys, Mode, NoKeys};

const URL: &str = "public_url = \"http://localhost:4400\"";
const DANGER: &str = "allow_http_public_url = true";
const HOST: &str = "smtp_host = \"127.0.0.1\"";
/// A key of 32 equal bytes, and one of 8 different ones.
const SAMPLE_KEY: &str = "1 0 QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE\n";
const SHORT_KEY: &str = "1 0 AQIDBAUGBwg\n";
const SAMPLE_PEPPER: &str = "a:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

/// What is wrong, the key that must be named, and a piece of the cure.
const FAULTS: &[(Fault<'static>, &str, &str)] = &[
    (File(DANGER, ""), "site.public_url", "Use https"),
    (File("http://localhost:4400", "https://id.example.com"), "site.trusted_proxies", "Name the proxy"),
    (File("http://localhost:4400", "HTTP://id.example.com"), "site.public_url", "Use https"),
    (File("http://localhost:4400", "https://id.example.com/path"), "site.public_url", "Write scheme and host"),
    (File(URL, ""), "site.public_url", "Set the address under which browsers reach this service"),
    (File(HOST, ""), "mail.smtp_host", "Set the host name of your SMTP server"),
    (File(HOST, "smtp_host = \"\""), "mail.smtp_host", "Set the host name of your SMTP server"),
    (File(HOST, "smtp_host = \"smtp.example.com\""), "mail.smtp_security", "Use `tls` or `starttls`"),
    (NoKeys, "keys.file", "doorward keys rotate"),
    (Mode(0o640), "keys.file", "(mode 0640). Run `chmod 600"),
    (Mode(0o604), "keys.file", "chmod 600"),
    (Keys(SAMPLE_KEY), "keys.file", "doorward keys rotate --at-once"),
    (Keys(SHORT_KEY), "keys.file", "doorward keys rotate --at-once"),
    (Keys(""), "keys.file", "doorward keys rotate --at-once"),
    (Keys("not a key\n"), "keys.file", "Restore the file from a backup"),
    (Environment("DOORWARD_MAIL__SMTP_PASSWORD", "changeme"), "mail.smtp_password", "openssl rand"),
    (Environment("DOORWARD_MAIL__SMTP_PASSWORD", "Secret123"), "mail.smtp_password", "openssl rand"),
    (Environment("DOORWARD_PASSWORDS__PEPPER", SAMPLE_PEPPER), "passwords.pepper", "openssl rand"),
    (Environment("DOORWARD_PASSWORDS__PEPPER", "a:c2hvcnQ"), "passwords.pepper", "Use another one"),
    (Environment("DOORWARD_PASSWORDS__PEPPER", "no-id"), "passwords.pepper", "openssl rand"),
    (
        Environment("DOORWARD_DATABASE__URL", "postgres://doorward:password@127.0.0.1/doorward"),
        "database.url",
        "openssl rand",
    ),
    (Environment("DOORWARD_DATABASE__URL", "mysql://127.0.0.1/doorward"), "database.url", "Write sqlite:PATH"),
    (Environment("DOORWARD_SESSIONS__IDLE_SEC", "600"), "sessions.idle_sec", "Did you mean `idle_secs`?"),
    (Environment("DOORWARD_SESIONS__IDLE_SECS", "600"), "sesions", "Did you mean `sessions`?"),
    (Environment("DOORWARD_SESSIONS__IDLE_SECS", "1"), "sessions.idle_secs", "Correct it"),
    (
        Environment("DOORWARD_SITE__TRUSTED_PROXIES", "[\"the proxy\"]"),
        "site.trusted_proxies",
        "Write 127.0.0.1 or 10.0.0.0/8",
    ),
    (
        Environment("DOORWARD_SITE_PUBLIC_URL", "https://id.example.com"),
        "site.public_url",
        "Call it DOORWARD_SITE__PUBLIC_URL",
    ),
    (Environment("DOORWARD_SERVER__LISTEN", "everywhere"), "server.listen", "Correct it"),
    (Environment("DOORWARD_SERVER__LISTN", "127.0.0.1:80"), "server.listn", "this section knows: listen"),
    (Environment("DOORWARD_SERVER__WORKERS", "100000"), "server.workers", "Correct it"),
    (Environment("DOORWARD_DANGER__ALLOW", "true"), "danger.allow", "this section knows: allow_http_public_url"),
    (Environment("DOORWARD_MAIL__SMTP_PASSWORD_FILE", "/no/such/file"), "mail.smtp_password_file", "Correct the path"),
];

/// Promise: `server/refuses-unsafe-settings`
#[test]
fn each_refusal_names_the_key_and_the_cure() {
    for (fault, key, cure) in FAULTS {
        let place = Place::new();
        let mut environment = Vec::new();
        match fault {
            File(from, to) => place.change(from, to),
            Environment(name, value) => environment.push((*name, *value)),
            Keys(text) => fs::write(place.keys(), text).unwrap(),
            Mode(mode) => fs::set_permissions(place.keys(), fs::Permissions::from_mode(*mode)).unwrap(),
            NoKeys => fs::remove_file(place.keys()).unwrap(),
        }
        for command in [&["serve"][..], &["config", "check"]] {
            let said = place.run(command, &environment);
            let told = said.stderr.lines().filter(|line| line.starts_with("doorward: "));
            let lines: Vec<&str> = told.map(|line| place.without_place(line)).collect();
            let told = lines.iter().any(|line| line.starts_with(&format!("{key}: ")) && line.contains(cure));
            assert!(told && said.code == Some(2), "{key}, {cure}: {said:?}");
            // One wrong value may have two consequences, but only in its own section.
            let section = key.split('.').next().unwrap();
            assert!(lines.iter().all(|line| line.starts_with(section)), "{said:?}");
            assert!(
                environment.iter().all(|(name, value)| !name.ends_with("PASSWORD") || !said.stderr.contains(value)),
                "{said:?}"
            );
        }
        assert!(
            !place.folder.path().join("doorward.db").exists(),
            "{key}: nothing is opened before the settings are good"
        );
    }
}

/// Promise: `server/all-mistakes-at-once`
#[test]
fn all_mistakes_are_told_in_one_run() {
    let place = Place::new();
    place.change(URL, "public_ulr = \"https://id.example.com\"");
    place.change(HOST, "");
    fs::remove_file(place.keys()).unwrap();
    let environment = [("DOORWARD_SESSIONS__IDLE_SECS", "1"), ("DOORWARD_SERVER__LISTEN", "everywhere")];
    for command in [&["serve"][..], &["config", "check"]] {
        let said = place.run(command, &environment);
        assert_eq!(said.code, Some(2), "{said:?}");
        let mut keys: Vec<&str> =
            said.stderr.lines().map(|line| place.without_place(line).split(": ").next().unwrap()).collect();
        keys.sort_unstable();
        assert_eq!(
            keys,
            [
                "keys.file",
                "mail.smtp_host",
                "server.listen",
                "sessions.idle_secs",
                "site.public_ulr",
                "site.public_url"
            ]
        );
    }
}

/// Promise: `server/mistakes-have-a-place`
#[test]
fn every_command_tells_the_line_or_the_variable_of_a_mistake() {
    let place = Place::new();
    place.change("[server]", "[policy.roles.owner]\npermissions = [\n  \"*\",\n  \"invoice:read\",\n]\n[server]");
    let file = place.file().display().to_string();
    let line = fs::read_to_string(place.file()).unwrap().lines().position(|line| line.contains("invoice")).unwrap() + 1;
    let unknown = format!("doorward: {file}:{line}: policy.roles.owner.permissions: `invoice:read` is no permission");
    for command in [&["serve"][..], &["config", "check"], &["policy", "check"], &["policy", "show"], &["user", "list"]]
    {
        let said = place.run(command, &[("DOORWARD_POLICY__OWNER", "boss")]);
        assert_eq!(said.code, Some(2), "{said:?}");
        assert!(said.stderr.lines().any(|line| line.starts_with(&unknown)), "{said:?}");
        let owner = said.stderr.lines().find(|line| line.starts_with("doorward: policy.owner: `boss` is no role"));
        assert!(owner.is_some_and(|line| line.ends_with("environment variable DOORWARD_POLICY__OWNER.")), "{said:?}");
    }
    // What the library says only when it is started.
    let place = Place::new();
    place.change("url = \"sqlite:", "url = \"mysql:");
    let file = place.file().display().to_string();
    for command in [&["serve"][..], &["config", "check"], &["user", "list"], &["migrate"]] {
        let said = place.run(command, &[]);
        let told = format!("doorward: {file}:10: database.url: ");
        assert!(said.code == Some(2) && said.stderr.lines().any(|line| line.starts_with(&told)), "{said:?}");
    }
}

/// Promise: `server/refuses-unsafe-settings`
#[test]
fn a_secret_file_that_others_may_read_is_refused_with_the_cure() {
    let place = Place::new();
    let secret = place.folder.path().join("smtp-password");
    let name = place.folder.path().join("name");
    fs::write(&secret, "forty grey doors open").unwrap();
    fs::write(&name, "Acme").unwrap();
    let environment = [
        ("DOORWARD_MAIL__SMTP_USERNAME", "doorward"),
        ("DOORWARD_MAIL__SMTP_PASSWORD_FILE", secret.to_str().unwrap()),
        ("DOORWARD_SITE__NAME_FILE", name.to_str().unwrap()),
    ];
    for mode in [0o644, 0o640, 0o620, 0o602, 0o444] {
        fs::set_permissions(&secret, fs::Permissions::from_mode(mode)).unwrap();
        for command in [&["serve"][..], &["config", "check"]] {
            let said = place.run(command, &environment);
            assert_eq!(said.code, Some(2), "{mode:o}: {said:?}");
            assert_eq!(said.stderr.lines().count(), 1, "what is no secret may be read: {said:?}");
            for part in
                ["mail.smtp_password_file: ", &format!("mode {mode:04o}"), &format!("`chmod 600 {}`", secret.display())]
            {
                assert!(said.stderr.contains(part), "{part}: {said:?}");
            }
            assert!(!said.stderr.contains("forty"), "{said:?}");
        }
    }
    for mode in [0o600, 0o400] {
        fs::set_permissions(&secret, fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(place.run(&["config", "check"], &environment).code, Some(0), "{mode:o}");
    }
}

#[test]
fn good_settings_are_fine_and_checking_opens_nothing() {
    let place = Place::new();
    let said = place.run(&["config", "check"], &[]);
    assert_eq!((said.code, said.stdout.as_str(), said.stderr.as_str()), (Some(0), "fine\n", ""));
    let environment = [("DOORWARD_DATABASE__URL", "postgres://nobody@127.0.0.1:1/nothing")];
    assert_eq!(place.run(&["config", "check"], &environment).code, Some(0));
    assert!(!place.folder.path().join("doorward.db").exists());
}

#[test]
fn a_settings_file_that_is_not_there_is_named() {
    let folder = TempDir::new().unwrap();
    let mut command = doorward(&["serve"]);
    command.current_dir(folder.path());
    let said = finish(command, "");
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.stderr.contains("there is no settings file doorward.toml"), "{said:?}");
    let said = finish(doorward(&["serve", "--config", "/no/such/doorward.toml"]), "");
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(
        said.stderr.contains("/no/such/doorward.toml") && said.stderr.contains("doorward config example"),
        "{said:?}"
    );
}

#[test]
fn a_database_that_does_not_answer_is_no_success() {
    let place = Place::new();
    let environment = [("DOORWARD_DATABASE__URL", "postgres://nobody@127.0.0.1:1/nothing")];
    let said = place.run(&["serve"], &environment);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.stderr.contains("Check that the database can be reached"), "{said:?}");
}

#[test]
fn migrating_makes_the_schema_once() {
    let place = Place::new();
    let postgres = fresh_database();
    for environment in [&[][..], &[("DOORWARD_DATABASE__URL", postgres.as_str())]] {
        assert_eq!(place.run(&["config", "check"], environment).code, Some(0), "{environment:?}");
        let unready = place.run(&["user", "list"], environment);
        assert_eq!(unready.code, Some(1), "{unready:?}");
        assert!(unready.stderr.contains("doorward migrate"), "{unready:?}");
        let first = place.run(&["migrate"], environment);
        assert!(first.code == Some(0) && first.stdout.contains("Applied 0001_audit_events."), "{first:?}");
        let second = place.run(&["migrate"], environment);
        assert_eq!((second.code, second.stdout.as_str()), (Some(0), "Nothing to do: the database is up to date.\n"));
        assert_eq!(place.run(&["user", "list"], environment).code, Some(0));
    }
}

#[test]
fn the_reference_and_the_example_are_printed_without_any_settings() {
    let folder = TempDir::new().unwrap();
    let print = |what: &str| {
        let mut command = doorward(&["config", what]);
        command.current_dir(folder.path());
        let said = finish(command, "");
        assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""));
        said.stdout
    };
    assert!(print("reference").contains("| `public_url` |"));
    assert!(print("example").contains("[mail]"));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn the_help_teaches_with_examples() {
    for command in [
        &["--help"][..],
        &["serve", "--help"],
        &["user", "create", "--help"],
        &["keys", "rotate", "--help"],
        &["backup", "--help"],
    ] {
        let said = finish(doorward(command), "");
        assert!(said.code == Some(0) && said.stdout.contains("Examples:"), "{said:?}");
    }
    assert!(Path::new(env!("CARGO_BIN_EXE_doorward")).ends_with("doorward"));
}
