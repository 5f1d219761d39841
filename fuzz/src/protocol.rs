//! What holds of every snapshot's points, and of their lines as a receiver reads them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use conntrack_exporter::encode::line_protocol::Lines;
use conntrack_exporter::series::point::{Point, Value};

use crate::lines::{Line, Value as Read, parse};

/// What a snapshot's points add up to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Connections by device name.
    pub by_name: BTreeMap<String, i64>,
    /// Entries understood.
    pub read: i64,
    /// Devices, by the exporter's own word.
    pub devices: i64,
}

/// Writes points in datagrams of at most `max` bytes and reads them back: every line is its point.
pub fn round_trip(points: &[Point], timestamp: Option<i64>, max: usize) -> Vec<BTreeMap<String, String>> {
    let mut lines = Lines::default();
    lines.write(points, timestamp);
    let mut read = Vec::new();
    let mut text = Vec::new();
    for (range, datagram) in lines.datagrams(max) {
        assert!(datagram.len() <= max || range.len() == 1, "{} bytes in {range:?}", datagram.len());
        let found = parse(datagram).unwrap_or_else(|why| panic!("{why}"));
        assert_eq!((range.start, range.len()), (read.len(), found.len()));
        read.extend(found);
        text.extend_from_slice(datagram);
    }
    assert_eq!(text, lines.text(), "datagrams hold every line");
    assert_eq!(read.len(), points.len());
    for (line, point) in read.iter().zip(points) {
        assert_eq!(line.measurement, point.measurement);
        assert_eq!(line.timestamp, timestamp);
        let tags = line.tags.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        assert!(tags.eq(point.tags.iter()), "{line:?} of {point:?}");
        let fields: BTreeMap<String, Read> =
            point.fields.iter().map(|(key, value)| (key.to_string(), as_read(value))).collect();
        assert_eq!(line.fields, fields);
    }
    read.into_iter().map(|Line { tags, .. }| tags).collect()
}

fn as_read(value: &Value) -> Read {
    match value {
        Value::Integer(value) => Read::Integer(*value),
        Value::Float(value) => Read::Float(*value),
        Value::Text(value) => Read::Text(value.to_string()),
    }
}

/// Checks a whole snapshot: one field, no series twice, every entry counted once, the exporter's own point last.
pub fn snapshot(points: &[Point], timestamp: Option<i64>, max: usize) -> Sums {
    let tags = round_trip(points, timestamp, max);
    let (exporter, others) = points.split_last().expect("the exporter's own point");
    assert_eq!(exporter.measurement, "conntrack_exporter");
    assert!(others.iter().all(|point| point.measurement != "conntrack_exporter"));
    let figure = |name: &str| match exporter.fields.iter().find(|(key, _)| *key == name) {
        Some((_, Value::Integer(value))) => *value,
        found => panic!("{name} is {found:?}"),
    };
    let mut series = BTreeMap::new();
    let mut sums = Sums { read: figure("entries_read"), devices: figure("devices"), ..Sums::default() };
    for (point, tags) in points.iter().zip(tags).filter(|(point, _)| point.measurement == "connection_state")
    {
        let [(Cow::Borrowed("count"), Value::Integer(count))] = point.fields[..] else {
            panic!("not one count: {point:?}")
        };
        assert!(count >= 0);
        *sums.by_name.entry(tags["device_name"].clone()).or_default() += count;
        assert!(series.insert(tags, count).is_none(), "a series twice: {point:?}");
    }
    assert_eq!(figure("points"), i64::try_from(series.len()).expect("few points"));
    assert_eq!(series.values().sum::<i64>(), figure("entries_read") - figure("entries_loopback"));
    let other = sums.by_name.get("other").copied().unwrap_or_default();
    assert_eq!(other, figure("entries_unattributed") + figure("entries_overflow"));
    sums
}
