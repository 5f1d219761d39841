//! A router whose clock is not set: its points carry no time, and Telegraf gives them that of their arrival.

use std::collections::BTreeMap;
use std::thread::sleep;
use std::time::Duration;

use crate::grafana::{SECOND, View};
use crate::live::{insist_on, now, stored};
use crate::oracle::Truth;
use crate::past::{Replay, alone, await_snapshots, send};
use crate::store::Store;

#[test]
fn without_a_clock_points_get_the_time_of_their_arrival() {
    let (servers, directory) = alone("clock");
    // It believes to have been started in 2024.
    let mut replay = Replay::new(&directory.0, "interval = \"2s\"", 1_704_067_200);
    let mut truth = Truth::new(BTreeMap::new());
    let mut sent = Vec::new();
    for step in 0..5 {
        // In the midst of a second, so that no snapshot is in two of them.
        sleep(Duration::from_millis(2300 - now() % 1000));
        let begun = now();
        let (counts, lines) = replay.take(step, None);
        send(&servers, &lines, |_| false);
        sent.push((begun, now()));
        truth.snapshots.insert(i64::try_from(begun / 1000).expect("a time"), counts);
    }
    let records = await_snapshots(&servers, 5);
    for (record, (begun, ended)) in records.iter().zip(&sent) {
        let arrived = u64::try_from(record.at / 1_000_000).expect("a time");
        assert!((*begun..=ended + 50).contains(&arrived), "{arrived} is not in {begun} to {ended}");
        assert_ne!(record.at % SECOND, 0, "given by Telegraf");
        assert_eq!(record.text("clock"), "unset");
    }
    // The counts of each second are those of its snapshot, and all panels are right.
    insist_on(&stored(&servers), &truth.snapshots);
    let (first, last) =
        (truth.snapshots.keys().min().expect("one"), truth.snapshots.keys().max().expect("one"));
    let store = Store::read(&servers);
    for view in [View::new(first - 1, last + 1, 1), View::new(first - 60, last + 60, 10)] {
        truth.check(&servers, &store, &view, &["overview", "streaming", "router"]);
        truth.check(&servers, &store, &view.of(&["Living Room TV"]), &["device"]);
    }
    servers.insist_on_no_error();
}
