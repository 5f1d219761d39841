//! A rule by itself, in the surroundings of a measurement by itself.

use std::net::IpAddr;

use super::{Circumstances, Reading, Rule};
use crate::attribution::Direction;
use crate::attribution::owners::OwnerId;
use crate::census::flow_tracker::TrackedFlow;
use crate::census::{Attempt, CompletedPass};
use crate::conntrack::flow::{Counters, Flow, Protocol, State};
use crate::devices::Label;
use crate::devices::device_type::DeviceType;
use crate::devices::name::Name;
use crate::measurements::findings::ByDevice;
use crate::measurements::fixture::{Fixture, flow};
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

/// One more device of this type, or of an unknown one.
pub(crate) fn device(fixture: &mut Fixture, name: &str, device_type: Option<DeviceType>) -> OwnerId {
    let owner = fixture.device(name);
    let name = Name::clean(name.as_bytes()).unwrap();
    let row = fixture.owners.devices.last_mut().unwrap();
    row.label = Some(Label { name, ip: None, mac: None, device_type });
    owner
}

/// So many connections of an owner, each of which has sent so many bytes so far.
pub(crate) fn connections(owner: OwnerId, count: u16, sent: u64) -> Vec<(OwnerId, Direction, Flow)> {
    let [.., place, owner_byte] = owner.place().to_be_bytes();
    let one = |port| {
        let mut flow = flow(Protocol::TCP, State::Established);
        flow.original.source.port = port;
        flow.original.source.address = IpAddr::from([10, 0, place, owner_byte]);
        flow.original.counters = Some(Counters { packets: 1, bytes: sent });
        flow.reply.counters = Some(Counters { packets: 1, bytes: 0 });
        (owner, Direction::Outbound, flow)
    };
    (0..count).map(one).collect()
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
