//! `upload_high`: a device sends more than one of its type should, minute after minute.

use std::rc::Rc;
use std::time::Duration;

use super::words::{self, device_type, devices_of};
use crate::alerts::config::{self, Steps};
use crate::alerts::{Circumstances, Limits, Reading, Rule};
use crate::attribution::labels::OwnerTags;
use crate::devices::device_type::DeviceType;
use crate::history::statistics::Sums;
use crate::measurements::Needs;

/// Over how long the rate is taken: an upload in pieces is one.
const WINDOW: Duration = Duration::from_mins(1);

/// The rule.
#[derive(Debug)]
pub(super) struct UploadHigh {
    config: config::UploadHigh,
}

impl UploadHigh {
    pub(super) fn new(config: &config::UploadHigh) -> Self {
        Self { config: config.clone() }
    }

    fn steps(&self, device_type: DeviceType) -> Option<Steps> {
        match device_type {
            DeviceType::Iot => Some(self.config.iot),
            DeviceType::Mobile => Some(self.config.mobile),
            DeviceType::Workstation => Some(self.config.workstation),
            DeviceType::Streaming => Some(self.config.streaming),
            DeviceType::Unknown => Some(self.config.unknown),
            // To send is what they are for.
            DeviceType::Network | DeviceType::Server => None,
        }
    }

    /// Nothing, as long as it isn't known what was sent.
    fn reading(&self, row: &OwnerTags, of: &Circumstances<'_>) -> Option<Reading> {
        let (name, device_type) = (row.name()?, device_type(row)?);
        let sums = Sums::of(of.tick.history?.recent(&row.owners, WINDOW));
        let megabits = sums.bytes.per_second(|bytes| bytes.tx * 8.0)? / 1e6;
        let steps = self.steps(device_type);
        let limits = Limits {
            warning: steps.map(|steps| steps.warning.get()),
            critical: steps.map(|steps| steps.critical.get()),
        };
        let sends = format!("{name} sends {} Mbit/s", words::number(megabits));
        let normal = limits.warning.map(|limit| {
            format!("; {} rarely send more than {} for long", devices_of(device_type), words::number(limit))
        });
        let what = sends + &normal.unwrap_or_default();
        Some(Reading { device: Rc::clone(name), value: megabits, limits, what })
    }
}

impl Rule for UploadHigh {
    fn name(&self) -> &'static str {
        "upload_high"
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
        "A backup or a video call may be the cause. If nobody knows of any, disconnect it."
    }
}

#[cfg(test)]
mod tests;
