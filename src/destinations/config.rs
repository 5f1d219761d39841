//! `[destinations]`: where the names of networks are found.

use serde::{Deserialize, Serialize};

use crate::devices::absolute_path::AbsolutePath;

/// `[destinations]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct DestinationsConfig {
    /// The owner's own list of networks.
    pub networks: AbsolutePath,
}

impl Default for DestinationsConfig {
    fn default() -> Self {
        Self { networks: AbsolutePath::of_ours("/etc/conntrack-exporter.networks") }
    }
}
