//! `x_file = "path"` instead of `x = "secret"`: secrets that neither the settings file nor the environment holds.

use std::{fs, path::PathBuf};

use doorward::config::{Entry, SecretText, Setting, SettingsError};
use toml::{Table, Value};

use super::{environment::is_text, reference};

/// Replaces each `x_file` by `x` with what the file holds, white space around it removed; returns the keys and the paths
/// of those that hold a secret.
pub(super) fn resolve(table: &mut Table, errors: &mut Vec<SettingsError>) -> Vec<(String, PathBuf)> {
    let entries = reference::entries();
    let mut secret = Vec::new();
    for (section, settings) in table.iter_mut() {
        let Some(settings) = settings.as_table_mut() else { continue };
        if reference::NESTED.contains(&section.as_str()) {
            for (name, settings) in settings.iter_mut() {
                let Some(settings) = settings.as_table_mut() else { continue };
                let known = Known { entries: &entries, section: &reference::nested(section) };
                secret.extend(known.resolve(&format!("{section}.{name}"), settings, errors));
            }
        } else {
            secret.extend(Known { entries: &entries, section }.resolve(section, settings, errors));
        }
    }
    secret
}

/// The keys of one section.
struct Known<'k> {
    entries: &'k [Entry],
    section: &'k str,
}

impl Known<'_> {
    fn find(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.section == self.section && entry.key == key)
    }

    /// The same for the table of one section, which is called `name` to people.
    fn resolve(&self, name: &str, settings: &mut Table, errors: &mut Vec<SettingsError>) -> Vec<(String, PathBuf)> {
        let mut secret = Vec::new();
        let named = settings.keys().filter(|key| self.find(key).is_none()).filter_map(|key| key.strip_suffix("_file"));
        let named: Vec<String> = named.filter(|key| self.find(key).is_some_and(is_text)).map(str::to_owned).collect();
        for key in named {
            let path = settings.remove(&format!("{key}_file")).expect("the key was just seen");
            let name = format!("{name}.{key}_file");
            if self.find(&key).is_some_and(holds_secret) {
                secret.extend(path.as_str().map(|path| (name.clone(), PathBuf::from(path))));
            }
            if let Err((problem, cure)) = replace(settings, &key, &path) {
                errors.push(SettingsError { key: name, problem, cure });
            }
        }
        secret
    }
}

/// Whether nobody but the operator may know a setting; the URL of a database has the password in it.
fn holds_secret(entry: &Entry) -> bool {
    entry.shape == <SecretText as Setting>::SHAPE || (entry.section, entry.key) == ("database", "url")
}

fn replace(settings: &mut Table, key: &str, path: &Value) -> Result<(), (String, String)> {
    if settings.contains_key(key) {
        return Err((format!("`{key}` is given as well"), format!("Remove one of `{key}` and `{key}_file`.")));
    }
    let path = path
        .as_str()
        .ok_or_else(|| ("it must be text".to_owned(), "Write the path of a file in quotes.".to_owned()))?;
    let unreadable =
        |cause| (format!("cannot read {path}: {cause}"), "Correct the path, or the file's owner and mode.".to_owned());
    let text = fs::read_to_string(path).map_err(unreadable)?;
    settings.insert(key.to_owned(), Value::String(text.trim().to_owned()));
    Ok(())
}
