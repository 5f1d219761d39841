//! When the numbers between two were taken: evenly.

use std::ops::RangeInclusive;

use super::time::{DAY, SECOND, day_of};

/// A number, and when it was there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reading {
    pub(super) at: i64,
    pub(super) number: u64,
}

impl Reading {
    /// Whether as many numbers as lie in between can be taken in this time. None takes less than a second, but clocks are
    /// set, and what is stamped on arrival comes as the network has it.
    pub(super) fn leads_to(self, to: Self) -> bool {
        let seconds = (to.at - self.at).max(0).unsigned_abs() / SECOND.unsigned_abs();
        to.number.checked_sub(self.number).is_some_and(|numbers| numbers <= 2 * seconds + 60)
    }
}

/// Two numbers, of which the second is the larger and not earlier.
#[derive(Clone, Copy, Debug)]
pub(super) struct Interpolation {
    pub(super) from: Reading,
    pub(super) to: Reading,
}

impl Interpolation {
    /// When a number between them would have been taken.
    pub(super) fn at(&self, number: u64) -> i64 {
        let since = i128::from(number) - i128::from(self.from.number);
        let at = i128::from(self.from.at) + since * self.time() / self.numbers();
        i64::try_from(at).unwrap_or(self.to.at)
    }

    /// How many of these numbers would have been taken on each day.
    pub(super) fn by_day(&self, numbers: &RangeInclusive<u64>) -> Vec<(i64, u64)> {
        let (mut days, mut next, end) = (Vec::new(), *numbers.start(), numbers.end() + 1);
        while next < end {
            let day = day_of(self.at(next));
            let beyond = self.first_at(i128::from(day + 1) * i128::from(DAY)).clamp(next + 1, end);
            days.push((day, beyond - next));
            next = beyond;
        }
        days
    }

    /// The first number that would not have been taken before `at`.
    fn first_at(&self, at: i128) -> u64 {
        if self.time() == 0 {
            return u64::MAX;
        }
        let since = (at - i128::from(self.from.at)) * self.numbers();
        let rounded_up = since.div_euclid(self.time()) + i128::from(since.rem_euclid(self.time()) > 0);
        u64::try_from(i128::from(self.from.number) + rounded_up).unwrap_or(u64::MAX)
    }

    fn time(&self) -> i128 {
        i128::from(self.to.at) - i128::from(self.from.at)
    }

    fn numbers(&self) -> i128 {
        (i128::from(self.to.number) - i128::from(self.from.number)).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn line(from: (i64, u64), to: (i64, u64)) -> Interpolation {
        let reading = |(at, number)| Reading { at, number };
        Interpolation { from: reading(from), to: reading(to) }
    }

    #[test]
    fn a_second_takes_a_number_and_a_little_more() {
        let leads = |seconds: i64, number| {
            Reading { at: 5, number: 7 }.leads_to(Reading { at: 5 + seconds * SECOND, number })
        };
        assert!(leads(30, 8) && leads(30, 37) && leads(0, 7) && leads(0, 67));
        assert!(!leads(30, 6) && !leads(0, 68) && !leads(30, u64::MAX) && !leads(-90, 70));
    }

    #[test]
    fn numbers_at_midnight_are_the_next_days() {
        let hour = DAY / 24;
        let over = line((DAY - 2 * hour, 10), (DAY + 2 * hour, 14));
        assert_eq!(over.at(12), DAY);
        assert_eq!(over.by_day(&(11..=13)), [(0, 1), (1, 2)]);
        let long = line((0, 0), (3 * DAY, 6));
        assert_eq!(long.by_day(&(1..=5)), [(0, 1), (1, 2), (2, 2)]);
        // At one instant.
        assert_eq!(line((DAY, 1), (DAY, 5)).by_day(&(2..=4)), [(1, 3)]);
    }

    proptest! {
        #[test]
        fn days_are_those_of_the_numbers_one_by_one(
            from in 0..3 * DAY, time in 0..3 * DAY, first in 0..1000_u64, numbers in 2..200_u64
        ) {
            let line = line((from, first), (from + time, first + numbers));
            let between = first + 1..=first + numbers - 1;
            let mut days = std::collections::BTreeMap::<i64, u64>::new();
            for number in between.clone() {
                *days.entry(day_of(line.at(number))).or_default() += 1;
            }
            prop_assert_eq!(line.by_day(&between), days.into_iter().collect::<Vec<_>>());
        }
    }
}
