//! The signals that a server hears: stop, and read the keys again.

use std::io;
#[cfg(unix)]
use std::io::IsTerminal;

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Hears SIGTERM, SIGINT and SIGHUP; from its making on they no longer end the process by themselves.
#[cfg(unix)]
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Option<Signal>,
    terminal: Terminal,
}

/// The terminal that the server was started at, if it was.
#[cfg(unix)]
struct Terminal {
    was_there: bool,
    hangup: Signal,
}

/// Hears SIGHUP.
pub(super) struct Hangup {
    #[cfg(unix)]
    signal: Option<Signal>,
}

#[cfg(unix)]
impl Signals {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: Some(signal(SignalKind::hangup())?),
            terminal: Terminal { was_there: io::stdin().is_terminal(), hangup: signal(SignalKind::hangup())? },
        })
    }

    /// Gives away the ear for SIGHUP, to the first who asks.
    pub(super) fn hangup(&mut self) -> Hangup {
        Hangup { signal: self.hangup.take() }
    }

    /// Waits until the server is told to stop.
    pub(super) async fn stop(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
            () = self.terminal.gone() => {}
        }
    }
}

#[cfg(unix)]
impl Terminal {
    /// Waits until the terminal is closed, which also says SIGHUP; nobody is left then to press Ctrl-C.
    async fn gone(&mut self) {
        while self.hangup.recv().await.is_some() {
            if self.was_there && !io::stdin().is_terminal() {
                return;
            }
        }
        std::future::pending().await
    }
}

impl Hangup {
    /// Waits for the next SIGHUP; for ever where there is none.
    pub(super) async fn heard(&mut self) {
        #[cfg(unix)]
        if let Some(signal) = &mut self.signal
            && signal.recv().await.is_some()
        {
            return;
        }
        std::future::pending().await
    }
}

/// Hears Ctrl-C.
#[cfg(not(unix))]
pub(super) struct Signals;

#[cfg(not(unix))]
impl Signals {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self)
    }

    pub(super) fn hangup(&mut self) -> Hangup {
        Hangup {}
    }

    pub(super) async fn stop(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
