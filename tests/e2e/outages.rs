//! Telegraf, InfluxDB and the exporter stopped for a while and started again: what was lost is what the figures say,
//! and nothing is counted twice.

use std::collections::{BTreeMap, BTreeSet};

use crate::grafana::{SECOND, documented};
use crate::influx::{text, time};
use crate::live::{Live, TooBusy, insist_on, patiently, stored};
use crate::oracle::Truth;
use crate::past::{await_snapshots, look};
use crate::records::Record;
use crate::wait::until;

/// In whole seconds.
fn at(record: &Record) -> i64 {
    i64::try_from(record.at / SECOND).expect("a time")
}

#[test]
fn what_was_lost_is_what_the_figures_say() {
    patiently(lose_some);
}

fn lose_some() -> Result<(), TooBusy> {
    let mut live = Live::new("outages", 1, &["tv", "laptop"], "");
    live.change(|ledger, devices| {
        let [tv, laptop] = devices else { panic!("two devices") };
        ledger.open(tv, [4, 3]);
        ledger.ask(laptop, [6, 1]);
    })?;
    live.start();
    live.ticks(4);
    live.servers.stop_telegraf();
    live.ticks(4);
    live.servers.start_telegraf();
    live.ticks(4);
    live.servers.influx.stop();
    live.ticks(4);
    live.servers.influx.start(&live.servers.place);
    live.ticks(4);
    live.stop()?;
    live.ticks(3);
    live.start();
    live.ticks(4);
    live.stop()?;

    let booked = live.booked();
    let last = *booked.keys().last().expect("snapshots");
    until("the last snapshot in the database", || {
        Record::all(&live.servers).last().is_some_and(|record| at(record) == last).then_some(())
    });
    let records = await_snapshots(&live.servers, 1);
    let truth = Truth { lost: lost(&records), ..Truth::new(arrived(&booked, &records)) };

    // The two starts, and between them nothing that would have been lost.
    let starts: BTreeSet<i64> = records.iter().map(|record| record.figure("started")).collect();
    assert_eq!(starts.len(), 2, "{starts:?}");
    let gone = booked.len() - truth.snapshots.len();
    assert_eq!(
        i64::try_from(gone),
        Ok(truth.lost.values().sum()),
        "lost, by the numbers and by the sequence"
    );
    assert!(gone >= 3, "{gone} lost in four seconds without Telegraf");
    assert_eq!(truth.lost.len(), 1, "one gap: Telegraf keeps what InfluxDB doesn't take: {:?}", truth.lost);
    // Each snapshot that arrived is whole, true, and there once.
    for record in &records {
        let rows = truth.snapshots.get(&at(record)).map(BTreeMap::len);
        assert_eq!(i64::try_from(rows.unwrap_or(0)), Ok(record.figure("points")), "{record:?}");
    }
    insist_on(&stored(&live.servers), &truth.snapshots);
    assert_eq!(gaps(&live), truth.lost, "by the query that the documents give");
    look(&live.servers, &truth, 1);
    println!("{} snapshots taken, {gone} lost, {} in the database", booked.len(), records.len());
    Ok(())
}

/// What the documented query finds.
fn gaps(live: &Live) -> BTreeMap<i64, i64> {
    let [query] = documented("docs/how-to-read-it.md");
    let whole = |value: &str| value.parse().expect("a whole number");
    let seconds = |row| i64::try_from(time(row, "_time") / SECOND).expect("a time");
    live.servers.query(&query).iter().map(|row| (seconds(row), whole(text(row, "lost")))).collect()
}

/// The booked snapshots that are there.
fn arrived(
    booked: &BTreeMap<i64, crate::snapshot::Counts>,
    records: &[Record],
) -> BTreeMap<i64, crate::snapshot::Counts> {
    let here: BTreeSet<i64> = records.iter().map(at).collect();
    booked.iter().filter(|(at, _)| here.contains(at)).map(|(at, counts)| (*at, counts.clone())).collect()
}

/// Gaps in `sequence` within one start, and before its first number.
fn lost(records: &[Record]) -> BTreeMap<i64, i64> {
    let mut lost = BTreeMap::new();
    let mut before: Option<&Record> = None;
    for record in records {
        let same = before.filter(|before| before.figure("started") == record.figure("started"));
        let gap = record.figure("sequence") - same.map_or(0, |before| before.figure("sequence")) - 1;
        if gap > 0 {
            lost.insert(at(record), gap);
        }
        before = Some(record);
    }
    lost
}
