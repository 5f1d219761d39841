//! The program under test, as a process in the router's namespace.

use std::fs::{self, File};
use std::io::PipeWriter;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::household::Household;
use crate::lines::parse;
use crate::snapshot::Snapshot;
use crate::wait::until;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_conntrack-exporter");

/// How long it may take to stop: a second is promised, a busy machine may take more of its own.
const STOPPED_WITHIN: Duration = Duration::from_secs(5);

/// Writes a configuration that sends to `telegraf` every second, with `more` behind it, and says where it is.
pub(crate) fn configure(home: &Household, telegraf: &str, more: &str) -> PathBuf {
    configure_every("1s", home, telegraf, more)
}

/// The same with another interval.
pub(crate) fn configure_every(interval: &str, home: &Household, telegraf: &str, more: &str) -> PathBuf {
    let path = home.file("conntrack-exporter.toml");
    let leases = home.leases();
    let leases = leases.display();
    let text = format!(
        "interval = \"{interval}\"\ntimestamps = \"always\"\ntelegraf.address = \"{telegraf}\"\n\
         devices.leases = [\"{leases}\"]\nlog.level = \"debug\"\n{more}\n"
    );
    fs::write(&path, text).expect("writing the configuration");
    path
}

/// The program with a configuration.
pub(crate) fn command(program: &Path, config: &Path) -> Command {
    let mut command = Command::new(program);
    command.arg("--config").arg(config).stdin(Stdio::null());
    command
}

/// What `once` prints in the router's namespace.
pub(crate) fn once(home: &Household, config: &Path) -> Snapshot {
    let mut command = command(Path::new(PROGRAM), config);
    let child = home.router.spawn(command.arg("once").stdout(Stdio::piped()).stderr(Stdio::piped()));
    let output = child.wait_with_output().expect("a child that was just started");
    assert!(output.status.success(), "once: {}", String::from_utf8_lossy(&output.stderr));
    Snapshot::new(parse(&output.stdout).unwrap_or_else(|why| panic!("{why}")))
}

/// The running daemon; killed when dropped.
pub(crate) struct Exporter {
    child: Child,
    output: PathBuf,
    errors: PathBuf,
}

impl Exporter {
    /// Starts the daemon in the router's namespace.
    pub(crate) fn start(home: &Household, config: &Path) -> Self {
        Self::run(home, &mut command(Path::new(PROGRAM), config))
    }

    /// Starts the daemon for a receiver, with the plainest configuration.
    pub(crate) fn sending_to(home: &Household, telegraf: SocketAddr) -> Self {
        Self::start(home, &configure(home, &telegraf.to_string(), ""))
    }

    /// Starts the daemon by a command of one's own.
    pub(crate) fn run(home: &Household, command: &mut Command) -> Self {
        let (output, errors) = (home.file("output"), home.file("errors"));
        let (stdout, stderr) = (created(&output), created(&errors));
        Self::spawn(home, command.stdout(stdout).stderr(stderr), output, errors)
    }

    /// Starts the daemon with a standard output of one's own.
    pub(crate) fn writing_to(home: &Household, command: &mut Command, stdout: Stdio) -> Self {
        let errors = home.file("errors");
        Self::spawn(home, command.stdout(stdout).stderr(created(&errors)), nowhere(), errors)
    }

    /// Starts the daemon with a standard error of one's own.
    pub(crate) fn warning_to(home: &Household, command: &mut Command, stderr: PipeWriter) -> Self {
        let output = home.file("output");
        Self::spawn(home, command.stdout(created(&output)).stderr(stderr), output, nowhere())
    }

    /// Starts the daemon with both streams on one pipe.
    pub(crate) fn logging_to(home: &Household, command: &mut Command, log: &PipeWriter) -> Self {
        let [stdout, stderr] = [log.try_clone(), log.try_clone()].map(|log| log.expect("the pipe once more"));
        Self::spawn(home, command.stdout(stdout).stderr(stderr), nowhere(), nowhere())
    }

    fn spawn(home: &Household, command: &mut Command, output: PathBuf, errors: PathBuf) -> Self {
        let child = home.router.spawn(command);
        // The command would hold the other end of a pipe open.
        command.stdout(Stdio::null()).stderr(Stdio::null());
        Self { child, output, errors }
    }

    /// What it has written to standard output so far.
    pub(crate) fn output(&self) -> String {
        fs::read_to_string(&self.output).expect("its output")
    }

    /// What it has written to standard error so far.
    pub(crate) fn errors(&self) -> String {
        fs::read_to_string(&self.errors).expect("its errors")
    }

    /// Waits for a message on standard error.
    pub(crate) fn await_error(&self, part: &str) -> String {
        until(part, || Some(self.errors()).filter(|errors| errors.contains(part)))
    }

    /// How many snapshots it has handed over, to whatever end.
    pub(crate) fn ticks(&self) -> usize {
        self.output().matches("snapshot of ").count()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(self.pid(), signal).expect("a running process");
    }

    /// Whether it has the connection table open right now.
    pub(crate) fn is_reading(&self) -> bool {
        let files = fs::read_dir(format!("/proc/{}/fd", self.pid())).into_iter().flatten().flatten();
        files.filter_map(|file| fs::read_link(file.path()).ok()).any(|file| file.ends_with("nf_conntrack"))
    }

    /// The most memory that it has held so far, in KiB.
    pub(crate) fn peak(&self) -> u64 {
        self.status("VmHWM:")
    }

    /// A figure that the kernel has of it.
    fn status(&self, key: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).expect("a running process");
        let line = status.lines().find_map(|line| line.strip_prefix(key));
        let figure = line.and_then(|line| line.split_whitespace().next());
        figure.and_then(|figure| figure.parse().ok()).expect("a figure")
    }

    /// Ends it by a signal and insists that it ends well, and soon. Says how long it took.
    pub(crate) fn end(mut self, signal: Signal) -> Duration {
        let begun = Instant::now();
        self.signal(signal);
        self.insist_on_a_good_end();
        let took = begun.elapsed();
        assert!(took < STOPPED_WITHIN, "{signal} took {took:?}");
        took
    }

    /// Insists that it has neither ended nor panicked, which ends only what is built for a router.
    pub(crate) fn insist_that_it_runs(&mut self) {
        let (ended, errors) = (self.child.try_wait().expect("a child of ours"), self.errors());
        assert!(ended.is_none() && !errors.contains("panicked"), "{ended:?}: {errors}");
    }

    /// How often it has waited for anything so far.
    pub(crate) fn sleeps(&self) -> u64 {
        self.status("voluntary_ctxt_switches:")
    }

    /// Whether it has come so far that `signal` does not end it.
    pub(crate) fn hears(&self, signal: Signal) -> bool {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).expect("a running process");
        let bit = 1 << (signal as u64 - 1);
        status
            .lines()
            .filter_map(|line| line.strip_prefix("SigCgt:").or(line.strip_prefix("SigBlk:")))
            .any(|mask| u64::from_str_radix(mask.trim(), 16).is_ok_and(|mask| mask & bit != 0))
    }

    /// Waits until it has ended by itself, and well.
    pub(crate) fn insist_on_a_good_end(&mut self) {
        self.insist_on_an_end(0);
    }

    /// Waits until it has ended by itself with this exit code.
    pub(crate) fn insist_on_an_end(&mut self, code: i32) {
        let status = until("the end of the daemon", || self.child.try_wait().expect("a child of ours"));
        assert_eq!(status.code(), Some(code), "{status}: {}", self.errors());
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).unwrap_or(i32::MAX))
    }
}

fn created(path: &Path) -> File {
    File::create(path).expect("a file for what it says")
}

/// The place of what a test reads itself.
fn nowhere() -> PathBuf {
    PathBuf::from("/dev/null")
}

impl Drop for Exporter {
    fn drop(&mut self) {
        // Both fail if it has ended, which is all right.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
