//! The one place where files are opened, only ever for reading.
//!
//! What lies at a path is not to be trusted: a FIFO in place of a file holds up whoever opens it until somebody writes
//! into it, a device may never end. So nothing here waits: a file is opened without blocking, looked at by its
//! descriptor, and refused unless it is a regular one. Those of the kernel below `/proc` and `/sys` are regular too, of
//! size 0. Nobody else in this crate opens a file; other crates are handed its bytes, or a reader.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::libc;
use thiserror::Error;

/// What a file that people write is read of at most, in bytes.
pub(crate) const WRITTEN_AT_MOST: u64 = 1 << 20;
/// What one figure or name of the kernel's is read of at most, in bytes: the kernel gives a page (`seq_read()`).
pub(crate) const FIGURE_AT_MOST: u64 = 4096;
/// What a list that a command has printed is read of at most, in bytes.
pub(crate) const PRINTED_AT_MOST: u64 = 8 << 20;

/// Why a file that is there is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum FileError {
    /// It is a directory, a FIFO, a device or a socket.
    #[error("not a regular file")]
    NotRegular,
    /// It has more bytes than are read of such a file.
    #[error("larger than {}", size(*.0))]
    TooLarge(u64),
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
    let flags = libc::O_NONBLOCK | libc::O_NOCTTY;
    #[expect(clippy::disallowed_methods, reason = "this is what everybody else is to call")]
    let file = File::options().read(true).custom_flags(flags).open(path)?;
    // What was looked at may have been exchanged meanwhile; what was opened can't.
    regular(&file.metadata()?)?;
    Ok(file)
}

/// Reads the whole file at `path`, which is refused if it has more than `at_most` bytes.
pub(crate) fn read(path: &Path, at_most: u64) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    open(path)?.take(at_most.saturating_add(1)).read_to_end(&mut content)?;
    if content.len() as u64 > at_most {
        return Err(FileError::TooLarge(at_most).into());
    }
    Ok(content)
}

fn regular(metadata: &fs::Metadata) -> Result<(), FileError> {
    if metadata.is_file() { Ok(()) } else { Err(FileError::NotRegular) }
}

/// A bound in words.
fn size(bytes: u64) -> String {
    if bytes < 1 << 20 { format!("{bytes} bytes") } else { format!("{} MiB", bytes >> 20) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_up_to_its_bound_and_refused_beyond() {
        let path = std::env::temp_dir().join(format!("conntrack-exporter-read-{}", std::process::id()));
        fs::write(&path, "12345678").unwrap();
        assert_eq!(read(&path, 8).unwrap(), b"12345678");
        assert_eq!(read(&path, 7).unwrap_err().to_string(), "larger than 7 bytes");
        fs::remove_file(&path).unwrap();
        assert_eq!(read(&path, 7).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert_eq!(FileError::TooLarge(WRITTEN_AT_MOST).to_string(), "larger than 1 MiB");
    }

    #[test]
    fn only_regular_files_are_opened_the_kernels_among_them() {
        for path in ["/dev/zero", "/dev/null", "/proc", "/"] {
            assert_eq!(open(Path::new(path)).unwrap_err().to_string(), "not a regular file", "{path}");
        }
        assert!(!read(Path::new("/proc/self/statm"), FIGURE_AT_MOST).unwrap().is_empty());
    }
}
