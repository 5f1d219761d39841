//! `[spool]`: where it waits what a server has not acknowledged.

use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};

use crate::config::byte_size::BoundedSize;
use crate::config::value::whole_number;
use crate::devices::absolute_path::AbsolutePath;
use crate::influxdb::config::FilePath;

/// `[spool]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct SpoolConfig {
    /// So much is kept in memory.
    pub memory: MemorySize,
    /// A directory of this program's own for what is to survive a restart; nowhere by default.
    pub directory: FilePath,
    /// So much is kept there.
    pub disk: DiskSize,
    /// So many snapshots that have waited are sent in a second.
    pub pace: Pace,
}

impl SpoolConfig {
    /// The directory, if there is one.
    pub fn directory(&self) -> Option<&Path> {
        self.directory.0.as_ref().map(AbsolutePath::as_path)
    }
}

/// `spool.memory`.
pub type MemorySize = BoundedSize<{ 64 << 10 }, { 1 << 30 }, { 4 << 20 }>;

/// `spool.disk`.
pub type DiskSize = BoundedSize<{ 256 << 10 }, { 64 << 30 }, { 64 << 20 }>;

/// `spool.pace`, in snapshots a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Pace(usize);

impl Pace {
    /// The time from one to the next.
    pub fn interval(self) -> Duration {
        Duration::from_secs(1) / u32::try_from(self.0).unwrap_or(1)
    }
}

impl Default for Pace {
    fn default() -> Self {
        Self(10)
    }
}

impl<'de> Deserialize<'de> for Pace {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        whole_number(deserializer, 1..=1000, "a number of snapshots a second from 1 to 1000").map(Self)
    }
}
