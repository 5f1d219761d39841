//! The kernel's connection table: choosing a source and reading it, step by step.
//!
//! A reading is taken in steps so that whoever takes them can attend to signals in between: before kernel 6.16 every
//! `read()` of the file walks the hash table from its beginning, which makes a large table take seconds.

pub mod flow;
pub mod procfs;

use std::fmt;
use std::fs::{self, File};
use std::io;
use std::path::PathBuf;

use crate::root::Root;
use flow::Flow;

/// Where the table is, as text.
pub const TABLE: &str = "/proc/net/nf_conntrack";
/// Where the kernel tells of the table as a whole.
pub const SYSCTL: &str = "/proc/sys/net/netfilter";

/// What one step of a reading hands out, entry by entry.
#[derive(Debug)]
pub enum Entry<'a> {
    /// An entry that was understood.
    Flow(Flow),
    /// One that was not, as the kernel gave it (or its beginning).
    Unreadable {
        /// The bytes; hostile, show them escaped.
        bytes: &'a [u8],
        /// What is wrong with them.
        why: procfs::line::Unreadable,
    },
}

/// Whether a reading has more to give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// There may be more.
    More,
    /// The table was read to its end.
    Done,
}

/// Where the table is read from.
#[derive(Clone, Debug)]
pub struct Table {
    root: Root,
}

impl Table {
    /// The table below `root`.
    pub fn new(root: &Root) -> Self {
        Self { root: root.clone() }
    }

    /// Opens the table for one reading. Only ever for reading: on OpenWrt's 5.4 kernel a write to it is a flush.
    pub fn open(&self) -> Result<procfs::Reading, TableError> {
        let path = self.root.path(TABLE);
        // Of a replayed router: a pipe would hold up the whole program until somebody writes into it.
        if !self.root.is_live() && fs::metadata(&path).is_ok_and(|metadata| !metadata.is_file()) {
            return Err(self.failed(io::Error::other("not a regular file")));
        }
        let file = File::open(path).map_err(|source| self.failed(source))?;
        Ok(procfs::Reading::new(file))
    }

    /// What `source` means for this table.
    pub fn failed(&self, source: io::Error) -> TableError {
        TableError { path: self.root.path(TABLE), live: self.root.is_live(), source }
    }

    /// The way in which the table is read, as `conntrack_exporter` names it.
    pub const fn source(&self) -> &'static str {
        "procfs"
    }

    /// The table's own figures.
    pub fn gauges(&self) -> Gauges {
        let read = |name: &str| {
            let text = fs::read_to_string(self.root.path(SYSCTL).join(name)).ok()?;
            text.trim().parse().ok()
        };
        Gauges {
            count: read("nf_conntrack_count"),
            max: read("nf_conntrack_max"),
            buckets: read("nf_conntrack_buckets"),
        }
    }

    /// Whether the kernel counts packets and bytes (`nf_conntrack_acct`), if it says so.
    pub fn accounting(&self) -> Option<bool> {
        let text = fs::read_to_string(self.root.path(SYSCTL).join("nf_conntrack_acct")).ok()?;
        Some(text.trim() != "0")
    }
}

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

/// The table could not be opened or read.
#[derive(Debug)]
pub struct TableError {
    /// The file.
    pub path: PathBuf,
    /// Whether it is this machine's own.
    pub live: bool,
    /// What the kernel answered.
    pub source: io::Error,
}

impl fmt::Display for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match self.source.kind() {
            io::ErrorKind::PermissionDenied => {
                write!(f, "permission denied reading {path}: run as root or with group 0")
            }
            io::ErrorKind::NotFound if !self.live => {
                write!(f, "{path} does not exist: the table of the router to be replayed belongs there")
            }
            io::ErrorKind::NotFound => write!(
                f,
                "{path} does not exist: load the kernel module nf_conntrack (OpenWrt: kmod-nf-conntrack; the \
                 kernel needs NF_CONNTRACK_PROCFS)"
            ),
            _ => write!(f, "reading {path}: {}", self.source),
        }
    }
}

impl std::error::Error for TableError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}
