//! From nothing to the first answer, and what a server weighs while nobody asks.

use std::time::{Duration, Instant};

use crate::{
    failure::Outcome,
    options::Options,
    people::{self, Browser, PASSWORD, expect},
    report::{Cell, Report},
    setup::{Program, Setup, fresh_folder},
    sink,
    stats::{median, range},
    wire::{self, Connection},
};

/// Starts a server again and again on a database that exists.
pub(crate) fn run(options: &Options) -> Outcome<Report> {
    let setup = Setup::embedded(fresh_folder("start")?, sink::start()?)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let somebody = ["start@example.com".to_owned()];
    runtime.block_on(async { people::accounts(&setup.open().await?, &somebody).await })?;
    let (mut healthy, mut page) = (Vec::new(), Vec::new());
    for _ in 0..options.length.pick(3, 15) {
        let start = Instant::now();
        let child = setup.serve(Program::best(), None)?;
        let mut connection = Connection::open(child.address)?;
        expect(200, &connection.ask(&wire::request("GET", "/healthz", &[], None))?)?;
        healthy.push(start.elapsed().as_secs_f64() * 1e3);
        expect(200, &connection.ask(&wire::request("GET", "/auth/login", &[("accept", "text/html")], None))?)?;
        page.push(start.elapsed().as_secs_f64() * 1e3);
    }
    let mut report = Report::new("start", &["what", "median", "least", "most"]);
    for (what, times) in [("first answer of /healthz, ms", &healthy), ("first login page, ms", &page)] {
        let (least, most) = range(times);
        report.row(vec![what.into(), Cell::Number(median(times), 1), Cell::Number(least, 1), Cell::Number(most, 1)]);
    }
    let idle = memory(&setup, &mut report)?;
    report.at_most("start to the first login page, ms", 100.0, median(&page));
    report.at_most("idle memory, MB", 25.0, idle);
    report.note(format!("{}, on an existing database; memory is resident memory.", Program::best().name()));
    Ok(report)
}

fn memory(setup: &Setup, report: &mut Report) -> Outcome<f64> {
    let child = setup.serve(Program::best(), None)?;
    std::thread::sleep(Duration::from_secs(2));
    let idle = row(&child, "memory when idle, MB", report)?;
    let answer = {
        let browser = Browser::open(setup, &child)?;
        Connection::open(child.address)?.ask(&browser.login(&people::address(0), "", "start@example.com", PASSWORD))?
    };
    expect(200, &answer)?;
    row(&child, "right after the first login, MB", report)?;
    std::thread::sleep(PAUSE);
    row(&child, "idle again after a pause, MB", report)?;
    Ok(idle)
}

/// Adds a row of resident memory: with files, and the process's own.
fn row(child: &crate::child::Child, what: &str, report: &mut Report) -> Outcome<f64> {
    let memory = child.memory()?;
    let megabytes = |kib: u64| kib as f64 * 1024.0 / 1e6;
    report.row(vec![
        what.into(),
        Cell::Number(megabytes(memory.resident), 1),
        format!("own {:.1}", megabytes(memory.anonymous)).into(),
        "".into(),
    ]);
    Ok(megabytes(memory.resident))
}

/// Longer than the hashing pool keeps memory that nobody uses.
const PAUSE: Duration = Duration::from_secs(15);
