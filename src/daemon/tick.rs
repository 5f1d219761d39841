//! A tick: a snapshot is taken and handed over, by the daemon or of a recording.

use std::io;

use tracing::{error, info};

use crate::collector::{Collector, Moment};
use crate::edge_log::EdgeLog;
use crate::measurements::Clock;
use crate::outputs::Outputs;
use crate::snapshot::Snapshot;

/// Takes the snapshot of `moment` and hands it over, which only standard output can fail to take. Where the table can't be
/// read there is none: the tick is skipped, and counted if it was one of `interval`; `table` knows whether that was told.
/// Gives the snapshot, if there was one.
pub(crate) async fn take(
    collector: &mut Collector,
    outputs: &mut Outputs,
    table: &mut EdgeLog,
    moment: &Moment,
) -> io::Result<Option<Snapshot>> {
    match collector.snapshot(moment).await {
        Ok(snapshot) => {
            if table.ends() {
                info!("the connection table can be read again");
            }
            outputs.deliver(&snapshot, moment.boot).await?;
            Ok(Some(snapshot))
        }
        Err(error) => {
            collector.totals.ticks_skipped += u64::from(moment.due.includes(Clock::Interval));
            if table.begins() {
                error!("{error}; no snapshots until that changes");
            }
            Ok(None)
        }
    }
}
