//! Where each setting came from, so that whoever made a mistake finds it: a line of the file, or a variable.

use std::path::{Path, PathBuf};

use doorward::{StartError, config::SettingsError};
use toml::{
    Spanned,
    de::{DeArray, DeTable, DeValue},
};

use super::environment::Variables;
use crate::failure::Failure;

/// Where settings came from.
#[derive(Clone, Default)]
pub(crate) struct Origins {
    variables: Variables,
    file: Option<File>,
}

/// The text of a settings file. It may hold secrets: none of its lines is told, only their numbers.
#[derive(Clone)]
pub(super) struct File {
    path: PathBuf,
    text: String,
}

impl Origins {
    pub(super) fn new(variables: Variables, file: Option<File>) -> Self {
        Self { variables, file }
    }

    /// Each mistake as a line for people.
    pub(crate) fn tell(&self, errors: &[SettingsError]) -> Vec<String> {
        let parsed = self.file.as_ref().and_then(|file| Some((file, DeTable::parse(&file.text).ok()?)));
        let one = |error: &SettingsError| {
            if let Some(variable) = self.variables.behind(&error.key) {
                return format!("{error} It was set by the environment variable {variable}.");
            }
            match &parsed {
                Some((file, table)) => file.tell(table.get_ref(), error),
                None => error.to_string(),
            }
        };
        errors.iter().map(one).collect()
    }

    /// Why Doorward could not be started, with the places of what is wrong in the settings.
    pub(crate) fn failure(&self, error: StartError) -> Failure {
        match error {
            StartError::Settings(errors) => Failure::settings(self.tell(&errors)),
            StartError::Fault(fault) => fault.into(),
        }
    }
}

impl File {
    pub(super) fn new(path: &Path, text: String) -> Self {
        Self { path: path.to_owned(), text }
    }

    /// The number of the line in which a byte stands, behind the name of the file.
    pub(super) fn place(&self, byte: usize) -> String {
        let before = self.text.as_bytes().iter().take(byte);
        format!("{}:{}", self.path.display(), before.filter(|byte| **byte == b'\n').count() + 1)
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    fn tell(&self, table: &DeTable<'_>, error: &SettingsError) -> String {
        match position(table, &error.key, quoted(&error.problem)) {
            Some(byte) => format!("{}: {error}", self.place(byte)),
            // What is missing with its whole section stands on no line.
            None => error.to_string(),
        }
    }
}

/// Where the key stands, or as much of its beginning as the file has; in a list, where the text stands that is complained of.
fn position(table: &DeTable<'_>, key: &str, text: Option<&str>) -> Option<usize> {
    let (name, value, rest) = step(table, key)?;
    let here = name.span().start;
    match value.get_ref() {
        DeValue::Table(inner) if !rest.is_empty() => Some(position(inner, rest, text).unwrap_or(here)),
        DeValue::Array(list) => Some(element(list, text).unwrap_or(here)),
        _ => Some(here),
    }
}

type Found<'t, 'i, 'k> = (&'t Spanned<std::borrow::Cow<'i, str>>, &'t Spanned<DeValue<'i>>, &'k str);

/// The entry of a table that a key with dots begins with, and what is left of the key. A quoted name may hold dots itself, so
/// the longest one is meant. `x` also finds `x_file`, which stands in for it.
fn step<'t, 'i, 'k>(table: &'t DeTable<'i>, key: &'k str) -> Option<Found<'t, 'i, 'k>> {
    let rest_after = |name: &str| match key.strip_prefix(name)? {
        "" | "_file" => Some(""),
        rest => rest.strip_prefix('.'),
    };
    let exact = table.iter().filter_map(|(name, value)| Some((name, value, rest_after(name.get_ref())?)));
    let in_file = || table.iter().find(|(name, _)| name.get_ref().strip_suffix("_file") == Some(key));
    exact.min_by_key(|(.., rest)| rest.len()).or_else(|| in_file().map(|(name, value)| (name, value, "")))
}

/// Where a text stands in a list; the last one of several, which is the one too many.
fn element(list: &DeArray<'_>, text: Option<&str>) -> Option<usize> {
    let same = |value: &&Spanned<DeValue<'_>>| text.is_some() && value.get_ref().as_str() == text;
    list.iter().rfind(same).map(|value| value.span().start)
}

/// What a problem quotes first.
fn quoted(problem: &str) -> Option<&str> {
    problem.split('`').nth(1)
}
