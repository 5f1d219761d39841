//! A server of whatever kind: its process, its log, and what it has cost.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::Signal;
use procfs::process::Process;

use crate::place::Place;
use crate::programs::end;

/// A running server; killed when dropped.
pub(crate) struct Server {
    child: Option<Child>,
    log: PathBuf,
}

/// What a process has cost so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    pub(crate) cpu: Duration,
    /// Resident memory in MiB: now, and at most.
    pub(crate) resident: u64,
    pub(crate) peak: u64,
}

impl Server {
    /// Starts it; its log goes on in `directory`.
    pub(crate) fn start(place: &Place, directory: &Path, command: &mut Command) -> Self {
        let log = directory.join("log");
        let file = File::options().create(true).append(true).open(&log).expect("a file for a log");
        command.stdin(Stdio::null()).stdout(file.try_clone().expect("a file")).stderr(file);
        Self { child: Some(place.spawn(command)), log }
    }

    /// What it has logged, in all its lives.
    pub(crate) fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Ends it at once, as a power cut would.
    pub(crate) fn kill(&mut self) {
        end(&mut self.child, Signal::SIGKILL);
    }

    /// What it has cost in this life.
    pub(crate) fn cost(&self) -> Cost {
        cost(self.child.as_ref().expect("a running server").id())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// What a process has cost so far.
pub(crate) fn cost(pid: u32) -> Cost {
    let process = Process::new(i32::try_from(pid).expect("a process id")).expect("a process of ours");
    let (stat, status) = (process.stat().expect("its times"), process.status().expect("its memory"));
    let ticks = stat.utime + stat.stime;
    Cost {
        cpu: Duration::from_millis(ticks * 1000 / procfs::ticks_per_second()),
        resident: status.vmrss.unwrap_or_default() / 1024,
        peak: status.vmhwm.unwrap_or_default() / 1024,
    }
}

impl std::fmt::Display for Cost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { cpu, resident, peak } = self;
        write!(f, "{:.1} s of CPU, {resident} MiB resident, {peak} MiB at most", cpu.as_secs_f64())
    }
}
