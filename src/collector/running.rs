//! The measurements that go on.

use crate::census::CompletedPass;
use crate::config::Config;
use crate::measurements::{self, Covered, DueClocks, Flows, Measurement, Needs};
use crate::series::schema::Schema;
use crate::state::State;

/// A measurement that goes on.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) measurement: Box<dyn Measurement>,
    /// For how long it knows what flows did since its last report. One that was switched on since knows less than others.
    pub(super) covered: Covered,
}

impl Running {
    /// Begins with nothing.
    pub(super) fn new(measurement: Box<dyn Measurement>) -> Self {
        Self { measurement, covered: Covered::default() }
    }

    /// Begins with what was remembered.
    fn restored(mut measurement: Box<dyn Measurement>, remembered: &mut State) -> Self {
        measurement.restore(remembered);
        Self::new(measurement)
    }

    pub(super) fn schema(&self) -> &'static Schema {
        self.measurement.schema()
    }

    pub(super) fn needs(&self) -> Needs {
        self.measurement.needs()
    }

    /// Whether it needs to see the flows of a pass after which these clocks report.
    pub(super) fn observes(&self, due: DueClocks) -> bool {
        match self.needs().flows {
            Flows::Unneeded => false,
            Flows::WhenDue => due.includes(self.schema().every),
            Flows::EveryPass => true,
        }
    }

    /// The table was read to its end, and it has seen that.
    pub(super) fn complete(&mut self, pass: &CompletedPass) {
        self.covered.add(pass);
        self.measurement.complete(pass);
    }
}

/// Takes over another configuration: measurements that go on keep what they have counted. What those have remembered that are
/// switched off goes to `remembered`, from where those that are switched on take theirs.
pub(super) fn switch(running: &mut Vec<Running>, remembered: &mut State, config: &Config) {
    let mut before = std::mem::take(running);
    for new in measurements::all(config) {
        let place = before.iter().position(|old| old.schema().name == new.schema().name);
        running.push(
            place.map_or_else(|| Running::restored(new, remembered), |place| before.swap_remove(place)),
        );
    }
    for gone in before {
        gone.measurement.keep(remembered);
    }
    for one in running {
        one.measurement.reconfigure(config);
    }
}
