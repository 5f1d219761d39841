//! How many connections each device began itself, and how many others began to it.

use conntrack_exporter::attribution::Direction;
use conntrack_exporter::attribution::owners::OwnerId;
use conntrack_exporter::census::cells::Cells;
use conntrack_exporter::census::per_owner::PerOwner;
use conntrack_exporter::census::{Attempt, CompletedPass};
use conntrack_exporter::measurements::{Clock, Flows, Measurement, Needs, Observation, Tick};
use conntrack_exporter::series::Series;
use conntrack_exporter::series::point::Value;
use conntrack_exporter::series::schema::{Schema, TagSchema, UserTags, integer};

const SCHEMA: Schema = Schema {
    name: "connection_direction",
    every: Clock::Interval,
    tags: &[TagSchema::name("device_name")],
    fields: &[integer("outbound"), integer("inbound")],
    user_tags: UserTags::Refuse,
    ends_with_zero: &["outbound", "inbound"],
};

/// Counts of each owner, by direction. One point for each device: `limits.max_devices` bounds them.
#[derive(Debug, Default)]
pub(crate) struct ConnectionDirection(PerOwner<Cells<2>>);

impl Measurement for ConnectionDirection {
    fn schema(&self) -> &'static Schema {
        &SCHEMA
    }
    fn needs(&self) -> Needs {
        Needs { flows: Flows::WhenDue, ..Needs::default() }
    }
    fn begin(&mut self, attempt: Attempt, owners: usize) {
        self.0.begin(attempt, owners);
    }
    fn observe(&mut self, of: &Observation<'_>) {
        let cell = usize::from(of.attribution.direction == Direction::Inbound);
        self.0.update(of.attribution.owner, |counts| counts.add(cell, 1));
    }
    fn complete(&mut self, pass: &CompletedPass) {
        self.0.replace(pass.kept);
    }
    fn report(&mut self, tick: &Tick<'_>, out: &mut Series<'_>) {
        for row in tick.owners.all() {
            let [outbound, inbound] = Cells::sum(self.0.rows(&row.owners)).into_counts();
            if outbound + inbound > 0 {
                let fields = vec![("outbound", Value::count(outbound)), ("inbound", Value::count(inbound))];
                out.push(out.tags(&row.tags, &[]), fields);
            }
        }
    }
    fn remembers(&self, _: OwnerId) -> bool {
        false // Nothing is kept from one tick to the next.
    }
}
