//! What one tick gives, as every way out is handed it.

use std::time::Duration;

use crate::config::Timestamps;
use crate::series::point::Point;
use crate::series::schema::Schema;

/// The points of one instant.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// What the points are stamped with, in nanoseconds since 1970; `None` lets the receiver stamp them.
    pub timestamp: Option<i64>,
    /// A part for every measurement that was due, in the order in which they are sent.
    pub parts: Vec<Part>,
    /// Whether the router's interfaces or addresses have changed since the snapshot before.
    pub addresses_changed: bool,
}

/// What one measurement gives.
#[derive(Clone, Debug)]
pub struct Part {
    /// Of which measurement. One that was switched off has a part without points: its series have gone.
    pub schema: &'static Schema,
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
