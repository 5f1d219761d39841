//! `--since`: how far back is looked.

use std::str::FromStr;
use std::time::Duration;

use super::report::Range;
use super::time::SECOND;

/// What came within so many seconds may still be on its way into the bucket.
const ON_THE_WAY: u64 = 60;

/// Whole seconds, five minutes to a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Since(Duration);

impl Since {
    const DAYS: u64 = 366;

    /// From then until a minute before `now`, in time since 1970.
    pub(super) fn range(self, now: Duration) -> Range {
        let at = |seconds: u64| i64::try_from(seconds).unwrap_or(i64::MAX / SECOND).saturating_mul(SECOND);
        let now = now.as_secs();
        Range { since: at(now.saturating_sub(self.0.as_secs())), until: at(now.saturating_sub(ON_THE_WAY)) }
    }
}

impl Default for Since {
    fn default() -> Self {
        Self(Duration::from_hours(7 * 24))
    }
}

impl FromStr for Since {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match humantime::parse_duration(text) {
            Ok(since) if (300..=Self::DAYS * 86_400).contains(&since.as_secs()) => Ok(Self(since)),
            _ => Err(format!("a time from 5m to {}d would be right, such as 12h or 7d", Self::DAYS)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_far_back() {
        let now = Duration::from_millis(1_796_000_000_900);
        let Range { since, until } = "1h".parse::<Since>().unwrap().range(now);
        assert_eq!((since, until), (1_795_996_400 * SECOND, 1_795_999_940 * SECOND));
        assert_eq!(Since::default(), "7d".parse().unwrap());
        for text in ["", "7", "299s", "367d", "yesterday", "-1h", "9999999999999y"] {
            assert!(text.parse::<Since>().is_err(), "{text}");
        }
        // A clock that was never set.
        assert_eq!(Since::default().range(Duration::ZERO), Range { since: 0, until: 0 });
    }
}
