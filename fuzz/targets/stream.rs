//! The whole table through the reader's buffer: whatever the pieces in which it comes, every line is handed out once.

#![no_main]

use std::io::{self, ErrorKind, Read};

use conntrack_exporter::conntrack::entry::{Entry, EntryError, Progress};
use conntrack_exporter::conntrack::flow::Flow;
use conntrack_exporter::conntrack::procfs::{Reading, line};
use libfuzzer_sys::fuzz_target;

/// The buffer's size: a line must be shorter, its newline included.
const BUFFER: usize = 16 * 1024;
/// Stands for a long piece of text, so that short inputs make long lines.
const LONG: u8 = 0xff;
const LONG_PIECES: [usize; 4] = [1000, 4000, BUFFER - 2, BUFFER - 1];

/// What a line came to.
type Found = Result<Flow, (usize, EntryError)>;

/// A file that gives its text in pieces of the given sizes, over and over; of size 0 it is interrupted.
struct Pieces<'a> {
    text: &'a [u8],
    sizes: &'a [u8],
    next: usize,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        assert!(!buffer.is_empty(), "no room to read into");
        let size = self.sizes.get(self.next % self.sizes.len().max(1)).copied().unwrap_or(u8::MAX);
        self.next += 1;
        if size == 0 && self.next.is_multiple_of(2) {
            return Err(ErrorKind::Interrupted.into());
        }
        let length = (usize::from(size).pow(2) + 1).min(buffer.len()).min(self.text.len());
        let (piece, rest) = self.text.split_at(length);
        buffer[..length].copy_from_slice(piece);
        self.text = rest;
        Ok(length)
    }
}

fuzz_target!(|input: &[u8]| {
    let (sizes, text) = input.split_at(input.len().min(4));
    let mut whole = Vec::new();
    for byte in text {
        match *byte {
            LONG if whole.len() > 2 * BUFFER => {}
            LONG => whole.resize(whole.len() + LONG_PIECES[whole.len() % LONG_PIECES.len()], b'x'),
            byte => whole.push(byte),
        }
    }
    let expected: Vec<Found> =
        whole.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(plain).collect();
    let mut found: Vec<Found> = Vec::new();
    let mut reading = Reading::new(Pieces { text: &whole, sizes, next: 0 });
    let mut sink = |entry: Entry<'_>| {
        found.push(match entry {
            Entry::Flow(flow) => Ok(flow),
            Entry::Unreadable { bytes, why } => Err((bytes.len(), why)),
        });
    };
    while reading.step(&mut sink).expect("nothing but interruptions") == Progress::More {}
    assert_eq!(found, expected);
});

fn plain(text: &[u8]) -> Found {
    if text.len() >= BUFFER {
        return Err((BUFFER, EntryError::Length));
    }
    line::parse(text).map_err(|why| (text.len(), why))
}
