//! What it costs to ask what somebody may do, beside asking who they are: one question, a hundred about one tenant, a hundred
//! about all that the person belongs to; and in process, where nothing but the question is left.
//!
//! The three over HTTP go to one server in turns, with the same sessions over as many connections as `session-check` has.

use std::{
    hint::black_box,
    sync::Arc,
    time::{Duration, Instant},
};

use doorward::{Doorward, operate};

use crate::{
    child::Child,
    failure::{Failure, Outcome},
    load::{Answered, Load},
    options::Options,
    people::{expect, who},
    report::{Cell, Report},
    session_check::{CONNECTIONS, all_good, cores},
    sessions::{self, SESSIONS_PER_ACCOUNT},
    setup::{Program, Setup},
    sink,
    stats::{median, quantile, range, spread},
    tenants::{TENANTS_OF_A_PERSON, Town, slug},
    wire::{self, Connection},
};

/// Pairs of a person and a tenant that are asked about, spread over all memberships.
const PAIRS: u64 = 50_000;
const QUESTIONS: u64 = 100;
const PERMISSION: &str = "members:read";
const COLUMNS: [&str; 7] =
    ["asked", "answered by", "per second", "of who is there", "least CPU \u{b5}s", "p50 \u{b5}s", "p99 \u{b5}s"];

/// Measures over HTTP, then in process.
pub(crate) fn run(options: &Options) -> Outcome<Report> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let town = options
        .length
        .pick(Town { tenants: 100, memberships: 10_000 }, Town { tenants: 10_000, memberships: 1_000_000 });
    let setup = runtime.block_on(town.prepared(sink::start()?))?;
    let mut report = Report::new("access", &COLUMNS);
    over_http(&setup, town, options.length.pick(4, 40), &mut report)?;
    let doorward = runtime.block_on(setup.open())?;
    runtime.block_on(in_process(&doorward, town, &mut report))?;
    report.note(format!(
        "{} tenants, {} memberships, {TENANTS_OF_A_PERSON} for each person; over HTTP {CONNECTIONS} kept connections, {} cores shared; \
         medians of paired rounds \u{b1} half the distance of the quartiles. In process: one thread, {PAIRS} different pairs.",
        town.tenants,
        town.memberships,
        cores(),
    ));
    Ok(report)
}

/// One kind of question and how it did in each round.
struct Asked {
    name: &'static str,
    requests: Arc<Vec<Vec<u8>>>,
    rates: Vec<f64>,
    processor_micros: Vec<f64>,
    p50_micros: Vec<f64>,
    p99_micros: Vec<f64>,
}

impl Asked {
    fn new(name: &'static str, requests: impl Iterator<Item = Vec<u8>>) -> Self {
        let requests = Arc::new(requests.collect());
        Self {
            name,
            requests,
            rates: Vec::new(),
            processor_micros: Vec::new(),
            p50_micros: Vec::new(),
            p99_micros: Vec::new(),
        }
    }

    fn round(&self, child: &Child, lasts: Duration) -> Outcome<(Answered, f64)> {
        let load = Load { address: child.address, connections: CONNECTIONS, threads: cores(), lasts };
        let before = child.processor_time()?;
        let answered = load.run(&self.requests)?;
        let processor = child.processor_time()? - before;
        all_good(&answered)?;
        let each = processor.as_secs_f64() * 1e6 / answered.nanos.len() as f64;
        Ok((answered, each))
    }

    fn measure(&mut self, child: &Child) -> Outcome {
        let (mut answered, processor_micros) = self.round(child, Duration::from_millis(500))?;
        self.rates.push(answered.rate());
        self.processor_micros.push(processor_micros);
        self.p50_micros.push(quantile(&mut answered.nanos, 0.5) / 1e3);
        self.p99_micros.push(quantile(&mut answered.nanos, 0.99) / 1e3);
        Ok(())
    }

    /// Its rate as a share of another's in the same round.
    fn shares(&self, other: &Self) -> Vec<f64> {
        self.rates.iter().zip(&other.rates).map(|(own, other)| own / other).collect()
    }
}

/// The memberships that are asked about, and the session of each one's person.
fn session(number: u64) -> u64 {
    number / TENANTS_OF_A_PERSON * SESSIONS_PER_ACCOUNT
}

/// What is asked, beginning with what everything is compared with.
fn kinds(setup: &Setup, town: Town, numbers: &[u64]) -> Outcome<[Asked; 4]> {
    let keys = setup.keys()?;
    let cookie = |number: u64| sessions::cookie(&keys, session(number));
    let tenant = |number: u64| slug(town.tenant_of(number));
    let one = |tenant: &str| format!(r#"{{"tenant":"{tenant}","permission":"{PERMISSION}"}}"#);
    let many = |tenants: &mut dyn Iterator<Item = String>| {
        let questions: Vec<_> = tenants.map(|tenant| one(&tenant)).collect();
        format!(r#"{{"questions":[{}]}}"#, questions.join(","))
    };
    let ask = |number: u64, body: &str| {
        let cookie = cookie(number);
        let headers = [("accept", "application/json"), ("cookie", cookie.as_str())];
        wire::request("POST", "/auth/check", &headers, Some(("application/json", body)))
    };
    let every = |number: u64| {
        let first = number - number % TENANTS_OF_A_PERSON;
        many(&mut (0..QUESTIONS).map(|nth| tenant(first + nth % TENANTS_OF_A_PERSON)))
    };
    // A hundred questions are long, and what ten tenants of so many people say has room in memory beside the pairs.
    let few = || numbers.iter().take(4_000).copied();
    Ok([
        Asked::new("who is there", numbers.iter().map(|number| who(&cookie(*number)))),
        Asked::new("one question", numbers.iter().map(|number| ask(*number, &one(&tenant(*number))))),
        Asked::new(
            "100 about one tenant",
            few().map(|number| ask(number, &many(&mut (0..QUESTIONS).map(|_| tenant(number))))),
        ),
        Asked::new("100 about ten tenants", few().map(|number| ask(number, &every(number)))),
    ])
}

fn over_http(setup: &Setup, town: Town, rounds: u32, report: &mut Report) -> Outcome {
    let numbers = sessions::spread(PAIRS.min(town.memberships), town.memberships)?;
    let mut all = kinds(setup, town, &numbers)?;
    let used: Vec<u64> = numbers.iter().map(|number| session(*number)).collect();
    let program = Program::best();
    let child = setup.serve(program, Some(cores()))?;
    sessions::freshen(setup, &used)?;
    for asked in &all {
        expect(200, &Connection::open(child.address)?.ask(&asked.requests[0])?)?;
    }
    // A server that is in use has a log beside its database; without one, a read costs a little more.
    sessions::freshen(setup, &used[..1])?;
    // Everything that is asked for has been read once before anything counts; all is over before a use would be noted.
    for (asked, secs) in all.iter().zip([5, 5, 2, 2]) {
        asked.round(&child, Duration::from_secs(secs))?;
    }
    for number in 0..rounds {
        eprint!("\r  access, round {} ", number + 1);
        for asked in &mut all {
            asked.measure(&child)?;
        }
    }
    eprintln!();
    for asked in &all {
        let shares = asked.shares(&all[0]);
        report.row(vec![
            asked.name.into(),
            program.name().into(),
            Cell::Number(median(&asked.rates), 0),
            format!("{:.2} \u{b1} {:.2}", median(&shares), spread(&shares)).into(),
            Cell::Number(range(&asked.processor_micros).0, 1),
            Cell::Number(median(&asked.p50_micros), 0),
            Cell::Number(median(&asked.p99_micros), 0),
        ]);
    }
    report.at_least("one question: share of the requests/s of who is there", 0.75, median(&all[1].shares(&all[0])));
    for asked in &all[2..] {
        report.at_most(format!("{}: times one question", asked.name), 3.0, median(&all[1].shares(asked)));
    }
    Ok(())
}

/// The question alone, first from the database and then from memory.
async fn in_process(doorward: &Doorward, town: Town, report: &mut Report) -> Outcome {
    let pairs: Vec<_> = sessions::spread(PAIRS.min(town.memberships), town.memberships)?
        .into_iter()
        .map(|number| (town.person_of(number), slug(town.tenant_of(number))))
        .collect();
    for name in ["from the database", "from memory"] {
        let mut nanos = Vec::with_capacity(pairs.len());
        for (account, tenant) in &pairs {
            let start = Instant::now();
            let may = operate::may(doorward, black_box(*account), black_box(tenant), PERMISSION).await?;
            nanos.push(u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX));
            if !may {
                return Err(Failure::new(format!("{account} may not in {tenant}")));
            }
        }
        let p99 = quantile(&mut nanos, 0.99) / 1e3;
        let mean = nanos.iter().sum::<u64>() as f64 / nanos.len() as f64;
        report.row(vec![
            format!("a permission, {name}").into(),
            "in process".into(),
            Cell::Number(1e9 / mean, 0),
            "".into(),
            "".into(),
            Cell::Number(quantile(&mut nanos, 0.5) / 1e3, 2),
            Cell::Number(p99, 2),
        ]);
        if name == "from memory" {
            report.at_most("a permission from memory, p99 in \u{b5}s", 5.0, p99);
        }
    }
    Ok(())
}
