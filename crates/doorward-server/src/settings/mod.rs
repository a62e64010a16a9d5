//! From a file, the environment and files of secrets to the library's settings; every mistake is told at once.
//!
//! - `server/environment`: An environment variable overrides the file, and a mistyped one is refused like a mistyped key.
//! - `server/secret-files`: A key that ends in `_file` takes the text from that file; giving both is refused.
//! - `server/all-mistakes-at-once`: Every mistake in the settings is told in one run, each with its key and its cure.
//! - `server/mistakes-have-a-place`: A mistake in a settings file is told with its line, and one from the environment with its
//!   variable.

mod environment;
mod origins;
mod own;
pub(crate) mod production;
pub(crate) mod reference;
mod secret_files;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use doorward::{
    KeyFile, Settings,
    config::{Section, SettingsError, section},
};
pub(crate) use origins::Origins;
pub(crate) use own::{DangerSettings, ServerSettings};
use toml::{Table, Value};

use crate::failure::Failure;

/// Where the settings come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// A TOML file, and the environment over it.
    File(PathBuf),
    /// The environment alone.
    Environment,
    /// The folder of `doorward dev`, which decides where everything lies, and the environment for the rest.
    Folder(DevFolder),
}

/// The folder of `doorward dev`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DevFolder {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// The port that its server listens on, when that is known.
    pub(crate) port: u16,
}

/// Settings that have been read and not yet been found good.
pub(crate) struct Draft {
    /// What was said, before defaults.
    pub(crate) table: Table,
    /// The library's settings, unless they could not be read.
    pub(crate) settings: Option<Settings>,
    /// The program's own.
    pub(crate) server: ServerSettings,
    /// What weakens protection.
    pub(crate) danger: DangerSettings,
    /// The keys that name files with secrets in them, and those files.
    pub(crate) secret_files: Vec<(String, PathBuf)>,
    /// What is wrong so far.
    pub(crate) errors: Vec<SettingsError>,
    /// Where it was said.
    pub(crate) origins: Origins,
}

/// Settings without a mistake in them.
pub(crate) struct Loaded {
    /// The library's settings.
    pub(crate) settings: Settings,
    /// The program's own.
    pub(crate) server: ServerSettings,
    /// What weakens protection.
    pub(crate) danger: DangerSettings,
    /// Where it was said.
    pub(crate) origins: Origins,
}

impl Source {
    /// Reads everything that was said, and what is wrong with it.
    pub(crate) fn draft(&self) -> Result<Draft, Failure> {
        self.draft_with(&environment::variables()?)
    }

    /// Reads settings that must be right as far as they go; what production demands beyond that is not asked.
    pub(crate) fn load(&self) -> Result<Loaded, Failure> {
        self.draft()?.finish()
    }

    fn draft_with(&self, variables: &[(String, String)]) -> Result<Draft, Failure> {
        let mut errors = Vec::new();
        let (mut table, file) = match self {
            Self::File(path) => read(path).map(|(table, file)| (table, Some(file)))?,
            Self::Environment | Self::Folder(_) => (Table::new(), None),
        };
        let variables = environment::overlay(&mut table, variables, &mut errors);
        let secret_files = secret_files::resolve(&mut table, &mut errors);
        if let Self::Folder(folder) = self {
            folder.decide(&mut table, &mut errors);
        }
        let server = section(&table, &mut errors);
        let danger = section(&table, &mut errors);
        let settings = Settings::read(&table, &OWN).map_err(|more| errors.extend(more)).ok();
        let origins = Origins::new(variables, file);
        Ok(Draft { table, settings, server, danger, secret_files, errors, origins })
    }
}

impl Draft {
    /// Says yes when nothing is wrong.
    pub(crate) fn finish(self) -> Result<Loaded, Failure> {
        match self.settings {
            Some(settings) if self.errors.is_empty() => {
                Ok(Loaded { settings, server: self.server, danger: self.danger, origins: self.origins })
            }
            _ => Err(Failure::settings(self.origins.tell(&self.errors))),
        }
    }

    /// Says yes when nothing is wrong with one section.
    pub(crate) fn finish_section(mut self, section: &str) -> Result<(), Failure> {
        self.errors.retain(|error| error.key.split('.').next() == Some(section));
        if self.errors.is_empty() { Ok(()) } else { Err(Failure::settings(self.origins.tell(&self.errors))) }
    }

    /// One section as far as it is right; [`finish_section`](Self::finish_section) tells what is wrong with it.
    pub(crate) fn section<S: Section>(&self) -> S {
        section(&self.table, &mut Vec::new())
    }

    /// What was said about a key, when it is text.
    pub(crate) fn text(&self, section: &str, key: &str) -> Option<&str> {
        self.table.get(section)?.get(key)?.as_str()
    }
}

impl Loaded {
    /// The file of signing keys.
    pub(crate) fn keys(&self) -> KeyFile {
        KeyFile::new(&self.settings.keys.file)
    }
}

impl DevFolder {
    /// The folder for letters, which the mailbox page shows.
    pub(crate) fn mailbox(&self) -> PathBuf {
        self.path.join(MAILBOX)
    }

    /// Sets what the folder decides; somebody who set it in the environment means another server than this one.
    fn decide(&self, table: &mut Table, errors: &mut Vec<SettingsError>) {
        let database = format!("sqlite:{}", self.path.join("doorward.db").display());
        let keys = self.path.join("keys").display().to_string();
        let url = format!("http://localhost:{}", self.port);
        for (section, key, text) in [("site", "public_url", url), ("database", "url", database), ("keys", "file", keys)]
        {
            let Some(section_table) = subtable(table, section) else { continue };
            if section_table.insert(key.to_owned(), Value::String(text)).is_some() {
                let cure = "Remove it from the environment, or give a settings file with --config.".to_owned();
                let problem = "the folder of `doorward dev` decides this".to_owned();
                errors.push(SettingsError { key: format!("{section}.{key}"), problem, cure });
            }
        }
    }
}

/// The folder for letters in a [`DevFolder`].
pub(crate) const MAILBOX: &str = "mailbox";

/// The sections that this program adds to the library's.
const OWN: [&str; 2] = ["server", "danger"];

fn read(path: &Path) -> Result<(Table, origins::File), Failure> {
    let text = fs::read_to_string(path).map_err(|cause| match cause.kind() {
        io::ErrorKind::NotFound => Failure::usage(
            format!("there is no settings file {}", path.display()),
            format!("Write one: `doorward config example > {}`.", path.display()),
        ),
        _ => Failure::usage(format!("cannot read {}: {cause}", path.display()), "Correct its owner or its mode."),
    })?;
    // The parser's own report quotes the line, which may hold a password; its message and the line's number do not.
    let file = origins::File::new(path, text);
    let table = toml::from_str(file.text()).map_err(|cause: toml::de::Error| {
        let place = file.place(cause.span().map_or(0, |span| span.start));
        let what = format!("{place}: {}", cause.message().replace('\n', " "));
        Failure::usage(what, "Correct the line; `doorward config example` shows how settings are written.")
    })?;
    Ok((table, file))
}

/// The table of a section, made when it is absent; nothing when something else has its name, which is told elsewhere.
fn subtable<'t>(table: &'t mut Table, section: &str) -> Option<&'t mut Table> {
    table.entry(section).or_insert_with(|| Value::Table(Table::new())).as_table_mut()
}

#[cfg(test)]
mod tests;
