//! What the intervals of a window come to.
//!
//! Passes may be skipped or rare, so each interval weighs as much as the time that it covers. One of which a figure isn't
//! known is left out.

use std::time::Duration;

use super::{Bytes, Interval, Turnover};

/// What the first pass of all weighs, which covers nothing: it counts only while there is no other.
const LEAST: Duration = Duration::from_millis(1);

/// Sums over intervals.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sums {
    /// The time of all intervals.
    pub covered: Duration,
    /// What was moved.
    pub bytes: Known<Bytes>,
    /// What was opened and closed.
    pub turnover: Known<Turnover>,
}

/// A sum over the intervals in which it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Known<T> {
    /// The sum.
    pub sum: T,
    /// The time of those intervals.
    pub covered: Duration,
}

impl Sums {
    /// The sums over these.
    pub fn of(intervals: impl IntoIterator<Item = Interval>) -> Self {
        let mut sums = Self::default();
        for interval in intervals {
            sums.covered += interval.covered;
            if let Some(bytes) = interval.bytes {
                sums.bytes.sum += bytes;
                sums.bytes.covered += interval.covered;
            }
            if let Some(turnover) = interval.turnover {
                sums.turnover.sum += turnover;
                sums.turnover.covered += interval.covered;
            }
        }
        sums
    }
}

impl<T> Known<T> {
    /// How much of something there was in a second of the time in which it is known; `None` if there was none.
    pub fn per_second(&self, of: impl Fn(&T) -> f64) -> Option<f64> {
        (!self.covered.is_zero()).then(|| of(&self.sum) / self.covered.as_secs_f64())
    }
}

/// The mean of a figure; `None` if it is known of no interval.
pub fn mean(
    intervals: impl IntoIterator<Item = Interval>,
    figure: impl Fn(&Interval) -> Option<f64>,
) -> Option<f64> {
    weighted_mean(&known(intervals, figure))
}

/// The highest value of a figure; `None` if it is known of no interval.
pub fn peak(
    intervals: impl IntoIterator<Item = Interval>,
    figure: impl Fn(&Interval) -> Option<f64>,
) -> Option<f64> {
    intervals.into_iter().filter_map(|interval| figure(&interval)).reduce(f64::max)
}

/// How much a figure that is never negative varies: its standard deviation as a share of its mean (the coefficient of
/// variation). 0 is always the same; if all happens in one of n equal intervals it is √(n − 1). `None` if the figure is
/// known of fewer than two intervals, or is 0 in all.
pub fn variation(
    intervals: impl IntoIterator<Item = Interval>,
    figure: impl Fn(&Interval) -> Option<f64>,
) -> Option<f64> {
    let known = known(intervals, figure);
    let mean = weighted_mean(&known).filter(|mean| known.len() > 1 && *mean > 0.0)?;
    let squares: Vec<_> = known.iter().map(|(weight, value)| (*weight, (value - mean).powi(2))).collect();
    Some(weighted_mean(&squares)?.sqrt() / mean)
}

/// The values that are known, each with its weight.
fn known(
    intervals: impl IntoIterator<Item = Interval>,
    figure: impl Fn(&Interval) -> Option<f64>,
) -> Vec<(f64, f64)> {
    let weight = |interval: &Interval| interval.covered.max(LEAST).as_secs_f64();
    intervals.into_iter().filter_map(|interval| Some((weight(&interval), figure(&interval)?))).collect()
}

fn weighted_mean(values: &[(f64, f64)]) -> Option<f64> {
    let weights: f64 = values.iter().map(|(weight, _)| weight).sum();
    let sum: f64 = values.iter().map(|(weight, value)| weight * value).sum();
    (!values.is_empty()).then(|| sum / weights)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An interval of so many seconds, and the bytes received in it.
    fn interval(seconds: u64, rx: Option<f64>) -> Interval {
        Interval {
            boot: Duration::from_hours(1),
            covered: Duration::from_secs(seconds),
            bytes: rx.map(|rx| Bytes { rx, tx: rx / 2.0 }),
            turnover: rx.map(|_| Turnover { opened: 3, closed: 1 }),
            connections: u32::try_from(seconds).unwrap(),
            entries: 0,
        }
    }

    #[test]
    fn sums_and_rates_are_of_the_time_in_which_they_are_known() {
        let sums = Sums::of([interval(0, None), interval(10, Some(100.0)), interval(30, Some(300.0))]);
        assert_eq!((sums.covered.as_secs(), sums.bytes.covered.as_secs()), (40, 40));
        assert_eq!(sums.bytes.sum, Bytes { rx: 400.0, tx: 200.0 });
        let sums = Sums::of([interval(60, None), interval(10, Some(100.0))]);
        assert_eq!((sums.covered.as_secs(), sums.bytes.covered.as_secs()), (70, 10));
        assert_eq!(sums.bytes.per_second(|bytes| 8.0 * bytes.rx), Some(80.0));
        assert_eq!(sums.turnover.sum, Turnover { opened: 3, closed: 1 });
        assert_eq!(sums.turnover.per_second(|turnover| turnover.opened.into()), Some(0.3));
        assert_eq!(Sums::of([interval(10, None)]).bytes.per_second(|bytes| bytes.rx), None);
        assert_eq!(Sums::of([]), Sums::default());
    }

    #[test]
    fn a_mean_is_of_time_and_a_peak_of_intervals() {
        let connections = |interval: &Interval| Some(f64::from(interval.connections));
        let intervals = [interval(10, Some(50.0)), interval(30, None)];
        assert_eq!(mean(intervals, connections), Some((10.0 * 10.0 + 30.0 * 30.0) / 40.0));
        assert_eq!(mean(intervals, Interval::tx_bits_per_second), Some(20.0), "the other isn't known");
        assert_eq!(peak(intervals, connections), Some(30.0));
        assert_eq!(peak(intervals, Interval::opened_per_second), Some(0.3));
        assert_eq!((mean([], connections), peak([], connections)), (None, None));
        let first = Interval { connections: 7, ..interval(0, None) };
        assert_eq!(mean([first], connections), Some(7.0), "there is no other");
        assert_eq!(mean([first], Interval::closed_per_second), None);
    }

    #[test]
    fn variation_is_a_share_of_the_mean() {
        let down = |given: &[(u64, Option<f64>)]| {
            let intervals = given.iter().map(|(seconds, rx)| interval(*seconds, *rx));
            variation(intervals, Interval::rx_bits_per_second)
        };
        assert_eq!(down(&[(10, Some(9.0)), (10, Some(9.0)), (30, Some(27.0))]), Some(0.0), "steady");
        let pulse = [(10, Some(0.0)), (10, Some(80.0)), (10, Some(0.0)), (10, Some(0.0))];
        assert!((down(&pulse).unwrap() - 3.0_f64.sqrt()).abs() < 1e-12);
        // 1 and 3 bytes a second, three quarters of the time 1: mean 1.5, variance (3 × 0.25 + 2.25) ÷ 4.
        let unlike = [(30, Some(30.0)), (10, Some(30.0)), (20, None)];
        assert!((down(&unlike).unwrap() - 0.75_f64.sqrt() / 1.5).abs() < 1e-12);
        for nothing in [&[][..], &[(10, Some(9.0)), (10, None)], &[(10, Some(0.0)), (10, Some(0.0))]] {
            assert_eq!(down(nothing), None, "{nothing:?}");
        }
    }
}
