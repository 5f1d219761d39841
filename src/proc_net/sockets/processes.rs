//! Which process holds a socket: `/proc/PID/fd`. It takes `CAP_SYS_PTRACE` and `CAP_DAC_READ_SEARCH` to see that of others.
//!
//! The kernel can't be asked for the holder of a socket: every descriptor of every process is looked at, until all that
//! are wanted are found. So what was found is remembered, and only confirmed by one look at its descriptor. All are looked
//! at again when a socket turns up that is not known, or when one is no longer where it was. For a socket that nobody
//! holds, such as the kernel's own, or whose holder may not be seen, that is done at most every five minutes.
//!
//! A capture has no descriptors, so of a replayed router nobody is found.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use crate::devices::name::Name;
use crate::files::{FIGURE_AT_MOST, descriptors};
use crate::root::Root;

const PROC: &str = "/proc";

/// Of one process no more descriptors are looked at, so that it alone can't hide what others hold.
const OF_ONE_AT_MOST: usize = 4096;
/// Of all processes together no more are looked at in one search, the lowest process first.
const LOOKED_AT_AT_MOST: usize = 65_536;
/// How many processes are listed at most.
const PROCESSES_AT_MOST: usize = 16_384;
/// How long a socket of which nobody was found to hold it is not looked for again.
const SEARCH_AGAIN_AFTER: Duration = Duration::from_mins(5);

/// A process.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// What it calls itself (`/proc/PID/comm`), safe to send; empty if nothing is left of that.
    pub name: Rc<str>,
}

/// Who holds which inode.
pub type Holders = BTreeMap<u64, Process>;

/// One descriptor of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Descriptor {
    pid: u32,
    number: u32,
}

/// Finds out who holds sockets, and remembers it.
#[derive(Debug, Default)]
pub struct ProcessFinder {
    /// Where each of the sockets was found.
    found: BTreeMap<u64, Descriptor>,
    /// Those that were not found, and when they were looked for, in time since boot.
    not_found: BTreeMap<u64, Duration>,
    /// How often all processes were looked at.
    searches: u64,
}

impl ProcessFinder {
    /// Who holds the sockets of these inodes at `boot` (time since boot); of several processes the one with the lowest
    /// number. Nobody does on a replayed router.
    pub fn holders(&mut self, root: &Root, inodes: &[u64], boot: Duration) -> Holders {
        if root.is_live() { self.holders_below(root, inodes, boot) } else { Holders::new() }
    }

    fn holders_below(&mut self, root: &Root, inodes: &[u64], boot: Duration) -> Holders {
        let wanted: BTreeSet<u64> = inodes.iter().copied().filter(|inode| *inode != 0).collect();
        self.forget(root, &wanted, boot);
        let is_new = |inode: &u64| !self.found.contains_key(inode) && !self.not_found.contains_key(inode);
        if wanted.iter().any(is_new) {
            let sought = wanted.iter().copied().filter(|inode| !self.found.contains_key(inode)).collect();
            self.searches += 1;
            self.found.extend(search(root, &sought));
            let not_found = sought.into_iter().filter(|inode| !self.found.contains_key(inode));
            self.not_found = not_found.map(|inode| (inode, boot)).collect();
        }
        self.named(root)
    }

    /// Forgets what is no longer wanted, or no longer so.
    fn forget(&mut self, root: &Root, wanted: &BTreeSet<u64>, boot: Duration) {
        self.found.retain(|inode, at| {
            wanted.contains(inode) && descriptors::socket(&at.path(root)) == Some(*inode)
        });
        self.not_found
            .retain(|inode, at| wanted.contains(inode) && boot.saturating_sub(*at) < SEARCH_AGAIN_AFTER);
    }

    /// What the processes call themselves now: a process may become another program, and keep what it holds.
    fn named(&self, root: &Root) -> Holders {
        let mut called: BTreeMap<u32, Option<Rc<str>>> = BTreeMap::new();
        let named = self.found.iter().filter_map(|(inode, Descriptor { pid, .. })| {
            let name = called.entry(*pid).or_insert_with(|| name(root, *pid)).clone()?;
            Some((*inode, Process { pid: *pid, name }))
        });
        named.collect()
    }
}

impl Descriptor {
    fn path(self, root: &Root) -> PathBuf {
        descriptors_of(root, self.pid).join(self.number.to_string())
    }
}

fn descriptors_of(root: &Root, pid: u32) -> PathBuf {
    root.path(Path::new(PROC).join(pid.to_string()).join("fd"))
}

/// Looks at the descriptors of all processes, until all that are sought are found.
fn search(root: &Root, sought: &BTreeSet<u64>) -> BTreeMap<u64, Descriptor> {
    let (mut found, mut left) = (BTreeMap::new(), LOOKED_AT_AT_MOST);
    let pids = descriptors::numbers(&root.path(PROC), PROCESSES_AT_MOST).unwrap_or_default();
    for pid in pids {
        if found.len() == sought.len() || left == 0 {
            break;
        }
        let directory = descriptors_of(root, pid);
        // It has ended, or may not be seen.
        let Ok(numbers) = descriptors::numbers(&directory, left.min(OF_ONE_AT_MOST)) else { continue };
        left -= numbers.len();
        for number in numbers {
            let held = descriptors::socket(&directory.join(number.to_string()));
            if let Some(inode) = held.filter(|inode| sought.contains(inode)) {
                found.entry(inode).or_insert(Descriptor { pid, number });
            }
        }
    }
    found
}

/// What the process calls itself; `None` if it has ended.
fn name(root: &Root, pid: u32) -> Option<Rc<str>> {
    let name = root.read(Path::new(PROC).join(pid.to_string()).join("comm"), FIGURE_AT_MOST).ok()?;
    Some(Name::clean(name.trim_ascii_end()).map_or_else(|| "".into(), |name| name.shared()))
}

#[cfg(test)]
mod tests;
