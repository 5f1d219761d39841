//! Stopping in the midst of a table that takes its time.

use std::time::Duration;

use nix::sys::signal::Signal;

use crate::connections::at;
use crate::exporter::{Exporter, configure};
use crate::fill::fill;
use crate::household::Household;
use crate::limit::Limit;
use crate::snapshot::Receiver;
use crate::wait::until;

const ENTRIES: u32 = 65_536;

#[test]
fn a_signal_is_heard_in_the_midst_of_a_large_table() {
    let home = Household::new("stopping");
    let _room = Limit::at_least(ENTRIES);
    home.router.enter(|| fill(0..ENTRIES)).expect("filling the table");
    assert_eq!(home.router.entries(), ENTRIES as usize);
    let telegraf = at("127.0.0.1", 8094);
    let receiver = Receiver::new(&home.router, telegraf);
    // The slower source: its file shows when it is being read.
    let config = configure(&home, &telegraf.to_string(), "source = \"procfs\"");
    let exporter = Exporter::start(&home, &config);
    let whole = receiver.next();
    assert_eq!(whole.figure("entries_read") - whole.figure("entries_loopback"), i64::from(ENTRIES));
    assert_eq!(whole.figure("devices"), 32);
    exporter.end(Signal::SIGTERM);

    let signals = [Signal::SIGTERM, Signal::SIGINT, Signal::SIGTERM, Signal::SIGINT];
    let took = signals.map(|signal| stopped_while_reading(Exporter::start(&home, &config), signal));
    // A busy machine may delay some of them, but who finishes reading first delays them all.
    let reading = Duration::from_nanos(u64::try_from(whole.figure("duration_ns")).unwrap_or(0));
    assert!(took.iter().any(|took| *took < Duration::from_secs(1)), "{took:?}");
    assert!(took.iter().any(|took| *took < reading / 2), "{took:?}, and a whole reading took {reading:?}");
}

/// Ends a daemon when it has opened the table for the first time; says how long that took.
fn stopped_while_reading(exporter: Exporter, signal: Signal) -> Duration {
    until("a reading", || exporter.is_reading().then_some(()));
    exporter.end(signal)
}
