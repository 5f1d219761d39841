//! `alerts.command`: a program of the owner's that is run when an alert begins, changes or ends.
//!
//! It is run as whoever the daemon is, by its path and without a shell, in a process group of its own, with nothing to read
//! and nobody who hears what it writes. What happened is in its environment, and nothing else but `PATH` is. One runs at a
//! time; those that wait are bounded, and what takes too long is killed with all that it has started.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::pending;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep_until};
use tracing::{info, warn};

use super::AlertEvent;
use crate::edge_log::EdgeLog;
use crate::wording::counted;

/// How long one may run.
pub const RUNS_AT_MOST: Duration = Duration::from_secs(10);
/// So many alerts wait at most; the oldest goes first.
const WAITING_AT_MOST: usize = 64;
/// Where its own programs are looked for.
const PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";

/// Runs the owner's program, once for each alert.
#[derive(Debug)]
pub struct CommandRunner {
    program: Option<PathBuf>,
    runs_at_most: Duration,
    waiting: VecDeque<AlertEvent>,
    running: Option<Running>,
    failing: EdgeLog,
    late: EdgeLog,
    /// Alerts that it was not told of.
    pub lost: u64,
}

/// One that runs.
#[derive(Debug)]
struct Running {
    child: Child,
    /// Its number, which is that of its group.
    group: Option<Pid>,
    /// When it is killed; `None` once it is.
    ends: Option<Instant>,
}

/// How one ended.
#[derive(Debug)]
enum Ended {
    /// By itself.
    With(ExitStatus),
    /// It had to be killed.
    TooLate,
    /// That can't be told.
    Unknown(io::Error),
}

impl CommandRunner {
    /// Runs `program`, if there is one, each time for `runs_at_most`.
    pub fn new(program: Option<&Path>, runs_at_most: Duration) -> Self {
        Self {
            program: program.map(Path::to_path_buf),
            runs_at_most,
            waiting: VecDeque::new(),
            running: None,
            failing: EdgeLog::default(),
            late: EdgeLog::default(),
            lost: 0,
        }
    }

    /// Takes over another configuration. One that runs goes on.
    pub fn reconfigure(&mut self, program: Option<&Path>) {
        if self.program.as_deref() != program {
            self.program = program.map(Path::to_path_buf);
            self.failing = EdgeLog::default();
        }
    }

    /// Has it told of these, one after the other.
    pub fn push(&mut self, events: Vec<AlertEvent>) {
        if self.program.is_none() {
            return;
        }
        self.waiting.extend(events);
        let surplus = self.waiting.len().saturating_sub(WAITING_AT_MOST);
        if surplus > 0 {
            self.waiting.drain(..surplus);
            let surplus = u64::try_from(surplus).unwrap_or(u64::MAX);
            self.lost = self.lost.saturating_add(surplus);
            if self.late.begins() {
                let lost = counted(self.lost, "alert", "alerts");
                warn!("alerts.command is too slow: it was not told of {lost} so far");
            }
        }
    }

    /// Runs it as long as there is anything to tell. It never ends; whoever drops it may call it again.
    pub async fn attend(&mut self) -> Infallible {
        loop {
            match &mut self.running {
                Some(running) => {
                    let ended = running.end().await;
                    self.running = None;
                    self.note(ended);
                }
                None => match self.waiting.pop_front() {
                    Some(event) => self.start(&event),
                    None => pending().await,
                },
            }
        }
    }

    fn start(&mut self, event: &AlertEvent) {
        let Some(program) = &self.program else { return };
        match spawn(program, event) {
            Ok(child) => {
                let group = child.id().and_then(|id| i32::try_from(id).ok()).map(Pid::from_raw);
                self.running = Some(Running { child, group, ends: Some(Instant::now() + self.runs_at_most) });
            }
            Err(error) => self.note(Ended::Unknown(error)),
        }
    }

    /// Says when it begins and ceases to fail.
    fn note(&mut self, ended: Ended) {
        let Some(program) = self.program.as_ref().map(|program| program.display()) else { return };
        let why = match ended {
            Ended::With(status) if status.success() => {
                if self.failing.ends() {
                    info!("alerts.command: {program} works again");
                }
                if self.waiting.is_empty() {
                    self.late.ends();
                }
                return;
            }
            Ended::With(status) => format!("it ended with {status}"),
            Ended::TooLate => {
                format!("it ran for more than {} s and was killed", self.runs_at_most.as_secs())
            }
            Ended::Unknown(error) => error.to_string(),
        };
        if self.failing.begins() {
            warn!("alerts.command: {program}: {why}; this is told once, until it works again");
        }
    }
}

impl Running {
    /// Waits for its end, and sees to it that there is one. May be dropped and called again.
    async fn end(&mut self) -> Ended {
        if let Some(ends) = self.ends {
            tokio::select! {
                biased;
                status = self.child.wait() => return status.map_or_else(Ended::Unknown, Ended::With),
                () = sleep_until(ends) => {}
            }
            self.ends = None;
            self.kill();
        }
        match self.child.wait().await {
            Ok(_) => Ended::TooLate,
            Err(error) => Ended::Unknown(error),
        }
    }

    /// Kills it with all that it has started. Only until its end was heard of: then its number may be another's.
    fn kill(&self) {
        if let Some(group) = self.group.filter(|_| self.child.id().is_some()) {
            let _ = killpg(group, Signal::SIGKILL);
        }
    }
}

/// Whoever stops doesn't leave it behind.
impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

fn spawn(program: &Path, event: &AlertEvent) -> io::Result<Child> {
    let mut command = Command::new(program);
    command.env_clear().env("PATH", PATH).envs(environment(event)).current_dir("/").process_group(0);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()
}

/// What it is told; what isn't known is not there.
fn environment(event: &AlertEvent) -> impl Iterator<Item = (&'static str, String)> {
    let AlertEvent { device, rule, severity, firing, value, threshold, since, message } = event;
    let told = [
        ("CONNTRACK_EXPORTER_DEVICE", Some(device.to_string())),
        ("CONNTRACK_EXPORTER_RULE", Some((*rule).to_owned())),
        ("CONNTRACK_EXPORTER_SEVERITY", Some(severity.name().to_owned())),
        ("CONNTRACK_EXPORTER_FIRING", Some(u8::from(*firing).to_string())),
        ("CONNTRACK_EXPORTER_VALUE", value.map(|value| value.to_string())),
        ("CONNTRACK_EXPORTER_THRESHOLD", threshold.map(|threshold| threshold.to_string())),
        ("CONNTRACK_EXPORTER_SINCE", since.map(|since| since.to_string())),
        ("CONNTRACK_EXPORTER_MESSAGE", Some(message.to_string())),
    ];
    told.into_iter().filter_map(|(name, value)| Some((name, value?)))
}

#[cfg(test)]
mod tests;
