//! All that the last snapshots say, at one look: for whoever shows it to people or is asked for it.
//!
//! A snapshot holds what was due at one instant, and many of its figures are of the time since the last. [`Latest`] is
//! handed every snapshot, as an output is: it keeps the last points of every measurement, sums up what has to grow since
//! the start, and remembers the last hour of every device. [`Latest::overview`] makes of it what can be shown. It knows
//! points and nothing else. What is switched off is absent, never 0.

mod alert;
mod device;
#[cfg(test)]
pub(crate) mod fixture;
mod hour;
mod status;
mod totals;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use crate::config::Config;
use crate::measurements::{Clock, connection_alert, device as inventory};
use crate::series::point::Point;
use crate::snapshot::{Part, Snapshot};
use hour::Hours;

pub use alert::Alert;
pub use device::{Activity, Destination, Device, Trend};
pub use hour::Hour;
pub use status::Status;
pub use totals::{Totals, Turnover};

/// What was learned from snapshots.
#[derive(Debug)]
pub struct Latest {
    /// What the router's own connections are counted as.
    router: Box<str>,
    /// The last points of every measurement that is on, by its name.
    parts: BTreeMap<&'static str, Vec<Point>>,
    totals: Totals,
    hours: Hours,
    /// What the last snapshot was stamped with, in nanoseconds since 1970.
    timestamp: Option<i64>,
    /// All of it, as it was with the last snapshot of `interval`: what comes in between tells nothing that is in it.
    overview: Arc<Overview>,
}

/// All of it, at one look.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Overview {
    /// The router and its table.
    pub status: Status,
    /// Everybody who has a figure, the router and `other` included, in the order of their names.
    pub devices: Vec<Device>,
    /// What is wrong now, the gravest first.
    pub alerts: Vec<Alert>,
}

impl Latest {
    /// Nothing yet.
    pub fn new(config: &Config) -> Self {
        let mut latest = Self {
            router: router_name(config),
            parts: BTreeMap::new(),
            totals: Totals::default(),
            hours: Hours::default(),
            timestamp: None,
            overview: Arc::default(),
        };
        latest.look();
        latest
    }

    /// Takes over another configuration. What was learned stays.
    pub fn reconfigure(&mut self, config: &Config) {
        self.router = router_name(config);
        self.look();
    }

    /// Takes in a snapshot of `boot` (time since boot).
    pub fn take(&mut self, snapshot: &Snapshot, boot: Duration) {
        for part in &snapshot.parts {
            self.totals.add(part);
            self.take_part(part);
        }
        if snapshot.parts.iter().any(|part| part.schema.every == Clock::Interval) {
            self.timestamp = snapshot.timestamp;
            self.look();
            self.hours.add(&self.overview.devices, boot);
        }
    }

    fn take_part(&mut self, part: &Part) {
        let name = part.schema.name;
        if !part.is_on {
            self.parts.remove(name);
            return;
        }
        let points = self.parts.entry(name).or_default();
        let Some((_, stays)) = TOLD_ON_CHANGE.iter().find(|(told, _)| *told == name) else {
            points.clone_from(&part.points);
            return;
        };
        points.retain(|old| part.points.iter().all(|new| new.tags != old.tags));
        points.extend(part.points.iter().filter(|point| point.integer(stays) == Some(1)).cloned());
    }

    /// The last points of a measurement; `None` if it is switched off.
    pub fn points(&self, measurement: &str) -> Option<&[Point]> {
        self.parts.get(measurement).map(Vec::as_slice)
    }

    /// What has been since the start.
    pub const fn totals(&self) -> &Totals {
        &self.totals
    }

    /// What the last hour of a device was like.
    pub fn hour(&self, device: &str, boot: Duration) -> Option<Hour> {
        self.hours.of(device, boot)
    }

    /// Everything, at one look.
    pub fn overview(&self) -> Arc<Overview> {
        Arc::clone(&self.overview)
    }

    fn look(&mut self) {
        let (devices, alerts) = (device::all(self), alert::all(self));
        let status = status::of(self, &devices, alerts.as_deref());
        self.overview = Arc::new(Overview { status, devices, alerts: alerts.unwrap_or_default() });
    }
}

/// Measurements whose points come when something changes, and the field that is 1 for as long as a series goes on.
const TOLD_ON_CHANGE: [(&str, &str); 2] =
    [(connection_alert::SCHEMA.name, "firing"), (inventory::SCHEMA.name, "online")];

fn router_name(config: &Config) -> Box<str> {
    config.lan.router_name.name().as_str().into()
}

#[cfg(test)]
mod tests;
