//! The whole estimate, and its JSON.

use serde::Serialize;

use super::amounts::{DAY, MONTH};
use super::row::Row;
use super::storage;
use crate::config::Config;

/// All rows and what they come to.
#[derive(Debug, Serialize)]
pub(super) struct Estimate {
    interval_seconds: u64,
    traffic_interval_seconds: u64,
    /// Per measurement, in the order in which they are sent.
    pub(super) measurements: Vec<Row>,
    /// The sum of them.
    pub(super) total: Total,
    /// What a number is taken to need on disk.
    disk_bytes_per_number: u64,
    /// What a text is: one part in so many of its length.
    disk_text_one_part_in: usize,
}

/// The sum of all measurements.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Total {
    /// At a time.
    pub(super) series: u64,
    pub(super) points_per_day: u64,
    pub(super) points_per_month: u64,
    pub(super) disk_bytes_per_day: u64,
    pub(super) disk_bytes_per_month: u64,
    /// Lines, without what the network puts around them.
    pub(super) udp_bytes_per_second: u64,
}

impl Estimate {
    /// Of these measurements.
    pub(super) fn new(config: &Config, measurements: Vec<Row>) -> Self {
        let sum = |of: fn(&Row) -> u64| measurements.iter().map(of).sum::<u64>();
        let (points, disk) = (sum(|row| row.points_per_day), sum(|row| row.disk_bytes_per_day));
        let total = Total {
            series: sum(|row| row.series),
            points_per_day: points,
            points_per_month: points * MONTH,
            disk_bytes_per_day: disk,
            disk_bytes_per_month: disk * MONTH,
            udp_bytes_per_second: sum(|row| row.line_bytes_per_day).div_ceil(DAY),
        };
        Self {
            interval_seconds: config.interval.duration().as_secs(),
            traffic_interval_seconds: config.traffic.interval.duration().as_secs(),
            measurements,
            total,
            disk_bytes_per_number: storage::NUMBER,
            disk_text_one_part_in: storage::TEXT_ONE_PART_IN,
        }
    }

    /// One object of JSON.
    pub(super) fn json(&self) -> Result<String, serde_json::Error> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// The clocks, as the configuration has them.
    pub(super) fn clocks(&self) -> String {
        let (interval, traffic) = (self.interval_seconds, self.traffic_interval_seconds);
        format!("with interval = \"{interval}s\" and traffic.interval = \"{traffic}s\"")
    }
}
