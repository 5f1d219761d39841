//! What this process itself uses: facts about the program, never about the router below a root.

use std::path::Path;
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};
use nix::unistd::{SysconfVar, sysconf};
use procfs::FromRead;
use procfs::process::StatM;

use crate::files::{self, FIGURE_AT_MOST};

/// Where the kernel tells how much memory this process has, in pages (proc(5)).
const STATM: &str = "/proc/self/statm";

/// What this process uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Memory that it holds, in bytes (`VmRSS`).
    pub resident_bytes: u64,
    /// Processor time of all its threads so far, in user space and in the kernel.
    pub cpu: Duration,
}

impl Usage {
    /// Asks the kernel; what it doesn't tell is 0. The time is that of the process's own clock, in nanoseconds:
    /// `/proc/self/stat` has it in hundredths of a second.
    pub fn read() -> Self {
        Self { resident_bytes: resident_bytes_now().unwrap_or_default(), cpu: cpu_time() }
    }
}

/// Processor time of all threads of this process so far; zero where the kernel doesn't tell.
pub fn cpu_time() -> Duration {
    clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).map(Duration::from).unwrap_or_default()
}

fn resident_bytes_now() -> Option<u64> {
    resident_bytes(&files::read(Path::new(STATM), FIGURE_AT_MOST).ok()?)
}

fn resident_bytes(statm: &[u8]) -> Option<u64> {
    StatM::from_read(statm).ok()?.resident.checked_mul(page_size()?)
}

/// The size of a page in bytes. Not procfs' own: in a static program that looks into /proc/self/auxv, which a process that
/// has given up root can't open any more, and panics.
pub(crate) fn page_size() -> Option<u64> {
    sysconf(SysconfVar::PAGE_SIZE).ok()??.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resident_memory_is_the_second_figure_in_pages() {
        let page = page_size().unwrap();
        for (text, expected) in [
            ("5000 920 700 400 0 300 0\n", Some(920 * page)),
            ("5000 0 0 0 0 0 0", Some(0)),
            ("5000", None),
            ("", None),
            ("5000 many 700 400 0 300 0\n", None),
            ("5000 18446744073709551615 700 400 0 300 0\n", None),
        ] {
            assert_eq!(resident_bytes(text.as_bytes()), expected, "{text}");
        }
        assert_eq!(resident_bytes(b"\xff\xfe"), None);
    }

    #[test]
    fn a_running_process_uses_memory_and_time_and_time_never_falls() {
        let first = Usage::read();
        assert!(first.resident_bytes > 100_000, "{first:?}");
        assert!(first.cpu > Duration::ZERO, "{first:?}");
        assert!(Usage::read().cpu >= first.cpu);
    }
}
