//! `[measurements]`: which are sent.

use std::collections::BTreeMap;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

use super::NAMES;

/// `[measurements]`: each by its name, on or off; one that isn't named is on.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(from = "BTreeMap<MeasurementName, bool>")]
pub struct Switches(BTreeMap<&'static str, bool>);

impl Switches {
    /// Whether a measurement of this name is sent.
    pub fn is_on(&self, name: &str) -> bool {
        self.0.get(name).copied().unwrap_or(true)
    }

    /// Only these.
    pub fn only(names: &[&str]) -> Self {
        Self(NAMES.iter().map(|name| (*name, names.contains(name))).collect())
    }
}

impl Default for Switches {
    /// All are on.
    fn default() -> Self {
        Self(NAMES.iter().map(|name| (*name, true)).collect())
    }
}

impl From<BTreeMap<MeasurementName, bool>> for Switches {
    fn from(given: BTreeMap<MeasurementName, bool>) -> Self {
        let mut switches = Self::default();
        switches.0.extend(given.into_iter().map(|(MeasurementName(name), is_on)| (name, is_on)));
        switches
    }
}

/// The name of a measurement that there is.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct MeasurementName(&'static str);

impl<'de> Deserialize<'de> for MeasurementName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let given = String::deserialize(deserializer)?;
        let known = NAMES.iter().find(|name| **name == given);
        known.map(|name| Self(name)).ok_or_else(|| D::Error::unknown_field(&given, NAMES))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_named_is_on() {
        let switches: Switches = toml::from_str("conntrack = false").unwrap();
        assert!(!switches.is_on("conntrack") && switches.is_on("connection_state"));
        let only = Switches::only(&["conntrack"]);
        assert!(only.is_on("conntrack") && !only.is_on("connection_state"));
        assert_eq!(toml::from_str("").as_ref(), Ok(&Switches::default()));
        assert_eq!(toml::from_str(&toml::to_string(&switches).unwrap()), Ok(switches));
    }
}
