//! A fixed number of hashing threads, each with its memory set aside, and a queue that may hold one second of work.
//!
//! What a flood can cost is decided here: `threads × memory`, whatever arrives. A request that does not fit is refused
//! at once (503 with `Retry-After`), and one whose sender has gone away is not computed. Session checks need no hash
//! and never wait here, and where there are too few cores for both, they go first. Memory that nobody has hashed in for
//! a while goes back to the machine, and is still ours to take.

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use axum::http::StatusCode;
use doorward_core::password::Hasher;
use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::oneshot;

use crate::{
    error::Fault,
    guard::{Denial, Problem},
};

/// The pool.
pub(crate) struct Pool {
    queue: Arc<Queue>,
    waiting: Gauge<i64, AtomicI64>,
    load: Arc<Load>,
}

/// No room for another hash.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Busy;

type Job = Box<dyn FnOnce(&mut Hasher) + Send>;

/// What waits to be hashed. Places are counted before a job gets here, so it holds no more than fit.
#[derive(Default)]
struct Queue {
    state: Mutex<Waiting>,
    bell: Condvar,
}

#[derive(Default)]
struct Waiting {
    jobs: VecDeque<Job>,
    closed: bool,
}

/// What a hashing thread finds when it looks for work.
enum Found {
    Work(Job),
    /// Nothing, for as long as memory is kept.
    Calm,
    /// Nothing any more.
    End,
}

/// How long a hash takes lately, to know how many fit into a second.
struct Load {
    threads: u64,
    micros_per_hash: AtomicU64,
    pending: AtomicU64,
}

/// The queue never holds more than this, however fast the machine is.
const MOST_WAITING: usize = 1024;

impl Pool {
    /// Starts one thread for each hasher.
    pub(crate) fn start(hashers: Vec<Hasher>, waiting: Gauge<i64, AtomicI64>) -> Result<Self, Fault> {
        let queue = Arc::new(Queue::default());
        let threads = hashers.len() as u64;
        let load = Arc::new(Load { threads, micros_per_hash: AtomicU64::new(20_000), pending: AtomicU64::new(0) });
        for hasher in hashers {
            let queue = Arc::clone(&queue);
            let work = move || work(hasher, &queue);
            thread::Builder::new()
                .name("doorward-hash".to_owned())
                .spawn(work)
                .map_err(|cause| Fault::new("starting a hashing thread", cause))?;
        }
        Ok(Self { queue, waiting, load })
    }

    /// Whether another hash would be taken on now.
    pub(crate) fn room(&self) -> Result<(), Busy> {
        if self.load.pending.load(Ordering::Acquire) < self.load.fits() { Ok(()) } else { Err(Busy) }
    }

    /// Runs `work` on a hasher, or refuses when a second of work is waiting already.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Hasher) -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let ticket = Ticket::take(&self.load, &self.waiting)?;
        let (answer, asked) = oneshot::channel();
        let load = Arc::clone(&self.load);
        let job: Job = Box::new(move |hasher| {
            // Nobody waits for this any more: the person closed the page, or the request ran out of time.
            if answer.is_closed() {
                return;
            }
            let result = load.timed(|| work(hasher));
            // First the place, then the answer: whoever has the answer may count on the place being free.
            drop(ticket);
            let _ = answer.send(result);
        });
        self.queue.put(job);
        asked.await.map_err(|_| Busy)
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.queue.state.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        self.queue.bell.notify_all();
    }
}

impl Queue {
    fn put(&self, job: Job) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).jobs.push_back(job);
        self.bell.notify_one();
    }

    /// Waits for work, without end or only for as long as memory is kept.
    fn next(&self, patience: Option<Duration>) -> Found {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = |state: &mut Waiting| state.jobs.is_empty() && !state.closed;
        let mut state = match patience {
            None => self.bell.wait_while(state, idle).unwrap_or_else(PoisonError::into_inner),
            Some(span) => self.bell.wait_timeout_while(state, span, idle).unwrap_or_else(PoisonError::into_inner).0,
        };
        match state.jobs.pop_front() {
            Some(job) => Found::Work(job),
            None if state.closed => Found::End,
            None => Found::Calm,
        }
    }
}

/// A place among the hashes that wait or run; dropping it frees the place.
struct Ticket {
    load: Arc<Load>,
    waiting: Gauge<i64, AtomicI64>,
}

impl Ticket {
    fn take(load: &Arc<Load>, waiting: &Gauge<i64, AtomicI64>) -> Result<Self, Busy> {
        let before = load.pending.fetch_add(1, Ordering::AcqRel);
        waiting.inc();
        let ticket = Self { load: Arc::clone(load), waiting: waiting.clone() };
        if before < load.fits() { Ok(ticket) } else { Err(Busy) }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.load.pending.fetch_sub(1, Ordering::AcqRel);
        self.waiting.dec();
    }
}

impl Load {
    /// How many hashes this pool finishes in a second, and at least two for each thread.
    fn fits(&self) -> u64 {
        let each = self.micros_per_hash.load(Ordering::Relaxed).max(1);
        (self.threads * 1_000_000 / each).clamp(self.threads * 2, MOST_WAITING as u64)
    }

    #[allow(clippy::disallowed_methods, reason = "measures work, decides nothing about anybody")]
    fn timed<T>(&self, work: impl FnOnce() -> T) -> T {
        let start = std::time::Instant::now();
        let result = work();
        let took = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
        let before = self.micros_per_hash.load(Ordering::Relaxed);
        self.micros_per_hash.store((before * 7 + took) / 8, Ordering::Relaxed);
        result
    }
}

fn work(mut hasher: Hasher, queue: &Queue) {
    give_way();
    let mut patience = None;
    loop {
        match queue.next(patience) {
            Found::Work(job) => {
                // A thread that died of one input would leave the pool smaller for everybody until the next restart. The
                // hasher starts every hash from scratch, so what the panic left in it does not matter.
                if catch_unwind(AssertUnwindSafe(|| job(&mut hasher))).is_err() {
                    tracing::error!("hashing a password panicked");
                }
                patience = Some(MEMORY_KEPT);
            }
            Found::Calm => {
                hasher.rest();
                patience = None;
            }
            Found::End => return,
        }
    }
}

/// Lets threads that answer requests go before this one: a hash takes thousands of times longer than a session check,
/// which must not wait for the end of a hash's time slice.
fn give_way() {
    // On Linux this is about one thread, elsewhere it would be about the whole process.
    #[cfg(target_os = "linux")]
    if let Err(cause) = rustix::process::setpriority_process(None, BEHIND_REQUESTS) {
        tracing::debug!(%cause, "hashing goes on at the same priority as requests");
    }
}

/// As `nice` counts: a tenth of the time of a thread at 0 when both want the same core.
#[cfg(target_os = "linux")]
const BEHIND_REQUESTS: i32 = 10;
/// Taking memory up again costs half a hash.
const MEMORY_KEPT: Duration = Duration::from_secs(10);

impl Denial for Busy {
    fn problem(&self) -> Problem {
        let text = "Too many people are logging in at this moment. Please try again in a few seconds.";
        Problem::plain(StatusCode::SERVICE_UNAVAILABLE, "busy", text).retry_after(Duration::from_secs(2))
    }
}
