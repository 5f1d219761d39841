//! Which alerts the program gives, of days and weeks that are made up.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use conntrack_exporter::alerts::{AlertEvent, Severity};
use conntrack_exporter::config::Config;
use conntrack_exporter::conntrack::flow::Flow;
use conntrack_exporter::measurements::DueClocks;
use conntrack_exporter::measurements::switches::Switches;
use conntrack_exporter::measurements::system::SystemConfig;
use conntrack_exporter::root::Root;
use conntrack_exporter::state::config::StateDirectory;
use conntrack_exporter::state::keeper::StateKeeper;

use crate::exporter::{Exporter, UP};
use crate::habits::START;

/// A change of an alert.
struct Change {
    /// When, in seconds since the start.
    second: u64,
    event: AlertEvent,
}

/// The daemon's pipeline, with its defaults for alerts, and what it has said.
pub(crate) struct Watch {
    root: PathBuf,
    exporter: Exporter,
    changes: Vec<Change>,
}

impl Watch {
    /// Of the router whose files are below `root`.
    pub(crate) fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), exporter: begin(root), changes: Vec::new() }
    }

    /// Looks at these flows.
    pub(crate) fn look(&mut self, flows: Vec<Flow>, second: u64) {
        let events = self.exporter.look(flows, second, DueClocks::Both).events;
        self.changes.extend(events.into_iter().map(|event| Change { second, event }));
    }

    /// The program as it is after it has ended and begun anew at this second; the router goes on. What it has learned goes
    /// through its file.
    pub(crate) fn begun_anew(&self, second: u64) -> Self {
        let directory = self.root.join("state");
        fs::create_dir(&directory).unwrap();
        let directory = StateDirectory::try_from(directory.into_os_string().into_string().unwrap()).unwrap();
        let boot = UP + Duration::from_secs(second);
        let keeper = || StateKeeper::new(&directory, &Root::live(), boot);
        keeper().save(&self.exporter.collector.state(), boot);
        let mut anew = Self::new(&self.root);
        anew.exporter.collector.restore(keeper().load());
        anew
    }

    /// When alerts of this rule began for the device, and how grave they became.
    pub(crate) fn told(&self, rule: &str, device: &str) -> Vec<(u64, Severity)> {
        let is_it = |event: &AlertEvent| event.rule == rule && *event.device == *device;
        let mut told: Vec<(u64, Severity)> = Vec::new();
        let mut fires = false;
        for Change { second, event } in self.changes.iter().filter(|change| is_it(&change.event)) {
            match told.last_mut().filter(|_| fires) {
                Some((_, severity)) if event.firing => *severity = event.severity.max(*severity),
                None if event.firing => told.push((*second, event.severity)),
                _ => {}
            }
            fires = event.firing;
        }
        told
    }
}

fn begin(root: &Path) -> Exporter {
    let measurements = Switches::only(&["connection_trend", "connection_alert"]);
    let config = Config { system: SystemConfig::NOTHING, measurements, ..Config::default() };
    Exporter::new(config, root, START)
}
