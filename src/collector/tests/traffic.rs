//! What flows did, from a router's files to points.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::*;
use crate::outputs::ledger::Ledger;
use crate::series::point::Value;

/// A connection of 192.168.8.2's from a port, and its counters, if it has any.
pub(super) struct Connection(u16, Option<[u64; 2]>);

pub(super) fn counted(port: u16, sent: u64, received: u64) -> Connection {
    Connection(port, Some([sent, received]))
}

pub(super) fn write(router: &Router, connections: &[Connection]) {
    let mut text = String::new();
    for Connection(port, bytes) in connections {
        let [sent, received] = bytes.map_or([const { String::new() }; 2], |bytes| {
            bytes.map(|bytes| format!(" packets=1 bytes={bytes}"))
        });
        writeln!(
            text,
            "ipv4 2 tcp 6 431999 ESTABLISHED src=192.168.8.2 dst=203.0.113.9 sport={port} dport=443{sent} \
             src=203.0.113.9 dst=198.51.100.1 sport=443 dport={port}{received} [ASSURED] use=1"
        )
        .unwrap();
    }
    let _ = fs::remove_file(router.table());
    fs::write(router.table(), text).unwrap();
}

fn collector(router: &Router, more: &str) -> Collector {
    Collector::new(Config::parse(&format!("{QUIET}{more}")).unwrap(), &Root::replay(&*router.0), 0)
}

/// Without what isn't looked at here.
const QUIET: &str = "[measurements]\nconnection_state = false\nconntrack = false\n";

/// A snapshot that is stamped, so many seconds after the first.
async fn at(collector: &mut Collector, second: u64, due: DueClocks) -> Snapshot {
    let boot = Duration::from_secs(3600 + second);
    let timestamp = Some(i64::try_from(second).unwrap() * 1_000_000_000);
    collector.snapshot(&Moment { boot, timestamp, wall: Some(boot), due }).await.unwrap()
}

/// An integer of the first point of a measurement in which it is.
fn integer(snapshot: &Snapshot, measurement: &str, name: &str) -> Option<i64> {
    let mut points = snapshot.points().filter(|point| point.measurement == measurement);
    points.find_map(|point| {
        point.fields.iter().find_map(|(field, value)| match value {
            Value::Integer(value) if *field == name => Some(*value),
            _ => None,
        })
    })
}

fn bytes(snapshot: &Snapshot) -> Vec<(String, i64, u64)> {
    let of_traffic = snapshot.points().filter(|point| point.measurement == "bandwidth");
    of_traffic
        .map(|point| {
            let [(Cow::Borrowed("bytes"), Value::Integer(bytes))] = point.fields[..] else {
                panic!("not one: {point:?}")
            };
            (point.tags.own("direction").unwrap().to_string(), bytes, point.age.as_secs())
        })
        .collect()
}

fn sent(bytes: i64, age: u64) -> (String, i64, u64) {
    ("tx".to_owned(), bytes, age)
}

use DueClocks::{Both, TrafficOnly};

#[tokio::test]
async fn what_flows_did_is_told_at_both_clocks_nothing_twice_and_nothing_lost() {
    let router = Router::new("traffic");
    let mut collector = collector(&router, "");
    write(&router, &[counted(1, 1000, 0)]);
    let first = at(&mut collector, 0, Both).await;
    assert_eq!(bytes(&first), []);
    assert_eq!(integer(&first, "device_traffic", "tx_bytes"), None, "what was before isn't told");
    assert_eq!(integer(&first, "device_traffic", "connections"), Some(1));
    write(&router, &[counted(1, 1010, 0)]);
    assert_eq!(bytes(&at(&mut collector, 10, TrafficOnly).await), [sent(10, 0)]);
    router.remove_table();
    break_off(&mut collector).await;
    write(&router, &[counted(1, 1010, 0), counted(2, 5, 0)]);
    assert_eq!(bytes(&at(&mut collector, 20, TrafficOnly).await), [sent(5, 0)]);
    write(&router, &[counted(2, 7, 0), counted(3, 100, 0)]);
    let both = at(&mut collector, 30, Both).await;
    assert_eq!(bytes(&both), [sent(102, 0)]);
    assert_eq!(integer(&both, "device_traffic", "tx_bytes"), Some(10 + 5 + 102));
    // That of the reading which broke off is among them.
    assert_eq!(integer(&both, "connection_rate", "opened"), Some(2));
    assert_eq!(integer(&both, "connection_rate", "closed"), Some(1));
    assert_eq!(integer(&both, "conntrack_exporter", "traffic_sequence"), Some(4));
    assert_eq!(integer(&both, "conntrack_exporter", "flows_tracked"), Some(2));
}

#[tokio::test]
async fn bytes_of_passes_that_were_skipped_are_shared_among_their_instants() {
    let router = Router::new("skipped");
    let mut collector = collector(&router, "");
    write(&router, &[counted(1, 0, 0)]);
    at(&mut collector, 0, Both).await;
    write(&router, &[counted(1, 100, 0)]);
    let late = at(&mut collector, 30, Both).await;
    assert_eq!(bytes(&late), [sent(33, 20), sent(33, 10), sent(34, 0)]);
    write(&router, &[counted(1, 150, 0)]);
    assert_eq!(bytes(&at(&mut collector, 40, TrafficOnly).await), [sent(50, 0)]);
}

#[tokio::test]
async fn after_a_long_gap_nothing_is_told_of_what_was_meanwhile() {
    let router = Router::new("gap");
    let mut collector = collector(&router, "");
    write(&router, &[counted(1, 1000, 0), counted(2, 1000, 0)]);
    at(&mut collector, 0, Both).await;
    write(&router, &[counted(1, 9000, 0), counted(3, 500, 0)]);
    let late = at(&mut collector, 100, Both).await;
    assert_eq!((bytes(&late), integer(&late, "connection_rate", "opened")), (Vec::new(), None));
    write(&router, &[counted(1, 9001, 0), counted(3, 500, 0)]);
    let next = at(&mut collector, 110, Both).await;
    assert_eq!(bytes(&next), [sent(1, 0)]);
    assert_eq!(integer(&next, "connection_rate", "opened"), Some(0));
    assert_eq!(integer(&next, "connection_rate", "closed"), Some(0));
}

#[tokio::test]
async fn beyond_the_bound_flows_are_counted_and_nothing_is_told_of_bytes() {
    let router = Router::new("bound");
    let mut collector = collector(&router, "[limits]\nmax_flows = 3\n");
    let table = |ports: std::ops::RangeInclusive<u16>, bytes| {
        let connections: Vec<_> = ports.map(|port| counted(port, bytes, 0)).collect();
        write(&router, &connections);
    };
    table(1..=3, 0);
    at(&mut collector, 0, Both).await;
    table(1..=5, 100);
    let full = at(&mut collector, 30, Both).await;
    assert_eq!(bytes(&full), []);
    assert_eq!(integer(&full, "conntrack_exporter", "flows_untracked"), Some(2));
    assert_eq!(integer(&full, "conntrack_exporter", "flows_tracked"), Some(3));
    assert_eq!(integer(&full, "connection_rate", "opened"), None);
    assert_eq!(integer(&full, "device_traffic", "connections"), Some(5));
    assert_eq!(integer(&full, "device_traffic", "tx_bytes"), None);
    table(3..=5, 200);
    let room = at(&mut collector, 60, Both).await;
    assert_eq!(bytes(&room), [], "of those that turn up it isn't known whether they are new");
    assert_eq!(integer(&room, "conntrack_exporter", "flows_untracked"), Some(0));
    table(3..=5, 201);
    let known = at(&mut collector, 70, Both).await;
    assert_eq!(bytes(&known), [sent(3, 0)]);
    assert_eq!(integer(&known, "connection_rate", "opened"), Some(0));
}

#[tokio::test]
async fn counters_that_another_program_sets_to_zero_are_counted_and_their_bytes_left_out() {
    let router = Router::new("zeroed");
    let mut collector = collector(&router, "");
    let table = |bytes| write(&router, &(0..30).map(|port| counted(port, bytes, 0)).collect::<Vec<_>>());
    table(1000);
    at(&mut collector, 0, Both).await;
    table(1001);
    assert_eq!(bytes(&at(&mut collector, 10, TrafficOnly).await), [sent(30, 0)]);
    table(4);
    assert_eq!(bytes(&at(&mut collector, 20, TrafficOnly).await), []);
    table(5);
    let both = at(&mut collector, 30, Both).await;
    // The window of the pass whose bytes are not known stays empty.
    assert_eq!(bytes(&both), [sent(30, 0)]);
    assert_eq!(integer(&both, "conntrack_exporter", "counter_resets"), Some(30));
    assert_eq!(integer(&both, "device_traffic", "tx_bytes"), Some(60));
    assert_eq!(integer(&both, "connection_rate", "opened"), Some(0));
}

#[tokio::test]
async fn accounting_that_is_switched_on_late_counts_what_begins_then() {
    let router = Router::new("accounting");
    let mut collector = collector(&router, "");
    let old = || Connection(1, None);
    write(&router, &[old()]);
    at(&mut collector, 0, Both).await;
    write(&router, &[old()]);
    let uncounted = at(&mut collector, 30, Both).await;
    assert_eq!(bytes(&uncounted), []);
    assert_eq!(integer(&uncounted, "device_traffic", "tx_bytes"), None, "absent, not 0");
    write(&router, &[old(), counted(2, 70, 0)]);
    let counted_now = at(&mut collector, 60, Both).await;
    assert_eq!(integer(&counted_now, "device_traffic", "tx_bytes"), Some(70));
    let expected = [sent(23, 20), sent(23, 10), sent(24, 0)];
    assert_eq!(bytes(&counted_now), expected);
}

#[tokio::test]
async fn a_reload_makes_no_spike() {
    let router = Router::new("reload");
    let mut collector = collector(&router, "");
    write(&router, &[counted(1, 1000, 0)]);
    at(&mut collector, 0, Both).await;
    write(&router, &[counted(1, 1100, 0)]);
    collector.reconfigure(
        Config::parse(&format!("{QUIET}bandwidth = false\ndevice_traffic = false\nconnection_rate = false\ndevice_activity = false"))
            .unwrap(),
    );
    assert_eq!(integer(&at(&mut collector, 30, Both).await, "conntrack_exporter", "flows_tracked"), Some(0));
    write(&router, &[counted(1, 5000, 0)]);
    collector.reconfigure(Config::parse(QUIET).unwrap());
    assert_eq!(bytes(&at(&mut collector, 60, Both).await), [], "it wasn't watched meanwhile");
    write(&router, &[counted(1, 5005, 0)]);
    assert_eq!(bytes(&at(&mut collector, 70, TrafficOnly).await), [sent(5, 0)]);
}

#[tokio::test]
async fn a_baseline_that_is_read_twice_knows_what_either_reading_showed() {
    let router = Router::new("twice");
    let mut collector = collector(&router, "");
    write(&router, &[counted(1, 1000, 0), counted(2, 2000, 0)]);
    let moment =
        Moment { boot: Duration::from_hours(1), timestamp: Some(0), wall: Some(Duration::ZERO), due: Both };
    let gauges = Gauges { count: Some(50), ..Gauges::default() };
    collector.expect(gauges, moment.boot);
    let first = collector.read(TableBackend::Procfs, Attempt::First, Both).await.unwrap();
    // The second is emptier.
    write(&router, &[counted(1, 1000, 0)]);
    let (_, kept) = collector.fuller(first, TableBackend::Procfs, Some(50), &moment).await;
    assert_eq!(kept, Attempt::First);
    collector.complete(kept, TableBackend::Procfs, &moment);
    write(&router, &[counted(1, 1001, 0), counted(2, 2002, 0)]);
    assert_eq!(bytes(&at(&mut collector, 10, Both).await), [sent(3, 0)]);
}

/// What goes out of a snapshot, the zeros of what has gone among it.
fn sent_out(ledger: &mut Ledger, snapshot: &Snapshot) -> Vec<Point> {
    let points = ledger.complete(snapshot);
    ledger.confirm(snapshot, &points, |_| true, false);
    points
}

#[tokio::test]
async fn what_is_not_known_of_a_series_is_not_taken_for_its_end() {
    let router = Router::new("unknown");
    let (mut collector, mut ledger) = (collector(&router, ""), Ledger::default());
    let rates =
        |points: &[Point]| points.iter().filter(|point| point.measurement == "connection_rate").count();
    write(&router, &[counted(1, 0, 0)]);
    sent_out(&mut ledger, &at(&mut collector, 0, Both).await);
    write(&router, &[counted(1, 0, 0), counted(2, 0, 0)]);
    assert_eq!(rates(&sent_out(&mut ledger, &at(&mut collector, 30, Both).await)), 1);
    assert_eq!(rates(&sent_out(&mut ledger, &at(&mut collector, 300, Both).await)), 0, "after a gap");
    assert_eq!(rates(&sent_out(&mut ledger, &at(&mut collector, 330, Both).await)), 1);
}

#[tokio::test]
async fn a_measurement_that_is_switched_on_knows_of_the_time_since_then() {
    let router = Router::new("switched-on");
    let without = "device_traffic = false\n[traffic]\ninterval = \"10s\"\n";
    let mut collector = collector(&router, without);
    write(&router, &[counted(1, 0, 0)]);
    at(&mut collector, 0, Both).await;
    at(&mut collector, 10, TrafficOnly).await;
    collector.reconfigure(Config::parse(QUIET).unwrap());
    at(&mut collector, 20, TrafficOnly).await;
    write(&router, &[counted(1, 1000, 0)]);
    let both = at(&mut collector, 30, Both).await;
    let rate = both.points().find_map(|point| {
        point.fields.iter().find_map(|(name, value)| (*name == "tx_bits_per_second").then(|| value.clone()))
    });
    assert_eq!(rate, Some(Value::Float(400.0)), "8000 bits in the 20 s that it has seen");
}

#[tokio::test]
async fn bytes_are_shared_among_no_more_instants_than_their_time_has() {
    let router = Router::new("asleep");
    let mut collector = collector(&router, "");
    write(&router, &[counted(1, 0, 0)]);
    at(&mut collector, 0, Both).await;
    write(&router, &[counted(1, 90, 0)]);
    assert_eq!(bytes(&at(&mut collector, 10, DueClocks::IntervalOnly).await), []);
    // What those 10 s have moved is told by the next pass for traffic, 8 hours later, and nothing else is known then.
    let late = at(&mut collector, 28_800, Both).await;
    assert_eq!(bytes(&late), [sent(90, 0)]);
}
