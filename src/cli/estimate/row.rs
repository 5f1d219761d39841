//! What one measurement comes to in a day.

use serde::Serialize;

use super::amounts::DAY;
use super::keys::{EVERY_FIVE_MINUTES, lowered_by};
use super::rehearsal::Rehearsal;
use super::storage;
use crate::config::Config;
use crate::measurements::{
    bandwidth, connection_alert, connection_rate, connection_state, connection_trend, destination, device,
    device_activity, device_traffic,
};
use crate::series::schema::{Clock, Schema};

/// Five minutes, in seconds.
const FIVE_MINUTES: u64 = 300;

/// A line of the table.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Row {
    /// The measurement.
    pub(super) measurement: &'static str,
    /// How many series it has here.
    pub(super) series: u64,
    /// Whether it can't be more with the connections that there are now, but is less as a rule.
    pub(super) at_most: bool,
    /// Points of all series; what is sent as several lines for its length is one.
    pub(super) points_per_day: u64,
    /// On the disk of `InfluxDB`.
    pub(super) disk_bytes_per_day: u64,
    /// As it is sent: the lines.
    pub(super) line_bytes_per_day: u64,
    /// Which keys lower it.
    pub(super) lowered_by: Vec<String>,
    /// What can't be seen in a moment, and what was taken for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) assumed: Option<&'static str>,
}

impl Row {
    /// What `rehearsal` has seen of a measurement, over a day.
    pub(super) fn new(schema: &Schema, rehearsal: &Rehearsal, config: &Config) -> Self {
        let times = DAY / seconds(schema, config);
        let mut row = Self {
            measurement: schema.name,
            series: 0,
            at_most: schema.name == bandwidth::SCHEMA.name,
            points_per_day: 0,
            disk_bytes_per_day: 0,
            line_bytes_per_day: 0,
            lowered_by: lowered_by(schema, config),
            assumed: assumed(schema.name),
        };
        for (tags, lines) in rehearsal.of(schema.name) {
            let values: u64 = lines.iter().map(|line| storage::values(&line.point)).sum();
            let length: usize = lines.iter().map(|line| line.length).sum();
            let points = lines.iter().map(|line| &line.point);
            row.series += 1;
            row.points_per_day += times;
            row.disk_bytes_per_day += times * values + storage::index_of_a_day(tags, points, times);
            row.line_bytes_per_day += times * length as u64;
        }
        row
    }
}

/// The time from one point of a series to the next.
fn seconds(schema: &Schema, config: &Config) -> u64 {
    let interval = config.interval.duration().as_secs();
    let seconds = match schema.every {
        _ if EVERY_FIVE_MINUTES.contains(&schema.name) => FIVE_MINUTES.max(interval),
        Clock::Interval => interval,
        Clock::Traffic => config.traffic.interval.duration().as_secs(),
    };
    seconds.max(1)
}

/// What can't be seen in a moment, and what was taken for it.
fn assumed(measurement: &str) -> Option<&'static str> {
    const OF_THOSE_CONNECTED: &str = "the devices that have connections now have them all day";
    const ASSUMED: [(&str, &str); 9] = [
        (
            connection_state::SCHEMA.name,
            "as many kinds of connections as now all day; one that goes is sent once more, as 0",
        ),
        (connection_rate::SCHEMA.name, OF_THOSE_CONNECTED),
        (
            bandwidth::SCHEMA.name,
            "every connection of now moves something all the time; what moves nothing for a minute isn't sent. Other \
             services come and go in a day, of a device 36 series at most",
        ),
        (device_traffic::SCHEMA.name, OF_THOSE_CONNECTED),
        (
            destination::SCHEMA.name,
            "the eight busiest pairs of now, and the rest as one; in a day a device may have 65 series in turn, and \
             every day others",
        ),
        (device_activity::SCHEMA.name, OF_THOSE_CONNECTED),
        (connection_trend::SCHEMA.name, OF_THOSE_CONNECTED),
        (device::SCHEMA.name, "nothing changes; each change is a point more"),
        (
            connection_alert::SCHEMA.name,
            "as many alerts as now, usually none; one that fires all day is 288 points",
        ),
    ];
    ASSUMED.iter().find(|(name, _)| *name == measurement).map(|(_, assumed)| *assumed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measurements::{router_stats, schemas};

    #[test]
    fn a_day_has_as_many_points_as_the_clock_has_instants() {
        let config = Config::parse("interval = \"60s\"\ntraffic.interval = \"20s\"").unwrap();
        let of = |schema| seconds(schema, &config);
        assert_eq!(
            [of(&connection_state::SCHEMA), of(&bandwidth::SCHEMA), of(&device::SCHEMA)],
            [60, 20, 300]
        );
        assert_eq!(of(&router_stats::SCHEMA), 20);
        let config = Config::parse("interval = \"10m\"").unwrap();
        assert_eq!(seconds(&device::SCHEMA, &config), 600, "none comes more often");
    }

    #[test]
    fn what_tells_of_devices_says_what_it_assumes() {
        for schema in schemas() {
            let of_devices = schema.tags.iter().any(|tag| tag.key == "device_name");
            assert_eq!(assumed(schema.name).is_some(), of_devices, "{}", schema.name);
        }
    }
}
