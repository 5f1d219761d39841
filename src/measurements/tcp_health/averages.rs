//! The rate of a counter over the last 1, 5 and 15 minutes.

use std::collections::VecDeque;
use std::time::Duration;

use super::rise;

/// Each stretch with the field of its average.
const STRETCHES: [(&str, Duration); 3] = [
    ("retransmitted_per_second_1m", Duration::from_mins(1)),
    ("retransmitted_per_second_5m", Duration::from_mins(5)),
    ("retransmitted_per_second_15m", LONGEST),
];
const LONGEST: Duration = Duration::from_mins(15);

/// Readings that follow closer upon each other than this are not kept: so there are never more than [`READINGS_AT_MOST`].
const APART: Duration = Duration::from_secs(5);
/// Those of 15 minutes, one before, and the latest.
const READINGS_AT_MOST: usize = 182;

/// The readings of a counter, in the order of time, back to the latest one that is 15 minutes old.
#[derive(Clone, Debug, Default)]
pub(super) struct Averages {
    /// Time since boot, and the counter then.
    readings: VecDeque<(Duration, i64)>,
    /// The latest reading, whether or not it is kept.
    latest: Option<(Duration, i64)>,
}

impl Averages {
    /// Takes in what the counter was so long after boot. One that has fallen begins anew.
    pub(super) fn push(&mut self, boot: Duration, counter: i64) {
        if self.latest.is_some_and(|(_, latest)| counter < latest) {
            self.readings.clear();
        }
        self.latest = Some((boot, counter));
        let is_apart = |(last, _): &(Duration, i64)| boot.saturating_sub(*last) >= APART;
        if self.readings.back().is_none_or(is_apart) {
            self.readings.push_back((boot, counter));
        }
        let is_old = |(at, _): &(Duration, i64)| boot.saturating_sub(*at) >= LONGEST;
        while self.readings.len() >= READINGS_AT_MOST || self.readings.get(1).is_some_and(is_old) {
            self.readings.pop_front();
        }
    }

    /// The average of each stretch, if it is known: from the reading that is nearest to its beginning, which has to be at
    /// least nine tenths of it old, and not twice as old.
    pub(super) fn per_second(&self, boot: Duration) -> [(&'static str, Option<f64>); 3] {
        STRETCHES.map(|(field, stretch)| (field, self.average(boot, stretch)))
    }

    fn average(&self, boot: Duration, stretch: Duration) -> Option<f64> {
        let (_, latest) = self.latest.filter(|(at, _)| *at == boot)?;
        let ages = self.readings.iter().map(|(at, counter)| (boot.saturating_sub(*at), *counter));
        let fitting = ages.filter(|(age, _)| *age >= stretch * 9 / 10 && *age < stretch * 2);
        let (age, counter) = fitting.min_by_key(|(age, _)| age.abs_diff(stretch))?;
        Some(rise(counter, latest)? / age.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    /// The averages after readings so many seconds apart, of a counter that rises by `per_second`.
    fn after(seconds: &[u64], per_second: i64) -> [Option<f64>; 3] {
        let (mut averages, mut at) = (Averages::default(), 100);
        averages.push(Duration::from_secs(at), 7);
        for (number, seconds) in (1..).zip(seconds) {
            at += seconds;
            let _: i64 = number;
            averages.push(Duration::from_secs(at), 7 + per_second * i64::try_from(at - 100).unwrap());
        }
        averages.per_second(Duration::from_secs(at)).map(|(_, average)| average)
    }

    #[test]
    fn each_is_known_once_its_time_is_covered() {
        let known = |every: u64, times: usize| after(&vec![every; times], 3).map(|average| average.is_some());
        for (every, times, expected) in [
            (30, 1, [false; 3]),
            (30, 2, [true, false, false]),
            (30, 9, [true, true, false]),
            (30, 26, [true, true, false]),
            (30, 30, [true; 3]),
            (1, 53, [false; 3]),
            (1, 60, [true, false, false]),
            (1, 5_000, [true; 3]),
            (119, 1, [true, false, false]),
            (120, 1, [false; 3]),
            (120, 8, [false, true, true]),
            (900, 1, [false, false, true]),
            (1_800, 5, [false; 3]),
            (3_600, 5, [false; 3]),
        ] {
            assert_eq!(known(every, times), expected, "{times} of {every} s");
        }
    }

    #[test]
    fn each_is_of_its_own_time() {
        let mut averages = Averages::default();
        // A burst of 900, 400 seconds ago; then 1 a second in the last minute.
        for at in (0..=2_000).step_by(10) {
            let burst = if at >= 1_600 { 900 } else { 0 };
            averages.push(Duration::from_secs(at), burst + i64::try_from(at.saturating_sub(1_940)).unwrap());
        }
        let told = averages.per_second(Duration::from_secs(2_000)).map(|(_, average)| average);
        assert_eq!(told, [Some(1.0), Some(60.0 / 300.0), Some(960.0 / 900.0)]);
        assert_eq!(
            averages.per_second(Duration::from_secs(2_001)),
            STRETCHES.map(|(field, _)| (field, None))
        );
    }

    #[test]
    fn a_counter_that_falls_begins_anew() {
        let mut averages = Averages::default();
        for (at, counter) in [(0, 50), (60, 60), (120, 4), (180, 10)] {
            averages.push(Duration::from_secs(at), counter);
            let expected = [None, Some(10.0 / 60.0), None, Some(6.0 / 60.0)];
            let (_, told) = averages.per_second(Duration::from_secs(at))[0];
            assert_eq!(told, expected[usize::try_from(at / 60).unwrap()], "{at}");
        }
    }

    proptest! {
        #[test]
        fn it_is_bounded_and_an_even_rise_has_an_even_rate(
            seconds in vec(0_u64..400, 1..500), per_second in 0_i64..1_000_000
        ) {
            for average in after(&seconds, per_second).into_iter().flatten() {
                prop_assert!((average - per_second as f64).abs() < 1e-6, "{average}");
            }
        }

        #[test]
        fn whatever_is_read_readings_are_bounded(readings in vec((any::<u64>(), any::<i64>()), 0..600)) {
            let mut averages = Averages::default();
            for (nanos, counter) in readings {
                averages.push(Duration::from_nanos(nanos), counter);
                averages.per_second(Duration::from_nanos(nanos));
                prop_assert!(averages.readings.len() < READINGS_AT_MOST);
            }
        }
    }
}
