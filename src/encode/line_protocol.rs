//! Points → lines → datagrams.
//!
//! Telegraf rejects the rest of a datagram from the first line on that it can't parse, so every line is whole and
//! every datagram ends with a line's end.

use std::ops::Range;

use crate::series::point::{Point, Value};

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

/// Writes the line. This is by hand because a builder that formats character by character takes twelve thousand
/// instructions for it, and this a few hundred; what it writes is held against such a builder in the tests below.
fn write(text: &mut Vec<u8>, point: &Point, timestamp: Option<i64>) {
    escape(text, point.measurement, separates);
    for (key, value) in point.tags.iter() {
        text.push(b',');
        escape(text, key, separates);
        text.push(b'=');
        escape(text, value, separates);
    }
    let mut before = b' ';
    for (key, value) in &point.fields {
        text.push(before);
        before = b',';
        escape(text, key, separates);
        text.push(b'=');
        write_value(text, value);
    }
    if let Some(timestamp) = timestamp {
        text.push(b' ');
        write_integer(text, timestamp);
    }
    text.push(b'\n');
}

fn write_value(text: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Integer(value) => {
            write_integer(text, *value);
            text.push(b'i');
        }
        // Without an i, line protocol's numbers are floats.
        Value::Float(value) => write_integer(text, i64::from(*value)),
        Value::Text(value) => {
            text.push(b'"');
            escape(text, value, |byte| byte == b'"' || byte == b'\\');
            text.push(b'"');
        }
    }
}

fn write_integer(text: &mut Vec<u8>, value: i64) {
    text.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// What is special outside of quotation marks.
const fn separates(byte: u8) -> bool {
    matches!(byte, b',' | b' ' | b'=' | b'\\')
}

/// Writes `word` with a backslash before each `special` byte.
fn escape(text: &mut Vec<u8>, word: &str, special: impl Fn(u8) -> bool) {
    let mut plain = word.as_bytes();
    while let Some(at) = plain.iter().position(|byte| special(*byte)) {
        let (before, rest) = plain.split_at(at);
        let (one, rest) = rest.split_at(1);
        text.extend_from_slice(before);
        text.push(b'\\');
        text.extend_from_slice(one);
        plain = rest;
    }
    text.extend_from_slice(plain);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::point::Tags;
    use influxdb_line_protocol::LineProtocolBuilder;
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
        let fields =
            vec![("a", Value::Integer(-1)), ("b", Value::Float(26)), ("c", Value::Text("set \"x\"".into()))];
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

    /// The line as the builder of a crate writes it.
    fn built(name: &str, integer: i64, float: u32, word: &str, timestamp: Option<i64>) -> Vec<u8> {
        let line = LineProtocolBuilder::new().measurement("connection_state").tag("device_name", name);
        let line = line.field("a", integer).field("b", f64::from(float)).field("c", word);
        match timestamp {
            Some(timestamp) => line.timestamp(timestamp).close_line().build(),
            None => line.close_line().build(),
        }
    }

    proptest! {
        #[test]
        fn lines_are_those_of_a_builder(
            name in r#"[a-zé, ="\\\\]{1,20}"#,
            (integer, float) in any::<(i64, u32)>(),
            word in r#"[a-zé, ="\\\\]{0,20}"#,
            timestamp in any::<Option<i64>>(),
        ) {
            let fields =
                vec![("a", Value::Integer(integer)), ("b", Value::Float(float)), ("c", Value::Text(word.as_str().into()))];
            let mut lines = Lines::default();
            lines.push(&point(&name, fields), timestamp);
            prop_assert_eq!(lines.text(), built(&name, integer, float, &word, timestamp));
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
