//! Audit events on standard output, one line of JSON each, from a thread of their own: whoever reads them slowly never
//! holds up a request.
//!
//! - `server/audit-lines`: With `audit.stream`, standard output has one line of JSON for each audit event.

use std::{
    io::{self, Write},
    sync::mpsc::{Receiver, Sender, TryRecvError, channel, sync_channel},
    thread,
    time::Duration,
};

use doorward::operate::Stream;

/// The thread that writes the lines.
pub(crate) struct Writer {
    done: Receiver<()>,
}

/// Begins to write; every Doorward that has the stream must be gone before [`Writer::finish`].
pub(crate) fn start() -> (Stream, Writer) {
    let (lines, waiting) = sync_channel(WAITING);
    let (finished, done) = channel();
    thread::spawn(move || write(&waiting, finished));
    (Stream::to(lines), Writer { done })
}

impl Writer {
    /// Waits until the last line is out, but not for a reader who has stopped reading.
    pub(crate) fn finish(self) {
        let _ = self.done.recv_timeout(Duration::from_secs(5));
    }
}

fn write(waiting: &Receiver<String>, finished: Sender<()>) {
    let mut stdout = io::BufWriter::new(io::stdout());
    while let Ok(line) = next(waiting, &mut stdout) {
        if let Err(cause) = writeln!(stdout, "{line}") {
            tracing::error!(%cause, "audit events cannot be written to standard output any more; the database has them");
            break;
        }
    }
    let _ = stdout.flush();
    drop(finished);
}

/// The next line; what was written is flushed before waiting for it.
fn next(waiting: &Receiver<String>, stdout: &mut impl Write) -> Result<String, TryRecvError> {
    match waiting.try_recv() {
        Err(TryRecvError::Empty) => {
            // A broken pipe shows again at the next line, where it is told.
            let _ = stdout.flush();
            waiting.recv().map_err(|_| TryRecvError::Disconnected)
        }
        other => other,
    }
}

/// Lines that may wait for a slow reader before the library counts them as lost.
const WAITING: usize = 4096;
