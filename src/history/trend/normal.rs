//! What is normal for a device: how many connections it had at this hour of the week, in the last four weeks.

use crate::local_time::{HOURS_OF_WEEK, LocalTime};

/// How many weeks are remembered.
const WEEKS: usize = 4;
/// How many hours that is.
pub const HOURS: usize = WEEKS * HOURS_OF_WEEK;
/// The hours of a week.
#[expect(clippy::cast_possible_wrap, reason = "it is 168")]
const WEEK: i64 = HOURS_OF_WEEK as i64;
/// From how many weeks on the greatest is left out: it may have been an exception.
const ENOUGH_TO_CHOOSE: usize = 3;

/// The peaks of the last 672 local hours: 1,344 bytes.
///
/// An hour is known by the clock on the wall. Where clocks are put forward, the hour that is left out has no peak; where they
/// are put back, two hours have one name and one peak, the greater.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Normal {
    /// By the local hour modulo 672. 0 where the device had no connection, or nothing was learned.
    peaks: Box<[u16]>,
    /// The hour that goes on, counted from a Monday.
    hour: i64,
    /// The peak of that hour so far.
    now: u16,
}

impl Normal {
    /// Nothing is known yet.
    pub fn new(now: LocalTime) -> Self {
        Self { peaks: [0; HOURS].into(), hour: hour(now), now: 0 }
    }

    /// What was learned before: the peaks of the 672 hours before the one that went on then, the oldest first, that one, and
    /// its peak. `None` if these are not as many.
    pub fn restore(peaks: &[u16], hour: i64, now: u16) -> Option<Self> {
        let is_counted = (0..i64::MAX / 2).contains(&hour);
        let mut normal = Self { peaks: [0; HOURS].into(), hour, now };
        if peaks.len() != HOURS || !is_counted {
            return None;
        }
        for (at, peak) in (hour - LENGTH..).zip(peaks) {
            normal.set(at, *peak);
        }
        Some(normal)
    }

    /// What [`Normal::restore`] takes: peaks, the hour that goes on, and its peak so far.
    pub fn keep(&self) -> (Vec<u16>, i64, u16) {
        let peaks = (self.hour - LENGTH..self.hour).map(|hour| self.peak_of(hour));
        (peaks.collect(), self.hour, self.now)
    }

    /// It has so many connections now.
    pub fn learn(&mut self, now: LocalTime, connections: u32) {
        self.advance(hour(now));
        self.now = self.now.max(u16::try_from(connections).unwrap_or(u16::MAX));
    }

    /// What it does now is not normal: nothing of this hour is learned that was seen up to now.
    pub fn unlearn(&mut self, now: LocalTime) {
        self.advance(hour(now));
        self.now = 0;
    }

    /// Another hour begins; that of hours in between nothing is known.
    fn advance(&mut self, hour: i64) {
        if hour == self.hour {
            return;
        }
        // A clock that was put back goes over the same hours once more.
        if hour > self.hour {
            self.set(self.hour, self.now);
            for skipped in (self.hour + 1).max(hour - LENGTH)..hour {
                self.set(skipped, 0);
            }
        }
        (self.hour, self.now) = (hour, 0);
    }

    /// The most connections that the device usually has at this hour of the week: of each of the last four weeks the greatest
    /// peak of this hour and its two neighbours, and of those weeks the greatest; from three weeks on the second greatest, for
    /// one may have been an exception. Of the fourth week the hour before is over and forgotten.
    ///
    /// `None` in the first seven days, and where it had no connection in these hours of any week.
    pub fn peak_at(&self, now: LocalTime) -> Option<u16> {
        let now = hour(now);
        let is_young = (now - LENGTH..=now - WEEK).all(|hour| self.peak_of(hour) == 0);
        let of_week = |ago: i64| {
            let middle = now - ago * WEEK;
            (middle - 1..=middle + 1).map(|hour| self.peak_of(hour)).max().filter(|peak| *peak > 0)
        };
        let mut weeks: Vec<u16> = (1..=LENGTH / WEEK).filter_map(of_week).collect();
        weeks.sort_unstable_by(|one, other| other.cmp(one));
        let place = usize::from(weeks.len() >= ENOUGH_TO_CHOOSE);
        weeks.get(place).copied().filter(|_| !is_young)
    }

    /// The peak of an hour that is over; 0 where none is known.
    fn peak_of(&self, hour: i64) -> u16 {
        let is_known = (self.hour - LENGTH..self.hour).contains(&hour);
        place(hour).and_then(|place| self.peaks.get(place)).copied().filter(|_| is_known).unwrap_or_default()
    }

    fn set(&mut self, hour: i64, peak: u16) {
        if let Some(slot) = place(hour).and_then(|place| self.peaks.get_mut(place)) {
            *slot = peak;
        }
    }

    /// How much memory the peaks hold, in bytes.
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.peaks)
    }
}

#[expect(clippy::cast_possible_wrap, reason = "it is 672")]
const LENGTH: i64 = HOURS as i64;

/// The local hour, counted from a Monday.
fn hour(now: LocalTime) -> i64 {
    now.week() * WEEK + i64::try_from(now.hour_of_week()).unwrap_or_default()
}

fn place(hour: i64) -> Option<usize> {
    usize::try_from(hour.rem_euclid(LENGTH)).ok()
}

#[cfg(test)]
mod tests;
