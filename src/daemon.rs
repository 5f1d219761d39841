//! The clockwork: ticks, reload, shutdown. The only reader of clocks.

pub mod clock;
pub mod schedule;

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::timeout;
use tracing::{debug, error, info, warn};

use crate::collector::Collector;
use crate::config::{Config, ConfigError, Timestamps};
use crate::edge_log::EdgeLog;
use crate::encode::line_protocol::Lines;
use crate::outputs::telegraf::{Delivery, Telegraf};
use crate::privileges::RestartNeededError;
use crate::root::Root;
use crate::series::point::Point;
use clock::{Evidence, Verdict};
use schedule::{Due, Now, Schedule};

/// The longest sleep: the wall clock is looked at again after it, for somebody may have set it.
const ASLEEP_AT_MOST: Duration = Duration::from_mins(1);

/// Where the configuration comes from, at the start and at every reload.
#[derive(Clone, Debug)]
pub struct ConfigFile {
    /// The file that the user named; it must exist.
    pub named: Option<PathBuf>,
    /// The file that is read otherwise, if it exists.
    pub default: PathBuf,
}

impl ConfigFile {
    /// Which of the two it is.
    pub fn path(&self) -> &Path {
        self.named.as_ref().unwrap_or(&self.default)
    }

    /// Reads and validates it.
    pub fn read(&self) -> Result<Config, ConfigError> {
        Config::read(self.named.as_deref(), &self.default)
    }
}

/// Where snapshots go.
#[derive(Debug)]
pub enum Output {
    /// To Telegraf, by UDP.
    Telegraf(Telegraf),
    /// To standard output, which Telegraf's `execd` input reads.
    Stdout(tokio::io::Stdout),
}

impl Output {
    /// To the Telegraf of `config`.
    pub fn telegraf(config: &Config) -> Self {
        let address = &config.telegraf.address;
        Self::Telegraf(Telegraf::new(address.host(), address.port()))
    }
}

/// Reads both clocks: the real ones, or a test's.
pub type Clocks = Box<dyn Fn() -> io::Result<Now>>;

/// Reads what the machine says of its clock.
pub type ReadEvidence = Box<dyn Fn(Now) -> Evidence>;

/// Sets what is logged from now on.
pub type SetLogLevel = Box<dyn Fn(crate::config::LogLevel)>;

/// Tells what a configuration needs that was given up at the start.
pub type Lacks = Box<dyn Fn(&Config) -> Option<RestartNeededError>>;

/// The signals that the daemon hears.
#[derive(Debug)]
pub struct Signals {
    /// `SIGHUP`: read the configuration again.
    pub hangup: Signal,
    /// `SIGINT`: stop.
    pub interrupt: Signal,
    /// `SIGTERM`: stop.
    pub terminate: Signal,
}

impl Signals {
    /// Hears them from now on; within a runtime.
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            hangup: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }
}

/// The daemon.
pub struct Daemon {
    observer: Collector,
    schedule: Schedule,
    verdict: Verdict,
    output: Output,
    lines: Lines,
    config_file: ConfigFile,
    clocks: Clocks,
    evidence: Option<ReadEvidence>,
    set_log_level: SetLogLevel,
    lacks: Lacks,
    table: EdgeLog,
    late: EdgeLog,
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
    pub output: Output,
    /// The clocks.
    pub clocks: Clocks,
    /// What the machine says of its clock; `None` if that is to be believed as it is.
    pub evidence: Option<ReadEvidence>,
    /// The date before which no clock is right, in time since 1970.
    pub built: Option<Duration>,
    /// What a reload does with `log.level`.
    pub set_log_level: SetLogLevel,
    /// What a reload may not ask for.
    pub lacks: Lacks,
}

impl Daemon {
    /// Puts the parts together; reads the clocks, and nothing else yet.
    pub fn new(parts: Parts) -> io::Result<Self> {
        let Parts { config, config_file, root, output, clocks, evidence, built, set_log_level, lacks } =
            parts;
        let now = clocks()?;
        Ok(Self {
            schedule: Schedule::new(config.interval.duration(), now),
            verdict: Verdict::new(built, now),
            observer: Collector::new(config, &root, now.wall.as_secs()),
            output,
            lines: Lines::default(),
            config_file,
            clocks,
            evidence,
            set_log_level,
            lacks,
            table: EdgeLog::default(),
            late: EdgeLog::default(),
        })
    }

    /// Runs until a signal ends it, or standard output is closed.
    pub async fn run(mut self, signals: Signals) -> io::Result<()> {
        let Signals { mut hangup, mut interrupt, mut terminate } = signals;
        tokio::select! {
            biased;
            _ = terminate.recv() => {
                info!("stopping");
                Ok(())
            }
            _ = interrupt.recv() => {
                info!("stopping");
                Ok(())
            }
            ended = self.live(&mut hangup) => match ended {
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                    info!("standard output is closed: stopping");
                    Ok(())
                }
                ended => ended,
            },
        }
    }

    /// Ticks for ever; ends only when there is nowhere left to write to.
    async fn live(&mut self, hangup: &mut Signal) -> io::Result<()> {
        self.announce((self.clocks)()?);
        loop {
            let now = (self.clocks)()?;
            let mut asleep_at_most = ASLEEP_AT_MOST;
            if let Output::Telegraf(telegraf) = &mut self.output {
                telegraf.resolve(now.boot).await;
                asleep_at_most = telegraf.attention_within().unwrap_or(ASLEEP_AT_MOST);
            }
            let clock_set = self.clock_is_set(now);
            let due = self.schedule.poll(now);
            self.count_skipped(due);
            match due {
                Due::Snapshot(instant) => self.tick(instant, now.boot, clock_set).await?,
                Due::In(time) => {
                    if let Ok(Some(())) = timeout(time.min(asleep_at_most), hangup.recv()).await {
                        self.reload()?;
                    }
                }
            }
        }
    }

    fn announce(&self, now: Now) {
        let config = self.observer.config();
        let target = match &self.output {
            Output::Telegraf(telegraf) => telegraf.to_string(),
            Output::Stdout(_) => "standard output".to_owned(),
        };
        let first = self.schedule.next().saturating_sub(now.wall);
        info!(
            "conntrack-exporter {}: a snapshot every {} to {target}, the first in {}.{} s",
            env!("CARGO_PKG_VERSION"),
            config.interval,
            first.as_secs(),
            first.subsec_millis() / 100
        );
    }

    fn clock_is_set(&mut self, now: Now) -> bool {
        self.evidence.as_ref().is_none_or(|read| self.verdict.is_set(now, || read(now)))
    }

    fn count_skipped(&mut self, due: Due) {
        let skipped = self.schedule.take_skipped();
        self.observer.totals.ticks_skipped += skipped;
        if skipped > 0 && self.late.begins() {
            warn!(
                "{skipped} ticks were missed: the machine slept or was too busy; more are counted in ticks_skipped"
            );
        } else if skipped == 0 && matches!(due, Due::Snapshot(_)) && self.late.ends() {
            info!("ticks are in time again");
        }
    }

    /// Takes the snapshot of `instant` and hands it over.
    async fn tick(&mut self, instant: Duration, boot: Duration, clock_set: bool) -> io::Result<()> {
        let points = match self.observer.snapshot(boot, clock_set).await {
            Ok(points) => points,
            Err(error) => {
                self.observer.totals.ticks_skipped += 1;
                if self.table.begins() {
                    error!("{error}; no snapshots until that changes");
                }
                return Ok(());
            }
        };
        if self.table.ends() {
            info!("the connection table can be read again");
        }
        let timestamp = timestamp(self.observer.config().timestamps, instant, clock_set);
        write_lines(&mut self.lines, &points, timestamp);
        self.hand_over(&points).await
    }

    async fn hand_over(&mut self, points: &[Point]) -> io::Result<()> {
        match &mut self.output {
            Output::Stdout(stdout) => {
                let written = async {
                    stdout.write_all(self.lines.text()).await?;
                    stdout.flush().await
                };
                written.await.map_err(|error| {
                    io::Error::new(error.kind(), format!("writing to standard output: {error}"))
                })?;
                self.observer.confirm(points, |_| true, false);
                debug!("snapshot of {} points written", points.len());
            }
            Output::Telegraf(telegraf) => {
                if self.observer.take_moved() {
                    telegraf.renew();
                }
                let max = self.observer.config().telegraf.max_datagram.bytes();
                let datagrams = self.lines.datagrams(max).map(|(_, datagram)| datagram);
                let delivery = telegraf.send(datagrams).await;
                self.take_note(points, &delivery, max);
            }
        }
        Ok(())
    }

    fn take_note(&mut self, points: &[Point], delivery: &Delivery, max: usize) {
        self.observer.totals.datagrams_sent += delivery.taken;
        self.observer.totals.send_errors += delivery.errors;
        let mut delivered = vec![false; points.len()];
        for ((lines, _), arrived) in self.lines.datagrams(max).zip(&delivery.delivered) {
            if let Some(lines) = delivered.get_mut(lines) {
                lines.fill(*arrived);
            }
        }
        self.observer.confirm(points, |place| delivered.get(place) == Some(&true), delivery.doubt);
        debug!("snapshot of {} points: {} datagrams taken", points.len(), delivery.taken);
    }

    /// Reads the configuration again; a bad one changes nothing.
    fn reload(&mut self) -> io::Result<()> {
        let read = self.config_file.read();
        // Of a file that can't be read, the running configuration tells whether it could be after a restart.
        let lack = match &read {
            Ok(config) => (self.lacks)(config),
            Err(ConfigError::Unreadable { .. }) => (self.lacks)(self.observer.config()),
            Err(ConfigError::Invalid { .. }) => None,
        };
        let config = match (read, lack) {
            (Ok(config), None) => config,
            (refused, lack) => {
                let error = refused.err().map(|error| error.to_string());
                let why: Vec<_> = error.into_iter().chain(lack.map(|lack| lack.to_string())).collect();
                self.observer.totals.reload_errors += 1;
                error!("{}; the running configuration is kept", why.join("; "));
                return Ok(());
            }
        };
        let old = self.observer.config();
        if config.interval != old.interval {
            self.schedule = Schedule::new(config.interval.duration(), (self.clocks)()?);
        }
        if config.telegraf.address != old.telegraf.address && matches!(self.output, Output::Telegraf(_)) {
            self.output = Output::telegraf(&config);
        }
        (self.set_log_level)(config.log.level);
        self.observer.reconfigure(config);
        info!("configuration read again");
        Ok(())
    }
}

/// Writes every point as a line, all with one timestamp.
pub fn write_lines(lines: &mut Lines, points: &[Point], timestamp: Option<i64>) {
    lines.clear();
    for point in points {
        lines.push(point, timestamp);
    }
}

/// What points of the snapshot of `instant` are stamped with, in nanoseconds since 1970.
pub fn timestamp(timestamps: Timestamps, instant: Duration, clock_set: bool) -> Option<i64> {
    let stamped = match timestamps {
        Timestamps::Auto => clock_set,
        Timestamps::Always => true,
        Timestamps::Never => false,
    };
    i64::try_from(instant.as_nanos()).ok().filter(|_| stamped)
}

#[cfg(test)]
mod tests;
