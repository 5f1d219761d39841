//! The stock panel at the default interval: real time, and nothing but its own query.

use std::collections::BTreeMap;

use crate::grafana::{Dashboard, SECOND, View};
use crate::influx::{Row, number, text, time};
use crate::live::{Live, TooBusy, evening, patiently};
use crate::oracle::Truth;
use crate::snapshot::Counts;

/// The query that people have in their panels, but for its time range.
const STOCK: &str = r#"from(bucket: "network")
  |> range(start: v.timeRangeStart, stop: v.timeRangeStop)
  |> filter(fn: (r) => r._measurement == "connection_state")
  |> filter(fn: (r) => r.state == "ESTABLISHED" or r.state == "ACTIVE")
  |> group(columns: ["device_name"])
  |> aggregateWindow(every: 30s, fn: sum, createEmpty: false)
  |> filter(fn: (r) => r._value > 5)"#;

/// Without a field, all states of a device.
const ANY_STATE: &str = r#"from(bucket: "network")
  |> range(start: v.timeRangeStart, stop: v.timeRangeStop)
  |> filter(fn: (r) => r._measurement == "connection_state")
  |> group(columns: ["device_name"])
  |> aggregateWindow(every: 30s, fn: sum, createEmpty: false)"#;

/// By device, summed within one tick.
const ONE_TICK: &str = r#"from(bucket: "network")
  |> range(start: v.timeRangeStart, stop: v.timeRangeStop)
  |> filter(fn: (r) => r._measurement == "connection_state" and r._field == "count")
  |> group(columns: ["device_name", "_time"])
  |> sum()"#;

/// By address.
const BY_ADDRESS: &str = r#"from(bucket: "network")
  |> range(start: v.timeRangeStart, stop: v.timeRangeStop)
  |> filter(fn: (r) => r._measurement == "connection_state" and exists r.ip)
  |> group(columns: ["ip"])
  |> aggregateWindow(every: 30s, fn: sum, createEmpty: false)"#;

/// A device's number by the instant of its snapshot, in seconds.
type Numbers = BTreeMap<(String, i64), i64>;

/// What rows say; the times of windows are their ends.
fn read(rows: &[Row], column: &str, width: i64) -> Numbers {
    let mut numbers = Numbers::new();
    for row in rows {
        let at = i64::try_from(time(row, "_time") / SECOND).expect("a time") - width;
        #[expect(clippy::cast_possible_truncation, reason = "counts of a test")]
        let number = number(row, "_value") as i64;
        assert_eq!(numbers.insert((text(row, column).to_owned(), at), number), None, "{row:?}");
    }
    numbers
}

/// What was true, by device and instant, of the rows that are meant.
fn true_numbers(truth: &Truth, is_meant: impl Fn(&str) -> bool) -> Numbers {
    let mut numbers = Numbers::new();
    for (at, counts) in &truth.snapshots {
        for ((device, _, state), count) in counts.iter().filter(|((_, _, state), _)| is_meant(state)) {
            let _ = state;
            *numbers.entry((device.clone(), *at)).or_default() += count;
        }
    }
    numbers
}

#[test]
fn the_stock_panel_shows_the_true_number_in_every_window() {
    patiently(show_every_window);
}

fn show_every_window() -> Result<(), TooBusy> {
    let names = ["tv", "laptop", "phone, the \"old\" one", "camera"];
    let mut live = Live::new("stock-30s", 30, &names, "devices.tags = [\"ip\"]");
    evening(&mut live)?;
    live.change(|ledger, devices| ledger.leave(devices.get(1).expect("the laptop")))?;
    live.ticks(2);
    let truth = live.finish()?;
    let (first, last) =
        (truth.snapshots.keys().min().expect("one"), truth.snapshots.keys().max().expect("one"));
    let view = View::new(*first, last + 30, 30);
    let panel = Dashboard::read("panels/connection-states.json");
    let [asked] = &panel.queries()[..] else { panic!("one query") };
    assert_eq!(asked.query, STOCK, "the panel's query");
    let dashboard = Dashboard::page("overview");
    let ask = |query: &str| live.servers.query(&dashboard.put_in(query, &view));

    let carrying = true_numbers(&truth, |state| ["ESTABLISHED", "ACTIVE"].contains(&state));
    let returned = read(&ask(STOCK), "device_name", 30);
    print_table(&carrying, &returned);
    let above: Numbers = carrying.into_iter().filter(|(_, count)| *count > 5).collect();
    assert_eq!(returned, above, "the stock query");
    let all = true_numbers(&truth, |_| true);
    assert_eq!(read(&ask(ANY_STATE), "device_name", 30), all, "without a field filter");
    assert_eq!(read(&ask(ONE_TICK), "device_name", 0), all, "within one tick");
    let addresses: BTreeMap<_, _> =
        names.iter().zip(&live.devices).map(|(name, it)| (*name, it.v4())).collect();
    let by_address: Numbers = all
        .into_iter()
        .filter_map(|((device, at), count)| Some(((addresses.get(&*device)?.clone(), at), count)))
        .collect();
    assert_eq!(read(&ask(BY_ADDRESS), "ip", 30), by_address, "by address");
    let of = |key: (&str, &str, &str)| (key.0.to_owned(), key.1.to_owned(), key.2.to_owned());
    let knocking = of(("camera", "tcp", "SYN_SENT"));
    assert!(truth.snapshots.values().all(|counts: &Counts| counts.get(&knocking) == Some(&3)));
    Ok(())
}

/// Shows both, for people.
fn print_table(expected: &Numbers, returned: &Numbers) {
    println!("window                device                 expected  returned by the stock query");
    for ((device, at), count) in expected {
        let shown = returned.get(&(device.clone(), *at)).map_or("(5 or less)".to_owned(), i64::to_string);
        let at = crate::grafana::rfc3339(i128::from(*at) * SECOND);
        println!("{at}  {device:22} {count:8}  {shown}");
    }
}
