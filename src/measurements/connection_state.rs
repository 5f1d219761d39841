//! `connection_state`: how many connections each device has, by protocol and state.
//!
//! One point per device, protocol and state, with exactly one field: users' panels sum over the measurement without
//! naming a field. A series that was sent and has gone is sent once more as 0, so that no graph hangs at its last value.

use super::{Clock, Flows, Measurement, Needs, Observation, Tick};
use crate::attribution::owners::OwnerId;
use crate::census::cells::Cells;
use crate::census::per_owner::PerOwner;
use crate::census::{Attempt, CompletedPass};
use crate::conntrack::flow::{Protocol, State};
use crate::measurements::counted_cells::CountedCells;
use crate::series::Series;
use crate::series::limit::SeriesLimit;
use crate::series::schema::{Schema, TagSchema, UserTags, integer};

/// What it sends.
pub const SCHEMA: Schema = Schema {
    name: "connection_state",
    every: Clock::Interval,
    tags: &[
        TagSchema::DEVICE_NAME,
        TagSchema::DEVICE_TYPE,
        TagSchema::IP,
        TagSchema::MAC,
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

/// The measurement.
#[derive(Debug, Default)]
pub struct ConnectionState {
    counts: PerOwner<Cells<CELLS>>,
    limit: SeriesLimit,
}

impl Measurement for ConnectionState {
    fn schema(&self) -> &'static Schema {
        &SCHEMA
    }

    fn needs(&self) -> Needs {
        Needs { flows: Flows::WhenDue, ..Needs::default() }
    }

    fn begin(&mut self, attempt: Attempt, owners: usize) {
        self.counts.begin(attempt, owners);
    }

    fn observe(&mut self, of: &Observation<'_>) {
        let cell = cell(of.flow.protocol, of.flow.state);
        self.counts.update(of.attribution.owner, |counts| counts.add(cell, 1));
    }

    fn complete(&mut self, pass: &CompletedPass) {
        self.counts.replace(pass.kept);
    }

    fn report(&mut self, tick: &Tick<'_>, out: &mut Series<'_>) {
        let counts = CountedCells { counts: &self.counts, meaning: tags, field: "count" };
        let outcome = counts.report(tick, &mut self.limit, out);
        let shared = out.findings();
        shared.surplus = outcome.surplus;
        shared.series_overflow += outcome.series_overflow;
        shared.devices = Some(outcome.devices);
    }

    fn remembers(&self, _: OwnerId) -> bool {
        false
    }
}

/// The tags of a cell.
fn tags(cell: usize) -> [(&'static str, &'static str); 2] {
    let (protocol, state) = meaning(cell);
    [("protocol", protocol), ("state", state.name())]
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
