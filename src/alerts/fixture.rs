//! A rule by itself, in the surroundings of a measurement by itself.

use super::{Circumstances, Reading, Rule};
use crate::attribution::owners::OwnerId;
use crate::census::flow_tracker::TrackedFlow;
use crate::census::{Attempt, CompletedPass};
use crate::measurements::findings::ByDevice;
use crate::measurements::{Clock, Measurement, Needs, Observation, Tick};
use crate::series::Series;
use crate::series::schema::{Schema, UserTags};

const SCHEMA: Schema = Schema {
    name: "judged",
    every: Clock::Interval,
    tags: &[],
    fields: &[],
    user_tags: UserTags::LeaveOut,
    ends_with_zero: &[],
};

/// Judges by a rule at every report.
#[derive(Debug)]
pub(crate) struct Judged<R> {
    pub(crate) rule: R,
    /// What it said at the last.
    pub(crate) readings: Vec<Reading>,
    /// Which rules fire.
    pub(crate) firing: ByDevice<Vec<&'static str>>,
}

impl<R: Rule> Judged<R> {
    pub(crate) fn new(rule: R) -> Self {
        Self { rule, readings: Vec::new(), firing: ByDevice::default() }
    }

    /// What was said of a device.
    pub(crate) fn reading(&self, device: &str) -> Option<&Reading> {
        self.readings.iter().find(|reading| *reading.device == *device)
    }

    /// The value of a device, and its two limits.
    pub(crate) fn figures(&self, device: &str) -> Option<(f64, Option<f64>, Option<f64>)> {
        let reading = self.reading(device)?;
        Some((reading.value, reading.limits.warning, reading.limits.critical))
    }
}

impl<R: Rule> Measurement for Judged<R> {
    fn schema(&self) -> &'static Schema {
        &SCHEMA
    }

    fn needs(&self) -> Needs {
        self.rule.needs()
    }

    fn begin(&mut self, attempt: Attempt, owners: usize) {
        self.rule.begin(attempt, owners);
    }

    fn observe(&mut self, of: &Observation<'_>) {
        self.rule.observe(of);
    }

    fn ended(&mut self, flow: &TrackedFlow) {
        self.rule.ended(flow);
    }

    fn complete(&mut self, pass: &CompletedPass) {
        self.rule.complete(pass);
    }

    fn report(&mut self, tick: &Tick<'_>, out: &mut Series<'_>) {
        let findings = out.findings();
        self.readings = self.rule.judge(&Circumstances { tick, findings, firing: &self.firing });
    }

    fn remembers(&self, owner: OwnerId) -> bool {
        self.rule.remembers(owner)
    }
}
