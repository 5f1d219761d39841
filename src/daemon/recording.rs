//! The flight recorder's memory is written: on a signal, or when an alert fires; one recording at a time.

use std::time::Duration;

use tracing::{info, warn};

use super::ConfigFile;
use super::schedule::Now;
use crate::capture::Source;
use crate::collector::Collector;
use crate::edge_log::EdgeLog;
use crate::recorder::{self, Progress, WriteError, Writer, Written};
use crate::wording::counted;

/// How soon after a recording an alert may have another one written. What is kept overlaps anyway.
const ALERTS_EVERY: Duration = Duration::from_mins(5);

/// Who wants a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Somebody has sent `SIGUSR1`.
    Signal,
    /// An alert fires.
    Alert,
}

/// The recording in the making, if there is one.
#[derive(Debug, Default)]
pub(super) struct Recording {
    writer: Option<Writer>,
    /// When the last one was begun, in time since boot.
    last: Option<Duration>,
    failing: EdgeLog,
}

impl Recording {
    /// Whether one is being written.
    pub(super) const fn goes_on(&self) -> bool {
        self.writer.is_some()
    }

    /// Begins one, unless it isn't the time for that.
    pub(super) fn begin(&mut self, cause: Cause, collector: &Collector, now: Now) {
        let config = collector.config();
        if self.goes_on() {
            return info!("a recording is being written already");
        }
        let is_soon = |last| now.boot.saturating_sub(last) < ALERTS_EVERY;
        let by_alert = cause == Cause::Alert;
        if by_alert && (config.recorder.directory.path().is_none() || self.last.is_some_and(is_soon)) {
            return;
        }
        let time = recorder::Now { boot: now.boot, wall: now.wall };
        match Writer::begin(collector.recorder(), collector.root(), config, time) {
            Ok(writer) => {
                let looks = collector.recorder().map_or(0, recorder::FlightRecorder::passes);
                let looks = counted(looks, "look", "looks");
                info!("writing the last {looks} at the table to {}", writer.directory().display());
                (self.writer, self.last) = (Some(writer), Some(now.boot));
            }
            Err(error) => self.fail(cause, &error),
        }
    }

    /// Writes some more of it.
    pub(super) fn step(&mut self, collector: &Collector, config_file: &ConfigFile) {
        let Some(writer) = &mut self.writer else { return };
        let from = Source { root: collector.root(), config: collector.config(), config_file };
        match writer.step(from) {
            Ok(Progress::More) => {}
            Ok(Progress::Done(written)) => {
                self.writer = None;
                self.failing.ends();
                tell(&written);
            }
            Err(error) => {
                self.writer = None;
                self.fail(Cause::Alert, &error);
            }
        }
    }

    /// Says why there is none: whoever asked is always told, and of alerts once.
    fn fail(&mut self, cause: Cause, error: &WriteError) {
        if self.failing.begins() || cause == Cause::Signal {
            warn!("no recording was written: {error}");
        }
    }
}

fn tell(written: &Written) {
    let Written { directory, instants, bytes, span, left_out, omissions } = written;
    let instants = counted(*instants, "instant", "instants");
    let span = humantime::format_duration(*span);
    info!("{}: {instants} over {span}, {bytes} bytes", directory.display());
    if *left_out {
        warn!("{} lacks older instants: recorder.disk has no room for them", directory.display());
    }
    for omission in omissions {
        warn!("{}: {omission}", directory.display());
    }
}
