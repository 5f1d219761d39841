//! `device_traffic`: what each device received and sent, by how many connections, and with whom.

use std::ops::AddAssign;

use super::remote_hosts::{BusiestHosts, RemoteHosts};
use super::{Clock, Flows, Measurement, Moved, Needs, Observation, Tick};
use crate::attribution::labels::OwnerTags;
use crate::attribution::owners::OwnerId;
use crate::census::flow_tracker::Change;
use crate::census::per_owner::{PerOwner, sum};
use crate::census::{Attempt, CompletedPass};
use crate::series::Series;
use crate::series::point::{Field, Value};
use crate::series::schema::{Schema, TagSchema, UserTags, float, integer};

/// What it sends.
pub const SCHEMA: Schema = Schema {
    name: "device_traffic",
    every: Clock::Interval,
    tags: &[TagSchema::DEVICE_NAME, TagSchema::DEVICE_TYPE, TagSchema::IP, TagSchema::MAC],
    fields: &[
        integer("rx_bytes"),
        integer("tx_bytes"),
        integer("rx_packets"),
        integer("tx_packets"),
        float("rx_bits_per_second"),
        float("tx_bits_per_second"),
        integer("connections"),
        integer("active_connections"),
        float("bits_per_second_per_connection"),
        integer("remote_hosts"),
        float("top_host_share"),
    ],
    user_tags: UserTags::LeaveOut,
    ends_with_zero: &[
        "rx_bytes",
        "tx_bytes",
        "rx_packets",
        "tx_packets",
        "rx_bits_per_second",
        "tx_bits_per_second",
        "connections",
        "active_connections",
        "remote_hosts",
    ],
};

/// The measurement. One series for each device: `limits.max_devices` bounds them.
#[derive(Debug, Default)]
pub struct DeviceTraffic {
    /// What was moved since the last report.
    moved: PerOwner<Moved>,
    /// What there is now.
    present: PerOwner<Present>,
    /// With whom, since the last report.
    remote: RemoteHosts,
}

/// What one owner has now.
#[derive(Clone, Copy, Debug, Default)]
struct Present {
    /// Entries of the table.
    entries: u64,
    /// Those of them whose bytes the kernel counts.
    accounted: u64,
    /// Those that are ESTABLISHED or ACTIVE.
    connections: u64,
    /// Those of the connections that moved anything since the last report.
    active: u64,
}

impl AddAssign for Present {
    fn add_assign(&mut self, other: Self) {
        self.entries += other.entries;
        self.accounted += other.accounted;
        self.connections += other.connections;
        self.active += other.active;
    }
}

impl Measurement for DeviceTraffic {
    fn schema(&self) -> &'static Schema {
        &SCHEMA
    }

    fn needs(&self) -> Needs {
        Needs { flows: Flows::EveryPass, changes: true, ..Needs::default() }
    }

    fn begin(&mut self, attempt: Attempt, owners: usize) {
        self.present.begin(attempt, owners);
    }

    fn observe(&mut self, of: &Observation<'_>) {
        let owner = of.attribution.owner;
        let is_connection = of.flow.state.is_connection();
        self.present.update(owner, |present| {
            present.entries += 1;
            present.accounted += u64::from(of.is_accounted());
            present.connections += u64::from(is_connection);
            present.active += u64::from(is_connection && of.tracked.moved);
        });
        if let Some(moved) = of.moved() {
            self.moved.update(owner, |sum| *sum += moved);
            self.remote.note(owner, of.attribution.remote.address, moved.bytes());
        } else if matches!(of.change, Change::New(_)) && !of.is_accounted() {
            self.remote.note(owner, of.attribution.remote.address, 0);
        }
    }

    fn complete(&mut self, pass: &CompletedPass) {
        self.present.replace(pass.kept);
        self.moved.settle(pass.bytes);
    }

    fn report(&mut self, tick: &Tick<'_>, out: &mut Series<'_>) {
        let busiest = self.remote.busiest();
        for row in tick.owners.all() {
            let fields = self.fields(row, tick, &busiest);
            out.push(out.tags(&row.tags, &[]), fields);
        }
        self.moved.clear();
        self.remote.clear();
    }

    fn remembers(&self, owner: OwnerId) -> bool {
        self.moved.remembers(owner) || self.remote.remembers(owner)
    }
}

impl DeviceTraffic {
    /// The fields of one device, without those that aren't known; none if there is nothing to tell of it.
    fn fields(&self, row: &OwnerTags, tick: &Tick<'_>, busiest: &BusiestHosts) -> Vec<Field> {
        let present: Present = sum(self.present.rows(&row.owners));
        let has_moved = self.moved.rows(&row.owners).next().is_some();
        if present.entries == 0 && !has_moved {
            return Vec::new();
        }
        // Of a device of which the kernel counts nothing it isn't known what it moved.
        let is_known = !tick.covered.bytes.is_zero() && (present.accounted > 0 || has_moved);
        let moved: Option<Moved> = is_known.then(|| sum(self.moved.rows(&row.owners)));
        let seconds = tick.covered.bytes.as_secs_f64();
        let count = |of: fn(&Moved) -> u64| moved.as_ref().map(|moved| Value::count(of(moved)));
        let rate = |bytes: u64| bits(bytes) / seconds;
        let hosts = (!tick.covered.flows.is_zero()).then(|| self.remote.count(&row.owners));
        let fields = [
            ("rx_bytes", count(|moved| moved.rx.bytes)),
            ("tx_bytes", count(|moved| moved.tx.bytes)),
            ("rx_packets", count(|moved| moved.rx.packets)),
            ("tx_packets", count(|moved| moved.tx.packets)),
            ("rx_bits_per_second", moved.map(|moved| Value::Float(rate(moved.rx.bytes)))),
            ("tx_bits_per_second", moved.map(|moved| Value::Float(rate(moved.tx.bytes)))),
            ("connections", Some(Value::count(present.connections))),
            ("active_connections", moved.map(|_| Value::count(present.active))),
            ("bits_per_second_per_connection", per_connection(moved.map(|all| rate(all.bytes())), present)),
            ("remote_hosts", hosts.map(Value::count)),
            ("top_host_share", moved.and_then(|moved| share(busiest, &row.owners, &moved, tick))),
        ];
        fields.into_iter().filter_map(|(name, value)| Some((name.into(), value?))).collect()
    }
}

#[expect(clippy::cast_precision_loss, reason = "2^53 bytes are nine petabytes")]
fn bits(bytes: u64) -> f64 {
    bytes as f64 * 8.0
}

fn per_connection(bits_per_second: Option<f64>, present: Present) -> Option<Value> {
    #[expect(clippy::cast_precision_loss, reason = "no table has 2^53 entries")]
    let connections = present.connections as f64;
    Some(Value::Float(bits_per_second? / connections)).filter(|_| present.connections > 0)
}

/// The share of the busiest host; unknown if some of what was moved is, or much of it had to make room.
fn share(busiest: &BusiestHosts, owners: &[OwnerId], moved: &Moved, tick: &Tick<'_>) -> Option<Value> {
    let is_known = tick.covered.whole && moved.bytes() > 0 && busiest.short_by <= moved.bytes() / 10;
    is_known.then(|| Value::Float((bits(busiest.of(owners)) / bits(moved.bytes())).min(1.0)))
}

#[cfg(test)]
mod tests;
