//! `[log]`: what is logged.

use serde::{Deserialize, Serialize};

/// `[log]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogConfig {
    /// The least important messages shown.
    pub level: LogLevel,
}

/// `log.level`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// What goes wrong and stops something.
    Error,
    /// What goes wrong.
    Warn,
    /// What begins and ends.
    #[default]
    Info,
    /// Every snapshot.
    Debug,
    /// Everything.
    Trace,
}
