//! How many files this process may have open, and how many connections that leaves room for.

/// Raises the limit of open files as far as the process may, and returns how many connections fit.
///
/// The usual limit of 1,024 is a default for programs that use `select`, not a decision of the operator; that one is the
/// hard limit, and it is kept.
pub(super) fn room_for(wanted: u32) -> u32 {
    let Some(files) = raised() else { return wanted };
    let room = connections(files, wanted);
    if room < wanted {
        tracing::warn!(files, connections = room, wanted, "the limit of open files leaves room for fewer connections");
    }
    room
}

/// What `files` leaves for connections once the database, mail, the log and monitoring have theirs.
fn connections(files: u64, wanted: u32) -> u32 {
    // Where the reserve is most of it, a quarter is better than not to answer anybody.
    let left = files.saturating_sub(RESERVE).max(files / 4).max(1);
    u32::try_from(left).unwrap_or(u32::MAX).min(wanted)
}

/// The limit now in force; nothing where there is none, or none that can be asked for.
#[cfg(unix)]
fn raised() -> Option<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let before = getrlimit(Resource::Nofile);
    if before.current == before.maximum {
        return before.current;
    }
    match setrlimit(Resource::Nofile, Rlimit { current: before.maximum, maximum: before.maximum }) {
        Ok(()) => before.maximum,
        Err(cause) => {
            tracing::warn!(%cause, "cannot raise the limit of open files");
            before.current
        }
    }
}

#[cfg(not(unix))]
fn raised() -> Option<u64> {
    None
}

/// PostgreSQL takes 16, or SQLite three for each of nine connections; monitoring takes 64, letters four; then there are
/// listeners, the keys' file, the log and what the runtime needs. The rest is for what nobody thought of.
const RESERVE: u64 = 192;

#[cfg(test)]
mod tests {
    use super::*;

    /// Promise: `server/fits-its-files`
    #[test]
    fn connections_never_take_the_files_of_the_rest() {
        for files in [1024, 4096, 10_000, 1 << 20] {
            assert!(u64::from(connections(files, 10_000)) + RESERVE <= files.max(10_192), "{files}");
        }
        assert_eq!(connections(1024, 10_000), 832);
        assert_eq!(connections(1 << 30, 10_000), 10_000);
        assert_eq!((connections(256, 10_000), connections(100, 10_000), connections(0, 10_000)), (64, 25, 1));
    }
}
