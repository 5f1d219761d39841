//! What is measured.
//!
//! Each measurement is a room of its own: what it counts, what it sends ([`Schema`]) and its tests. It sees every flow
//! that it needs once in a pass over the table, and gives its points when its clock is due. It knows neither where flows
//! and names come from nor where points go.
//!
//! To add one: write its file, and enter it in `list`. CONTRIBUTING.md shows how.

pub mod bandwidth;
pub mod connection_alert;
pub mod connection_rate;
pub mod connection_state;
pub mod connection_trend;
pub mod conntrack;
pub mod conntrack_exporter;
pub mod counted_cells;
pub mod destination;
pub mod device;
pub mod device_activity;
pub mod device_traffic;
pub mod findings;
pub mod fixture;
mod interfaces;
mod list;
pub mod listening_port;
pub mod net;
pub mod netstat;
pub mod network_interface;
pub mod nstat;
pub mod remote_hosts;
pub mod router_stats;
pub mod switches;
pub mod system;
pub mod tcp_health;
pub mod tcp_service;
pub mod wan_bandwidth;

use std::fmt;
use std::ops::AddAssign;
use std::time::{Duration, Instant};

use crate::attribution::labels::ShownOwners;
use crate::attribution::owners::OwnerId;
use crate::attribution::{Attribution, Direction};
use crate::census::flow_tracker::{Change, TrackedFlow};
use crate::census::outside::OutsideTraffic;
use crate::census::{Attempt, Census, CompletedPass};
use crate::config::{Config, Limits};
use crate::conntrack::flow::{Counters, Flow};
use crate::destinations::networks::Networks;
use crate::devices::listing::ListedDevice;
use crate::history::History;
use crate::local_time::LocalTime;
use crate::proc_net::counters::WantedCounters;
use crate::proc_net::sockets::{Socket, Wanted};
use crate::sample::Sample;
use crate::series::Series;
use crate::series::schema::Schema;
use crate::services::{self, ServiceId, ServiceTable};
use crate::state::State;

pub use crate::series::schema::Clock;
use findings::Findings;

pub use list::{NAMES, all, longest_line, needs, reserves_tag, schemas, schemas_on};

/// Something that is measured.
pub trait Measurement: fmt::Debug {
    /// What it sends.
    fn schema(&self) -> &'static Schema;

    /// What it needs to be shown. Nothing is read that nobody needs.
    fn needs(&self) -> Needs {
        Needs::default()
    }

    /// How many seconds the kernel keeps an established TCP connection on which nothing is sent, as far as it tells; before a
    /// pass, to whoever needs it.
    fn note_established_timeout(&mut self, seconds: Option<u32>) {
        let _ = seconds;
    }

    /// A reading of the table begins, with this many places of owners so far. What an earlier reading that broke off
    /// has counted is void; what complete passes have counted and no report has told yet is not.
    fn begin(&mut self, attempt: Attempt, owners: usize) {
        let _ = (attempt, owners);
    }

    /// One flow, whose it is, which way it goes, and what it did since it was last seen.
    fn observe(&mut self, of: &Observation<'_>) {
        let _ = of;
    }

    /// A flow that the table doesn't hold any more.
    fn ended(&mut self, flow: &TrackedFlow) {
        let _ = flow;
    }

    /// The sockets of the router are about to be shown, once before a report: what was shown before is void.
    fn begin_sockets(&mut self) {}

    /// One socket of the router's own.
    fn observe_socket(&mut self, socket: &Socket) {
        let _ = socket;
    }

    /// The table was read to its end: what the reading that is kept has counted holds, and of what flows did what `pass`
    /// says.
    fn complete(&mut self, pass: &CompletedPass) {
        let _ = pass;
    }

    /// Gives the points of this tick.
    fn report(&mut self, tick: &Tick<'_>, out: &mut Series<'_>);

    /// Whether anything that was not reported yet, or that a later report needs, is kept for this owner. Where nothing is,
    /// the owner's place may be given to another.
    fn remembers(&self, owner: OwnerId) -> bool;

    /// Takes what an earlier run of the program has remembered out of `state`. What nobody takes is remembered for whoever is
    /// switched off.
    fn restore(&mut self, state: &mut State) {
        let _ = state;
    }

    /// Adds what a later run of the program is to remember.
    fn keep(&self, state: &mut State) {
        let _ = state;
    }

    /// Takes over another configuration, and keeps what was counted.
    fn reconfigure(&mut self, config: &Config) {
        let _ = config;
    }
}

/// What a measurement needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a need of its own: any may go with any")]
pub struct Needs {
    /// Which flows it is shown.
    pub flows: Flows,
    /// What flows did since they were last seen: [`Observation::change`], and which have ended. Who needs it needs
    /// [`Flows::EveryPass`].
    pub changes: bool,
    /// The counters of interfaces, [`Sample::interfaces`], and which of them are the WAN's, [`Sample::wan`].
    pub interfaces: bool,
    /// What has happened in the table since boot, [`Sample::statistics`].
    pub table_statistics: bool,
    /// What the kernel's protocols have counted, [`Sample::counters`].
    pub counters: WantedCounters,
    /// What the interfaces are like, [`Sample::links`], and their addresses.
    pub links: bool,
    /// Which sockets of the router's own it is shown before it reports. Whether they were all shown is told by
    /// [`Sample::sockets`].
    pub sockets: Wanted,
    /// Which process holds a socket that listens, [`Sample::holders`].
    pub processes: bool,
    /// The router as a machine, [`Sample::machine`].
    pub machine: bool,
    /// What every owner had and did in the last hour, pass by pass: [`Tick::history`].
    pub history: bool,
    /// Every device that is known: [`Tick::inventory`].
    pub inventory: bool,
    /// How long silent TCP connections are kept: [`Measurement::note_established_timeout`].
    pub established_timeout: bool,
}

impl Needs {
    /// What two need together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            flows: self.flows.max(other.flows),
            changes: self.changes | other.changes,
            interfaces: self.interfaces | other.interfaces,
            table_statistics: self.table_statistics | other.table_statistics,
            counters: self.counters.max(other.counters),
            links: self.links | other.links,
            sockets: self.sockets.max(other.sockets),
            processes: self.processes | other.processes,
            machine: self.machine | other.machine,
            history: self.history | other.history,
            inventory: self.inventory | other.inventory,
            established_timeout: self.established_timeout | other.established_timeout,
        }
    }
}

/// Which flows a measurement is shown; one that is shown those of every pass is shown those of fewer, too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flows {
    /// None.
    #[default]
    Unneeded,
    /// Those of the passes after which it reports.
    WhenDue,
    /// Those of every pass.
    EveryPass,
}

/// Which clocks are due at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DueClocks {
    /// Both: every instant of `interval` is one of `traffic.interval`.
    Both,
    /// Traffic's alone.
    TrafficOnly,
    /// That of `interval` alone: it is too late for traffic's.
    IntervalOnly,
}

impl DueClocks {
    /// Whether a measurement of this clock reports.
    pub fn includes(self, clock: Clock) -> bool {
        match self {
            Self::Both => true,
            Self::TrafficOnly => clock == Clock::Traffic,
            Self::IntervalOnly => clock == Clock::Interval,
        }
    }
}

/// One flow, as a measurement sees it.
#[derive(Clone, Copy, Debug)]
pub struct Observation<'a> {
    /// What the kernel says of it.
    pub flow: &'a Flow,
    /// Whose it is.
    pub attribution: Attribution,
    /// What it did since it was last seen, whether or not that pass came to its end.
    pub change: Change,
    /// What it did since the last report of `interval`.
    pub tracked: TrackedFlow,
    /// Which services there are.
    pub services: &'a ServiceTable,
    /// Names for networks. A look-up takes time: only who must know asks, and remembers.
    pub networks: &'a Networks,
}

/// What a device received and sent, whoever began the connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// What it received (download).
    pub rx: Counters,
    /// What it sent (upload).
    pub tx: Counters,
}

impl Moved {
    /// Bytes both ways.
    pub const fn bytes(&self) -> u64 {
        self.rx.bytes.saturating_add(self.tx.bytes)
    }
}

impl AddAssign for Moved {
    fn add_assign(&mut self, other: Self) {
        self.rx += other.rx;
        self.tx += other.tx;
    }
}

impl Observation<'_> {
    /// What the owner of the flow received and sent by it since it was last seen; `None` if that isn't known, or nothing.
    pub fn moved(&self) -> Option<Moved> {
        let (Change::New(traffic) | Change::Delta(traffic)) = self.change else { return None };
        let (tx, rx) = match self.attribution.direction {
            Direction::Outbound => (traffic.original, traffic.reply),
            Direction::Inbound => (traffic.reply, traffic.original),
        };
        Some(Moved { rx, tx }).filter(|moved| *moved != Moved::default())
    }

    /// Which service the flow is of.
    pub fn service(&self) -> ServiceId {
        let port = services::service_port(self.flow, self.attribution.direction);
        self.services.service(self.flow.protocol, port)
    }

    /// Whether the kernel counts what this flow moves.
    pub const fn is_accounted(&self) -> bool {
        self.flow.original.counters.is_some() || self.flow.reply.counters.is_some()
    }
}

/// What is known when points are made.
#[derive(Clone, Copy, Debug)]
pub struct Tick<'a> {
    /// What was read besides flows, and when.
    pub sample: &'a Sample,
    /// The same at the last report of this clock; `None` at the first.
    pub last: Option<&'a Sample>,
    /// What the pass has found.
    pub census: &'a Census,
    /// Everybody who is shown, and under which tags.
    pub owners: &'a ShownOwners,
    /// The bounds in force.
    pub limits: &'a Limits,
    /// The exporter itself.
    pub exporter: &'a Exporter,
    /// For how long what flows did is known since the last report of this measurement.
    pub covered: Covered,
    /// How many instants of `traffic.interval` these points stand for: more than one after some were skipped.
    pub instants: u32,
    /// `traffic.interval`.
    pub every: Duration,
    /// What services are called.
    pub services: &'a ServiceTable,
    /// Names for networks.
    pub networks: &'a Networks,
    /// The last hour, this pass included; only if a measurement needs it.
    pub history: Option<&'a History>,
    /// Every device that is known, shown or not; only if a measurement needs it.
    pub inventory: &'a [ListedDevice],
    /// The time of day and of the week; `None` while the clock is not set.
    pub local: Option<LocalTime>,
    /// What the measurements of the last report of `interval` have found.
    pub before: &'a Findings,
}

/// For how long it is known what flows did, since the last report, by a clock that never steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Covered {
    /// What was opened and closed.
    pub flows: Duration,
    /// What was moved.
    pub bytes: Duration,
    /// Whether it is known what was moved in all of the time.
    pub whole: bool,
}

impl Covered {
    /// One more pass has come to its end.
    pub fn add(&mut self, pass: &CompletedPass) {
        self.flows += if pass.flows { pass.since_last } else { Duration::ZERO };
        self.bytes += if pass.bytes { pass.since_last } else { Duration::ZERO };
        self.whole &= pass.bytes;
    }

    /// Nothing is known.
    pub const NOTHING: Self = Self { flows: Duration::ZERO, bytes: Duration::ZERO, whole: false };
}

impl Default for Covered {
    fn default() -> Self {
        Self { flows: Duration::ZERO, bytes: Duration::ZERO, whole: true }
    }
}

/// What the exporter tells of the memory of flows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TrackingFigures {
    /// Flows that are tracked.
    pub tracked: usize,
    /// Flows of the last pass for which there was no room.
    pub untracked: u64,
    /// Counters that fell since the start.
    pub counter_resets: u64,
}

impl Tick<'_> {
    /// The time since the last report of this clock, by a clock that never steps.
    pub fn since_last(&self) -> Option<Duration> {
        self.last.map(|last| self.sample.boot.saturating_sub(last.boot))
    }
}

/// The exporter about itself.
#[derive(Clone, Copy, Debug)]
pub struct Exporter {
    /// The number of this snapshot since the start, from 1 on.
    pub sequence: u64,
    /// When the process was started, in seconds since 1970.
    pub started: u64,
    /// Whether the clock was set.
    pub clock_set: bool,
    /// How the table was read.
    pub source: &'static str,
    /// How many snapshots of traffic there were since the start.
    pub traffic_sequence: u64,
    /// How often the table was read once more since the start.
    pub rereads: u64,
    /// The time from one pass over the table to the next, as it is now.
    pub pass_interval: Duration,
    /// What is known of what flows did.
    pub tracking: TrackingFigures,
    /// Whether the kernel counts packets and bytes, if it says so.
    pub accounting: Option<bool>,
    /// What flows carried to and from the world outside since the last report of `interval`, if all of it is known.
    pub outside: Option<OutsideTraffic>,
    /// When this tick began.
    pub begun: Instant,
    /// What has happened since the start.
    pub totals: Totals,
}

/// What the exporter has done since it was started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Entries of the table that could not be understood.
    pub lines_unreadable: u64,
    /// Ticks without a snapshot.
    pub ticks_skipped: u64,
    /// Configurations that were refused.
    pub reload_errors: u64,
}
