//! What one tick gives, as every way out is handed it.

use std::sync::Arc;
use std::time::Duration;

use crate::alerts::AlertEvent;
use crate::config::Timestamps;
use crate::flow_list::ListedFlows;
use crate::series::point::Point;
use crate::series::schema::Schema;

/// The points of one instant.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// What the points are stamped with, in nanoseconds since 1970; `None` lets the receiver stamp them.
    pub timestamp: Option<i64>,
    /// A part for every measurement that was due and knows anything, in the order in which they are sent.
    pub parts: Vec<Part>,
    /// Whether the router's interfaces or addresses have changed since the snapshot before.
    pub addresses_changed: bool,
    /// Alerts that began, changed or ended.
    pub events: Vec<AlertEvent>,
    /// Single flows, if somebody is to look at them.
    pub flows: Option<Arc<ListedFlows>>,
}

/// What one measurement gives.
#[derive(Clone, Debug)]
pub struct Part {
    /// Of which measurement.
    pub schema: &'static Schema,
    /// Whether it is switched on. One that isn't has a part without points: its series have gone.
    pub is_on: bool,
    /// Its points, in the order of their tags.
    pub points: Vec<Point>,
}

impl PartialEq for Part {
    fn eq(&self, other: &Self) -> bool {
        self.schema.name == other.schema.name && self.points == other.points
    }
}

impl Snapshot {
    /// All points, in the order in which they are sent.
    pub fn points(&self) -> impl Iterator<Item = &Point> {
        self.parts.iter().flat_map(|part| &part.points)
    }
}

/// What a snapshot can't know, and each output fills in for itself: it adds the zeros of what has gone, and it alone
/// knows what was lost.
pub mod by_output {
    /// The measurement that tells of it.
    pub const MEASUREMENT: &str = "conntrack_exporter";
    /// The measurement whose lines are counted, zeros included.
    pub const COUNTED: &str = "connection_state";
    /// Lines of [`COUNTED`] in this snapshot.
    pub const POINTS: &str = "points";
    /// Datagrams that the kernel took since the start.
    pub const DATAGRAMS_SENT: &str = "datagrams_sent";
    /// Datagrams that it refused, or said later that nobody took; requests that were not acknowledged.
    pub const SEND_ERRORS: &str = "send_errors";
    /// What is added for a receiver that acknowledges; no datagram has these.
    pub const ACKNOWLEDGED: [&str; 6] =
        ["acknowledged", "refused", "spool_lost", "spool_snapshots", "spool_bytes", "spool_errors"];
}

/// What the points of the snapshot of `instant` are stamped with, in nanoseconds since 1970.
pub fn timestamp(timestamps: Timestamps, instant: Duration, clock_set: bool) -> Option<i64> {
    let stamped = match timestamps {
        Timestamps::Auto => clock_set,
        Timestamps::Always => true,
        Timestamps::Never => false,
    };
    i64::try_from(instant.as_nanos()).ok().filter(|_| stamped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_follow_the_configuration() {
        let instant = Duration::from_secs(7);
        let stamped = |timestamps, set| timestamp(timestamps, instant, set).is_some();
        assert!(stamped(Timestamps::Auto, true) && !stamped(Timestamps::Auto, false));
        assert!(stamped(Timestamps::Always, false) && !stamped(Timestamps::Never, true));
        assert_eq!(timestamp(Timestamps::Auto, instant, true), Some(7_000_000_000));
    }
}
