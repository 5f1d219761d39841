//! Reading the figures of a point by their names.

use crate::series::point::{Point, Value};

/// What can be asked of a point.
pub(super) trait Fields {
    /// A whole number.
    fn integer(&self, name: &str) -> Option<i64>;
    /// A number, whole or not.
    fn number(&self, name: &str) -> Option<f64>;
    /// A word.
    fn text(&self, name: &str) -> Option<String>;
    /// A tag of the measurement's own.
    fn tag(&self, key: &str) -> Option<String>;
}

impl Fields for Point {
    fn integer(&self, name: &str) -> Option<i64> {
        match value(self, name)? {
            Value::Integer(integer) => Some(*integer),
            Value::Float(_) | Value::Text(_) => None,
        }
    }

    fn number(&self, name: &str) -> Option<f64> {
        match value(self, name)? {
            #[expect(clippy::cast_precision_loss, reason = "what is shown has fewer digits")]
            Value::Integer(integer) => Some(*integer as f64),
            Value::Float(float) => Some(*float).filter(|float| float.is_finite()),
            Value::Text(_) => None,
        }
    }

    fn text(&self, name: &str) -> Option<String> {
        match value(self, name)? {
            Value::Text(text) => Some(text.to_string()),
            Value::Integer(_) | Value::Float(_) => None,
        }
    }

    fn tag(&self, key: &str) -> Option<String> {
        self.tags.own(key).map(ToString::to_string)
    }
}

fn value<'a>(point: &'a Point, name: &str) -> Option<&'a Value> {
    point.fields.iter().find_map(|(field, value)| (field == name).then_some(value))
}
