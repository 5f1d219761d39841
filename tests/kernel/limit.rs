//! How large connection tables may get: one setting for the whole machine, which only its first network namespace may
//! change.
//!
//! Whoever relies on it holds a lock on its file, so that tests that run at the same time, of other checkouts too,
//! don't change it under one another.

use std::fs::{self, File};

use crate::restore::Restore;

const FILE: &str = "/proc/sys/net/netfilter/nf_conntrack_max";

/// The limit as it is needed, for as long as it is needed.
pub(crate) struct Limit {
    _lock: File,
    _before: Option<Restore>,
}

impl Limit {
    /// Room for so many entries and some more. Others may rely on it at the same time.
    pub(crate) fn at_least(entries: u32) -> Self {
        let wanted = entries + 4096;
        let lock = open();
        lock.lock_shared().expect("the lock of those who rely on the limit");
        if suffices(wanted) {
            return Self { _lock: lock, _before: None };
        }
        lock.unlock().expect("a lock that is held");
        let lock = alone();
        if suffices(wanted) { Self { _lock: lock, _before: None } } else { changed(lock, wanted) }
    }

    /// Room for no more than so many entries, while nobody relies on more.
    pub(crate) fn lowered_to(entries: u32) -> Self {
        changed(alone(), entries)
    }
}

fn open() -> File {
    File::open(FILE).unwrap_or_else(|error| panic!("{FILE}: {error}"))
}

fn alone() -> File {
    let lock = open();
    lock.lock().expect("the lock of those who change the limit");
    lock
}

fn changed(lock: File, entries: u32) -> Limit {
    let held = lock.try_clone().expect("another handle");
    let before = Restore::later(&[FILE], held).expect("sh, to put the limit back");
    fs::write(FILE, entries.to_string())
        .unwrap_or_else(|error| panic!("{FILE} can be set in the machine's first namespace only: {error}"));
    Limit { _lock: lock, _before: Some(before) }
}

/// Whether there is room for so many entries; no limit at all is 0.
fn suffices(entries: u32) -> bool {
    let limit = fs::read_to_string(FILE).expect("the limit");
    limit.trim().parse().is_ok_and(|limit: u32| limit == 0 || limit >= entries)
}
