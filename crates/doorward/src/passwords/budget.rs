//! How many hashes may run at once: one for each core, as far as memory allows.

use std::fs;

use super::Settings;

/// The number of hashing threads under these settings, on this machine or in this container.
pub(crate) fn threads(settings: &Settings) -> usize {
    if settings.threads != 0 {
        return settings.threads as usize;
    }
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let budget_kib = match settings.budget_mib {
        0 => memory_kib().map(|all| all / QUARTER),
        mib => Some(u64::from(mib) * 1024),
    };
    fitting(cores, budget_kib, settings.memory_kib)
}

/// One thread is needed whatever it takes.
fn fitting(cores: usize, budget_kib: Option<u64>, each_kib: u32) -> usize {
    let room = budget_kib.map_or(u64::MAX, |budget| budget / u64::from(each_kib));
    cores.min(usize::try_from(room).unwrap_or(usize::MAX)).max(1)
}

/// The memory of the machine, or of the container where that is less; `None` where the system does not say.
fn memory_kib() -> Option<u64> {
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| total_kib(&text));
    let limits = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
    let limits = limits.iter().filter_map(|path| fs::read_to_string(path).ok()).filter_map(|text| limit_kib(&text));
    machine.into_iter().chain(limits).min()
}

/// The line `MemTotal:       24611216 kB` of `/proc/meminfo`.
fn total_kib(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// A limit of a control group in bytes; `max` is none.
fn limit_kib(text: &str) -> Option<u64> {
    text.trim().parse::<u64>().ok().map(|bytes| bytes / 1024)
}

/// Sessions, connections, the store's pages and the application beside us want the rest.
const QUARTER: u64 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    /// Promise: `passwords/bounded`
    #[test]
    fn as_many_hashes_run_at_once_as_cores_and_memory_allow() {
        let mib = |mib: u64| Some(mib * 1024);
        for (cores, budget, threads) in [
            (2, None, 2),
            (64, None, 64),
            (64, mib(128), 6),
            (64, mib(38), 2),
            (2, mib(6000), 2),
            (64, mib(1), 1),
            (64, Some(u64::MAX), 64),
        ] {
            assert_eq!(fitting(cores, budget, 19_456), threads, "{cores} cores, {budget:?} KiB");
        }
        let settings = |threads, budget_mib| Settings { threads, budget_mib, ..Settings::default() };
        assert_eq!(super::threads(&settings(7, 20)), 7, "who gives a number gets it");
        assert_eq!(super::threads(&settings(0, 20)), 1);
    }

    #[test]
    fn the_system_says_how_much_there_is() {
        assert_eq!(total_kib("MemFree: 1 kB\nMemTotal:       24611216 kB\n"), Some(24_611_216));
        assert_eq!(total_kib("MemFree: 1 kB\n"), None);
        assert_eq!((limit_kib("536870912\n"), limit_kib("max\n")), (Some(524_288), None));
        #[cfg(target_os = "linux")]
        assert!(memory_kib().is_some_and(|kib| kib > 1024));
    }
}
