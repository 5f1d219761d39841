//! `[traffic]`: how often the table is passed over for what moves fast, and how services are called.

use serde::{Deserialize, Serialize};

use super::Interval;
use crate::devices::absolute_path::AbsolutePath;

/// `[traffic]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrafficConfig {
    /// The time from one pass over the table to the next; `interval` is a multiple of it.
    pub interval: Interval,
    /// The owner's own labels of services.
    pub services: AbsolutePath,
}

impl Default for TrafficConfig {
    fn default() -> Self {
        Self {
            interval: Interval::from_seconds(USUAL),
            services: AbsolutePath::of_ours("/etc/conntrack-exporter.services"),
        }
    }
}

/// What a file without `traffic.interval` comes nearest to, in seconds.
const USUAL: u64 = 10;
/// What it may come to: more often would cost more than whoever hasn't asked for it wants.
const FITTING: std::ops::RangeInclusive<u64> = 5..=300;
/// The longest that may be set, in seconds, unless it is `interval` itself. A counter is remembered to 38 bits, a step of
/// half of that is taken for a fall: in five minutes more than 3 Gbit/s of one connection.
const LONGEST: u64 = 300;

impl TrafficConfig {
    /// Takes the divisor of `interval` that is nearest to ten seconds in proportion; none fitting, `interval` itself.
    pub(super) fn fit(&mut self, interval: Interval) {
        let whole = interval.duration().as_secs();
        let divisors = FITTING.filter(|divisor| whole.is_multiple_of(*divisor));
        let nearest = divisors.min_by_key(|divisor| (divisor * 1000 / USUAL).max(USUAL * 1000 / divisor));
        self.interval = nearest.map_or(interval, Interval::from_seconds);
    }

    /// Whether `interval` is a multiple of it; else what is wrong.
    pub(super) fn divides(&self, interval: Interval) -> Result<(), String> {
        let (given, whole) = (self.interval.duration().as_secs(), interval.duration().as_secs());
        if given == whole || (given <= LONGEST && whole.is_multiple_of(given)) {
            return Ok(());
        }
        let mut fitting = Self::default();
        fitting.fit(interval);
        let wrong = if given > LONGEST {
            format!("is longer than \"5m\", interval is \"{interval}\"")
        } else {
            format!("does not divide interval, which is \"{interval}\"")
        };
        Err(format!("\"{}\" {wrong}: \"{}\" would do", self.interval, fitting.interval))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(seconds: u64) -> Interval {
        Interval::from_seconds(seconds)
    }

    #[test]
    fn the_divisor_nearest_to_ten_seconds_is_taken() {
        for (whole, expected) in [
            (30, 10),
            (60, 10),
            (1, 1),
            (7, 7),
            (11, 11),
            (25, 5),
            (45, 9),
            (15, 15),
            (3600, 10),
            (3599, 59),
            (20, 10),
        ] {
            let mut traffic = TrafficConfig::default();
            traffic.fit(interval(whole));
            assert_eq!(traffic.interval, interval(expected), "{whole}");
            assert_eq!(traffic.divides(interval(whole)), Ok(()), "{whole}");
        }
    }

    #[test]
    fn what_does_not_divide_the_interval_is_told_with_what_would() {
        let traffic = TrafficConfig { interval: interval(20), ..TrafficConfig::default() };
        assert_eq!(
            traffic.divides(interval(30)).unwrap_err(),
            "\"20s\" does not divide interval, which is \"30s\": \"10s\" would do"
        );
        assert!(
            TrafficConfig { interval: interval(60), ..TrafficConfig::default() }
                .divides(interval(30))
                .is_err()
        );
    }
}
