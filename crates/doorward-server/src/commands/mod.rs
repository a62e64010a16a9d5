//! The commands, one file each, and what they share.

pub(crate) mod api_key;
pub(crate) mod audit;
pub(crate) mod backup;
pub(crate) mod client;
pub(crate) mod config;
pub(crate) mod dev;
pub(crate) mod invitation;
pub(crate) mod keys;
pub(crate) mod member;
pub(crate) mod migrate;
pub(crate) mod operator;
pub(crate) mod policy;
pub(crate) mod provider;
pub(crate) mod serve;
pub(crate) mod session;
pub(crate) mod signing;
pub(crate) mod tenant;
pub(crate) mod user;

use std::{
    future::Future,
    io::{self, BufRead, IsTerminal, Write},
};

use doorward::{
    Doorward,
    config::RoleInfo,
    core::{AccountId, Clock, EmailAddress, Entropy, Key, KeyRing, RoleName, Secret, SystemClock, SystemEntropy},
    operate::{self, Tenant},
};

use crate::{
    cli::{Cli, Command, Global},
    failure::Failure,
    log,
    settings::{Loaded, Source},
};

/// Does what the command line says.
pub(crate) fn run(cli: Cli) -> Result<(), Failure> {
    let command = cli.command.unwrap_or(Command::Dev(dev::Dev::default()));
    let global = cli.global;
    let is_server = matches!(command, Command::Dev(_) | Command::Serve(_));
    log::start(global.targets(is_server), global.form());
    match command {
        Command::Dev(dev) => dev.run(&global),
        Command::Serve(serve) => serve.run(&global),
        Command::Migrate(migrate) => wait(migrate.run(&global)),
        Command::User(user) => wait(user.run(&global)),
        Command::Operator(operator) => wait(operator.run(&global)),
        Command::Session(session) => wait(session.run(&global)),
        Command::Tenant(tenant) => wait(tenant.run(&global)),
        Command::Member(member) => wait(member.run(&global)),
        Command::Invitation(invitation) => wait(invitation.run(&global)),
        Command::Client(client) => wait(client.run(&global)),
        Command::ApiKey(key) => wait(key.run(&global)),
        Command::Provider(provider) => wait(provider.run(&global)),
        Command::Policy(policy) => wait(policy.run(&global)),
        Command::Audit(audit) => wait(audit.run(&global)),
        Command::Keys(keys) => wait(keys.run(&global)),
        Command::Signing(signing) => wait(signing.run(&global)),
        Command::Backup(backup) => wait(backup.run(&global)),
        Command::Config(config) => wait(config.run(&global)),
    }
}

/// Runs the work of a server, on as many threads as `workers` says; 0 means one for each core.
fn serve_until_done(workers: usize, work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    if workers > 0 {
        builder.worker_threads(workers);
    }
    let runtime = builder.enable_all().build().map_err(no_runtime)?;
    let result = runtime.block_on(work);
    // Connections that were cut off must not keep the process.
    runtime.shutdown_background();
    result
}

/// Runs the work of a command that does one thing.
fn wait(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    // The library waits for the disk in a way that needs this kind of runtime; one thread is enough.
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().map_err(no_runtime)?;
    runtime.block_on(work)
}

fn no_runtime(cause: std::io::Error) -> Failure {
    Failure::could_not(format!("cannot start threads: {cause}"), "Raise the limits of processes and open files.")
}

/// Opens the data of the server that is meant, beside that server or without it.
async fn open(global: &Global) -> Result<Doorward, Failure> {
    let source = global.source()?;
    let loaded = source.load()?;
    ready(without_schema(&source, loaded, throwaway_keys()).await?).await
}

/// The same with the server's own signing keys, for what is signed.
async fn open_signing(global: &Global) -> Result<Doorward, Failure> {
    let source = global.source()?;
    let loaded = source.load()?;
    let ring = loaded.keys().load().map_err(|cause| keys::unusable(&cause))?;
    ready(without_schema(&source, loaded, ring).await?).await
}

async fn ready(doorward: Doorward) -> Result<Doorward, Failure> {
    let unready =
        |fault| Failure::could_not(fault, "If the database is new, run `doorward migrate` or start the server first.");
    doorward.database().ping().await.map_err(unready)?;
    Ok(doorward)
}

/// The same without asking whether the tables are there.
async fn without_schema(source: &Source, loaded: Loaded, keys: KeyRing) -> Result<Doorward, Failure> {
    let mut settings = loaded.settings;
    // A command hashes at most one password.
    settings.passwords.threads = 1;
    let mut builder = Doorward::builder(settings).keys(keys);
    if let Source::Folder(folder) = source {
        builder = builder.development_mailbox(folder.mailbox());
    }
    builder.open().await.map_err(|error| loaded.origins.failure(error))
}

/// Keys for a Doorward that signs nothing and checks no cookie: a command about data has no business with the real ones.
pub(crate) fn throwaway_keys() -> KeyRing {
    let mut secret = vec![0; 32];
    SystemEntropy.fill(&mut secret);
    let key = Key { id: 1, signs_from: SystemClock.now(), secret: Secret::new(secret) };
    KeyRing::new(vec![key]).expect("one random key is a ring")
}

/// Finds the account that an address or an id names.
async fn account(doorward: &Doorward, named: &str) -> Result<AccountId, Failure> {
    if let Ok(id) = named.parse() {
        return Ok(id);
    }
    let email = address(named)?;
    doorward.account_of(&email).await?.ok_or_else(|| no_account(named))
}

fn address(text: &str) -> Result<EmailAddress, Failure> {
    EmailAddress::parse(text)
        .map_err(|_| Failure::usage(format!("`{text}` is no mail address"), "Write it as name@example.com."))
}

fn no_account(named: &str) -> Failure {
    Failure::could_not(format!("there is no account {named}"), "`doorward user list` shows all.")
}

/// Finds the tenant that a slug or an id names.
async fn tenant_named(doorward: &Doorward, named: &str) -> Result<Tenant, Failure> {
    let none = || Failure::could_not(format!("there is no tenant {named}"), "`doorward tenant list` shows all.");
    operate::tenant(doorward, named).await?.ok_or_else(none)
}

fn no_member(tenant: &Tenant, named: &str) -> Failure {
    let what = format!("{named} does not belong to {}", tenant.slug);
    Failure::could_not(what, format!("`doorward member list {}` shows who does.", tenant.slug))
}

/// Refuses a role that there is not in tenants, and says which there are.
fn known_role(doorward: &Doorward, role: &RoleName) -> Result<(), Failure> {
    let all = operate::policy(doorward).roles();
    if all.iter().any(|known| known.name == *role) {
        return Ok(());
    }
    Err(Failure::usage(format!("`{role}` is no role in tenants"), format!("There are: {}.", listed(&all))))
}

/// Asks to type a name before something is deleted for good.
fn confirm(named: &str) -> Result<(), Failure> {
    let unasked = || Failure::usage("nobody is there to confirm this", "Add --yes to delete without asking.");
    if !io::stdin().is_terminal() {
        return Err(unasked());
    }
    let mut stderr = io::stderr().lock();
    let asked = write!(stderr, "This deletes {named} and everything that belongs to it. Type {named} to confirm: ");
    asked.and_then(|()| stderr.flush()).map_err(|_| unasked())?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).map_err(|_| unasked())?;
    if answer.trim() == named {
        Ok(())
    } else {
        Err(Failure::could_not("nothing was deleted", "Type the same again to confirm."))
    }
}

/// Roles as a line for people.
fn written(roles: &[RoleName]) -> String {
    roles.iter().map(RoleName::as_str).collect::<Vec<_>>().join(", ")
}

/// The names of roles as a sentence lists them.
fn listed(roles: &[RoleInfo]) -> String {
    roles.iter().map(|role| role.name.as_str()).collect::<Vec<_>>().join(", ")
}
