//! The kernel's connection table: choosing a backend and reading by it, step by step.
//!
//! A reading is taken in steps so that whoever takes them can attend to signals in between: before kernel 6.16 every
//! `read()` of the file walks the hash table from its beginning, which makes a large table take seconds.

#[cfg(test)]
pub(crate) mod any_flow;
pub mod backend;
pub mod entry;
pub mod flow;
mod gauges;
pub mod memory;
pub mod netlink;
pub mod procfs;
pub mod rereads;
pub mod statistics;

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use nix::libc;

use crate::root::Root;
use backend::{BackendChoice, BackendChooser, TableBackend};
pub use entry::{Entry, Progress};
pub use gauges::{Gauges, GaugesError};
use memory::MemoryTable;

/// Where the table is, as text.
pub const TABLE: &str = "/proc/net/nf_conntrack";
/// Where the kernel tells of the table as a whole.
pub const SYSCTL: &str = "/proc/sys/net/netfilter";

/// The kernel's table, and the ways in which it is read.
#[derive(Debug)]
pub struct Table {
    root: Root,
    chooser: BackendChooser,
    /// What is read in the place of the kernel's.
    memory: Option<MemoryTable>,
}

/// A reading of the table, from its first entry to its last.
#[derive(Debug)]
pub enum Reading {
    /// Of the text.
    Procfs(procfs::Reading),
    /// Of the kernel's messages.
    Netlink(netlink::Reading),
    /// Of a table in memory.
    Memory(memory::Reading),
}

impl Reading {
    /// Reads once and hands every entry that is whole by then to `sink`.
    pub fn step(&mut self, sink: &mut impl FnMut(Entry<'_>)) -> io::Result<Progress> {
        match self {
            Self::Procfs(reading) => reading.step(sink),
            Self::Netlink(reading) => reading.step(sink),
            Self::Memory(reading) => Ok(reading.step(sink)),
        }
    }
}

impl Table {
    /// The table below `root`; a replayed router's is always text.
    pub fn new(root: &Root, choice: BackendChoice) -> Self {
        Self { root: root.clone(), chooser: BackendChooser::new(permitted(root, choice)), memory: None }
    }

    /// A table in memory, in the place of the one below `root`.
    pub fn in_memory(root: &Root, table: MemoryTable) -> Self {
        Self { memory: Some(table), ..Self::new(root, BackendChoice::Procfs) }
    }

    /// Takes over another choice of backend.
    pub fn reconfigure(&mut self, choice: BackendChoice) {
        self.chooser = BackendChooser::new(permitted(&self.root, choice));
    }

    /// Chooses how the table is read next, at `boot` (time since boot).
    pub fn choose(&mut self, gauges: Gauges, boot: Duration) -> TableBackend {
        self.chooser.choose(gauges, boot)
    }

    /// How to go on within the tick after a reading that failed; `None` if there is no way.
    pub fn after_failure(&mut self, error: &TableError, boot: Duration) -> Option<TableBackend> {
        self.chooser.after_failure(error, boot)
    }

    /// Takes note of a reading that came to its end.
    pub fn succeeded(&mut self) {
        self.chooser.succeeded();
    }

    /// How the table was read last, or is about to be.
    pub const fn backend(&self) -> TableBackend {
        self.chooser.current()
    }

    /// Where its entries come from, as `conntrack_exporter` names it.
    pub const fn source(&self) -> &'static str {
        match self.memory {
            None => self.backend().name(),
            Some(_) => "memory",
        }
    }

    /// Whether it is this machine's own.
    pub const fn is_live(&self) -> bool {
        self.root.is_live() && self.memory.is_none()
    }

    /// Whether a reading by `backend` can come to its end without every live entry: the text of the running kernel,
    /// where [`rereads`] says what to do about it. A replayed table is a file, and a dump tells when it isn't whole.
    pub const fn can_skip_entries(&self, backend: TableBackend) -> bool {
        self.is_live() && matches!(backend, TableBackend::Procfs)
    }

    /// Whether an entry that a reading by `backend` lacks may be there all the same, even where as many were read as
    /// there are: so it is of the running kernel's text before Linux 6.16 ([`rereads`]).
    pub const fn can_overlook_entries(&self, backend: TableBackend) -> bool {
        self.can_skip_entries(backend) && self.chooser.has_counting_text()
    }

    /// Opens the table for one reading. Only ever for reading: on OpenWrt's 5.4 kernel a write to the text is a flush.
    pub fn open(&self, backend: TableBackend) -> Result<Reading, TableError> {
        if let Some(table) = &self.memory {
            return Ok(Reading::Memory(table.read()));
        }
        let opened = match backend {
            TableBackend::Procfs => self.root.open(TABLE).map(procfs::Reading::new).map(Reading::Procfs),
            TableBackend::Netlink => netlink::Reading::begin().map(Reading::Netlink),
        };
        opened.map_err(|error| self.error(backend, error))
    }

    /// What `error` means for a reading of this table.
    pub fn error(&self, backend: TableBackend, error: io::Error) -> TableError {
        TableError { backend, path: self.root.path(TABLE), live: self.root.is_live(), source: error }
    }

    /// The table's own figures, and why one of them can't be read that is there.
    pub fn gauges(&self) -> (Gauges, Option<GaugesError>) {
        match &self.memory {
            None => Gauges::read(&self.root),
            Some(table) => (Gauges { count: Some(table.len() as u64), max: None, buckets: None }, None),
        }
    }

    /// Whether the kernel counts packets and bytes (`nf_conntrack_acct`), if it says so.
    pub fn accounting(&self) -> Option<bool> {
        gauges::accounting(&self.root)
    }
}

/// A replayed router's table is always text.
const fn permitted(root: &Root, choice: BackendChoice) -> BackendChoice {
    if root.is_live() { choice } else { BackendChoice::Procfs }
}

/// The table could not be opened or read.
#[derive(Debug, thiserror::Error)]
pub struct TableError {
    /// How it was to be read.
    pub backend: TableBackend,
    /// The file of the text.
    pub path: PathBuf,
    /// Whether it is this machine's own.
    pub live: bool,
    /// What the kernel answered.
    pub source: io::Error,
}

impl TableError {
    /// Whether another try within the same tick would come to the same: a right or a kernel module is missing.
    pub fn is_lasting(&self) -> bool {
        // Without its module ctnetlink is unknown to nfnetlink (EINVAL), without that to the kernel.
        const LASTING: [i32; 7] = [
            libc::EPERM,
            libc::EACCES,
            libc::ENOENT,
            libc::EINVAL,
            libc::EOPNOTSUPP,
            libc::EPROTONOSUPPORT,
            libc::EAFNOSUPPORT,
        ];
        self.source.raw_os_error().is_some_and(|errno| LASTING.contains(&errno))
    }
}

impl fmt::Display for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, permission) = (self.path.display(), self.source.kind() == io::ErrorKind::PermissionDenied);
        match self.backend {
            TableBackend::Netlink if permission => {
                f.write_str("permission denied reading the table by netlink: it takes CAP_NET_ADMIN, or root")
            }
            TableBackend::Netlink if self.is_lasting() => write!(
                f,
                "the kernel doesn't offer its table by netlink ({}): load the module nf_conntrack_netlink (OpenWrt: \
                 kmod-nf-conntrack-netlink)",
                self.source
            ),
            TableBackend::Netlink => write!(f, "reading the table by netlink: {}", self.source),
            TableBackend::Procfs if permission && self.live => {
                write!(f, "permission denied reading {path}: run as root or with group 0")
            }
            TableBackend::Procfs if permission => {
                write!(f, "permission denied reading {path}: run as its owner, or let everybody read it")
            }
            TableBackend::Procfs if self.source.kind() != io::ErrorKind::NotFound => {
                write!(f, "reading {path}: {}", self.source)
            }
            TableBackend::Procfs if self.live => write!(
                f,
                "{path} does not exist: load the kernel module nf_conntrack (OpenWrt: kmod-nf-conntrack; the kernel \
                 needs NF_CONNTRACK_PROCFS)"
            ),
            TableBackend::Procfs => {
                write!(f, "{path} does not exist: the table of the router to be replayed belongs there")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_text_of_the_running_kernel_can_skip_entries() {
        let (live, replayed) = (Root::live(), Root::replay("/tmp"));
        for (root, backend, expected) in [
            (&live, TableBackend::Procfs, true),
            (&live, TableBackend::Netlink, false),
            (&replayed, TableBackend::Procfs, false),
            (&replayed, TableBackend::Netlink, false),
        ] {
            let table = Table::new(root, BackendChoice::Auto);
            assert_eq!(table.can_skip_entries(backend), expected, "{root:?} {backend}");
        }
    }
}
