//! `record`: what `capture` writes, again and again, as a recording that `replay` runs through the program.
//!
//! An instant is written under another name and renamed once it is whole, so that whatever ends the program, what is there
//! is a recording.

mod length;
mod recorder;

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use nix::unistd::Uid;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::sleep;

use super::capture::ANONYMISED;
use super::error::{CommandError, Exit};
use super::path::path;
use super::progress::Progress;
use super::{GlobalArgs, daemon, print, print_error};
use crate::capture::{Source, Target};
use crate::config::Interval;
use crate::daemon::clock::{Clock, SystemClock};
use crate::daemon::schedule::{Due, Schedule};
use crate::wording::counted;
use length::{Length, every};
use recorder::{Recorder, Taken};

/// The longest sleep, as the daemon's: somebody may have set the clock.
const ASLEEP_AT_MOST: Duration = Duration::from_mins(1);
/// The shortest: signals are heard while nothing is done.
const ASLEEP_AT_LEAST: Duration = Duration::from_millis(1);

/// Its arguments.
#[derive(Clone, Debug, PartialEq, Eq, clap::Args)]
pub(super) struct Args {
    /// The directory, new or empty
    #[arg(value_name = "DIR", value_parser = path())]
    pub(super) directory: PathBuf,

    /// How long, such as 10m; Ctrl-C ends it sooner
    #[arg(long = "for", value_name = "TIME")]
    pub(super) length: Length,

    /// The time from one instant to the next; instants are
    /// whole multiples of it
    #[arg(long, value_name = "TIME", value_parser = every, default_value = "10s", verbatim_doc_comment)]
    pub(super) every: Interval,

    /// Replace names, MACs and public addresses, so that
    /// DIR can be attached to a bug report
    #[arg(long, verbatim_doc_comment)]
    pub(super) anonymise: bool,
}

/// Records, and tells what became of it.
pub(super) fn run(global: &GlobalArgs, args: &Args) -> Result<Exit, CommandError> {
    let instants = args.length.instants(args.every)?;
    let (config_file, root) = (global.config_file(), global.root());
    let config = config_file.read()?;
    let target = Target::create(&args.directory)?;
    print_error(&format_args!("record writes, so it stays who it was started as: uid {}", Uid::effective()));
    let from = Source { root: &root, config: &config, config_file: &config_file };
    let mut recorder = Recorder::new(from, target, args.anonymise);
    let clock = SystemClock::new(&root);
    let planned = Planned { every: args.every.duration(), instants };
    let progress = Progress::of(planned.length().as_secs(), "recording");
    daemon::runtime(&root)?.block_on(record(&mut recorder, planned, &clock, &progress))?;
    progress.end();
    print(report(&recorder, args).as_bytes())?;
    Ok(recorder.exit())
}

/// So many instants, so far apart.
#[derive(Clone, Copy, Debug)]
struct Planned {
    every: Duration,
    instants: u32,
}

impl Planned {
    fn length(self) -> Duration {
        self.every * self.instants
    }
}

/// Takes so many instants, unless a signal ends it.
async fn record(
    recorder: &mut Recorder<'_>,
    planned: Planned,
    clock: &impl Clock,
    progress: &Progress,
) -> io::Result<()> {
    let mut signals = Signals::new()?;
    let begun = clock.now()?;
    let mut schedule = Schedule::new(planned.every, begun);
    let last = schedule.next() + planned.every * (planned.instants - 1);
    // Where somebody sets the clock back, the last instant may be far away.
    let end = begun.boot + planned.length() + planned.every;
    let asleep_at_most = progress.wakes_after().unwrap_or(ASLEEP_AT_MOST);
    loop {
        let now = clock.now()?;
        tell(progress, planned, now.boot.saturating_sub(begun.boot), recorder.instants());
        let due = schedule.poll(now);
        let pause = match due {
            Due::Snapshot(_) => ASLEEP_AT_LEAST,
            Due::In(time) => time.clamp(ASLEEP_AT_LEAST, asleep_at_most),
        };
        tokio::select! {
            biased;
            () = signals.any() => return Ok(()),
            () = sleep(pause) => {}
        }
        if let Due::Snapshot(instant) = due {
            let taken = progress.aside(|| recorder.take(instant.as_secs()));
            if taken == Taken::NoRoom || instant >= last {
                return Ok(());
            }
        }
        if now.boot > end {
            return Ok(());
        }
    }
}

/// Tells how far it is.
fn tell(progress: &Progress, planned: Planned, passed: Duration, taken: u32) {
    let left = planned.length().saturating_sub(passed).as_secs();
    progress.set(passed.as_secs(), || {
        let instants = counted(planned.instants, "instant", "instants");
        let left = humantime::format_duration(Duration::from_secs(left));
        format!("{taken} of {instants}, {left} left")
    });
}

/// The signals that end it. `SIGHUP` is none of them, so that it goes on where nohup(1) has it ignored.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        let (interrupt, terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        Ok(Self { interrupt, terminate })
    }

    /// Waits for one of them.
    async fn any(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// What there is now.
fn report(recorder: &Recorder<'_>, args: &Args) -> String {
    let directory = args.directory.display();
    let replay = format!("To replay it: conntrack-exporter replay {directory}\n");
    let replay = if recorder.has_instants() { replay } else { String::new() };
    let anonymised = if args.anonymise { format!("{ANONYMISED}\n") } else { String::new() };
    format!("{directory}: {recorder}\n{replay}{anonymised}")
}
