//! `scenario.toml`: who does what, and when.

use std::time::Duration;

use serde::{Deserialize, Deserializer};

/// When every recording begins: a whole multiple of all intervals, in seconds since 1970.
pub(crate) const START: u64 = 1_795_241_400;
/// From one look at the table to the next: the default of `traffic.interval`.
pub(crate) const EVERY: u64 = 10;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scenario {
    /// Another one makes another household of the same habits.
    pub(crate) seed: u64,
    #[serde(deserialize_with = "seconds")]
    pub(crate) length: u64,
    /// Of which instants the points are in `expected.lp`.
    #[serde(deserialize_with = "seconds")]
    pub(crate) shown_every: u64,
    /// Another program sets all counters to zero this often.
    #[serde(default, deserialize_with = "perhaps_seconds")]
    pub(crate) zeroed_every: Option<u64>,
    /// Hardware forwards busy connections, and tells the kernel this often.
    #[serde(default, deserialize_with = "perhaps_seconds")]
    pub(crate) written_back_every: Option<u64>,
    /// Which measurements are on besides those of every recording.
    #[serde(default)]
    pub(crate) measurements: Vec<String>,
    #[serde(rename = "device")]
    pub(crate) devices: Vec<Habits>,
}

/// A device and what it does.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Habits {
    pub(crate) name: String,
    pub(crate) does: Vec<Plan>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Plan {
    pub(crate) what: What,
    /// Since the first instant; without it, it went on before that.
    #[serde(default, deserialize_with = "perhaps_seconds")]
    pub(crate) from: Option<u64>,
    /// Without it, it goes on to the end.
    #[serde(default, deserialize_with = "perhaps_seconds")]
    pub(crate) to: Option<u64>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum What {
    Backup,
    Browsing,
    Call,
    Film,
    Sensor,
    Standby,
    Torrent,
}

impl Scenario {
    /// When the table is looked at: seconds since 1970.
    pub(crate) fn instants(&self) -> impl Iterator<Item = u64> {
        (0..=self.length / EVERY).map(|instant| START + instant * EVERY)
    }
}

fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let text = String::deserialize(deserializer)?;
    let duration: Duration = humantime::parse_duration(&text).map_err(serde::de::Error::custom)?;
    Ok(duration.as_secs())
}

fn perhaps_seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    seconds(deserializer).map(Some)
}
