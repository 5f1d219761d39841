//! The least connections in every quarter of an hour, and the least idle ones: what a device never goes below.

use std::time::Duration;

use super::slope::theil_sen;

/// A quarter of an hour.
const QUARTER: Duration = Duration::from_mins(15);
/// How many are remembered: six hours.
const KEPT: usize = 24;
/// From how many on growth is told: three hours.
const LEAST: usize = 12;
/// How many there are in an hour.
const PER_HOUR: f64 = 4.0;

/// The minima of the last whole quarters, by time since boot.
///
/// They begin with the first whole quarter since the device turned up, and anew after one in which it had no entry at all:
/// a set that is switched on in the evening has not grown from nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct Quarters {
    /// The oldest first; the first so many.
    minima: [Minimum; KEPT],
    length: usize,
    /// The quarter that goes on.
    now: Option<Quarter>,
    /// The slope of the minima in an hour. It changes once in a quarter, and costs 276 slopes.
    growth: Option<f64>,
}

/// The least of a quarter that is over. Of more than 65,534 it is no more known than that: there is one for each quarter of each
/// device.
#[derive(Clone, Copy, Debug, Default)]
struct Minimum {
    connections: u16,
    /// Of the idle ones, or [`UNKNOWN`].
    idle: u16,
}

/// How many are idle was not known throughout.
const UNKNOWN: u16 = u16::MAX;

/// A quarter that goes on.
#[derive(Clone, Copy, Debug, Default)]
struct Quarter {
    /// Which since boot.
    number: u64,
    least: u32,
    /// Of those that are idle; `None` if that was not known throughout.
    idle: Option<u32>,
    /// Whether the device had any entry.
    is_present: bool,
    /// Whether it was seen from its beginning.
    is_whole: bool,
}

impl Quarters {
    /// Since it was last told there were no fewer than `least` connections, and `idle` of them are idle, if that is known; now
    /// is `boot` (time since boot).
    pub(super) fn note(&mut self, boot: Duration, least: u32, idle: Option<u32>) {
        self.add(boot, Quarter { least, idle, is_present: true, ..Quarter::default() });
    }

    /// There was nothing since it was last told.
    pub(super) fn note_absent(&mut self, boot: Duration) {
        self.add(boot, Quarter { idle: Some(0), ..Quarter::default() });
    }

    fn add(&mut self, boot: Duration, told: Quarter) {
        let number = boot.as_secs() / QUARTER.as_secs();
        match &mut self.now {
            Some(now) if now.number == number => {
                now.least = now.least.min(told.least);
                now.idle = now.idle.zip(told.idle).map(|(one, other)| one.min(other));
                now.is_present |= told.is_present;
            }
            _ => self.begin(Quarter { number, ..told }),
        }
    }

    /// Ends the quarter that went on, and begins `next`.
    fn begin(&mut self, next: Quarter) {
        let last = self.now.replace(next);
        let follows = last.filter(|last| last.number + 1 == next.number);
        match follows {
            // Nothing is known of those between.
            None => self.length = 0,
            Some(last) if !last.is_present => self.length = 0,
            Some(last) if last.is_whole => self.push(last),
            Some(_) => {}
        }
        if let Some(now) = &mut self.now {
            now.is_whole = follows.is_some_and(|last| last.is_present);
        }
        self.growth = (self.length >= LEAST).then(|| theil_sen(&self.minima())).flatten();
        self.growth = self.growth.map(|growth| growth * PER_HOUR);
    }

    fn push(&mut self, ended: Quarter) {
        if self.length == KEPT {
            self.minima.rotate_left(1);
            self.length -= 1;
        }
        if let Some(place) = self.minima.get_mut(self.length) {
            *place = Minimum { connections: bounded(ended.least), idle: ended.idle.map_or(UNKNOWN, bounded) };
            self.length += 1;
        }
    }

    /// The minima, the oldest first.
    pub(super) fn minima(&self) -> Vec<u32> {
        self.minima.iter().take(self.length).map(|minimum| minimum.connections.into()).collect()
    }

    /// The minima of idle ones, the oldest first; `None` unless there are some and all are known.
    pub(super) fn idle(&self) -> Option<Vec<u32>> {
        let idle = self.minima.iter().take(self.length).map(|minimum| minimum.idle);
        let all: Option<Vec<u32>> = idle.map(|idle| (idle != UNKNOWN).then_some(idle.into())).collect();
        all.filter(|idle| !idle.is_empty())
    }

    /// By how many connections the minima grow in an hour; `None` before there are three hours of them.
    pub(super) const fn growth_per_hour(&self) -> Option<f64> {
        self.growth
    }

    /// Whether the device had an entry in the quarter that goes on, or in one that is remembered.
    pub(super) fn is_of_use(&self) -> bool {
        self.length > 0 || self.now.is_some_and(|now| now.is_present)
    }
}

fn bounded(count: u32) -> u16 {
    u16::try_from(count).unwrap_or(UNKNOWN).min(UNKNOWN - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every 30 s for so many minutes, from this minute since boot on, so many connections at least.
    fn tell(quarters: &mut Quarters, from: u64, minutes: u64, least: impl Fn(u64) -> Option<u32>) {
        for minute in from..from + minutes {
            for half in [0, 30] {
                let told = least(minute);
                let boot = Duration::from_secs(minute * 60 + half);
                match told {
                    Some(least) => quarters.note(boot, least, Some(least / 2)),
                    None => quarters.note_absent(boot),
                }
            }
        }
    }

    #[test]
    fn minima_are_of_whole_quarters() {
        let mut quarters = Quarters::default();
        tell(&mut quarters, 7, 8, |_| Some(2));
        assert!(quarters.minima().is_empty() && quarters.is_of_use());
        // The dip to 3 is in the second whole one.
        tell(&mut quarters, 15, 31, |minute| Some(if minute == 37 { 3 } else { 9 }));
        assert_eq!(quarters.minima(), [9, 3], "the first, from minute 7 on, was not seen whole");
        assert_eq!(quarters.idle(), Some(vec![4, 1]));
    }

    #[test]
    fn idle_ones_are_known_if_they_were_known_throughout() {
        let mut quarters = Quarters::default();
        tell(&mut quarters, 0, 46, |_| Some(8));
        assert_eq!(quarters.idle(), Some(vec![4, 4]));
        quarters.note(Duration::from_mins(50), 8, None);
        tell(&mut quarters, 51, 40, |_| Some(8));
        assert_eq!((quarters.minima().len(), quarters.idle()), (5, None));
    }

    #[test]
    fn there_are_24_at_most_and_growth_is_told_from_3_hours_on() {
        let mut quarters = Quarters::default();
        tell(&mut quarters, 0, 15, |_| Some(0));
        for quarter in 1..=40_u64 {
            let so_many = u32::try_from(quarter).unwrap();
            tell(&mut quarters, quarter * 15, 15, |_| Some(10 + 3 * so_many));
            let known = quarter >= 13;
            assert_eq!(quarters.growth_per_hour(), known.then_some(12.0), "{quarter}");
        }
        let expected: Vec<u32> = (16..40).map(|quarter| 10 + 3 * quarter).collect();
        assert_eq!(quarters.minima(), expected);
    }

    #[test]
    fn they_begin_anew_once_the_device_was_away_for_a_quarter_or_nothing_is_known() {
        let mut quarters = Quarters::default();
        tell(&mut quarters, 0, 300, |_| Some(5));
        assert_eq!(quarters.minima().len(), 18);
        // Ten minutes without an entry: it was asleep, and has been there before and after.
        tell(&mut quarters, 300, 15, |minute| (minute >= 310).then_some(4));
        tell(&mut quarters, 315, 15, |_| Some(5));
        assert_eq!(quarters.minima().last(), Some(&0));
        tell(&mut quarters, 330, 16, |_| None);
        assert_eq!((quarters.minima().len(), quarters.is_of_use()), (0, false));
        // It turns up in the midst of one, which doesn't count.
        tell(&mut quarters, 346, 30, |minute| (minute >= 350).then_some(22));
        tell(&mut quarters, 376, 14, |_| Some(22));
        assert_eq!((quarters.minima(), quarters.growth_per_hour()), (vec![22], None));
        // The daemon stood still for an hour.
        tell(&mut quarters, 451, 1, |_| Some(22));
        assert!(quarters.minima().is_empty());
    }
}
