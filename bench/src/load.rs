//! Many connections that each ask, wait, and ask again, on few threads.
//!
//! What a connection asks may follow from what it was answered: [`Asking`].

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{failure::Outcome, wire};

/// How to ask.
pub(crate) struct Load {
    pub(crate) address: SocketAddr,
    pub(crate) connections: usize,
    pub(crate) threads: usize,
    pub(crate) lasts: Duration,
}

/// What came of it.
#[derive(Default)]
pub(crate) struct Answered {
    /// How long each answer took, in nanoseconds.
    pub(crate) nanos: Vec<u64>,
    /// How many answers had which status.
    pub(crate) statuses: std::collections::BTreeMap<u16, u64>,
    /// 503 answers that said when to come back.
    pub(crate) told_when: u64,
    /// Connections that broke.
    pub(crate) broken: u64,
    /// How long it went on.
    pub(crate) elapsed: Duration,
}

impl Answered {
    /// Answers in a second.
    pub(crate) fn rate(&self) -> f64 {
        self.nanos.len() as f64 / self.elapsed.as_secs_f64()
    }

    fn add(&mut self, other: Self) {
        self.nanos.extend(other.nanos);
        for (status, count) in other.statuses {
            *self.statuses.entry(status).or_default() += count;
        }
        self.told_when += other.told_when;
        self.broken += other.broken;
        self.elapsed = self.elapsed.max(other.elapsed);
    }
}

/// What one connection says.
pub(crate) trait Asking: Send + 'static {
    /// The next request; the same one again when the answer to it did not come.
    fn request(&mut self) -> &[u8];

    /// Takes the body of an answer, and goes on to the next request.
    fn answered(&mut self, body: &[u8]);
}

/// Requests that are known beforehand, in turn.
struct Known {
    requests: Arc<Vec<Vec<u8>>>,
    at: usize,
}

impl Asking for Known {
    fn request(&mut self) -> &[u8] {
        &self.requests[self.at % self.requests.len()]
    }

    fn answered(&mut self, _: &[u8]) {
        self.at += 1;
    }
}

impl Load {
    /// Sends `requests` in turn, each connection beginning at its own place among them.
    pub(crate) fn run(&self, requests: &Arc<Vec<Vec<u8>>>) -> Outcome<Answered> {
        let stride = requests.len() / self.connections.max(1);
        let known = |number| Known { requests: Arc::clone(requests), at: number * stride };
        self.converse((0..self.connections).map(known).collect()).map(|(answered, _)| answered)
    }

    /// Lets each of them speak over a connection of its own, and gives them back.
    pub(crate) fn converse<A: Asking>(&self, mut asking: Vec<A>) -> Outcome<(Answered, Vec<A>)> {
        let per_thread = asking.len().div_ceil(self.threads);
        let mut threads = Vec::new();
        while !asking.is_empty() {
            let mine = asking.split_off(asking.len().saturating_sub(per_thread));
            let (address, lasts) = (self.address, self.lasts);
            threads.push(std::thread::spawn(move || run_on_this_thread(address, lasts, mine)));
        }
        let mut all = Answered::default();
        for thread in threads {
            let (answered, mine) = thread.join().expect("a loader does not panic")?;
            all.add(answered);
            asking.extend(mine);
        }
        Ok((all, asking))
    }
}

fn run_on_this_thread<A: Asking>(address: SocketAddr, lasts: Duration, asking: Vec<A>) -> Outcome<(Answered, Vec<A>)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (mut all, mut back) = (Answered::default(), Vec::new());
    runtime.block_on(async {
        let start = Instant::now();
        let speaking: Vec<_> = asking.into_iter().map(|one| tokio::spawn(ask(address, one, start + lasts))).collect();
        for one in speaking {
            let (answered, asking) = one.await.expect("a connection does not panic");
            all.add(answered);
            back.push(asking);
        }
        all.elapsed = start.elapsed();
    });
    Ok((all, back))
}

async fn ask<A: Asking>(address: SocketAddr, mut asking: A, until: Instant) -> (Answered, A) {
    let mut answered = Answered::default();
    while Instant::now() < until {
        if converse(address, &mut asking, until, &mut answered).await.is_err() {
            answered.broken += 1;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    (answered, asking)
}

async fn converse(
    address: SocketAddr,
    asking: &mut impl Asking,
    until: Instant,
    answered: &mut Answered,
) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut buffer = vec![0; 8 * 1024];
    let mut now = Instant::now();
    while now < until {
        stream.write_all(asking.request()).await?;
        let mut filled = 0;
        let extent = loop {
            let read = stream.read(&mut buffer[filled..]).await?;
            if read == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            filled += read;
            if let Some(extent) = wire::extent(&buffer[..filled]) {
                break extent;
            }
        };
        let asked = std::mem::replace(&mut now, Instant::now());
        answered.nanos.push(u64::try_from((now - asked).as_nanos()).unwrap_or(u64::MAX));
        *answered.statuses.entry(extent.status).or_default() += 1;
        let told = extent.status == 503 && wire::header(&buffer[..extent.head], b"retry-after").is_some();
        answered.told_when += u64::from(told);
        asking.answered(&buffer[extent.head..extent.total]);
    }
    Ok(())
}
