//! The people before the crashes: accounts, sessions, links in letters. Made once, then copied, because hashes are slow.

use std::{collections::BTreeMap, thread};

use serde_json::{Value, json};

use crate::support::{Browser, Site, until};

/// How many people of each kind a test needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// Sessions that will be ended one by one.
    pub(crate) strays: usize,
    /// People with three devices, who will log out everywhere.
    pub(crate) flocks: usize,
    /// People with two devices and a reset link.
    pub(crate) forgetful: usize,
    /// People with two devices who will change their password.
    pub(crate) careful: usize,
    /// People who have signed up and not confirmed yet.
    pub(crate) newcomers: usize,
}

/// An account.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) email: String,
    pub(crate) password: String,
    /// As the audit log writes it.
    pub(crate) subject: String,
    /// Their sessions; the first is never ended alone.
    pub(crate) devices: Vec<Device>,
}

/// A session and the browser that has it.
#[derive(Clone, Debug)]
pub(crate) struct Device {
    pub(crate) browser: Browser,
    /// As the audit log writes it.
    pub(crate) subject: String,
}

/// Somebody with a link in a letter.
#[derive(Clone, Debug)]
pub(crate) struct Linked<T> {
    pub(crate) who: T,
    pub(crate) token: String,
}

/// A sign-up that waits for its confirmation.
#[derive(Clone, Debug)]
pub(crate) struct Newcomer {
    pub(crate) email: String,
    pub(crate) password: String,
}

/// Everybody.
#[derive(Clone, Debug)]
pub(crate) struct Town {
    pub(crate) walkers: Vec<Person>,
    pub(crate) flocks: Vec<Person>,
    pub(crate) forgetful: Vec<Linked<Person>>,
    pub(crate) careful: Vec<Person>,
    pub(crate) newcomers: Vec<Linked<Newcomer>>,
}

impl Town {
    /// Lets everybody move in; the server runs.
    pub(crate) fn new(site: &Site, plan: Plan) -> Self {
        let each = (plan.strays.div_ceil(WALKERS) + 1).clamp(10, 90);
        let walkers = plan.strays.div_ceil(each - 1);
        let kinds = [("walker", walkers, each), ("flock", plan.flocks, 3), ("forgetful", plan.forgetful, 2)];
        let kinds = kinds.into_iter().chain([("careful", plan.careful, 2)]);
        let wanted = kinds.flat_map(|(kind, count, devices)| (0..count).map(move |n| (kind, n, devices)));
        let mut people = move_in(site, &wanted.collect::<Vec<_>>());
        let mut take = |kind: &str| people.remove(kind).unwrap_or_default();
        let (walkers, flocks, careful) = (take("walker"), take("flock"), take("careful"));
        let (forgetful, newcomers) = (take("forgetful"), sign_up(site, plan.newcomers));
        for person in &forgetful {
            ask(site, "/auth/password/forgot", &json!({ "email": person.email }));
        }
        let forgetful = linked(site, forgetful, |person| &person.email, "/auth/password/reset");
        let newcomers = linked(site, newcomers, |newcomer| &newcomer.email, "/auth/email/verify");
        Self { walkers, flocks, forgetful, careful, newcomers }
    }
}

impl Device {
    /// Logs in and asks who that is.
    pub(crate) fn log_in(site: &Site, browser: &mut Browser, email: &str, password: &str) -> (Self, String) {
        let answer = browser.log_in(site.port, email, password);
        assert_eq!(answer.status, 200, "{answer:?}");
        Self::of(site, browser)
    }

    /// Asks a browser with a session whose it is; returns the account's subject as well.
    pub(crate) fn of(site: &Site, browser: &mut Browser) -> (Self, String) {
        let answer = browser.who(site.port);
        assert_eq!(answer.status, 200, "{answer:?}");
        browser.keep(&answer);
        let who = answer.json();
        let subject = |of: &str| format!("{of}:{}", who[of]["id"].as_str().unwrap());
        (Self { subject: subject("session"), browser: browser.clone() }, subject("account"))
    }

    /// The session's public name.
    pub(crate) fn id(&self) -> &str {
        self.subject.strip_prefix("session:").expect("a device has a session")
    }
}

fn move_in(site: &Site, wanted: &[(&str, usize, usize)]) -> BTreeMap<String, Vec<Person>> {
    // Two at a time: each waits for hashes most of the time.
    let (even, odd): (Vec<_>, Vec<_>) = wanted.iter().enumerate().partition(|(index, _)| index % 2 == 0);
    let make = |part: Vec<(usize, &(&str, usize, usize))>| -> Vec<_> {
        part.into_iter().map(|(_, (kind, n, devices))| ((*kind).to_owned(), person(site, kind, *n, *devices))).collect()
    };
    let made = thread::scope(|scope| {
        let other = scope.spawn(|| make(odd));
        let mut made = make(even);
        made.extend(other.join().unwrap());
        made
    });
    let mut people = BTreeMap::<String, Vec<Person>>::new();
    for (kind, person) in made {
        people.entry(kind).or_default().push(person);
    }
    people
}

fn person(site: &Site, kind: &str, n: usize, devices: usize) -> Person {
    let (email, password) = (format!("{kind}{n}@example.com"), format!("brown kettles of {kind} {n}"));
    site.make(&email, &password);
    let mut subject = String::new();
    // One person's devices share the mark of a known device, so that one letter announces them, not forty.
    let mut mark = Browser::default();
    let mut device = || {
        let mut browser = mark.without_session(site.port);
        let (device, account) = Device::log_in(site, &mut browser, &email, &password);
        mark = browser;
        subject = account;
        device
    };
    let devices = (0..devices).map(|_| device()).collect();
    Person { subject, devices, email, password }
}

fn sign_up(site: &Site, count: usize) -> Vec<Newcomer> {
    let newcomer = |n| {
        let newcomer = Newcomer { email: format!("new{n}@example.com"), password: format!("a lamp for newcomer {n}") };
        ask(site, "/auth/signup", &json!({ "email": newcomer.email, "password": newcomer.password }));
        newcomer
    };
    (0..count).map(newcomer).collect()
}

/// Asks for a letter.
pub(crate) fn ask(site: &Site, path: &str, body: &Value) {
    let answer = Browser::visiting(site.port).send(site.port, "POST", path, body);
    assert_eq!(answer.status, 202, "{answer:?}");
}

/// Waits for the letters with the links.
pub(crate) fn linked<T>(site: &Site, people: Vec<T>, email: fn(&T) -> &String, path: &str) -> Vec<Linked<T>> {
    let mut tokens = BTreeMap::new();
    until("the letters come", || {
        let link = |text: &str| {
            let (_, rest) = text.split_once(&format!("{path}?token="))?;
            rest.split_whitespace().next().map(str::to_owned)
        };
        tokens = site.letters().into_iter().filter_map(|(to, text)| Some((to, link(&text)?))).collect();
        people.iter().all(|person| tokens.contains_key(email(person)))
    });
    people.into_iter().map(|who| Linked { token: tokens[email(&who)].clone(), who }).collect()
}

/// How many people share the strays, unless that makes too few or too many sessions for one of them.
const WALKERS: usize = 4;
