//! Files to which what waits is appended, and which go when all that is in them has gone.
//!
//! A record is in the kernel's hands when it was appended, and outlives this program however that ends. When it reaches the
//! disk is left to the kernel, which takes half a minute: to wait for a slow stick would hold up everything else.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::DiskChange;
use super::segment::{self, DONE, HEADER, MAGIC};
use crate::edge_log::EdgeLog;
use crate::files::DirectoryError;
use crate::files::own_directory::OwnDirectory;

/// The number of a file.
pub(super) type SegmentNumber = u32;

/// What files are called, before their number in ten digits.
const NAME: &str = "snapshots-";
/// A file takes no more records from this size on, in bytes, or from an eighth of the whole bound on.
const SEGMENT: u64 = 1 << 20;
/// So large a file is read at most: a record may be longer than a segment.
const SEGMENT_AT_MOST: u64 = 16 << 20;

/// Where the body of a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    /// In which file.
    pub(super) segment: SegmentNumber,
    /// Where its record begins, in bytes.
    offset: u64,
    /// The length of the body, in bytes.
    length: usize,
}

/// The files in one directory.
#[derive(Debug)]
pub(super) struct Disk {
    directory: PathBuf,
    /// The bound on all files, in bytes.
    pub(super) at_most: u64,
    segments: BTreeMap<SegmentNumber, Segment>,
    /// The one that is appended to.
    current: Option<SegmentNumber>,
    next: SegmentNumber,
    failing: EdgeLog,
    change: Option<DiskChange>,
    /// Records that could not be written.
    pub(super) errors: u64,
}

/// One file.
#[derive(Clone, Copy, Debug, Default)]
struct Segment {
    bytes: u64,
    /// How many of its records still wait.
    waiting: usize,
}

impl Disk {
    /// What is in `directory` is not looked at yet.
    pub(super) fn new(directory: &Path, at_most: u64) -> Self {
        Self {
            directory: directory.to_path_buf(),
            at_most,
            segments: BTreeMap::new(),
            current: None,
            next: 1,
            failing: EdgeLog::default(),
            change: None,
            errors: 0,
        }
    }

    /// Where the files are.
    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Bytes in all files.
    pub(super) fn bytes(&self) -> u64 {
        self.segments.values().map(|segment| segment.bytes).sum()
    }

    /// What an earlier run has left, oldest first.
    pub(super) fn load(&mut self) -> Vec<Slot> {
        let found = self.find();
        self.note(found.as_ref().err());
        found.unwrap_or_default()
    }

    fn find(&mut self) -> io::Result<Vec<Slot>> {
        let directory = self.open()?;
        let names = directory.names()?;
        let mut numbers: Vec<_> = names.iter().filter_map(|name| number(name)).collect();
        numbers.sort_unstable();
        let mut slots = Vec::new();
        for segment in numbers {
            self.next = self.next.max(segment.saturating_add(1));
            let file = directory.read(&name(segment), SEGMENT_AT_MOST);
            let bodies = file.as_ref().map(|(text, _)| segment::bodies(text)).unwrap_or_default();
            if bodies.is_empty() {
                // All of it is done, or torn, or nothing of ours: whatever it is, it would never go.
                directory.remove(&name(segment))?;
                continue;
            }
            let bytes = file.map_or(0, |(text, _)| text.len() as u64);
            self.segments.insert(segment, Segment { bytes, waiting: bodies.len() });
            slots.extend(bodies.into_iter().map(|body| Slot {
                segment,
                offset: (body.start - HEADER) as u64,
                length: body.len(),
            }));
        }
        Ok(slots)
    }

    /// Appends a record; `None` if that can't be done, which is noted.
    pub(super) fn append(&mut self, body: &Bytes) -> Option<Slot> {
        let appended = self.try_append(body);
        self.note(appended.as_ref().err());
        if appended.is_err() {
            self.errors += 1;
            // Whatever is there now: nothing is appended to it.
            self.current = None;
        }
        appended.ok()
    }

    fn try_append(&mut self, body: &Bytes) -> io::Result<Slot> {
        let record = segment::record(body)
            .filter(|record| record.len() as u64 <= SEGMENT_AT_MOST - MAGIC.len() as u64);
        let record = record.ok_or(io::ErrorKind::FileTooLarge)?;
        let full = SEGMENT.min(self.at_most / 8);
        let directory = self.open()?;
        let fits = |number: &SegmentNumber| {
            self.segments.get(number).is_some_and(|segment| segment.bytes + record.len() as u64 <= full)
        };
        let (number, offset) = if let Some(number) = self.current.filter(fits) {
            (number, directory.append(&name(number), &record)?)
        } else {
            let number = self.next;
            self.next = self.next.checked_add(1).ok_or(io::ErrorKind::StorageFull)?;
            directory.append(&name(number), &[&MAGIC[..], &record].concat())?;
            (number, MAGIC.len() as u64)
        };
        self.retire_current(number)?;
        let segment = self.segments.entry(number).or_default();
        segment.bytes = offset + record.len() as u64;
        segment.waiting += 1;
        Ok(Slot { segment: number, offset, length: body.len() })
    }

    /// Another file is appended to from now on: one before of which nothing waits any more can go.
    fn retire_current(&mut self, now: SegmentNumber) -> io::Result<()> {
        let before = self.current.replace(now).filter(|before| *before != now);
        match before {
            Some(before) => self.remove_if_done(before),
            None => Ok(()),
        }
    }

    /// The body of a record; `None` if it can't be read, or isn't what was written.
    pub(super) fn read(&self, slot: &Slot) -> Option<Bytes> {
        let record = self.open().and_then(|directory| {
            directory.read_range(&name(slot.segment), slot.offset, HEADER + slot.length)
        });
        segment::body(&record.ok()?).map(Bytes::copy_from_slice)
    }

    /// A record need not wait any longer.
    pub(super) fn remove(&mut self, slot: &Slot) {
        let Some(segment) = self.segments.get_mut(&slot.segment) else { return };
        segment.waiting = segment.waiting.saturating_sub(1);
        // Where neither can be done it is sent once more after the next start, which does no harm.
        let _ = if segment.waiting == 0 {
            self.remove_if_done(slot.segment)
        } else {
            self.open().and_then(|directory| directory.overwrite(&name(slot.segment), slot.offset, &[DONE]))
        };
    }

    fn remove_if_done(&mut self, number: SegmentNumber) -> io::Result<()> {
        if self.segments.get(&number).is_some_and(|segment| segment.waiting == 0) {
            self.segments.remove(&number);
            self.current = self.current.filter(|current| *current != number);
            return self.open()?.remove(&name(number));
        }
        Ok(())
    }

    /// Removes the oldest file if there is no room for a record of so many bytes, and says which. What it held is lost.
    pub(super) fn make_room(&mut self, length: usize) -> Option<SegmentNumber> {
        let needed = self.bytes() + (MAGIC.len() + HEADER + length) as u64;
        let (oldest, _) = self.segments.first_key_value().filter(|_| needed > self.at_most)?;
        let oldest = *oldest;
        self.segments.remove(&oldest);
        self.current = self.current.filter(|current| *current != oldest);
        let removed = self.open().and_then(|directory| directory.remove(&name(oldest)));
        self.note(removed.as_ref().err());
        Some(oldest)
    }

    /// Whether files can be made there.
    pub(super) fn check_writable(&self) -> io::Result<()> {
        self.open()?.is_writable()
    }

    /// What has changed since the last call.
    pub(super) fn take_change(&mut self) -> Option<DiskChange> {
        self.change.take()
    }

    fn note(&mut self, error: Option<&io::Error>) {
        match error {
            Some(error) if self.failing.begins() => {
                let error = io::Error::new(error.kind(), error.to_string());
                self.change = Some(DiskChange::Fails(self.directory.clone(), error));
            }
            None if self.failing.ends() => self.change = Some(DiskChange::Works(self.directory.clone())),
            _ => {}
        }
    }

    fn open(&self) -> io::Result<OwnDirectory> {
        OwnDirectory::open(&self.directory).map_err(|error| match error {
            DirectoryError::Unreachable { source, .. } => source,
            open @ DirectoryError::OpenToOthers(_) => io::Error::other(format!(
                "{open}. It must be this program's user's or root's, and nobody else may write to it"
            )),
        })
    }
}

fn name(number: SegmentNumber) -> String {
    format!("{NAME}{number:010}")
}

/// The number of a file that is called so; `None` of any other.
fn number(called: &str) -> Option<SegmentNumber> {
    let number = called.strip_prefix(NAME)?.parse().ok()?;
    (name(number) == called).then_some(number)
}

#[cfg(test)]
mod tests;
