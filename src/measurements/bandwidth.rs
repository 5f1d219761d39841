//! `bandwidth`: the bytes that each device received and sent, by service, for dashboards that sum them over windows.
//!
//! Exactly one field: panels sum over the measurement without naming a field.

use std::collections::HashMap;
use std::ops::AddAssign;
use std::rc::Rc;
use std::time::Duration;

use foldhash::fast::RandomState;

use super::{Clock, Flows, Measurement, Needs, Observation, Tick};
use crate::attribution::labels::OwnerTags;
use crate::attribution::owners::OwnerId;
use crate::census::CompletedPass;
use crate::census::per_owner::{PerOwner, sum};
use crate::series::Series;
use crate::series::point::{Tag, Value};
use crate::series::schema::{Schema, TagSchema, UserTags, integer};
use crate::services::ServiceId;
use crate::services::format::LONGEST_LABEL;

/// What it sends.
pub const SCHEMA: Schema = Schema {
    name: "bandwidth",
    every: Clock::Traffic,
    tags: &[
        TagSchema::DEVICE_NAME,
        TagSchema::DEVICE_TYPE,
        TagSchema::of_ours("direction", 2),
        TagSchema::IP,
        TagSchema::MAC,
        TagSchema { key: "protocol", longest: LONGEST_LABEL, escaped: true },
    ],
    fields: &[integer("bytes")],
    user_tags: UserTags::LeaveOut,
    ends_with_zero: &[],
};

/// So many services of a device have series of their own; those of further ones are `other`.
const SERVICES_AT_MOST: usize = 16;
/// How long a service keeps its place after it was last used.
const KEPT: Duration = Duration::from_hours(24);
/// How long a series that moves nothing is sent as 0, so that a stall shows.
const ZEROS: Duration = Duration::from_secs(60);
/// What belongs to no service that has a place.
const OTHER: &str = "other";

/// The measurement. At most 36 series for each device: `limits.max_devices` bounds them.
#[derive(Debug, Default)]
pub struct Bandwidth {
    /// What was moved since the last report.
    moved: PerOwner<ByService>,
    /// By name: several owners may share one.
    devices: HashMap<Rc<str>, DeviceSeries, RandomState>,
    /// Devices as they were under other tags: their series are sent as 0 until they are silent.
    leaving: Vec<DeviceSeries>,
}

/// Bytes received and sent, by service; in order.
#[derive(Clone, Debug, Default)]
struct ByService(Vec<(ServiceId, [u64; 2])>);

impl ByService {
    fn add(&mut self, service: ServiceId, [rx, tx]: [u64; 2]) {
        let place = self.0.binary_search_by_key(&service, |(service, _)| *service);
        match place.map(|place| self.0.get_mut(place)) {
            Ok(Some((_, sums))) => *sums = [sums[0].saturating_add(rx), sums[1].saturating_add(tx)],
            Ok(None) => {}
            Err(place) => self.0.insert(place, (service, [rx, tx])),
        }
    }
}

impl AddAssign for ByService {
    fn add_assign(&mut self, other: Self) {
        other.0.into_iter().for_each(|(service, bytes)| self.add(service, bytes));
    }
}

impl Measurement for Bandwidth {
    fn schema(&self) -> &'static Schema {
        &SCHEMA
    }

    fn needs(&self) -> Needs {
        Needs { flows: Flows::EveryPass, changes: true, ..Needs::default() }
    }

    fn observe(&mut self, of: &Observation<'_>) {
        if let Some(moved) = of.moved() {
            let service = of.service();
            self.moved
                .update(of.attribution.owner, |sums| sums.add(service, [moved.rx.bytes, moved.tx.bytes]));
        }
    }

    fn complete(&mut self, pass: &CompletedPass) {
        self.moved.settle(pass.bytes);
    }

    fn report(&mut self, tick: &Tick<'_>, out: &mut Series<'_>) {
        let now = tick.sample.boot;
        if tick.covered.bytes.is_zero() {
            out.know_nothing();
        } else {
            self.points(tick, out);
        }
        self.devices.retain(|_, device| device.forget(now));
        self.moved.clear();
    }

    fn remembers(&self, owner: OwnerId) -> bool {
        self.moved.remembers(owner)
    }
}

impl Bandwidth {
    /// Gives the points. What moved nothing for a while is silent; devices that have left are sent as 0 until then.
    fn points(&mut self, tick: &Tick<'_>, out: &mut Series<'_>) {
        let now = tick.sample.boot;
        for row in tick.owners.all() {
            self.take_in(row, now);
        }
        let pass_interval = tick.exporter.pass_interval;
        let silent_after = ZEROS.max(pass_interval) + pass_interval / 2;
        for device in self.devices.values_mut().chain(&mut self.leaving) {
            device.report(now, silent_after, tick, out);
        }
        self.leaving.retain(|device| device.has_moved_within(silent_after, now));
    }

    /// Adds what the owners of one row have moved to the series of their device.
    fn take_in(&mut self, row: &OwnerTags, now: Duration) {
        let moved: ByService = sum(self.moved.rows(&row.owners));
        let Some((_, name)) = row.tags.first() else { return };
        if let Some(device) = self.devices.get_mut(name) {
            self.leaving.extend(device.retag(&row.tags));
        } else if moved.0.is_empty() {
            return;
        }
        let device = self.devices.entry(Rc::clone(name)).or_insert_with(|| DeviceSeries::of(&row.tags));
        moved.0.into_iter().for_each(|(service, bytes)| device.add(service, bytes, now));
    }
}

/// The series of one device.
#[derive(Debug)]
struct DeviceSeries {
    tags: Rc<[Tag]>,
    services: Vec<ServiceSeries>,
}

/// Both series of a service.
#[derive(Debug)]
struct ServiceSeries {
    /// `None` is `other`.
    service: Option<ServiceId>,
    /// When it was last used, in time since boot.
    used: Duration,
    /// Received and sent.
    directions: [DirectionSeries; 2],
}

/// One series.
#[derive(Clone, Copy, Debug, Default)]
struct DirectionSeries {
    /// What it moved since the last report.
    bytes: u64,
    /// When it last moved anything, in time since boot.
    moved: Option<Duration>,
}

impl DeviceSeries {
    fn of(tags: &Rc<[Tag]>) -> Self {
        Self { tags: Rc::clone(tags), services: Vec::new() }
    }

    /// Takes other tags, if they are others, and gives what it was before. Services keep their places.
    fn retag(&mut self, tags: &Rc<[Tag]>) -> Option<Self> {
        if self.tags == *tags {
            return None;
        }
        let places = self.services.iter().map(|series| ServiceSeries {
            service: series.service,
            used: series.used,
            directions: Default::default(),
        });
        let new = Self { tags: Rc::clone(tags), services: places.collect() };
        Some(std::mem::replace(self, new))
    }

    fn add(&mut self, service: ServiceId, bytes: [u64; 2], now: Duration) {
        let service = self.place(service);
        if self.services.iter().all(|series| series.service != service) {
            self.services.push(ServiceSeries { service, used: now, directions: Default::default() });
        }
        let Some(series) = self.services.iter_mut().find(|series| series.service == service) else { return };
        series.used = now;
        for (direction, bytes) in series.directions.iter_mut().zip(bytes).filter(|(_, bytes)| *bytes > 0) {
            direction.bytes = direction.bytes.saturating_add(bytes);
            direction.moved = Some(now);
        }
    }

    /// Where the bytes of a service go: to itself if it has a place or finds one, else to `other`.
    fn place(&self, service: ServiceId) -> Option<ServiceId> {
        let has_place = |series: &ServiceSeries| series.service == Some(service);
        let is_listed = |series: &&ServiceSeries| series.service.is_some_and(|of| of != ServiceId::UNLISTED);
        let is_room = || self.services.iter().filter(is_listed).count() < SERVICES_AT_MOST;
        let stays = service == ServiceId::UNLISTED || self.services.iter().any(has_place) || is_room();
        stays.then_some(service)
    }

    /// Gives the points of the series that have moved anything lately.
    fn report(&mut self, now: Duration, silent_after: Duration, tick: &Tick<'_>, out: &mut Series<'_>) {
        for series in &mut self.services {
            let label = series.service.map_or(OTHER, |service| tick.services.label(service));
            for (direction, name) in series.directions.iter_mut().zip(["rx", "tx"]) {
                let bytes = std::mem::take(&mut direction.bytes);
                if direction.moved.is_some_and(|moved| now.saturating_sub(moved) < silent_after) {
                    let tags = out.tags(&self.tags, &[("direction", name), ("protocol", label)]);
                    for (bytes, age) in shared(bytes, tick) {
                        out.push_earlier(Rc::clone(&tags), vec![("bytes", Value::count(bytes))], age);
                    }
                }
            }
        }
    }

    /// Forgets services that were not used for long; whether anything is left.
    fn forget(&mut self, now: Duration) -> bool {
        self.services.retain(|series| now.saturating_sub(series.used) < KEPT);
        !self.services.is_empty()
    }

    fn has_moved_within(&self, time: Duration, now: Duration) -> bool {
        self.services.iter().any(|series| now.saturating_sub(series.used) < time)
    }
}

/// Shares bytes evenly over the instants for which a point stands, each with its age; the remainder goes to the last.
fn shared(bytes: u64, tick: &Tick<'_>) -> impl Iterator<Item = (u64, Duration)> {
    let (instants, every) = (tick.instants.max(1), tick.every);
    let (share, remainder) = (bytes / u64::from(instants), bytes % u64::from(instants));
    (0..instants).rev().map(move |age| (share + if age == 0 { remainder } else { 0 }, every * age))
}

#[cfg(test)]
mod tests;
