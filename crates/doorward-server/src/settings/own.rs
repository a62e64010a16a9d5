//! The sections of this program: its sockets, and what weakens protection.

use std::{net::SocketAddr, ops::RangeInclusive};

use doorward::config::{Entry, Section, Setting, SettingsError};
use toml::Table;

/// How the program serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServerSettings {
    /// Where it listens.
    pub(crate) listen: SocketAddr,
    /// Where `/metrics` is, when it is anywhere.
    pub(crate) metrics_listen: Option<SocketAddr>,
    /// Worker threads; 0 means one for each core.
    pub(crate) workers: usize,
}

/// What weakens protection and is therefore spelled out and logged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DangerSettings {
    /// Whether `doorward serve` takes a public URL with plain http on this machine.
    pub(crate) allow_http_public_url: bool,
}

impl Section for ServerSettings {
    const NAME: &'static str = "server";

    fn reference() -> Vec<Entry> {
        let text = <String as Setting>::SHAPE;
        vec![
            entry("server", "listen", text, LISTEN.to_owned().show(), None, LISTEN_DOC),
            entry("server", "metrics_listen", text, String::new().show(), None, METRICS_DOC),
            entry("server", "workers", <u32 as Setting>::SHAPE, 0_u32.show(), Some(WORKERS), WORKERS_DOC),
        ]
    }

    fn read(table: &Table, errors: &mut Vec<SettingsError>) -> Self {
        let mut reader = Reader { section: Self::NAME, table, errors };
        reader.refuse_unknown(&Self::reference());
        let listen = reader.address("listen", LISTEN);
        Self {
            listen: listen.unwrap_or_else(|| LISTEN.parse().expect("the default is an address")),
            metrics_listen: reader.address("metrics_listen", ""),
            workers: reader.workers(),
        }
    }
}

impl Section for DangerSettings {
    const NAME: &'static str = "danger";

    fn reference() -> Vec<Entry> {
        vec![entry("danger", "allow_http_public_url", <bool as Setting>::SHAPE, false.show(), None, HTTP_DOC)]
    }

    fn read(table: &Table, errors: &mut Vec<SettingsError>) -> Self {
        let mut reader = Reader { section: Self::NAME, table, errors };
        reader.refuse_unknown(&Self::reference());
        Self { allow_http_public_url: reader.value("allow_http_public_url").unwrap_or_default() }
    }
}

/// Reads one section and collects what is wrong with it.
struct Reader<'r> {
    section: &'static str,
    table: &'r Table,
    errors: &'r mut Vec<SettingsError>,
}

impl Reader<'_> {
    fn refuse_unknown(&mut self, known: &[Entry]) {
        let known: Vec<&str> = known.iter().map(|entry| entry.key).collect();
        for key in self.table.keys().filter(|key| !known.contains(&key.as_str())) {
            let cure = format!("Remove the line; this section knows: {}.", known.join(", "));
            let error = SettingsError {
                key: format!("{}.{key}", self.section),
                problem: "there is no such setting".to_owned(),
                cure,
            };
            self.errors.push(error);
        }
    }

    fn value<T: Setting>(&mut self, key: &str) -> Option<T> {
        let read = T::read(self.table.get(key)?);
        read.map_err(|shape| self.refuse(key, format!("it must be {shape}"))).ok()
    }

    /// An address with its port; nothing when the text is empty.
    fn address(&mut self, key: &str, default: &str) -> Option<SocketAddr> {
        let text: String = self.value(key).unwrap_or_else(|| default.to_owned());
        if text.is_empty() && default.is_empty() {
            return None;
        }
        let address = text.parse();
        address
            .map_err(|_| self.refuse(key, "it must be an address and a port, such as 127.0.0.1:4400".to_owned()))
            .ok()
    }

    fn workers(&mut self) -> usize {
        let workers: u32 = self.value("workers").unwrap_or_default();
        if !WORKERS.contains(&workers) {
            self.refuse("workers", format!("it must be between {} and {}", WORKERS.start(), WORKERS.end()));
        }
        workers as usize
    }

    fn refuse(&mut self, key: &str, problem: String) {
        let cure = "Correct it or remove the line to use the default.".to_owned();
        self.errors.push(SettingsError { key: format!("{}.{key}", self.section), problem, cure });
    }
}

fn entry(
    section: &'static str,
    key: &'static str,
    shape: &'static str,
    default: String,
    bounds: Option<RangeInclusive<u32>>,
    doc: &str,
) -> Entry {
    let bounds = bounds.map(|bounds| (bounds.start().to_string(), bounds.end().to_string()));
    Entry { section, key, shape, default, bounds, doc: doc.to_owned() }
}

const LISTEN: &str = "127.0.0.1:4400";
const WORKERS: RangeInclusive<u32> = 0..=512;
const LISTEN_DOC: &str =
    "The address and port for HTTP. The default is for a reverse proxy on the same machine, which brings TLS.";
const METRICS_DOC: &str = "The address and port of a second listener that answers `/metrics` (Prometheus) and nothing else. Empty: \
    nowhere. It has no login, so keep it where only your monitoring reaches it.";
const WORKERS_DOC: &str =
    "Threads that serve requests; 0 means one for each core. Passwords are hashed on threads of their own.";
const HTTP_DOC: &str = "Lets `doorward serve` start with a public URL of plain http, on localhost only: for trying out production \
    settings on one machine. It is logged at every start.";
