//! How fast the table has filled in the last minutes.

use std::collections::VecDeque;
use std::time::Duration;

/// How long a count is taken into account.
const WINDOW: Duration = Duration::from_mins(10);
/// What is told of fewer counts, or of a shorter time, would be chance.
const FEWEST: usize = 3;
const SHORTEST: Duration = Duration::from_mins(2);
/// As many as there are within [`WINDOW`] at the shortest `interval`, a second.
const COUNTS_AT_MOST: usize = 601;

/// The counts of the last ten minutes.
#[derive(Clone, Debug, Default)]
pub(super) struct Trend {
    /// In the order of their times since boot.
    counts: VecDeque<(Duration, u64)>,
}

impl Trend {
    /// The table held `count` entries at `boot` (time since boot).
    pub(super) fn push(&mut self, boot: Duration, count: u64) {
        self.counts.retain(|(earlier, _)| *earlier < boot && boot.saturating_sub(*earlier) <= WINDOW);
        if self.counts.len() == COUNTS_AT_MOST {
            self.counts.pop_front();
        }
        self.counts.push_back((boot, count));
    }

    /// In how many seconds the table holds `max` entries, if it goes on as in the last ten minutes; `None` unless it has
    /// filled in them, and also where too little is known.
    ///
    /// The speed is the slope of the line that has the least squares of distances from the counts: of n counts y at
    /// times t it is `(n Σty − Σt Σy) ÷ (n Σt² − (Σt)²)`. In whole numbers, so that a table that stands still does not
    /// rise by an error of rounding. 601 counts of 64 bits in 600,000 milliseconds stay below 2^104, and what is
    /// missing times the divisor below 2^125.
    pub(super) fn seconds_to(&self, max: u64) -> Option<f64> {
        let (&(start, first), &(end, last)) = self.counts.front().zip(self.counts.back())?;
        if self.counts.len() < FEWEST || end.saturating_sub(start) < SHORTEST {
            return None;
        }
        let (mut n, mut t, mut y, mut tt, mut ty) = (0, 0, 0, 0, 0);
        for (boot, count) in &self.counts {
            let time = i128::try_from(boot.saturating_sub(start).as_millis()).ok()?;
            let more = i128::from(*count) - i128::from(first);
            (n, t, y, tt, ty) = (n + 1, t + time, y + more, tt + time * time, ty + time * more);
        }
        let (rise, divisor) = (n * ty - t * y, n * tt - t * t);
        let missing = i128::from(max.saturating_sub(last));
        #[expect(clippy::cast_precision_loss, reason = "a forecast needs no more than 53 bits")]
        let seconds = (missing * divisor) as f64 / (rise * 1000) as f64;
        (rise > 0).then_some(seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HOUR: u64 = 3600;

    /// What is told of counts, each at a second since the first.
    fn seconds_to(max: u64, counts: &[(u64, u64)]) -> Option<f64> {
        let mut trend = Trend::default();
        for (second, count) in counts {
            trend.push(Duration::from_secs(HOUR + second), *count);
        }
        trend.seconds_to(max)
    }

    #[test]
    fn a_straight_line_meets_the_limit() {
        let counts = [(0, 100), (30, 130), (60, 160), (90, 190), (120, 220)];
        assert_eq!(seconds_to(1000, &counts), Some(780.0));
        assert_eq!(seconds_to(220, &counts), Some(0.0));
        assert_eq!(seconds_to(7, &counts), Some(0.0), "the limit was lowered");
        assert_eq!(seconds_to(1000, &[(0, 100), (60, 160), (120, 220)]), Some(780.0));
        // By hand: Σt = 300, Σt² = 27000, Σy = 20 + 10 + 70 = 100, Σty = 600 + 600 + 8400 = 9600, so the slope is
        // (48000 - 30000) ÷ (135000 - 90000) = 0.4 entries a second.
        let bumpy = [(0, 100), (30, 120), (60, 110), (90, 100), (120, 170)];
        assert_eq!(seconds_to(1000, &bumpy), Some(830.0 / 0.4));
    }

    #[test]
    fn nothing_is_told_of_a_table_that_does_not_fill() {
        for counts in [
            [(0, 220), (60, 160), (120, 100)],
            [(0, 100), (60, 100), (120, 100)],
            [(0, 100), (60, 220), (120, 100)],
            [(0, u64::MAX), (60, 0), (120, u64::MAX)],
        ] {
            assert_eq!(seconds_to(1000, &counts), None, "{counts:?}");
        }
    }

    #[test]
    fn nothing_is_told_of_too_few_counts_or_too_short_a_time() {
        assert_eq!(seconds_to(1000, &[]), None);
        assert_eq!(seconds_to(1000, &[(0, 100), (120, 220)]), None);
        assert_eq!(seconds_to(1000, &[(0, 100), (60, 160), (119, 219)]), None);
        assert_eq!(seconds_to(1000, &[(0, 100), (60, 160), (60, 160), (60, 160), (119, 219)]), None);
    }

    #[test]
    fn counts_of_more_than_ten_minutes_ago_are_forgotten() {
        let falling_then_rising = [(0, 90_000), (300, 100), (600, 400), (900, 700)];
        assert_eq!(seconds_to(1000, &falling_then_rising), Some(300.0));
        assert_eq!(seconds_to(1000, &[(0, 100), (60, 160), (120, 220), (4000, 230)]), None, "a gap");
    }

    #[test]
    fn counts_are_bounded() {
        let mut trend = Trend::default();
        for tick in 0..10_000 {
            trend.push(Duration::from_millis(tick), tick);
            assert!(trend.counts.len() <= COUNTS_AT_MOST);
        }
        trend.push(Duration::ZERO, 1);
        assert_eq!(trend.counts.len(), 1, "no time goes back");
    }

    proptest! {
        #[test]
        fn whatever_was_counted_the_forecast_is_a_time(
            counts in prop::collection::vec((1..300_u64, any::<u64>()), 0..700),
            max: u64,
        ) {
            let mut second = 0;
            let at = |(pause, count)| { second += pause; (second, count) };
            let counts: Vec<_> = counts.into_iter().map(at).collect();
            let told = seconds_to(max, &counts);
            prop_assert!(told.is_none_or(|seconds| seconds.is_finite() && seconds >= 0.0), "{told:?}");
        }

        #[test]
        fn more_room_takes_longer(counts in prop::collection::vec(0..10_000_u64, 5..20), room in 1..10_000_u64) {
            let counts: Vec<_> = (0..).step_by(30).zip(counts).collect();
            let [near, far] = [20_000, 20_000 + room].map(|max| seconds_to(max, &counts));
            prop_assert_eq!(near.is_some(), far.is_some());
            prop_assert!(near.zip(far).is_none_or(|(near, far)| near < far));
        }
    }
}
