//! A recording that is made up, played in memory through the daemon's pipeline.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use conntrack_exporter::collector::{Collector, Moment};
use conntrack_exporter::config::Config;
use conntrack_exporter::conntrack::memory::MemoryTable;
use conntrack_exporter::encode::line_protocol::Lines;
use conntrack_exporter::measurements::switches::Switches;
use conntrack_exporter::measurements::system::SystemConfig;
use conntrack_exporter::measurements::{Clock, DueClocks};
use conntrack_exporter::outputs::ledger::Ledger;
use conntrack_exporter::root::Root;

use super::golden::shown;
use super::household::scenario::{EVERY, START, Scenario};
use super::household::{Household, files};
use super::place::Place;
use super::truth::Truth;

/// From one report to the next: the default of `interval`.
const INTERVAL: u64 = 30;
/// What is told of every household.
const OF_EVERY_RECORDING: [&str; 6] =
    ["connection_state", "connection_rate", "bandwidth", "device_traffic", "conntrack", "conntrack_exporter"];
/// How long the router is taken to have been up at the first instant, as `replay` does.
const UP: Duration = Duration::from_hours(1);

/// What came out.
pub(crate) struct Played {
    /// All of it.
    pub(crate) looks: Vec<Look>,
    /// How many entries were counted, over all instants.
    visited: usize,
    truth: Truth,
}

/// What came out at one instant.
pub(crate) struct Look {
    instant: u64,
    pub(crate) lines: String,
    /// What really was so far.
    account: String,
}

pub(crate) fn scenario(directory: &Path) -> Scenario {
    toml::from_str(&fs::read_to_string(directory.join("scenario.toml")).unwrap()).unwrap()
}

/// What is on for it: what every recording has, and what this one names; nothing of the router itself.
pub(crate) fn configuration(scenario: &Scenario) -> Config {
    let more = scenario.measurements.iter().map(String::as_str);
    let on: Vec<&str> = OF_EVERY_RECORDING.into_iter().chain(more).collect();
    Config { system: SystemConfig::NOTHING, measurements: Switches::only(&on), ..Config::default() }
}

/// Plays it, and compares at every look with what the household really did. Says how fast that was.
pub(crate) fn play(name: &str, scenario: &Scenario) -> Played {
    let (place, begun) = (Place::new(name), Instant::now());
    let mut household = Household::new(scenario);
    files::write_standing(place.path(), &household).unwrap();
    let table = MemoryTable::default();
    let collector = Collector::new(configuration(scenario), &Root::replay(place.path()), START);
    let mut pipeline = Pipeline::new(collector.with_table(table.clone()));
    let (mut looks, mut visited, mut truth) = (Vec::new(), 0, None);
    for instant in scenario.instants() {
        household.live_until(instant);
        files::write_counters(place.path(), &household).unwrap();
        table.replace(household.table());
        visited += table.len();
        let truth = truth.get_or_insert_with(|| Truth::begin(&household));
        let lines = pipeline.take(instant, &household, truth);
        looks.push(Look { instant, lines, account: truth.account() });
    }
    let (length, took) = (scenario.length, begun.elapsed());
    let in_words = humantime::format_duration(Duration::from_secs(length));
    let times = u128::from(length) * 1000 / took.as_millis().max(1);
    println!("{name}: {} instants, {in_words} in {took:.1?}, {times} times as fast", looks.len());
    Played { looks, visited, truth: truth.unwrap() }
}

/// What the daemon does at an instant, but for sending.
struct Pipeline {
    collector: Collector,
    ledger: Ledger,
    lines: Lines,
    runtime: tokio::runtime::Runtime,
}

impl Pipeline {
    fn new(collector: Collector) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        Self { collector, ledger: Ledger::default(), lines: Lines::default(), runtime }
    }

    fn take(&mut self, instant: u64, household: &Household, truth: &mut Truth) -> String {
        let due = if instant.is_multiple_of(INTERVAL) { DueClocks::Both } else { DueClocks::TrafficOnly };
        let boot = UP + Duration::from_secs(instant - START);
        let timestamp = i64::try_from(instant * 1_000_000_000).ok();
        let moment = Moment { boot, timestamp, wall: Some(Duration::from_secs(instant)), due };
        let snapshot = self.runtime.block_on(self.collector.snapshot(&moment)).unwrap();
        truth.compare(&snapshot, household, due.includes(Clock::Interval));
        let points = self.ledger.complete(&snapshot);
        self.lines.write(&points, timestamp);
        self.ledger.confirm(&snapshot, &points, |_| true, false);
        golden(str::from_utf8(self.lines.text()).unwrap())
    }
}

impl Played {
    /// What stands in `expected.lp`: what was in all, and the points of some instants.
    pub(crate) fn expected(&self, scenario: &Scenario) -> String {
        self.truth.finish();
        let (instants, visited) = (self.looks.len(), self.visited);
        let lines = self.looks.iter().flat_map(|look| look.lines.lines());
        let (count, hash) = (lines.clone().count(), fnv(lines));
        let head = format!(
            "# {instants} instants {EVERY} s apart, at which {visited} entries are looked at and {count} lines given; \
             FNV-1a of all lines {hash:016x}.\n# By the household's own account: bytes received and sent since the \
             first instant, bytes told, connections opened and closed.\n"
        );
        let is_shown = |look: &&Look| (look.instant - START).is_multiple_of(scenario.shown_every);
        let shown = self.looks.iter().filter(is_shown).map(|look| look.account.clone() + &look.lines);
        head + &shown.collect::<String>()
    }
}

/// Lines as they stand in a golden file. A household has no more remote hosts at a time than are told exactly: beyond, their
/// number depends on a secret.
pub(crate) fn golden(text: &str) -> String {
    for line in text.lines() {
        let hosts = line.split_once("remote_hosts=").and_then(|(_, rest)| rest.split_once('i'));
        assert!(hosts.is_none_or(|(hosts, _)| hosts.parse::<u32>().unwrap() <= 64), "{line}");
    }
    text.lines().map(|line| shown(line) + "\n").collect()
}

/// Whether anything at all is other than it was: Fowler, Noll and Vo's sum of all lines.
fn fnv<'a>(lines: impl Iterator<Item = &'a str>) -> u64 {
    let bytes = lines.flat_map(|line| line.bytes().chain([b'\n']));
    bytes.fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
