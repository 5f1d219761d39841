//! `[[alerts.mute]]`: which alerts nobody wants to hear of.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

use crate::alerts::rules::NAMES;
use crate::config::value::ValueError;
use crate::devices::name::fold;

/// Stands for every device, or for every rule.
const EVERY: &str = "*";

/// One that is muted: a rule for a device.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "Given")]
pub struct Mute {
    /// What the device is called, or `*`.
    device: String,
    /// What the rule is called, or `*`.
    rule: RuleName,
}

/// As it is written: at least one of the two.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    device: Option<String>,
    rule: Option<RuleName>,
}

/// The name of a rule that there is, or `*`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct RuleName(&'static str);

impl Mute {
    /// The same of a device that is called otherwise.
    #[must_use]
    pub fn renamed(self, rename: impl FnOnce(&str) -> String) -> Self {
        let device = if self.device == EVERY { self.device } else { rename(&self.device) };
        Self { device, ..self }
    }

    /// Whether this rule is muted for this device. Names are compared as those of devices are: in either case.
    pub fn holds(&self, rule: &str, device: &str) -> bool {
        let rules = self.rule.0 == EVERY || self.rule.0 == rule;
        rules && (self.device == EVERY || fold(&self.device) == fold(device))
    }
}

impl TryFrom<Given> for Mute {
    type Error = ValueError;

    fn try_from(given: Given) -> Result<Self, ValueError> {
        let Given { device, rule } = given;
        if device.is_none() && rule.is_none() {
            let sentence =
                "what is muted is not said: device = \"Name\", rule = \"name\", or both would be right";
            return Err(sentence.to_owned().into());
        }
        let device = device.unwrap_or_else(|| EVERY.to_owned());
        Ok(Self { device, rule: rule.unwrap_or(RuleName(EVERY)) })
    }
}

impl<'de> Deserialize<'de> for RuleName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let given = String::deserialize(deserializer)?;
        let known = NAMES.iter().chain([&EVERY]).find(|name| **name == given);
        known.map(|name| Self(name)).ok_or_else(|| D::Error::unknown_variant(&given, NAMES))
    }
}
