//! `DOORWARD_<SECTION>__<KEY>`: settings from the environment, over those of the file.

use std::{collections::BTreeMap, env};

use doorward::config::{Entry, SecretText, Setting, SettingsError};
use toml::{Table, Value};

use super::{reference, subtable};
use crate::failure::Failure;

/// Which settings came from which variable.
#[derive(Clone, Default)]
pub(super) struct Variables(BTreeMap<String, String>);

/// The variables of this program, as they are now.
pub(super) fn variables() -> Result<Vec<(String, String)>, Failure> {
    let ours = env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
    let ours = ours.filter(|(name, _)| name.starts_with(PREFIX)).map(|(name, value)| {
        let cure = format!("Correct the environment variable {name}.");
        let not_text = |_| Failure::usage(format!("{name} is not UTF-8"), cure);
        Ok((name.clone(), value.into_string().map_err(not_text)?))
    });
    ours.collect()
}

/// Puts the variables over `table`.
pub(super) fn overlay(table: &mut Table, variables: &[(String, String)], errors: &mut Vec<SettingsError>) -> Variables {
    let entries = reference::entries();
    let mut origins = BTreeMap::new();
    for (name, text) in variables {
        let rest = name.strip_prefix(PREFIX).unwrap_or(name).to_lowercase();
        let Some((section, key)) = rest.split_once("__") else {
            errors.extend(misspelt(name, &rest, &entries));
            continue;
        };
        let Some(section_table) = subtable(table, section) else { continue };
        // The name between may hold two underscores itself, and the key never does.
        let within = if reference::NESTED.contains(&section) { key.rsplit_once("__") } else { None };
        match within {
            None => _ = section_table.insert(key.to_owned(), value(&entries, section, key, text)),
            Some((named, key)) => {
                let Some(inner) = subtable(section_table, named) else { continue };
                inner.insert(key.to_owned(), value(&entries, &reference::nested(section), key, text));
            }
        }
        let full = within.map_or_else(|| key.to_owned(), |(named, key)| format!("{named}.{key}"));
        origins.insert(format!("{section}.{full}"), name.clone());
    }
    Variables(origins)
}

impl Variables {
    /// The variable that set a key, or the section of which a mistake complains as a whole.
    pub(super) fn behind(&self, key: &str) -> Option<&str> {
        let section_alone =
            || self.0.iter().find(|(set, _)| set.split_once('.').is_some_and(|(section, _)| section == key));
        let set = self.0.get_key_value(key).or_else(section_alone);
        set.map(|(_, variable)| variable.as_str())
    }
}

/// A variable with one underscore where two belong would otherwise be ignored without a word.
fn misspelt(name: &str, rest: &str, entries: &[Entry]) -> Option<SettingsError> {
    let meant = entries.iter().find(|entry| rest == format!("{}_{}", entry.section, entry.key))?;
    let right = format!("{PREFIX}{}__{}", meant.section.to_uppercase(), meant.key.to_uppercase());
    let problem = format!("the environment variable {name} sets nothing");
    Some(SettingsError { key: format!("{}.{}", meant.section, meant.key), problem, cure: format!("Call it {right}.") })
}

/// Text stays as it is, so that a password of digits stays a password; the rest is read as in the file.
fn value(entries: &[Entry], section: &str, key: &str, text: &str) -> Value {
    let entry = entries.iter().find(|entry| entry.section == section && entry.key == key);
    let literal = || toml::from_str::<Table>(&format!("value = {text}")).ok()?.remove("value");
    let wanted = |value: &Value| matches!(value, Value::Integer(_) | Value::Boolean(_) | Value::Array(_));
    let read = entry.filter(|entry| !is_text(entry)).and_then(|_| literal().filter(wanted));
    read.unwrap_or_else(|| Value::String(text.to_owned()))
}

/// Whether a setting takes text, secret or not.
pub(super) fn is_text(entry: &Entry) -> bool {
    [<String as Setting>::SHAPE, <SecretText as Setting>::SHAPE].contains(&entry.shape)
}

const PREFIX: &str = "DOORWARD_";
