//! An evening is played in memory through the daemon's pipeline.

use std::fs;
use std::time::Duration;

use conntrack_exporter::collector::{Collector, Moment};
use conntrack_exporter::config::Config;
use conntrack_exporter::conntrack::flow::Flow;
use conntrack_exporter::conntrack::memory::MemoryTable;
use conntrack_exporter::measurements::DueClocks;
use conntrack_exporter::measurements::switches::Switches;
use conntrack_exporter::measurements::system::SystemConfig;
use conntrack_exporter::root::Root;
use conntrack_exporter::series::point::{Point, Value};
use conntrack_exporter::snapshot::Snapshot;

use crate::evening::kind::Kind;
use crate::evening::line::Line;
use crate::evening::{Evening, UPDATE_NETWORK};
use crate::household::scenario::START;
use crate::place::Place;

/// From one look to the next and from one report to the next, in seconds: the defaults.
const EVERY: u64 = 10;
const INTERVAL: u64 = 30;
/// So many seconds around a true change are not scored: what is said is of the last minute, and a new class has to be found
/// twice.
const AROUND_A_CHANGE: u64 = 150;
/// How long the router has been up.
const UP: Duration = Duration::from_hours(1);

/// Whether the kernel counts bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Accounting {
    On,
    Off,
}

/// What was said at one report.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    pub(crate) second: u64,
    /// What was really done.
    pub(crate) truth: &'static str,
    pub(crate) said: String,
    pub(crate) why: String,
    /// Whether there was no true change nearby.
    pub(crate) is_scored: bool,
}

/// What was said of the device in question, all evening.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    pub(crate) windows: Vec<Window>,
}

pub(crate) fn play(name: &str, kind: Kind, seed: u64, line: Line, accounting: Accounting) -> Heard {
    let mut evening = Evening::new(kind, seed, line);
    let place = Place::new(name);
    evening.write_standing(place.path()).unwrap();
    let (network, bits) = UPDATE_NETWORK;
    fs::create_dir_all(place.path().join("etc")).unwrap();
    fs::write(
        place.path().join("etc/conntrack-exporter.networks"),
        format!("{network}/{bits} Updates update\n"),
    )
    .unwrap();
    if accounting == Accounting::Off {
        fs::write(place.path().join("proc/sys/net/netfilter/nf_conntrack_acct"), "0\n").unwrap();
    }
    let measurements = Switches::only(&["device_activity", "conntrack_exporter"]);
    let config = Config { system: SystemConfig::NOTHING, measurements, ..Config::default() };
    let table = MemoryTable::default();
    let mut collector = Collector::new(config, &Root::replay(place.path()), START).with_table(table.clone());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (changes, mut windows) = (evening.changes(), Vec::new());
    for second in (0..evening.length()).step_by(usize::try_from(EVERY).unwrap()) {
        evening.live_until(second);
        evening.write_counters(place.path()).unwrap();
        table.replace(evening.table().into_iter().map(|flow| counted(flow, accounting)).collect());
        let due = if second.is_multiple_of(INTERVAL) { DueClocks::Both } else { DueClocks::TrafficOnly };
        let wall = Duration::from_secs(START + second);
        let timestamp = i64::try_from(wall.as_nanos()).ok();
        let moment = Moment { boot: UP + Duration::from_secs(second), timestamp, wall: Some(wall), due };
        let snapshot = runtime.block_on(collector.snapshot(&moment)).unwrap();
        if let Some((said, why)) = said(&snapshot, evening.device()) {
            let is_scored = second >= AROUND_A_CHANGE
                && changes.iter().all(|change| change.abs_diff(second) >= AROUND_A_CHANGE);
            windows.push(Window { second, truth: evening.truth(second).name(), said, why, is_scored });
        }
    }
    Heard { windows }
}

fn counted(flow: Flow, accounting: Accounting) -> Flow {
    let mut flow = flow;
    if accounting == Accounting::Off {
        flow.original.counters = None;
        flow.reply.counters = None;
    }
    flow
}

/// Class and reason of a device.
fn said(snapshot: &Snapshot, device: &str) -> Option<(String, String)> {
    let is_its = |point: &&Point| {
        point.measurement == "device_activity"
            && point.tags.iter().any(|(key, value)| key == "device_name" && value == device)
    };
    let point = snapshot.points().find(is_its)?;
    let text = |name: &str| {
        point.fields.iter().find_map(|(field, value)| match value {
            Value::Text(text) if *field == *name => Some(text.to_string()),
            _ => None,
        })
    };
    Some((text("activity")?, text("why")?))
}
