//! Points → lines → datagrams.
//!
//! Telegraf rejects the rest of a datagram from the first line on that it can't parse, so every line is whole and
//! every datagram ends with a line's end.

use std::fmt;
use std::ops::Range;

use influxdb_line_protocol::LineProtocolBuilder;
use influxdb_line_protocol::builder::FieldValue;

use crate::point::{Point, Value};

/// Lines of one snapshot, one behind the other.
#[derive(Debug, Default)]
pub struct Lines {
    text: Vec<u8>,
    /// Where each line ends, its newline included.
    ends: Vec<usize>,
}

impl Lines {
    /// Writes `point` as the next line; `timestamp` in nanoseconds since 1970, `None` to let the receiver stamp it.
    pub fn push(&mut self, point: &Point, timestamp: Option<i64>) {
        write(&mut self.text, point, timestamp);
        self.ends.push(self.text.len());
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
        std::iter::from_fn(move || {
            let start = if first == 0 { 0 } else { *self.ends.get(first - 1)? };
            let fitting = self.ends.get(first..)?.iter().take_while(|end| **end - start <= max).count();
            let after = first + fitting.max(1);
            let end = *self.ends.get(after - 1)?;
            let lines = first..after;
            first = after;
            Some((lines, self.text.get(start..end)?))
        })
    }
}

fn write(text: &mut Vec<u8>, point: &Point, timestamp: Option<i64>) {
    let [(key, value), rest @ ..] = point.fields.as_slice() else { return };
    let mut line = LineProtocolBuilder::new_with(text).measurement(point.measurement);
    for (key, value) in point.tags.iter() {
        line = line.tag(key, value);
    }
    let mut line = line.field(key, value);
    for (key, value) in rest {
        line = line.field(key, value);
    }
    match timestamp {
        Some(timestamp) => drop(line.timestamp(timestamp).close_line()),
        None => drop(line.close_line()),
    }
}

impl FieldValue for &Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Integer(value) => FieldValue::fmt(value, f),
            Value::Float(value) => FieldValue::fmt(value, f),
            Value::Text(value) => FieldValue::fmt(&&**value, f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::point::Tags;
    use proptest::prelude::*;
    use std::rc::Rc;

    fn point(name: &str, fields: Vec<(&'static str, Value)>) -> Point {
        let tags = Rc::new(Tags::new(vec![("device_name", name.into())], &[].into()));
        Point { measurement: "connection_state", tags, fields }
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

    proptest! {
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
