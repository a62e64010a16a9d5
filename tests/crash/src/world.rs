//! What must be true, as far as the answers so far tell.

use std::collections::BTreeMap;

use crate::{
    support::{Browser, Site, tell},
    town::Device,
};

/// The memory of one site's answers.
#[derive(Default)]
pub(crate) struct World {
    /// Sessions that must be refused from now on.
    ended: Vec<Device>,
    /// Sessions that must be live.
    live: BTreeMap<String, Device>,
    /// How often each change happened: action and subject.
    events: BTreeMap<(String, String), usize>,
    /// What became of the requests so far.
    pub(crate) tally: Tally,
}

/// What became of requests that were under way when the server died.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    /// The answer came.
    pub(crate) acknowledged: usize,
    /// No answer came, and it has happened.
    pub(crate) silently_done: usize,
    /// No answer came, and nothing has happened.
    pub(crate) undone: usize,
}

impl World {
    /// Remembers a live session.
    pub(crate) fn lives(&mut self, device: &Device) {
        self.live.insert(device.subject.clone(), device.clone());
    }

    /// Remembers that a session has ended.
    pub(crate) fn ends(&mut self, device: &Device) {
        self.live.remove(&device.subject);
        self.ended.push(device.clone());
    }

    /// Remembers that something happened, which the audit log must tell once.
    pub(crate) fn happened(&mut self, action: &str, subject: &str) {
        *self.events.entry((action.to_owned(), subject.to_owned())).or_default() += 1;
    }

    /// Compares what was acknowledged with what is found.
    pub(crate) fn judge(&mut self, what: &str, acknowledged: bool, is_so: bool) {
        assert!(is_so || !acknowledged, "{what} was acknowledged and is undone");
        let count = match (acknowledged, is_so) {
            (true, _) => &mut self.tally.acknowledged,
            (false, true) => &mut self.tally.silently_done,
            (false, false) => &mut self.tally.undone,
        };
        *count += 1;
    }

    /// Compares the audit log with the changes that are known: no change without its event, no event without its change.
    pub(crate) fn check_events(&self, site: &Site) {
        let mut found = BTreeMap::<(String, String), usize>::new();
        for event in site.audit() {
            let text = |key: &str| event[key].as_str().unwrap_or_default().to_owned();
            if let Some(action) = watched(&text("action"))
                && text("result") == "success"
            {
                *found.entry((action.to_owned(), text("target"))).or_default() += 1;
            }
        }
        let differs = |(key, count): &(&(String, String), &usize)| self.events.get(*key) != Some(*count);
        let surplus: Vec<_> = found.iter().filter(differs).collect();
        let missing: Vec<_> = self.events.iter().filter(|(key, _)| !found.contains_key(*key)).collect();
        assert!(surplus.is_empty() && missing.is_empty(), "in the log: {surplus:?}; not in the log: {missing:?}");
    }

    /// Asks for every session that was ever known.
    pub(crate) fn check_sessions(&self, site: &Site) {
        for device in &self.ended {
            assert!(!is_in(site, &device.browser), "{} has come back", device.subject);
        }
        for device in self.live.values() {
            assert!(is_in(site, &device.browser), "{} was lost", device.subject);
        }
    }

    /// Forgets which sessions live: a power cut may have taken fresh ones, or a rotation all of them.
    pub(crate) fn expect_no_session(&mut self) {
        self.ended.extend(std::mem::take(&mut self.live).into_values());
    }
}

impl Tally {
    /// Adds another one.
    pub(crate) fn add(&mut self, other: Self) {
        self.acknowledged += other.acknowledged;
        self.silently_done += other.silently_done;
        self.undone += other.undone;
    }

    /// A run whose kills never met anything in flight would prove nothing.
    pub(crate) fn check_met(&self, what: &str) {
        tell(&format!("{what}: {self:?}"));
        let Self { acknowledged, silently_done, undone } = *self;
        assert!(acknowledged > 0 && undone > 0, "the kills came too late or too early: {self:?} ({silently_done})");
    }
}

/// Whether the server lets a browser in; anything but a clear answer is a failure.
pub(crate) fn is_in(site: &Site, browser: &Browser) -> bool {
    match browser.who(site.port).status {
        200 => true,
        401 => false,
        other => panic!("unexpected {other}"),
    }
}

/// Whether a password opens an account.
pub(crate) fn opens(site: &Site, email: &str, password: &str) -> bool {
    let mut browser = Browser::visiting(site.port);
    match browser.log_in(site.port, email, password).status {
        200 => true,
        401 => false,
        other => panic!("unexpected {other}"),
    }
}

/// Actions whose events are compared; a session may end in two ways at the same moment, and one of them is the change.
fn watched(action: &str) -> Option<&'static str> {
    let known = ["session.all_ended", "password.reset", "password.changed", "reauthentication", "signup.completed"];
    match action {
        "session.logout" | "session.revoked" => Some(SESSION_ENDED),
        other => known.into_iter().find(|known| *known == other),
    }
}

/// A logout or a revocation.
pub(crate) const SESSION_ENDED: &str = "session ended";
