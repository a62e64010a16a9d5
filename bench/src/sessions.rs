//! A database with millions of live sessions, made once and kept.
//!
//! Every row follows from its number, so a cookie for any of them can be made without asking the database. They end in
//! ten years, so a kept database stays good. Before a measurement its sessions are made to look as if they had just been
//! used: a check that notes the use as well is measured apart.

use std::{
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use doorward::core::{
    AccountId, Clock, Entropy, KeyRing, Purpose, Session, SessionId, SystemClock, Timestamp, Token, derived,
};
use rusqlite::{Connection, Transaction, params};

use crate::{
    failure::{Failure, Outcome},
    setup::{Setup, bench_folder, fresh_folder},
};

/// How many sessions an account has.
pub(crate) const SESSIONS_PER_ACCOUNT: u64 = 2;
/// The first session's moment of login, in milliseconds: 2025-01-01.
const FIRST_LOGIN: u64 = 1_735_689_600_000;
const TEN_YEARS: Duration = Duration::from_secs(3652 * 86_400);
const ROWS_PER_TRANSACTION: u64 = 500_000;

/// Finds or makes the database with `count` sessions.
pub(crate) async fn prepared(count: u64, smtp_port: u16) -> Outcome<Setup> {
    prepared_with(&format!("sessions-{count}"), count, smtp_port, |_| Ok(())).await
}

/// The same under another name, with more in it.
pub(crate) async fn prepared_with(
    name: &str,
    count: u64,
    smtp_port: u16,
    more: impl FnOnce(&Transaction<'_>) -> Outcome,
) -> Outcome<Setup> {
    let schema = schema(smtp_port).await?;
    let folder = bench_folder()?.join(format!("{name}-{schema}"));
    let complete = folder.join("complete");
    if complete.exists() {
        return Setup::embedded(folder, smtp_port);
    }
    remove_outdated(name)?;
    eprintln!("making a database with {count} sessions; it is kept in {}", folder.display());
    let setup = Setup::embedded(folder, smtp_port)?;
    drop(setup.open().await?);
    fill(&database(&setup), count)?;
    let mut connection = open(&database(&setup))?;
    connection.execute_batch("PRAGMA synchronous = OFF; PRAGMA cache_size = -262144;")?;
    let transaction = connection.transaction()?;
    more(&transaction)?;
    transaction.commit()?;
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE);")?;
    fs::write(complete, "")?;
    Ok(setup)
}

/// The cookie of session number `number`.
pub(crate) fn cookie(keys: &KeyRing, number: u64) -> String {
    let mut payload = [0; 40];
    payload[..32].copy_from_slice(secret(number).expose());
    payload[32..].copy_from_slice(&id(number).as_i64().to_be_bytes());
    format!("dev-session={}", keys.seal(Purpose::Session, &payload, SystemClock.now()))
}

/// Makes the last use of these sessions as old as it must be for the next check to note a new one.
pub(crate) fn let_rest(setup: &Setup, numbers: &[u64]) -> Outcome {
    note_use(setup, numbers, SystemClock.now().before(Duration::from_secs(120)))
}

/// Makes the last use of these sessions as late as clocks may disagree, so that no check notes a new one for two minutes.
pub(crate) fn freshen(setup: &Setup, numbers: &[u64]) -> Outcome {
    note_use(setup, numbers, SystemClock.now().after(Duration::from_secs(55)))
}

fn note_use(setup: &Setup, numbers: &[u64], at: Timestamp) -> Outcome {
    let mut connection = open(&database(setup))?;
    let transaction = connection.transaction()?;
    {
        let mut update = transaction.prepare("UPDATE sessions SET seen_at = ?1 WHERE id = ?2")?;
        for number in numbers {
            update.execute(params![at.as_micros(), id(*number).as_i64()])?;
        }
    }
    transaction.commit()?;
    // So many changes at once would leave a longer log than a server in use ever has, and every read would search it.
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE);")?;
    Ok(())
}

fn database(setup: &Setup) -> PathBuf {
    setup.folder.join("doorward.db")
}

fn open(path: &std::path::Path) -> Outcome<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    Ok(connection)
}

/// A few digits that change with the schema, so that a kept database is never of an older one.
async fn schema(smtp_port: u16) -> Outcome<String> {
    let setup = Setup::embedded(fresh_folder("schema")?, smtp_port)?;
    drop(setup.open().await?);
    let connection = open(&database(&setup))?;
    let mut all = connection.prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")?;
    let all = all.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?.join(";");
    let digest = derived(all.as_bytes(), &[0; 32]);
    Ok(digest[..4].iter().map(|byte| format!("{byte:02x}")).collect())
}

fn remove_outdated(name: &str) -> Outcome {
    for entry in fs::read_dir(bench_folder()?)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(&format!("{name}-")) {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

fn fill(path: &std::path::Path, count: u64) -> Outcome {
    let start = Instant::now();
    let mut connection = open(path)?;
    // A crash while filling loses a file that is not marked complete; nothing here needs to be durable.
    connection.execute_batch("PRAGMA synchronous = OFF; PRAGMA cache_size = -262144;")?;
    let mut done = 0;
    while done < count {
        let end = (done + ROWS_PER_TRANSACTION).min(count);
        let transaction = connection.transaction()?;
        insert(&transaction, done..end)?;
        transaction.commit()?;
        done = end;
        eprint!("\r  {done} of {count}, {} s", start.elapsed().as_secs());
    }
    eprintln!();
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE);")?;
    Ok(())
}

fn insert(transaction: &Transaction<'_>, numbers: std::ops::Range<u64>) -> Outcome {
    let until = SystemClock.now().after(TEN_YEARS).as_micros();
    let mut session = transaction.prepare(
        "INSERT INTO sessions (id, digest, account, created_at, seen_at, expires_at, proved_at, factors, device, address)
         VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?4, ?6, 'Firefox on Linux', ?7)",
    )?;
    let mut accounts = transaction.prepare(
        "INSERT INTO accounts (id, email, name, epoch, created_at, last_login_at) VALUES (?1, ?2, ?3, 0, ?4, ?4)",
    )?;
    for number in numbers {
        let owner = number / SESSIONS_PER_ACCOUNT;
        let account_id = account(owner).to_string();
        let at = moment(number);
        if number % SESSIONS_PER_ACCOUNT == 0 {
            let (email, name) = (format!("person{owner:08}@example.com"), format!("Person {owner}"));
            accounts.execute(params![account_id, email, name, at.as_micros()])?;
        }
        let factors = format!("password:{}", at.as_secs());
        let address = format!("198.51.{}.{}", number / 256 % 256, number % 256);
        let digest = secret(number).digest();
        let values =
            params![id(number).as_i64(), digest.as_bytes(), account_id, at.as_micros(), until, factors, address];
        session.execute(values)?;
    }
    Ok(())
}

/// The account of person number `owner`.
pub(crate) fn account(owner: u64) -> AccountId {
    AccountId::new(moment(owner * SESSIONS_PER_ACCOUNT), &Numbered(owner))
}

pub(crate) fn moment(number: u64) -> Timestamp {
    Timestamp::from_micros(i64::try_from((FIRST_LOGIN + number) * 1000).expect("the year is 2025"))
}

fn id(number: u64) -> SessionId {
    SessionId::new(moment(number), &Numbered(number))
}

fn secret(number: u64) -> Token<Session> {
    Token::from_bytes(scattered(b"secret", number))
}

/// Bytes that look random and follow from a number.
fn scattered(label: &[u8], number: u64) -> [u8; 32] {
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&number.to_le_bytes());
    derived(label, &seed)
}

/// "Randomness" that follows from a number.
pub(crate) struct Numbered(pub(crate) u64);

impl Entropy for Numbered {
    fn fill(&self, buffer: &mut [u8]) {
        let bytes = scattered(b"id", self.0);
        buffer.copy_from_slice(&bytes[..buffer.len()]);
    }
}

/// `count` numbers spread over `0..of`, in an order that follows no row.
pub(crate) fn spread(count: u64, of: u64) -> Outcome<Vec<u64>> {
    if of == 0 {
        return Err(Failure::new("there are no sessions to spread over"));
    }
    let pick = |at: u64| {
        let bytes = scattered(b"pick", at);
        u64::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7]]) % of
    };
    Ok((0..count).map(pick).collect())
}
