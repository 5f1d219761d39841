//! A measurement to which every connection seems to move something.
//!
//! In a second or two hardly anything moves, and of another router's files nothing does. What is sent of moving connections
//! alone would be missing from an estimate, so all are shown as moving: more than that can't move.

use crate::attribution::owners::OwnerId;
use crate::census::flow_tracker::{Change, TrackedFlow, Traffic};
use crate::census::{Attempt, CompletedPass};
use crate::measurements::{Measurement, Needs, Observation, Tick, bandwidth, destination, device_traffic};
use crate::proc_net::sockets::Socket;
use crate::series::Series;
use crate::series::schema::Schema;
use crate::state::State;

/// Those whose points tell of what moves.
const OF_WHAT_MOVES: [&str; 3] =
    [bandwidth::SCHEMA.name, device_traffic::SCHEMA.name, destination::SCHEMA.name];

/// The measurement, shown everything as moving if that is what it tells of.
pub(super) fn moving(measurement: Box<dyn Measurement>) -> Box<dyn Measurement> {
    if OF_WHAT_MOVES.contains(&measurement.schema().name) {
        Box::new(Moving(measurement))
    } else {
        measurement
    }
}

/// Hands everything on, but for what flows did.
#[derive(Debug)]
struct Moving(Box<dyn Measurement>);

/// As though the flow had carried all that it ever has since it was last seen. Where it isn't known what it has, or what
/// came before, that stays unknown.
fn moved(of: &Observation<'_>) -> Change {
    let of_its_life = || Traffic {
        original: of.flow.original.counters.unwrap_or_default(),
        reply: of.flow.reply.counters.unwrap_or_default(),
    };
    match of.change {
        Change::New(_) if of.is_accounted() => Change::New(of_its_life()),
        Change::Delta(_) if of.is_accounted() => Change::Delta(of_its_life()),
        other => other,
    }
}

impl Measurement for Moving {
    fn schema(&self) -> &'static Schema {
        self.0.schema()
    }

    fn needs(&self) -> Needs {
        self.0.needs()
    }

    fn note_established_timeout(&mut self, seconds: Option<u32>) {
        self.0.note_established_timeout(seconds);
    }

    fn begin(&mut self, attempt: Attempt, owners: usize) {
        self.0.begin(attempt, owners);
    }

    fn observe(&mut self, of: &Observation<'_>) {
        self.0.observe(&Observation { change: moved(of), ..*of });
    }

    fn ended(&mut self, flow: &TrackedFlow) {
        self.0.ended(flow);
    }

    fn begin_sockets(&mut self) {
        self.0.begin_sockets();
    }

    fn observe_socket(&mut self, socket: &Socket) {
        self.0.observe_socket(socket);
    }

    fn complete(&mut self, pass: &CompletedPass) {
        self.0.complete(pass);
    }

    fn report(&mut self, tick: &Tick<'_>, out: &mut Series<'_>) {
        self.0.report(tick, out);
    }

    fn remembers(&self, owner: OwnerId) -> bool {
        self.0.remembers(owner)
    }

    fn restore(&mut self, state: &mut State) {
        self.0.restore(state);
    }
}
