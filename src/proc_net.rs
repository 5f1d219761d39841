//! What the kernel tells of its network below `/proc/net`, the connection table aside.
//!
//! Each file is read through [`Root`] and understood by a pure `parse`. A vendor's kernel may print
//! a line that nobody else does: it is counted and left out, and the rest of the file stands.

pub mod counters;
pub mod dev;
pub mod links;
pub mod route;
pub mod sockets;
pub mod sockstat;
pub mod wan_traffic;

use std::io::{self, Read};
use std::path::PathBuf;

use crate::root::Root;

/// A file of the kernel's can't be read.
#[derive(Debug, thiserror::Error)]
#[error("reading {}: {source}", path.display())]
pub struct ProcNetError {
    /// The file.
    pub path: PathBuf,
    /// What the kernel answered.
    pub source: io::Error,
}

/// Reads the first `at_most` bytes of the file at `path` below `root`: what is beyond costs nothing of what is not.
pub(crate) fn beginning(root: &Root, path: &str, at_most: u64) -> Result<Vec<u8>, ProcNetError> {
    let mut text = Vec::new();
    let read = root.open(path).and_then(|file| file.take(at_most).read_to_end(&mut text));
    read.map_err(|source| ProcNetError { path: root.path(path), source })?;
    Ok(text)
}
