//! Points as JSON.

use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};

use crate::series::point::{Field, Point, Tags, Value};

/// A point as an object.
#[derive(Serialize)]
struct PointObject<'a> {
    measurement: &'static str,
    /// In nanoseconds since 1970; absent where the receiver stamps points.
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<i64>,
    tags: TagsObject<'a>,
    fields: FieldsObject<'a>,
}

struct TagsObject<'a>(&'a Tags);

struct FieldsObject<'a>(&'a [Field]);

impl<'a> PointObject<'a> {
    fn new(point: &'a Point, timestamp: Option<i64>) -> Self {
        let (tags, fields) = (TagsObject(&point.tags), FieldsObject(&point.fields));
        Self { measurement: point.measurement, time: point.time(timestamp), tags, fields }
    }
}

impl Serialize for TagsObject<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter())
    }
}

impl Serialize for FieldsObject<'_> {
    /// A number that isn't finite has no place in JSON, and is left out as from a line.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in self.0 {
            match value {
                Value::Integer(integer) => map.serialize_entry(name, integer)?,
                Value::Float(float) if float.is_finite() => map.serialize_entry(name, float)?,
                Value::Float(_) => {}
                Value::Text(text) => map.serialize_entry(name, &**text)?,
            }
        }
        map.end()
    }
}

/// An array of the points of a snapshot that is stamped with `timestamp`.
pub fn array(points: &[Point], timestamp: Option<i64>) -> Result<String, serde_json::Error> {
    let objects: Vec<_> = points.iter().map(|point| PointObject::new(point, timestamp)).collect();
    Ok(serde_json::to_string_pretty(&objects)? + "\n")
}

/// The same, one object to a line.
pub fn lines(points: &[Point], timestamp: Option<i64>) -> Result<String, serde_json::Error> {
    points
        .iter()
        .map(|point| Ok(serde_json::to_string(&PointObject::new(point, timestamp))? + "\n"))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;
    use std::time::Duration;

    use super::*;

    fn points() -> [Point; 2] {
        let tags = Tags::new(
            vec![("device_name", "a \"tv\"\u{1}".into())],
            &[("site".into(), "home".into())].into(),
        );
        let fields = vec![
            ("count".into(), Value::Integer(i64::MAX)),
            ("ratio".into(), Value::Float(0.5)),
            ("never".into(), Value::Float(f64::NAN)),
            ("why".into(), Value::Text("so".into())),
        ];
        let point = Point { measurement: "m", tags: Rc::new(tags), fields, age: Duration::ZERO };
        [Point { age: Duration::from_nanos(1), ..point.clone() }, point]
    }

    #[test]
    fn every_point_is_an_object() {
        let one = r#"{"measurement":"m","time":6,"tags":{"device_name":"a \"tv\"\u0001","site":"home"},"fields":{"count":9223372036854775807,"ratio":0.5,"why":"so"}}"#;
        let expected = format!("{one}\n{}\n", one.replace("\"time\":6", "\"time\":7"));
        assert_eq!(lines(&points(), Some(7)).unwrap(), expected);
        assert!(!lines(&points(), None).unwrap().contains("time"));
        let array: serde_json::Value = serde_json::from_str(&array(&points(), Some(7)).unwrap()).unwrap();
        let of_lines: Vec<serde_json::Value> =
            expected.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(array, serde_json::Value::Array(of_lines));
    }
}
