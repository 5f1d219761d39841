//! The two clocks, `interval` and `traffic.interval`: which instants are due of each, and whether one pass over the
//! table serves both.

use std::time::Duration;

use super::schedule::{self, Now, Schedule};
use crate::measurements::DueClocks;

/// What there is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Nothing for this long.
    In(Duration),
    /// The snapshot of this instant (time since 1970), for these clocks.
    Snapshot(Duration, DueClocks),
}

/// The instants of both clocks. Each decides for itself whether one of its own is too late to be taken.
#[derive(Debug)]
pub struct Schedules {
    interval: Schedule,
    /// That of traffic; `None` while it is the same.
    traffic: Option<Schedule>,
}

impl Schedules {
    /// The first instant of each is the first multiple after `now`. `pass_interval` divides `interval`.
    pub fn new(interval: Duration, pass_interval: Duration, now: Now) -> Self {
        let mut schedules = Self { interval: Schedule::new(interval, now), traffic: None };
        schedules.set_pass_interval(pass_interval, now);
        schedules
    }

    /// From now on the table is passed over at multiples of `pass_interval`, which divides the interval.
    pub fn set_pass_interval(&mut self, pass_interval: Duration, now: Now) {
        if self.pass_interval() != pass_interval {
            let differs = pass_interval != self.interval.interval();
            self.traffic = differs.then(|| Schedule::new(pass_interval, now));
        }
    }

    fn pass_interval(&self) -> Duration {
        self.traffic.as_ref().unwrap_or(&self.interval).interval()
    }

    /// The next instant of either, in time since 1970.
    pub fn next(&self) -> Duration {
        let of_traffic = self.traffic.as_ref().map_or(Duration::MAX, Schedule::next);
        self.interval.next().min(of_traffic)
    }

    /// How many instants of `interval` passed without a snapshot since this was last asked.
    pub fn take_skipped(&mut self) -> u64 {
        self.interval.take_skipped()
    }

    /// What is due. A snapshot that this names counts as taken.
    pub fn poll(&mut self, now: Now) -> Due {
        let due = self.interval.poll(now);
        let Some(traffic) = &mut self.traffic else {
            return match due {
                schedule::Due::In(time) => Due::In(time),
                schedule::Due::Snapshot(instant) => Due::Snapshot(instant, DueClocks::Both),
            };
        };
        match due {
            // One of traffic that is due as well, and younger, is taken right after.
            schedule::Due::Snapshot(instant) if schedule::latest(traffic.interval(), now.wall) != instant => {
                Due::Snapshot(instant, DueClocks::IntervalOnly)
            }
            schedule::Due::Snapshot(instant) => match traffic.poll(now) {
                schedule::Due::Snapshot(_) => Due::Snapshot(instant, DueClocks::Both),
                schedule::Due::In(_) => Due::Snapshot(instant, DueClocks::IntervalOnly),
            },
            schedule::Due::In(time) => match traffic.poll(now) {
                schedule::Due::Snapshot(instant) => Due::Snapshot(instant, DueClocks::TrafficOnly),
                schedule::Due::In(sooner) => Due::In(time.min(sooner)),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use DueClocks::{Both, IntervalOnly, TrafficOnly};

    const EPOCH: u64 = 1_795_241_370;

    /// So many seconds after the epoch, on a machine up for 1000 s more.
    fn at(seconds: f64) -> Now {
        let time = Duration::from_secs_f64(seconds);
        Now { wall: time + Duration::from_secs(EPOCH), boot: time + Duration::from_secs(1000) }
    }

    fn snapshot(second: u64, due: DueClocks) -> Due {
        Due::Snapshot(Duration::from_secs(EPOCH + second), due)
    }

    fn wait(seconds: f64) -> Due {
        Due::In(Duration::from_secs_f64(seconds))
    }

    fn schedules(pass_interval: u64) -> Schedules {
        Schedules::new(Duration::from_secs(30), Duration::from_secs(pass_interval), at(0.0))
    }

    #[test]
    fn one_pass_serves_both_clocks_where_they_meet() {
        let mut schedules = schedules(10);
        assert_eq!(schedules.next(), Duration::from_secs(EPOCH + 10));
        for (second, expected) in [
            (0.0, wait(10.0)),
            (10.25, snapshot(10, TrafficOnly)),
            (10.5, wait(9.5)),
            (20.0, snapshot(20, TrafficOnly)),
            (30.25, snapshot(30, Both)),
            (30.5, wait(9.5)),
            (40.0, snapshot(40, TrafficOnly)),
        ] {
            assert_eq!(schedules.poll(at(second)), expected, "{second}");
        }
        assert_eq!(schedules.take_skipped(), 0);
    }

    #[test]
    fn each_clock_decides_for_itself_what_is_too_late() {
        let mut schedules = schedules(10);
        // 6 s are more than half of 10 s, and less than half of 30 s.
        assert_eq!(schedules.poll(at(36.0)), snapshot(30, IntervalOnly));
        assert_eq!(schedules.poll(at(36.5)), wait(3.5));
        // At 72 s the interval's instant is that of 60 s, and traffic's that of 70 s: the older comes first.
        assert_eq!(schedules.poll(at(72.0)), snapshot(60, IntervalOnly));
        assert_eq!(schedules.poll(at(72.5)), snapshot(70, TrafficOnly));
        assert_eq!(schedules.poll(at(73.0)), wait(7.0));
        assert_eq!(schedules.take_skipped(), 0);
        assert_eq!(schedules.poll(at(117.0)), wait(3.0), "too late for both");
        assert_eq!(schedules.take_skipped(), 1);
    }

    #[test]
    fn passes_can_become_as_rare_as_the_interval_and_frequent_again() {
        let mut schedules = schedules(10);
        schedules.set_pass_interval(Duration::from_secs(30), at(11.0));
        assert_eq!(schedules.poll(at(11.0)), wait(19.0));
        assert_eq!(schedules.poll(at(30.0)), snapshot(30, Both));
        schedules.set_pass_interval(Duration::from_secs(10), at(31.0));
        assert_eq!(schedules.poll(at(31.0)), wait(9.0));
        assert_eq!(schedules.poll(at(40.0)), snapshot(40, TrafficOnly));
    }
}
