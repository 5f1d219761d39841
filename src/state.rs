//! What is remembered from one run of the program to the next.
//!
//! Measurements give and take their parts ([`Measurement::keep`](crate::measurements::Measurement::keep) and `restore`);
//! [`keeper`] has it written to one file, and [`mod@format`] says what is in that.

pub mod config;
pub mod format;
pub mod keeper;
mod octets;

use serde::{Deserialize, Serialize};

/// All that was learned and would take long to learn again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Since when devices are remembered, in seconds since 1970.
    pub began: Option<u64>,
    /// Devices that were seen.
    pub devices: Vec<KnownDevice>,
    /// What is normal for each device.
    pub habits: Vec<KnownHabit>,
    /// Alerts that fire.
    pub alerts: Vec<KnownAlert>,
}

/// A device that was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownDevice {
    /// Its MAC, else its name.
    pub key: String,
    /// What it is called.
    pub name: String,
    /// When it was first and last seen, in seconds since 1970; the latter is 0 of one that only a file has told of.
    pub seen: (u64, u64),
}

/// What is normal for a device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownHabit {
    /// Its MAC, else its name.
    pub key: String,
    /// When it was last seen, in seconds since 1970.
    pub seen: u64,
    /// The local hour that went on, counted from a Monday.
    pub hour: i64,
    /// The most connections in that hour so far.
    pub now: u16,
    /// The most in each of the 672 hours before, the oldest first.
    #[serde(with = "octets")]
    pub peaks: Vec<u16>,
}

/// An alert that fires.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownAlert {
    /// Which device.
    pub device: String,
    /// Which rule.
    pub rule: String,
    /// How grave it is.
    pub severity: String,
    /// Since when, in seconds since 1970.
    pub since: u64,
}
