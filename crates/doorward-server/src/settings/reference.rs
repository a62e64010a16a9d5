//! The settings reference and the example file, from the same definitions that read the settings.

use doorward::{
    Settings,
    config::{Entry, Section},
};

use super::{DangerSettings, ServerSettings};

/// A settings file to begin with; a test holds it to what the code takes.
pub(crate) const EXAMPLE: &str = include_str!("example.toml");

/// The sections that have tables of the operator's own naming in them: `[clients.NAME]`.
pub(super) const NESTED: [&str; 2] = ["clients", "providers"];

/// How the reference calls such a table.
pub(super) fn nested(section: &str) -> String {
    format!("{section}.NAME")
}

/// Describes every setting of the library and of this program.
pub(crate) fn entries() -> Vec<Entry> {
    [Settings::reference(), ServerSettings::reference(), DangerSettings::reference()].concat()
}

/// The reference as Markdown: a table for each section.
pub(crate) fn markdown() -> String {
    let mut page = HEAD.to_owned();
    let mut section = "";
    for entry in entries() {
        if entry.section != section {
            section = entry.section;
            page += &format!(
                "\n## `[{section}]`\n\n| key | takes | default | bounds | what for |\n|---|---|---|---|---|\n"
            );
        }
        page += &row(&entry);
    }
    page
}

fn row(entry: &Entry) -> String {
    let code = |text: &str| if text.is_empty() { "–".to_owned() } else { format!("`{text}`") };
    let bounds = entry.bounds.as_ref().map_or_else(|| "–".to_owned(), |(low, high)| format!("{low} to {high}"));
    let cells = [format!("`{}`", entry.key), entry.shape.to_owned(), code(&entry.default), bounds, entry.doc.clone()];
    format!("| {} |\n", cells.map(|cell| cell.replace('|', "\\|")).join(" | "))
}

const HEAD: &str = "# Settings

<!-- Written by `doorward config reference`. Change the definitions in the code, not this file. -->

`doorward serve` and every other command read a TOML file (`--config`, `doorward.toml` by default). An environment variable
`DOORWARD_<SECTION>__<KEY>` overrides the file, for example `DOORWARD_SITE__PUBLIC_URL`; in a section that has a name of your own in
it, `DOORWARD_CLIENTS__SHOP__SECRET_FILE`. Instead of a text or a secret, a key
with `_file` at its end names a file that holds it, for example `smtp_password_file`; giving both is refused. Paths are
relative to the folder in which the command is started. A key that does not exist is refused. `doorward config check` tells
everything that is wrong, and `doorward config example` prints a file to begin with.
";
