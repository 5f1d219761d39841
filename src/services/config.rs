//! `[traffic]`: what traffic is told apart by.

use serde::{Deserialize, Serialize};

use crate::devices::absolute_path::AbsolutePath;

/// `[traffic]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrafficConfig {
    /// The owner's own labels of services.
    pub services: AbsolutePath,
}

impl Default for TrafficConfig {
    fn default() -> Self {
        Self { services: AbsolutePath::of_ours("/etc/conntrack-exporter.services") }
    }
}
