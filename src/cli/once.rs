//! `once`: one snapshot on standard output.

use super::error::{CommandError, Exit};
use super::{GlobalArgs, print, runtime};
use crate::collector::{Collector, Moment};
use crate::daemon::clock::{Clock as _, SystemClock, Verdict};
use crate::daemon::schedule::latest;
use crate::encode::line_protocol::Lines;
use crate::logging::{self, Streams};
use crate::measurements::DueClocks;
use crate::outputs::ledger::Ledger;
use crate::snapshot::timestamp;
use crate::state::keeper::Place;

/// Takes a snapshot, stamped as the daemon would have stamped its last one, and prints it.
pub(super) fn run(global: &GlobalArgs) -> Result<Exit, CommandError> {
    let (config, _) = global.prepare()?;
    logging::start(config.log.level, Streams::StderrOnly);
    let (root, clock) = (global.root(), SystemClock::new(&global.root()));
    let now = clock.now()?;
    let clock_set = Verdict::at(now, &clock);
    let instant = latest(config.interval.duration(), now.wall);
    let timestamp = timestamp(config.timestamps, instant, clock_set);
    let found = Place::find(&config.state.directory, &root).and_then(|place| place.read().ok()?);
    let mut collector = Collector::new(config, &root, now.wall.as_secs());
    collector.restore(found.map(|found| found.state).unwrap_or_default());
    let moment =
        Moment { boot: now.boot, timestamp, wall: clock_set.then_some(instant), due: DueClocks::Both };
    let snapshot = runtime()?.block_on(collector.snapshot(&moment))?;
    let mut lines = Lines::default();
    lines.write(&Ledger::default().complete(&snapshot), timestamp);
    print(lines.text())?;
    Ok(Exit::Success)
}
