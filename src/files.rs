//! The one place where files are opened, only ever for reading.
//!
//! What lies at a path is not to be trusted: a FIFO in place of a file holds up whoever opens it until somebody writes
//! into it, a device may never end. So nothing here waits: a file is opened without blocking, looked at by its
//! descriptor, and refused unless it is a regular one. Those of the kernel below `/proc` and `/sys` are regular too, of
//! size 0. Nobody else in this crate opens a file; other crates are handed its bytes, or a reader.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::libc;
use thiserror::Error;

/// Why a file that is there is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum FileError {
    /// It is a directory, a FIFO, a device or a socket.
    #[error("not a regular file")]
    NotRegular,
}

impl From<FileError> for io::Error {
    fn from(error: FileError) -> Self {
        Self::other(error)
    }
}

/// Opens the regular file at `path`, without waiting for anybody.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    // That alone may do something to a device, so what is known to be none is not even tried.
    regular(&fs::metadata(path)?)?;
    // The standard library adds O_CLOEXEC. Without O_NOCTTY a terminal might become the daemon's own.
    let file = File::options().read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(path)?;
    // What was looked at may have been exchanged meanwhile; what was opened can't.
    regular(&file.metadata()?)?;
    Ok(file)
}

fn regular(metadata: &fs::Metadata) -> Result<(), FileError> {
    if metadata.is_file() { Ok(()) } else { Err(FileError::NotRegular) }
}
