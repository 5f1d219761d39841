//! What points take on the disk of InfluxDB 1 and 2 (TSM). An estimate: what is stored is compressed, and values that
//! hardly change take less.

use crate::series::point::{Point, Tags, Value};

/// A number. "Non-string values require approximately three bytes": `InfluxData`'s hardware sizing guidelines, under "Bytes
/// and compression". The time of the point is in it.
pub(super) const NUMBER: u64 = 3;
/// Texts take one part in so many of their length, by Snappy, which TSM uses for them. Measured on a thousand values to a
/// block, as it has them: of the sentences of `device_activity` in this repository's recordings a quarter and less is left.
pub(super) const TEXT_ONE_PART_IN: usize = 4;
/// What the index of a file has beside the key of a field: its length, its type, and how many blocks there are.
const INDEX_OF_FIELD: u64 = 2 + 1 + 2;
/// What it has of a block: the first and the last time, where it is and how long; and the block's own checksum.
const INDEX_OF_BLOCK: u64 = 8 + 8 + 8 + 4 + 4;
/// Values in a block at most.
const BLOCK: u64 = 1000;
/// Between the key of the series and the name of the field.
const SEPARATOR: &str = "#!~#";

/// The same for people.
pub(super) fn in_words() -> String {
    format!(
        "on the disk of InfluxDB 1 or 2 {NUMBER} bytes a number, as its hardware sizing guidelines have it, a text one \
         part in {TEXT_ONE_PART_IN} of its length, and names once a day"
    )
}

/// The values of one point.
pub(super) fn values(point: &Point) -> u64 {
    let value = |value: &Value| match value {
        Value::Integer(_) | Value::Float(_) => NUMBER,
        Value::Text(text) => text.len().div_ceil(TEXT_ONE_PART_IN) as u64,
    };
    point.fields.iter().map(|(_, of)| value(of)).sum()
}

/// What a day of so many values of each field takes beside them: the names, once for a day's file and field, once more
/// for the index of series, and a line for each block. Buckets that are kept for long have a file for a week, and less of it.
pub(super) fn index_of_a_day<'a>(tags: &Tags, points: impl Iterator<Item = &'a Point>, values: u64) -> u64 {
    let (mut key, mut fields) = (0, 0);
    for point in points {
        key = series_key(point.measurement, tags);
        let of_field = |name: &str| {
            INDEX_OF_FIELD
                + key
                + (SEPARATOR.len() + name.len()) as u64
                + INDEX_OF_BLOCK * values.div_ceil(BLOCK)
        };
        fields += point.fields.iter().map(|(name, _)| of_field(name)).sum::<u64>();
    }
    fields + key
}

/// How long the name of a series is: the measurement and its tags.
fn series_key(measurement: &str, tags: &Tags) -> u64 {
    let tags = tags.iter().filter(|(_, value)| !value.is_empty());
    let length = tags.map(|(key, value)| ",=".len() + key.len() + value.len()).sum::<usize>();
    (measurement.len() + length) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::rc::Rc;
    use std::time::Duration;

    fn point() -> Point {
        let tags = vec![("device_name", "tv".into()), ("mac", "".into())];
        let fields = vec![
            ("code".into(), Value::Integer(6)),
            ("confidence".into(), Value::Float(0.5)),
            ("why".into(), Value::Text("6.1 Mbit/s down".into())),
        ];
        let tags = Rc::new(Tags::new(tags, &[].into()));
        Point { measurement: "device_activity", tags, fields, age: Duration::ZERO }
    }

    #[test]
    fn a_number_takes_three_bytes_and_a_text_a_quarter_of_its_length() {
        assert_eq!(values(&point()), 3 + 3 + 4);
        assert_eq!(values(&Point { fields: Vec::new(), ..point() }), 0);
    }

    #[test]
    fn the_index_has_names_once_and_a_line_for_each_block() {
        let key = "device_activity,device_name=tv".len() as u64;
        let names = ["code", "confidence", "why"].map(|name| key + 4 + name.len() as u64 + 5);
        let of = |values| index_of_a_day(&point().tags, [point()].iter(), values);
        assert_eq!(of(1), key + names.iter().sum::<u64>() + 3 * 32);
        assert_eq!(of(2880) - of(1000), 3 * 32 * 2);
        assert_eq!(index_of_a_day(&point().tags, [].iter(), 9), 0);
    }
}
