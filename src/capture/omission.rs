//! What is not in a capture, or not whole.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::wording::counted;

/// A file of vendors as large as this is not worth carrying around.
pub(crate) const LARGEST_LIST: u64 = 8 * 1024 * 1024;

/// What is not in the directory, or not whole.
#[derive(Debug)]
pub(crate) struct Omission {
    /// The router's path.
    pub(crate) path: PathBuf,
    pub(crate) cause: OmissionError,
}

/// Why it is not.
#[derive(Debug)]
pub(crate) enum OmissionError {
    /// It can't be read; the text says why.
    Unreadable(String),
    /// It can't be read to its end; the text says why.
    CutShort(String),
    /// It can't be written, or not to its end.
    Unwritable(io::Error),
    /// Only the beginning is read of a file as large.
    Cut,
    /// It is a large list of vendors.
    LargeList,
    /// It is a list of vendors, and anonymised MACs have none.
    UselessList,
    /// Records were not understood.
    NotUnderstood(usize),
}

impl Omission {
    /// Whether it could be read but not written.
    pub(crate) const fn is_unwritable(&self) -> bool {
        matches!(self.cause, OmissionError::Unwritable(_))
    }
}

impl OmissionError {
    /// Whether it went wrong, or was meant to be.
    pub(crate) const fn is_a_failure(&self) -> bool {
        matches!(self, Self::Unreadable(_) | Self::CutShort(_) | Self::Unwritable(_))
    }
}

impl fmt::Display for Omission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match &self.cause {
            OmissionError::Unreadable(why) => write!(f, "{path} is missing: {why}"),
            OmissionError::CutShort(why) => write!(f, "{path} is cut short: {why}"),
            OmissionError::Unwritable(why) => {
                write!(f, "{path} is missing or cut short: it can't be written: {why}")
            }
            OmissionError::Cut => {
                write!(f, "{path} is too large: only its beginning is there, as the program reads it")
            }
            OmissionError::LargeList => {
                write!(f, "{path} is left out: a list of vendors of {} MB or more", LARGEST_LIST >> 20)
            }
            OmissionError::UselessList => write!(f, "{path} is left out: replaced MACs have no vendor"),
            OmissionError::NotUnderstood(number) => {
                let records = counted(*number, "record", "records");
                write!(f, "{path} lacks {records} that can't be understood, which may hold anything")
            }
        }
    }
}
