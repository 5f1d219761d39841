//! One tick: sample → census → report.

mod figures;
mod reading;
mod running;
mod sampling;
mod sockets;
mod surroundings;
mod tracking;

use std::io;
use std::net::IpAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tracing::{info, warn};

use crate::attribution::labels::OwnerLabels;
use crate::attribution::owners::{OwnerId, OwnerTable};
use crate::census::Census;
use crate::config::{Config, RecorderConfig};
use crate::conntrack::memory::MemoryTable;
use crate::conntrack::rereads::Rereads;
use crate::conntrack::{Gauges, Table, TableError};
use crate::devices::listing::ListedDevice;
use crate::devices::name::Name;
use crate::edge_log::EdgeLog;
use crate::files::FIGURE_AT_MOST;
use crate::lan::Lan;
use crate::measurements::findings::Findings;
use crate::measurements::{self, Clock, DueClocks, Exporter, Flows, Measurement, Needs, Tick, Totals};
use crate::process::{Usage, cpu_time};
use crate::recorder::FlightRecorder;
use crate::root::Root;
use crate::sample::Sample;
use crate::series::Series;
use crate::series::schema::Schema;
use crate::snapshot::{Part, Snapshot};
use crate::state::State;
use crate::wording::counted;
use figures::Figures;
use running::Running;
use sampling::Sampling;
use sockets::Sockets;
use surroundings::Surroundings;
use tracking::Tracking;

/// Where the kernel tells what the router is called.
pub const HOST_NAME: &str = "/proc/sys/kernel/hostname";

const SHOW_A_LINE_EVERY: Duration = Duration::from_hours(1);

/// The instant of a tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Time since boot.
    pub boot: Duration,
    /// What points are stamped with, in nanoseconds since 1970.
    pub timestamp: Option<i64>,
    /// The instant in time since 1970; `None` while the wall clock is not to be believed.
    pub wall: Option<Duration>,
    /// Which clocks are due.
    pub due: DueClocks,
}

/// What a clock's last report was made of.
#[derive(Debug)]
struct Reported {
    sample: Sample,
    /// What its points were stamped with.
    timestamp: Option<i64>,
}

/// All that is known from one tick to the next.
#[derive(Debug)]
pub struct Collector {
    root: Root,
    config: Config,
    table: Table,
    rereads: Rereads,
    surroundings: Surroundings,
    owners: OwnerTable,
    labels: OwnerLabels,
    measurements: Vec<Running>,
    tracking: Tracking,
    sampling: Sampling,
    /// The last report of each clock.
    last: [Option<Reported>; 2],
    /// What the exporter has done so far.
    pub totals: Totals,
    sequence: u64,
    traffic_sequence: u64,
    started: u64,
    /// What the last report of `interval` has found.
    findings: Findings,
    /// What an earlier run has remembered, and no measurement has taken that is switched on.
    remembered: State,
    gauges_unreadable: EdgeLog,
    host_unreadable: EdgeLog,
    figures: Figures,
    sockets: Sockets,
    /// The last passes, if they are to be kept.
    recorder: Option<FlightRecorder>,
    /// When an entry that can't be understood was last shown, since boot.
    line_shown: Option<Duration>,
}

impl Collector {
    /// Begins to observe the router below `root`, with the measurements that the configuration switches on. `started`
    /// is when the process was started, in seconds since 1970.
    pub fn new(config: Config, root: &Root, started: u64) -> Self {
        let measurements = measurements::all(&config);
        Self::with_measurements(config, root, started, measurements)
    }

    /// The same with these measurements, until another configuration is taken over. They report in this order.
    pub fn with_measurements(
        config: Config,
        root: &Root,
        started: u64,
        measurements: Vec<Box<dyn Measurement>>,
    ) -> Self {
        let measurements: Vec<Running> = measurements.into_iter().map(Running::new).collect();
        let sampling = sampling(&measurements, &config);
        Self {
            table: Table::new(root, config.source),
            rereads: Rereads::default(),
            surroundings: Surroundings::new(root, &config),
            owners: OwnerTable::default(),
            labels: OwnerLabels::default(),
            measurements,
            tracking: Tracking::default(),
            sampling,
            last: [None, None],
            totals: Totals::default(),
            sequence: 0,
            traffic_sequence: 0,
            started,
            findings: Findings::default(),
            remembered: State::default(),
            gauges_unreadable: EdgeLog::default(),
            host_unreadable: EdgeLog::default(),
            figures: Figures::default(),
            sockets: Sockets::default(),
            recorder: None,
            line_shown: None,
            root: root.clone(),
            config,
        }
    }

    /// Reads flows from a table in memory from now on, and everything else where it did.
    #[must_use]
    pub fn with_table(self, table: MemoryTable) -> Self {
        Self { table: Table::in_memory(&self.root, table), ..self }
    }

    /// Keeps the last passes over the table from now on, if the configuration says where they are to be written.
    #[must_use]
    pub fn with_recorder(self) -> Self {
        let recorder = new_recorder(&self.config.recorder);
        Self { recorder, ..self }
    }

    /// The last passes over the table, if they are kept.
    pub const fn recorder(&self) -> Option<&FlightRecorder> {
        self.recorder.as_ref()
    }

    /// Where the router's files are.
    pub const fn root(&self) -> &Root {
        &self.root
    }

    /// The LAN, as it was seen last.
    pub const fn lan(&self) -> &Lan {
        &self.surroundings.lan
    }

    /// Every known device.
    pub fn listing(&self) -> Vec<ListedDevice> {
        self.surroundings.devices.listing(&self.surroundings.lan)
    }

    /// The configuration in force.
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// The time from one pass over the table to the next: `traffic.interval`, or `interval` where nobody needs more or
    /// where that would cost too much.
    pub fn pass_interval(&self) -> Duration {
        self.sampling.pass_interval()
    }

    /// Takes over another configuration and keeps all that was learned.
    pub fn reconfigure(&mut self, config: Config) {
        self.surroundings.reconfigure(&self.config, &config);
        if config.source != self.config.source {
            self.table.reconfigure(config.source);
        }
        running::switch(&mut self.measurements, &mut self.remembered, &config);
        self.sampling.reconfigure(sampling(&self.measurements, &config));
        if config.recorder != self.config.recorder {
            self.recorder = match self.recorder.take() {
                Some(mut recorder) if config.recorder.directory.path().is_some() => {
                    recorder.reconfigure(config.recorder.clone());
                    Some(recorder)
                }
                _ => new_recorder(&config.recorder),
            };
        }
        self.config = config;
        self.labels.clear();
    }

    /// Takes the snapshot of `moment`. A table that can't be read to its end leaves everything as it was.
    pub async fn snapshot(&mut self, moment: &Moment) -> Result<Snapshot, TableError> {
        let (begun, cpu) = (Instant::now(), cpu_time());
        self.surroundings.look(moment.boot);
        let gauges = self.gauges();
        self.tell_established_timeout(moment.due);
        let census = self.pass(gauges, moment).await?;
        self.note_unknown(&census);
        self.report_unreadable(&census, moment.boot);
        self.sequence += u64::from(moment.due.includes(Clock::Interval));
        self.traffic_sequence += u64::from(moment.due.includes(Clock::Traffic));
        let sample = self.sample(gauges, moment);
        let snapshot = self.report(moment, &sample, &census, begun);
        self.sampling.note(cpu_time().saturating_sub(cpu), moment.boot);
        Ok(snapshot)
    }

    /// Tells how long silent TCP connections are kept, to whoever needs that.
    fn tell_established_timeout(&mut self, due: DueClocks) {
        let Self { measurements, table, .. } = self;
        let needing =
            measurements.iter_mut().filter(|one| one.needs().established_timeout && one.observes(due));
        let mut needing = needing.peekable();
        let seconds = needing.peek().and_then(|_| table.established_timeout());
        needing.for_each(|one| one.measurement.note_established_timeout(seconds));
    }

    /// Takes note of whom nobody ties to a device, so that the neighbours are asked before the next pass. Addresses of
    /// known owners are not looked up again in every pass; they may be unknown all the same.
    fn note_unknown(&mut self, census: &Census) {
        let Surroundings { devices, lan, .. } = &mut self.surroundings;
        let met = census.present().filter_map(|owner| self.owners.address_without_device(owner));
        let unknown = met.filter(|address| devices.worth_asking(devices.place(lan, *address), *address));
        let unknown: Vec<IpAddr> = unknown.chain(census.unknown.iter().copied()).collect();
        for address in unknown {
            devices.note_unknown(address);
        }
    }

    /// Has every measurement that is due give its points.
    fn report(&mut self, moment: &Moment, sample: &Sample, census: &Census, begun: Instant) -> Snapshot {
        let remembers =
            |owner: &OwnerId| self.measurements.iter().any(|one| one.measurement.remembers(*owner));
        let has_figures = |owner: &OwnerId| census.entries(*owner) > 0 || remembers(owner);
        let present: Vec<OwnerId> = self.owners.ids().filter(has_figures).collect();
        let devices = &self.surroundings.devices;
        let owners = self.labels.show(&present, &self.owners, devices, &self.config, moment.boot);
        let interval_is_due = moment.due.includes(Clock::Interval);
        let exporter = Exporter {
            sequence: self.sequence,
            started: self.started,
            clock_set: moment.wall.is_some(),
            source: self.table.source(),
            traffic_sequence: self.traffic_sequence,
            rereads: self.rereads.total(),
            pass_interval: self.sampling.pass_interval(),
            tracking: self.tracking.figures,
            // Asked for by the exporter's own figures alone.
            accounting: interval_is_due.then(|| self.table.accounting()).flatten(),
            outside: self.tracking.outside(),
            begun,
            totals: self.totals,
        };
        let every = self.config.traffic.interval.duration();
        let tags = self.config.global_tags();
        let (mut parts, mut findings) = (self.switched_off(moment.due), Findings::default());
        let inventory = self.inventory(moment.due);
        let local = moment.wall.map(|wall| self.surroundings.time_zone().at(wall));
        for Running { measurement, covered } in &mut self.measurements {
            let schema = measurement.schema();
            if !moment.due.includes(schema.every) {
                continue;
            }
            let last = self.last.get(schema.every as usize).and_then(Option::as_ref);
            let covered = self.tracking.settled(std::mem::take(covered));
            let stamped = last.map_or(1, |last| instants(last, sample, moment, &self.sampling, every));
            let tick = Tick {
                sample,
                last: last.map(|last| &last.sample),
                covered,
                instants: stamped.min(at_most(covered.bytes, every)),
                every,
                services: self.surroundings.services.table(),
                networks: self.surroundings.networks.networks(),
                history: self.tracking.history(),
                inventory: &inventory,
                local,
                before: &self.findings,
                census,
                owners: &owners,
                limits: &self.config.limits,
                exporter: &exporter,
            };
            let global = schema.global_tags(&tags);
            let mut out = Series::new(schema, &global, &mut findings);
            measurement.report(&tick, &mut out);
            parts.extend(out.into_points().map(|points| Part { schema, is_on: true, points }));
        }
        let (events, flows) = (std::mem::take(&mut findings.events), findings.flows.take());
        if interval_is_due {
            self.findings = findings;
        }
        self.keep(sample, moment);
        self.tracking.reported(moment.due);
        Snapshot {
            timestamp: moment.timestamp,
            parts,
            addresses_changed: self.surroundings.take_addresses_changed(),
            events,
            flows,
        }
    }

    /// Every known device, if a measurement that is due needs it.
    fn inventory(&self, due: DueClocks) -> Vec<ListedDevice> {
        let is_due = |one: &&Running| due.includes(one.schema().every);
        let is_needed = self.measurements.iter().filter(is_due).any(|one| one.needs().inventory);
        if is_needed { self.listing() } else { Vec::new() }
    }

    /// Takes up what an earlier run of the program has remembered.
    pub fn restore(&mut self, state: State) {
        self.remembered = state;
        for one in &mut self.measurements {
            one.measurement.restore(&mut self.remembered);
        }
    }

    /// What a later run of the program is to remember.
    pub fn state(&self) -> State {
        let mut state = self.remembered.clone();
        self.measurements.iter().for_each(|one| one.measurement.keep(&mut state));
        state
    }

    /// Empty parts for measurements that are switched off: what was sent of them has gone.
    fn switched_off(&self, due: DueClocks) -> Vec<Part> {
        let is_on = |schema: &Schema| self.measurements.iter().any(|one| one.schema().name == schema.name);
        let off = measurements::schemas().filter(|schema| due.includes(schema.every) && !is_on(schema));
        off.map(|schema| Part { schema, is_on: false, points: Vec::new() }).collect()
    }

    /// Keeps the sample for the next report of the clocks that were due.
    fn keep(&mut self, sample: &Sample, moment: &Moment) {
        let clocks =
            [Clock::Interval, Clock::Traffic].into_iter().filter(|clock| moment.due.includes(*clock));
        for clock in clocks {
            if let Some(last) = self.last.get_mut(clock as usize) {
                *last = Some(Reported { sample: sample.clone(), timestamp: moment.timestamp });
            }
        }
    }

    /// What is read besides flows, once the table has been read.
    fn sample(&mut self, table: Gauges, moment: &Moment) -> Sample {
        let is_needed = |figure: fn(Needs) -> bool| {
            let mut due = self.measurements.iter().filter(|one| moment.due.includes(one.schema().every));
            due.any(|measurement| figure(measurement.needs()))
        };
        let statistics = is_needed(|needs| needs.table_statistics);
        let interfaces = is_needed(|needs| needs.interfaces);
        let machine = is_needed(|needs| needs.machine);
        let due = self.measurements.iter().filter(|one| moment.due.includes(one.schema().every));
        let counters = due.map(|measurement| measurement.needs().counters).max().unwrap_or_default();
        let links = is_needed(|needs| needs.links);
        let shown = self.sockets.show(&self.root, &mut self.measurements, moment.due, moment.boot);
        let host = self.host();
        let known = self.surroundings.lan.interfaces();
        let interfaces_read = (interfaces || links).then(|| self.figures.interfaces(&self.root)).flatten();
        Sample {
            boot: moment.boot,
            host,
            table,
            own: Usage::read(),
            statistics: statistics.then(|| self.figures.statistics(&self.root)).flatten(),
            counters: self.figures.counters(&self.root, counters),
            links: links.then(|| self.figures.links(&self.root, interfaces_read.as_ref())).flatten(),
            addresses: links.then(|| known.into()),
            sockets: shown.source,
            holders: shown.holders,
            machine: machine.then(|| self.figures.machine(&self.root)),
            wan: interfaces.then(|| self.figures.wan(&self.root, known)).flatten(),
            interfaces: interfaces_read,
        }
    }

    /// The table's own figures; says when they begin and cease to be out of reach.
    fn gauges(&mut self) -> Gauges {
        let (gauges, unreadable) = self.table.gauges();
        match unreadable {
            Some(error) if self.gauges_unreadable.begins() => warn!("{error}; the figure is left out"),
            None if self.gauges_unreadable.ends() => info!("the table's figures can be read again"),
            Some(_) | None => {}
        }
        gauges
    }

    /// The router's name, as the kernel has it; says when it begins and ceases to be out of reach.
    fn host(&mut self) -> Rc<str> {
        let name = match self.root.read(HOST_NAME, FIGURE_AT_MOST) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                if self.host_unreadable.begins() {
                    warn!(
                        "the router's name can't be read, {}: {error}",
                        self.root.path(HOST_NAME).display()
                    );
                }
                Vec::new()
            }
            found => {
                if self.host_unreadable.ends() {
                    info!("the router's name can be read again");
                }
                found.unwrap_or_default()
            }
        };
        Name::clean(name.trim_ascii_end()).map_or_else(|| "unknown".into(), |name| name.shared())
    }

    fn report_unreadable(&mut self, census: &Census, boot: Duration) {
        self.totals.lines_unreadable += census.unreadable;
        let Some(first) = &census.first_unreadable else { return };
        if self.line_shown.is_none_or(|shown| boot.saturating_sub(shown) >= SHOW_A_LINE_EVERY) {
            self.line_shown = Some(boot);
            let entries = counted(
                census.unreadable,
                "entry of the table can't be understood and is left out",
                "entries of the table can't be understood and are left out; the first",
            );
            warn!("{entries}: {first}");
        }
    }
}

/// One that remembers nothing yet, unless what it remembers could be written nowhere.
fn new_recorder(config: &RecorderConfig) -> Option<FlightRecorder> {
    config.directory.path().map(|_| FlightRecorder::new(config.clone()))
}

/// How often the table is to be passed over.
fn sampling(measurements: &[Running], config: &Config) -> Sampling {
    let needs_more = |one: &Running| {
        let Needs { flows, history, .. } = one.needs();
        flows == Flows::EveryPass || history || one.schema().every == Clock::Traffic
    };
    let (traffic, interval) = (config.traffic.interval.duration(), config.interval.duration());
    Sampling::new(if measurements.iter().any(needs_more) { traffic } else { interval }, interval)
}

/// In how many instants, one `every` so long, something can have been moved that was so in this time.
fn at_most(time: Duration, every: Duration) -> u32 {
    let instants = time.as_secs_f64() / every.as_secs_f64();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it saturates, and is positive"
    )]
    let instants = instants.round() as u32;
    instants.max(1)
}

/// How many instants, one `every` so long, have been since the `last` report, this one included. A wall clock that was
/// set meanwhile has jumped over some, or back: then, and without timestamps, it is one.
fn instants(last: &Reported, sample: &Sample, moment: &Moment, sampling: &Sampling, every: Duration) -> u32 {
    let (Some(before), Some(now)) = (last.timestamp, moment.timestamp) else { return 1 };
    let stamped = Duration::from_nanos(u64::try_from(now.saturating_sub(before)).unwrap_or_default());
    let passed = sample.boot.saturating_sub(last.sample.boot);
    // Each of the two may have been late by less than half of the time from one to the next.
    let was_set = stamped.abs_diff(passed) > sampling.pass_interval();
    let instants = stamped.as_secs() / every.as_secs().max(1);
    if was_set { 1 } else { u32::try_from(instants).unwrap_or(1).max(1) }
}

#[cfg(test)]
mod tests;
