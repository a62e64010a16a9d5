//! How many refreshes a second the token endpoint gives, beside the durable updates that its store can do.
//!
//! What a store can do is one `UPDATE` of one row by its primary key, a transaction by itself, which is on the disk when it is
//! acknowledged. It is done through the library's own `Database`, by the same call that rotates a refresh token, in a process of
//! as many threads as the server's, from as many places at once as there are connections to the server. So both have the same
//! pool of connections or the same one writer, the same settings, and the same disk in the same second. What is left between
//! them is everything else that a refresh is: HTTP, the client, the family, the person, the membership, the token's signature.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use doorward::operate::{Database, Durability};

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

/// How many refresh at once, and how many write to the store at once.
const AT_ONCE: usize = 32;
const COLUMNS: [&str; 8] =
    ["engine", "what", "at once", "per second", "of the store", "least CPU \u{b5}s", "p50 ms", "p99 ms"];

/// Measures on SQLite, and on PostgreSQL when there is a durable one.
pub(crate) fn run(options: &Options) -> Outcome<Report> {
    let mut report = Report::new("refresh", &COLUMNS);
    let embedded = Setup::embedded(fresh_folder("refresh")?, sink::start()?)?;
    on_engine("SQLite", &embedded, options, &mut report)?;
    match std::env::var("DOORWARD_BENCH_POSTGRES") {
        Ok(server) => {
            let database = Postgres::make(&server)?;
            database.demand_durable()?;
            let setup = Setup::on(fresh_folder("refresh-postgres")?, database.url.clone(), sink::start()?)?;
            on_engine("PostgreSQL", &setup, options, &mut report)?;
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

fn on_engine(engine: &'static str, setup: &Setup, options: &Options, report: &mut Report) -> Outcome {
    // As many threads as the server has.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(cores()).enable_all().build()?;
    let (store, tokens) = runtime.block_on(async {
        let doorward = setup.open().await?;
        let tokens = families::prepare(&doorward, people(options), &setup.origin()).await?;
        Ok::<_, Failure>((Store::prepare(doorward.database().clone(), tokens.len()).await?, tokens))
    })?;
    let child = setup.serve(Program::best(), Some(cores()))?;
    let share = tokens.len() / AT_ONCE;
    let mut renewing: Vec<_> = tokens.chunks_exact(share).take(AT_ONCE).map(Renewing::new).collect();
    expect(200, &renewing[0].ask_once(&child)?)?;
    let (mut updates, mut refreshes) = (Rounds::default(), Rounds::default());
    let lasts = options.length.pick(Duration::from_millis(500), Duration::from_secs(1));
    for round in 0..=options.length.pick(6, 30) {
        eprint!("\r  refresh on {engine}, round {round} ");
        let updated = runtime.block_on(store.update(lasts))?;
        let before = child.processor_time()?;
        let load = Load { address: child.address, connections: AT_ONCE, threads: 1, lasts };
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
    let what = format!("{engine}: refreshes as a share of the store's durable updates");
    report.at_least(what, 0.6, median(&refreshes.shares(&updates)));
    Ok(())
}

/// Rows of our own in the server's database.
struct Store {
    db: Database,
    rows: usize,
    next: Arc<AtomicUsize>,
}

impl Store {
    async fn prepare(db: Database, rows: usize) -> Outcome<Self> {
        let mut tx = db.begin(Durability::Full).await?;
        tx.batch("CREATE TABLE bench_rows (id BIGINT PRIMARY KEY, value BIGINT NOT NULL)").await?;
        for id in 0..i64::try_from(rows)? {
            tx.execute("INSERT INTO bench_rows (id, value) VALUES ($1, $2)", &[&id, &0_i64]).await?;
        }
        tx.commit().await?;
        Ok(Self { db, rows, next: Arc::default() })
    }

    /// Updates one row after the other from [`AT_ONCE`] places.
    async fn update(&self, lasts: Duration) -> Outcome<Answered> {
        let start = Instant::now();
        let writing: Vec<_> = (0..AT_ONCE)
            .map(|_| {
                let (db, next, rows) = (self.db.clone(), Arc::clone(&self.next), self.rows);
                tokio::spawn(async move { update(&db, &next, rows, start + lasts).await })
            })
            .collect();
        let mut all = Answered::default();
        for one in writing {
            all.nanos.extend(one.await.map_err(|cause| Failure::new(cause.to_string()))??);
        }
        all.elapsed = start.elapsed();
        Ok(all)
    }
}

async fn update(db: &Database, next: &AtomicUsize, rows: usize, until: Instant) -> Outcome<Vec<u64>> {
    let mut nanos = Vec::new();
    let mut now = Instant::now();
    while now < until {
        let id = i64::try_from(next.fetch_add(1, Ordering::Relaxed) % rows)?;
        let changed = db.change("UPDATE bench_rows SET value = value + 1 WHERE id = $1", &[&id]).await?;
        let asked = std::mem::replace(&mut now, Instant::now());
        nanos.push(u64::try_from((now - asked).as_nanos()).unwrap_or(u64::MAX));
        if changed != 1 {
            return Err(Failure::new(format!("row {id} is gone")));
        }
    }
    Ok(nanos)
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
        let begins = body.windows(PREFIX.len()).position(|some| some == PREFIX);
        let token = begins.and_then(|at| body.get(at..)?.split(|byte| *byte == b'"').next());
        if let Some(token) = token {
            let request = &mut self.requests[self.at];
            let kept = request.len().saturating_sub(token.len());
            request.truncate(kept);
            request.extend_from_slice(token);
        }
        self.at = (self.at + 1) % self.requests.len();
    }
}

/// What every refresh token begins with.
const PREFIX: &[u8] = b"dwr_";

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

    fn cells(&self, engine: &'static str, what: &'static str, store: &Self) -> Vec<Cell> {
        let shares = self.shares(store);
        let processor = if self.processor_micros.is_empty() {
            Cell::from("")
        } else {
            Cell::Number(range(&self.processor_micros).0, 1)
        };
        vec![
            engine.into(),
            what.into(),
            Cell::Number(AT_ONCE as f64, 0),
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
    fn the_next_request_carries_the_token_of_the_last_answer() {
        let token = |letter: &str| format!("dwr_{}", letter.repeat(70));
        let mut renewing = Renewing::new(&[token("a"), token("b")]);
        let before = renewing.request().to_vec();
        renewing.answered(format!(r#"{{"access_token":"x","refresh_token":"{}"}}"#, token("c")).as_bytes());
        assert!(renewing.request().ends_with(token("b").as_bytes()));
        renewing.answered(b"{}");
        let after = renewing.request().to_vec();
        assert!(after.ends_with(format!("refresh_token={}", token("c")).as_bytes()));
        assert_eq!(before.len(), after.len());
    }
}
