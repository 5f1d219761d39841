//! The flight recorder: for how long its memory is enough here, and whether recordings can be written.

use std::time::Duration;

use super::report::Report;
use crate::capture::Target;
use crate::config::Config;
use crate::conntrack::{Entry, Progress, Table, TableError};
use crate::recorder::Estimate;
use crate::root::Root;

/// Tells of it, if it is on.
pub(super) fn check(report: &mut Report, config: &Config, root: &Root) {
    let recorder = &config.recorder;
    let Some(directory) = recorder.directory.path() else { return };
    match Target::can_reuse(directory) {
        Ok(()) => report.ok("recorder", format!("{}: up to {}", directory.display(), recorder.disk)),
        Err(error) => report.warning("recorder", format!("no recordings can be written: {error}")),
    }
    // Whatever is wrong with the table was told already.
    let Ok(estimate) = estimate(config, root) else { return };
    let (memory, every) = (recorder.memory, config.traffic.interval.duration());
    let (passes, lasts) = (estimate.passes(memory.as_usize()), estimate.lasts(memory.as_usize(), every));
    if passes < 2 {
        let text = format!(
            "recorder.memory = \"{memory}\" has no room for two looks at a table like this one: more would be right"
        );
        report.warning("recorder", text);
    } else if lasts < recorder.keep.duration() {
        report.ok(
            "recorder",
            format!("{memory} of memory hold about {} of a table like this one", words(lasts)),
        );
    } else {
        let keep = humantime::format_duration(recorder.keep.duration());
        report.ok(
            "recorder",
            format!("{memory} of memory hold {keep} of a table like this one, and would hold more"),
        );
    }
}

fn estimate(config: &Config, root: &Root) -> Result<Estimate, TableError> {
    let mut table = Table::new(root, config.source);
    let source = table.choose(table.gauges().0, Duration::ZERO);
    let mut reading = table.open(source)?;
    let mut estimate = Estimate::default();
    let mut see = |entry: Entry<'_>| match entry {
        Entry::Flow(flow) => estimate.see(&flow),
        Entry::Unreadable { .. } => {}
    };
    while reading.step(&mut see).map_err(|error| table.error(source, error))? == Progress::More {}
    Ok(estimate)
}

/// About how long it is.
fn words(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..120 => format!("{seconds} seconds"),
        seconds => format!("{} minutes", seconds / 60),
    }
}
