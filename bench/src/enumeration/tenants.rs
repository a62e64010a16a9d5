//! Whether the time of a no about a tenant tells whether it is there, or how much is in it.

use std::time::Duration;

use doorward::{
    Doorward,
    core::{AccountId, RoleName, Slug},
    operate,
};

use super::{Comparing, coin, compared};
use crate::{
    child::Child,
    failure::{Failure, Outcome},
    people::{self, Browser, PASSWORD},
    report::Report,
    setup::Setup,
    wire::{self, Connection},
};

/// How many members a large tenant has; a small one has its owner and whoever asks.
const MANY: usize = 100;
/// What the policy gives to owners alone.
const REFUSED: &str = "tenant:delete";
const STRANGER: &str = "asks-as-stranger@example.com";
const MEMBER: &str = "asks-as-member@example.com";

/// Whoever asks, what the answer is, and two kinds of tenants that must not be told apart by it.
struct Comparison {
    name: &'static str,
    asker: &'static str,
    status: u16,
    kinds: [&'static str; 2],
}

const COMPARISONS: [Comparison; 3] = [
    Comparison { name: "404: no tenant, large tenant", asker: STRANGER, status: 404, kinds: ["blank", "large"] },
    Comparison { name: "404: small tenant, large tenant", asker: STRANGER, status: 404, kinds: ["small", "large"] },
    Comparison { name: "403: small tenant, large tenant", asker: MEMBER, status: 403, kinds: ["small", "large"] },
];

/// Makes tenants of both kinds, all with one member who may little, and somebody who belongs to none.
pub(super) async fn prepare(doorward: &Doorward, pairs: usize) -> Outcome {
    let asking = people::accounts(doorward, &[MEMBER.to_owned(), STRANGER.to_owned()]).await?;
    let others: Vec<_> = (0..MANY).map(|number| format!("belongs{number}@example.com")).collect();
    let others = people::accounts(doorward, &others).await?;
    for number in 0..kept(pairs) {
        eprint!("\r  {} of {} tenants ", number + 1, kept(pairs));
        tenant(doorward, &named("small", number), &[others[0], asking[0]]).await?;
        let everybody: Vec<_> = others.iter().chain(&asking[..1]).copied().collect();
        tenant(doorward, &named("large", number), &everybody).await?;
    }
    eprintln!();
    Ok(())
}

/// How many tenants there are of each kind; each is asked about several times.
fn kept(pairs: usize) -> usize {
    pairs.div_ceil(10)
}

/// All names are of one length, and none is of a tenant that is `blank`.
fn named(kind: &str, number: usize) -> String {
    format!("{kind}-{number:05}")
}

/// Makes a tenant of these people, of whom the first is its owner.
async fn tenant(doorward: &Doorward, name: &str, people: &[AccountId]) -> Outcome {
    let refused = |what: &str| Failure::new(format!("{name}: {what}"));
    let slug = name.parse::<Slug>().map_err(|_| refused("this is no slug"))?;
    let member = "member".parse::<RoleName>().map_err(|_| refused("this is no role"))?;
    let made = operate::create_tenant(doorward, slug, name, people.first().copied()).await;
    let id = made.map_err(|error| refused(&error.to_string()))?;
    for account in &people[1..] {
        let added = operate::add_member(doorward, id, *account, vec![member.clone()]).await;
        added.map_err(|error| refused(&error.to_string()))?;
    }
    Ok(())
}

pub(super) fn run(engine: &'static str, setup: &Setup, child: &Child, pairs: usize, report: &mut Report) -> Outcome {
    let browser = Browser::open(setup, child)?;
    for comparison in &COMPARISONS {
        let mut connection = Connection::open(child.address)?;
        let answer = connection.ask(&browser.login("198.51.100.1", "", comparison.asker, PASSWORD))?;
        let session = answer.cookie("dev-session").ok_or_else(|| Failure::new("a login brought no session"))?;
        let mut asker = Asker { connection, cookie: format!("dev-session={session}") };
        compared(engine, comparison.name, report, |_| asker.compare(comparison, pairs))?;
    }
    Ok(())
}

struct Asker {
    connection: Connection,
    cookie: String,
}

impl Asker {
    fn compare(&mut self, comparison: &Comparison, pairs: usize) -> Outcome<Comparing> {
        let mut samples = [Vec::with_capacity(pairs), Vec::with_capacity(pairs)];
        for number in 0..pairs {
            let first = coin();
            for kind in [first, 1 - first] {
                let took = self.ask(&named(comparison.kinds[kind], number % kept(pairs)), comparison.status)?;
                samples[kind].push(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
            }
        }
        Ok(samples)
    }

    fn ask(&mut self, tenant: &str, status: u16) -> Outcome<Duration> {
        let headers = [("accept", "application/json"), ("cookie", self.cookie.as_str())];
        let body = format!(r#"{{"tenant":"{tenant}","permission":"{REFUSED}"}}"#);
        let request = wire::request("POST", "/auth/check", &headers, Some(("application/json", &body)));
        let (answer, took) = self.connection.timed(&request)?;
        people::expect(status, &answer)?;
        Ok(took)
    }
}
