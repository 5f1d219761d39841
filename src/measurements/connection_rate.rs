//! `connection_rate`: the connections that each device opened and closed.
//!
//! What came and went between two passes over the table is not among them: docs/measurements.md says how much that is.

use std::ops::AddAssign;

use super::{Clock, Flows, Measurement, Needs, Observation, Tick};
use crate::attribution::labels::OwnerTags;
use crate::attribution::owners::OwnerId;
use crate::census::cells::Cells;
use crate::census::flow_tracker::{Change, ProtocolGroup, TrackedFlow};
use crate::census::per_owner::{PerOwner, sum};
use crate::census::{Attempt, CompletedPass};
use crate::series::Series;
use crate::series::point::Value;
use crate::series::schema::{Schema, TagSchema, UserTags, float, integer};

/// What it sends.
pub const SCHEMA: Schema = Schema {
    name: "connection_rate",
    every: Clock::Interval,
    tags: &[
        TagSchema::DEVICE_NAME,
        TagSchema::DEVICE_TYPE,
        TagSchema::IP,
        TagSchema::MAC,
        TagSchema::of_ours("protocol", 5),
    ],
    fields: &[
        integer("opened"),
        integer("closed"),
        integer("unreplied"),
        float("opened_per_second"),
        float("closed_per_second"),
    ],
    user_tags: UserTags::LeaveOut,
    ends_with_zero: &["opened", "closed", "unreplied", "opened_per_second", "closed_per_second"],
};

const GROUPS: usize = ProtocolGroup::ALL.len();

/// The measurement. At most four series for each device: `limits.max_devices` bounds them.
#[derive(Debug, Default)]
pub struct ConnectionRate {
    /// What has been since the last report.
    turnover: PerOwner<Turnover>,
    /// What there is now.
    present: PerOwner<Present>,
}

/// Of one owner, by protocol.
#[derive(Clone, Debug, Default)]
struct Turnover {
    opened: Cells<GROUPS>,
    closed: Cells<GROUPS>,
    /// Of those that were opened, those that closed and never saw a reply.
    closed_unreplied: Cells<GROUPS>,
}

impl AddAssign for Turnover {
    fn add_assign(&mut self, other: Self) {
        self.opened += other.opened;
        self.closed += other.closed;
        self.closed_unreplied += other.closed_unreplied;
    }
}

/// Of one owner, by protocol.
#[derive(Clone, Copy, Debug, Default)]
struct Present {
    entries: Cells<GROUPS>,
    /// Those of them that were opened since the last report and have seen no reply yet.
    unreplied: Cells<GROUPS>,
}

impl AddAssign for Present {
    fn add_assign(&mut self, other: Self) {
        self.entries += other.entries;
        self.unreplied += other.unreplied;
    }
}

impl Measurement for ConnectionRate {
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
        let cell = of.tracked.protocol.index();
        self.present.update(of.attribution.owner, |present| {
            present.entries.add(cell, 1);
            present.unreplied.add(cell, u32::from(of.tracked.recent && of.tracked.unreplied));
        });
        if matches!(of.change, Change::New(_)) {
            self.turnover.update(of.attribution.owner, |turnover| turnover.opened.add(cell, 1));
        }
    }

    fn ended(&mut self, flow: &TrackedFlow) {
        let cell = flow.protocol.index();
        self.turnover.update(flow.owner, |turnover| {
            turnover.closed.add(cell, 1);
            turnover.closed_unreplied.add(cell, u32::from(flow.recent && flow.unreplied));
        });
    }

    fn complete(&mut self, pass: &CompletedPass) {
        self.present.replace(pass.kept);
        self.turnover.settle(pass.flows);
    }

    fn report(&mut self, tick: &Tick<'_>, out: &mut Series<'_>) {
        if tick.covered.flows.is_zero() {
            out.know_nothing();
        } else {
            for row in tick.owners.all() {
                self.points(row, tick.covered.flows.as_secs_f64(), out);
            }
        }
        self.turnover.clear();
    }

    fn remembers(&self, owner: OwnerId) -> bool {
        self.turnover.remembers(owner)
    }
}

impl ConnectionRate {
    /// A point for every protocol of which a device has connections, or had any since the last report.
    fn points(&self, row: &OwnerTags, seconds: f64, out: &mut Series<'_>) {
        let turnover: Turnover = sum(self.turnover.rows(&row.owners));
        let present: Present = sum(self.present.rows(&row.owners));
        for group in ProtocolGroup::ALL {
            let of = |cells: &Cells<GROUPS>| cells.get(group.index());
            let (opened, closed) = (of(&turnover.opened), of(&turnover.closed));
            if opened == 0 && closed == 0 && of(&present.entries) == 0 {
                continue;
            }
            // Of a flow that has found its owner since, another has told that it was opened.
            let unreplied = of(&present.unreplied).saturating_add(of(&turnover.closed_unreplied)).min(opened);
            let fields = vec![
                ("opened", Value::count(opened)),
                ("closed", Value::count(closed)),
                ("unreplied", Value::count(unreplied)),
                ("opened_per_second", Value::Float(f64::from(opened) / seconds)),
                ("closed_per_second", Value::Float(f64::from(closed) / seconds)),
            ];
            out.push(out.tags(&row.tags, &[("protocol", group.name())]), fields);
        }
    }
}

#[cfg(test)]
mod tests;
