//! A measurement in one file: how many connections each device began itself, and how many others began to it.
//!
//! `cargo run --example custom_measurement` takes one snapshot of the sample household by it.

use std::error::Error;
use std::time::Duration;

use conntrack_exporter::attribution::Direction;
use conntrack_exporter::census::per_owner::PerOwner;
use conntrack_exporter::collector::{Collector, Moment};
use conntrack_exporter::config::Config;
use conntrack_exporter::measurements::{Attempt, Clock, Due, Flows, Measurement, Needs, Observation, Tick};
use conntrack_exporter::root::Root;
use conntrack_exporter::series::Series;
use conntrack_exporter::series::point::Value;
use conntrack_exporter::series::schema::{Schema, TagSchema, UserTags, integer};

const SCHEMA: Schema = Schema {
    name: "connection_direction",
    every: Clock::Interval,
    tags: &[TagSchema::name("device_name")],
    fields: &[integer("inbound"), integer("outbound")],
    user_tags: UserTags::Refuse,
    ends_with_zero: &["inbound", "outbound"],
};

#[derive(Debug, Default)]
struct ConnectionDirection(PerOwner<[u64; 2]>);

impl Measurement for ConnectionDirection {
    fn schema(&self) -> &'static Schema {
        &SCHEMA
    }
    fn needs(&self) -> Needs {
        Needs { flows: Flows::WhenDue, ..Needs::default() }
    }
    fn begin(&mut self, attempt: Attempt, _owners: usize) {
        self.0.begin(attempt);
    }
    fn observe(&mut self, of: &Observation<'_>) {
        let inbound = of.attribution.direction == Direction::Inbound;
        let one = if inbound { [1, 0] } else { [0, 1] };
        self.0.update(of.attribution.owner, |sum| *sum = [sum[0] + one[0], sum[1] + one[1]]);
    }
    fn complete(&mut self, kept: Attempt) {
        self.0.replace(kept);
    }
    fn report(&mut self, tick: &Tick<'_>, out: &mut Series<'_>) {
        for row in tick.owners.all() {
            let sum = self.0.rows(&row.owners).fold([0; 2], |sum, row| [sum[0] + row[0], sum[1] + row[1]]);
            if sum != [0, 0] {
                let fields = vec![("inbound", Value::count(sum[0])), ("outbound", Value::count(sum[1]))];
                out.push(out.tags(&row.tags, &[]), fields);
            }
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let root = Root::replay(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/household/root"));
    let measurements: Vec<Box<dyn Measurement>> = vec![Box::<ConnectionDirection>::default()];
    let mut collector = Collector::with_measurements(Config::default(), &root, 0, measurements);
    let moment = Moment { boot: Duration::from_hours(1), timestamp: None, clock_set: true, due: Due::Both };
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    for point in runtime.block_on(collector.snapshot(&moment))?.points() {
        println!("{:?} {:?}", point.tags.iter().collect::<Vec<_>>(), point.fields);
    }
    Ok(())
}
