//! What it costs to ask who is there, against a handler that gives the same answer without looking.
//!
//! Twice: with everything on all cores, as a load generator on the same machine is usually run, and with the server on
//! half of them and the clients on the other half, where nothing but the server limits the rate and its share is lower.
//! The processor time for each request depends on neither; the least of all rounds is that of the least disturbed one.

use std::{fs, path::PathBuf, process::Command, sync::Arc, time::Duration};

use crate::{
    child::{Child, free_port},
    failure::{Failure, Outcome},
    load::{Answered, Load},
    options::{Length, Options},
    people::{expect, who},
    report::{Cell, Report},
    sessions,
    setup::{Program, Setup},
    sink,
    stats::{median, quantile, range, spread},
    wire::{Answer, Connection},
};

pub(crate) const CONNECTIONS: usize = 32;
/// Cookies that are asked with, spread over the whole table.
const COOKIES: u64 = 50_000;
/// Sessions at the end of the table that only serve to measure the noting of use.
const RESTING: u64 = 20_000;
const COLUMNS: [&str; 9] =
    ["sessions", "cores", "answered by", "requests/s", "of bare", "least CPU µs", "above bare", "p50 µs", "p99 µs"];

/// Measures at every size.
pub(crate) fn run(options: &Options) -> Outcome<Report> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let mut report = Report::new("session-check", &COLUMNS);
    let mut flat = Vec::new();
    for size in &options.sizes {
        let setup = runtime.block_on(sessions::prepared(*size, sink::start()?))?;
        for division in [Division::Shared, Division::Halves] {
            let contenders = at_size(&setup, *size, division, options.length)?;
            let bare = &contenders[0];
            contenders.iter().for_each(|contender| report.row(contender.cells(*size, division, bare)));
            for contender in &contenders[1..] {
                let what =
                    format!("{size} sessions, {}, {}: share of bare requests/s", division.name(), contender.name);
                report.at_least(what, 0.8, median(&contender.shares(bare)));
            }
            if division == Division::Shared {
                flat.push(median(&contenders[1].shares(bare)));
            }
        }
        if *size >= 2 * RESTING {
            noting(&setup, *size, &mut report)?;
        }
    }
    for (size, share) in options.sizes.iter().zip(&flat).skip(1) {
        report.at_least(format!("{size} sessions against {}: requests/s", options.sizes[0]), 0.9, share / flat[0]);
    }
    report.note(format!(
        "{CONNECTIONS} kept connections, {} cores; medians of paired rounds ± half the distance of the quartiles.",
        cores()
    ));
    Ok(report)
}

/// How the cores are divided between a server and its clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Division {
    Shared,
    Halves,
}

impl Division {
    fn name(self) -> &'static str {
        match self {
            Self::Shared => "shared",
            Self::Halves => "halves",
        }
    }

    fn server_threads(self) -> usize {
        match self {
            Self::Shared => cores(),
            Self::Halves => (cores() / 2).max(1),
        }
    }

    fn client_threads(self) -> usize {
        match self {
            Self::Shared => cores(),
            Self::Halves => cores().saturating_sub(self.server_threads()).max(1),
        }
    }
}

/// One server and how it did in each round.
struct Contender {
    name: &'static str,
    child: Child,
    rounds: Vec<Round>,
}

struct Round {
    rate: f64,
    processor_micros: f64,
    p50_micros: f64,
    p99_micros: f64,
}

impl Contender {
    fn new(name: &'static str, child: Child) -> Self {
        Self { name, child, rounds: Vec::new() }
    }

    fn column(&self, of: impl Fn(&Round) -> f64) -> Vec<f64> {
        self.rounds.iter().map(of).collect()
    }

    /// Its rate as a share of the bare handler's in the same round.
    fn shares(&self, bare: &Self) -> Vec<f64> {
        self.rounds.iter().zip(&bare.rounds).map(|(own, bare)| own.rate / bare.rate).collect()
    }

    fn cells(&self, size: u64, division: Division, bare: &Self) -> Vec<Cell> {
        let shares = self.shares(bare);
        let least = |of: &Self| range(&of.column(|round| round.processor_micros)).0;
        vec![
            Cell::Number(size as f64, 0),
            division.name().into(),
            self.name.into(),
            Cell::Number(median(&self.column(|round| round.rate)), 0),
            format!("{:.2} ± {:.2}", median(&shares), spread(&shares)).into(),
            Cell::Number(least(self), 1),
            Cell::Number(least(self) - least(bare), 1),
            Cell::Number(median(&self.column(|round| round.p50_micros)), 0),
            Cell::Number(median(&self.column(|round| round.p99_micros)), 0),
        ]
    }
}

fn at_size(setup: &Setup, size: u64, division: Division, length: Length) -> Outcome<Vec<Contender>> {
    let last = if size >= 2 * RESTING { size - RESTING } else { size };
    let keys = setup.keys()?;
    let numbers = sessions::spread(COOKIES.min(size), last)?;
    let requests: Vec<_> = numbers.iter().map(|number| who(&sessions::cookie(&keys, *number))).collect();
    let requests = Arc::new(requests);
    sessions::freshen(setup, &numbers[..1])?;
    let mut contenders = contenders(setup, division, &requests[0])?;
    sessions::freshen(setup, &numbers)?;
    // A server that is in use has a log beside its database; without one, a read costs a little more.
    sessions::freshen(setup, &numbers[..1])?;
    // Everything that is asked for has been read once before anything counts.
    for contender in &contenders {
        round(&contender.child, division, &requests, Duration::from_secs(length.pick(1, 3)))?;
    }
    for number in 0..length.pick(4, 40) {
        eprint!("\r  {size} sessions, {} cores, round {} ", division.name(), number + 1);
        for contender in &mut contenders {
            let round = round(&contender.child, division, &requests, Duration::from_millis(500))?;
            contender.rounds.push(round);
        }
    }
    eprintln!();
    Ok(contenders)
}

/// The bare handler first, then the library in the same serving loop, then the real server when it is there.
fn contenders(setup: &Setup, division: Division, request: &[u8]) -> Outcome<Vec<Contender>> {
    let library = setup.serve(Program::Library, Some(division.server_threads()))?;
    let answer = Connection::open(library.address)?.ask(request)?;
    expect(200, &answer)?;
    let mut contenders = vec![
        Contender::new("bare axum handler", bare(setup, division, &answer)?),
        Contender::new("library, same loop", library),
    ];
    if Program::best() == Program::Server {
        let setup = Setup::embedded(setup.folder.clone(), sink::start()?)?;
        contenders
            .push(Contender::new("doorward serve", setup.serve(Program::Server, Some(division.server_threads()))?));
    }
    for contender in &contenders {
        let own = Connection::open(contender.child.address)?.ask(request)?;
        let same = own.body.len() == answer.body.len() && own.headers().len() == answer.headers().len();
        if !same {
            return Err(Failure::new(format!("{} answers with another size", contender.name)));
        }
    }
    Ok(contenders)
}

fn bare(setup: &Setup, division: Division, answer: &Answer) -> Outcome<Child> {
    let path: PathBuf = setup.folder.join("answer");
    let head: String = answer.headers().iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
    fs::write(&path, format!("{head}\n{}", String::from_utf8_lossy(&answer.body)))?;
    let port = free_port()?;
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("serve-bare").arg(path).arg(port.to_string());
    command.env("TOKIO_WORKER_THREADS", division.server_threads().to_string());
    Child::start(command, port, &setup.folder)
}

fn round(child: &Child, division: Division, requests: &Arc<Vec<Vec<u8>>>, lasts: Duration) -> Outcome<Round> {
    let threads = division.client_threads();
    let before = child.processor_time()?;
    let mut answered = Load { address: child.address, connections: CONNECTIONS, threads, lasts }.run(requests)?;
    let processor = child.processor_time()? - before;
    all_good(&answered)?;
    Ok(Round {
        rate: answered.rate(),
        processor_micros: processor.as_secs_f64() * 1e6 / answered.nanos.len() as f64,
        p50_micros: quantile(&mut answered.nanos, 0.5) / 1e3,
        p99_micros: quantile(&mut answered.nanos, 0.99) / 1e3,
    })
}

/// The first check of a session in a minute also notes that it is in use: one small write.
fn noting(setup: &Setup, size: u64, report: &mut Report) -> Outcome {
    let child = setup.serve(Program::best(), None)?;
    let keys = setup.keys()?;
    let numbers: Vec<u64> = (size - RESTING..size).collect();
    let requests: Vec<_> = numbers.iter().map(|number| who(&sessions::cookie(&keys, *number))).collect();
    let requests = Arc::new(requests);
    sessions::let_rest(setup, &numbers)?;
    // So short that no session comes twice.
    let one = round(&child, Division::Shared, &requests, Duration::from_millis(400))?;
    report.row(vec![
        Cell::Number(size as f64, 0),
        Division::Shared.name().into(),
        "first check in a minute".into(),
        Cell::Number(one.rate, 0),
        "".into(),
        Cell::Number(one.processor_micros, 1),
        "".into(),
        Cell::Number(one.p50_micros, 0),
        Cell::Number(one.p99_micros, 0),
    ]);
    Ok(())
}

pub(crate) fn all_good(answered: &Answered) -> Outcome {
    let good = answered.statuses.keys().all(|status| *status == 200) && answered.broken == 0;
    if good {
        return Ok(());
    }
    Err(Failure::new(format!("not every answer was good: {:?}, {} broken", answered.statuses, answered.broken)))
}

pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from)
}
