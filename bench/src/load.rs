//! Many connections that each ask, wait, and ask again, on few threads.

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

impl Load {
    /// Sends `requests` in turn, each connection beginning at its own place among them.
    pub(crate) fn run(&self, requests: &Arc<Vec<Vec<u8>>>) -> Outcome<Answered> {
        let per_thread = self.connections.div_ceil(self.threads);
        let threads: Vec<_> = (0..self.threads)
            .map(|thread| {
                let (address, lasts, requests) = (self.address, self.lasts, Arc::clone(requests));
                let mine = per_thread * thread..self.connections.min(per_thread * (thread + 1));
                let stride = requests.len() / self.connections.max(1);
                std::thread::spawn(move || run_on_this_thread(address, lasts, &requests, mine, stride))
            })
            .collect();
        let mut all = Answered::default();
        for thread in threads {
            all.add(thread.join().expect("a loader does not panic")?);
        }
        Ok(all)
    }
}

fn run_on_this_thread(
    address: SocketAddr,
    lasts: Duration,
    requests: &Arc<Vec<Vec<u8>>>,
    connections: std::ops::Range<usize>,
    stride: usize,
) -> Outcome<Answered> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut all = Answered::default();
    runtime.block_on(async {
        let start = Instant::now();
        let asking: Vec<_> = connections
            .map(|number| tokio::spawn(ask(address, Arc::clone(requests), number * stride, start + lasts)))
            .collect();
        for one in asking {
            all.add(one.await.expect("a connection does not panic"));
        }
        all.elapsed = start.elapsed();
    });
    Ok(all)
}

async fn ask(address: SocketAddr, requests: Arc<Vec<Vec<u8>>>, first: usize, until: Instant) -> Answered {
    let mut answered = Answered::default();
    let mut at = first;
    while Instant::now() < until {
        if converse(address, &requests, &mut at, until, &mut answered).await.is_err() {
            answered.broken += 1;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    answered
}

async fn converse(
    address: SocketAddr,
    requests: &[Vec<u8>],
    at: &mut usize,
    until: Instant,
    answered: &mut Answered,
) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut buffer = vec![0; 8 * 1024];
    let mut now = Instant::now();
    while now < until {
        stream.write_all(&requests[*at % requests.len()]).await?;
        *at += 1;
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
    }
    Ok(())
}
