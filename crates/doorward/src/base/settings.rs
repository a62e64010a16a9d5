//! How a setting is defined: once, with its default, its bounds and its reason; the reference is generated from there.
//!
//! A feature states its section with `settings!`. Reading a file collects every mistake (unknown key, wrong shape, out
//! of bounds) with the key's full name and the cure, so an operator repairs the file in one go.
//!
//! - `settings/all-at-once`: Every mistake in a file is reported, each with the key's full name and the cure.
//! - `settings/unknown-refused`: A key that nobody reads is refused, with the one that was probably meant.
//! - `settings/bounded`: A value outside its bounds is refused, and every default is within them.
//! - `settings/reference`: The reference tells every key, its default, its bounds and its reason.
//! - `settings/secrets-unshown`: A secret is shown neither by the reference nor by an error.

use std::{fmt, time::Duration};

use toml::{Table, Value};

/// One mistake in the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsError {
    /// The key's full name, such as `sessions.idle_secs`.
    pub key: String,
    /// What is wrong.
    pub problem: String,
    /// What to do about it.
    pub cure: String,
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}. {}", self.key, self.problem, self.cure)
    }
}

impl std::error::Error for SettingsError {}

/// One line of the settings reference.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The section's name.
    pub section: &'static str,
    /// The key inside its section.
    pub key: &'static str,
    /// What it takes, in words.
    pub shape: &'static str,
    /// The value when nothing is set, as TOML; empty when there is none.
    pub default: String,
    /// The smallest and the largest value, when there are any.
    pub bounds: Option<(String, String)>,
    /// What it does and why it is as it is.
    pub doc: String,
}

/// A span of so many days, for the defaults and bounds of settings.
pub(crate) const fn days(count: u64) -> Duration {
    Duration::from_secs(count * 86_400)
}

/// A group of settings under one table of the file.
pub trait Section: Sized {
    /// The table's name.
    const NAME: &'static str;
    /// Describes every key.
    fn reference() -> Vec<Entry>;
    /// Reads the table, adding to `errors` what is wrong with it; keys that are absent keep their defaults.
    fn read(table: &Table, errors: &mut Vec<SettingsError>) -> Self;
}

/// A value that a setting may have.
pub trait Setting: Sized {
    /// What it takes, in words.
    const SHAPE: &'static str;
    /// Reads it; the error completes the sentence "it must be …".
    fn read(value: &Value) -> Result<Self, String>;
    /// Writes it as TOML; empty for "not set".
    fn show(&self) -> String;
}

macro_rules! setting {
    ($($type:ty, $shape:literal, |$value:ident| $read:expr, |$it:ident| $show:expr;)*) => {$(
        impl Setting for $type {
            const SHAPE: &'static str = $shape;
            fn read($value: &Value) -> Result<Self, String> {
                $read.ok_or_else(|| $shape.to_owned())
            }
            fn show(&self) -> String {
                let $it = self;
                $show
            }
        }
    )*};
}

setting! {
    u32, "a whole number", |value| value.as_integer().and_then(|int| u32::try_from(int).ok()), |it| it.to_string();
    bool, "true or false", |value| value.as_bool(), |it| it.to_string();
    String, "text", |value| value.as_str().map(str::to_owned), |it| format!("{it:?}");
    Option<String>, "text", |value| value.as_str().map(|text| Some(text.to_owned())),
        |it| it.as_ref().map(|text| format!("{text:?}")).unwrap_or_default();
    Duration, "a number of seconds", |value| value.as_integer().and_then(|int| u64::try_from(int).ok()).map(Duration::from_secs),
        |it| it.as_secs().to_string();
    Option<Duration>, "a number of seconds", |value| Duration::read(value).ok().map(Some),
        |it| it.as_ref().map(Setting::show).unwrap_or_default();
    Vec<String>, "a list of texts",
        |value| value.as_array().and_then(|list| list.iter().map(|text| text.as_str().map(str::to_owned)).collect()),
        |it| format!("{it:?}");
}

/// A text that must not be shown: it has no `Debug`, and the reference shows no default for it.
#[derive(Clone, Default)]
pub struct SecretText(Option<std::sync::Arc<doorward_core::Secret>>);

impl SecretText {
    /// Takes a secret that was kept elsewhere than in the settings.
    pub(crate) fn of(secret: &[u8]) -> Self {
        Self(Some(std::sync::Arc::new(doorward_core::Secret::new(secret.to_vec()))))
    }

    /// The secret, when one is set.
    pub fn get(&self) -> Option<&doorward_core::Secret> {
        self.0.as_deref()
    }
}

impl Setting for SecretText {
    const SHAPE: &'static str = "a secret text (or use the key with `_file` to name a file that holds it)";
    fn read(value: &Value) -> Result<Self, String> {
        let text = value.as_str().ok_or_else(|| "a text".to_owned())?;
        Ok(Self(Some(std::sync::Arc::new(doorward_core::Secret::new(text.as_bytes().to_vec())))))
    }
    fn show(&self) -> String {
        String::new()
    }
}

/// Reads one key of a section; used by `settings!`.
pub(crate) fn read_key<T: Setting + PartialOrd>(
    (section, key): (&str, &str),
    table: &Table,
    default: T,
    bounds: Option<(T, T)>,
    errors: &mut Vec<SettingsError>,
) -> T {
    let Some(value) = table.get(key) else { return default };
    let problem = match T::read(value) {
        Err(shape) => format!("it must be {shape}"),
        Ok(read) => match &bounds {
            Some((low, high)) if read < *low || read > *high => {
                format!("it must be between {} and {}", low.show(), high.show())
            }
            _ => return read,
        },
    };
    let cure = match default.show() {
        nothing if nothing.is_empty() => "Correct it or remove the line.".to_owned(),
        default => format!("Correct it or remove the line to use the default ({default})."),
    };
    errors.push(SettingsError { key: format!("{section}.{key}"), problem, cure });
    default
}

/// Reports the keys of `table` that no setting has; used by `settings!`.
pub(crate) fn refuse_unknown(section: &str, table: &Table, known: &[&str], errors: &mut Vec<SettingsError>) {
    for key in table.keys().filter(|key| !known.contains(&key.as_str())) {
        let cure = match closest(key, known) {
            Some(near) => format!("Did you mean `{near}`? Otherwise remove the line."),
            None => format!("Remove the line; this section knows: {}.", known.join(", ")),
        };
        let key = if section.is_empty() { key.clone() } else { format!("{section}.{key}") };
        errors.push(SettingsError { key, problem: "there is no such setting".to_owned(), cure });
    }
}

/// The known name that a mistyped one most likely meant: at most a third of its letters differ.
pub(crate) fn closest<'k>(key: &str, known: &[&'k str]) -> Option<&'k str> {
    let near = known.iter().map(|name| (distance(key, name), *name)).min()?;
    (near.0 * 3 <= key.len().max(3)).then_some(near.1)
}

/// Levenshtein's distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

/// Defines a section: its struct, its defaults, its bounds and its reference.
macro_rules! settings {
    ($(#[doc = $about:literal])* $section:literal $name:ident {
        $($(#[doc = $doc:literal])* $field:ident [$key:literal]: $type:ty = $default:expr $(, $low:expr => $high:expr)?;)*
    }) => {
        $(#[doc = $about])*
        #[allow(unreachable_pub, reason = "a section may be defined in a private module")]
        #[derive(Clone)]
        pub struct $name {
            $($(#[doc = $doc])* pub $field: $type,)*
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }

        impl $crate::base::settings::Section for $name {
            const NAME: &'static str = $section;

            fn reference() -> Vec<$crate::base::settings::Entry> {
                use $crate::base::settings::{Entry, Setting};
                vec![$({
                    let default: $type = $default;
                    let bounds: Option<($type, $type)> = settings!(@bounds $($low => $high)?);
                    Entry {
                        section: $section,
                        key: $key,
                        shape: <$type as Setting>::SHAPE,
                        default: default.show(),
                        bounds: bounds.map(|(low, high)| (low.show(), high.show())),
                        doc: [$($doc),*].concat().trim().to_owned(),
                    }
                }),*]
            }

            fn read(table: &toml::Table, errors: &mut Vec<$crate::base::settings::SettingsError>) -> Self {
                $crate::base::settings::refuse_unknown($section, table, &[$($key),*], errors);
                Self {
                    $($field: $crate::base::settings::read_key(
                        ($section, $key), table, $default, settings!(@bounds $($low => $high)?), errors,
                    ),)*
                }
            }
        }
    };
    (@bounds) => { None };
    (@bounds $low:expr => $high:expr) => { Some(($low, $high)) };
}
pub(crate) use settings;

impl PartialEq for SecretText {
    fn eq(&self, _: &Self) -> bool {
        false
    }
}

impl PartialOrd for SecretText {
    // Secrets have no order and no bounds; equality in constant time lives in doorward-core.
    fn partial_cmp(&self, _: &Self) -> Option<std::cmp::Ordering> {
        None
    }
}

#[cfg(test)]
mod tests;
