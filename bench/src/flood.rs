//! A thousand people at the login at once: what it costs in memory, who is told to come back, and whether those who are
//! logged in notice (attack C-11).

use std::{
    fs,
    net::SocketAddr,
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{
    child::Child,
    failure::{Failure, Outcome},
    load::Load,
    options::Options,
    people::{self, Browser, PASSWORD, expect, who},
    report::{Cell, Report},
    setup::{Program, Setup, fresh_folder},
    sink,
    stats::quantile,
    wire::Connection,
};

const CONNECTIONS: usize = 1_000;
const HASH_KIB: u64 = 19_456;
const PROBE_EVERY: Duration = Duration::from_millis(5);

/// Floods a server and watches.
pub(crate) fn run(options: &Options) -> Outcome<Report> {
    let setup = Setup::embedded(fresh_folder("flood")?, sink::start()?)?;
    let addresses: Vec<String> = (0..CONNECTIONS).map(|number| format!("flood{number}@example.com")).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(async { people::accounts(&setup.open().await?, &addresses).await })?;
    let child = setup.serve(Program::best(), None)?;
    std::thread::sleep(Duration::from_secs(1));
    let idle = child.memory()?;
    let browser = Browser::open(&setup, &child)?;
    let session = log_in(&child, &browser, &addresses[0])?;
    let mut quiet = probe(&child, &session, Duration::from_secs(options.length.pick(3, 10)), || false)?;
    let requests = setup.folder.join("requests");
    fs::write(&requests, packed(&mixed(&browser, &addresses)))?;
    child.forget_peak()?;
    let lasts = Duration::from_secs(options.length.pick(5, 20));
    let mut clients = clients(&requests, child.address, lasts)?;
    let mut ended = || clients.try_wait().is_ok_and(|status| status.is_some());
    let mut busy = probe(&child, &session, lasts * 2, &mut ended)?;
    let peak = child.memory()?;
    let said = clients.wait_with_output()?;
    let answered: serde_json::Value = serde_json::from_slice(&said.stdout)?;
    report(&idle, &peak, &mut quiet, &mut busy, &answered, lasts)
}

fn report(
    idle: &crate::child::Memory,
    peak: &crate::child::Memory,
    quiet: &mut [u64],
    busy: &mut [u64],
    answered: &serde_json::Value,
    lasts: Duration,
) -> Outcome<Report> {
    let mut report = Report::new("flood", &["what", "value"]);
    let threads = std::thread::available_parallelism().map_or(2, usize::from) as u64;
    let mib = |kib: u64| kib as f64 / 1024.0;
    let above = mib(peak.peak.saturating_sub(idle.resident)) - mib(threads * HASH_KIB);
    let count = |status: &str| answered["statuses"][status].as_f64().unwrap_or_default();
    let (good, wrong, refused) = (count("200"), count("401"), count("503"));
    let throttled = count("429");
    let other =
        ["200", "401", "429", "503"].iter().fold(answered["total"].as_f64().unwrap_or_default(), |n, s| n - count(s));
    let told = answered["told_when"].as_f64().unwrap_or_default();
    report.row(vec!["idle, MiB".into(), Cell::Number(mib(idle.resident), 1)]);
    report.row(vec!["peak in the flood, MiB".into(), Cell::Number(mib(peak.peak), 1)]);
    report.row(vec!["of that the hashing pool's, MiB".into(), Cell::Number(mib(threads * HASH_KIB), 1)]);
    let a_second = |number: f64| Cell::Number(number / lasts.as_secs_f64(), 0);
    report.row(vec!["right passwords, each second".into(), a_second(good)]);
    report.row(vec!["wrong passwords, each second".into(), a_second(wrong)]);
    report.row(vec!["refused with 503, each second".into(), a_second(refused)]);
    report.row(vec!["throttled with 429, each second".into(), a_second(throttled)]);
    report.row(vec!["503 with Retry-After, share".into(), Cell::Number(told / refused.max(1.0), 3)]);
    report.row(vec!["other answers, all".into(), Cell::Number(other, 0)]);
    report.row(vec!["broken connections".into(), Cell::Number(answered["broken"].as_f64().unwrap_or_default(), 0)]);
    let mut p99 = [0.0; 2];
    for (at, (name, samples)) in [("idle", quiet), ("in the flood", busy)].into_iter().enumerate() {
        for (label, share) in [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999)] {
            let value = quantile(samples, share) / 1e6;
            report.row(vec![format!("session check {name}, {label}, ms").into(), Cell::Number(value, 2)]);
            if label == "p99" {
                p99[at] = value;
            }
        }
    }
    report.at_most("memory above idle and the hashing pool's own, MiB", 64.0, above);
    report.at_most("p99 of session checks in the flood against idle", 3.0, p99[1] / p99[0]);
    report.note(format!(
        "{}; {CONNECTIONS} connections from {CONNECTIONS} addresses, half of the passwords wrong; \
         clients, probe and server share {threads} cores.",
        Program::best().name()
    ));
    Ok(report)
}

fn log_in(child: &Child, browser: &Browser, email: &str) -> Outcome<Vec<u8>> {
    let answer = Connection::open(child.address)?.ask(&browser.login(&people::address(99_999), "", email, PASSWORD))?;
    expect(200, &answer)?;
    let cookie = answer.cookie("dev-session").ok_or_else(|| Failure::new("a login brought no session"))?;
    Ok(who(&format!("dev-session={cookie}")))
}

/// Asks 200 times a second and measures from the moment at which each question was due, so that a stall counts for
/// everybody who would have come meanwhile.
fn probe(child: &Child, request: &[u8], lasts: Duration, mut ended: impl FnMut() -> bool) -> Outcome<Vec<u64>> {
    let mut connection = Connection::open(child.address)?;
    let (start, mut nanos) = (Instant::now(), Vec::new());
    let mut due = start;
    while due - start < lasts && !ended() {
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        expect(200, &connection.ask(request)?)?;
        nanos.push(u64::try_from(due.elapsed().as_nanos()).unwrap_or(u64::MAX));
        due += PROBE_EVERY;
    }
    Ok(nanos)
}

fn mixed(browser: &Browser, addresses: &[String]) -> Vec<Vec<u8>> {
    let one = |(number, email): (usize, &String)| {
        let password = if number % 2 == 0 { PASSWORD } else { "seven dry herons on a gate" };
        browser.login(&people::address(number), "", email, password)
    };
    addresses.iter().enumerate().map(one).collect()
}

fn clients(requests: &Path, address: SocketAddr, lasts: Duration) -> Outcome<std::process::Child> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("flood-clients").arg(requests).arg(address.to_string()).arg(lasts.as_secs().to_string());
    Ok(command.stdout(Stdio::piped()).spawn()?)
}

/// The clients, in a process of their own.
pub(crate) struct Clients {
    requests: Vec<Vec<u8>>,
    address: SocketAddr,
    lasts: Duration,
}

impl Clients {
    /// Reads the arguments of the process.
    pub(crate) fn read(args: &[String]) -> Outcome<Self> {
        let [file, address, lasts] = args else { return Err(Failure::new("the benchmark itself starts this process")) };
        let requests = unpacked(&fs::read(file)?);
        Ok(Self { requests, address: address.parse()?, lasts: Duration::from_secs(lasts.parse()?) })
    }

    /// Floods, and says as JSON what came of it.
    pub(crate) fn run(self) -> Outcome {
        let load = Load { address: self.address, connections: CONNECTIONS, threads: 1, lasts: self.lasts };
        let answered = load.run(&Arc::new(self.requests))?;
        let statuses: serde_json::Map<_, _> =
            answered.statuses.iter().map(|(status, count)| (status.to_string(), json!(count))).collect();
        let total = answered.nanos.len();
        let json =
            json!({ "statuses": statuses, "total": total, "told_when": answered.told_when, "broken": answered.broken });
        println!("{json}");
        Ok(())
    }
}

fn packed(requests: &[Vec<u8>]) -> Vec<u8> {
    let one =
        |request: &Vec<u8>| [&u32::try_from(request.len()).unwrap_or_default().to_be_bytes()[..], request].concat();
    requests.iter().flat_map(one).collect()
}

fn unpacked(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut requests = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<4>() {
        let (request, rest) = rest.split_at((u32::from_be_bytes(*length) as usize).min(rest.len()));
        requests.push(request.to_vec());
        bytes = rest;
    }
    requests
}
