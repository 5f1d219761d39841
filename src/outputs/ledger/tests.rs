use std::borrow::Cow;

use super::*;
use crate::measurements::connection_state::SCHEMA;
use crate::measurements::conntrack_exporter;
use crate::series::schema::{float, integer};

/// A snapshot in which these devices have so many connections, and what the exporter says of itself.
fn snapshot(counts: &[(&str, i64)]) -> Snapshot {
    let tags = |tag| Rc::new(Tags::new(vec![tag], &[].into()));
    let point = |(name, count): &(&str, i64)| Point {
        measurement: SCHEMA.name,
        tags: tags(("device_name", Rc::from(*name))),
        fields: vec![("count".into(), Value::Integer(*count))],
        age: Duration::ZERO,
    };
    let exporter = Point {
        measurement: by_output::MEASUREMENT,
        tags: tags(("host", "router".into())),
        fields: ["points", "datagrams_sent", "send_errors", "devices"]
            .map(|name| (name.into(), Value::Integer(0)))
            .to_vec(),
        age: Duration::ZERO,
    };
    let parts = vec![
        Part { schema: &SCHEMA, is_on: true, points: counts.iter().map(point).collect() },
        Part { schema: &conntrack_exporter::SCHEMA, is_on: true, points: vec![exporter] },
    ];
    Snapshot { timestamp: None, parts, addresses_changed: false, events: vec![], flows: None }
}

fn shown(points: &[Point]) -> Vec<String> {
    let states = points.iter().filter(|point| point.measurement == SCHEMA.name);
    let show = |point: &Point| {
        let [(Cow::Borrowed("count"), Value::Integer(count))] = point.fields[..] else {
            panic!("not one count")
        };
        format!("{}={count}", point.tags.own("device_name").unwrap())
    };
    states.map(show).collect()
}

/// Sends a snapshot; gives what went out.
fn send(ledger: &mut Ledger, counts: &[(&str, i64)], arrives: bool) -> Vec<String> {
    send_in_doubt(ledger, counts, arrives, false)
}

fn send_in_doubt(ledger: &mut Ledger, counts: &[(&str, i64)], arrives: bool, doubt: bool) -> Vec<String> {
    let snapshot = snapshot(counts);
    let points = ledger.complete(&snapshot);
    ledger.confirm(&snapshot, &points, |_| arrives, doubt);
    shown(&points)
}

#[test]
fn what_has_gone_is_sent_once_as_zero() {
    let mut ledger = Ledger::default();
    assert_eq!(send(&mut ledger, &[("pc", 1), ("tv", 2)], true), ["pc=1", "tv=2"]);
    assert_eq!(send(&mut ledger, &[("nas", 3), ("tv", 2)], true), ["nas=3", "pc=0", "tv=2"]);
    assert_eq!(send(&mut ledger, &[("tv", 2)], true), ["nas=0", "tv=2"]);
    assert_eq!(send(&mut ledger, &[("tv", 2)], true), ["tv=2"]);
}

#[test]
fn a_zero_that_was_refused_is_sent_again() {
    let mut ledger = Ledger::default();
    send(&mut ledger, &[("tv", 1)], true);
    for _ in 0..3 {
        assert_eq!(send(&mut ledger, &[], false), ["tv=0"]);
    }
    assert_eq!(send(&mut ledger, &[], true), ["tv=0"]);
    assert!(send(&mut ledger, &[], true).is_empty());
}

#[test]
fn a_zero_in_doubt_is_sent_again() {
    let mut ledger = Ledger::default();
    send(&mut ledger, &[("tv", 1)], true);
    assert_eq!(send(&mut ledger, &[], true), ["tv=0"]);
    assert!(send_in_doubt(&mut ledger, &[], true, true).is_empty());
    assert_eq!(send(&mut ledger, &[], true), ["tv=0"]);
}

#[test]
fn what_was_never_taken_needs_no_zero_but_what_was_before_does() {
    let mut ledger = Ledger::default();
    send(&mut ledger, &[("tv", 1)], false);
    assert!(send(&mut ledger, &[], true).is_empty(), "the receiver never saw it");
    send(&mut ledger, &[("tv", 1)], true);
    send(&mut ledger, &[("tv", 1)], false);
    assert_eq!(send(&mut ledger, &[], true), ["tv=0"]);
}

#[test]
fn a_measurement_that_was_not_due_has_not_gone() {
    let mut ledger = Ledger::default();
    send(&mut ledger, &[("tv", 1)], true);
    let traffic_only =
        Snapshot { timestamp: None, parts: vec![], addresses_changed: false, events: vec![], flows: None };
    let points = ledger.complete(&traffic_only);
    assert!(points.is_empty());
    ledger.confirm(&traffic_only, &points, |_| true, false);
    assert_eq!(send(&mut ledger, &[], true), ["tv=0"], "now it has");
}

#[test]
fn a_zero_in_doubt_is_sent_again_also_if_the_doubt_came_between_two_reports() {
    let mut ledger = Ledger::default();
    send(&mut ledger, &[("tv", 1)], true);
    assert_eq!(send(&mut ledger, &[], true), ["tv=0"]);
    let traffic_only =
        Snapshot { timestamp: None, parts: vec![], addresses_changed: false, events: vec![], flows: None };
    ledger.confirm(&traffic_only, &[], |_| true, true);
    assert_eq!(send(&mut ledger, &[], true), ["tv=0"]);
    ledger.confirm(&traffic_only, &[], |_| true, false);
    assert!(send_in_doubt(&mut ledger, &[], true, true).is_empty());
    assert!(send(&mut ledger, &[], true).is_empty(), "another snapshot lay between");
}

/// On each of ten days a thousand devices come and go, of each of which the receiver takes the count, but not the zero:
/// that is refused, or taken and in doubt afterwards. Gives the zeros that are still due then.
fn after_ten_days(refused: bool) -> Vec<String> {
    let mut ledger = Ledger::default();
    for day in 0..10 {
        let names: Vec<_> = (0..1000).map(|number| format!("{}-{number:03}", 9 - day)).collect();
        let there: Vec<_> = names.iter().map(|name| (name.as_str(), 1)).collect();
        for counts in [&there[..], &[]] {
            let snapshot = snapshot(counts);
            let points = ledger.complete(&snapshot);
            let taken = |place: usize| !refused || !is_zero(&SCHEMA, &points[place]);
            ledger.confirm(&snapshot, &points, taken, !refused);
        }
    }
    let between =
        Snapshot { timestamp: None, parts: vec![], addresses_changed: false, events: vec![], flows: None };
    ledger.confirm(&between, &[], |_| true, !refused);
    shown(&ledger.complete(&snapshot(&[])))
}

#[test]
fn zeros_that_nobody_takes_are_bounded_and_the_oldest_given_up() {
    for refused in [true, false] {
        let due = after_ten_days(refused);
        assert!(due.len() <= 8192, "{} zeros are due", due.len());
        for day in 2..10 {
            let of_the_day = due.iter().filter(|name| name.starts_with(&format!("{}-", 9 - day))).count();
            assert_eq!(of_the_day, 1000, "of day {day}; refused: {refused}");
        }
    }
}

#[test]
fn the_output_fills_in_what_only_it_knows() {
    let figures = |ledger: &Ledger, counts: &[(&str, i64)]| {
        let point = ledger.complete(&snapshot(counts)).pop().unwrap();
        let figures: Vec<_> = point.fields.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
        (figures.join(" "), point.tags.own("output").map(ToString::to_string))
    };
    let mut ledger = Ledger { datagrams_sent: 7, send_errors: 2, ..Ledger::default() };
    send(&mut ledger, &[("pc", 1), ("tv", 1)], true);
    let expected = "points=Integer(2) datagrams_sent=Integer(7) send_errors=Integer(2) devices=Integer(0)";
    assert_eq!(figures(&ledger, &[("tv", 1)]), (expected.to_owned(), None), "zeros count");
    let second = Ledger::tagged(Some("influxdb"));
    assert_eq!(
        figures(&second, &[("tv", 1)]).1.as_deref(),
        Some("influxdb"),
        "each output has its own point"
    );
}

#[test]
fn a_series_ends_with_those_numbers_that_it_had_in_their_types() {
    const SCHEMA: Schema = Schema {
        name: "rates",
        every: crate::series::schema::Clock::Interval,
        tags: &[],
        fields: &[integer("opened"), float("opened_per_second"), integer("bytes")],
        user_tags: crate::series::schema::UserTags::Refuse,
        ends_with_zero: &["opened", "opened_per_second", "bytes"],
    };
    let mut ledger = Ledger::default();
    let mut send = |fields: Vec<Field>| {
        let tags = Rc::new(Tags::new(Vec::new(), &[].into()));
        let point = Point { measurement: SCHEMA.name, tags, fields, age: Duration::ZERO };
        let points = Some(point).filter(|point| !point.fields.is_empty()).into_iter().collect();
        let parts = vec![Part { schema: &SCHEMA, is_on: true, points }];
        let snapshot =
            Snapshot { timestamp: None, parts, addresses_changed: false, events: vec![], flows: None };
        let points = ledger.complete(&snapshot);
        ledger.confirm(&snapshot, &points, |_| true, false);
        points.into_iter().map(|point| point.fields).collect::<Vec<_>>()
    };
    let (opened, rate) =
        (("opened".into(), Value::Integer(3)), ("opened_per_second".into(), Value::Float(0.1)));
    let zeros = vec![("opened".into(), Value::Integer(0)), ("opened_per_second".into(), Value::Float(0.0))];
    send(vec![opened, rate]);
    assert_eq!(send(Vec::new()), std::slice::from_ref(&zeros), "there were no bytes");
    assert!(send(Vec::new()).is_empty());
    send(zeros);
    assert!(send(Vec::new()).is_empty(), "it had ended already");
}
