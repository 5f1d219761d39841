//! Looks at the traffic, of which each should have left rows of `bandwidth`.
//!
//! What can be known is a bound. A look in which nothing moved sends nothing, and one that came late sends rows for each instant
//! that it stands for.

use std::collections::BTreeSet;
use std::ops::Bound::{Excluded, Included};

use super::interpolation::Reading;
use super::time::is_stamped;

/// What a point says of looks.
#[derive(Clone, Copy, Debug)]
pub(super) struct TrafficCount {
    /// When, and how many looks there had been.
    pub(super) reading: Reading,
    /// From one look to the next, in nanoseconds.
    pub(super) apart: u64,
    /// Whose it is.
    pub(super) run: u64,
}

/// What became of the looks from one point to the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Looks {
    /// How many there were.
    pub(super) taken: u64,
    /// Of how many at most nothing arrived.
    pub(super) missing_at_most: u64,
}

/// Compares what points say with the instants of which there are rows.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    before: Option<TrafficCount>,
    /// The instants after `before` in what was read earlier.
    carried: u64,
    /// The shortest time from one look to the next so far: that of a router which isn't overburdened.
    apart: Option<u64>,
}

impl Comparison {
    /// Takes a point, in order of time, and the instants of what was read with it.
    pub(super) fn take(&mut self, count: Option<TrafficCount>, instants: &BTreeSet<i64>) -> Option<Looks> {
        let count = count.filter(|count| is_stamped(count.reading.at) && count.apart > 0);
        let apart = count.map(|count| self.apart.map_or(count.apart, |apart| apart.min(count.apart)));
        self.apart = apart.or(self.apart);
        let (before, carried) =
            (std::mem::replace(&mut self.before, count), std::mem::take(&mut self.carried));
        let (before, count) = (before?, count?);
        let (from, to) = (before.reading, count.reading);
        if before.run != count.run || to.at <= from.at || !from.leads_to(to) {
            return None;
        }
        let here = instants.range((Excluded(from.at), Included(to.at))).count() as u64;
        let ticks = (to.at - from.at).unsigned_abs() / apart?;
        let taken = to.number - from.number;
        Some(Looks { taken, missing_at_most: taken - shown(taken, ticks, carried + here) })
    }

    /// What was read ends here.
    pub(super) fn turn_page(&mut self, instants: &BTreeSet<i64>) {
        if let Some(before) = self.before {
            self.carried += instants.range((Excluded(before.reading.at), Included(i64::MAX))).count() as u64;
        }
    }
}

/// How many of the looks so many instants show at least. Where there were fewer looks than ticks, one may stand for several.
fn shown(taken: u64, ticks: u64, instants: u64) -> u64 {
    let shared = ticks.saturating_sub(taken);
    instants.saturating_sub(shared).max(instants.min(1)).min(taken)
}

#[cfg(test)]
mod tests {
    use super::super::time::SECOND;
    use super::*;

    fn count(seconds: i64, number: u64, apart: u64, run: u64) -> TrafficCount {
        let apart = apart * SECOND.unsigned_abs();
        TrafficCount { reading: Reading { at: seconds * SECOND, number }, apart, run }
    }

    /// What is told of the second of two points, with rows at these seconds.
    fn told(points: [impl Into<Option<TrafficCount>>; 2], seconds: &[i64]) -> Option<(u64, u64)> {
        let instants = seconds.iter().map(|seconds| seconds * SECOND).collect();
        let mut comparison = Comparison::default();
        let [first, second] = points.map(Into::into);
        assert_eq!(comparison.take(first, &instants), None);
        comparison.take(second, &instants).map(|looks| (looks.taken, looks.missing_at_most))
    }

    #[test]
    fn a_look_without_rows_was_quiet_or_is_missing() {
        let points = [count(30, 3, 10, 1), count(60, 6, 10, 1)];
        assert_eq!(told(points, &[30, 40, 50, 60, 70]), Some((3, 0)));
        assert_eq!(told(points, &[30, 60]), Some((3, 2)));
        assert_eq!(told(points, &[]), Some((3, 3)));
    }

    #[test]
    fn a_look_that_stands_for_several_instants_shows_itself_alone() {
        // One was skipped, and the next has shared its bytes out.
        assert_eq!(told([count(30, 3, 10, 1), count(60, 5, 10, 1)], &[40, 50, 60]), Some((2, 0)));
        assert_eq!(told([count(30, 3, 10, 1), count(60, 5, 10, 1)], &[50, 60]), Some((2, 1)));
        // An overburdened router, which looks every 30 s.
        assert_eq!(told([count(30, 3, 10, 1), count(60, 4, 30, 1)], &[40, 50, 60]), Some((1, 0)));
        assert_eq!(told([count(30, 3, 10, 1), count(150, 7, 30, 1)], &[40, 50, 60]), Some((4, 3)));
    }

    #[test]
    fn what_can_not_be_compared_is_not() {
        let first = count(30, 3, 10, 1);
        let unstamped = Reading { at: 60 * SECOND + 1, number: 6 };
        for second in [
            None,
            Some(count(60, 6, 10, 2)),
            Some(count(60, 2, 10, 1)),
            Some(count(30, 6, 10, 1)),
            Some(count(60, 6, 0, 1)),
            Some(count(60, u64::MAX, 10, 1)),
            Some(TrafficCount { reading: unstamped, ..first }),
        ] {
            assert_eq!(told([Some(first), second], &[40, 50, 60]), None, "{second:?}");
        }
        assert_eq!(told([None, Some(first)], &[40]), None);
    }

    #[test]
    fn what_was_read_earlier_counts() {
        let [first, second] = [[10, 30, 40], [50, 60, 70]].map(|page| page.map(|at| at * SECOND).into());
        let mut comparison = Comparison::default();
        comparison.take(Some(count(30, 3, 10, 1)), &first);
        comparison.turn_page(&first);
        comparison.turn_page(&BTreeSet::new());
        let looks = comparison.take(Some(count(60, 6, 10, 1)), &second);
        assert_eq!(looks, Some(Looks { taken: 3, missing_at_most: 0 }));
    }
}
