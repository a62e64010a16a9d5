//! How many refreshes a second the token endpoint gives, beside the durable updates that its store can do.
//!
//! What a store can do is one `UPDATE` of one row by its primary key, a transaction by itself, which is on the disk when it is
//! acknowledged. It is asked as its own client asks it best, by nothing of ours: SQLite by one connection, since it has one writer
//! at a time; PostgreSQL by as many connections at once as there are to the server, each with a prepared statement. It is the
//! server's own database, on the same disk in the same second. What is left between them is everything else that a refresh is:
//! HTTP, the client, the family, the person, the membership, the token's signature; and what refreshes win by going together.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use doorward::operate::Durability;

use crate::{
    child::Child,
    failure::{Failure, Outcome},
    families::{self, CLIENT, OF_A_PERSON},
    load::{Answered, Asking, Load},
    options::Options,
    people::expect,
    postgres::Postgres,
    report::{Cell, Report},
    session_check::{all_good, cores},
    setup::{Program, Setup, fresh_folder},
    sink,
    stats::{median, quantile, range, spread},
    wire::{self, Connection},
};

/// How many refresh at once, and how many write to the store at once: so many that neither waits for the disk with idle cores. With
/// the first, refreshes on two cores still do, so that what is asked for is the second.
const AT_ONCE: [usize; 2] = [32, 64];
const COLUMNS: [&str; 8] =
    ["engine", "what", "at once", "per second", "of the store", "least CPU \u{b5}s", "p50 ms", "p99 ms"];

/// Measures on SQLite, and on PostgreSQL when there is a durable one.
pub(crate) fn run(options: &Options) -> Outcome<Report> {
    let mut report = Report::new("refresh", &COLUMNS);
    let embedded = Setup::embedded(fresh_folder("refresh")?, sink::start()?)?;
    let file = embedded.folder.join("doorward.db");
    on_engine("SQLite", &embedded, options, |rows| Store::sqlite(&file, rows), &mut report)?;
    match std::env::var("DOORWARD_BENCH_POSTGRES") {
        Ok(server) => {
            let database = Postgres::make(&server)?;
            database.demand_durable()?;
            let setup = Setup::on(fresh_folder("refresh-postgres")?, database.url.clone(), sink::start()?)?;
            on_engine("PostgreSQL", &setup, options, |rows| Ok(Store::postgres(&database.url, rows)), &mut report)?;
        }
        Err(_) => report.note("PostgreSQL was not measured: DOORWARD_BENCH_POSTGRES names no server."),
    }
    report.note(format!(
        "{}; {} families, {OF_A_PERSON} for each person, each of a member of a tenant; {} cores shared by clients, server and \
         store; medians of paired rounds \u{b1} half the distance of the quartiles. The store: one row by its primary key.",
        Program::best().name(),
        people(options) * OF_A_PERSON,
        cores(),
    ));
    Ok(report)
}

fn people(options: &Options) -> usize {
    options.length.pick(100, 1_000)
}

fn on_engine(
    engine: &'static str,
    setup: &Setup,
    options: &Options,
    store: impl FnOnce(usize) -> Outcome<Store>,
    report: &mut Report,
) -> Outcome {
    // As many threads as the server has.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(cores()).enable_all().build()?;
    let tokens = runtime.block_on(async {
        let doorward = setup.open().await?;
        let tokens = families::prepare(&doorward, people(options), &setup.origin()).await?;
        let mut tx = doorward.database().begin(Durability::Full).await?;
        tx.batch("CREATE TABLE bench_rows (id BIGINT PRIMARY KEY, value BIGINT NOT NULL)").await?;
        for id in 0..i64::try_from(tokens.len())? {
            tx.execute("INSERT INTO bench_rows (id, value) VALUES ($1, $2)", &[&id, &0_i64]).await?;
        }
        tx.commit().await?;
        Ok::<_, Failure>(tokens)
    })?;
    let mut store = store(tokens.len())?;
    let child = setup.serve(Program::best(), Some(cores()))?;
    let mut renewing = vec![Renewing::new(&tokens)];
    expect(200, &renewing[0].ask_once(&child)?)?;
    for at_once in AT_ONCE {
        renewing = Renewing::shared_among(at_once, renewing);
        renewing =
            turns(Engine { name: engine, at_once }, (&mut store, &child), renewing, (&runtime, options), report)?;
    }
    Ok(())
}

/// What is measured.
#[derive(Clone, Copy)]
struct Engine {
    name: &'static str,
    at_once: usize,
}

/// Lets both have their turns.
fn turns(
    engine: Engine,
    (store, child): (&mut Store, &Child),
    mut renewing: Vec<Renewing>,
    (runtime, options): (&tokio::runtime::Runtime, &Options),
    report: &mut Report,
) -> Outcome<Vec<Renewing>> {
    let Engine { name, at_once } = engine;
    let (mut updates, mut refreshes) = (Rounds::default(), Rounds::default());
    let lasts = options.length.pick(Duration::from_millis(500), Duration::from_secs(1));
    for round in 0..=options.length.pick(6, 30) {
        eprint!("\r  refresh on {name}, {at_once} at once, round {round} ");
        let updated = store.update(runtime, at_once, lasts)?;
        let before = child.processor_time()?;
        let load = Load { address: child.address, connections: at_once, threads: 1, lasts };
        let (answered, back) = load.converse(renewing)?;
        let processor = child.processor_time()? - before;
        all_good(&answered)?;
        renewing = back;
        // The first round makes plans, pages and places in memory for both.
        if round > 0 {
            updates.add(updated, None);
            refreshes.add(answered, Some(processor));
        }
    }
    eprintln!();
    report.row(updates.cells(engine, "the store: one row updated", &updates));
    report.row(refreshes.cells(engine, "a refresh over HTTP", &updates));
    if AT_ONCE.last() == Some(&at_once) {
        let what = format!("{name}: refreshes as a share of the store's durable updates, {at_once} at once");
        report.at_least(what, 0.6, median(&refreshes.shares(&updates)));
    }
    Ok(renewing)
}

/// What a store's own client does with rows of our own in the server's database.
enum Store {
    Sqlite { connection: rusqlite::Connection, rows: i64, next: i64 },
    Postgres { url: String, rows: usize, next: Arc<AtomicUsize> },
}

const UPDATE: &str = "UPDATE bench_rows SET value = value + 1 WHERE id = $1";

impl Store {
    fn sqlite(file: &Path, rows: usize) -> Outcome<Self> {
        let connection = rusqlite::Connection::open(file)?;
        connection.busy_timeout(Duration::from_secs(5))?;
        connection.execute_batch("PRAGMA synchronous = FULL")?;
        Ok(Self::Sqlite { connection, rows: i64::try_from(rows)?, next: 0 })
    }

    fn postgres(url: &str, rows: usize) -> Self {
        Self::Postgres { url: url.to_owned(), rows, next: Arc::default() }
    }

    /// Updates one row after the other.
    fn update(&mut self, runtime: &tokio::runtime::Runtime, at_once: usize, lasts: Duration) -> Outcome<Answered> {
        match self {
            Self::Sqlite { connection, rows, next } => {
                let mut statement = connection.prepare(UPDATE)?;
                let (mut all, start) = (Answered::default(), Instant::now());
                while start.elapsed() < lasts {
                    let asked = Instant::now();
                    demand_one(statement.execute([*next])?.try_into()?)?;
                    *next = (*next + 1) % *rows;
                    all.nanos.push(nanos(asked));
                }
                all.elapsed = start.elapsed();
                Ok(all)
            }
            Self::Postgres { url, rows, next } => {
                runtime.block_on(update_on_postgres(url, (*rows, next), at_once, lasts))
            }
        }
    }
}

async fn update_on_postgres(
    url: &str,
    (rows, next): (usize, &Arc<AtomicUsize>),
    at_once: usize,
    lasts: Duration,
) -> Outcome<Answered> {
    let mut ready = Vec::new();
    for _ in 0..at_once {
        let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await?;
        tokio::spawn(connection);
        client.batch_execute("SET synchronous_commit = on").await?;
        let statement = client.prepare(UPDATE).await?;
        ready.push((client, statement));
    }
    let start = Instant::now();
    let writing: Vec<_> = ready
        .into_iter()
        .map(|(client, statement)| {
            let next = Arc::clone(next);
            tokio::spawn(async move {
                let mut taken = Vec::new();
                while start.elapsed() < lasts {
                    let id = i64::try_from(next.fetch_add(1, Ordering::Relaxed) % rows)?;
                    let asked = Instant::now();
                    demand_one(client.execute(&statement, &[&id]).await?)?;
                    taken.push(nanos(asked));
                }
                Ok::<_, Failure>(taken)
            })
        })
        .collect();
    let mut all = Answered::default();
    for one in writing {
        all.nanos.extend(one.await.map_err(|cause| Failure::new(cause.to_string()))??);
    }
    all.elapsed = start.elapsed();
    Ok(all)
}

fn demand_one(changed: u64) -> Outcome {
    if changed == 1 { Ok(()) } else { Err(Failure::new("a row of the benchmark is gone")) }
}

fn nanos(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

/// An application that renews one family after the other, each with the token that it was given last.
struct Renewing {
    requests: Vec<Vec<u8>>,
    at: usize,
}

impl Renewing {
    fn new(tokens: &[String]) -> Self {
        let request = |token: &String| {
            let body = format!("grant_type=refresh_token&client_id={CLIENT}&refresh_token={token}");
            let form = Some(("application/x-www-form-urlencoded", body.as_str()));
            wire::request("POST", "/auth/oauth/token", &[], form)
        };
        Self { requests: tokens.iter().map(request).collect(), at: 0 }
    }

    /// As many as are asked for, each with its share of all families.
    fn shared_among(many: usize, all: Vec<Self>) -> Vec<Self> {
        let mut requests: Vec<_> = all.into_iter().flat_map(|one| one.requests).collect();
        let share = requests.len().div_ceil(many);
        let mut shared = Vec::new();
        while !requests.is_empty() {
            let rest = requests.split_off(share.min(requests.len()));
            shared.push(Self { requests: std::mem::replace(&mut requests, rest), at: 0 });
        }
        shared
    }

    /// Renews the first family, to see that it can be.
    fn ask_once(&mut self, child: &Child) -> Outcome<wire::Answer> {
        let answer = Connection::open(child.address)?.ask(self.request())?;
        self.answered(&answer.body);
        Ok(answer)
    }
}

impl Asking for Renewing {
    fn request(&mut self) -> &[u8] {
        &self.requests[self.at]
    }

    /// Puts the new token in the place of the old one, which is as long and ends the request.
    fn answered(&mut self, body: &[u8]) {
        let begins = body.windows(BEFORE.len()).position(|some| some == BEFORE);
        let token = begins.and_then(|at| body.get(at + BEFORE.len()..)?.split(|byte| *byte == b'"').next());
        if let Some(token) = token {
            let request = &mut self.requests[self.at];
            let kept = request.len().saturating_sub(token.len());
            request.truncate(kept);
            request.extend_from_slice(token);
        }
        self.at = (self.at + 1) % self.requests.len();
    }
}

/// What a refresh token comes behind. What it begins with is not enough: an access token may have that in it by chance.
const BEFORE: &[u8] = br#""refresh_token":""#;

/// How one of the two did in each round.
#[derive(Default)]
struct Rounds {
    rates: Vec<f64>,
    processor_micros: Vec<f64>,
    p50_millis: Vec<f64>,
    p99_millis: Vec<f64>,
}

impl Rounds {
    fn add(&mut self, mut done: Answered, processor: Option<Duration>) {
        self.rates.push(done.rate());
        let each = |processor: Duration| processor.as_secs_f64() * 1e6 / done.nanos.len() as f64;
        self.processor_micros.extend(processor.map(each));
        self.p50_millis.push(quantile(&mut done.nanos, 0.5) / 1e6);
        self.p99_millis.push(quantile(&mut done.nanos, 0.99) / 1e6);
    }

    /// Its rate as a share of another's in the same round.
    fn shares(&self, other: &Self) -> Vec<f64> {
        self.rates.iter().zip(&other.rates).map(|(own, other)| own / other).collect()
    }

    fn cells(&self, Engine { name, at_once }: Engine, what: &'static str, store: &Self) -> Vec<Cell> {
        let shares = self.shares(store);
        let processor = if self.processor_micros.is_empty() {
            Cell::from("")
        } else {
            Cell::Number(range(&self.processor_micros).0, 1)
        };
        vec![
            name.into(),
            what.into(),
            Cell::Number(at_once as f64, 0),
            Cell::Number(median(&self.rates), 0),
            format!("{:.2} \u{b1} {:.2}", median(&shares), spread(&shares)).into(),
            processor,
            Cell::Number(median(&self.p50_millis), 2),
            Cell::Number(median(&self.p99_millis), 2),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_left_out_when_families_are_shared() {
        let tokens: Vec<_> = (0..103).map(|number| format!("dwr_{number}")).collect();
        let shared = Renewing::shared_among(32, vec![Renewing::new(&tokens)]);
        assert_eq!(shared.len(), 26, "of four each, and the last of three");
        assert_eq!(shared.iter().map(|one| one.requests.len()).sum::<usize>(), 103);
    }

    #[test]
    fn the_next_request_carries_the_token_of_the_last_answer() {
        let token = |letter: &str| format!("dwr_{}", letter.repeat(70));
        let mut renewing = Renewing::new(&[token("a"), token("b")]);
        let before = renewing.request().to_vec();
        renewing.answered(format!(r#"{{"access_token":"x.dwr_y","refresh_token":"{}"}}"#, token("c")).as_bytes());
        assert!(renewing.request().ends_with(token("b").as_bytes()));
        renewing.answered(b"{}");
        let after = renewing.request().to_vec();
        assert!(after.ends_with(format!("refresh_token={}", token("c")).as_bytes()));
        assert_eq!(before.len(), after.len());
    }
}
