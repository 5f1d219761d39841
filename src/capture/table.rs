//! The table, written as text: copied, rewritten line by line, or made of the kernel's messages.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};

use super::anonymise::Anonymiser;
use super::messages::Messages;
use super::new_file::NewFile;
use super::omission::OmissionError;
use super::rewrite;
use crate::config::Config;
use crate::conntrack::backend::{BackendChoice, TableBackend};
use crate::conntrack::{TABLE, TableError};
use crate::root::Root;

/// The longest line of the table that is rewritten; the program understands none of a fourth of this.
const LONGEST_LINE: u64 = 64 * 1024;
/// How much is copied at once.
const PIECE: usize = 16 * 1024;

/// The table, about to be read.
#[derive(Debug)]
pub(super) enum OpenTable {
    Text(File),
    Messages(Box<Messages>),
}

impl OpenTable {
    /// Opens its text, or else asks for what netlink gives, whichever the configuration permits.
    pub(super) fn open(root: &Root, config: &Config) -> Result<Self, OmissionError> {
        let mut refusals = Vec::new();
        for &backend in backends(root, config.source) {
            let opened = match backend {
                TableBackend::Procfs => root.open(TABLE).map(Self::Text),
                TableBackend::Netlink => Messages::begin().map(Box::new).map(Self::Messages),
            };
            match opened {
                Ok(table) => return Ok(table),
                Err(source) => {
                    let (path, live) = (root.path(TABLE), root.is_live());
                    refusals.push(TableError { backend, path, live, source }.to_string());
                }
            }
        }
        Err(OmissionError::Unreadable(refusals.join("; ")))
    }

    /// Writes all of it.
    pub(super) fn write(
        self,
        to: &mut NewFile,
        anonymiser: Option<&mut Anonymiser>,
    ) -> Result<(), OmissionError> {
        match (self, anonymiser) {
            (Self::Messages(messages), anonymiser) => messages.write(to, anonymiser),
            (Self::Text(from), None) => copy(from, to),
            (Self::Text(from), Some(anonymiser)) => anonymise(from, to, anonymiser),
        }
    }
}

/// By which ways the table is had, each where the ones before it fail. The text comes first, for it is the kernel's own.
const fn backends(root: &Root, choice: BackendChoice) -> &'static [TableBackend] {
    match choice {
        // Of a replayed router there is no other.
        _ if !root.is_live() => &[TableBackend::Procfs],
        BackendChoice::Auto => &[TableBackend::Procfs, TableBackend::Netlink],
        BackendChoice::Procfs => &[TableBackend::Procfs],
        BackendChoice::Netlink => &[TableBackend::Netlink],
    }
}

/// Not `io::copy`: its `copy_file_range()` finds nothing in files of procfs on some kernels.
pub(super) fn copy(mut from: impl Read, mut to: impl Write) -> Result<(), OmissionError> {
    let mut piece = vec![0; PIECE];
    loop {
        let length = match from.read(&mut piece) {
            Ok(0) => return Ok(()),
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(OmissionError::CutShort(error.to_string())),
        };
        to.write_all(piece.get(..length).unwrap_or_default()).map_err(OmissionError::Unwritable)?;
    }
}

/// Rewrites the table line by line; of a line that is longer than any, the beginning.
fn anonymise(from: impl Read, to: impl Write, anonymiser: &mut Anonymiser) -> Result<(), OmissionError> {
    let mut from = BufReader::with_capacity(PIECE, from);
    let mut to = BufWriter::new(to);
    let (mut line, mut new) = (Vec::new(), Vec::new());
    loop {
        line.clear();
        let read = from.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line);
        if read.map_err(|error| OmissionError::CutShort(error.to_string()))? == 0 {
            return to.flush().map_err(OmissionError::Unwritable);
        }
        new.clear();
        rewrite::table_line(&line, anonymiser, &mut new);
        to.write_all(&new).map_err(OmissionError::Unwritable)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_of_any_length_is_streamed() {
        let line = "ipv4     2 udp      17 28 src=192.168.8.2 dst=9.9.9.9 sport=1 dport=53 src=9.9.9.9 dst=8.8.8.8 sport=53 dport=1 use=2\n";
        let long = "9.9.9.9 ".repeat(20_000);
        let table = [&line.repeat(1000), long.trim_end(), "\n", line.trim_end()].concat();
        let mut copied = Vec::new();
        copy(table.as_bytes(), &mut copied).unwrap();
        assert_eq!(copied, table.as_bytes());
        let mut new = Vec::new();
        anonymise(table.as_bytes(), &mut new, &mut Anonymiser::new(&[])).unwrap();
        let new = String::from_utf8(new).unwrap();
        assert_eq!(new.lines().count(), 1002);
        assert_eq!(new.matches("dst=240.0.0.1 ").count(), 1001);
        assert!(!new.contains("9.9.9.9"));
    }
}
