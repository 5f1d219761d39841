//! A log that nobody reads.

use std::fs;
use std::io::{BufRead, BufReader, PipeReader, PipeWriter, Write, pipe};
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver as Lines, channel};
use std::thread;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;

use crate::connections::at;
use crate::exporter::{Exporter, PROGRAM, command, configure};
use crate::household::Household;
use crate::snapshot::Receiver;
use crate::wait::{PATIENCE, until};

/// As much as a pipe takes in one piece once it is writable (`PIPE_BUF`, pipe(7)).
const PIECE: usize = 4096;

/// A pipe that is full: whoever writes waits until somebody reads.
pub(crate) fn full_pipe() -> (PipeReader, PipeWriter) {
    let (reader, mut writer) = pipe().expect("a pipe");
    while is_writable(&writer) {
        writer.write_all(&[b'\n'; PIECE]).expect("room in the pipe");
    }
    (reader, writer)
}

fn is_writable(pipe: &PipeWriter) -> bool {
    poll(&mut [PollFd::new(pipe.as_fd(), PollFlags::POLLOUT)], PollTimeout::ZERO).expect("a look at the pipe")
        > 0
}

/// Reads from now on, without being able to hang the test.
fn read_lines(pipe: PipeReader) -> Lines<String> {
    let (sender, lines) = channel();
    let mut read = BufReader::new(pipe).lines().map_while(Result::ok).filter(|line| !line.is_empty());
    let read = move || read.try_for_each(|line| sender.send(line));
    thread::Builder::new().spawn(read).expect("a thread");
    lines
}

/// Who receives the snapshots of a daemon whose log nobody reads, the pipe that it logs to, and the daemon.
fn logging_to_a_full_pipe(home: &Household) -> (Receiver, PipeReader, Exporter) {
    let telegraf = at("127.0.0.1", 8094);
    let receiver = Receiver::new(&home.router, telegraf);
    let (log, writer) = full_pipe();
    let config = configure(home, &telegraf.to_string(), "");
    let exporter = Exporter::logging_to(home, &mut command(Path::new(PROGRAM), &config), &writer);
    drop(writer);
    (receiver, log, exporter)
}

#[test]
fn a_log_that_nobody_reads_delays_no_tick_and_not_the_end() {
    let home = Household::new("fulllog");
    let (receiver, log, exporter) = logging_to_a_full_pipe(&home);
    for sequence in 1..=3 {
        assert_eq!(receiver.next().figure("sequence"), sequence);
    }
    exporter.end(Signal::SIGTERM);

    // What the pipe didn't take at once was kept, and given up at the end: nobody had read it by then.
    let lines = read_lines(log);
    assert!(lines.recv_timeout(PATIENCE).is_err(), "nothing, and then the end");
}

#[test]
fn what_was_kept_comes_as_soon_as_somebody_reads() {
    let home = Household::new("latelog");
    let (receiver, log, exporter) = logging_to_a_full_pipe(&home);
    receiver.next();
    let lines = read_lines(log);
    let next = || lines.recv_timeout(PATIENCE).expect("a line");
    let begun = [next(), next(), next()];
    assert!(begun[0].starts_with(" INFO runs as "), "{begun:?}");
    assert!(begun[1].contains("a snapshot every 1s to 127.0.0.1:8094"), "{begun:?}");
    assert!(begun[2].starts_with("DEBUG "), "{begun:?}");
    exporter.end(Signal::SIGTERM);
    let rest: Vec<_> = lines.iter().collect();
    assert_eq!(rest.last().map(String::as_str), Some(" INFO stopping"), "{rest:?}");
    assert!(rest.iter().all(|line| !line.contains(" lost: ")), "{rest:?}");
}

/// As [`configure`], and only errors are shown.
fn configure_errors_only(home: &Household, telegraf: &SocketAddr, more: &str) -> PathBuf {
    let path = configure(home, &telegraf.to_string(), more);
    let text = fs::read_to_string(&path).expect("the configuration");
    fs::write(&path, text.replace("\"debug\"", "\"error\"")).expect("writing the configuration");
    path
}

#[test]
fn lines_that_are_lost_are_counted_and_told_when_it_is_over() {
    let home = Household::new("lostlines");
    let telegraf = at("127.0.0.1", 8094);
    let receiver = Receiver::new(&home.router, telegraf);
    let (errors, writer) = full_pipe();
    let config = configure_errors_only(&home, &telegraf, "");
    let exporter = Exporter::warning_to(&home, &mut command(Path::new(PROGRAM), &config), writer);
    receiver.next();
    configure_errors_only(&home, &telegraf, "surplus = 1");
    // More than is kept.
    until("hundreds of refusals", || {
        exporter.signal(Signal::SIGHUP);
        let snapshot = receiver.within(Duration::from_millis(10));
        snapshot.filter(|snapshot| snapshot.figure("reload_errors") >= 300)
    });
    let refusals = receiver.fresh().figure("reload_errors");

    let lines = read_lines(errors);
    let mut kept = 0;
    let lost = until("the end of it", || {
        let line = lines.recv_timeout(PATIENCE).expect("a line");
        let line = line.strip_prefix("ERROR ").expect("an error, and the whole line");
        if line.contains(" lost: ") {
            return Some(line.to_owned());
        }
        let whole = line.ends_with("the running configuration is kept");
        assert!(whole, "{line}");
        kept += 1;
        None
    });
    let (lost, rest) = lost.split_once(' ').expect("words");
    assert_eq!(rest, format!("log lines were lost: nobody read them; since the start {lost}"));
    assert_eq!(lost.parse().ok(), Some(refusals - kept), "{kept} were kept of {refusals}");
    assert!(kept > 10, "{kept} were kept");

    // From now on all is as before.
    exporter.signal(Signal::SIGHUP);
    assert!(lines.recv_timeout(PATIENCE).expect("a line").starts_with("ERROR "));
    exporter.end(Signal::SIGTERM);
    assert!(lines.iter().next().is_none(), "told once");
}
