//! What a login costs above the hash that it cannot do without.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use argon2_rust::{Algorithm, Argon2, Params, Version, params};

use crate::{
    child::{Child, own_processor_time},
    failure::{Failure, Outcome},
    load::Load,
    options::Options,
    people::{self, Browser, PASSWORD, expect},
    report::{Cell, Report},
    setup::{Program, Setup, fresh_folder},
    sink,
    stats::{median, quantile, range},
    wire::Connection,
};

const COLUMNS: [&str; 5] = ["what", "each second", "ms each", "CPU ms each", "p99 ms"];

/// Measures logins and bare hashes in turns.
pub(crate) fn run(options: &Options) -> Outcome<Report> {
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let setup = Setup::embedded(fresh_folder("login")?, sink::start()?)?;
    let addresses: Vec<String> = (0..threads * 8).map(|number| format!("login{number}@example.com")).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(async { people::accounts(&setup.open().await?, &addresses).await })?;
    let child = setup.serve(Program::best(), None)?;
    let requests = Arc::new(known_devices(&setup, &child, &addresses)?);
    let lasts = Duration::from_secs(options.length.pick(2, 4));
    let (mut hashes, mut logins, mut crowds) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0..=options.length.pick(2, 8) {
        eprint!("\r  login, round {number}");
        let alone = hash(threads, lasts)?;
        let login = log_in(&child, &requests, threads, lasts)?;
        let crowd = log_in(&child, &requests, threads * 2, lasts)?;
        // The first round warms up: the hashing memory is touched for the first time.
        if number > 0 {
            hashes.push(alone);
            logins.push(login);
            crowds.push(crowd);
        }
    }
    eprintln!();
    let mut report = Report::new("login", &COLUMNS);
    report.row(cells("the hash alone, pooled", &hashes));
    for (rounds, clients) in [(&logins, threads), (&crowds, threads * 2)] {
        let row = format!("login over HTTP, {clients} clients");
        report.row(cells(&row, rounds));
        let of = |figure: fn(&Round) -> f64| -> Vec<f64> {
            rounds.iter().zip(&hashes).map(|(login, hash)| figure(login) / figure(hash)).collect()
        };
        let (wall, processor) = (of(|round| 1.0 / round.rate), of(|round| round.processor_millis));
        report.at_most(format!("{row}: time of one against a hash"), 1.10, median(&wall));
        report.at_most(format!("{row}: processor time of one against a hash"), 1.10, median(&processor));
        let ((low, high), (least, most)) = (range(&wall), range(&processor));
        report.note(format!("{row}: time {low:.2} to {high:.2}, processor time {least:.2} to {most:.2}."));
    }
    report.note(format!("{}, from known devices, {} rounds.", Program::best().name(), logins.len()));
    Ok(report)
}

struct Round {
    rate: f64,
    processor_millis: f64,
    p99_millis: f64,
}

fn cells(what: &str, rounds: &[Round]) -> Vec<Cell> {
    let middle = |of: fn(&Round) -> f64| median(&rounds.iter().map(of).collect::<Vec<_>>());
    vec![
        what.into(),
        Cell::Number(middle(|round| round.rate), 1),
        Cell::Number(1000.0 / middle(|round| round.rate), 2),
        Cell::Number(middle(|round| round.processor_millis), 2),
        Cell::Number(middle(|round| round.p99_millis), 1),
    ]
}

/// Logs everybody in once, and returns requests that come from the device which is known since then.
fn known_devices(setup: &Setup, child: &Child, addresses: &[String]) -> Outcome<Vec<Vec<u8>>> {
    let browser = Browser::open(setup, child)?;
    let mut connection = Connection::open(child.address)?;
    let mut requests = Vec::new();
    for (number, email) in addresses.iter().enumerate() {
        let from = people::address(number);
        let answer = connection.ask(&browser.login(&from, "", email, PASSWORD))?;
        expect(200, &answer)?;
        let mark = answer.cookie("dev-device").ok_or_else(|| Failure::new("a login marked no device"))?;
        requests.push(browser.login(&from, &format!("; dev-device={mark}"), email, PASSWORD));
    }
    Ok(requests)
}

fn log_in(child: &Child, requests: &Arc<Vec<Vec<u8>>>, threads: usize, lasts: Duration) -> Outcome<Round> {
    let before = child.processor_time()?;
    let load = Load { address: child.address, connections: threads, threads: 1, lasts };
    let mut answered = load.run(requests)?;
    let processor = child.processor_time()? - before;
    if answered.statuses.keys().any(|status| *status != 200) {
        return Err(Failure::new(format!("not every login worked: {:?}", answered.statuses)));
    }
    Ok(Round {
        rate: answered.rate(),
        processor_millis: processor.as_secs_f64() * 1e3 / answered.nanos.len() as f64,
        p99_millis: quantile(&mut answered.nanos, 0.99) / 1e6,
    })
}

/// Nothing but the hash, on as many threads, each with memory of its own that it keeps.
fn hash(threads: usize, lasts: Duration) -> Outcome<Round> {
    let start = Instant::now();
    let hashing: Vec<_> = (0..threads).map(|_| std::thread::spawn(move || hash_on_this_thread(lasts))).collect();
    let (mut nanos, mut processor) = (Vec::new(), Duration::ZERO);
    for thread in hashing {
        let (hashes, used) = thread.join().expect("a hashing thread does not panic")?;
        nanos.extend(hashes);
        processor += used;
    }
    let elapsed = start.elapsed();
    Ok(Round {
        rate: nanos.len() as f64 / elapsed.as_secs_f64(),
        processor_millis: processor.as_secs_f64() * 1e3 / nanos.len() as f64,
        p99_millis: quantile(&mut nanos, 0.99) / 1e6,
    })
}

fn hash_on_this_thread(lasts: Duration) -> Outcome<(Vec<u64>, Duration)> {
    let parameters = Params::builder()
        .memory(params::Memory::kib(19_456))
        .passes(2)
        .lanes(1)
        .threads(1)
        .tag_len(params::TagLen::bytes(32))
        .build();
    let parameters = parameters.map_err(|cause| Failure::new(format!("{cause:?}")))?;
    let mut hasher = Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters).hasher();
    let (mut tag, mut nanos) = ([0; 32], Vec::new());
    let start = Instant::now();
    while start.elapsed() < lasts {
        let began = Instant::now();
        let done = hasher.hash_into_with_ad(PASSWORD.as_bytes(), b"sixteen bytes : ", &[], &[], &mut tag);
        done.map_err(|cause| Failure::new(format!("{cause:?}")))?;
        nanos.push(u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX));
    }
    Ok((nanos, own_processor_time()))
}
