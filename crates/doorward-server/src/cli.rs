//! The command line: what can be said, and the help that teaches it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use tracing_subscriber::filter::Targets;

use crate::{
    commands::{
        api_key, audit, backup, client, config, dev, invitation, keys, member, migrate, operator, policy, provider,
        serve, session, signing, tenant, user,
    },
    failure::Failure,
    log::Form,
    settings::{DevFolder, Source},
};

/// Authentication for web applications: accounts, passwords, sessions, resets, and the pages for people.
///
/// Without a command it starts `doorward dev`.
#[derive(Parser)]
#[command(name = "doorward", version, after_help = EXAMPLES)]
pub(crate) struct Cli {
    /// What every command takes.
    #[command(flatten)]
    pub(crate) global: Global,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// What every command takes.
#[derive(Args)]
pub(crate) struct Global {
    /// The settings file of the server that is meant [default: doorward.toml]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The folder of the `doorward dev` that is meant [default: .doorward, when it exists]
    #[arg(long, global = true, value_name = "DIR")]
    folder: Option<PathBuf>,
    /// What to log to standard error: error, warn, info, debug, trace, or by part: `info,doorward=debug`
    #[arg(long, global = true, value_name = "LEVELS", env = "DOORWARD_LOG")]
    log: Option<Targets>,
    /// Logs one JSON object for each event
    #[arg(long, global = true)]
    log_json: bool,
}

/// What can be done.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Starts a server for development: no configuration, letters on a page
    Dev(dev::Dev),
    /// Starts a server for production
    Serve(serve::Serve),
    /// Applies the schema changes that the database does not have yet
    Migrate(migrate::Migrate),
    /// Makes, lists, disables and deletes accounts
    #[command(subcommand)]
    User(user::User),
    /// Says who may use the operator's console, and for what
    #[command(subcommand)]
    Operator(operator::Operator),
    /// Lists and ends sessions
    #[command(subcommand)]
    Session(session::Session),
    /// Makes, lists, closes and deletes tenants, and says what they have paid for
    #[command(subcommand)]
    Tenant(tenant::Tenant),
    /// Says who belongs to a tenant, and in which roles
    #[command(subcommand)]
    Member(member::Member),
    /// Invites people to a tenant, resends invitations and takes them back
    #[command(subcommand)]
    Invitation(invitation::Invitation),
    /// Registers programs that may ask for tokens, renews their secrets, keeps them out
    #[command(subcommand)]
    Client(client::Client),
    /// Lists the keys with which programs act for people and tenants, and takes them back
    #[command(subcommand)]
    ApiKey(api_key::ApiKey),
    /// Lists the providers that people may come in by, and tries them out
    #[command(subcommand)]
    Provider(provider::Provider),
    /// Shows and checks roles and permissions
    #[command(subcommand)]
    Policy(policy::Policy),
    /// Reads the audit log
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Makes, renews and lists the signing keys of cookies
    #[command(subcommand)]
    Keys(keys::Keys),
    /// Lists and renews the keys that sign tokens
    #[command(subcommand)]
    Signing(signing::Signing),
    /// Writes a copy of the database that logs nobody in
    Backup(backup::Backup),
    /// Checks and explains settings
    #[command(subcommand)]
    Config(config::Config),
}

impl Global {
    /// What to log; servers tell what they do, other commands only what goes wrong.
    pub(crate) fn targets(&self, is_server: bool) -> Targets {
        let quiet = if is_server { tracing::Level::INFO } else { tracing::Level::WARN };
        self.log.clone().unwrap_or_else(|| Targets::new().with_default(quiet))
    }

    /// How to log.
    pub(crate) fn form(&self) -> Form {
        if self.log_json { Form::Json } else { Form::Text }
    }

    /// The settings of a server in production: a file, or the environment alone where there is none.
    pub(crate) fn production(&self) -> Result<Source, Failure> {
        if self.folder.is_some() {
            return Err(Failure::usage("--folder is for `doorward dev` and its data", "Give --config instead."));
        }
        let file = || PathBuf::from(FILE);
        Ok(match &self.config {
            Some(path) => Source::File(path.clone()),
            None if file().exists() => Source::File(file()),
            None if set(|name| name.contains("__")) => Source::Environment,
            // Reading it says that it is not there, and how to make one.
            None => Source::File(file()),
        })
    }

    /// The folder for `doorward dev`.
    pub(crate) fn dev_folder(&self, port: u16) -> Result<DevFolder, Failure> {
        if self.config.is_some() {
            return Err(Failure::usage(
                "`doorward dev` reads no settings file",
                "Use `doorward serve --config`, or leave --config out.",
            ));
        }
        Ok(DevFolder { path: self.folder.clone().unwrap_or_else(|| FOLDER.into()), port })
    }

    /// The server whose data a command is about.
    pub(crate) fn source(&self) -> Result<Source, Failure> {
        let folder = |path: PathBuf| Source::Folder(DevFolder { path, port: dev::PORT });
        match (&self.config, &self.folder) {
            (Some(_), Some(_)) => Err(Failure::usage("--config and --folder name two servers", "Give one of them.")),
            (Some(path), None) => Ok(Source::File(path.clone())),
            (None, Some(path)) if path.is_dir() => Ok(folder(path.clone())),
            (None, Some(path)) => Err(Failure::usage(
                format!("there is no folder {}", path.display()),
                "Start `doorward dev` there first.",
            )),
            (None, None) if PathBuf::from(FOLDER).is_dir() => Ok(folder(FOLDER.into())),
            (None, None) if PathBuf::from(FILE).exists() => Ok(Source::File(FILE.into())),
            (None, None) if set(|name| name == URL || name == URL_FILE) => Ok(Source::Environment),
            (None, None) => {
                let what = format!("there is neither {FOLDER} nor {FILE} here");
                Err(Failure::usage(what, "Say which server you mean, with --config FILE or --folder DIR."))
            }
        }
    }
}

/// Whether the environment has a setting of ours of which `is` is true.
fn set(is: impl Fn(&str) -> bool) -> bool {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    names.into_iter().any(|name| name.starts_with("DOORWARD_") && is(&name))
}

const FILE: &str = "doorward.toml";
const FOLDER: &str = ".doorward";
/// Without a file, a command takes its settings from the environment only when that names a database: the default is a
/// new, empty one, which nobody means.
const URL: &str = "DOORWARD_DATABASE__URL";
const URL_FILE: &str = "DOORWARD_DATABASE__URL_FILE";
const EXAMPLES: &str = "\
Examples:
  doorward                                    try it out: opens http://localhost:4400
  doorward config example > doorward.toml     begin with settings for production
  doorward keys rotate                        make the signing keys that they name
  doorward config check                       hear everything that is still wrong
  doorward serve                              run it

Commands about data work while a server runs. Exit codes: 0 done, 1 could not, 2 wrong usage or settings.";

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
