//! What belongs to the whole machine: the hash table of its connections, their limit, and who else uses processors.

use std::fs::{self, File};
use std::time::Instant;

use nix::sched::{CloneFlags, setns};
use nix::sys::resource::UsageWho;

use crate::cost::used;
use crate::restore::Restore;

const MAX: &str = "/proc/sys/net/netfilter/nf_conntrack_max";
const BUCKETS: &str = "/proc/sys/net/netfilter/nf_conntrack_buckets";
/// Room for the largest table.
const ROOM: u32 = 300_000;

/// The settings, ours until this is dropped.
pub(crate) struct Machine {
    /// The first namespace, the only one in which they can be changed.
    home: File,
    begun: Instant,
    /// What others had used of the processors by then, in µs.
    foreign: f64,
    load: String,
    before: (String, String),
    _restore: Restore,
}

/// What others did meanwhile.
pub(crate) struct Others {
    /// Load averages at the beginning.
    pub(crate) load: String,
    /// How much of a processor they used on the average.
    pub(crate) processors: f64,
    /// Limit and buckets before, which are in force again.
    pub(crate) before: (String, String),
}

impl Machine {
    /// Takes the settings over. Tests that rely on them hold a lock, which is waited for.
    pub(crate) fn take() -> Self {
        let lock = File::open(MAX).expect("the kernel module nf_conntrack");
        if lock.try_lock().is_err() {
            eprintln!("waiting for tests that rely on {MAX}");
            lock.lock().expect("a lock");
        }
        let read = |path| fs::read_to_string(path).expect(path).trim().to_owned();
        let before = (read(MAX), read(BUCKETS));
        eprintln!(
            "nf_conntrack_max {} -> {ROOM}, nf_conntrack_buckets {} -> as below; both are put back",
            before.0, before.1
        );
        let restore = Restore::later(&[BUCKETS, MAX], lock).expect("sh, to put the settings back");
        fs::write(MAX, ROOM.to_string())
            .expect("nf_conntrack_max can be set in the machine's first namespace only");
        let load = read("/proc/loadavg").split(' ').take(3).collect::<Vec<_>>().join(" ");
        eprintln!("load average {load}: nothing else should run now");
        let home = File::open("/proc/self/ns/net").expect("this namespace");
        Self { home, begun: Instant::now(), foreign: foreign_time(), load, before, _restore: restore }
    }

    /// Gives the hash table so many buckets; goes back into the first namespace for it.
    pub(crate) fn set_buckets(&self, buckets: u32) {
        setns(&self.home, CloneFlags::CLONE_NEWNET).expect("back in the first namespace");
        fs::write(BUCKETS, buckets.to_string()).expect("nf_conntrack_buckets can be set");
        let set = fs::read_to_string(BUCKETS).expect(BUCKETS);
        assert_eq!(set.trim(), buckets.to_string(), "the kernel has rounded the number of buckets");
    }

    /// What others did since the beginning.
    pub(crate) fn others(&self) -> Others {
        let processors = (foreign_time() - self.foreign) / 1e6 / self.begun.elapsed().as_secs_f64();
        Others { load: self.load.clone(), processors, before: self.before.clone() }
    }
}

/// Processor time that was used on this machine since it was started, but not by this process or its children, in µs.
fn foreign_time() -> f64 {
    let stat = fs::read_to_string("/proc/stat").expect("/proc/stat");
    let figures: Vec<f64> = stat
        .lines()
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect();
    // user, nice, system, idle, iowait, irq, softirq, steal; in hundredths of a second.
    let busy: f64 = figures
        .iter()
        .enumerate()
        .filter(|(place, _)| [0, 1, 2, 5, 6, 7].contains(place))
        .map(|(_, time)| time)
        .sum();
    busy * 1e4 - used(UsageWho::RUSAGE_SELF) - used(UsageWho::RUSAGE_CHILDREN)
}
