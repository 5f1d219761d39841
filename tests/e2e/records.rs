//! The exporter's points about itself as they are in the database, and what the panels must make of them.

use std::collections::BTreeMap;

use crate::grafana::{SECOND, View, rfc3339};
use crate::influx::{Row, number, text, time};
use crate::oracle::{Shown, cut, highest};
use crate::servers::Servers;

/// All points, plainly.
const RAW: &str = r#"
from(bucket: "network")
  |> range(start: -90d, stop: 1h)
  |> filter(fn: (r) => r._measurement == "MEASUREMENT")
  |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")
  |> group()
  |> sort(columns: ["_time"])
"#;

/// How far the panels look back for a snapshot before the first one shown, and *Now* for any.
const BACK: i128 = 2 * 3600 * SECOND;

/// Counters since the start.
const ERRORS: [&str; 4] = ["lines_unreadable", "reload_errors", "send_errors", "ticks_skipped"];

/// One point of `conntrack_exporter`, and the table's at the same instant.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) at: i128,
    pub(crate) host: String,
    row: Row,
    gauges: Option<(f64, f64)>,
}

impl Record {
    /// All of them, in order of time.
    pub(crate) fn all(servers: &Servers) -> Vec<Self> {
        let gauges = servers.query(&RAW.replace("MEASUREMENT", "conntrack"));
        // Telegraf's own input writes such points, too, for its own host.
        let key = |row: &Row| (text(row, "host").to_owned(), time(row, "_time") / SECOND);
        let is_whole =
            |row: &&Row| row.contains_key("ip_conntrack_count") && row.contains_key("ip_conntrack_max");
        let held = |row: &Row| (number(row, "ip_conntrack_count"), number(row, "ip_conntrack_max"));
        let gauges: BTreeMap<_, _> =
            gauges.iter().filter(is_whole).map(|row| (key(row), held(row))).collect();
        let rows = servers.query(&RAW.replace("MEASUREMENT", "conntrack_exporter"));
        rows.into_iter()
            .map(|row| {
                let at = time(&row, "_time");
                let host = text(&row, "host").to_owned();
                let gauges = gauges.get(&(host.clone(), at / SECOND)).copied();
                Self { at, host, row, gauges }
            })
            .collect()
    }

    pub(crate) fn figure(&self, name: &str) -> i64 {
        text(&self.row, name).parse().unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn text(&self, name: &str) -> &str {
        text(&self.row, name)
    }

    /// What a panel must show.
    pub(crate) fn expected(title: &str, view: &View, records: &[Self]) -> Shown {
        let within: Vec<&Self> = records.iter().filter(|record| view.holds(record.at)).collect();
        let figures = |names: &[&str]| -> Vec<_> {
            let of = |record: &Self, name: &str| {
                (format!("{}: {name}", record.host), record.at, record.figure(name))
            };
            within.iter().flat_map(|record| names.iter().map(move |name| of(record, name))).collect()
        };
        let gauge = |name: &str| {
            highest(view, within.iter().map(|record| (record.host.clone(), record.at, record.figure(name))))
        };
        match title {
            "Newest snapshot" => newest(records),
            "How full the table is" => fullness(records),
            "Errors" => errors(view, records),
            "Entries of nobody known" => {
                highest(view, figures(&["entries_unattributed", "entries_overflow"]))
            }
            "Duration of a snapshot" => gauge("duration_ns"),
            "Memory" => gauge("resident_bytes"),
            "Processor time per snapshot" => processor(view, &within),
            "Clock" => {
                let last = |record: &&Self| (record.host.clone(), rfc3339(view.window_of(record.at)));
                within.iter().map(|record| (last(record), record.text("clock").to_owned())).collect()
            }
            "Who sends" => senders(&within),
            _ => panic!("nobody knows what {title} must show"),
        }
    }
}

fn newest(records: &[Record]) -> Shown {
    let last = records.last().filter(|record| is_recent(record));
    let millis = |record: &Record| (record.at / 1_000_000).to_string();
    last.map(|record| ((record.host.clone(), "_value".to_owned()), millis(record))).into_iter().collect()
}

/// Whether *Now* still shows it.
fn is_recent(record: &Record) -> bool {
    let now = std::time::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_nanos());
    record.at > i128::try_from(now).unwrap_or(i128::MAX) - BACK
}

fn fullness(records: &[Record]) -> Shown {
    let Some(last) = records.last().filter(|record| is_recent(record)) else { return Shown::new() };
    let (count, max) = last.gauges.expect("the table's figures of the same instant");
    let whole = |value: f64| format!("{value:.0}");
    let seen = rfc3339(last.at - last.at.rem_euclid(SECOND));
    let row = [("Entries", whole(count)), ("Maximum", whole(max)), ("Seen", seen)];
    let mut shown: Shown =
        row.map(|(column, value)| ((last.host.clone(), column.to_owned()), value)).into_iter().collect();
    shown.insert((last.host.clone(), "Full".to_owned()), cut(count / max * 100.0));
    shown
}

/// Rises of the counters; a fall is a new start, from 0.
fn errors(view: &View, records: &[Record]) -> Shown {
    let mut sums: BTreeMap<(String, i128), i64> = BTreeMap::new();
    for name in ERRORS {
        let mut before: Option<i64> = None;
        for record in records.iter().filter(|record| (view.start - BACK..view.stop).contains(&record.at)) {
            let now = record.figure(name);
            let rise = before.map_or(0, |before| if now < before { now } else { now - before });
            before = Some(now);
            if view.holds(record.at) {
                let key = (format!("{}: {name}", record.host), view.window_of(record.at));
                *sums.entry(key).or_default() += rise;
            }
        }
    }
    sums.into_iter().map(|((what, at), sum)| ((what, rfc3339(at)), sum.to_string())).collect()
}

#[expect(clippy::cast_precision_loss, reason = "nanoseconds of some minutes")]
fn processor(view: &View, within: &[&Record]) -> Shown {
    let mut highest: BTreeMap<(String, i128), f64> = BTreeMap::new();
    let mut before: Option<&Record> = None;
    for record in within {
        let since = before.filter(|before| before.figure("started") == record.figure("started"));
        let rise = |name: &str| record.figure(name) - since.map_or(0, |since| since.figure(name));
        let mean = rise("cpu_ns") as f64 / rise("sequence") as f64;
        let seen = highest.entry((record.host.clone(), view.window_of(record.at))).or_insert(mean);
        *seen = mean.max(*seen);
        before = Some(record);
    }
    highest.into_iter().map(|((host, at), mean)| ((host, rfc3339(at)), cut(mean))).collect()
}

fn senders(within: &[&Record]) -> Shown {
    let Some(last) = within.last() else { return Shown::new() };
    let started = rfc3339(i128::from(last.figure("started")) * SECOND);
    let columns = [
        ("Version", last.text("version").to_owned()),
        ("Source", last.text("source").to_owned()),
        ("Devices", last.figure("devices").to_string()),
        ("Snapshots", last.figure("sequence").to_string()),
        ("Started", started),
        ("Seen", rfc3339(last.at)),
    ];
    columns.map(|(column, value)| ((last.host.clone(), column.to_owned()), value)).into_iter().collect()
}
