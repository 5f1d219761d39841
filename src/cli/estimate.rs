//! `estimate`: how much this configuration gives here, in series, points and bytes, before anything of it is sent.

mod amounts;
mod document;
mod keys;
mod moving;
mod rehearsal;
mod row;
mod storage;
mod table;

use super::error::{CommandError, Exit};
use super::{GlobalArgs, print, runtime};
use crate::daemon::clock::{Clock as _, SystemClock};
use crate::daemon::schedule::latest;
use crate::logging::{self, Streams};
use crate::measurements;
use crate::snapshot::timestamp;
use crate::state::keeper::Place;
pub(in crate::cli) use amounts::grouped;
use document::Estimate;
use rehearsal::{Beginning, rehearse};
use row::Row;

/// Its options.
#[derive(Clone, Debug, Default, PartialEq, Eq, clap::Args)]
pub(super) struct Args {
    /// JSON instead of a table
    #[arg(long)]
    pub(super) json: bool,
}

/// Looks at the table as the daemon would, and tells what a day of that comes to.
pub(super) fn run(global: &GlobalArgs, args: &Args) -> Result<Exit, CommandError> {
    let (config, _) = global.prepare()?;
    logging::start(config.log.level, Streams::StderrOnly);
    let root = global.root();
    let now = SystemClock::new(&root).now()?;
    let instant = latest(config.interval.duration(), now.wall);
    let beginning = Beginning {
        boot: now.boot,
        instant,
        // Whatever the clock is like now: in the long run it is set.
        is_stamped: timestamp(config.timestamps, instant, true).is_some(),
        state: Place::remembered(&config.state.directory, &root),
    };
    let rehearsal = runtime()?.block_on(rehearse(&config, &root, beginning))?;
    let rows = measurements::schemas_on(&config).map(|schema| Row::new(schema, &rehearsal, &config));
    let estimate = Estimate::new(&config, rows.collect());
    let text = if args.json { estimate.json()? } else { table::text(&estimate) };
    print(text.as_bytes())?;
    Ok(Exit::Success)
}
