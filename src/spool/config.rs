//! `[spool]`: where it waits what a server has not acknowledged.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::config::byte_size::ByteSize;
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemorySize(ByteSize);

impl MemorySize {
    const LEAST: ByteSize = ByteSize(64 << 10);
    const MOST: ByteSize = ByteSize(1 << 30);

    /// The number of bytes.
    pub fn bytes(self) -> usize {
        usize::try_from(self.0.0).unwrap_or(usize::MAX)
    }
}

impl fmt::Display for MemorySize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Default for MemorySize {
    fn default() -> Self {
        Self(ByteSize(4 << 20))
    }
}

impl<'de> Deserialize<'de> for MemorySize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        ByteSize::deserialize_within(deserializer, Self::LEAST, Self::MOST).map(Self)
    }
}

impl Serialize for MemorySize {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// `spool.disk`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiskSize(ByteSize);

impl DiskSize {
    const LEAST: ByteSize = ByteSize(256 << 10);
    const MOST: ByteSize = ByteSize(64 << 30);

    /// The number of bytes.
    pub const fn bytes(self) -> u64 {
        self.0.0
    }
}

impl fmt::Display for DiskSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Default for DiskSize {
    fn default() -> Self {
        Self(ByteSize(64 << 20))
    }
}

impl<'de> Deserialize<'de> for DiskSize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        ByteSize::deserialize_within(deserializer, Self::LEAST, Self::MOST).map(Self)
    }
}

impl Serialize for DiskSize {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

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
