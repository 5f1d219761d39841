//! Points for spreadsheets: RFC 4180, with a header.
//!
//! Every measurement has fields of its own, so that a column for each would leave most cells empty: a row is one figure.

use std::collections::BTreeSet;

use ::csv::{Error, Terminator, Writer, WriterBuilder};

use crate::series::point::{Point, Value};

/// A writer that ends lines as RFC 4180 does.
pub fn writer() -> Writer<Vec<u8>> {
    WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new())
}

/// What was written.
pub fn finish(writer: Writer<Vec<u8>>) -> Result<String, Error> {
    let bytes = writer.into_inner().map_err(|error| Error::from(error.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A header, and a row for every field of the points of a snapshot that is stamped with `timestamp`, with a column for every
/// tag that any point has.
pub fn text(points: &[Point], timestamp: Option<i64>) -> Result<String, Error> {
    let keys: BTreeSet<&str> =
        points.iter().flat_map(|point| point.tags.iter().map(|(key, _)| key)).collect();
    let mut writer = writer();
    let header = ["time", "measurement"].into_iter().chain(keys.iter().copied()).chain(["field", "value"]);
    writer.write_record(header)?;
    for point in points {
        let time = point.time(timestamp).map(|time| time.to_string()).unwrap_or_default();
        for (field, value) in &point.fields {
            let Some(value) = shown(value) else { continue };
            writer.write_field(&time)?;
            writer.write_field(point.measurement)?;
            for key in &keys {
                writer.write_field(
                    point.tags.iter().find_map(|(tag, value)| (tag == *key).then_some(value)).unwrap_or(""),
                )?;
            }
            writer.write_record([field.as_ref(), value.as_str()])?;
        }
    }
    finish(writer)
}

/// A figure in a cell; what isn't finite is left out as from a line.
fn shown(value: &Value) -> Option<String> {
    match value {
        Value::Integer(integer) => Some(integer.to_string()),
        Value::Float(float) => float.is_finite().then(|| float.to_string()),
        Value::Text(text) => Some(text.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;
    use std::time::Duration;

    use super::*;
    use crate::series::point::{Tag, Tags};

    fn point(measurement: &'static str, tags: Vec<Tag>, value: Value) -> Point {
        let tags = Rc::new(Tags::new(tags, &[].into()));
        let fields = vec![("figure".into(), value), ("never".into(), Value::Float(f64::INFINITY))];
        Point { measurement, tags, fields, age: Duration::ZERO }
    }

    #[test]
    fn every_figure_is_a_row() {
        let points = [
            point("a", vec![("device_name", "x,\"y\"".into())], Value::Integer(1)),
            point("b", vec![("host", "gw".into())], Value::Float(0.25)),
            point("b", vec![], Value::Text("=1\r\n+1".into())),
        ];
        let expected = "time,measurement,device_name,host,field,value\r\n7,a,\"x,\"\"y\"\"\",,figure,1\r\n7,b,,gw,figure,0.25\r\n7,b,,,figure,\"=1\r\n+1\"\r\n";
        assert_eq!(text(&points, Some(7)).unwrap(), expected);
        assert_eq!(text(&[], None).unwrap(), "time,measurement,field,value\r\n");
        assert!(text(&points, None).unwrap().contains("\r\n,a,"));
    }
}
