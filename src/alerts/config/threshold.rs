//! What rules are set by: numbers, pairs of them, and times.

use std::fmt;
use std::time::Duration;

use serde::de::{Deserializer, Error, Unexpected, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use crate::config::value::{ValueError, quoted};

/// A number above 0, with a fraction or without.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Threshold(f64);

/// The largest threshold; nothing that rules judge comes near.
const LARGEST: f64 = 1e9;

/// Where a warning begins, and where it becomes critical.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(try_from = "Vec<Threshold>", into = "[Threshold; 2]")]
pub struct Steps {
    /// Above this it is a warning.
    pub warning: Threshold,
    /// Above this it is critical.
    pub critical: Threshold,
}

/// For how long something must last: whole seconds, up to a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hold(Duration);

impl Threshold {
    /// One of this program's own defaults.
    pub(super) const fn of_ours(number: f64) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl Steps {
    /// One of this program's own defaults.
    pub(super) const fn of_ours(warning: f64, critical: f64) -> Self {
        Self { warning: Threshold(warning), critical: Threshold(critical) }
    }
}

impl Hold {
    /// One of this program's own defaults.
    pub(super) const fn of_ours(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    /// The time.
    pub const fn duration(self) -> Duration {
        self.0
    }
}

impl<'de> Deserialize<'de> for Threshold {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Number)
    }
}

struct Number;

impl Visitor<'_> for Number {
    type Value = Threshold;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number above 0 and up to 1000000000")
    }

    fn visit_f64<E: Error>(self, given: f64) -> Result<Threshold, E> {
        let allowed = given > 0.0 && given <= LARGEST;
        if allowed { Ok(Threshold(given)) } else { Err(E::invalid_value(Unexpected::Float(given), &self)) }
    }

    #[expect(clippy::cast_precision_loss, reason = "what is so large is refused")]
    fn visit_i64<E: Error>(self, given: i64) -> Result<Threshold, E> {
        self.visit_f64(given as f64)
    }
}

/// Whole numbers are written without a fraction.
impl Serialize for Threshold {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[expect(clippy::cast_possible_truncation, reason = "it is whole, and at most a thousand million")]
        let whole = self.0 as i64;
        if self.0.fract() == 0.0 { serializer.serialize_i64(whole) } else { serializer.serialize_f64(self.0) }
    }
}

impl TryFrom<Vec<Threshold>> for Steps {
    type Error = ValueError;

    fn try_from(given: Vec<Threshold>) -> Result<Self, ValueError> {
        match *given.as_slice() {
            [warning, critical] if warning <= critical => Ok(Self { warning, critical }),
            _ => Err("two numbers would be right, such as [5, 10]: above the first it is a warning, above the second, \
                      which is not smaller, it is critical"
                .to_owned()
                .into()),
        }
    }
}

impl From<Steps> for [Threshold; 2] {
    fn from(steps: Steps) -> Self {
        [steps.warning, steps.critical]
    }
}

impl TryFrom<String> for Hold {
    type Error = ValueError;

    fn try_from(text: String) -> Result<Self, ValueError> {
        const EXPECTED: &str = "a time in whole seconds from \"0s\" to \"24h\", such as \"90s\" or \"5m\"";
        let duration = humantime::parse_duration(&text)
            .map_err(|_| ValueError::from(format!("{} is no time: {EXPECTED} would be", quoted(&text))))?;
        let allowed = duration <= Duration::from_hours(24) && duration.subsec_nanos() == 0;
        if allowed { Ok(Self(duration)) } else { Err(ValueError::is_not(&text, EXPECTED)) }
    }
}

impl From<Hold> for String {
    fn from(hold: Hold) -> Self {
        humantime::format_duration(hold.0).to_string()
    }
}
