//! What the daemon has written, read back.

use std::time::{SystemTime, UNIX_EPOCH};

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use super::{PORT, Record, Road, await_patiently};
use crate::audit::Audit;

/// The sum of a figure over all days of all routers.
fn sum(report: &Value, figure: &str) -> i64 {
    let routers = report["routers"].as_array().expect("routers");
    let days = routers.iter().flat_map(|router| router["days"].as_array().expect("days"));
    days.filter_map(|day| day[figure].as_i64()).sum()
}

fn second(record: &Record) -> u64 {
    u64::try_from(record.at / 1_000_000_000).expect("a time")
}

#[test]
fn an_audit_tells_just_what_was_taken_out_of_what_the_daemon_has_written() {
    let mut road = Road::new("audit-daemon", "router.name = \"attic\"");
    for _ in 0..2 {
        road.start();
        road.ticks(8);
        road.drain();
        road.end(Signal::SIGTERM);
    }
    let arrived = road.insist_on_all();
    let records = road.records();
    // One snapshot of the first run, and all rows of another, which says how many those were.
    let [without_point, without_rows] = [3, 5].map(|index| &records[index]);
    road.influx.delete(&road.place, "conntrack_exporter", second(without_point));
    road.influx.delete(&road.place, "connection_state", second(without_rows));

    let audit = Audit {
        place: &road.place,
        config: road.config.clone(),
        token: road.home.file("token"),
        url: format!("http://{}:{PORT}", road.address),
    };
    // The newest minute is not looked at.
    let newest = second(records.last().expect("snapshots"));
    await_patiently("a minute after the last snapshot", || {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock that is set");
        now.as_secs() > newest + 60
    });
    let (code, report) = audit.json();
    assert_eq!(code, Some(1), "{report:#}");
    assert_eq!(sum(&report, "snapshots"), i64::try_from(arrived).expect("a few") - 1, "{report:#}");
    assert_eq!(report["snapshots_missing"], json!(1), "{report:#}");
    assert_eq!(report["rows_missing"], json!(without_rows.points), "{report:#}");
    assert_eq!(report["points_not_understood"], json!(0), "{report:#}");
    let [router] = &report["routers"].as_array().expect("routers")[..] else { panic!("{report:#}") };
    assert_eq!((&router["router"], router.get("output")), (&json!("attic"), None));
    println!("the daemon: {arrived} snapshots, and the audit tells just the one that was taken out");
}
