//! What the kernel says of its table as a whole, each in a file of its own.

use std::io;
use std::path::{Path, PathBuf};

use super::SYSCTL;
use crate::files::FIGURE_AT_MOST;
use crate::root::Root;

/// What the kernel says of its table as a whole; what can't be read is absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gauges {
    /// Entries held now (`nf_conntrack_count`).
    pub count: Option<u64>,
    /// Entries allowed (`nf_conntrack_max`).
    pub max: Option<u64>,
    /// Buckets of the hash table (`nf_conntrack_buckets`).
    pub buckets: Option<u64>,
}

/// A figure is there and can't be read.
#[derive(Debug, thiserror::Error)]
#[error("reading {}: {source}", path.display())]
pub struct GaugesError {
    /// The file.
    pub path: PathBuf,
    /// What the kernel answered.
    pub source: io::Error,
}

impl Gauges {
    /// Reads the figures of the router below `root`. Of several that can't be read the last is told.
    pub(super) fn read(root: &Root) -> (Self, Option<GaugesError>) {
        let mut unreadable = None;
        let mut read = |name: &str| {
            figure(root, name).unwrap_or_else(|error| {
                unreadable = Some(error);
                None
            })
        };
        let gauges = Self {
            count: read("nf_conntrack_count"),
            max: read("nf_conntrack_max"),
            buckets: read("nf_conntrack_buckets"),
        };
        (gauges, unreadable)
    }
}

/// Whether the kernel counts packets and bytes, if it says so.
pub(super) fn accounting(root: &Root) -> Option<bool> {
    let text = root.read(Path::new(SYSCTL).join("nf_conntrack_acct"), FIGURE_AT_MOST).ok()?;
    Some(text.trim_ascii() != b"0")
}

/// How many seconds an established TCP connection is kept on which nothing is sent, if the kernel says so. It begins anew with
/// every packet (`nf_conntrack_tcp_packet()` refreshes by it).
pub(super) fn established_timeout(root: &Root) -> Option<u32> {
    figure(root, "nf_conntrack_tcp_timeout_established").ok()??.try_into().ok()
}

/// Older and leaner kernels don't have all of them.
fn figure(root: &Root, name: &str) -> Result<Option<u64>, GaugesError> {
    let path = Path::new(SYSCTL).join(name);
    match root.read(&path, FIGURE_AT_MOST) {
        Ok(text) => Ok(parse(&text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(GaugesError { path: root.path(path), source }),
    }
}

fn parse(text: &[u8]) -> Option<u64> {
    str::from_utf8(text).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_a_number_and_a_newline() {
        assert_eq!(
            [&b"16384\n"[..], b"7", b"", b"-1\n", b"\xff"].map(parse),
            [Some(16384), Some(7), None, None, None]
        );
    }
}
