//! Lines on standard output.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Write, pipe};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::pty::{PtyMaster, grantpt, openpty, posix_openpt, ptsname_r, unlockpt};
use nix::sys::signal::Signal;

use crate::connections::{at, established, listen};
use crate::exporter::{Exporter, PROGRAM, command, configure};
use crate::household::{Household, INTERNET};
use crate::lines::parse;
use crate::snapshot::{Snapshot, counts};
use crate::wait::until;

/// Reads up to the end of a snapshot.
pub(crate) fn read_snapshot(pipe: &mut impl BufRead) -> Snapshot {
    let mut text = Vec::new();
    loop {
        let begin = text.len();
        assert!(pipe.read_until(b'\n', &mut text).expect("an open pipe") > 0, "the pipe was closed");
        if text.get(begin..).is_some_and(|line| line.starts_with(b"conntrack_exporter,")) {
            return Snapshot::new(parse(&text).unwrap_or_else(|why| panic!("{why}")));
        }
    }
}

#[test]
fn standard_output_is_written_at_every_tick_until_it_is_closed() {
    let home = Household::new("stdout");
    let server = listen(&home.internet, at(INTERNET, 443));
    let _connection = established(&home.nas, at(INTERNET, 443), &server);
    let config = configure(&home, "127.0.0.1:8094", "");
    let (reader, writer) = pipe().expect("a pipe");
    let mut command = command(Path::new(PROGRAM), &config);
    let mut exporter = Exporter::writing_to(&home, command.arg("--stdout"), writer.into());
    // The command holds the other end open for writing as well.
    drop(command);
    // What is called written must be there to read: a buffer would keep it until a later tick fills that.
    fcntl(reader.as_fd(), FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).expect("a reader that doesn't wait");
    let mut reader = BufReader::new(reader);
    for sequence in 1..=3 {
        let written = || exporter.errors().matches("snapshot of ").count() >= sequence;
        until("a snapshot that was written", || written().then_some(()));
        let snapshot = read_snapshot(&mut reader);
        assert_eq!(usize::try_from(snapshot.figure("sequence")), Ok(sequence));
        assert_eq!(snapshot.counts(), counts(&[("nas", "tcp", "ESTABLISHED", 1)]));
    }
    drop(reader);
    exporter.insist_on_a_good_end();
    // As Telegraf's execd input wants its messages marked.
    exporter.await_error("\nI! standard output is closed: stopping\n");
}

#[test]
fn a_file_and_a_terminal_are_written_as_well() {
    let home = Household::new("stdoutkinds");
    let config = configure(&home, "127.0.0.1:8094", "");
    let path = home.file("lines");
    let file = File::create(&path).expect("a file");
    let mut to_file = command(Path::new(PROGRAM), &config);
    let exporter = Exporter::writing_to(&home, to_file.arg("--stdout"), file.into());
    let snapshots = |text: &str| text.matches("\nconntrack_exporter,").count();
    until("two snapshots", || (snapshots(&fs::read_to_string(&path).expect("lines")) >= 2).then_some(()));
    exporter.end(Signal::SIGTERM);
    assert!(parse(&fs::read(&path).expect("lines")).is_ok());

    let terminal = openpty(None, None).expect("a terminal");
    let mut to_terminal = command(Path::new(PROGRAM), &config);
    let exporter = Exporter::writing_to(&home, to_terminal.arg("--stdout"), terminal.slave.into());
    let mut reader = BufReader::new(File::from(terminal.master));
    let mut lines = String::new();
    while snapshots(&lines) < 2 {
        reader.read_line(&mut lines).expect("an open terminal");
    }
    assert!(parse(lines.replace("\r\n", "\n").as_bytes()).is_ok(), "{lines}");
    // From here on nobody reads what it shows.
    let handed_over = || exporter.errors().matches("snapshot of ").count();
    let before = handed_over();
    until("two more", || (handed_over() >= before + 2).then_some(()));
    exporter.end(Signal::SIGTERM);
}

/// The configuration of a daemon that says so when it takes its first snapshot, ahead of writing it.
fn configure_saying_so(home: &Household) -> PathBuf {
    configure(home, "127.0.0.1:8094", &format!("devices.registry = \"{}\"", home.file("").display()))
}

/// Waits until it is writing its first snapshot, which takes it for ever: again and again it looks for room. One that
/// does not get stuck would sleep once a second, and say that it has written.
fn insist_that_it_is_stuck(exporter: &Exporter) {
    exporter.await_error("can't be read: ");
    let before = exporter.sleeps();
    until("the daemon looking for room", || (exporter.sleeps() >= before + 10).then_some(()));
    assert!(!exporter.errors().contains("snapshot of "), "{}", exporter.errors());
}

#[test]
fn a_terminal_that_shows_nothing_does_not_hold_up_the_end() {
    let home = Household::new("stopped");
    let config = configure_saying_so(&home);
    let terminal = openpty(None, None).expect("a terminal");
    // By a description of its own, which is the only one that never waits.
    let again = format!("/proc/self/fd/{}", terminal.slave.as_raw_fd());
    let mut options = File::options();
    let mut filling =
        options.write(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(again).expect("it again");
    while filling.write(b"x").is_ok() {}
    let mut command = command(Path::new(PROGRAM), &config);
    let exporter = Exporter::writing_to(&home, command.arg("--stdout"), terminal.slave.into());
    insist_that_it_is_stuck(&exporter);
    exporter.end(Signal::SIGTERM);
    drop(terminal.master);
}

#[test]
fn a_reader_that_does_not_read_does_not_hold_up_the_end() {
    let home = Household::new("full");
    let config = configure_saying_so(&home);
    let (_reader, mut writer) = pipe().expect("a pipe");
    // All but a little of what a pipe holds.
    writer.write_all(&vec![b'\n'; 65_500]).expect("room in the pipe");
    let mut command = command(Path::new(PROGRAM), &config);
    let exporter = Exporter::writing_to(&home, command.arg("--stdout"), writer.into());
    insist_that_it_is_stuck(&exporter);
    exporter.end(Signal::SIGTERM);
}

/// A terminal that the daemon doesn't inherit the other end of: whoever shows it, and the terminal.
fn terminal_to_take_away() -> (PtyMaster, File) {
    let shows = posix_openpt(OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC).expect("a terminal");
    grantpt(&shows).and_then(|()| unlockpt(&shows)).expect("a terminal of ours");
    let path = ptsname_r(&shows).expect("its name");
    let terminal = OpenOptions::new().write(true).custom_flags(OFlag::O_NOCTTY.bits()).open(path);
    (shows, terminal.expect("the terminal"))
}

#[test]
fn a_terminal_that_has_gone_is_74() {
    let home = Household::new("vanished");
    let config = configure(&home, "127.0.0.1:8094", "");
    let (shows, terminal) = terminal_to_take_away();
    let mut command = command(Path::new(PROGRAM), &config);
    let mut exporter = Exporter::writing_to(&home, command.arg("--stdout"), terminal.into());
    exporter.await_error("snapshot of ");
    drop(shows);
    exporter.insist_on_an_end(74);
    exporter.await_error("conntrack-exporter: writing to standard output: Input/output error (os error 5)\n");
}
