//! `connections_high`: more connections than any household's device needs.

use std::rc::Rc;
use std::time::Duration;

use super::words::{self, device_type, devices_of};
use crate::alerts::{Circumstances, Limits, Reading, Rule, config};
use crate::attribution::labels::OwnerTags;
use crate::devices::device_type::DeviceType;
use crate::history::statistics;
use crate::measurements::Needs;

/// For how long back it is told what other devices of the type had.
const HOUR: Duration = Duration::from_hours(1);

/// The rule.
#[derive(Debug)]
pub(super) struct ConnectionsHigh {
    config: config::ConnectionsHigh,
}

impl ConnectionsHigh {
    pub(super) fn new(config: &config::ConnectionsHigh) -> Self {
        Self { config: config.clone() }
    }

    fn limit(&self, row: &OwnerTags) -> f64 {
        use DeviceType::{Iot, Streaming, Unknown};
        let is_frugal = matches!(device_type(row), Some(Iot | Streaming | Unknown));
        let limit = if is_frugal { self.config.connections } else { self.config.connections_others };
        limit.get()
    }

    fn reading(&self, row: &OwnerTags, of: &Circumstances<'_>) -> Option<Reading> {
        let (name, connections) = (row.name()?, of.connections(row)?);
        let (value, limit) = (f64::from(connections), self.limit(row));
        // Only for one that is told it is worth looking.
        let is_told = value > limit || of.fires(self.name(), name);
        let what = if is_told { what(row, name, connections, limit, of) } else { String::new() };
        let limits = Limits { warning: Some(limit), critical: None };
        Some(Reading { device: Rc::clone(name), value, limits, what })
    }
}

impl Rule for ConnectionsHigh {
    fn name(&self) -> &'static str {
        "connections_high"
    }

    fn hold(&self) -> Duration {
        self.config.hold.duration()
    }

    fn needs(&self) -> Needs {
        Needs { history: true, ..Needs::default() }
    }

    fn judge(&mut self, of: &Circumstances<'_>) -> Vec<Reading> {
        of.tick.owners.all().filter_map(|row| self.reading(row, of)).collect()
    }

    fn advice(&self) -> &'static str {
        "Restart it; if they come back, look at its apps."
    }
}

fn what(row: &OwnerTags, name: &str, connections: u32, limit: f64, of: &Circumstances<'_>) -> String {
    let has = format!("{name} has {}", words::connections(connections));
    let kind = device_type(row).filter(|device_type| *device_type != DeviceType::Unknown);
    match kind.and_then(|kind| Some((kind, peak_of_others(row, kind, of)?))) {
        Some((kind, peak)) => {
            format!("{has}; other {} here have had at most {peak:.0} in the last hour", devices_of(kind))
        }
        None => format!("{has}; more than {limit:.0} are unusual for such a device"),
    }
}

/// The most that another device of the type has had in the last hour; `None` if there is none.
fn peak_of_others(row: &OwnerTags, kind: DeviceType, of: &Circumstances<'_>) -> Option<f64> {
    let history = of.tick.history?;
    let others = of.tick.owners.devices.iter();
    let others = others.filter(|other| device_type(other) == Some(kind) && other.name() != row.name());
    let peaks = others.filter_map(|other| {
        let hour = history.recent(&other.owners, HOUR);
        statistics::peak(hour, |interval| Some(f64::from(interval.connections)))
    });
    peaks.reduce(f64::max)
}

#[cfg(test)]
mod tests;
