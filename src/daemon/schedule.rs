//! When snapshots are due: at whole multiples of the interval since 1970, by a clock that may step.

use std::time::Duration;

/// The two clocks, read together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// The wall clock: time since 1970. It steps when somebody sets it.
    pub wall: Duration,
    /// Time since boot, sleep included (`CLOCK_BOOTTIME`). It never steps.
    pub boot: Duration,
}

impl Now {
    /// What a wall clock that never steps would have said at boot, in seconds: it changes only by a step.
    fn origin(self) -> f64 {
        self.wall.as_secs_f64() - self.boot.as_secs_f64()
    }

    /// By how many seconds the wall clock was set forward (or, negative, back) between `earlier` and now.
    pub fn step_since(self, earlier: Self) -> f64 {
        self.origin() - earlier.origin()
    }
}

/// What there is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Nothing for this long.
    In(Duration),
    /// The snapshot of this instant (time since 1970), the whole multiple of the interval that it is stamped with.
    Snapshot(Duration),
}

/// The instants at which snapshots are taken.
#[derive(Debug)]
pub struct Schedule {
    interval: Duration,
    /// The next instant to take, in time since 1970.
    next: Duration,
    /// When the schedule was last asked.
    asked: Now,
    skipped: u64,
}

impl Schedule {
    /// The first instant is the first multiple of `interval` after `now`: an instant that another process may have
    /// stamped already is left alone.
    pub fn new(interval: Duration, now: Now) -> Self {
        Self { interval, next: latest(interval, now.wall) + interval, asked: now, skipped: 0 }
    }

    /// The time from one instant to the next.
    pub const fn interval(&self) -> Duration {
        self.interval
    }

    /// The next instant, in time since 1970.
    pub const fn next(&self) -> Duration {
        self.next
    }

    /// How many instants passed without a snapshot since this was last asked.
    pub fn take_skipped(&mut self) -> u64 {
        std::mem::take(&mut self.skipped)
    }

    /// What is due. A snapshot that this names counts as taken.
    pub fn poll(&mut self, now: Now) -> Due {
        let set_back = -now.step_since(self.asked);
        let passed = now.boot.saturating_sub(self.asked.boot);
        self.asked = now;
        if set_back > self.interval.as_secs_f64() {
            // Far enough back to follow the new clock; otherwise instants stamped already are waited past.
            self.next = latest(self.interval, now.wall) + self.interval;
        }
        let Some(late) = now.wall.checked_sub(self.next) else {
            return Due::In(self.next.saturating_sub(now.wall));
        };
        let latest = latest(self.interval, now.wall);
        // Instants that a step forward jumped over were never there to be missed.
        self.skipped += whole(late, self.interval).min(whole(passed, self.interval));
        self.next = latest + self.interval;
        if now.wall.saturating_sub(latest) < self.interval / 2 {
            return Due::Snapshot(latest);
        }
        self.skipped += 1;
        Due::In(self.next.saturating_sub(now.wall))
    }
}

/// The latest whole multiple of `interval` that is not after `wall`.
pub fn latest(interval: Duration, wall: Duration) -> Duration {
    Duration::from_secs(wall.as_secs() / interval.as_secs().max(1) * interval.as_secs())
}

fn whole(time: Duration, interval: Duration) -> u64 {
    time.as_secs() / interval.as_secs().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EPOCH: u64 = 1_795_241_370;

    fn seconds(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    /// A machine up for 1000 s whose clock says `EPOCH` plus `wall` and was up `boot` s longer.
    fn at(wall: f64, boot: f64) -> Now {
        Now { wall: seconds(wall) + Duration::from_secs(EPOCH), boot: seconds(1000.0 + boot) }
    }

    fn instant(after_epoch: u64) -> Due {
        Due::Snapshot(Duration::from_secs(EPOCH + after_epoch))
    }

    fn wait(seconds_long: f64) -> Due {
        Due::In(seconds(seconds_long))
    }

    #[test]
    fn whole_multiples_each_once() {
        let mut schedule = Schedule::new(seconds(30.0), at(0.0, 0.0));
        assert_eq!(schedule.poll(at(0.0, 0.0)), wait(30.0), "an instant that has begun is left alone");
        assert_eq!(schedule.poll(at(29.5, 29.5)), wait(0.5));
        assert_eq!(schedule.poll(at(30.25, 30.25)), instant(30));
        assert_eq!(schedule.poll(at(30.5, 30.5)), wait(29.5));
        assert_eq!(schedule.poll(at(60.0, 60.0)), instant(60));
        assert_eq!(schedule.take_skipped(), 0);
    }

    #[test]
    fn late_by_less_than_half_is_taken_by_more_is_skipped() {
        let mut schedule = Schedule::new(seconds(30.0), at(0.0, 0.0));
        assert_eq!(schedule.poll(at(44.5, 44.5)), instant(30));
        assert_eq!(schedule.poll(at(75.0, 75.0)), wait(15.0));
        assert_eq!(schedule.take_skipped(), 1);
        assert_eq!(schedule.poll(at(153.0, 153.0)), instant(150));
        assert_eq!(schedule.take_skipped(), 2, "90 and 120");
    }

    #[test]
    fn every_second_and_every_hour() {
        let mut fast = Schedule::new(seconds(1.0), at(0.0, 0.0));
        for second in 1..20 {
            let late = f64::from(second) + 0.25;
            assert_eq!(fast.poll(at(late, late)), instant(u64::try_from(second).unwrap()));
        }
        let hour = Duration::from_hours(1);
        let mut slow = Schedule::new(hour, at(0.0, 0.0));
        let first = latest(hour, at(0.0, 0.0).wall) + hour;
        assert_eq!(first.as_secs() % 3600, 0);
        let until = first.saturating_sub(at(0.0, 0.0).wall).as_secs_f64();
        assert_eq!(slow.poll(at(until + 600.0, until + 600.0)), Due::Snapshot(first));
    }

    #[test]
    fn a_step_forward_is_followed_and_misses_nothing() {
        let mut schedule = Schedule::new(seconds(30.0), at(0.0, 0.0));
        let days = 3.0 * 86400.0;
        assert_eq!(schedule.poll(at(days + 12.0, 10.0)), instant(3 * 86400));
        assert_eq!(schedule.take_skipped(), 0);
        assert_eq!(schedule.poll(at(days + 30.0, 28.0)), instant(3 * 86400 + 30));
    }

    #[test]
    fn a_step_back_of_ten_seconds_stamps_nothing_twice() {
        let mut schedule = Schedule::new(seconds(30.0), at(0.0, 0.0));
        assert_eq!(schedule.poll(at(31.0, 31.0)), instant(30));
        assert_eq!(schedule.poll(at(22.0, 32.0)), wait(38.0));
        assert_eq!(schedule.poll(at(30.0, 40.0)), wait(30.0), "30 was stamped before the step");
        assert_eq!(schedule.poll(at(60.0, 70.0)), instant(60));
        assert_eq!(schedule.take_skipped(), 0);
    }

    #[test]
    fn a_step_back_of_a_day_is_followed() {
        let mut schedule = Schedule::new(seconds(30.0), at(86400.0, 0.0));
        assert_eq!(schedule.poll(at(86431.0, 31.0)), instant(86430));
        assert_eq!(schedule.poll(at(5.0, 32.0)), wait(25.0));
        assert_eq!(schedule.poll(at(30.0, 57.0)), instant(30));
    }

    #[test]
    fn asleep_for_an_hour() {
        let mut schedule = Schedule::new(seconds(30.0), at(0.0, 0.0));
        assert_eq!(schedule.poll(at(3601.0, 3601.0)), instant(3600));
        assert_eq!(schedule.take_skipped(), 119);
    }
}
