//! What an operator watches, in the Prometheus text format; no label ever names a person.

use std::sync::atomic::AtomicI64;

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

/// How something ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Ended {
    pub(crate) result: &'static str,
}

/// What a link was for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Link {
    pub(crate) kind: &'static str,
}

/// All counters of one Doorward.
pub(crate) struct Metrics {
    registry: Registry,
    pub(crate) faults: Counter,
    pub(crate) logins: Family<Ended, Counter>,
    pub(crate) letters: Family<Ended, Counter>,
    pub(crate) throttled: Counter,
    pub(crate) links_refused: Family<Link, Counter>,
    pub(crate) hashing_refused: Counter,
    pub(crate) hashing_waiting: Gauge<i64, AtomicI64>,
    pub(crate) audit_lines_lost: Counter,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("doorward"),
            faults: Counter::default(),
            logins: Family::default(),
            letters: Family::default(),
            throttled: Counter::default(),
            links_refused: Family::default(),
            hashing_refused: Counter::default(),
            hashing_waiting: Gauge::default(),
            audit_lines_lost: Counter::default(),
        };
        let all = &mut metrics.registry;
        all.register(
            "faults",
            "Requests answered with 503 because something we depend on, or the program itself, failed",
            metrics.faults.clone(),
        );
        all.register("logins", "Logins by result", metrics.logins.clone());
        all.register("letters", "Letters by result", metrics.letters.clone());
        all.register("throttled", "Attempts refused by a throttle", metrics.throttled.clone());
        all.register("links_refused", "Links that were refused, by kind", metrics.links_refused.clone());
        all.register(
            "hashing_refused",
            "Password hashes refused because the pool was full",
            metrics.hashing_refused.clone(),
        );
        all.register("hashing_waiting", "Password hashes waiting or being computed", metrics.hashing_waiting.clone());
        all.register(
            "audit_lines_lost",
            "Audit lines the output stream could not take; the log has them",
            metrics.audit_lines_lost.clone(),
        );
        metrics
    }

    /// Counts one login.
    pub(crate) fn login(&self, result: &'static str) {
        self.logins.get_or_create(&Ended { result }).inc();
    }

    /// Counts one letter.
    pub(crate) fn letter(&self, result: &'static str) {
        self.letters.get_or_create(&Ended { result }).inc();
    }

    /// Counts one link that was refused.
    pub(crate) fn link_refused(&self, kind: &'static str) {
        self.links_refused.get_or_create(&Link { kind }).inc();
    }

    /// Writes everything in the Prometheus text format (OpenMetrics 1.0).
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("writing to a string succeeds");
        text
    }
}
