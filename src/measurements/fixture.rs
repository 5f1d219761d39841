//! A measurement by itself, on flows that a test or a benchmark makes up: no table, no devices, no clock.

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use super::findings::Findings;
use super::{Covered, Exporter, Measurement, Observation, Tick, Totals, TrackingFigures};
use crate::attribution::labels::{OwnerTags, ShownOwners};
use crate::attribution::owners::{OwnerId, OwnerTable};
use crate::attribution::{Attribution, Direction};
use crate::census::flow_tracker::{Expected, FlowTracker, Grace, TrackedFlow};
use crate::census::{Attempt, Census, CompletedPass};
use crate::config::Config;
use crate::conntrack::Gauges;
use crate::conntrack::flow::{Endpoint, Flags, Flow, Protocol, State, Tuple};
use crate::destinations::networks::Networks;
use crate::devices::Identity;
use crate::devices::listing::ListedDevice;
use crate::history::History;
use crate::local_time::TimeZone;
use crate::process::Usage;
use crate::sample::Sample;
use crate::series::Series;
use crate::series::point::Point;
use crate::services::ServiceTable;

/// The time from one pass to the next.
const PASS_INTERVAL: Duration = Duration::from_secs(10);

/// A Monday at noon, in time since 1970.
const WALL: Duration = Duration::from_secs(1_796_040_000);

/// What surrounds a measurement.
#[derive(Debug)]
pub struct Fixture {
    table: OwnerTable,
    /// Who is shown: at first only the router and `other`.
    pub owners: ShownOwners,
    /// The configuration.
    pub config: Config,
    /// What was read besides flows; the time in it goes on with every report.
    pub sample: Sample,
    /// What the exporter tells of itself.
    pub exporter: Exporter,
    /// Whether passes are those after which reports are made. What flows did since the last report is forgotten then.
    pub is_due: bool,
    /// For how many instants, 10 s from one to the next, the next points stand.
    pub instants: u32,
    /// The time from one report to the next: 30 s, unless it is set.
    pub report_every: Duration,
    /// Which services there are.
    pub services: ServiceTable,
    /// Names for networks.
    pub networks: Networks,
    /// Every device that is known.
    pub inventory: Vec<ListedDevice>,
    /// The time since 1970, which goes on with every report; `None` while the clock is not set.
    pub wall: Option<Duration>,
    /// How many seconds the kernel keeps silent TCP connections.
    pub established_timeout: Option<u32>,
    /// What the measurements before this one find.
    pub found: Findings,
    /// What was found at the last report.
    before: Findings,
    tracker: FlowTracker,
    /// The last hour, if the measurement needs it.
    history: Option<History>,
    /// What the last pass has found.
    census: Census,
    /// When the next pass is, in time since boot.
    next_pass: Duration,
    /// Whether no pass has come to its end yet.
    is_first: bool,
    covered: Covered,
    last: Option<Sample>,
}

/// What a report gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The points, in the order of their tags.
    pub points: Vec<Point>,
    /// What the measurement has found out for others.
    pub findings: Findings,
}

impl Default for Fixture {
    fn default() -> Self {
        Self::new()
    }
}

impl Fixture {
    /// An hour after boot, with the configuration's defaults.
    pub fn new() -> Self {
        let sample = Sample {
            boot: Duration::from_hours(1),
            host: "router".into(),
            table: Gauges::default(),
            own: Usage::default(),
            interfaces: None,
            statistics: None,
            wan: None,
            counters: None,
            links: None,
            addresses: None,
            sockets: None,
            holders: None,
            machine: None,
        };
        let exporter = Exporter {
            sequence: 1,
            started: 0,
            clock_set: true,
            source: "procfs",
            traffic_sequence: 3,
            rereads: 0,
            pass_interval: PASS_INTERVAL,
            tracking: TrackingFigures::default(),
            accounting: Some(true),
            outside: None,
            begun: Instant::now(),
            totals: Totals::default(),
        };
        let nobody = vec![OwnerId::UNATTRIBUTED, OwnerId::OVERFLOW];
        Self {
            table: OwnerTable::default(),
            owners: ShownOwners {
                devices: Vec::new(),
                router: row("router", vec![OwnerId::ROUTER]),
                other: row("other", nobody),
            },
            config: Config::default(),
            sample,
            exporter,
            is_due: true,
            instants: 1,
            report_every: Duration::from_secs(30),
            services: ServiceTable::built_in(),
            networks: Networks::default(),
            inventory: Vec::new(),
            wall: Some(WALL),
            established_timeout: Some(7440),
            found: Findings::default(),
            before: Findings::default(),
            tracker: FlowTracker::default(),
            history: None,
            census: Census::default(),
            next_pass: Duration::from_hours(1),
            is_first: true,
            covered: Covered::default(),
            last: None,
        }
    }

    /// One more owner, who is not shown yet.
    pub fn owner(&mut self) -> OwnerId {
        let number = u32::try_from(self.table.places()).unwrap_or_default();
        let address = IpAddr::V4(Ipv4Addr::from(0x0a00_0000 + number));
        self.table.enter(address, Some(Identity::Address(address)), true)
    }

    /// Has `owners` shown as the device `name`.
    pub fn show(&mut self, name: &str, owners: &[OwnerId]) {
        self.owners.devices.push(row(name, owners.to_vec()));
    }

    /// One more device, shown by its name.
    pub fn device(&mut self, name: &str) -> OwnerId {
        let owner = self.owner();
        self.show(name, &[owner]);
        owner
    }

    /// Has `measurement` see flows in a pass over the table that comes to its end, 10 s after the one before. The first is
    /// a baseline.
    pub fn pass(&mut self, measurement: &mut dyn Measurement, flows: &[(OwnerId, Direction, Flow)]) {
        self.broken_pass(measurement, flows);
        let Self { tracker, history, is_due, .. } = self;
        let tracked = tracker.complete(Grace::None, *is_due, |flow| tell_ended(flow, measurement, history));
        let flows = !std::mem::replace(&mut self.is_first, false);
        let bytes = flows && !tracked.zeroed();
        let pass = CompletedPass { kept: Attempt::First, flows, bytes, since_last: PASS_INTERVAL };
        self.covered.add(&pass);
        measurement.complete(&pass);
        if let Some(history) = &mut self.history {
            history.complete(&pass, self.next_pass);
        }
        self.next_pass += PASS_INTERVAL;
    }

    /// Has `measurement` see flows in a pass that breaks off.
    pub fn broken_pass(&mut self, measurement: &mut dyn Measurement, flows: &[(OwnerId, Direction, Flow)]) {
        let expected =
            Expected { flows: flows.len(), at_most: self.config.limits.max_flows, baseline: self.is_first };
        self.tracker.begin(expected);
        self.census = Census::default();
        measurement.note_established_timeout(self.established_timeout);
        measurement.begin(Attempt::First, self.table.places());
        if measurement.needs().history {
            self.history.get_or_insert_default().begin(Attempt::First, self.table.places());
        }
        for (owner, direction, flow) in flows {
            self.census.count(*owner);
            let attribution = Attribution::new(flow, *owner, *direction);
            let Self { tracker, history, services, networks, .. } = self;
            let mut ended = |flow: &TrackedFlow| tell_ended(flow, measurement, history);
            let (change, tracked) = tracker.observe(flow, *owner, &mut ended);
            let observation = Observation { flow, attribution, change, tracked, services, networks };
            measurement.observe(&observation);
            if let Some(history) = history {
                history.observe(&observation);
            }
        }
    }

    /// Has `measurement` report.
    pub fn report(&mut self, measurement: &mut dyn Measurement) -> Report {
        let tick = Tick {
            sample: &self.sample,
            last: self.last.as_ref(),
            census: &self.census,
            owners: &self.owners,
            limits: &self.config.limits,
            exporter: &self.exporter,
            covered: std::mem::take(&mut self.covered),
            instants: self.instants,
            every: PASS_INTERVAL,
            services: &self.services,
            networks: &self.networks,
            history: self.history.as_ref(),
            inventory: &self.inventory,
            local: self.wall.map(|wall| TimeZone::default().at(wall)),
            before: &self.before,
        };
        let mut findings = self.found.clone();
        let global = measurement.schema().global_tags(&self.config.global_tags());
        let mut out = Series::new(measurement.schema(), &global, &mut findings);
        measurement.report(&tick, &mut out);
        let points = out.into_points().unwrap_or_default();
        self.last = Some(self.sample.clone());
        self.sample.boot += self.report_every;
        self.wall = self.wall.map(|wall| wall + self.report_every);
        self.before = findings.clone();
        Report { points, findings }
    }
}

fn tell_ended(flow: &TrackedFlow, measurement: &mut dyn Measurement, history: &mut Option<History>) {
    measurement.ended(flow);
    if let Some(history) = history {
        history.ended(flow);
    }
}

fn row(name: &str, owners: Vec<OwnerId>) -> OwnerTags {
    OwnerTags { tags: [("device_name", name.into())].into(), label: None, owners }
}

/// A flow of this protocol and state between two addresses that mean nothing.
pub fn flow(protocol: Protocol, state: State) -> Flow {
    let tuple = Tuple { source: Endpoint::UNSPECIFIED, destination: Endpoint::UNSPECIFIED, counters: None };
    let flags = Flags::default();
    Flow { protocol, state, flags, timeout: None, mark: 0, zone: 0, original: tuple, reply: tuple }
}
