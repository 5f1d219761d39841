//! The router as a machine: how long it has been up, what its processors and its memory do.
//!
//! The procfs crate understands the uptime. Its reader of `/proc/stat` wants every line of the file, and that of
//! `/proc/meminfo` every field that it knows: on another kernel all would be lost for one that is lacking. What is needed
//! of these two is one line of the first and some of the second.

use std::time::Duration;

use procfs::{FromRead, Uptime};

use crate::proc_net::beginning;
use crate::root::Root;

/// For how long it has been up.
pub const UPTIME: &str = "/proc/uptime";
/// What its processors did.
pub const STAT: &str = "/proc/stat";
/// What its memory is used for.
pub const MEMINFO: &str = "/proc/meminfo";

/// Beyond so many bytes of any of these nothing is read: what is needed is at the beginning.
pub(crate) const FILE_AT_MOST: u64 = 4096;

/// What was read of it; what can't be is absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Machine {
    /// Time since boot (`/proc/uptime`).
    pub uptime: Option<Duration>,
    /// What all processors together have done since boot (`/proc/stat`).
    pub cpu: Option<CpuTimes>,
    /// Memory (`/proc/meminfo`).
    pub memory: Option<Memory>,
}

/// Processor time since boot, in ticks of a hundredth of a second, of all processors together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CpuTimes {
    /// In programs.
    pub user: u64,
    /// In the kernel, interrupts among it.
    pub system: u64,
    /// Doing nothing, or waiting for storage.
    pub idle: u64,
    /// All of it.
    pub total: u64,
}

/// Memory, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// All that there is.
    pub total: u64,
    /// What is not available to programs.
    pub used: u64,
}

impl Machine {
    /// The first file of which nothing is known.
    pub fn lacking(&self) -> Option<&'static str> {
        let known =
            [(UPTIME, self.uptime.is_some()), (STAT, self.cpu.is_some()), (MEMINFO, self.memory.is_some())];
        known.into_iter().find_map(|(path, is_known)| (!is_known).then_some(path))
    }
}

/// Reads the figures of the router below `root`.
pub fn read(root: &Root) -> Machine {
    let text = |path| beginning(root, path, FILE_AT_MOST).ok();
    Machine {
        uptime: text(UPTIME).and_then(|text| uptime(&text)),
        cpu: text(STAT).and_then(|text| cpu(&text)),
        memory: text(MEMINFO).and_then(|text| memory(&text)),
    }
}

/// Understands the text of [`UPTIME`].
pub fn uptime(text: &[u8]) -> Option<Duration> {
    Duration::try_from_secs_f64(Uptime::from_read(text).ok()?.uptime).ok()
}

/// Understands the first line of [`STAT`]: user, nice, system, idle, iowait, irq, softirq, steal, as `show_stat()` prints
/// them. The times of guests behind them are in `user` and `nice` already (`account_guest_time()`).
pub fn cpu(text: &[u8]) -> Option<CpuTimes> {
    let line = str::from_utf8(text.split(|byte| *byte == b'\n').next()?).ok()?;
    let mut words = line.split_ascii_whitespace();
    words.next().filter(|first| *first == "cpu")?;
    let times: Option<Vec<u64>> = words.take(8).map(|word| word.parse().ok()).collect();
    let times = times?;
    let [user, nice, system, idle, iowait, irq, softirq, ..] = times.as_slice() else { return None };
    let sum = |times: &[u64]| times.iter().try_fold(0_u64, |sum, time| sum.checked_add(*time));
    Some(CpuTimes {
        user: sum(&[*user, *nice])?,
        system: sum(&[*system, *irq, *softirq])?,
        idle: sum(&[*idle, *iowait])?,
        total: sum(&times)?,
    })
}

/// Understands the text of [`MEMINFO`]. Before Linux 3.14 it doesn't say what is available: then it is what is free, and
/// what only keeps a copy of files.
pub fn memory(text: &[u8]) -> Option<Memory> {
    let figure = |wanted: &str| {
        text.split(|byte| *byte == b'\n').find_map(|line| {
            let (name, figure) = str::from_utf8(line).ok()?.split_once(':')?;
            let figure: u64 = figure.trim_ascii().strip_suffix(" kB")?.trim_ascii().parse().ok()?;
            figure.checked_mul(1024).filter(|_| name == wanted)
        })
    };
    let total = figure("MemTotal")?;
    let unused = || figure("MemFree")?.checked_add(figure("Buffers")?)?.checked_add(figure("Cached")?);
    let used = total.checked_sub(figure("MemAvailable").or_else(unused)?)?;
    Some(Memory { total, used })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_this_machine() {
        let machine = read(&Root::live());
        assert_eq!(machine.lacking(), None);
        assert!(machine.uptime > Some(Duration::ZERO));
        let (cpu, memory) = (machine.cpu.unwrap(), machine.memory.unwrap());
        assert!(cpu.user > 0 && cpu.user + cpu.system + cpu.idle <= cpu.total, "{cpu:?}");
        assert!(memory.used > 0 && memory.used < memory.total, "{memory:?}");
        assert_eq!(read(&Root::replay("/nowhere")), Machine::default());
        assert_eq!(Machine::default().lacking(), Some(UPTIME));
    }

    #[test]
    fn uptime_is_seconds_that_can_be() {
        assert_eq!(uptime(b"3600.25 100.00\n"), Some(Duration::from_millis(3_600_250)));
        for text in ["", "3600", "-1 0", "nan 0", "inf 0", "1e300 0", "\u{ff} 1"] {
            assert_eq!(uptime(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn processor_time_is_that_of_all_together() {
        let expected = CpuTimes { user: 3, system: 16, idle: 9, total: 36 };
        assert_eq!(cpu(b"cpu  1 2 3 4 5 6 7 8 1 2\ncpu0 9 9 9 9 9 9 9 9 9 9\nintr 1\n"), Some(expected));
        assert_eq!(cpu(b"cpu  1 2 3 4 5 6 7\n"), Some(CpuTimes { total: 28, ..expected }), "without `steal`");
        let max = u64::MAX;
        for text in
            ["", "cpu  1 2 3 4 5 6", "cpu0 1 2 3 4 5 6 7 8", "cpu  1 2 x 4 5 6 7 8", "cpu  -1 2 3 4 5 6 7"]
        {
            assert_eq!(cpu(text.as_bytes()), None, "{text}");
        }
        assert_eq!(cpu(format!("cpu {max} {max} 1 1 1 1 1\n").as_bytes()), None);
    }

    #[test]
    fn memory_that_is_used_is_what_is_not_available() {
        let text =
            b"MemTotal:  1000 kB\nMemFree:  100 kB\nMemAvailable:  600 kB\nBuffers: 10 kB\nCached:  200 kB\n";
        assert_eq!(memory(text), Some(Memory { total: 1_024_000, used: 409_600 }));
        let old = b"MemTotal: 1000 kB\nMemFree: 100 kB\n\xff: 1 kB\nBuffers: 10 kB\nCached: 200 kB\nSwapCached: 9 kB\n";
        assert_eq!(memory(old), Some(Memory { total: 1_024_000, used: 690 * 1024 }));
        for text in [
            "",
            "MemTotal: 1000 kB\n",
            "MemTotal: 1000\nMemAvailable: 1 kB\n",
            "MemTotal: 1 kB\nMemAvailable: 2 kB\n",
            "MemTotal: 18446744073709551615 kB\nMemAvailable: 2 kB\n",
            "MemTotal: 1000 kB\nMemFree: 18014398509481983 kB\nBuffers: 18014398509481983 kB\nCached: 1 kB\n",
        ] {
            assert_eq!(memory(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_gives_figures_that_can_be_or_nothing(text: Vec<u8>, times in prop::collection::vec(0..u64::MAX / 8, 7..12)) {
            prop_assert!(uptime(&text).is_none_or(|time| time <= Duration::MAX));
            prop_assert!(memory(&text).is_none_or(|memory| memory.used <= memory.total));
            prop_assert_eq!(cpu(&text), None, "not by chance");
            let line = times.iter().fold("cpu ".to_owned(), |line, time| format!("{line} {time}"));
            let cpu = cpu(line.as_bytes()).unwrap();
            prop_assert!(cpu.user.checked_add(cpu.system).unwrap().checked_add(cpu.idle).unwrap() <= cpu.total);
        }
    }
}
