//! `connection_state`: how many connections each device has, by protocol and state.
//!
//! One point per device, protocol and state, with exactly one field: users' panels sum over the measurement without
//! naming a field. A series that was sent and has gone is sent once more as 0, so that no graph hangs at its last value.

use std::iter;
use std::rc::Rc;

use super::{Attempt, Clock, Flows, Measurement, Needs, Observation, Tick};
use crate::census::per_owner::PerOwner;
use crate::conntrack::flow::{Protocol, State};
use crate::series::Series;
use crate::series::limit::SeriesLimit;
use crate::series::point::{Tag, Tags, Value};
use crate::series::schema::{Schema, TagSchema, UserTags, integer};

/// What it sends.
pub const SCHEMA: Schema = Schema {
    name: "connection_state",
    every: Clock::Interval,
    tags: &[
        TagSchema::name("device_name"),
        TagSchema::of_ours("device_type", 11),
        TagSchema::of_ours("ip", 39),
        TagSchema::of_ours("mac", 17),
        TagSchema::of_ours("protocol", 7),
        TagSchema::of_ours("state", 11),
    ],
    fields: &[integer("count")],
    user_tags: UserTags::Refuse,
    ends_with_zero: &["count"],
};

/// TCP's ten states, and two for every other protocol.
const TCP_CELLS: usize = 10;
const CELLS: usize = TCP_CELLS + 2 * (Protocol::NAMES.len() - 1);

/// What an owner has, by protocol and state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Row([u64; CELLS]);

impl Default for Row {
    fn default() -> Self {
        Self([0; CELLS])
    }
}

impl Row {
    fn add(&mut self, cell: usize, count: u64) {
        if let Some(sum) = self.0.get_mut(cell) {
            *sum += count;
        }
    }

    fn sum<'a>(rows: impl Iterator<Item = &'a Self>) -> Self {
        rows.fold(Self::default(), |mut sum, row| {
            sum.0.iter_mut().zip(row.0).for_each(|(sum, count)| *sum += count);
            sum
        })
    }

    /// The cells that count anything, each with its count.
    fn counted(&self) -> impl Iterator<Item = (usize, u64)> {
        self.0.iter().copied().enumerate().filter(|(_, count)| *count > 0)
    }
}

/// The measurement.
#[derive(Debug, Default)]
pub struct ConnectionState {
    rows: PerOwner<Row>,
    limit: SeriesLimit,
}

impl Measurement for ConnectionState {
    fn schema(&self) -> &'static Schema {
        &SCHEMA
    }

    fn needs(&self) -> Needs {
        Needs { flows: Flows::WhenDue, ..Needs::default() }
    }

    fn begin(&mut self, attempt: Attempt, _owners: usize) {
        self.rows.begin(attempt);
    }

    fn observe(&mut self, of: &Observation<'_>) {
        let cell = cell(of.flow.protocol, of.flow.state);
        self.rows.update(of.attribution.owner, |row| row.add(cell, 1));
    }

    fn complete(&mut self, kept: Attempt) {
        self.rows.replace(kept);
    }

    fn report(&mut self, tick: &Tick<'_>, out: &mut Series<'_>) {
        let mut of_devices = Vec::new();
        for device in &tick.owners.devices {
            let row = Row::sum(self.rows.rows(&device.owners));
            of_devices.extend(row.counted().map(|cell| (tags(&device.tags, cell.0, out), cell)));
        }
        let (kept, surplus) = self.limit.apply(tick.config.limits.max_series, of_devices);
        // In order of tags those of one name lie side by side.
        let mut shown: Vec<_> = kept.iter().map(|(tags, _)| tags.own("device_name")).collect();
        shown.dedup();
        out.room().devices = Some(shown.len());
        let mut other = Row::sum(self.rows.rows(&tick.owners.other.owners));
        for (_, (cell, count)) in surplus {
            out.room().surplus += count;
            other.add(cell, count);
        }
        let router = Row::sum(self.rows.rows(&tick.owners.router.owners));
        let others = [(&tick.owners.router, router), (&tick.owners.other, other)];
        let others: Vec<_> = others
            .iter()
            .flat_map(|(of, row)| row.counted().zip(iter::repeat(*of)))
            .map(|(cell, of)| (tags(&of.tags, cell.0, out), cell))
            .collect();
        for (tags, (_, count)) in kept.into_iter().chain(others) {
            out.push(tags, vec![("count", Value::count(count))]);
        }
    }
}

fn tags(of: &[Tag], cell: usize, out: &Series<'_>) -> Rc<Tags> {
    let (protocol, state) = meaning(cell);
    out.tags(of, &[("protocol", protocol), ("state", state.name())])
}

fn cell(protocol: Protocol, state: State) -> usize {
    match protocol.class() {
        0 => state.index(),
        class => TCP_CELLS + 2 * (class - 1) + usize::from(state == State::Unreplied),
    }
}

/// The protocol and state that [`cell`] put there.
fn meaning(cell: usize) -> (&'static str, State) {
    let state = |index: usize| State::ALL.get(index).copied().unwrap_or(State::None);
    match cell.checked_sub(TCP_CELLS) {
        None => ("tcp", state(cell)),
        Some(rest) => {
            let name = Protocol::NAMES.get(rest / 2 + 1).copied().unwrap_or("other");
            (name, if rest % 2 == 0 { State::Active } else { State::Unreplied })
        }
    }
}

#[cfg(test)]
mod tests;
