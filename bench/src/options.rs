//! The command line.

use std::path::PathBuf;

use crate::{
    failure::{Failure, Outcome},
    standin::StandIn,
};

/// What was asked for.
pub(crate) enum Command {
    /// Says how this is used.
    Help,
    /// Is a server for another process of this program.
    StandIn(StandIn),
    /// Measures.
    Measure(Options),
}

/// How to measure.
pub(crate) struct Options {
    /// What, in this order.
    pub(crate) measurements: Vec<Measurement>,
    /// How thoroughly.
    pub(crate) length: Length,
    /// How many sessions the database of `session-check` holds.
    pub(crate) sizes: Vec<u64>,
    /// Where to write the results for programs.
    pub(crate) json: Option<PathBuf>,
}

/// One thing that is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Measurement {
    SessionCheck,
    Access,
    Token,
    Refresh,
    Login,
    Flood,
    Start,
    Enumeration,
}

/// How thoroughly to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Length {
    /// To see that it works.
    Quick,
    /// To believe it.
    Full,
}

impl Length {
    /// One of two numbers.
    pub(crate) fn pick<T>(self, quick: T, full: T) -> T {
        match self {
            Self::Quick => quick,
            Self::Full => full,
        }
    }
}

const NAMES: [(&str, Measurement); 8] = [
    ("session-check", Measurement::SessionCheck),
    ("access", Measurement::Access),
    ("token", Measurement::Token),
    ("refresh", Measurement::Refresh),
    ("login", Measurement::Login),
    ("flood", Measurement::Flood),
    ("start", Measurement::Start),
    ("enumeration", Measurement::Enumeration),
];

/// Reads the command line.
pub(crate) fn read(args: impl Iterator<Item = String>) -> Outcome<Command> {
    let mut args = args.peekable();
    if let Some(standin) = args.peek().and_then(|name| StandIn::named(name)) {
        return standin(args.skip(1).collect()).map(Command::StandIn);
    }
    let mut options = Options { measurements: Vec::new(), length: Length::Full, sizes: Vec::new(), json: None };
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or_else(|| Failure::new(format!("{arg} needs a value")));
        match arg.as_str() {
            "--help" | "-h" => return Ok(Command::Help),
            "--quick" => options.length = Length::Quick,
            "--json" => options.json = Some(value()?.into()),
            "--sizes" => options.sizes = value()?.split(',').map(size).collect::<Outcome<_>>()?,
            name => {
                let known = NAMES.iter().find(|(known, _)| *known == name);
                let unknown = || Failure::new(format!("there is no measurement `{name}`; --help lists them"));
                options.measurements.push(known.ok_or_else(unknown)?.1);
            }
        }
    }
    if options.measurements.is_empty() {
        options.measurements = NAMES.map(|(_, measurement)| measurement).to_vec();
    }
    if options.sizes.is_empty() {
        options.sizes = options.length.pick(vec![1_000], vec![1_000, 1_000_000, 10_000_000]);
    }
    Ok(Command::Measure(options))
}

/// Reads `1000`, `1k` or `10m`.
fn size(text: &str) -> Outcome<u64> {
    let (digits, unit) = match text.trim().to_ascii_lowercase() {
        text if text.ends_with('k') => (text[..text.len() - 1].to_owned(), 1_000),
        text if text.ends_with('m') => (text[..text.len() - 1].to_owned(), 1_000_000),
        text => (text, 1),
    };
    let number: Option<u64> = digits.parse().ok().filter(|number| (1..=100_000).contains(number) || unit == 1);
    let number =
        number.and_then(|number| number.checked_mul(unit)).filter(|number| (100..=100_000_000).contains(number));
    number.ok_or_else(|| Failure::new(format!("`{text}` is no size between 100 and 100m")))
}

/// How this is used.
pub(crate) const HELP: &str = "\
doorward-bench: measures a Doorward from outside

usage: cargo xtask bench [NAME…] [--quick] [--sizes 1k,1m,10m] [--json FILE]

  session-check  asks who is there, against a bare axum handler with an answer of the same size
  access         asks what somebody may do where, one question and 100, against asking who is there; and in process
  token          verifies access tokens in process, against nothing but the signature by the fastest library
  refresh        renews access at the token endpoint, against single-row durable updates of the same store
  login          logs in, against nothing but the hash
  flood          memory, refusals and session checks under 1,000 logins at once
  start          time to the first answer, and memory while idle
  enumeration    whether times tell which addresses have accounts

Without a name it does all of them. --quick is for seeing that it works; believe only full runs, and compare rows of one
run, never of two. With DOORWARD_TEST_POSTGRES=postgres://… enumeration is measured on PostgreSQL as well, and with
DOORWARD_BENCH_POSTGRES refresh, for which a server must be durable; cargo xtask bench starts one when PostgreSQL is installed.
Databases are kept in target/bench and used again; 10m sessions take about 4 GB there.
";
