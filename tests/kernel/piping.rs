//! Lines on standard output.

use std::io::{BufRead, BufReader, Write, pipe};
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

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
    let mut reader = BufReader::new(reader);
    for sequence in 1..=3 {
        let snapshot = read_snapshot(&mut reader);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
        let instant = Duration::from_nanos(u64::try_from(snapshot.instant()).unwrap_or(0));
        let late = now.saturating_sub(instant);
        // What is not flushed comes with the tick that fills a buffer, the thirtieth or so.
        assert!(late < Duration::from_secs(5), "flushed with its tick, not {late:?} after it");
        assert_eq!(snapshot.figure("sequence"), sequence);
        assert_eq!(snapshot.counts(), counts(&[("nas", "tcp", "ESTABLISHED", 1)]));
    }
    drop(reader);
    exporter.insist_on_a_good_end();
    // As Telegraf's execd input wants its messages marked.
    exporter.await_error("\nI! standard output is closed: stopping\n");
}

#[test]
fn a_reader_that_does_not_read_does_not_hold_up_the_end() {
    let home = Household::new("full");
    let config = configure(&home, "127.0.0.1:8094", "");
    let (_reader, mut writer) = pipe().expect("a pipe");
    // All but a little of what a pipe holds.
    writer.write_all(&vec![b'\n'; 65_500]).expect("room in the pipe");
    let mut command = command(Path::new(PROGRAM), &config);
    let exporter = Exporter::writing_to(&home, command.arg("--stdout"), writer.into());
    let begun = Instant::now();
    until("two ticks", || (begun.elapsed() > Duration::from_millis(2200)).then_some(()));
    assert!(!exporter.errors().contains("snapshot of "), "{}", exporter.errors());
    exporter.end(Signal::SIGTERM);
}
