//! The owner's program that is told of alerts, run by the real daemon.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test's failure is a panic")]

#[path = "support/sample.rs"]
mod sample;

use std::fs::{self, Permissions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sample::Sample;

const PROGRAM: &str = env!("CARGO_BIN_EXE_conntrack-exporter");
/// Longer than anything here takes, and shorter than anybody waits.
const PATIENCE: Duration = Duration::from_secs(60);

/// A daemon on the sample household, in which everybody has too many connections.
struct Daemon {
    child: Child,
}

impl Daemon {
    fn start(sample: &Sample, command: &str) -> Self {
        let config = sample.config();
        let text = format!(
            "interval = \"1s\"\nsystem.nstat = false\n[alerts]\ncommand = \"{command}\"\n\
             [alerts.connections_high]\nconnections = 0.5\nconnections_others = 0.5\nfor = \"0s\"\n"
        );
        fs::write(&config, text).unwrap();
        let mut daemon = Command::new(PROGRAM);
        daemon.arg("--config").arg(config).arg("--root").arg(sample.root()).arg("--stdout");
        let child = daemon.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        Self { child }
    }

    /// Has it end, and gives how long that took.
    fn stop(mut self) -> Duration {
        let begun = Instant::now();
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), Signal::SIGTERM).unwrap();
        assert!(self.child.wait().unwrap().success());
        begun.elapsed()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

/// A program of the owner's, which anybody may run. Another process writes it: one that this one held open for writing can't
/// be run while another test starts a process.
fn program(sample: &Sample, text: &str) -> String {
    fs::set_permissions(&**sample, Permissions::from_mode(0o777)).unwrap();
    let path = sample.join("program");
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", "cat >\"$0\" && chmod 755 \"$0\""]).arg(&path).stdin(Stdio::piped());
    let mut shell = shell.spawn().unwrap();
    let text = text.replace("HERE", sample.to_str().unwrap());
    shell.stdin.take().unwrap().write_all(format!("#!/bin/sh\n{text}\n").as_bytes()).unwrap();
    assert!(shell.wait().unwrap().success());
    path.to_str().unwrap().to_owned()
}

fn until<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        match found() {
            Some(found) => return found,
            None if begun.elapsed() > PATIENCE => panic!("{what} never came"),
            None => sleep(Duration::from_millis(20)),
        }
    }
}

#[test]
fn it_is_told_of_every_device_that_is_in_alert() {
    let sample = Sample::new("alert-told");
    let line =
        "printf '%s\\n' \"$CONNTRACK_EXPORTER_RULE $CONNTRACK_EXPORTER_FIRING $CONNTRACK_EXPORTER_DEVICE\"";
    let command = program(&sample, &format!("{line} >>HERE/out"));
    let daemon = Daemon::start(&sample, &command);
    until("every alert", || {
        let text = fs::read_to_string(sample.join("out")).ok()?;
        let has = |device: &str| text.lines().any(|line| line == format!("connections_high 1 {device}"));
        ["Living Room TV", "laptop", "router"].into_iter().all(has).then_some(())
    });
    drop(daemon);
}

/// The state of a process, as `/proc` tells it; `None` once it is gone.
fn state(pid: &str) -> Option<char> {
    let status = fs::read_to_string(Path::new("/proc").join(pid).join("stat")).ok()?;
    status.rsplit(") ").next()?.chars().next()
}

#[test]
fn the_daemon_ends_at_once_while_it_runs_and_takes_it_along() {
    let sample = Sample::new("alert-stop");
    let command = program(&sample, "sleep 1000 & echo $! >HERE/new; mv HERE/new HERE/pid; wait");
    let daemon = Daemon::start(&sample, &command);
    let pid = until("the program", || fs::read_to_string(sample.join("pid")).ok());
    let took = daemon.stop();
    assert!(took < Duration::from_secs(10), "{took:?}: it was waited for");
    // Gone, or a zombie that nobody has asked for yet.
    until("the end of what it has started", || matches!(state(pid.trim()), None | Some('Z')).then_some(()));
}
