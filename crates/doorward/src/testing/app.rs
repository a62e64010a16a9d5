//! The application under test.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
        mpsc::{Receiver, sync_channel},
    },
    time::Duration,
};

use axum::Router;
use doorward_core::{AccountId, Clock, EmailAddress, Entropy, SystemEntropy, TenantId, Timestamp};
use tokio::net::TcpListener;

use super::{Actor, ManualClock};
use crate::{
    Builder, Doorward, KeyFile, Settings,
    base::{
        db::{Database, DatabaseUrl},
        mail::read_mailbox,
    },
    config::PolicySettings,
    operate::{self, Stream},
};

/// The password of everybody whom a test lets in without choosing one.
pub const PASSWORD: &str = "seven wet herons on a fence";

/// Which database a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// A file of its own.
    Sqlite,
    /// A database of its own on the server that `DOORWARD_TEST_POSTGRES` names.
    Postgres,
}

/// A running Doorward.
pub struct TestApp {
    /// The Doorward itself, for acts of an operator.
    pub doorward: Doorward,
    /// Its clock.
    pub clock: Arc<ManualClock>,
    /// Where it listens.
    pub address: SocketAddr,
    /// The settings it was built with.
    pub settings: Settings,
    folder: Arc<Folder>,
    audit: Mutex<Receiver<String>>,
}

/// A letter as it arrived.
#[derive(Clone, Debug)]
pub struct TestLetter {
    /// To whom.
    pub to: String,
    /// About what.
    pub subject: String,
    /// The text form.
    pub text: String,
    /// The HTML form.
    pub html: String,
}

impl TestApp {
    /// Starts one on `engine` with default settings.
    pub async fn new(engine: Engine) -> Self {
        Self::with(engine, |_| {}).await
    }

    /// Starts one on `engine` with settings that `change` has changed. One that gets a mail server sends real letters and
    /// has no mailbox.
    pub async fn with(engine: Engine, change: impl FnOnce(&mut Settings)) -> Self {
        let folder = Arc::new(fresh_folder());
        let mut settings = Settings::default();
        settings.database.url = match engine {
            Engine::Sqlite => format!("sqlite:{}", folder.0.join("test.db").display()),
            Engine::Postgres => fresh_postgres().await,
        };
        settings.passwords.threads = 2;
        // The built-in roles, and a plan that somebody can be entitled to.
        settings.policy = PolicySettings::parse("[policy.plans.pro]\ngives = \"billing\"\n").expect("it is a policy");
        // Everybody in a test comes from one address; what is under test raises the limit back.
        settings.attempts.letters_per_address = 10_000;
        settings.attempts.free_per_address = 10_000;
        // Never those of the machine: what they say is not ours to say, and a test asks nobody outside.
        settings.domains.resolvers = vec![format!("127.0.0.1:{}", quiet_port())];
        settings.domains.timeout = Duration::from_secs(1);
        change(&mut settings);
        Self::start(folder, settings, Arc::new(ManualClock::new())).await
    }

    /// Starts an application of somebody else's around a Doorward, with default settings.
    pub async fn hosting(engine: Engine, app: impl FnOnce(&Doorward) -> Router) -> Self {
        Self::hosting_with(engine, |_| {}, app).await
    }

    /// The same with other settings, such as the application's own policy.
    pub async fn hosting_with(
        engine: Engine,
        change: impl FnOnce(&mut Settings),
        app: impl FnOnce(&Doorward) -> Router,
    ) -> Self {
        let mut host = Self::with(engine, change).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        host.address = listener.local_addr().expect("a listener has an address");
        let service = app(&host.doorward).into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, service).await });
        host
    }

    /// Starts another one on the same database, as a second node or after a restart.
    pub async fn another(&self) -> Self {
        Self::start(Arc::clone(&self.folder), self.settings.clone(), Arc::clone(&self.clock)).await
    }

    /// The same with other settings, as after a change of the file.
    pub async fn another_with(&self, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = self.settings.clone();
        change(&mut settings);
        Self::start(Arc::clone(&self.folder), settings, Arc::clone(&self.clock)).await
    }

    async fn start(folder: Arc<Folder>, settings: Settings, clock: Arc<ManualClock>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let (lines, audit) = sync_channel(10_000);
        let builder = builder(&folder.0, settings.clone(), &clock).audit_stream(Stream::to(lines));
        let doorward = builder.build().await.expect("a Doorward can be built");
        let service = doorward.service().into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, service).await });
        Self { doorward, clock, address, settings, folder, audit: Mutex::new(audit) }
    }

    /// Which database it runs on.
    pub fn engine(&self) -> Engine {
        if self.settings.database.url.starts_with("sqlite:") { Engine::Sqlite } else { Engine::Postgres }
    }

    /// The origin that the settings name; tests connect to another port, which proxies and browsers are free to do.
    pub fn origin(&self) -> String {
        self.settings.site.public_url.clone()
    }

    /// Somebody with a fresh browser.
    pub fn visitor(&self) -> Actor {
        Actor::new(self.address, self.origin())
    }

    /// Makes an account with [`PASSWORD`].
    pub async fn account(&self, email: &str) -> AccountId {
        let email = EmailAddress::parse(email).expect("a test's address is one");
        let password =
            operate::new_password(&self.doorward, &email, PASSWORD).expect("the test password is a good one");
        operate::create_account(&self.doorward, &email, password)
            .await
            .expect("the database answers")
            .expect("the address is free")
    }

    /// Somebody with an account, logged in.
    pub async fn person(&self, email: &str) -> Actor {
        self.account(email).await;
        self.logged_in(email).await
    }

    /// Makes a tenant that belongs to `owner`.
    pub async fn tenant(&self, slug: &str, owner: AccountId) -> TenantId {
        let slug = slug.parse().expect("a test's slug is one");
        operate::create_tenant(&self.doorward, slug, "A tenant", Some(owner))
            .await
            .expect("a test's tenant can be made")
    }

    /// Makes an account a member of a tenant.
    pub async fn member(&self, tenant: TenantId, account: AccountId, role: &str) {
        let roles = vec![role.parse().expect("a test's role is one")];
        operate::add_member(&self.doorward, tenant, account, roles).await.expect("a test's member can join");
    }

    /// Logs into an existing account from a fresh browser.
    pub async fn logged_in(&self, email: &str) -> Actor {
        let mut person = self.visitor();
        let answer = person.post("/auth/login", &[("email", email), ("password", PASSWORD)]).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        person
    }

    /// Lets the worker write and send what is due, and reads all letters so far, oldest first.
    pub async fn letters(&self) -> Vec<TestLetter> {
        self.doorward.deliver_letters().await.expect("letters can be delivered");
        let entries = read_mailbox(&self.folder.0.join("mailbox"), 10_000).expect("the mailbox can be read");
        let letter = |entry: crate::base::mail::MailboxEntry| TestLetter {
            to: entry.to,
            subject: entry.subject,
            text: entry.text,
            html: entry.html,
        };
        entries.into_iter().rev().map(|(_, entry)| letter(entry)).collect()
    }

    /// The letters to one address, oldest first.
    pub async fn letters_to(&self, email: &str) -> Vec<TestLetter> {
        self.letters().await.into_iter().filter(|letter| letter.to == email).collect()
    }

    /// What those letters are about, oldest first.
    pub async fn subjects_to(&self, email: &str) -> Vec<String> {
        self.letters_to(email).await.into_iter().map(|letter| letter.subject).collect()
    }

    /// The token in the newest letter to `email` that has a link with one.
    pub async fn token_for(&self, email: &str) -> String {
        let letters = self.letters_to(email).await;
        letters.iter().rev().find_map(TestLetter::token).expect("a letter with a link has arrived")
    }

    /// The lines that the audit log has streamed since this was last asked.
    pub fn audit_lines(&self) -> Vec<String> {
        self.audit.lock().expect("no test panics while it reads").try_iter().collect()
    }

    /// Lets time pass.
    pub fn wait(&self, span: Duration) {
        self.clock.advance(span);
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The database, to look at what rests there.
    pub fn db(&self) -> &Database {
        self.doorward.database()
    }

    /// Counts the rows of one of our tables.
    pub async fn count(&self, table: &str) -> i64 {
        let sql = format!("SELECT COUNT(*) FROM {table}");
        self.db().list(&sql, &[], |row| row.get(0)).await.expect("the table is there")[0]
    }

    /// The folder of keys, mailbox and embedded database.
    pub fn folder(&self) -> &Path {
        &self.folder.0
    }

    /// The file of signing keys.
    pub fn key_file(&self) -> KeyFile {
        KeyFile::new(self.folder.0.join("keys"))
    }
}

impl TestLetter {
    /// The token of the link in it.
    pub fn token(&self) -> Option<String> {
        let (_, rest) = self.text.split_once("?token=")?;
        Some(rest.split_whitespace().next()?.to_owned())
    }
}

fn builder(folder: &Path, settings: Settings, clock: &Arc<ManualClock>) -> Builder {
    let keys = KeyFile::new(folder.join("keys"));
    keys.ensure(clock.now(), &SystemEntropy).expect("keys can be written");
    let keys = keys.load().expect("keys can be read");
    let clock: Arc<dyn Clock> = Arc::clone(clock) as Arc<dyn Clock>;
    let mailbox = settings.mail.smtp_host.is_empty().then(|| folder.join("mailbox"));
    let builder = Doorward::builder(settings).keys(keys).clock(clock);
    match mailbox {
        Some(mailbox) => builder.development_mailbox(mailbox),
        None => builder,
    }
}

/// A port of loopback at which nobody listens, outside of the range that the system gives away.
fn quiet_port() -> u16 {
    loop {
        let mut random = [0; 2];
        SystemEntropy.fill(&mut random);
        let port = 15_000 + u16::from_le_bytes(random) % 15_000;
        let free = std::net::TcpListener::bind(("127.0.0.1", port)).is_ok();
        if free && std::net::UdpSocket::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

fn unique() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let mut random = [0; 6];
    SystemEntropy.fill(&mut random);
    let random: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{random}_{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

fn fresh_folder() -> Folder {
    let folder = std::env::temp_dir().join(format!("doorward-test-{}", unique()));
    std::fs::create_dir_all(&folder).expect("the temporary folder can be written");
    Folder(folder)
}

async fn fresh_postgres() -> String {
    let server = std::env::var("DOORWARD_TEST_POSTGRES").expect(
        "DOORWARD_TEST_POSTGRES names a PostgreSQL server that tests may make databases on; `cargo xtask test` starts one and sets it",
    );
    let name = format!("doorward_{}", unique());
    let (client, connection) =
        tokio_postgres::connect(&server, tokio_postgres::NoTls).await.expect("the test server answers");
    tokio::spawn(connection);
    client.batch_execute(&format!("CREATE DATABASE {name}")).await.expect("the test server makes databases");
    let (host, _) = server.rsplit_once('/').expect("the URL names a database");
    DatabaseUrl::parse(&format!("{host}/{name}")).expect("a test URL is one");
    format!("{host}/{name}")
}

/// The folder of one test, which all nodes of it share; the last one to go removes it.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
