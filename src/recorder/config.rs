//! `[recorder]`: what the flight recorder keeps, and where it writes.

use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::config::byte_size::BoundedSize;
use crate::config::value::ValueError;
use crate::devices::absolute_path::AbsolutePath;

/// `[recorder]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct RecorderConfig {
    /// Where recordings are written; empty: nothing is kept.
    pub directory: RecordingDirectory,
    /// For how long passes are kept in memory.
    pub keep: Keep,
    /// How much memory they take at most.
    pub memory: MemorySize,
    /// How much room recordings take at most.
    pub disk: DiskSize,
    /// Whether names, MACs and addresses are replaced by others.
    pub anonymise: bool,
}

/// `recorder.directory`: an absolute path, or nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct RecordingDirectory(Option<AbsolutePath>);

impl RecordingDirectory {
    /// The directory, if there is one.
    pub fn path(&self) -> Option<&Path> {
        self.0.as_ref().map(AbsolutePath::as_path)
    }
}

impl TryFrom<String> for RecordingDirectory {
    type Error = ValueError;

    fn try_from(path: String) -> Result<Self, ValueError> {
        if path.is_empty() { Ok(Self(None)) } else { AbsolutePath::try_from(path).map(Some).map(Self) }
    }
}

impl From<RecordingDirectory> for String {
    fn from(directory: RecordingDirectory) -> Self {
        directory.0.map(Self::from).unwrap_or_default()
    }
}

/// `recorder.keep`: 1 minute to a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Keep(Duration);

impl Keep {
    /// The time.
    pub const fn duration(self) -> Duration {
        self.0
    }
}

impl TryFrom<String> for Keep {
    type Error = ValueError;

    fn try_from(time: String) -> Result<Self, ValueError> {
        let allowed = Duration::from_mins(1)..=Duration::from_hours(24);
        let duration = humantime::parse_duration(&time).ok().filter(|duration| allowed.contains(duration));
        let expected = "a time from \"1m\" to \"24h\", such as \"10m\"";
        duration.map(Self).ok_or_else(|| ValueError::is_not(&time, expected))
    }
}

impl From<Keep> for String {
    fn from(Keep(duration): Keep) -> Self {
        humantime::format_duration(duration).to_string()
    }
}

impl Default for Keep {
    fn default() -> Self {
        Self(Duration::from_mins(10))
    }
}

/// `recorder.memory`.
pub type MemorySize = BoundedSize<{ 64 << 10 }, { 64 << 20 }, { 2 << 20 }>;

/// `recorder.disk`.
pub type DiskSize = BoundedSize<{ 1 << 20 }, { 64 << 30 }, { 64 << 20 }>;
