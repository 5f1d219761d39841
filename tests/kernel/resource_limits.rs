//! Limits on what a user may hold (`setrlimit`): threads that can't be made, descriptors that can't be had.

use std::fs::{self, File};
use std::io::{BufReader, pipe};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::connections::at;
use crate::exporter::{Exporter, PROGRAM, configure};
use crate::household::Household;
use crate::log_pipe::full_pipe;
use crate::namespace::require;
use crate::piping::read_snapshot;
use crate::snapshot::Receiver;
use crate::wait::until;

/// One process of the user's and no more, which counts threads too. Root is never bound by it, so that the daemon must
/// be somebody else: nobody whom another test or service is.
const NO_THREAD: &str = "--nproc=1:1000";
const UID: u32 = 54321;
const USER: &str = "user = \"54321\"";
const TELEGRAF: &str = "localhost:8094";

/// The program with one limit of its own.
fn limited(limit: &str, config: &Path) -> Command {
    require("prlimit", "util-linux");
    let mut command = Command::new("prlimit");
    command.arg(limit).arg(PROGRAM).arg("--config").arg(config).stdin(Stdio::null());
    command
}

/// Lets it make threads after all.
fn lift_limit(exporter: &Exporter) {
    let mut lift = Command::new("prlimit");
    // As the user itself: of another's limits not even every root may change any.
    lift.args(["--pid", &exporter.pid().to_string(), "--nproc=1000:1000"]).uid(UID).gid(0);
    assert!(lift.status().is_ok_and(|status| status.success()), "lifting the limit");
}

fn output(home: &Household, command: &mut Command) -> Output {
    let child = home.router.spawn(command.stdout(Stdio::piped()).stderr(Stdio::piped()));
    child.wait_with_output().expect("a child that was just started")
}

#[test]
fn a_thread_that_can_not_be_made_is_a_name_not_resolved() {
    let home = Household::new("nothread");
    let receiver = Receiver::new(&home.router, at("127.0.0.1", 8094));
    let config = configure(&home, TELEGRAF, USER);
    let mut exporter = Exporter::run(&home, &mut limited(NO_THREAD, &config));
    until("three ticks", || {
        exporter.insist_that_it_runs();
        (exporter.ticks() >= 3).then_some(())
    });
    let said = exporter.await_error("sending to localhost:8094 fails: localhost is not resolved: no thread");
    assert_eq!(said.matches("fails").count(), 1, "said once, not at every tick: {said}");

    lift_limit(&exporter);
    let first = receiver.next();
    assert!(first.figure("sequence") > 3 && first.figure("send_errors") >= 3, "{first:#?}");
    until("the end of it in the log", || exporter.output().contains("works again").then_some(()));
    exporter.end(Signal::SIGTERM);
}

#[test]
fn check_tells_of_a_thread_that_can_not_be_made() {
    let home = Household::new("checknothread");
    let checked = output(&home, limited(NO_THREAD, &configure(&home, TELEGRAF, USER)).arg("check"));
    let said = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert_eq!(checked.status.code(), Some(0), "{checked:?}");
    assert!(said.contains("localhost:8094 can't be resolved, so nothing is sent yet: no thread"), "{said}");
    // An address needs none.
    let checked = output(&home, limited(NO_THREAD, &configure(&home, "127.0.0.1:8094", USER)).arg("check"));
    let said = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert!(said.contains("snapshots go to 127.0.0.1:8094 by UDP"), "{said}");
}

#[test]
fn standard_output_takes_no_thread() {
    let home = Household::new("stdoutnothread");
    let (reader, writer) = pipe().expect("a pipe");
    let mut command = limited(NO_THREAD, &configure(&home, TELEGRAF, USER));
    let mut exporter = Exporter::writing_to(&home, command.arg("--stdout"), writer.into());
    let mut reader = BufReader::new(reader);
    for sequence in 1..=3 {
        assert_eq!(read_snapshot(&mut reader).figure("sequence"), sequence);
    }
    drop(reader);
    exporter.insist_on_a_good_end();
}

#[test]
fn neither_a_thread_nor_a_log_that_is_read() {
    let home = Household::new("nothreadnolog");
    let telegraf = at("127.0.0.1", 8094);
    let receiver = Receiver::new(&home.router, telegraf);
    let (log, writer) = full_pipe();
    let config = configure(&home, TELEGRAF, USER);
    let mut exporter = Exporter::logging_to(&home, &mut limited(NO_THREAD, &config), &writer);
    drop(writer);
    until("a reload that would be heard", || {
        exporter.insist_that_it_runs();
        exporter.hears(Signal::SIGHUP).then_some(())
    });
    // By now it has read that it is to send to a name, and tries to resolve it before it reads that again. That can't be
    // done, of which nobody hears; an address needs no thread.
    configure(&home, &telegraf.to_string(), USER);
    exporter.signal(Signal::SIGHUP);
    let first = receiver.next().figure("sequence");
    for sequence in first + 1..=first + 3 {
        assert_eq!(receiver.next().figure("sequence"), sequence);
    }
    exporter.end(Signal::SIGTERM);
    drop(log);
}

#[test]
fn an_error_that_nobody_reads_ends_it_all_the_same() {
    let home = Household::new("nofilenolog");
    let config = configure(&home, "127.0.0.1:8094", "");
    let (log, writer) = full_pipe();
    let mut exporter = Exporter::logging_to(&home, &mut limited("--nofile=6:6", &config), &writer);
    exporter.insist_on_an_end(1);
    drop(log);
}

/// A daemon that may end at once, and both of its streams.
struct Limited {
    descriptors: u32,
    child: Child,
    log: PathBuf,
}

impl Limited {
    fn start(home: &Household, config: &Path, descriptors: u32) -> Self {
        let log = home.file(&format!("log-{descriptors}"));
        let file = File::create(&log).expect("a file for its log");
        let mut command = limited(&format!("--nofile={descriptors}:{descriptors}"), config);
        let stdout = file.try_clone().expect("the file once more");
        Self { descriptors, child: home.router.spawn(command.stdout(stdout).stderr(file)), log }
    }

    fn log(&self) -> String {
        fs::read_to_string(&self.log).expect("its log")
    }

    /// Waits until it has ended, or handed over a snapshot, or said that a file can't be opened.
    fn settle(&mut self) -> Option<ExitStatus> {
        until("an end, a snapshot or a word", || {
            let ended = self.child.try_wait().expect("a child of ours");
            let log = self.log();
            let said = ["snapshot of ", "open files"].iter().any(|part| log.contains(part));
            (ended.is_some() || said).then_some(ended)
        })
    }

    /// Lets it read its files once more, now that all that it keeps open is open, and waits until it has done so and handed
    /// over another snapshot, or said that a file can't be opened.
    fn read_again(&mut self) {
        self.signal(Signal::SIGHUP);
        until("a snapshot after a reload, or a word", || {
            assert!(self.child.try_wait().expect("a child of ours").is_none(), "ended: {}", self.log());
            let log = self.log();
            let reloaded = log.split_once("configuration read again");
            let over =
                log.contains("open files") || reloaded.is_some_and(|(_, rest)| rest.contains("snapshot of "));
            over.then_some(())
        });
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap_or(i32::MAX));
        kill(pid, signal).expect("a running process");
    }

    /// Insists that it works with everything that it reads, again and again, or says why not; and ends as it is asked to.
    fn insist(&mut self) {
        let (descriptors, ended) = (self.descriptors, self.settle());
        let status = ended.unwrap_or_else(|| {
            self.read_again();
            self.signal(Signal::SIGTERM);
            until("the end", || self.child.try_wait().expect("a child of ours"))
        });
        let log = self.log();
        says_what_is_missing(descriptors, status, &log);
        assert_eq!(status.success(), ended.is_none(), "{descriptors} descriptors: {status}: {log}");
        assert!(ended.is_some() || !log.contains("open files"), "{descriptors} descriptors: {log}");
    }
}

impl Drop for Limited {
    fn drop(&mut self) {
        // Both fail if it has ended, which is all right.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What ended with a failure has said why, and did not panic. With three descriptors not even the C library can be
/// loaded, which the loader says and ends with 127.
fn says_what_is_missing(descriptors: u32, status: ExitStatus, log: &str) {
    assert!(!log.contains("panicked"), "{descriptors} descriptors: {status}: {log}");
    assert!(matches!(status.code(), Some(0 | 1 | 78 | 127)), "{descriptors} descriptors: {status}: {log}");
    if status.code() != Some(0) {
        assert!(log.contains("open files") || status.code() == Some(127), "{descriptors} descriptors: {log}");
    }
}

#[test]
fn the_daemon_with_few_descriptors_works_or_says_why_not() {
    let home = Household::new("nofile");
    let config = configure(&home, "127.0.0.1:8094", "");
    let mut daemons: Vec<_> =
        (3..=20).map(|descriptors| Limited::start(&home, &config, descriptors)).collect();
    for daemon in &mut daemons {
        daemon.settle();
    }
    // So that it is read again.
    home.lease(&[]);
    for daemon in &mut daemons {
        daemon.insist();
    }
    let last = daemons.last().map(Limited::log).unwrap_or_default();
    assert!(last.contains("snapshot of "), "twenty are enough: {last}");
}

#[test]
fn one_snapshot_with_few_descriptors_is_whole_or_an_error() {
    let home = Household::new("nofileonce");
    let config = configure(&home, "127.0.0.1:8094", "");
    for descriptors in 3..=20 {
        let mut command = limited(&format!("--nofile={descriptors}:{descriptors}"), &config);
        let once = output(&home, command.arg("once"));
        let said = String::from_utf8_lossy(&once.stderr).into_owned();
        says_what_is_missing(descriptors, once.status, &said);
        assert_eq!(once.status.success(), !once.stdout.is_empty(), "{descriptors} descriptors: {once:?}");
    }
}

/// No file may grow: a signal would end whoever tries (`SIGXFSZ`), unless that is seen to.
const NO_ROOM: &str = "--fsize=0:0";

#[test]
fn lines_that_a_file_may_not_grow_by_are_74() {
    let home = Household::new("fsize");
    let config = configure(&home, "127.0.0.1:8094", "");
    let lines = || File::create(home.file("lines")).expect("a file");
    for arguments in [&["once"][..], &["--stdout"]] {
        let mut command = limited(NO_ROOM, &config);
        let child = home.router.spawn(command.args(arguments).stdout(lines()).stderr(Stdio::piped()));
        let ended = child.wait_with_output().expect("a child that was just started");
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!(ended.status.code(), Some(74), "{arguments:?}: {}: {said}", ended.status);
        let why = "conntrack-exporter: writing to standard output: File too large (os error 27)\n";
        assert!(said.ends_with(why), "{arguments:?}: {said}");
    }
}

#[test]
fn a_log_that_may_not_grow_ends_nothing() {
    let home = Household::new("fsizelog");
    let telegraf = at("127.0.0.1", 8094);
    let receiver = Receiver::new(&home.router, telegraf);
    let config = configure(&home, &telegraf.to_string(), "");
    let exporter = Exporter::run(&home, &mut limited(NO_ROOM, &config));
    for sequence in 1..=2 {
        assert_eq!(receiver.next().figure("sequence"), sequence);
    }
    exporter.end(Signal::SIGTERM);
}
