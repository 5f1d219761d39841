//! What a database holds, held beside what was sent.

use std::collections::BTreeMap;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::fleet::rows::{Rows, Sent};
use crate::influx::{Influx, number, text};
use crate::place::Place;

/// For how long nothing more may come before nothing more is waited for.
const PATIENCE: Duration = Duration::from_mins(1);
/// How many differences are told.
const TOLD: usize = 20;

/// The rows of each router in InfluxDB, by measurement and field.
pub(crate) fn in_influx(influx: &Influx, place: &Place, sent: &Sent) -> BTreeMap<String, Rows> {
    let (first, last) = sent.instants.expect("something was sent");
    let flux = format!(
        "from(bucket: \"network\") |> range(start: time(v: {first}), stop: time(v: {}))
           |> group(columns: [\"router\", \"_measurement\", \"_field\"]) |> count()",
        last + 1
    );
    let mut stored: BTreeMap<String, Rows> = BTreeMap::new();
    for row in influx.query(place, &flux).into_iter().filter(|row| row.contains_key("router")) {
        let key = (text(&row, "_measurement").to_owned(), text(&row, "_field").to_owned());
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of rows")]
        let count = number(&row, "_value") as u64;
        stored.entry(text(&row, "router").to_owned()).or_default().insert(key, count);
    }
    stored
}

/// Waits until InfluxDB has every row that was sent, for as long as more of them come, and insists on them.
pub(crate) fn insist_on_all_in_influx(influx: &Influx, place: &Place, sent: &Sent) {
    let begun = Instant::now();
    let total = |stored: &BTreeMap<String, Rows>| stored.values().flat_map(Rows::values).sum::<u64>();
    let stored = while_more_come(|| in_influx(influx, place, sent), total, sent.total());
    let mut differences = Vec::new();
    for (router, rows) in &sent.rows {
        let stored = stored.get(router);
        for (key, count) in rows {
            let here = stored.and_then(|stored| stored.get(key)).copied().unwrap_or_default();
            if here != *count {
                differences.push(format!("{router} {} {}: {count} sent, {here} stored", key.0, key.1));
            }
        }
    }
    report(sent, total(&stored), stored.len(), &differences, begun.elapsed());
}

/// The same of a database that is asked for the rows of each router as a whole.
pub(crate) fn insist_on_all(ask: impl Fn() -> BTreeMap<String, u64>, sent: &Sent) {
    let begun = Instant::now();
    let total = |stored: &BTreeMap<String, u64>| stored.values().sum();
    let stored = while_more_come(ask, total, sent.total());
    let mut differences = Vec::new();
    for (router, count) in sent.of_routers() {
        let here = stored.get(&router).copied().unwrap_or_default();
        if here != count {
            differences.push(format!("{router}: {count} sent, {here} stored"));
        }
    }
    report(sent, total(&stored), stored.len(), &differences, begun.elapsed());
}

fn report(sent: &Sent, stored: u64, routers: usize, differences: &[String], waited: Duration) {
    println!(
        "fleet: {} rows of {} routers expected, {stored} of {routers} stored; waited {waited:.1?} for the last",
        sent.total(),
        sent.rows.len(),
    );
    let told: Vec<_> = differences.iter().take(TOLD).collect();
    assert!(differences.is_empty(), "{} differences, the first of them {told:#?}", differences.len());
    assert_eq!((stored, routers), (sent.total(), sent.rows.len()), "more is stored than was sent");
}

/// Asks until so many are there, or no more have come for a while.
fn while_more_come<T>(ask: impl Fn() -> T, total: impl Fn(&T) -> u64, wanted: u64) -> T {
    let (mut most, mut since) = (0, Instant::now());
    loop {
        let stored = ask();
        let here = total(&stored);
        if here > most {
            (most, since) = (here, Instant::now());
        }
        if here >= wanted || since.elapsed() > PATIENCE {
            return stored;
        }
        sleep(Duration::from_secs(1));
    }
}
