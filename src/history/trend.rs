//! How many connections a device has, against what it had: in the last hours, and in the last weeks.
//!
//! [`TrendMemory`] remembers for longer than the hour of [`History`](super::History): of each device the least connections
//! in every quarter of an hour of six hours, the most in every hour of a day, and what is normal for it at every hour of the
//! week. It goes by devices, not by owners, for that outlives a restart.

mod day;
mod device;
mod memory;
mod normal;
mod quarters;
pub mod slope;

pub use device::DeviceTrend;
pub use memory::{BYTES_AT_MOST, Now, REMEMBERED_AT_MOST, TrendMemory};
pub use normal::{HOURS, Normal};

/// What is known of one device at an instant. Connections are entries that are ESTABLISHED or ACTIVE.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trend {
    /// Connections now.
    pub connections: u32,
    /// The most that it usually has at this hour of the week: [`Normal::peak_at`].
    pub normal_peak: Option<f64>,
    /// The least connections in each whole quarter of an hour of the last six hours, the oldest first: at most 24, since
    /// the device was last without a single entry for a whole quarter.
    pub quarter_minima: Vec<u32>,
    /// The least idle ones of them in the same quarters; `None` where that isn't known.
    pub quarter_idle: Option<Vec<u32>>,
}

/// What a device has at an instant, and had since the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// Connections now.
    pub connections: u32,
    /// The fewest in any pass since.
    pub least: u32,
    /// The most in any pass since.
    pub most: u32,
    /// How many are idle now, if that is known.
    pub idle: Option<u32>,
    /// Whether nothing speaks against learning from it.
    pub is_usual: bool,
}
