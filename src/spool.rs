//! What was not acknowledged yet: bounded, oldest out first, in memory and, if there is a directory for it, on disk.
//!
//! Two lanes lead out of it: what is due now goes at once, and then what has waited, oldest first. As long as all is
//! acknowledged nothing is written to a disk, which may be flash. From the first snapshot on that isn't, each is written as
//! soon as it is there, until all that waited has gone.

pub mod config;
mod disk;
pub mod segment;

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use crate::outputs::ledger::Zeros;
use config::SpoolConfig;
use disk::{Disk, SegmentNumber, Slot};

/// What an entry takes in memory besides its body.
const ENTRY: usize = 96;
/// What one of its zeros takes, roughly: its tags.
const ZERO: usize = 160;

/// What is found on the disk is older than what has come, so that its numbers are below this.
const FIRST: Number = 1 << 32;

/// Which entry: a later one has a greater number.
pub type Number = u64;

/// What waits to be acknowledged.
#[derive(Debug)]
pub struct Spool {
    /// The oldest first, in order of their numbers.
    entries: VecDeque<Entry>,
    next_number: Number,
    memory_at_most: usize,
    disk: Option<Disk>,
    /// Whether what is to wait is written to the disk at once.
    writes: bool,
    /// Snapshots that were thrown out for want of room.
    pub lost: u64,
}

/// A snapshot that waits.
#[derive(Debug)]
struct Entry {
    number: Number,
    body: Body,
    /// What it ends, which is due again if it is thrown out.
    zeros: Zeros,
    /// Whether it has its own times. One that hasn't is stamped on arrival, so it can't wait.
    stamped: bool,
    /// Whether nobody has tried to send it yet.
    is_new: bool,
}

/// Where its lines are, compressed by gzip.
#[derive(Debug)]
enum Body {
    Memory(Bytes),
    Disk(Slot),
}

/// What is to be sent next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Next {
    /// Which entry.
    pub number: Number,
    /// Whether it has waited before.
    pub is_backlog: bool,
}

/// A disk that fails, or works again.
#[derive(Debug)]
pub enum DiskChange {
    /// It can't be written to.
    Fails(PathBuf, io::Error),
    /// It can again.
    Works(PathBuf),
}

/// Whether snapshots could be written to files in `directory`.
pub(crate) fn check_directory(directory: &Path) -> io::Result<()> {
    Disk::new(directory, 0).check_writable()
}

impl Spool {
    /// A spool as `config` says, with what an earlier run has left on the disk. Where that can't be had, it is in memory
    /// alone; why is said with what else has changed about the disk.
    pub fn new(config: &SpoolConfig) -> Self {
        let mut spool = Self {
            entries: VecDeque::new(),
            next_number: FIRST,
            memory_at_most: config.memory.as_usize(),
            disk: None,
            writes: false,
            lost: 0,
        };
        spool.use_disk(config);
        spool
    }

    /// Takes over another configuration. What waits on another disk stays there.
    pub fn reconfigure(&mut self, config: &SpoolConfig) {
        self.memory_at_most = config.memory.as_usize();
        if self.disk.as_ref().map(Disk::directory) != config.directory() {
            self.entries.retain(|entry| matches!(entry.body, Body::Memory(_)));
            self.use_disk(config);
        } else if let Some(disk) = &mut self.disk {
            disk.at_most = config.disk.bytes();
        }
    }

    fn use_disk(&mut self, config: &SpoolConfig) {
        self.disk = config.directory().map(|directory| Disk::new(directory, config.disk.bytes()));
        let found = self.disk.as_mut().map(Disk::load).unwrap_or_default();
        for slot in found.into_iter().rev() {
            let oldest = self.entries.front().map_or(FIRST, |entry| entry.number);
            let number = oldest.saturating_sub(1);
            self.entries.push_front(Entry {
                number,
                body: Body::Disk(slot),
                zeros: Zeros::default(),
                stamped: true,
                is_new: false,
            });
        }
        self.writes |= !self.entries.is_empty();
    }

    /// Takes in a snapshot whose lines, compressed, are `body`. Gives the zeros of what had to go for it.
    pub fn push(&mut self, body: Bytes, zeros: Zeros, stamped: bool) -> Vec<Zeros> {
        // What has no times of its own gives way to the next.
        let mut gone = self.throw_out(|entry| !entry.stamped);
        let body = if self.writes && stamped { self.write(body, &mut gone) } else { Body::Memory(body) };
        let number = self.next_number;
        self.next_number += 1;
        self.entries.push_back(Entry { number, body, zeros, stamped, is_new: true });
        self.make_room(&mut gone);
        gone
    }

    /// What is to be sent next: the newest if nobody has tried yet, else the oldest.
    pub fn next(&self) -> Option<Next> {
        let newest = self.entries.back().filter(|entry| entry.is_new);
        let entry = newest.or_else(|| self.entries.front())?;
        Some(Next { number: entry.number, is_backlog: newest.is_none() })
    }

    /// The lines of an entry, compressed. Those that can't be read any more are lost: their zeros are the error.
    pub fn body(&mut self, number: Number) -> Result<Bytes, Zeros> {
        let Some(place) = self.place(number) else { return Err(Zeros::default()) };
        let read = self.entries.get(place).and_then(|entry| match &entry.body {
            Body::Memory(body) => Some(body.clone()),
            Body::Disk(slot) => self.disk.as_ref()?.read(slot),
        });
        read.ok_or_else(|| {
            self.lost += 1;
            self.remove(number)
        })
    }

    /// An entry was acknowledged, or will never be: it goes. Its zeros are given.
    pub fn remove(&mut self, number: Number) -> Zeros {
        let Some(entry) = self.place(number).and_then(|place| self.entries.remove(place)) else {
            return Zeros::default();
        };
        if let (Body::Disk(slot), Some(disk)) = (&entry.body, &mut self.disk) {
            disk.remove(slot);
        }
        if self.entries.is_empty() {
            self.writes = false;
        }
        entry.zeros
    }

    /// An entry was not acknowledged: it waits, and so do all others from now on, on the disk if there is one. What can't
    /// wait goes: its zeros are given.
    pub fn keep(&mut self, number: Number) -> Vec<Zeros> {
        if let Some(entry) = self.place(number).and_then(|place| self.entries.get_mut(place)) {
            entry.is_new = false;
        }
        let mut gone = self.throw_out(|entry| !entry.stamped && !entry.is_new);
        self.store(&mut gone);
        gone
    }

    /// Writes to the disk, if there is one, what is in memory alone. The zeros of what has to go for it are added to `gone`.
    pub fn store(&mut self, gone: &mut Vec<Zeros>) {
        self.writes = true;
        let waiting = self.entries.iter().filter(|_| self.disk.is_some());
        let waiting: Vec<_> = waiting.filter_map(Entry::in_memory).collect();
        for (number, body) in waiting {
            let body = self.write(body, gone);
            if let Some(entry) = self.place(number).and_then(|place| self.entries.get_mut(place)) {
                entry.body = body;
            }
        }
    }

    /// How many snapshots wait.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether none does.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many of them would be lost if the program ended now.
    pub fn only_in_memory(&self) -> usize {
        self.entries.iter().filter(|entry| matches!(entry.body, Body::Memory(_))).count()
    }

    /// How many bytes they take, in memory and on the disk.
    pub fn bytes(&self) -> u64 {
        self.memory() as u64 + self.disk.as_ref().map_or(0, Disk::bytes)
    }

    /// Snapshots that could not be written to the disk, and are kept in memory.
    pub fn disk_errors(&self) -> u64 {
        self.disk.as_ref().map_or(0, |disk| disk.errors)
    }

    /// What has changed about the disk since the last call.
    pub fn take_disk_change(&mut self) -> Option<DiskChange> {
        self.disk.as_mut()?.take_change()
    }

    fn place(&self, number: Number) -> Option<usize> {
        self.entries.binary_search_by_key(&number, |entry| entry.number).ok()
    }

    /// Written to the disk, if there is one that takes it. The oldest there go for it.
    fn write(&mut self, body: Bytes, gone: &mut Vec<Zeros>) -> Body {
        while let Some(segment) = self.disk.as_mut().and_then(|disk| disk.make_room(body.len())) {
            gone.extend(self.throw_out(|entry| entry.is_in(segment)));
        }
        let written = self.disk.as_mut().and_then(|disk| disk.append(&body));
        written.map_or(Body::Memory(body), Body::Disk)
    }

    fn throw_out(&mut self, goes: impl Fn(&Entry) -> bool) -> Vec<Zeros> {
        let going = self.entries.iter().filter(|entry| goes(entry));
        let numbers: Vec<_> = going.map(|entry| entry.number).collect();
        self.lost += numbers.len() as u64;
        numbers.into_iter().map(|number| self.remove(number)).collect()
    }

    /// The oldest in memory go while there are more than there is room for. The newest stays, however large it is.
    fn make_room(&mut self, gone: &mut Vec<Zeros>) {
        while self.entries.len() > 1 && self.memory() > self.memory_at_most {
            let in_memory = self.entries.iter().find(|entry| matches!(entry.body, Body::Memory(_)));
            let newest = self.next_number - 1;
            let oldest = in_memory.filter(|entry| entry.number != newest).or_else(|| self.entries.front());
            let Some(number) = oldest.map(|entry| entry.number) else { return };
            self.lost += 1;
            gone.push(self.remove(number));
        }
    }

    /// Bytes in memory; an entry whose lines are on the disk takes some as well.
    fn memory(&self) -> usize {
        self.entries.iter().map(Entry::memory).sum()
    }
}

impl Entry {
    /// Its number and its lines, if they are in memory and can be written to a disk.
    fn in_memory(&self) -> Option<(Number, Bytes)> {
        match &self.body {
            Body::Memory(body) if self.stamped => Some((self.number, body.clone())),
            _ => None,
        }
    }

    fn is_in(&self, segment: SegmentNumber) -> bool {
        matches!(&self.body, Body::Disk(slot) if slot.segment == segment)
    }

    fn memory(&self) -> usize {
        let body = match &self.body {
            Body::Memory(body) => body.len(),
            Body::Disk(_) => 0,
        };
        ENTRY + body + ZERO * self.zeros.len()
    }
}

#[cfg(test)]
mod tests;
