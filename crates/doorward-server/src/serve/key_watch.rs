//! Looks after the file of signing keys: when it changes, or on SIGHUP, its keys are put in force.

use std::{fs, path::Path, time::Duration};

use doorward::{Doorward, KeyFile};
use tokio::time::sleep;

use super::signals::Hangup;

/// Watches for as long as the server runs.
pub(super) async fn run(doorward: Doorward, file: KeyFile, mut hangup: Hangup) {
    let mut known = Mark::of(file.path());
    loop {
        let told = tokio::select! {
            () = hangup.heard() => true,
            () = sleep(EVERY) => false,
        };
        // Taken before reading: a change in between is then seen the next time.
        let mark = Mark::of(file.path());
        if told || mark != known {
            reload(&doorward, &file);
            known = mark;
        }
    }
}

fn reload(doorward: &Doorward, file: &KeyFile) {
    match file.load() {
        Ok(keys) => {
            doorward.replace_keys(keys);
            tracing::info!("the signing keys were read again");
        }
        Err(cause) => tracing::error!(%cause, "the signing keys cannot be used; those from before stay in force"),
    }
}

/// What tells one state of the file from another, also after it was replaced within the resolution of the clock.
#[derive(PartialEq, Eq)]
struct Mark(Option<[i64; 4]>);

impl Mark {
    #[cfg(unix)]
    fn of(path: &Path) -> Self {
        use std::os::unix::fs::MetadataExt;
        let metadata = fs::metadata(path).ok();
        Self(
            metadata.map(|file| [file.ino().cast_signed(), file.ctime(), file.ctime_nsec(), file.size().cast_signed()]),
        )
    }

    #[cfg(not(unix))]
    fn of(path: &Path) -> Self {
        let metadata = fs::metadata(path).ok();
        let changed = |file: &fs::Metadata| file.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok();
        let nanos =
            |file: &fs::Metadata| changed(file).map_or(0, |at| i64::try_from(at.as_nanos()).unwrap_or(i64::MAX));
        Self(metadata.map(|file| [nanos(&file), file.len().cast_signed(), 0, 0]))
    }
}

const EVERY: Duration = Duration::from_secs(10);
