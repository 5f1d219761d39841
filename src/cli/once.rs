//! `once`: one snapshot on standard output.

use super::error::{CommandError, Exit};
use super::{GlobalArgs, print, runtime};
use crate::collector::Collector;
use crate::daemon::clock::{self, Evidence, Verdict};
use crate::daemon::schedule::latest;
use crate::daemon::{timestamp, write_lines};
use crate::encode::line_protocol::Lines;
use crate::logging::{self, Streams};

/// Takes a snapshot, stamped as the daemon would have stamped its last one, and prints it.
pub(super) fn run(global: &GlobalArgs) -> Result<Exit, CommandError> {
    let (config, _) = global.prepare()?;
    logging::start(config.log.level, Streams::StderrOnly);
    let (now, root) = (clock::now()?, global.root());
    let clock_set = !root.is_live()
        || Verdict::new(clock::build_date(), now).is_set(now, || Evidence::read(&root, now.wall));
    let instant = latest(config.interval.duration(), now.wall);
    let timestamp = timestamp(config.timestamps, instant, clock_set);
    let mut collector = Collector::new(config, &root, now.wall.as_secs());
    let points = runtime()?.block_on(collector.snapshot(now.boot, clock_set))?;
    let mut lines = Lines::default();
    write_lines(&mut lines, &points, timestamp);
    print(lines.text())?;
    Ok(Exit::Success)
}
