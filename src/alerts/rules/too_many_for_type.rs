//! `too_many_for_type`: more connections than such a device needs.

use std::rc::Rc;
use std::time::Duration;

use super::words::{self, device_type, devices_of};
use crate::alerts::{Circumstances, Limits, Reading, Rule, config};
use crate::attribution::labels::OwnerTags;
use crate::devices::device_type::DeviceType;
use crate::measurements::Needs;

/// The rule.
#[derive(Debug)]
pub(super) struct TooManyForType {
    config: config::TooManyForType,
}

impl TooManyForType {
    pub(super) fn new(config: &config::TooManyForType) -> Self {
        Self { config: config.clone() }
    }

    /// Of other types, nothing is too many here: an alert ends when a device turns out to be of one.
    fn reading(&self, row: &OwnerTags, of: &Circumstances<'_>) -> Option<Reading> {
        let (name, connections) = (row.name()?, of.connections(row)?);
        let device_type = device_type(row)?;
        let limit = match device_type {
            DeviceType::Iot => Some(self.config.iot.get()),
            DeviceType::Streaming => Some(self.config.streaming.get()),
            _ => None,
        };
        let has = format!("{name} has {}", words::connections(connections));
        let normal = limit.map(|limit| format!("; {} need at most {limit:.0}", devices_of(device_type)));
        Some(Reading {
            device: Rc::clone(name),
            value: f64::from(connections),
            limits: Limits { warning: limit, critical: None },
            what: has + &normal.unwrap_or_default(),
        })
    }
}

impl Rule for TooManyForType {
    fn name(&self) -> &'static str {
        "too_many_for_type"
    }

    fn hold(&self) -> Duration {
        self.config.hold.duration()
    }

    fn needs(&self) -> Needs {
        Needs { history: true, ..Needs::default() }
    }

    fn judge(&mut self, of: &Circumstances<'_>) -> Vec<Reading> {
        of.tick.owners.devices.iter().filter_map(|row| self.reading(row, of)).collect()
    }

    fn advice(&self) -> &'static str {
        "Look whether it does what it should. If its type is wrong, set it in your registry of devices."
    }
}

#[cfg(test)]
mod tests;
