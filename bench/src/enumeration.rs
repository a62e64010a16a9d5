//! Whether the time of an answer tells who has an account (attack C-17), or what tenants there are.
//!
//! Two kinds of people are asked for in turns, in a random order within each pair, and the times are compared by rank:
//! means drown in the noise of a machine, ranks do not. `z` is how many standard deviations the second kind's ranks lie
//! above chance; beyond 4 in two of three repeats counts as a leak. An attacker may ask more often than this does, so
//! the difference of the medians stands beside it.

mod tenants;

use std::time::Duration;

use doorward::{
    core::{Entropy, SystemEntropy},
    operate,
};

use crate::{
    child::Child,
    failure::Outcome,
    options::Options,
    people::{self, Browser, PASSWORD},
    postgres::Postgres,
    report::{Cell, Report},
    setup::{Program, Setup, fresh_folder},
    sink,
    stats::{mann_whitney, quantile},
    wire::Connection,
};

const REPEATS: usize = 3;
const WRONG: &str = "seven dry herons on a gate";

/// Measures on SQLite, and on PostgreSQL when there is one.
pub(crate) fn run(options: &Options) -> Outcome<Report> {
    let pairs = options.length.pick(40, 400);
    let mut report = Report::new("enumeration", &["engine", "compared", "z", "difference of medians, µs", "verdict"]);
    let embedded = Setup::embedded(fresh_folder("enumeration")?, sink::start()?)?;
    on_engine("SQLite", &embedded, pairs, &mut report)?;
    if let Ok(server) = std::env::var("DOORWARD_TEST_POSTGRES") {
        let database = Postgres::make(&server)?;
        let setup = Setup::on(fresh_folder("enumeration-postgres")?, database.url.clone(), sink::start()?)?;
        on_engine("PostgreSQL", &setup, pairs, &mut report)?;
    }
    report.note(format!(
        "{}; {REPEATS} repeats of {pairs} pairs; a leak is |z| of 4 or more in two of them.",
        Program::best().name()
    ));
    Ok(report)
}

/// Two kinds of people who must not be told apart.
struct Comparison {
    name: &'static str,
    act: Act,
    /// The beginnings of their addresses: somebody unknown first.
    kinds: [&'static str; 2],
    /// Whether to let the letters of one request be written before the next, so that only the request itself is timed.
    settle: bool,
}

/// What is done to an address, and timed.
#[derive(Clone, Copy)]
enum Act {
    LogIn,
    Forget,
    SignUp,
    /// Asks for a reset link, untimed, and times the request that comes right after it.
    AfterForgetting,
}

const COMPARISONS: [Comparison; 6] = [
    Comparison { name: "login: unknown, wrong password", act: Act::LogIn, kinds: ["a", "wrong"], settle: false },
    Comparison { name: "login: unknown, disabled", act: Act::LogIn, kinds: ["b", "disabled"], settle: false },
    Comparison { name: "login: unknown, unconfirmed", act: Act::LogIn, kinds: ["c", "unconfirmed"], settle: false },
    Comparison { name: "forgot: unknown, known", act: Act::Forget, kinds: ["d", "forgot"], settle: true },
    Comparison { name: "sign-up: free, taken", act: Act::SignUp, kinds: ["e", "taken"], settle: true },
    Comparison { name: "after forgot: unknown, known", act: Act::AfterForgetting, kinds: ["f", "after"], settle: true },
];

fn on_engine(engine: &'static str, setup: &Setup, pairs: usize, report: &mut Report) -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(people_of_all_kinds(setup, pairs))?;
    let child = setup.serve(Program::best(), None)?;
    let mut asker = Asker::new(setup, &child)?;
    for number in 0..pairs {
        let email = format!("unconfirmed{number}@example.com");
        asker.post("/auth/signup", &[("email", &email), ("password", PASSWORD)], 202)?;
    }
    for comparison in &COMPARISONS {
        compared(engine, comparison.name, report, |repeat| asker.compare(comparison, repeat, pairs))?;
    }
    tenants::run(engine, setup, &child, pairs, report)
}

/// The times of the first kind and of the second, in nanoseconds.
type Comparing = [Vec<u64>; 2];

/// Compares twice more, and reports.
fn compared(
    engine: &'static str,
    name: &'static str,
    report: &mut Report,
    mut compare: impl FnMut(usize) -> Outcome<Comparing>,
) -> Outcome {
    let (mut scores, mut differences) = (Vec::new(), Vec::new());
    for repeat in 0..REPEATS {
        eprintln!("  {engine}, {name}, repeat {}", repeat + 1);
        let [mut first, mut second] = compare(repeat)?;
        scores.push(mann_whitney(&second, &first));
        differences.push((quantile(&mut second, 0.5) - quantile(&mut first, 0.5)) / 1e3);
    }
    let told = |values: &[f64], digits: usize| {
        values.iter().map(|value| format!("{value:+.digits$}")).collect::<Vec<_>>().join(" ")
    };
    let leaks = scores.iter().filter(|z| z.abs() >= 4.0).count() >= 2;
    report.row(vec![
        engine.into(),
        name.into(),
        told(&scores, 1).into(),
        told(&differences, 0).into(),
        Cell::from(if leaks { "LEAK" } else { "no leak seen" }),
    ]);
    Ok(())
}

/// Makes those who have an account. Each is asked for once in a repeat, so that no throttle and no limit of letters
/// speaks instead.
async fn people_of_all_kinds(setup: &Setup, pairs: usize) -> Outcome {
    let doorward = setup.open().await?;
    for kind in ["wrong", "disabled", "forgot", "taken", "after"] {
        let addresses: Vec<String> = (0..pairs).map(|number| format!("{kind}{number}@example.com")).collect();
        for id in people::accounts(&doorward, &addresses).await? {
            if kind == "disabled" {
                operate::disable(&doorward, id).await?;
            }
        }
    }
    tenants::prepare(&doorward, pairs).await
}

/// One connection that asks from ever new addresses.
struct Asker {
    connection: Connection,
    browser: Browser,
    asked: usize,
}

impl Asker {
    fn new(setup: &Setup, child: &Child) -> Outcome<Self> {
        let browser = Browser::open(setup, child)?;
        Ok(Self { connection: Connection::open(child.address)?, browser, asked: 0 })
    }

    fn compare(&mut self, comparison: &Comparison, repeat: usize, pairs: usize) -> Outcome<Comparing> {
        let mut samples = [Vec::with_capacity(pairs), Vec::with_capacity(pairs)];
        for number in 0..pairs {
            let first = coin();
            for kind in [first, 1 - first] {
                // Somebody unknown stays unknown only while nobody has signed up with that address: each repeat has its own.
                let name = comparison.kinds[kind];
                let name = if kind == 0 { format!("{name}{repeat}-") } else { name.to_owned() };
                let took = self.act(comparison.act, &format!("{name}{number}@example.com"))?;
                samples[kind].push(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
                if comparison.settle {
                    std::thread::sleep(Duration::from_millis(15));
                }
            }
        }
        Ok(samples)
    }

    fn act(&mut self, act: Act, email: &str) -> Outcome<Duration> {
        match act {
            Act::LogIn => self.post("/auth/login", &[("email", email), ("password", WRONG)], 401),
            Act::Forget => self.post("/auth/password/forgot", &[("email", email)], 202),
            Act::SignUp => self.post("/auth/signup", &[("email", email), ("password", PASSWORD)], 202),
            Act::AfterForgetting => {
                self.post("/auth/password/forgot", &[("email", email)], 202)?;
                self.post("/auth/password/forgot", &[("email", "nobody-at-all@example.com")], 202)
            }
        }
    }

    fn post(&mut self, path: &str, form: &[(&str, &str)], status: u16) -> Outcome<Duration> {
        self.asked += 1;
        let request = self.browser.post(path, &people::address(self.asked), "", form);
        let (answer, took) = self.connection.timed(&request)?;
        people::expect(status, &answer)?;
        Ok(took)
    }
}

fn coin() -> usize {
    let mut byte = [0];
    SystemEntropy.fill(&mut byte);
    usize::from(byte[0] & 1)
}
