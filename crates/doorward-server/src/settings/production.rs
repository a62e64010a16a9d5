//! What a server in production is not started with: the mistakes that would show only once somebody used them.
//!
//! - `server/refuses-unsafe-settings`: `serve` refuses plain http, missing or sample secrets, keys and secret files that
//!   others may read and settings that do not exist, each with its key and its cure.

use std::path::{Path, PathBuf};

use doorward::{
    Doorward, KeyFile, KeyFileError, StartError,
    config::{SecretText, Setting, SettingsError, exposed_mode},
    core::KeyRingError,
};

use super::{DangerSettings, Draft, Loaded, Source, reference};
use crate::{commands, failure::Failure};

/// Reads the settings of a server and refuses them with everything that is wrong.
pub(crate) async fn load(source: &Source) -> Result<Loaded, Failure> {
    let mut draft = examined(source)?;
    if !draft.errors.is_empty() {
        rehearse(&mut draft).await;
    }
    draft.finish()
}

/// The same, also trying out what only the library can judge; nothing is opened or contacted.
pub(crate) async fn check(source: &Source) -> Result<Loaded, Failure> {
    let mut draft = examined(source)?;
    rehearse(&mut draft).await;
    draft.finish()
}

fn examined(source: &Source) -> Result<Draft, Failure> {
    let mut draft = source.draft()?;
    let found = [public_url(&draft, &draft.danger), proxies(&draft), mail(&draft), keys(&draft)];
    let secrets: Vec<_> = samples(&draft).into_iter().chain(exposed(&draft)).collect();
    draft.errors.extend(found.into_iter().flatten().chain(secrets));
    Ok(draft)
}

/// Builds a Doorward on a database in memory, to hear what the library says about everything but the database.
async fn rehearse(draft: &mut Draft) {
    let Some(mut settings) = draft.settings.clone() else { return };
    let embedded = settings.database.url.starts_with("sqlite:");
    if embedded || settings.database.url.starts_with("postgres") {
        settings.database.url = "sqlite::memory:".to_owned();
    }
    settings.passwords.threads = 1;
    let built = Doorward::builder(settings).keys(commands::throwaway_keys()).open().await;
    if let Err(StartError::Settings(errors)) = built {
        let fresh = errors.into_iter().filter(|error| draft.errors.iter().all(|told| told.key != error.key));
        let fresh: Vec<_> = fresh.collect();
        draft.errors.extend(fresh);
    }
}

/// Links in letters and the protection of the cookie follow from the public URL, so it is never guessed.
fn public_url(draft: &Draft, danger: &DangerSettings) -> Option<SettingsError> {
    let cure = "Set the address under which browsers reach this service, for example https://id.example.com.";
    let Some(url) = draft.text("site", "public_url") else {
        return Some(error("site.public_url", "it is not set", cure));
    };
    let plain = url.trim_start().get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http:"));
    let what = "plain http would send passwords and the session cookie in the clear";
    (plain && !danger.allow_http_public_url)
        .then(|| error("site.public_url", what, "Use https; for development there is `doorward dev`."))
}

/// TLS ends in a proxy, so with https there is one; if it is not named, everybody comes from its address, and one
/// throttle serves all.
fn proxies(draft: &Draft) -> Option<SettingsError> {
    let https = draft.text("site", "public_url").is_some_and(|url| url.trim_start().starts_with("https:"));
    let none = draft.settings.as_ref().is_some_and(|settings| settings.site.trusted_proxies.is_empty());
    let what = "no proxy is named, so all people would be throttled as one";
    let cure = "Name the proxy that brings https, for example [\"127.0.0.1\"].";
    (https && none).then(|| error("site.trusted_proxies", what, cure))
}

fn mail(draft: &Draft) -> Option<SettingsError> {
    let missing = draft.text("mail", "smtp_host").is_none_or(|host| host.trim().is_empty());
    let cure = "Set the host name of your SMTP server; for development `doorward dev` shows letters on a page.";
    missing
        .then(|| error("mail.smtp_host", "it is not set, so nobody could confirm an address or reset a password", cure))
}

fn keys(draft: &Draft) -> Option<SettingsError> {
    let default = doorward::config::KeySettings::default().file;
    let cause = KeyFile::new(draft.text("keys", "file").unwrap_or(&default)).load().err()?;
    let (problem, cure) = match cause {
        KeyFileError::Io(path, cause) => (
            format!("cannot read {}: {cause}", path.display()),
            "Make the keys with `doorward keys rotate`.".to_owned(),
        ),
        KeyFileError::Exposed(path) => too_open(&path, exposed_mode(&path).ok().flatten().unwrap_or_default()),
        KeyFileError::Line(path, line) => (
            format!("{}, line {line} is not `ID SIGNS_FROM SECRET`", path.display()),
            "Restore the file from a backup, or remove it and make new keys with `doorward keys rotate`.".to_owned(),
        ),
        KeyFileError::Ring(path, cause) => {
            let what = match cause {
                KeyRingError::Empty => "there is no key in it",
                KeyRingError::Short => "a key is shorter than 32 bytes",
                KeyRingError::Duplicate => "two keys have the same id",
                KeyRingError::Sample => "a key is one repeated byte, a sample value",
            };
            (
                format!("{}: {what}", path.display()),
                "Replace all keys with `doorward keys rotate --at-once`.".to_owned(),
            )
        }
    };
    Some(error("keys.file", &problem, &cure))
}

/// Files with a secret in them that somebody else on this machine may read or change.
fn exposed(draft: &Draft) -> Vec<SettingsError> {
    let open = |(key, path): &(String, PathBuf)| {
        // A file that cannot be read at all has been told already.
        let mode = exposed_mode(path).ok().flatten()?;
        let (problem, cure) = too_open(path, mode);
        Some(error(key, &problem, &cure))
    };
    draft.secret_files.iter().filter_map(open).collect()
}

fn too_open(path: &Path, mode: u32) -> (String, String) {
    let path = path.display();
    (
        format!("others may read {path} (mode {mode:04o})"),
        format!("Run `chmod 600 {path}`; where it is mounted, mount it with mode 0400 (or 0440, for a group)."),
    )
}

/// Secrets that came with an example, which is where a guesser begins.
fn samples(draft: &Draft) -> Vec<SettingsError> {
    let entries = reference::entries();
    let secrets = entries.iter().filter(|entry| entry.shape == <SecretText as Setting>::SHAPE);
    let secrets = secrets.filter_map(|entry| Some((entry.section, entry.key, draft.text(entry.section, entry.key)?)));
    let database = draft.text("database", "url").and_then(password_of).map(|password| ("database", "url", password));
    let sampled = secrets.chain(database).filter(|(_, _, text)| text.split_whitespace().any(is_sample));
    let cure = "Make a real one, for example with `openssl rand -base64 32` (for a pepper, put `1:` before it).";
    sampled
        .map(|(section, key, _)| {
            error(&format!("{section}.{key}"), "it holds a sample value that everybody knows", cure)
        })
        .collect()
}

/// The password in `postgres://user:password@host/name`.
fn password_of(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let (person, _) = rest.split('/').next()?.rsplit_once('@')?;
    person.split_once(':').map(|(_, password)| password)
}

/// Whether a secret, or the part after its id, is one repeated character or a word from examples, whatever its spelling.
fn is_sample(secret: &str) -> bool {
    let secret = secret.rsplit(':').next().unwrap_or(secret).trim_end_matches('=');
    let plain: String = secret.chars().filter(|c| c.is_ascii_alphabetic()).map(|c| c.to_ascii_lowercase()).collect();
    let repeated = secret.chars().next().is_some_and(|first| secret.chars().all(|c| c == first));
    repeated || SAMPLES.contains(&plain.as_str())
}

fn error(key: &str, problem: &str, cure: &str) -> SettingsError {
    SettingsError { key: key.to_owned(), problem: problem.to_owned(), cure: cure.to_owned() }
}

const SAMPLES: [&str; 8] =
    ["changeme", "changeit", "secret", "password", "example", "sample", "yourpassword", "yoursecret"];
