//! Snapshots for tests.

use std::rc::Rc;
use std::time::Duration;

use super::Latest;
use crate::config::Config;
use crate::series::point::{Point, Tag, Tags, Value};
use crate::series::schema::Schema;
use crate::snapshot::{Part, Snapshot};

/// A point of `schema`, told as `tag=value tag=value field=value`: `1i` is an integer, `1` a float, all else a word.
fn point(schema: &'static Schema, told: &str) -> Point {
    let (mut tags, mut fields) = (Vec::<Tag>::new(), Vec::new());
    for (key, value) in told.split(' ').filter_map(|pair| pair.split_once('=')) {
        if let Some(tag) = schema.tags.iter().find(|tag| tag.key == key) {
            tags.push((tag.key, value.into()));
        } else {
            let integer = value.strip_suffix('i').and_then(|integer| integer.parse().ok());
            let float = value.parse().ok().map(Value::Float);
            let value = integer.map(Value::Integer).or(float).unwrap_or_else(|| Value::Text(value.into()));
            fields.push((key.to_owned().into(), value));
        }
    }
    let tags = Rc::new(Tags::new(tags, &[].into()));
    Point { measurement: schema.name, tags, fields, age: Duration::ZERO }
}

/// What a measurement that is on gives.
pub(crate) fn part(schema: &'static Schema, told: &[&str]) -> Part {
    Part { schema, is_on: true, points: told.iter().map(|told| point(schema, told)).collect() }
}

/// What one gives that is off.
pub(crate) fn off(schema: &'static Schema) -> Part {
    Part { schema, is_on: false, points: Vec::new() }
}

/// Nothing yet.
pub(crate) fn latest() -> Latest {
    Latest::new(&Config::default())
}

/// Takes in a snapshot of so long after boot, which was on a Monday at noon.
pub(crate) fn take(latest: &mut Latest, parts: Vec<Part>, boot: Duration) {
    let timestamp = Some(1_796_040_000_000_000_000 + i64::try_from(boot.as_nanos()).unwrap());
    let snapshot = Snapshot { timestamp, parts, addresses_changed: false, events: vec![], flows: None };
    latest.take(&snapshot, boot);
}
