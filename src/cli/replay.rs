//! `replay`: a recording through the very pipeline of the daemon, as fast as it can.

mod clocks;
mod playback;

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::CommandFactory;
use clap::error::ErrorKind;

use super::error::{CommandError, Exit};
use super::path::path;
use super::progress::Progress;
use super::{Cli, GlobalArgs, print_error, runtime};
use crate::collector::{Collector, Moment};
use crate::config::Config;
use crate::daemon::tick;
use crate::edge_log::EdgeLog;
use crate::logging;
use crate::outputs::Outputs;
use crate::snapshot::timestamp;
use crate::wording::counted;
use clocks::RecordedClocks;
pub(in crate::cli) use playback::Playback;

/// How long the router had been up at the first instant, as far as anybody can tell.
const UP: Duration = Duration::from_hours(1);

/// Its arguments.
#[derive(Clone, Debug, PartialEq, Eq, clap::Args)]
pub(super) struct Args {
    /// What record or capture has written
    #[arg(value_name = "DIR", value_parser = path())]
    pub(super) directory: PathBuf,
}

/// Replays, and tells how long it was and took.
pub(super) fn run(global: &GlobalArgs, args: &Args) -> Result<Exit, CommandError> {
    if global.root.is_some() {
        let text = "replay takes every file from its DIR: --root has no meaning";
        return Err(Cli::command().error(ErrorKind::ArgumentConflict, text).into());
    }
    // Once privileges are given up, nobody may be able to list it.
    let playback = Playback::open(&args.directory)?;
    let (config, _) = global.prepare_for(playback.root())?;
    let progress = progress(&playback);
    logging::start_beside(config.log.level, progress.stderr());
    playback.tell_of_strangers();
    let begun = Instant::now();
    let replayed = runtime()?.block_on(replay(&playback, config, &progress));
    progress.end();
    match replayed {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Exit::Success),
        Err(error) => Err(CommandError::Output(error)),
        Ok(snapshots) => {
            print_error(&summary(&playback, snapshots, begun.elapsed()));
            Ok(if snapshots > 0 { Exit::Success } else { Exit::Failure })
        }
    }
}

/// How far it is; not to be seen where the lines themselves go to a terminal.
fn progress(playback: &Playback) -> Progress {
    if io::stdout().is_terminal() {
        Progress::hidden()
    } else {
        Progress::of(playback.len() as u64, "replaying")
    }
}

/// Takes a snapshot of every instant and writes it to standard output; gives how many there were.
async fn replay(playback: &Playback, config: Config, progress: &Progress) -> io::Result<usize> {
    let instants = playback.instants(config.interval);
    let Some(first) = instants.first().copied() else { return Ok(0) };
    let mut clocks = RecordedClocks::new(config.interval);
    let timestamps = config.timestamps;
    let mut collector = Collector::new(config, playback.root(), first);
    let (mut outputs, mut table, mut snapshots) = (Outputs::stdout(), EdgeLog::default(), 0);
    for (place, instant) in instants.into_iter().enumerate() {
        playback.show(place);
        progress
            .set(place as u64, || format!("{place} of {}", counted(playback.len(), "instant", "instants")));
        let (due, missed) = clocks.due(instant);
        collector.totals.ticks_skipped += missed;
        let moment = Moment {
            boot: UP + Duration::from_secs(instant - first),
            timestamp: timestamp(timestamps, Duration::from_secs(instant), true),
            wall: Some(Duration::from_secs(instant)),
            due,
        };
        let taken = tick::take(&mut collector, &mut outputs, &mut table, &moment).await?;
        snapshots += usize::from(taken.is_some());
    }
    Ok(snapshots)
}

fn summary(playback: &Playback, snapshots: usize, took: Duration) -> String {
    let instants = counted(playback.len(), "instant", "instants");
    let snapshots = counted(snapshots, "snapshot", "snapshots");
    let (span, took) = (playback.span(), took.as_millis());
    let span_in_words = humantime::format_duration(span);
    let times = span.as_millis() / took.max(1);
    format!("{instants} over {span_in_words}: {snapshots} in {took} ms, {times} times as fast as it was")
}
