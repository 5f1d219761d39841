//! `[limits]`: bounds on what is sent.

use serde::{Deserialize, Deserializer, Serialize};

use crate::config::value::whole_number;

/// `[limits]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Devices in a snapshot, and names new within a day.
    #[serde(deserialize_with = "limit")]
    pub max_devices: usize,
    /// Series in a snapshot.
    #[serde(deserialize_with = "limit")]
    pub max_series: usize,
    /// Flows that are remembered from one pass over the table to the next.
    #[serde(deserialize_with = "limit")]
    pub max_flows: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_devices: 1024, max_series: 8192, max_flows: 65_536 }
    }
}

fn limit<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    whole_number(deserializer, 1..=1_000_000, "a number from 1 to 1000000")
}
