//! What one router sends, as the daemon's own pipeline makes it of a recording.

use std::fs;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use conntrack_exporter::collector::{Collector, Moment};
use conntrack_exporter::config::Config;
use conntrack_exporter::conntrack::memory::MemoryTable;
use conntrack_exporter::measurements::DueClocks;
use conntrack_exporter::outputs::ledger::Ledger;
use conntrack_exporter::root::Root;
use conntrack_exporter::root::recording::{Listing, Recording as Recorded};
use conntrack_exporter::series::point::Point;

use crate::directory::Place;
use crate::household::scenario::{EVERY, Scenario};
use crate::household::{Household, files};

/// How long the router is taken to have been up at the first instant, as `replay` does.
const UP: Duration = Duration::from_hours(1);

/// The points of every look, of which every so many is a snapshot.
pub(crate) struct Recording {
    looks: Vec<Vec<Point>>,
    looks_per_snapshot: u64,
}

impl Recording {
    /// Plays the recording in `directory` by the default configuration and this interval in seconds. One that is shorter
    /// than from look to look sends what a router sends whose every look is a snapshot.
    pub(crate) fn load(directory: &Path, interval: u64) -> Self {
        let interval = interval.max(EVERY);
        let mut pipeline = Pipeline::new(interval);
        let mut looks = if directory.join("scenario.toml").exists() {
            of_scenario(directory, &mut pipeline)
        } else {
            of_files(directory, &mut pipeline)
        };
        let looks_per_snapshot = interval / EVERY;
        looks.truncate(looks.len() - looks.len() % usize::try_from(looks_per_snapshot).unwrap());
        assert!(!looks.is_empty(), "{}: shorter than {interval} s", directory.display());
        assert!(looks.iter().flatten().all(|point| point.age.is_zero()), "every look was taken");
        Self { looks, looks_per_snapshot }
    }

    /// Of so many looks each begins with a snapshot.
    pub(crate) const fn looks_per_snapshot(&self) -> u64 {
        self.looks_per_snapshot
    }

    /// How many snapshots there are.
    pub(crate) fn snapshots(&self) -> u64 {
        self.looks.len() as u64 / self.looks_per_snapshot
    }

    /// The points of a look; after the last one comes the first again.
    pub(crate) fn look(&self, number: u64) -> &[Point] {
        &self.looks[usize::try_from(number).unwrap() % self.looks.len()]
    }
}

/// A household that is made up, its table in memory.
fn of_scenario(directory: &Path, pipeline: &mut Pipeline) -> Vec<Vec<Point>> {
    let text = fs::read_to_string(directory.join("scenario.toml")).unwrap();
    let scenario: Scenario = toml::from_str(&text).unwrap();
    let place = Place::new(&format!("fleet-{:?}", std::thread::current().id()));
    let mut household = Household::new(&scenario);
    files::write_standing(place.path(), &household).unwrap();
    let table = MemoryTable::default();
    pipeline.begin(
        &Root::replay(place.path()),
        Some(table.clone()),
        &scenario.instants().collect::<Vec<_>>(),
    );
    let looks = scenario.instants().map(|instant| {
        household.live_until(instant);
        files::write_counters(place.path(), &household).unwrap();
        table.replace(household.table());
        pipeline.take(instant)
    });
    looks.collect()
}

/// What `record` has written.
fn of_files(directory: &Path, pipeline: &mut Pipeline) -> Vec<Vec<Point>> {
    let Listing { instants, .. } = Listing::read(directory).unwrap();
    let recorded = Rc::new(Recorded::new(directory, instants.clone()));
    pipeline.begin(&Root::recorded(Rc::clone(&recorded)), None, &instants);
    let looks = instants.iter().enumerate().map(|(place, instant)| {
        recorded.show(place);
        pipeline.take(*instant)
    });
    looks.collect()
}

/// What the daemon does at an instant, but for sending.
struct Pipeline {
    interval: u64,
    first: u64,
    collector: Option<Collector>,
    ledger: Ledger,
    runtime: tokio::runtime::Runtime,
}

impl Pipeline {
    fn new(interval: u64) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        Self { interval, first: 0, collector: None, ledger: Ledger::default(), runtime }
    }

    /// Insists on looks every ten seconds.
    fn begin(&mut self, root: &Root, table: Option<MemoryTable>, instants: &[u64]) {
        let config =
            Config::parse(&format!("interval = \"{}s\"\ntraffic.interval = \"{EVERY}s\"", self.interval));
        let apart = |pair: &[u64]| pair[1] - pair[0] == EVERY;
        assert!(instants.windows(2).all(apart), "a recording whose looks are {EVERY} s apart");
        self.first = *instants.first().expect("an instant");
        assert!(self.first.is_multiple_of(self.interval), "it begins at a multiple of {} s", self.interval);
        let collector = Collector::new(config.unwrap(), root, self.first);
        self.collector = Some(match table {
            Some(table) => collector.with_table(table),
            None => collector,
        });
    }

    fn take(&mut self, instant: u64) -> Vec<Point> {
        let due =
            if instant.is_multiple_of(self.interval) { DueClocks::Both } else { DueClocks::TrafficOnly };
        let boot = UP + Duration::from_secs(instant - self.first);
        let timestamp = i64::try_from(instant * 1_000_000_000).ok();
        let moment = Moment { boot, timestamp, wall: Some(Duration::from_secs(instant)), due };
        let collector = self.collector.as_mut().unwrap();
        let snapshot = self.runtime.block_on(collector.snapshot(&moment)).unwrap();
        let points = self.ledger.complete(&snapshot);
        self.ledger.confirm(&snapshot, &points, |_| true, false);
        points
    }
}
