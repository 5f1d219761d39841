//! Points → lines → datagrams.
//!
//! Telegraf rejects the rest of a datagram from the first line on that it can't parse, so every line is whole and
//! every datagram ends with a line's end.

use std::fmt;
use std::ops::Range;

use influxdb_line_protocol::LineProtocolBuilder;
use influxdb_line_protocol::builder::FieldValue;

use crate::series::point::{Point, Value};

/// Lines of one snapshot, one behind the other.
#[derive(Debug, Default)]
pub struct Lines {
    text: Vec<u8>,
    /// Where each line ends, its newline included.
    ends: Vec<usize>,
}

impl Lines {
    /// Writes `point` as the next line; `timestamp`, that of the snapshot, in nanoseconds since 1970, `None` to let the
    /// receiver stamp it.
    pub fn push(&mut self, point: &Point, timestamp: Option<i64>) {
        self.text = write(std::mem::take(&mut self.text), point, point.time(timestamp));
        // Also of a point that can't be written: numbers of lines are those of points.
        self.ends.push(self.text.len());
    }

    /// Writes the points of one snapshot, all with one timestamp, in the place of those before.
    pub fn write(&mut self, points: &[Point], timestamp: Option<i64>) {
        self.clear();
        for point in points {
            self.push(point, timestamp);
        }
    }

    /// Forgets all lines, for the next snapshot.
    pub fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }

    /// All lines as one text.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// The lines packed into datagrams of at most `max` bytes, each with the numbers of its lines. A line is never
    /// split: one that is longer than `max` goes alone.
    pub fn datagrams(&self, max: usize) -> impl Iterator<Item = (Range<usize>, &[u8])> {
        let mut first = 0;
        let datagrams = std::iter::from_fn(move || {
            let start = if first == 0 { 0 } else { *self.ends.get(first - 1)? };
            let fitting = self.ends.get(first..)?.iter().take_while(|end| **end - start <= max).count();
            let after = first + fitting.max(1);
            let end = *self.ends.get(after - 1)?;
            let lines = first..after;
            first = after;
            Some((lines, self.text.get(start..end)?))
        });
        datagrams.filter(|(_, text)| !text.is_empty())
    }
}

/// Writes the line by the builder of `InfluxData`'s crate. What can't be written would cost a receiver the rest of its
/// datagram, so it is left out: an empty tag, a float that is not finite, a point of which no field remains. Everything
/// else that the builder does not escape, such as a newline, never gets into a point (`devices::name`).
///
/// Formatting through `fmt` one character at a time takes some thousand instructions a line (see
/// `benches/RESULTS.md`). At a few hundred lines every half minute that is next to nothing.
fn write(text: Vec<u8>, point: &Point, timestamp: Option<i64>) -> Vec<u8> {
    let mut fields = point.fields.iter().filter(|(_, value)| can_be_written(value));
    let Some((name, value)) = fields.next() else { return text };
    let mut line = LineProtocolBuilder::new_with(text).measurement(point.measurement);
    for (key, value) in point.tags.iter().filter(|(_, value)| !value.is_empty()) {
        line = line.tag(key, value);
    }
    let mut line = line.field(name, Written(value));
    for (name, value) in fields {
        line = line.field(name, Written(value));
    }
    let line = match timestamp {
        Some(timestamp) => line.timestamp(timestamp).close_line(),
        None => line.close_line(),
    };
    line.build()
}

const fn can_be_written(value: &Value) -> bool {
    match value {
        Value::Float(value) => value.is_finite(),
        Value::Integer(_) | Value::Text(_) => true,
    }
}

/// A figure as the builder takes it.
struct Written<'a>(&'a Value);

impl FieldValue for Written<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Integer(value) => FieldValue::fmt(value, f),
            Value::Float(value) => FieldValue::fmt(value, f),
            Value::Text(value) => FieldValue::fmt(&&**value, f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::point::Tags;
    use proptest::prelude::*;
    use std::rc::Rc;
    use std::time::Duration;

    fn point(name: &str, fields: Vec<(&'static str, Value)>) -> Point {
        let tags = Rc::new(Tags::new(vec![("device_name", name.into())], &[].into()));
        Point {
            measurement: "connection_state",
            tags,
            fields: fields.into_iter().map(|(name, value)| (name.into(), value)).collect(),
            age: Duration::ZERO,
        }
    }

    fn count(name: &str) -> Point {
        point(name, vec![("count", Value::Integer(3))])
    }

    #[test]
    fn values_have_their_types() {
        let mut lines = Lines::default();
        let fields = vec![
            ("a", Value::Integer(-1)),
            ("b", Value::Float(26.0)),
            ("c", Value::Text("set \"x\"".into())),
        ];
        lines.push(&point("Anna's iPad, 2=x", fields), Some(1_795_241_370_000_000_000));
        let expected = "connection_state,device_name=Anna's\\ iPad\\,\\ 2\\=x a=-1i,b=26,c=\"set \\\"x\\\"\" \
            1795241370000000000\n";
        assert_eq!(std::str::from_utf8(lines.text()).unwrap(), expected);
        lines.clear();
        lines.push(&count("tv"), None);
        assert_eq!(lines.text(), b"connection_state,device_name=tv count=3i\n");
    }

    #[test]
    fn a_line_longer_than_a_datagram_goes_alone() {
        let mut lines = Lines::default();
        for name in ["a", &"b".repeat(100), "c", "d"] {
            lines.push(&count(name), None);
        }
        let ranges: Vec<_> = lines.datagrams(90).map(|(lines, _)| lines).collect();
        assert_eq!(ranges, [0..1, 1..2, 2..4]);
        assert_eq!(Lines::default().datagrams(90).count(), 0);
    }

    #[test]
    fn what_would_break_a_line_is_left_out() {
        let mut lines = Lines::default();
        let not_numbers =
            [f64::NAN, f64::INFINITY, f64::NEG_INFINITY].map(|value| ("x", Value::Float(value)));
        lines.push(&point("tv", not_numbers.to_vec()), Some(1));
        lines.push(&point("", not_numbers.into_iter().chain([("y", Value::Float(0.5))]).collect()), Some(1));
        lines.push(&point("tv", vec![]), None);
        assert_eq!(str::from_utf8(lines.text()).unwrap(), "connection_state y=0.5 1\n");
        assert_eq!(lines.datagrams(1432).map(|(lines, _)| lines.len()).collect::<Vec<_>>(), [3]);
        let mut lines = Lines::default();
        lines.push(&point("tv", vec![]), None);
        assert_eq!(lines.datagrams(1432).count(), 0, "no empty datagram");
    }

    proptest! {
        #[test]
        fn every_line_is_parsed_back(
            name in r#"[a-zé, ="\\]{1,20}"#,
            (integer, float) in any::<(i64, f64)>(),
            word in r#"[a-zé, ="\\]{0,20}"#,
            timestamp in any::<Option<i64>>(),
        ) {
            use influxdb_line_protocol::{FieldValue, parse_lines};
            // A backslash at the end of a tag can't be written; names have none.
            let name = name.replace('\\', "_");
            let fields =
                vec![("a", Value::Integer(integer)), ("b", Value::Float(float)), ("c", Value::Text(word.as_str().into()))];
            let mut lines = Lines::default();
            lines.push(&point(&name, fields), timestamp);
            let text = str::from_utf8(lines.text()).unwrap();
            let [line] = &parse_lines(text).collect::<Result<Vec<_>, _>>().unwrap()[..] else {
                return Err(TestCaseError::fail(format!("not one line: {text}")));
            };
            prop_assert_eq!(line.timestamp, timestamp);
            let tags = line.series.tag_set.as_ref().unwrap();
            prop_assert_eq!((tags[0].0.as_str(), tags[0].1.as_str()), ("device_name", name.as_str()));
            let mut expected = vec![FieldValue::I64(integer)];
            expected.extend(float.is_finite().then_some(FieldValue::F64(float)));
            expected.push(FieldValue::String(word.as_str().into()));
            prop_assert_eq!(line.field_set.iter().map(|(_, value)| value.clone()).collect::<Vec<_>>(), expected);
        }

        #[test]
        fn packing_loses_and_splits_no_line(names in prop::collection::vec("[a-z ,=]{1,64}", 0..200), max in 64..1500usize) {
            let mut lines = Lines::default();
            for name in &names {
                lines.push(&count(name), Some(1));
            }
            let mut text = Vec::new();
            let mut next = 0;
            for (numbers, datagram) in lines.datagrams(max) {
                prop_assert_eq!(numbers.start, next);
                prop_assert!(datagram.ends_with(b"\n"));
                prop_assert!(datagram.len() <= max || numbers.len() == 1);
                prop_assert_eq!(datagram.split_inclusive(|byte| *byte == b'\n').count(), numbers.len());
                next = numbers.end;
                text.extend_from_slice(datagram);
            }
            prop_assert_eq!(next, names.len());
            prop_assert_eq!(text, lines.text());
        }

        #[test]
        fn every_clean_name_is_parsed_back(given: Vec<u8>) {
            use influxdb_line_protocol::parse_lines;
            use crate::devices::name::Name;
            if let Some(name) = Name::clean(&given) {
                let mut lines = Lines::default();
                lines.push(&count(name.as_str()), Some(7));
                let text = std::str::from_utf8(lines.text()).unwrap();
                let parsed: Vec<_> = parse_lines(text).collect::<Result<_, _>>().unwrap();
                prop_assert_eq!(parsed.len(), 1);
                let tags = parsed[0].series.tag_set.clone().unwrap();
                prop_assert_eq!(tags.len(), 1);
                prop_assert_eq!(tags[0].1.as_str(), name.as_str());
            }
        }
    }
}
