//! `interval`: the time from one snapshot to the next.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::value::{ValueError, quoted};

/// Whole seconds, 1 s to 1 h.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Interval(Duration);

impl Interval {
    const EXPECTED: &str = "a time in whole seconds from \"1s\" to \"1h\", such as \"30s\" or \"5m\"";

    /// So many seconds, which are within what is allowed.
    pub(super) const fn from_seconds(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    /// The interval as a time.
    pub const fn duration(self) -> Duration {
        self.0
    }
}

impl TryFrom<String> for Interval {
    type Error = ValueError;

    fn try_from(text: String) -> Result<Self, ValueError> {
        let duration = humantime::parse_duration(&text).map_err(|_| {
            ValueError::from(format!("{} is no time: {} would be", quoted(&text), Self::EXPECTED))
        })?;
        let allowed = (1..=3600).contains(&duration.as_secs()) && duration.subsec_nanos() == 0;
        if allowed { Ok(Self(duration)) } else { Err(ValueError::is_not(&text, Self::EXPECTED)) }
    }
}

impl From<Interval> for String {
    fn from(interval: Interval) -> Self {
        interval.to_string()
    }
}

impl Default for Interval {
    fn default() -> Self {
        Self::from_seconds(30)
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        humantime::format_duration(self.0).fmt(f)
    }
}
