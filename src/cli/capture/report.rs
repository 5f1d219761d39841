//! What became of a capture, in words.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::cli::error::Exit;
use crate::root::Root;
use crate::wording::counted;

/// A file of vendors as large as this is not worth carrying around.
pub(super) const LARGEST_LIST: u64 = 8 * 1024 * 1024;

/// What of anonymised files is as it was.
pub(in crate::cli) const ANONYMISED: &str = "Names, MACs and public addresses are others; private IPv4 addresses, names \
    of interfaces and times\nof connections are as they were. Look it over before you hand it on.";

/// What became of a capture. Shown, it is one line for each file and how to replay them.
#[derive(Debug)]
pub(super) struct CaptureReport {
    pub(super) directory: PathBuf,
    pub(super) anonymised: bool,
    /// The router's paths.
    pub(super) written: Vec<PathBuf>,
    pub(super) omissions: Vec<Omission>,
}

/// What is not in the directory, or not whole.
#[derive(Debug)]
pub(in crate::cli) struct Omission {
    /// The router's path.
    pub(in crate::cli) path: PathBuf,
    pub(in crate::cli) cause: OmissionError,
}

/// Why it is not.
#[derive(Debug)]
pub(in crate::cli) enum OmissionError {
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

impl CaptureReport {
    /// What is not in the directory, or not whole.
    pub(super) fn omissions(&self) -> &[Omission] {
        &self.omissions
    }

    /// The exit code that tells of it.
    pub(super) fn exit(&self) -> Exit {
        exit(&self.omissions)
    }

    /// Whether everything is there that could be.
    #[cfg(test)]
    pub(super) fn is_complete(&self) -> bool {
        self.exit() == Exit::Success
    }
}

/// The exit code that tells what is missing.
pub(in crate::cli) fn exit(omissions: &[Omission]) -> Exit {
    if omissions.iter().any(Omission::is_unwritable) {
        Exit::Unwritable
    } else if omissions.iter().any(|omission| omission.cause.is_a_failure()) {
        Exit::Failure
    } else {
        Exit::Success
    }
}

impl Omission {
    /// Whether it could be read but not written.
    pub(super) const fn is_unwritable(&self) -> bool {
        matches!(self.cause, OmissionError::Unwritable(_))
    }
}

impl OmissionError {
    /// Whether it went wrong, or was meant to be.
    const fn is_a_failure(&self) -> bool {
        matches!(self, Self::Unreadable(_) | Self::CutShort(_) | Self::Unwritable(_))
    }
}

impl fmt::Display for CaptureReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let directory = self.directory.display();
        let below = Root::replay(&self.directory);
        for path in &self.written {
            writeln!(f, "{}", below.path(path).display())?;
        }
        writeln!(f, "To replay them: conntrack-exporter once --root {directory}")?;
        if self.anonymised {
            writeln!(f, "{ANONYMISED}")?;
        }
        Ok(())
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
