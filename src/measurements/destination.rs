//! `destination`: where each device's connections go to, and what for. Off unless `destinations.mode` says otherwise: it
//! tells what people do.
//!
//! Of each device the busiest pairs of a destination and a service are told apart, the rest is `other`: the rows of a device
//! add up to what [`device_traffic`](super::device_traffic) and [`connection_rate`](super::connection_rate) tell of it.

mod busiest;
mod hosts;
mod places;

use std::cmp::Reverse;
use std::ops::AddAssign;
use std::rc::Rc;

use foldhash::fast::RandomState;
use indexmap::IndexMap;

use super::{Clock, Flows, Measurement, Moved, Needs, Observation, Tick};
use crate::attribution::labels::OwnerTags;
use crate::attribution::owners::OwnerId;
use crate::census::flow_tracker::Change;
use crate::census::per_owner::{PerOwner, sum};
use crate::census::{Attempt, CompletedPass};
use crate::config::{Config, DestinationsConfig};
use crate::devices::name::LONGEST;
use crate::series::Series;
use crate::series::point::Value;
use crate::series::schema::{Schema, TagSchema, UserTags, integer};
use crate::services::format::LONGEST_LABEL;
use busiest::Busiest;
use hosts::KnownHosts;
use places::Places;

pub use hosts::{Pair, Remote};

/// What it sends.
pub const SCHEMA: Schema = Schema {
    name: "destination",
    every: Clock::Interval,
    tags: &[
        TagSchema { key: "destination", longest: LONGEST, escaped: true },
        TagSchema::DEVICE_NAME,
        TagSchema::DEVICE_TYPE,
        TagSchema::IP,
        TagSchema::MAC,
        TagSchema { key: "service", longest: LONGEST_LABEL, escaped: true },
    ],
    fields: &[integer("connections"), integer("opened"), integer("rx_bytes"), integer("tx_bytes")],
    user_tags: UserTags::LeaveOut,
    ends_with_zero: &["connections", "opened", "rx_bytes", "tx_bytes"],
};

/// So many pairs of a device have rows of their own in a report.
const SHOWN_AT_MOST: usize = 8;
/// So many pairs of an owner are told apart at a time, as long as there are no more owners than share
/// [`PAIRS_AT_MOST`]; with more, each has fewer, but as many as are shown.
const PAIRS_OF_OWNER: usize = 64;
/// So many pairs are told apart at a time of all owners: some 1.5 MiB.
const PAIRS_AT_MOST: usize = 16 * 1024;
/// What goes out for all that has no row of its own.
const OTHER: &str = "other";

/// The measurement. At most nine series for each device at a time, 65 in a day: `limits.max_devices` bounds them.
#[derive(Debug)]
pub struct Destination {
    config: DestinationsConfig,
    hosts: KnownHosts,
    /// How many pairs of an owner are told apart.
    pairs_at_most: usize,
    /// What was moved since the last report.
    moved: PerOwner<Busiest<Moved>>,
    /// How many connections were opened since the last report.
    opened: PerOwner<Busiest<u64>>,
    /// What there is now.
    present: PerOwner<Present>,
    places: Places,
}

/// What one owner has now.
#[derive(Clone, Debug, Default)]
struct Present {
    /// Entries of the table.
    entries: u64,
    /// Those of them whose bytes the kernel counts.
    accounted: u64,
    /// Those that are ESTABLISHED or ACTIVE.
    connections: Busiest<u64>,
}

impl AddAssign for Present {
    fn add_assign(&mut self, other: Self) {
        self.entries += other.entries;
        self.accounted += other.accounted;
        self.connections += other.connections;
    }
}

/// The figures of a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Figures {
    connections: u64,
    opened: u64,
    moved: Moved,
}

impl Figures {
    /// What is left when those of a part are taken away.
    const fn without(self, part: Self) -> Self {
        let mut moved = self.moved;
        moved.rx.bytes = moved.rx.bytes.saturating_sub(part.moved.rx.bytes);
        moved.tx.bytes = moved.tx.bytes.saturating_sub(part.moved.tx.bytes);
        Self {
            connections: self.connections.saturating_sub(part.connections),
            opened: self.opened.saturating_sub(part.opened),
            moved,
        }
    }

    const fn is_nothing(&self) -> bool {
        self.connections == 0 && self.opened == 0 && self.moved.bytes() == 0
    }
}

/// Which fields are known of a device.
#[derive(Clone, Copy, Debug)]
struct Known {
    opened: bool,
    bytes: bool,
}

impl Measurement for Destination {
    fn schema(&self) -> &'static Schema {
        &SCHEMA
    }

    fn needs(&self) -> Needs {
        Needs { flows: Flows::EveryPass, changes: true, ..Needs::default() }
    }

    fn begin(&mut self, attempt: Attempt, owners: usize) {
        self.pairs_at_most = (PAIRS_AT_MOST / owners.max(1)).clamp(SHOWN_AT_MOST, PAIRS_OF_OWNER);
        self.present.begin(attempt, owners);
    }

    fn observe(&mut self, of: &Observation<'_>) {
        let (owner, at_most) = (of.attribution.owner, self.pairs_at_most);
        let (is_connection, moved) = (of.flow.state.is_connection(), of.moved());
        let is_new = matches!(of.change, Change::New(_));
        let pair = (is_connection || is_new || moved.is_some()).then(|| self.pair(of));
        // Among equals the pairs that move the most now are the ones to tell apart.
        let weight = 1 + moved.map_or(0, |moved| moved.bytes());
        self.present.update(owner, |present| {
            present.entries += 1;
            present.accounted += u64::from(of.is_accounted());
            if let Some(pair) = pair.as_ref().filter(|_| is_connection) {
                present.connections.add(at_most, pair, weight, 1);
            }
        });
        let Some(pair) = pair else { return };
        if is_new {
            self.opened.update(owner, |opened| opened.add(at_most, &pair, weight, 1));
        }
        if let Some(moved) = moved {
            self.moved.update(owner, |sums| sums.add(at_most, &pair, moved.bytes(), moved));
        }
    }

    fn complete(&mut self, pass: &CompletedPass) {
        self.present.replace(pass.kept);
        self.opened.settle(pass.flows);
        self.moved.settle(pass.bytes);
    }

    fn report(&mut self, tick: &Tick<'_>, out: &mut Series<'_>) {
        for row in tick.owners.all() {
            if row.name().is_some_and(|name| !self.config.excludes(name)) {
                self.points(row, tick, out);
            }
        }
        self.moved.clear();
        self.opened.clear();
        self.places.forget(tick.sample.boot);
        self.hosts.forget_names();
    }

    fn remembers(&self, owner: OwnerId) -> bool {
        self.moved.remembers(owner) || self.opened.remembers(owner)
    }

    fn reconfigure(&mut self, config: &Config) {
        self.config.clone_from(&config.destinations);
    }
}

impl Destination {
    /// Nothing is counted yet.
    pub fn new(config: &Config) -> Self {
        Self {
            config: config.destinations.clone(),
            hosts: KnownHosts::default(),
            pairs_at_most: SHOWN_AT_MOST,
            moved: PerOwner::default(),
            opened: PerOwner::default(),
            present: PerOwner::default(),
            places: Places::default(),
        }
    }

    /// Where a flow goes to, as far as that is to be told, and what for.
    fn pair(&mut self, of: &Observation<'_>) -> Pair {
        let remote = self.hosts.remote(self.config.mode, of.attribution.remote.address, of.networks);
        Pair { remote, service: of.service() }
    }

    /// The rows of one device.
    fn points(&mut self, row: &OwnerTags, tick: &Tick<'_>, out: &mut Series<'_>) {
        let present: Present = sum(self.present.rows(&row.owners));
        let moved: Busiest<Moved> = sum(self.moved.rows(&row.owners));
        let opened: Busiest<u64> = sum(self.opened.rows(&row.owners));
        let has_moved = self.moved.rows(&row.owners).next().is_some();
        let known = Known {
            opened: !tick.covered.flows.is_zero(),
            // Of a device of which the kernel counts nothing it isn't known what it moved.
            bytes: !tick.covered.bytes.is_zero() && (present.accounted > 0 || has_moved),
        };
        let mut rest = Figures {
            connections: present.connections.total(),
            opened: opened.total(),
            moved: moved.total(),
        };
        for (pair, figures) in busiest_pairs(&present.connections, &opened, &moved) {
            let is_of_mode = pair.remote.is_of(self.config.mode);
            if is_of_mode && row.name().is_some_and(|name| self.places.admit(name, &pair, tick.sample.boot)) {
                rest = rest.without(figures);
                let (remote, label) = (pair.remote.to_string(), Rc::clone(tick.services.label(pair.service)));
                push(row, (&remote, &label), figures, known, out);
            }
        }
        if !rest.is_nothing() {
            push(row, (OTHER, OTHER), rest, known, out);
        }
    }
}

/// The busiest pairs, the busiest first: by bytes, and where these are equal or unknown by connections.
fn busiest_pairs(
    connections: &Busiest<u64>,
    opened: &Busiest<u64>,
    moved: &Busiest<Moved>,
) -> Vec<(Pair, Figures)> {
    let mut figures: IndexMap<&Pair, Figures, RandomState> = IndexMap::default();
    for (pair, connections) in connections.pairs() {
        figures.entry(pair).or_default().connections = *connections;
    }
    for (pair, opened) in opened.pairs() {
        figures.entry(pair).or_default().opened = *opened;
    }
    for (pair, moved) in moved.pairs() {
        figures.entry(pair).or_default().moved = *moved;
    }
    let mut pairs: Vec<_> = figures.into_iter().collect();
    pairs.sort_unstable_by_key(|(pair, figures)| {
        (Reverse((figures.moved.bytes(), figures.connections, figures.opened)), *pair)
    });
    pairs.into_iter().take(SHOWN_AT_MOST).map(|(pair, figures)| (pair.clone(), figures)).collect()
}

/// Gives a row, without the fields that aren't known.
fn push(row: &OwnerTags, tags: (&str, &str), figures: Figures, known: Known, out: &mut Series<'_>) {
    let bytes = |bytes: u64| known.bytes.then(|| Value::count(bytes));
    let fields = [
        ("connections", Some(Value::count(figures.connections))),
        ("opened", known.opened.then(|| Value::count(figures.opened))),
        ("rx_bytes", bytes(figures.moved.rx.bytes)),
        ("tx_bytes", bytes(figures.moved.tx.bytes)),
    ];
    let fields = fields.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
    let (destination, service) = tags;
    out.push(out.tags(&row.tags, &[("destination", destination), ("service", service)]), fields);
}

#[cfg(test)]
mod tests;
