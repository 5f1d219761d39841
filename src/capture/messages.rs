//! The table by netlink, written as the text that the kernel has for the same entries.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use super::anonymise::Anonymiser;
use super::new_file::NewFile;
use super::omission::OmissionError;
use super::{TRIES, rewrite};
use crate::conntrack::netlink::Reading;
use crate::conntrack::procfs::print::Line;
use crate::conntrack::{Entry, Progress};

/// A dump of the table whose beginning the kernel has given.
#[derive(Debug)]
pub(super) struct Messages {
    reading: Reading,
    /// What it gave last.
    text: String,
    progress: Progress,
}

impl Messages {
    /// Asks the kernel, and waits for its first answer: a refusal is one.
    pub(super) fn begin() -> io::Result<Self> {
        let mut messages = Self { reading: Reading::begin()?, text: String::new(), progress: Progress::More };
        messages.step()?;
        Ok(messages)
    }

    /// Writes every entry to `to`. A dump that proves not to be whole is begun again.
    pub(super) fn write(
        mut self,
        to: &mut NewFile,
        mut anonymiser: Option<&mut Anonymiser>,
    ) -> Result<(), OmissionError> {
        for _ in 1..TRIES {
            if self.write_all(to, anonymiser.as_deref_mut())?.is_ok() {
                return Ok(());
            }
            to.restart().map_err(OmissionError::Unwritable)?;
            self = Self::begin().map_err(|error| cut_short(&error))?;
        }
        self.write_all(to, anonymiser)?.map_err(|error| cut_short(&error))
    }

    /// Writes what there is and what is yet to come; within, whether the kernel gave it all.
    fn write_all(
        &mut self,
        to: &mut NewFile,
        mut anonymiser: Option<&mut Anonymiser>,
    ) -> Result<io::Result<()>, OmissionError> {
        let mut new = Vec::new();
        loop {
            let text = match anonymiser.as_deref_mut() {
                None => self.text.as_bytes(),
                Some(anonymiser) => {
                    new.clear();
                    for line in self.text.split_inclusive('\n') {
                        rewrite::table_line(line.as_bytes(), anonymiser, &mut new);
                    }
                    &new
                }
            };
            to.write_all(text).map_err(OmissionError::Unwritable)?;
            if self.progress == Progress::Done {
                return Ok(Ok(()));
            }
            if let Err(error) = self.step() {
                return Ok(Err(error));
            }
        }
    }

    fn step(&mut self) -> io::Result<()> {
        self.text.clear();
        let text = &mut self.text;
        self.progress = self.reading.step(&mut |entry| push_line(&entry, text))?;
        Ok(())
    }
}

fn cut_short(error: &io::Error) -> OmissionError {
    OmissionError::CutShort(error.to_string())
}

/// Writes one entry. A message that can't be understood becomes a line that can't be, either: it counts as unreadable
/// wherever it is read.
fn push_line(entry: &Entry<'_>, text: &mut String) {
    // Writing to a String can't fail.
    let _ = match entry {
        Entry::Flow(flow) => writeln!(text, "{}", Line(flow)),
        Entry::Unreadable { bytes, .. } => {
            text.push_str("message=");
            for byte in *bytes {
                let _ = write!(text, "{byte:02x}");
            }
            writeln!(text)
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conntrack::entry::EntryError;
    use crate::conntrack::netlink::tests::ordinary;
    use crate::conntrack::procfs;

    #[test]
    fn entries_are_read_again_and_what_was_not_understood_is_not() {
        let flow = ordinary();
        let mut text = String::new();
        push_line(&Entry::Flow(flow), &mut text);
        push_line(&Entry::Unreadable { bytes: &[2, 0xff], why: EntryError::Length }, &mut text);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(procfs::line::parse(lines[0].as_bytes()), Ok(flow));
        assert_eq!(lines[1..], ["message=02ff"]);
        assert_eq!(procfs::line::parse(lines[1].as_bytes()), Err(EntryError::Protocols));
        let mut new = Vec::new();
        rewrite::table_line(lines[1].as_bytes(), &mut Anonymiser::new(&[]), &mut new);
        assert_eq!(new, b"?");
    }
}
