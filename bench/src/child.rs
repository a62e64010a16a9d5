//! A server as a process of its own, and what the kernel says about it.

use std::{
    fs::{self, File},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child as Process, Command, Stdio},
    time::{Duration, Instant},
};

use crate::failure::{Failure, Outcome};

/// A running server; dropping it ends it.
pub(crate) struct Child {
    process: Process,
    /// Where it listens.
    pub(crate) address: SocketAddr,
}

/// Memory in KiB.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    /// Resident, files included.
    pub(crate) resident: u64,
    /// Resident and the process's own.
    pub(crate) anonymous: u64,
    /// The most that was ever resident.
    pub(crate) peak: u64,
}

impl Child {
    /// Starts `command`, which will listen on `port`, and waits until it does; its words go to a file in `folder`.
    pub(crate) fn start(mut command: Command, port: u16, folder: &Path) -> Outcome<Self> {
        let log = folder.join(format!("server-{port}.log"));
        let words = File::create(&log)?;
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(words);
        let process = command.spawn()?;
        let mut child = Self { process, address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)) };
        let deadline = Instant::now() + Duration::from_secs(60);
        while TcpStream::connect(child.address).is_err() {
            if child.process.try_wait()?.is_some() || Instant::now() > deadline {
                let said = fs::read_to_string(&log).unwrap_or_default();
                return Err(Failure::new(format!("a server did not start: {}", said.trim())));
            }
            std::thread::sleep(Duration::from_micros(200));
        }
        Ok(child)
    }

    /// The processor time that it has used.
    pub(crate) fn processor_time(&self) -> Outcome<Duration> {
        processor_time(&self.process.id().to_string())
    }

    /// The memory that it uses.
    pub(crate) fn memory(&self) -> Outcome<Memory> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let kib = |key: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
            line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
        };
        Ok(Memory { resident: kib("VmRSS"), anonymous: kib("RssAnon"), peak: kib("VmHWM") })
    }

    /// Lets the peak begin again at what is resident now.
    pub(crate) fn forget_peak(&self) -> Outcome {
        fs::write(format!("/proc/{}/clear_refs", self.process.id()), "5")?;
        Ok(())
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The processor time of a process in user and kernel mode, to the nanosecond.
///
/// It is the sum over the threads that are alive, so it is good for differences while none ends.
fn processor_time(process: &str) -> Outcome<Duration> {
    let threads = fs::read_dir(format!("/proc/{process}/task"))?;
    threads.map(|thread| Ok(thread_time(&thread?.path()))).sum()
}

/// The processor time of the calling thread since it began.
pub(crate) fn own_processor_time() -> Duration {
    thread_time(Path::new("/proc/thread-self"))
}

fn thread_time(folder: &Path) -> Duration {
    let schedstat = fs::read_to_string(folder.join("schedstat")).unwrap_or_default();
    Duration::from_nanos(schedstat.split(' ').next().and_then(|first| first.parse().ok()).unwrap_or(0))
}

/// A port that is free at this moment.
pub(crate) fn free_port() -> Outcome<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
