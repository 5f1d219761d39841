//! One snapshot: from the kernel's table to points, once through all the rooms.

use std::collections::HashSet;
use std::net::IpAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use foldhash::fast::RandomState;
use tokio::task::yield_now;
use tracing::{info, warn};

use crate::attribution::cardinality_limit::CardinalityLimit;
use crate::attribution::owners::{OwnerId, OwnerTable};
use crate::attribution::{Whose, whose};
use crate::config::{Config, DeviceTag};
use crate::conntrack::backend::TableBackend;
use crate::conntrack::flow::Flow;
use crate::conntrack::{Entry, Gauges, Progress, Table, TableError};
use crate::devices::listing::ListedDevice;
use crate::devices::name::Name;
use crate::devices::{Devices, Label, UNKNOWN_AT_MOST};
use crate::edge_log::EdgeLog;
use crate::lan::{Lan, interfaces};
use crate::measurements::connection_state::{ConnectionState, Counted, Manner, OptionalTags};
use crate::measurements::conntrack;
use crate::measurements::conntrack_exporter::{self, Figures, Totals};
use crate::process::Usage;
use crate::root::Root;
use crate::series::point::{Point, Tags};

/// Where the kernel tells what the router is called.
pub const HOST_NAME: &str = "/proc/sys/kernel/hostname";

/// How long a reading may hold on to the processor before signals are attended to.
const WITHOUT_YIELDING: Duration = Duration::from_millis(20);
/// How much of a line that can't be understood is shown.
const SHOWN: usize = 240;
const SHOW_A_LINE_EVERY: Duration = Duration::from_hours(1);

/// All that is known from one snapshot to the next.
#[derive(Debug)]
pub struct Collector {
    root: Root,
    config: Config,
    table: Table,
    lan: Lan,
    devices: Devices,
    present: OwnerTable,
    admission: CardinalityLimit,
    /// How everybody met is shown, by place; and for which numbers of theirs and which generation that holds.
    labels: Vec<Option<Label>>,
    named: (u64, u64),
    connection_state: ConnectionState,
    /// What the exporter has done so far.
    pub totals: Totals,
    sequence: u64,
    started: u64,
    /// Whether the router's interfaces or addresses have changed since somebody asked.
    moved: bool,
    faults: Faults,
}

#[derive(Debug, Default)]
struct Faults {
    /// When a line that can't be understood was last shown, since boot.
    line_shown: Option<Duration>,
    interfaces: EdgeLog,
    no_lan: EdgeLog,
}

/// What one pass over the table met.
#[derive(Debug, Default)]
struct Pass {
    read: u64,
    loopback: u64,
    unreadable: u64,
    /// The first line that was not understood, and what is wrong with it.
    first_unreadable: Option<String>,
    /// Addresses about which the neighbours are to be asked before the next pass.
    unknown: HashSet<IpAddr, RandomState>,
}

impl Collector {
    /// Begins to observe the router below `root`. `started` is when the process was started, in seconds since 1970.
    pub fn new(config: Config, root: &Root, started: u64) -> Self {
        Self {
            table: Table::new(root, config.source),
            lan: Lan::new(&config.lan.patterns(), &config.lan.prefixes()),
            devices: Devices::new(root, config.devices.settings(config.lan.router_name.name())),
            present: OwnerTable::default(),
            admission: CardinalityLimit::default(),
            labels: Vec::new(),
            named: (0, 0),
            connection_state: ConnectionState::default(),
            totals: Totals::default(),
            sequence: 0,
            started,
            moved: false,
            faults: Faults::default(),
            root: root.clone(),
            config,
        }
    }

    /// Every known device.
    pub fn roster(&self) -> Vec<ListedDevice> {
        self.devices.listing(&self.lan)
    }

    /// The configuration in force.
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// Whether the router's interfaces or addresses have changed since this was last asked.
    pub fn take_moved(&mut self) -> bool {
        std::mem::take(&mut self.moved)
    }

    /// Takes over another configuration and keeps all that was learned.
    pub fn reconfigure(&mut self, config: Config) {
        if config.lan.interfaces != self.config.lan.interfaces {
            self.devices.forget_neighbours();
        }
        self.lan.reconfigure(&config.lan.patterns(), &config.lan.prefixes());
        self.devices.reconfigure(config.devices.settings(config.lan.router_name.name()));
        if config.source != self.config.source {
            self.table.reconfigure(config.source);
        }
        self.config = config;
        self.connection_state.relabel();
    }

    /// Takes a snapshot at `boot` (time since boot); `clock_set` is the verdict on the clock.
    ///
    /// A table that can't be read to its end leaves everything as it was.
    pub async fn snapshot(&mut self, boot: Duration, clock_set: bool) -> Result<Vec<Point>, TableError> {
        let begun = Instant::now();
        self.look_around(boot);
        let gauges = self.table.gauges();
        let pass = self.pass(gauges, boot).await?;
        pass.unknown.iter().for_each(|address| self.devices.note_unknown(*address));
        self.sequence += 1;
        self.report_unreadable(&pass, boot);
        let mut counted = self.count(boot);
        let is_on = |point: &Point| self.config.measurements.is_on(point.measurement);
        counted.points.retain(is_on);
        let host = Rc::new(Tags::new(vec![("host", self.host())], self.config.tags.global()));
        let figures = self.figures(&pass, &counted, clock_set, begun);
        let mut points = counted.points;
        points.extend(conntrack::point(gauges, &host));
        points.push(conntrack_exporter::point(&figures, &self.totals, &host));
        points.retain(is_on);
        Ok(points)
    }

    /// Takes note of what became of the last snapshot: `delivered` says it of each point by its place. With `doubt`,
    /// the snapshot before it may not have arrived whole.
    pub fn confirm(&mut self, points: &[Point], delivered: impl Fn(usize) -> bool, doubt: bool) {
        let states = points.iter().filter(|point| point.measurement == "connection_state").count();
        self.connection_state.confirm(points.get(..states).unwrap_or_default(), delivered, doubt);
    }

    /// Reads everything but the table.
    fn look_around(&mut self, boot: Duration) {
        match interfaces::read(&self.root) {
            Ok(found) => {
                self.moved |= self.lan.observe(found, boot);
                if self.faults.interfaces.ends() {
                    info!("the interfaces can be read again");
                }
            }
            Err(error) => {
                if self.faults.interfaces.begins() {
                    warn!("the interfaces can't be read, the LAN stays as it was: {error}");
                }
            }
        }
        if self.lan.exists() {
            if self.faults.no_lan.ends() {
                info!("there is a LAN interface now");
            }
        } else if self.faults.no_lan.begins() {
            let names: Vec<_> = self.lan.interfaces().iter().map(|found| found.name.as_str()).collect();
            let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            let patterns = self.config.lan.patterns();
            warn!(
                "no interface matches lan.interfaces = {patterns:?}, so no device can be told; there are: {names}"
            );
        }
        self.devices.refresh(&self.lan, boot);
    }

    /// Passes once over the table, in the way that is the cheapest now and succeeds.
    async fn pass(&mut self, gauges: Gauges, boot: Duration) -> Result<Pass, TableError> {
        let mut source = self.table.choose(gauges, boot);
        let mut first = None;
        loop {
            let error = match self.read(source).await {
                Ok(pass) => {
                    self.table.succeeded();
                    return Ok(pass);
                }
                Err(error) => error,
            };
            self.connection_state.discard();
            let next = self.table.after_failure(&error, boot);
            // Where neither source can be read, the text is the one to see to: it takes the least.
            let error =
                first.filter(|first: &TableError| first.backend == TableBackend::Procfs).unwrap_or(error);
            let Some(next) = next else { return Err(error) };
            (source, first) = (next, Some(error));
        }
    }

    /// Reads the table from one source: every flow is seen by every measurement.
    async fn read(&mut self, source: TableBackend) -> Result<Pass, TableError> {
        self.present.begin((self.devices.generation(), self.lan.generation()));
        let mut pass = Pass::default();
        let mut reading = self.table.open(source)?;
        let mut yielded = Instant::now();
        let Self { lan, devices, present, admission, connection_state, .. } = self;
        let mut unknown = HashSet::default();
        // Of an entry that a device began, which most are, one look-up tells the rest once its address was met.
        let mut owner_of = |flow: &Flow| {
            if let Some(owner) = present.owner_at(flow.original.source.address) {
                return Some(owner);
            }
            let place = |address| {
                let place = devices.place(lan, address);
                if devices.worth_asking(place, address) && unknown.len() < UNKNOWN_AT_MOST {
                    unknown.insert(address);
                }
                place
            };
            Some(match whose(flow, place) {
                Whose::Loopback => return None,
                Whose::Router => OwnerId::ROUTER,
                Whose::Device { address, link_layer } => present.owner_at(address).unwrap_or_else(|| {
                    let who = devices.identify(address, link_layer);
                    let admitted = who.as_ref().is_some_and(|who| admission.knows(who));
                    present.enter(address, who, admitted)
                }),
                Whose::Nobody => OwnerId::UNATTRIBUTED,
            })
        };
        let mut see = |entry: Entry<'_>| match entry {
            Entry::Unreadable { bytes, why } => pass.note_unreadable(bytes, why),
            Entry::Flow(flow) => {
                pass.read += 1;
                match owner_of(&flow) {
                    Some(owner) => connection_state.see(owner, &flow),
                    None => pass.loopback += 1,
                }
            }
        };
        loop {
            match reading.step(&mut see) {
                Ok(Progress::Done) => return Ok(Pass { unknown, ..pass }),
                Ok(Progress::More) => {}
                Err(error) => return Err(self.table.error(source, error)),
            }
            if yielded.elapsed() >= WITHOUT_YIELDING {
                yield_now().await;
                yielded = Instant::now();
            }
        }
    }

    fn count(&mut self, boot: Duration) -> Counted {
        self.name_devices();
        let shown = self.admit(boot);
        let wanted = &self.config.devices.tags;
        let manner = Manner {
            router: &self.config.lan.router_name.name().shared(),
            tags: OptionalTags {
                device_type: wanted.contains(&DeviceTag::DeviceType),
                ip: wanted.contains(&DeviceTag::Ip),
                mac: wanted.contains(&DeviceTag::Mac),
            },
            global: self.config.tags.global(),
            max_series: self.config.limits.max_series,
        };
        let labels = self.labels.iter().zip(&shown).map(|(label, shown)| label.as_ref().filter(|_| *shown));
        self.connection_state.points(labels, &manner)
    }

    /// Makes the labels of everybody met, unless nothing has changed since that was done.
    fn name_devices(&mut self) {
        let now = (self.present.epoch(), self.devices.generation());
        let named = if self.named == now { self.labels.len() } else { 0 };
        if named == 0 {
            self.labels.clear();
            self.connection_state.relabel();
        }
        let unnamed = self.present.devices().iter().skip(named);
        self.labels.extend(unnamed.map(|who| self.devices.label(who)));
        self.named = now;
    }

    /// Which of the devices met are to be shown, by their places; none that has no entries now.
    fn admit(&mut self, boot: Duration) -> Vec<bool> {
        let mut shown = vec![false; self.labels.len()];
        let has_entries = |place: usize| self.connection_state.has_entries(OwnerId::of_device(place));
        let here = self.present.devices().iter().zip(&self.labels).zip(&mut shown).enumerate();
        let (candidates, places): (Vec<_>, Vec<_>) = here
            .filter(|(place, _)| has_entries(*place))
            .filter_map(|(_, ((who, label), shown))| Some(((who, label.as_ref()?), shown)))
            .unzip();
        let verdicts = self.admission.admit(&candidates, self.config.limits.max_devices, boot);
        for (place, verdict) in places.into_iter().zip(verdicts) {
            *place = verdict;
        }
        shown
    }

    /// The router's name, as the kernel has it.
    fn host(&self) -> Rc<str> {
        let name = std::fs::read(self.root.path(HOST_NAME)).unwrap_or_default();
        Name::clean(name.trim_ascii_end()).map_or_else(|| "unknown".into(), |name| name.shared())
    }

    fn figures(&self, pass: &Pass, counted: &Counted, clock_set: bool, begun: Instant) -> Figures {
        let own = Usage::read();
        Figures {
            sequence: self.sequence,
            started: self.started,
            points: counted.points.len(),
            entries_read: pass.read,
            entries_loopback: pass.loopback,
            entries_unattributed: counted.unattributed,
            entries_overflow: counted.overflow,
            devices: counted.devices,
            duration: begun.elapsed(),
            resident_bytes: own.resident_bytes,
            cpu: own.cpu,
            clock_set,
            source: self.table.backend().name(),
        }
    }

    fn report_unreadable(&mut self, pass: &Pass, boot: Duration) {
        self.totals.lines_unreadable += pass.unreadable;
        let Some(first) = &pass.first_unreadable else { return };
        if self.faults.line_shown.is_none_or(|shown| boot.saturating_sub(shown) >= SHOW_A_LINE_EVERY) {
            self.faults.line_shown = Some(boot);
            warn!(
                "{} entries of the table can't be understood and are left out; the first: {first}",
                pass.unreadable
            );
        }
    }
}

impl Pass {
    fn note_unreadable(&mut self, bytes: &[u8], why: impl std::fmt::Display) {
        self.unreadable += 1;
        if self.first_unreadable.is_none() {
            let shown = bytes.get(..bytes.len().min(SHOWN)).unwrap_or_default();
            self.first_unreadable = Some(format!("\"{}\" ({why})", shown.escape_ascii()));
        }
    }
}
