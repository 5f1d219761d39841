//! How much is asked for at once: a day, or as much less as fits an answer.

use super::report::Range;
use super::time::{DAY, SECOND};

/// The least that is asked for, in nanoseconds.
const LEAST: i64 = 10 * SECOND;

/// What is left to be asked for.
#[derive(Debug)]
pub(super) struct Windows {
    left: Range,
    length: i64,
}

impl Windows {
    /// All of it.
    pub(super) const fn of(range: Range) -> Self {
        Self { left: range, length: DAY }
    }

    /// What is to be asked for now.
    pub(super) fn next(&self) -> Option<Range> {
        let Range { since, until } = self.left;
        (since < until).then(|| Range { since, until: until.min(since + self.length) })
    }

    /// That window is done with; its largest answer has taken this share of the bound.
    pub(super) fn advance(&mut self, done: Range, share: f64) {
        self.left.since = done.until;
        if share < 0.25 {
            self.length = (2 * self.length).min(DAY);
        }
    }

    /// That was too much at once. Says whether less can be asked for.
    pub(super) fn halve(&mut self) -> bool {
        let seconds = self.length.min(self.left.until - self.left.since) / SECOND;
        self.length = (seconds / 2 * SECOND).max(LEAST);
        seconds > LEAST / SECOND
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_is_asked_for_once_in_order_and_in_whole_seconds() {
        let range = Range { since: 5 * SECOND, until: 3 * DAY + 7 * SECOND };
        let (mut windows, mut at, mut asked) = (Windows::of(range), range.since, 0);
        while let Some(window) = windows.next() {
            asked += 1;
            assert_eq!((window.since, window.until % SECOND), (at, 0));
            if window.until - window.since > 1000 * SECOND {
                assert!(windows.halve());
                continue;
            }
            windows.advance(window, 0.5);
            at = window.until;
        }
        assert_eq!((at, windows.length), (range.until, 675 * SECOND));
        assert_eq!(asked, 7 + 385);
    }

    #[test]
    fn less_than_the_least_is_not_asked_for() {
        let mut windows = Windows::of(Range { since: 0, until: DAY });
        let halved = (0..100).take_while(|_| windows.halve()).count();
        assert_eq!((halved, windows.length), (13, LEAST));
    }

    #[test]
    fn what_is_left_is_halved_where_it_is_less_than_a_day() {
        let mut windows = Windows::of(Range { since: 0, until: 3600 * SECOND });
        assert!(windows.halve());
        assert_eq!(windows.next(), Some(Range { since: 0, until: 1800 * SECOND }));
    }

    #[test]
    fn small_answers_let_more_be_asked_for() {
        let mut windows = Windows::of(Range { since: 0, until: 100 * DAY });
        windows.halve();
        windows.halve();
        for length in [DAY / 4, DAY / 2, DAY, DAY] {
            let window = windows.next().unwrap();
            assert_eq!(window.until - window.since, length);
            windows.advance(window, 0.1);
        }
    }
}
