//! The made-up week of a household: what has to hold of its figures among each other.

#![expect(clippy::expect_used, clippy::panic, reason = "a test's failure is a panic")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use influxdb_line_protocol::LineProtocolBuilder;

#[path = "support/week/mod.rs"]
mod week;

use week::looks::CLASSES;
use week::{DAY, DEVICES, Point, STEP, Value, line, week};

/// A midnight.
const STOP: i64 = 1_795_996_800;

fn tag<'a>(point: &'a Point, name: &str) -> &'a str {
    point.tags.iter().find_map(|(key, value)| (*key == name).then_some(*value)).unwrap_or("")
}

fn field<'a>(point: &'a Point, name: &str) -> Option<&'a Value> {
    point.fields.iter().find_map(|(key, value)| (*key == name).then_some(value))
}

fn integer(point: &Point, name: &str) -> i64 {
    match field(point, name) {
        Some(Value::Integer(value)) => *value,
        other => panic!("{name} is {other:?}: {point:?}"),
    }
}

fn float(point: &Point, name: &str) -> f64 {
    match field(point, name) {
        Some(Value::Float(value)) => *value,
        other => panic!("{name} is {other:?}: {point:?}"),
    }
}

fn of<'a>(points: &'a [Point], measurement: &'a str) -> impl Iterator<Item = &'a Point> {
    points.iter().filter(move |point| point.measurement == measurement)
}

/// Sums of a figure by device.
fn sums<'a>(points: impl Iterator<Item = &'a Point>, name: &str) -> BTreeMap<&'a str, i64> {
    points.fold(BTreeMap::new(), |mut sums, point| {
        *sums.entry(tag(point, "device_name")).or_default() += integer(point, name);
        sums
    })
}

/// The days of the torrent and after, of which the last has `bandwidth`.
fn days() -> impl Iterator<Item = Vec<Point>> {
    week(STOP, 4)
}

#[test]
fn there_is_a_snapshot_for_each_half_minute_and_all_of_a_snapshot_is_of_its_time() {
    let mut at = STOP - 2 * DAY;
    for points in week(STOP, 2) {
        for point in &points {
            let since = if point.measurement == "bandwidth" { at - 20 } else { at };
            assert!((since..=at).contains(&point.at) && point.at % 10 == 0, "{at}: {point:?}");
            assert!(point.tags.is_sorted() && point.tags.contains(&("host", "GL-MT2500A")), "{point:?}");
            assert!(!point.fields.is_empty());
        }
        at += STEP;
    }
    assert_eq!(at, STOP);
}

#[test]
fn nothing_is_told_twice() {
    for points in week(STOP, 1) {
        let mut series = BTreeSet::new();
        assert!(points.iter().all(|point| series.insert((point.measurement, &point.tags, point.at))));
    }
}

#[test]
fn connections_and_entries_are_sums_of_states() {
    for points in days() {
        let states = || of(&points, "connection_state");
        let open = states().filter(|point| matches!(tag(point, "state"), "ESTABLISHED" | "ACTIVE"));
        let (all, open) = (sums(states(), "count"), sums(open, "count"));
        for (device, connections) in sums(of(&points, "device_traffic"), "connections") {
            assert_eq!(open.get(device).copied().unwrap_or(0), connections, "{device}");
        }
        let entries = sums(of(&points, "connection_trend"), "entries");
        assert!(entries.iter().all(|(device, entries)| all.get(device).unwrap_or(&0) == entries));
        let whole = u32::try_from(all.values().sum::<i64>()).expect("few");
        assert!(of(&points, "conntrack").all(|point| {
            let (count, most) = (float(point, "ip_conntrack_count"), float(point, "ip_conntrack_max"));
            count.total_cmp(&f64::from(whole)).is_eq()
                && (float(point, "fill_ratio") - count / most).abs() < 1e-9
        }));
    }
}

/// What a whole week tells: it takes a while, so it is made once.
#[derive(Default)]
struct Told {
    sequences: Vec<i64>,
    codes: BTreeSet<(String, i64)>,
    alerts: BTreeSet<[&'static str; 3]>,
    /// Whether it fired when it was told last.
    firing: BTreeMap<Vec<(&'static str, &'static str)>, i64>,
}

static TOLD: LazyLock<Told> = LazyLock::new(|| {
    let mut told = Told::default();
    week(STOP, 7).for_each(|points| told.hear(&points));
    told
});

impl Told {
    fn hear(&mut self, points: &[Point]) {
        self.sequences.extend(points.last().map(|exporter| {
            let states = of(points, "connection_state").count();
            assert_eq!(usize::try_from(integer(exporter, "points")), Ok(states));
            integer(exporter, "sequence")
        }));
        self.codes.extend(of(points, "device_activity").map(|point| match field(point, "activity") {
            Some(Value::Text(name)) => (name.to_string(), integer(point, "code")),
            other => panic!("{other:?}"),
        }));
        for point in of(points, "connection_alert") {
            let tag = |name| point.tags.iter().find_map(|(key, value)| (*key == name).then_some(*value));
            let [rule, severity, device] =
                ["rule", "severity", "device_name"].map(tag).map(|tag| tag.expect("a tag"));
            self.alerts.insert([rule, severity, device]);
            self.firing.insert(point.tags.clone(), integer(point, "firing"));
        }
    }
}

#[test]
fn the_exporter_counts_its_lines_and_its_snapshots() {
    let sequences = &TOLD.sequences;
    let jumps = |by: i64| sequences.windows(2).filter(|pair| pair[1] - pair[0] == by).count();
    let starts = sequences.windows(2).filter(|pair| pair[1] == 1).count();
    assert_eq!((jumps(2), starts), (3, 2));
    assert_eq!(sequences.len(), 7 * 2_880 - 3 - 80);
}

#[test]
fn bytes_by_services_and_destinations_are_those_of_the_device() {
    let mut snapshots = 0;
    for points in week(STOP, 1).skip(1).filter(|points| !points.is_empty()) {
        for direction in ["rx", "tx"] {
            let name = format!("{direction}_bytes");
            let traffic = sums(of(&points, "device_traffic"), &name);
            let bandwidth = of(&points, "bandwidth").filter(|point| tag(point, "direction") == direction);
            let bandwidth = sums(bandwidth, "bytes");
            assert!(traffic.iter().all(|(device, bytes)| bandwidth.get(device).unwrap_or(&0) == bytes));
            let destinations = sums(of(&points, "destination"), &name);
            assert!(destinations.iter().all(|(device, bytes)| traffic.get(device).unwrap_or(&0) == bytes));
        }
        let opened = sums(of(&points, "connection_rate"), "opened");
        let of_destinations = sums(of(&points, "destination"), "opened");
        assert!(of_destinations.iter().all(|(device, count)| opened.get(device).unwrap_or(&0) == count));
        let connections = sums(of(&points, "device_traffic"), "connections");
        let of_destinations = sums(of(&points, "destination"), "connections");
        assert!(of_destinations.iter().all(|(device, count)| connections.get(device).unwrap_or(&0) == count));
        snapshots += 1;
    }
    assert!(snapshots > 2_800);
}

#[test]
fn entries_are_those_before_and_what_was_opened_less_what_was_closed() {
    let mut before: Option<i64> = None;
    for points in days() {
        let rates = || of(&points, "connection_rate");
        let sum = |name: &str| rates().map(|point| integer(point, name)).sum::<i64>();
        let is_known = rates().next().is_some();
        let now = of(&points, "connection_state").map(|point| integer(point, "count")).sum();
        if let Some(before) = before.filter(|_| is_known) {
            assert_eq!(before + sum("opened") - sum("closed"), now);
        }
        before = (!points.is_empty()).then_some(now);
    }
}

#[test]
fn codes_are_those_of_their_names() {
    let all: BTreeSet<_> = (0..).zip(CLASSES).map(|(code, (_, name))| (name.to_owned(), code)).collect();
    assert!(TOLD.codes.is_subset(&all));
    let missing: Vec<_> = all.difference(&TOLD.codes).collect();
    assert_eq!(missing, [&("cloud_gaming".to_owned(), 3)]);
}

#[test]
fn a_series_that_goes_ends_with_one_zero() {
    let names = ["connection_state", "connection_rate", "device_traffic", "connection_trend", "destination"];
    let mut last: BTreeMap<_, (i64, bool)> = BTreeMap::new();
    let mut ended = 0;
    // Of the third of four days: on the fourth a snapshot is lost, and with it what it told.
    for points in days().take(3 * 2_880).skip(2 * 2_880) {
        let mut now = BTreeMap::new();
        for point in points.into_iter().filter(|point| names.contains(&point.measurement)) {
            let is_zero = point.fields.iter().all(|(_, value)| match value {
                Value::Integer(value) => *value == 0,
                Value::Float(value) => value.abs() < 1e-9,
                Value::Text(_) => false,
            });
            now.insert((point.measurement, point.tags), (point.at, is_zero));
        }
        for (series, (_, was_zero)) in &last {
            if !now.contains_key(series) {
                assert!(was_zero, "{series:?}");
                ended += 1;
            }
        }
        last = now;
    }
    assert!(ended > 100, "{ended}");
}

#[test]
fn who_has_gone_is_idle_for_lack_of_connections() {
    let ends = week(STOP, 1).flatten().filter(|point| {
        point.measurement == "device_activity" && field(point, "why") == Some(&"no connections".into())
    });
    let names: BTreeSet<_> = ends
        .inspect(|point| assert!(integer(point, "code") == 1 && float(point, "confidence").abs() < 1e-9))
        .map(|point| tag(&point, "device_name").to_owned())
        .collect();
    assert!(names.contains("kids tablet") && names.contains("solar inverter"), "{names:?}");
}

#[test]
fn every_story_has_its_alert_which_ends() {
    let guest = "laptop, guest=1";
    let expected = [
        ["above_normal", "critical", guest],
        ["above_normal", "critical", "plug-washer"],
        ["buffering", "warning", "tv"],
        ["churn", "warning", guest],
        ["connections_high", "warning", guest],
        ["connections_high", "warning", "plug-washer"],
        ["half_open", "warning", "camera"],
        ["leak", "warning", "plug-washer"],
        ["new_device", "warning", "android-7f3a"],
        ["scan", "warning", "camera"],
        ["table_filling", "warning", guest],
        ["too_many_for_type", "warning", "plug-washer"],
        ["upload_high", "critical", "nas"],
        ["upload_high", "warning", guest],
        ["upload_high", "warning", "nas"],
    ];
    assert!(TOLD.alerts.iter().eq(&expected), "{:?}", TOLD.alerts);
    let lasting: Vec<_> = TOLD.firing.iter().filter(|(_, firing)| **firing == 1).collect();
    assert!(lasting.iter().all(|(tags, _)| tags.contains(&("rule", "new_device"))), "{lasting:?}");
}

#[test]
fn a_line_is_what_the_builder_makes() {
    let mut points: Vec<_> = week(STOP, 1).take(3).flatten().collect();
    points.push(Point {
        measurement: "a b,c",
        tags: vec![("t", "a b,c=d\"e\\f, ü")],
        fields: vec![("text", "a \"b\" \\ c,d=e".into()), ("x", 1.5.into()), ("i", (-3).into())],
        at: 7,
    });
    assert!(points.iter().any(|point| tag(point, "device_name").contains('"')));
    for point in &points {
        let mut ours = String::new();
        line(point, &mut ours);
        assert_eq!(ours, built(point));
    }
    assert_eq!(DEVICES.len(), 25);
}

/// The line by the crate's own builder.
fn built(point: &Point) -> String {
    let line = LineProtocolBuilder::new().measurement(point.measurement);
    let line = point.tags.iter().fold(line, |line, (key, value)| line.tag(key, value));
    let mut fields = point.fields.iter();
    let mut line = match fields.next() {
        Some((name, Value::Integer(value))) => line.field(name, *value),
        Some((name, Value::Float(value))) => line.field(name, *value),
        Some((name, Value::Text(value))) => line.field(name, &**value),
        None => panic!("{point:?}"),
    };
    for (name, value) in fields {
        line = match value {
            Value::Integer(value) => line.field(name, *value),
            Value::Float(value) => line.field(name, *value),
            Value::Text(value) => line.field(name, &**value),
        };
    }
    String::from_utf8(line.timestamp(point.at).close_line().build()).expect("text")
}
