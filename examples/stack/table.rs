//! The live table: what the panel's query returns, devices by windows.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::influx::{Row, text};
use crate::programs::shipped;
use crate::receivers::Receivers;

/// How many windows are shown beside each other.
const WINDOWS: u64 = 8;
const WINDOW: Duration = Duration::from_secs(30);

/// What was shown last.
#[derive(Default)]
pub(crate) struct Table {
    newest: Option<String>,
    complained: bool,
}

impl Table {
    /// Shows it if there is a new window.
    pub(crate) fn show(&mut self, receivers: &Receivers) {
        let rows = match receivers.query(&query()) {
            Ok(rows) => rows,
            Err(why) => {
                eprintln!("stack: InfluxDB: {why}");
                return;
            }
        };
        let times: BTreeSet<&str> = rows.iter().map(|row| text(row, "_time")).collect();
        let Some(newest) = times.last() else {
            if !self.complained {
                println!("(the first snapshot is taken at the next half minute)");
                self.complained = true;
            }
            return;
        };
        if self.newest.as_deref() != Some(newest) {
            self.newest = Some((*newest).to_owned());
            print(&rows, &times);
        }
    }
}

/// The query of the panel that is handed out, for the last windows.
fn query() -> String {
    let panel = std::fs::read_to_string(shipped("config/grafana/panels/connection-states.json"));
    let panel: Value = serde_json::from_str(&panel.expect("the panel")).expect("JSON");
    let query = panel.pointer("/targets/0/query").and_then(Value::as_str).expect("a query");
    // As long as a window lasts, its end is later than now.
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a clock after 1970").as_secs();
    let end = (now / WINDOW.as_secs() + 1) * WINDOW.as_secs();
    let time = |seconds: u64| {
        humantime::format_rfc3339_seconds(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
    };
    let start = end - WINDOWS * WINDOW.as_secs();
    query
        .replace("v.timeRangeStart", &time(start).to_string())
        .replace("v.timeRangeStop", &time(end).to_string())
}

fn print(rows: &[Row], times: &BTreeSet<&str>) {
    let mut table: BTreeMap<&str, BTreeMap<&str, &str>> = BTreeMap::new();
    for row in rows {
        table.entry(text(row, "device_name")).or_default().insert(text(row, "_time"), text(row, "_value"));
    }
    // The window's end, as the panel shows it.
    let clock = |time: &&&str| time.get(11..19).unwrap_or(time).to_owned();
    let head = cells(times.iter().map(|time| clock(&time)));
    println!("\n{:26}{head}", "device");
    for (device, counts) in table {
        let counts = times.iter().map(|time| counts.get(time).copied().unwrap_or("."));
        let cells = cells(counts);
        println!("{device:26}{cells}");
    }
    println!("{:26}  . is five or less; times are the windows' ends, in UTC", "");
}

/// Cells beside each other.
fn cells<T: AsRef<str>>(texts: impl Iterator<Item = T>) -> String {
    texts.map(|text| format!("{:>10}", text.as_ref())).collect::<Vec<_>>().concat()
}
