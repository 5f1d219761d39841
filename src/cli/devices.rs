//! `devices`: every known device, and why it is called that.

mod table;

use super::error::{CommandError, Exit};
use super::{GlobalArgs, print, runtime};
use crate::collector::{Collector, Moment};
use crate::daemon::clock::{Clock as _, SystemClock};
use crate::logging::{self, Streams};
use crate::measurements::connection_state::ConnectionState;
use crate::measurements::{DueClocks, Measurement};
use table::DeviceTable;

/// Its options.
#[derive(Clone, Debug, Default, PartialEq, Eq, clap::Args)]
pub(super) struct Args {
    /// JSON instead of a table
    #[arg(long)]
    pub(super) json: bool,
}

/// Takes a snapshot, and prints who is in it.
pub(super) fn run(global: &GlobalArgs, args: &Args) -> Result<Exit, CommandError> {
    let (config, _) = global.prepare()?;
    logging::start(config.log.level, Streams::StderrOnly);
    let now = SystemClock::new(&global.root()).now()?;
    // The table has a column of entries, whatever is switched on to be sent.
    let entries: Vec<Box<dyn Measurement>> = vec![Box::<ConnectionState>::default()];
    let mut collector = Collector::with_measurements(config, &global.root(), now.wall.as_secs(), entries);
    let moment = Moment { boot: now.boot, timestamp: None, wall: None, due: DueClocks::Both };
    let snapshot = runtime()?.block_on(collector.snapshot(&moment))?;
    let table = DeviceTable::new(collector.listing(), snapshot.points());
    let text = if args.json { table.json()? } else { table.to_string() };
    print(text.as_bytes())?;
    Ok(Exit::Success)
}
