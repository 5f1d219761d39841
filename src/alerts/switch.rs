//! Whether a limit counts as passed: what has been so for long enough, and no less long over.

use std::time::Duration;

/// A value must fall to this share of a limit to be below it again, so that one that hovers there is told once.
const CLEARS_AT: f64 = 0.9;

/// Whether one limit counts as passed. Times are since boot: the clock on the wall may be set meanwhile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Switch {
    is_on: bool,
    /// Since when the value has asked for the other position.
    changing_since: Option<Duration>,
}

impl Switch {
    /// One that is on already.
    pub(super) const ON: Self = Self { is_on: true, changing_since: None };

    /// Whether the limit counts as passed.
    pub(super) const fn is_on(self) -> bool {
        self.is_on
    }

    /// Whether it is off, and nothing asks for anything else.
    pub(super) const fn is_idle(self) -> bool {
        !self.is_on && self.changing_since.is_none()
    }

    /// Judges a value at `now`. It changes position once that has been asked for during `hold`. Without a limit there is
    /// nothing to pass.
    pub(super) fn judge(&mut self, value: f64, limit: Option<f64>, hold: Duration, now: Duration) {
        let passes = |limit: f64| value > if self.is_on { limit * CLEARS_AT } else { limit };
        if limit.is_some_and(passes) == self.is_on {
            self.changing_since = None;
            return;
        }
        let since = *self.changing_since.get_or_insert(now);
        if now.saturating_sub(since) >= hold {
            *self = Self { is_on: !self.is_on, changing_since: None };
        }
    }

    /// Nothing is known now: what was asked for until now is void.
    pub(super) const fn interrupt(&mut self) {
        self.changing_since = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The positions at each of these values, which are 30 s apart; `None` is an instant at which nothing is known.
    fn positions(limit: f64, hold: u64, values: &[Option<f64>]) -> String {
        let (mut switch, mut now) = (Switch::default(), Duration::from_hours(1));
        let mut positions = String::new();
        for value in values {
            match value {
                Some(value) => switch.judge(*value, Some(limit), Duration::from_secs(hold), now),
                None => switch.interrupt(),
            }
            positions.push(if switch.is_on() { '1' } else { '0' });
            now += Duration::from_secs(30);
        }
        positions
    }

    #[test]
    fn it_is_on_after_the_time_and_off_after_the_time_at_nine_tenths() {
        let known = |values: &[f64]| values.iter().copied().map(Some).collect::<Vec<_>>();
        let cases: &[(u64, &[f64], &str)] = &[
            (60, &[100.0, 101.0, 101.0, 101.0], "0001"),
            (60, &[101.0, 101.0, 100.0, 101.0, 101.0], "00000"),
            (0, &[101.0, 90.5, 90.0, 101.0], "1101"),
            (60, &[101.0, 101.0, 101.0, 95.0, 90.0, 90.0, 90.0], "0011110"),
            (60, &[101.0, 101.0, 101.0, 90.0, 91.0, 90.0, 90.0, 90.0], "00111110"),
            (0, &[f64::NAN, f64::INFINITY], "01"),
        ];
        for (hold, values, expected) in cases {
            assert_eq!(positions(100.0, *hold, &known(values)), *expected, "{values:?}");
        }
    }

    #[test]
    fn what_is_not_known_neither_fires_nor_clears() {
        let (high, low) = (Some(101.0), Some(1.0));
        assert_eq!(positions(100.0, 60, &[high, high, None, high, high, high]), "000001");
        assert_eq!(positions(100.0, 30, &[high, high, low, None, low, None, None, low, low]), "011111110");
    }

    #[test]
    fn a_limit_of_nothing_clears_at_nothing_and_no_limit_is_never_passed() {
        assert_eq!(positions(0.0, 0, &[Some(0.0), Some(1.0), Some(0.0)]), "010");
        let mut switch = Switch::ON;
        switch.judge(1e9, None, Duration::from_secs(30), Duration::from_secs(100));
        assert!(switch.is_on());
        switch.judge(1e9, None, Duration::from_secs(30), Duration::from_secs(130));
        assert!(switch.is_idle());
    }
}
