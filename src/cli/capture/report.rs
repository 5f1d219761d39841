//! What became of a capture, in words.

use std::fmt;
use std::path::PathBuf;

use crate::capture::Omission;
use crate::cli::error::Exit;
use crate::root::Root;

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
