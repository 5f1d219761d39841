//! What is shown.

use std::sync::Arc;
use std::time::Duration;

use super::own_sockets::{OwnSocket, OwnSockets, ends};
use super::rates::{LastLook, Progress};
use crate::collector::{Collector, Moment};
use crate::config::{Config, Interval};
use crate::conntrack::TableError;
use crate::flow_list::{FlowLister, LISTED_AT_MOST, ListedFlow};
use crate::measurements::{
    self, Measurement, connection_rate, connection_state, conntrack, device, device_activity, device_traffic,
};
use crate::overview::{Latest, Overview};
use crate::root::Root;

/// A connection, and what is known of it by having looked twice and at the router's sockets.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Connection {
    pub(super) listed: ListedFlow,
    pub(super) progress: Progress,
    pub(super) socket: Option<OwnSocket>,
}

/// The table, at one look.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Model {
    pub(super) overview: Overview,
    /// Those that have moved most come first.
    pub(super) connections: Vec<Connection>,
    /// For how many more there was no room.
    pub(super) left_out: u64,
}

/// The measurements that are looked at. What of these is switched off is neither read nor shown.
const SHOWN: [&str; 6] = [
    connection_state::SCHEMA.name,
    connection_rate::SCHEMA.name,
    device_traffic::SCHEMA.name,
    device_activity::SCHEMA.name,
    device::SCHEMA.name,
    conntrack::SCHEMA.name,
];

/// Looks at the table again and again. It keeps nothing, runs nobody's program and sends nothing.
#[derive(Debug)]
pub(super) struct Watcher {
    collector: Collector,
    latest: Latest,
    last: LastLook,
    sockets: OwnSockets,
    router: String,
}

impl Watcher {
    /// One who hasn't looked yet. `started` is the time now, in seconds since 1970.
    pub(super) fn new(mut config: Config, root: &Root, started: u64) -> Self {
        // Whoever looks asks for it: a pass is as often as the keys say, and rates are by the time that really passes.
        if let Ok(second) = Interval::try_from("1s".to_owned()) {
            (config.interval, config.traffic.interval) = (second, second);
        }
        let mut measurements: Vec<Box<dyn Measurement>> = measurements::all(&config);
        measurements.retain(|measurement| SHOWN.contains(&measurement.schema().name));
        measurements.push(Box::new(FlowLister::new(LISTED_AT_MOST)));
        let (latest, router) = (Latest::new(&config), config.lan.router_name.name().as_str().to_owned());
        let collector = Collector::with_measurements(config, root, started, measurements);
        Self { collector, latest, last: LastLook::default(), sockets: OwnSockets::default(), router }
    }

    /// Looks at the table at `moment`.
    pub(super) async fn look(&mut self, moment: &Moment) -> Result<Model, TableError> {
        let snapshot = self.collector.snapshot(moment).await?;
        self.latest.take(&snapshot, moment.boot);
        let listed = snapshot.flows.map(Arc::unwrap_or_clone).unwrap_or_default();
        let progress = self.last.compare(&listed.flows, moment.boot);
        let sockets = self.sockets.find(self.collector.root(), &listed.flows, &self.router, moment.boot);
        let connections = listed.flows.into_iter().zip(progress).map(|(listed, progress)| {
            let socket = ends(&listed, &self.router).and_then(|ends| sockets.get(&ends).cloned());
            Connection { listed, progress, socket }
        });
        let connections = connections.collect();
        Ok(Model::new(Arc::unwrap_or_clone(self.latest.overview()), connections, listed.left_out))
    }
}

impl Model {
    /// What is shown of these.
    pub(super) fn new(overview: Overview, mut connections: Vec<Connection>, left_out: u64) -> Self {
        // Those that are equal by the column that they are sorted by stand in this order.
        connections.sort_by_key(|connection| std::cmp::Reverse(connection.listed.bytes()));
        Self { overview, connections, left_out }
    }

    /// When it was, in time since 1970.
    pub(super) fn instant(&self) -> Option<Duration> {
        self.overview.status.time.and_then(|time| u64::try_from(time).ok()).map(Duration::from_secs)
    }
}
