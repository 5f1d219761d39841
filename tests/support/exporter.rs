//! The daemon's pipeline in memory: a table that a test fills, and looks at it at instants of its choice.

use std::path::Path;
use std::time::Duration;

use conntrack_exporter::collector::{Collector, Moment};
use conntrack_exporter::config::Config;
use conntrack_exporter::conntrack::flow::Flow;
use conntrack_exporter::conntrack::memory::MemoryTable;
use conntrack_exporter::measurements::DueClocks;
use conntrack_exporter::root::Root;
use conntrack_exporter::snapshot::Snapshot;
use tokio::runtime::{Builder, Runtime};

/// How long the router has been up at the start.
pub(crate) const UP: Duration = Duration::from_hours(1);

/// Collects from a table in memory and from files.
pub(crate) struct Exporter {
    pub(crate) collector: Collector,
    table: MemoryTable,
    runtime: Runtime,
    /// The start, in seconds since 1970.
    start: u64,
}

impl Exporter {
    /// Of a router whose files are below `root`, from `start` on (in seconds since 1970).
    pub(crate) fn new(config: Config, root: &Path, start: u64) -> Self {
        let table = MemoryTable::default();
        let collector = Collector::new(config, &Root::replay(root), start).with_table(table.clone());
        let runtime = Builder::new_current_thread().build().unwrap();
        Self { collector, table, runtime, start }
    }

    /// Looks at these flows, so many seconds after the start.
    pub(crate) fn look(&mut self, flows: Vec<Flow>, second: u64, due: DueClocks) -> Snapshot {
        self.table.replace(flows);
        let second = Duration::from_secs(second);
        let wall = Duration::from_secs(self.start) + second;
        let timestamp = i64::try_from(wall.as_nanos()).ok();
        let moment = Moment { boot: UP + second, timestamp, wall: Some(wall), due };
        self.runtime.block_on(self.collector.snapshot(&moment)).unwrap()
    }
}
