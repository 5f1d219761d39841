//! The table as text: `/proc/net/nf_conntrack`, as the kernel's `ct_seq_show()` prints it.
//!
//! [`Reading`] streams the file through one fixed buffer, [`mod@line`] understands what stands there, and [`mod@print`] writes it. A second parser
//! for the form that nearly every line has saves too little to be kept: making the text costs the kernel far more than
//! reading it costs here.

mod cursor;
pub mod line;
pub mod print;

use std::fs::File;
use std::io::{self, Read};

use memchr::memchr;

use super::entry::{Entry, EntryError, Progress};

/// One `read()` gives at most a page of whole lines; the rest is room for the longest security context.
const BUFFER: usize = 16 * 1024;

/// A reading of the file (or of anything that gives such text), from its first line to its last.
#[derive(Debug)]
pub struct Reading<R = File> {
    source: R,
    lines: LineSplitter,
}

impl<R: Read> Reading<R> {
    /// Begins to read what `source` holds from here on.
    pub fn new(source: R) -> Self {
        Self { source, lines: LineSplitter::new(BUFFER) }
    }

    /// Reads once and hands every line that is whole by then to `sink`.
    pub fn step(&mut self, sink: &mut impl FnMut(Entry<'_>)) -> io::Result<Progress> {
        let each = &mut |line: Result<&[u8], OversizedLineError<'_>>| {
            sink(match line {
                Ok(line) => parse(line),
                Err(OversizedLineError(bytes)) => Entry::Unreadable { bytes, why: EntryError::Length },
            });
        };
        match self.source.read(self.lines.space()) {
            Ok(0) => {
                self.lines.finish(each);
                Ok(Progress::Done)
            }
            Ok(length) => {
                self.lines.filled(length, each);
                Ok(Progress::More)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(Progress::More),
            Err(error) => Err(error),
        }
    }
}

/// Understands one line, given without its newline.
#[inline]
pub fn parse(line: &[u8]) -> Entry<'_> {
    match line::parse(line) {
        Ok(flow) => Entry::Flow(flow),
        Err(why) => Entry::Unreadable { bytes: line, why },
    }
}

/// Cuts a stream into lines without ever holding more than one buffer of it.
#[derive(Debug)]
struct LineSplitter {
    buffer: Box<[u8]>,
    /// How much of the buffer holds the beginning of a line whose end was not read yet.
    pending: usize,
    /// The line being read was too long and has been reported; its remainder is dropped.
    dropping: bool,
}

/// The beginning of a line that is longer than the buffer.
#[derive(Clone, Copy)]
struct OversizedLineError<'a>(&'a [u8]);

impl LineSplitter {
    fn new(size: usize) -> Self {
        Self { buffer: vec![0; size].into_boxed_slice(), pending: 0, dropping: false }
    }

    /// Where the next bytes of the stream go; never empty.
    fn space(&mut self) -> &mut [u8] {
        self.buffer.get_mut(self.pending..).unwrap_or_default()
    }

    /// Takes note of `length` new bytes in [`LineSplitter::space`] and hands out the lines that they complete.
    fn filled(&mut self, length: usize, each: &mut impl FnMut(Result<&[u8], OversizedLineError<'_>>)) {
        let end = (self.pending + length).min(self.buffer.len());
        let mut rest = self.buffer.get(..end).unwrap_or_default();
        // What was pending is known to hold no newline.
        let mut searched = self.pending;
        while let Some(found) = rest.get(searched..).and_then(|unsearched| memchr(b'\n', unsearched)) {
            let (line, tail) = rest.split_at(searched + found);
            if !self.dropping && !line.is_empty() {
                each(Ok(line));
            }
            self.dropping = false;
            rest = tail.get(1..).unwrap_or_default();
            searched = 0;
        }
        let full = rest.len() == self.buffer.len();
        if full && !self.dropping {
            each(Err(OversizedLineError(rest)));
        }
        self.dropping |= full;
        let start = end - rest.len();
        self.pending = if self.dropping { 0 } else { rest.len() };
        self.buffer.copy_within(start..start + self.pending, 0);
    }

    /// The stream has ended: what is pending is a last line without newline.
    fn finish(&mut self, each: &mut impl FnMut(Result<&[u8], OversizedLineError<'_>>)) {
        let line = self.buffer.get(..self.pending).unwrap_or_default();
        if !line.is_empty() {
            each(Ok(line));
        }
        self.pending = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_directory::TestDirectory;
    use proptest::prelude::*;

    /// What comes out when `text` is read `size` bytes at a time at most, through a buffer of `buffer` bytes.
    fn cut(text: &[u8], sizes: &[usize], buffer: usize) -> Vec<SplitLine> {
        let mut lines = LineSplitter::new(buffer);
        let mut found = Vec::new();
        let mut each = |line: Result<&[u8], OversizedLineError<'_>>| {
            found.push(line.map(<[u8]>::to_vec).map_err(|OversizedLineError(beginning)| beginning.len()));
        };
        let (mut rest, mut sizes) = (text, sizes.iter().cycle());
        while !rest.is_empty() {
            let space = lines.space();
            let length = space.len().min(rest.len()).min(*sizes.next().unwrap());
            space[..length].copy_from_slice(&rest[..length]);
            lines.filled(length, &mut each);
            rest = &rest[length..];
        }
        lines.finish(&mut each);
        found
    }

    type SplitLine = Result<Vec<u8>, usize>;

    fn line(text: &str) -> Vec<u8> {
        text.as_bytes().to_vec()
    }

    #[test]
    fn lines_cut_by_a_read_and_a_last_one_without_newline() {
        for size in 1..9 {
            assert_eq!(
                cut(b"ab\n\ncde\nf", &[size], 8),
                [Ok(line("ab")), Ok(line("cde")), Ok(line("f"))],
                "{size}"
            );
        }
    }

    #[test]
    fn a_line_longer_than_the_buffer_is_reported_once_and_dropped() {
        let text = format!("ab\n{}\ncd\n{}", "x".repeat(100), "y".repeat(9));
        for size in [1, 3, 100] {
            assert_eq!(
                cut(text.as_bytes(), &[size], 8),
                [Ok(line("ab")), Err(8), Ok(line("cd")), Err(8)],
                "{size}"
            );
        }
    }

    #[test]
    fn a_line_that_just_fits() {
        assert_eq!(cut(b"1234567\nab\n", &[100], 8), [Ok(line("1234567")), Ok(line("ab"))]);
        assert_eq!(cut(b"12345678\nab\n", &[100], 8), [Err(8), Ok(line("ab"))]);
    }

    #[test]
    fn a_reading_hands_out_every_entry() {
        let place = TestDirectory::new("reading");
        let path = place.join("table");
        let good = "ipv4 2 udp 17 9 src=192.168.8.2 dst=9.9.9.9 sport=1 dport=53 src=9.9.9.9 dst=1.1.1.1 sport=53 \
            dport=1 use=2\n";
        let text = [&good.repeat(500), "garbage\n", &"z".repeat(BUFFER), "\n", good.trim_end()].concat();
        std::fs::write(&path, text).unwrap();
        let mut reading = Reading::new(File::open(&path).unwrap());
        let (mut flows, mut unreadable) = (0, Vec::new());
        let mut sink = |entry: Entry<'_>| match entry {
            Entry::Flow(_) => flows += 1,
            Entry::Unreadable { why, .. } => unreadable.push(why),
        };
        while reading.step(&mut sink).unwrap() == Progress::More {}
        assert_eq!((flows, unreadable), (501, vec![EntryError::Protocols, EntryError::Length]));
    }

    proptest! {
        #[test]
        fn whatever_the_reads_the_lines_are_the_same(text in "[a-c\n]{0,200}", sizes in prop::collection::vec(1..40usize, 1..10)) {
            let expected: Vec<_> = text.split('\n').filter(|line| !line.is_empty()).map(|text| Ok(line(text))).collect();
            prop_assert_eq!(cut(text.as_bytes(), &sizes, 256), expected);
        }
    }
}
