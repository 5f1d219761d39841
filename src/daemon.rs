//! The clockwork: ticks, reload, shutdown. The only reader of clocks.

pub mod clock;
mod config_file;
pub mod recording;
pub mod schedule;
pub mod schedules;
pub(crate) mod tick;

use std::io;
use std::path::Path;
use std::time::Duration;

use thiserror::Error;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::timeout;
use tracing::{error, info, warn};

use crate::alerts::AlertEvent;
use crate::alerts::command::{CommandRunner, RUNS_AT_MOST};
use crate::collector::{Collector, Moment};
use crate::config::{Config, ConfigError};
use crate::edge_log::EdgeLog;
use crate::http::Publisher;
use crate::logging::LogQueue;
use crate::measurements::{self, DueClocks};
use crate::outputs::Outputs;
use crate::privileges::RestartNeededError;
use crate::root::Root;
use crate::snapshot::timestamp;
use crate::state::keeper::StateKeeper;
use crate::wording::counted;
use clock::{Clock, Verdict};
use recording::{Cause, Recording};
use schedule::Now;
use schedules::{Due, Schedules};

pub use config_file::ConfigFile;

/// The longest sleep: the wall clock is looked at again after it, for somebody may have set it.
const ASLEEP_AT_MOST: Duration = Duration::from_mins(1);

/// Sets what is logged from now on.
pub type SetLogLevel = Box<dyn Fn(crate::config::LogLevel)>;

/// Tells what a configuration needs that was given up at the start.
pub type RestartNeeded = Box<dyn Fn(&Config) -> Option<RestartNeededError>>;

/// The signals that the daemon hears.
#[derive(Debug)]
pub struct Signals {
    hangup: Signal,
    interrupt: Signal,
    terminate: Signal,
    /// `SIGUSR1`: the flight recorder is to be written.
    record: Signal,
}

impl Signals {
    /// Hears them from now on; within a runtime.
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            hangup: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            record: signal(SignalKind::user_defined1())?,
        })
    }
}

/// The daemon.
pub struct Daemon {
    collector: Collector,
    schedules: Schedules,
    verdict: Verdict,
    outputs: Outputs,
    log: LogQueue,
    config_file: ConfigFile,
    clock: Box<dyn Clock>,
    set_log_level: SetLogLevel,
    restart_needed: RestartNeeded,
    root: Root,
    state: StateKeeper,
    table: EdgeLog,
    late: EdgeLog,
    recording: Recording,
    publisher: Publisher,
}

/// What a daemon is made of.
pub struct Parts {
    /// The configuration as it was read at the start.
    pub config: Config,
    /// Where it is read again.
    pub config_file: ConfigFile,
    /// Where the router's files are.
    pub root: Root,
    /// Where snapshots go.
    pub outputs: Outputs,
    /// Messages that nobody has read yet.
    pub log: LogQueue,
    /// The time, and what shows that it is right.
    pub clock: Box<dyn Clock>,
    /// What a reload does with `log.level`.
    pub set_log_level: SetLogLevel,
    /// What a reload may not ask for.
    pub restart_needed: RestartNeeded,
}

/// Why the daemon can't go on.
#[derive(Debug, Error)]
pub enum DaemonError {
    /// Standard output can't be written, for another reason than that it was closed.
    #[error("writing to standard output: {0}")]
    Output(#[source] io::Error),
    /// A clock can't be read, or a signal not heard.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// What there is to do next.
#[derive(Debug)]
enum Work {
    /// The snapshot of this instant.
    Tick { instant: Duration, due: DueClocks, boot: Duration, clock_set: bool },
    /// Some more of the recording in the making.
    Record,
    /// Nothing for this long.
    Sleep(Duration),
}

impl Daemon {
    /// Puts the parts together; reads the clocks and what an earlier run has kept, and nothing else yet.
    pub fn new(parts: Parts) -> io::Result<Self> {
        let Parts { config, config_file, root, outputs, log, clock, set_log_level, restart_needed } = parts;
        let now = clock.now()?;
        let mut state = StateKeeper::new(&config.state.directory, &root, now.boot);
        let publisher = Publisher::new(&config, config_file.is_of_this_machine());
        let mut collector = Collector::new(config, &root, now.wall.as_secs()).with_recorder();
        let remembered = state.load();
        if state.keeps() {
            collector.restore(remembered);
        }
        Ok(Self {
            schedules: schedules(&collector, now),
            verdict: Verdict::new(clock.built(), now),
            collector,
            outputs,
            log,
            config_file,
            clock,
            set_log_level,
            restart_needed,
            root,
            state,
            table: EdgeLog::default(),
            late: EdgeLog::default(),
            recording: Recording::default(),
            publisher,
        })
    }

    /// Runs until a signal ends it, or standard output is closed; then has what was learned kept.
    pub async fn run(&mut self, signals: Signals) -> Result<(), DaemonError> {
        let outcome = self.work(signals).await;
        self.outputs.stop().await;
        self.keep_state(self.clock.now()?);
        outcome
    }

    async fn work(&mut self, mut signals: Signals) -> Result<(), DaemonError> {
        let Signals { hangup, interrupt, terminate, record } = &mut signals;
        self.announce(self.clock.now()?);
        self.publisher.attend(self.collector.lan());
        let mut command = CommandRunner::new(self.command(), RUNS_AT_MOST);
        loop {
            self.log.flush();
            let work = self.next_work().await?;
            let busy = matches!(work, Work::Tick { .. });
            tokio::select! {
                biased;
                _ = terminate.recv() => break info!("stopping"),
                _ = interrupt.recv() => break info!("stopping"),
                // A reload waits for the end of a tick; the end of the program does not.
                Some(()) = hangup.recv(), if !busy => {
                    self.reload()?;
                    command.reconfigure(self.command());
                }
                Some(()) = record.recv(), if !busy => self.record(Cause::Signal)?,
                never = command.attend() => match never {},
                done = self.do_work(work) => match done {
                    Err(DaemonError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
                        break info!("standard output is closed: stopping");
                    }
                    changed => self.tell(changed?, &mut command)?,
                },
            }
        }
        Ok(())
    }

    /// The owner's program that is told of alerts.
    fn command(&self) -> Option<&Path> {
        let is_ours = self.config_file.is_of_this_machine();
        self.collector.config().alerts.command.as_path().filter(|_| is_ours)
    }

    fn announce(&self, now: Now) {
        let first = self.schedules.next().saturating_sub(now.wall);
        info!(
            "conntrack-exporter {}: a snapshot every {} to {}, the first in {}.{} s",
            env!("CARGO_PKG_VERSION"),
            self.collector.config().interval,
            self.outputs,
            first.as_secs(),
            first.subsec_millis() / 100
        );
    }

    /// Looks at the clocks, and says what there is to do.
    async fn next_work(&mut self) -> io::Result<Work> {
        let now = self.clock.now()?;
        let asleep_at_most = self.outputs.attend(now.boot).await.unwrap_or(ASLEEP_AT_MOST);
        let clock_set = self.verdict.is_set(now, || self.clock.evidence(now));
        let due = self.schedules.poll(now);
        self.count_skipped(due);
        Ok(match due {
            Due::Snapshot(instant, due) => Work::Tick { instant, due, boot: now.boot, clock_set },
            Due::In(_) if self.recording.goes_on() => Work::Record,
            Due::In(time) => Work::Sleep(time.min(asleep_at_most)),
        })
    }

    /// Does it, and says which alerts have changed.
    async fn do_work(&mut self, work: Work) -> Result<Vec<AlertEvent>, DaemonError> {
        match work {
            Work::Tick { instant, due, boot, clock_set } => {
                let timestamp = timestamp(self.collector.config().timestamps, instant, clock_set);
                let wall = clock_set.then_some(instant);
                self.tick(&Moment { boot, timestamp, wall, due }).await
            }
            Work::Record => {
                self.recording.step(&self.collector, &self.config_file);
                Ok(Vec::new())
            }
            Work::Sleep(time) => {
                // It ends with the time.
                let _ = timeout(time, self.outputs.work()).await;
                Ok(Vec::new())
            }
        }
    }

    fn count_skipped(&mut self, due: Due) {
        let skipped = self.schedules.take_skipped();
        self.collector.totals.ticks_skipped += skipped;
        if skipped > 0 && self.late.begins() {
            let missed = counted(skipped, "tick was missed", "ticks were missed");
            warn!("{missed}: the machine slept or was too busy; more are counted in ticks_skipped");
        } else if skipped == 0 && is_of_interval(due) && self.late.ends() {
            info!("ticks are in time again");
        }
    }

    /// Alerts have changed: the owner's program is told, and what led to one that fires is kept.
    fn tell(&mut self, changed: Vec<AlertEvent>, command: &mut CommandRunner) -> io::Result<()> {
        if changed.iter().any(|event| event.firing) {
            self.record(Cause::Alert)?;
        }
        command.push(changed);
        Ok(())
    }

    /// Takes the snapshot of `moment` and hands it over; says which alerts have changed.
    async fn tick(&mut self, moment: &Moment) -> Result<Vec<AlertEvent>, DaemonError> {
        let (collector, outputs) = (&mut self.collector, &mut self.outputs);
        let taken = tick::take(collector, outputs, &mut self.table, moment).await;
        let taken = taken.map_err(DaemonError::Output)?;
        if let Some(snapshot) = &taken {
            self.publisher.publish(snapshot, moment.boot, self.outputs.ledger());
        }
        self.publisher.attend(self.collector.lan());
        let now = self.clock.now()?;
        self.schedules.set_pass_interval(self.collector.pass_interval(), now);
        if self.state.is_due(now.boot) {
            self.keep_state(now);
        }
        Ok(taken.map(|snapshot| snapshot.events).unwrap_or_default())
    }

    /// Has what the flight recorder remembers written, between ticks.
    pub fn record(&mut self, cause: Cause) -> io::Result<()> {
        self.recording.begin(cause, &self.collector, self.clock.now()?);
        Ok(())
    }

    /// Has what was learned kept for a later run.
    fn keep_state(&mut self, now: Now) {
        self.state.save(&self.collector.state(), now.boot);
        self.log.flush();
    }

    /// Reads the configuration again; a bad one changes nothing.
    fn reload(&mut self) -> io::Result<()> {
        let read = self.config_file.read();
        // Of a file that can't be read, the running configuration tells whether it could be after a restart.
        let restart_needed = match &read {
            Ok(config) => (self.restart_needed)(config),
            Err(ConfigError::Unreadable { .. }) => (self.restart_needed)(self.collector.config()),
            Err(ConfigError::Invalid { .. }) => None,
        };
        let config = match (read, restart_needed) {
            (Ok(config), None) => config,
            (refused, restart_needed) => {
                let error = refused.err().map(|error| error.to_string());
                let why: Vec<_> = error
                    .into_iter()
                    .chain(restart_needed.map(|restart_needed| restart_needed.to_string()))
                    .collect();
                self.collector.totals.reload_errors += 1;
                error!("{}; the running configuration is kept", why.join("; "));
                return Ok(());
            }
        };
        let now = self.clock.now()?;
        let interval_changes = config.interval != self.collector.config().interval;
        self.outputs.reconfigure(&config, &self.root);
        self.state.reconfigure(&config.state.directory, &self.root);
        (self.set_log_level)(config.log.level);
        self.publisher.reconfigure(&config, self.config_file.is_of_this_machine());
        self.collector.reconfigure(config);
        self.publisher.attend(self.collector.lan());
        if interval_changes {
            self.schedules = schedules(&self.collector, now);
        }
        self.schedules.set_pass_interval(self.collector.pass_interval(), now);
        info!("configuration read again");
        Ok(())
    }
}

fn schedules(collector: &Collector, now: Now) -> Schedules {
    Schedules::new(collector.config().interval.duration(), collector.pass_interval(), now)
}

/// Whether a snapshot of `interval` is due.
fn is_of_interval(due: Due) -> bool {
    matches!(due, Due::Snapshot(_, clocks) if clocks.includes(measurements::Clock::Interval))
}

#[cfg(test)]
mod tests;
