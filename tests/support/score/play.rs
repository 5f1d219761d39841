//! An evening is played in memory through the daemon's pipeline.

use std::fs;
use std::path::Path;

use conntrack_exporter::config::Config;
use conntrack_exporter::conntrack::flow::Flow;
use conntrack_exporter::measurements::DueClocks;
use conntrack_exporter::measurements::switches::Switches;
use conntrack_exporter::measurements::system::SystemConfig;
use conntrack_exporter::series::point::{Point, Value};
use conntrack_exporter::snapshot::Snapshot;

use crate::evening::kind::Kind;
use crate::evening::line::Line;
use crate::evening::{Evening, UPDATE_NETWORK};
use crate::exporter::Exporter;
use crate::household::scenario::START;
use crate::place::Place;

/// From one look to the next and from one report to the next, in seconds: the defaults.
const EVERY: u64 = 10;
const INTERVAL: u64 = 30;
/// So many seconds around a true change are not scored: what is said is of the last minute, and a new class has to be found
/// twice.
const AROUND_A_CHANGE: u64 = 150;
/// How long nobody looks between the two evenings, in seconds.
const BETWEEN: u64 = 3600;

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

/// Plays an evening. Something large was loaded by somebody in the house more than an hour before, as it is in any house, so
/// that it is known how fast the line is; but not by the device in question, of which nothing is known yet.
pub(crate) fn play(name: &str, kind: Kind, seed: u64, line: Line, accounting: Accounting) -> Heard {
    let place = Place::new(name);
    let mut player = Player::new(place.path(), accounting);
    let before = Evening::new(Kind::Download, seed + 1000, line);
    let length = before.length();
    player.live_through(before, 0, |_, _, _| ());
    let (mut windows, mut changes) = (Vec::new(), None);
    player.live_through(Evening::new(kind, seed, line), length + BETWEEN, |evening, second, snapshot| {
        let changes = changes.get_or_insert_with(|| evening.changes());
        if let Some((said, why)) = said(snapshot, evening.device()) {
            let is_scored = second >= AROUND_A_CHANGE
                && changes.iter().all(|change| change.abs_diff(second) >= AROUND_A_CHANGE);
            windows.push(Window { second, truth: evening.truth(second).name(), said, why, is_scored });
        }
    });
    Heard { windows }
}

/// The daemon's pipeline, and the files of the router.
struct Player<'a> {
    root: &'a Path,
    accounting: Accounting,
    exporter: Exporter,
}

impl<'a> Player<'a> {
    fn new(root: &'a Path, accounting: Accounting) -> Self {
        let write = |path: &str, text: String| {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        let (network, bits) = UPDATE_NETWORK;
        write("etc/conntrack-exporter.networks", format!("{network}/{bits} Updates update\n"));
        let measurements = Switches::only(&["device_activity", "conntrack_exporter"]);
        let config = Config { system: SystemConfig::NOTHING, measurements, ..Config::default() };
        Self { root, accounting, exporter: Exporter::new(config, root, START) }
    }

    /// Shows an evening that begins `offset` seconds after the start, and what is said at every report.
    fn live_through(
        &mut self,
        mut evening: Evening,
        offset: u64,
        mut heard: impl FnMut(&Evening, u64, &Snapshot),
    ) {
        evening.write_standing(self.root).unwrap();
        if self.accounting == Accounting::Off {
            fs::write(self.root.join("proc/sys/net/netfilter/nf_conntrack_acct"), "0\n").unwrap();
        }
        for second in (0..evening.length()).step_by(usize::try_from(EVERY).unwrap()) {
            evening.live_until(second);
            evening.write_counters(self.root).unwrap();
            let flows = evening.table().into_iter().map(|flow| counted(flow, self.accounting));
            let due = if second.is_multiple_of(INTERVAL) { DueClocks::Both } else { DueClocks::TrafficOnly };
            let snapshot = self.exporter.look(flows.collect(), offset + second, due);
            if due == DueClocks::Both {
                heard(&evening, second, &snapshot);
            }
        }
    }
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
