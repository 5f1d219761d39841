//! A point: what a measurement gives and any way out can write.

use std::borrow::Cow;
use std::rc::Rc;
use std::time::Duration;

use super::schema::FieldKind;

/// One point of a measurement. Its time is that of the snapshot, or earlier.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// What was measured.
    pub measurement: &'static str,
    /// Of what; with the measurement, this is the series.
    pub tags: Rc<Tags>,
    /// The figures, by name.
    pub fields: Vec<Field>,
    /// How long before the snapshot's instant it was: zero but for those of instants that passed without a snapshot.
    pub age: Duration,
}

impl Point {
    /// Its time in nanoseconds since 1970, in a snapshot that is stamped with `timestamp`.
    pub fn time(&self, timestamp: Option<i64>) -> Option<i64> {
        let age = i64::try_from(self.age.as_nanos()).unwrap_or(i64::MAX);
        Some(timestamp?.saturating_sub(age))
    }

    /// A field that is a whole number.
    pub fn integer(&self, name: &str) -> Option<i64> {
        match self.field(name)? {
            Value::Integer(integer) => Some(*integer),
            Value::Float(_) | Value::Text(_) => None,
        }
    }

    /// A field that is a number, whole or not; what isn't finite is none. Beyond 2^53 the last digits are lost.
    pub fn number(&self, name: &str) -> Option<f64> {
        match self.field(name)? {
            #[expect(clippy::cast_precision_loss, reason = "whoever wants every digit asks for an integer")]
            Value::Integer(integer) => Some(*integer as f64),
            Value::Float(float) => Some(*float).filter(|float| float.is_finite()),
            Value::Text(_) => None,
        }
    }

    /// A field that is a word.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.field(name)? {
            Value::Text(text) => Some(text),
            Value::Integer(_) | Value::Float(_) => None,
        }
    }

    fn field(&self, name: &str) -> Option<&Value> {
        self.fields.iter().find_map(|(field, value)| (field == name).then_some(value))
    }
}

/// A figure behind its name.
pub type Field = (FieldName, Value);

/// The name of a field: one of ours, or one of the kernel's own.
pub type FieldName = Cow<'static, str>;

/// One figure.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A whole number.
    Integer(i64),
    /// A number; one that is not finite is left out by whoever writes the point.
    Float(f64),
    /// A word.
    Text(Rc<str>),
}

impl Value {
    /// A count as an integer; one that no database could hold is the largest.
    pub fn count(count: impl TryInto<i64>) -> Self {
        Self::Integer(count.try_into().unwrap_or(i64::MAX))
    }

    /// What sort of value it is.
    pub fn kind(&self) -> FieldKind {
        match self {
            Self::Integer(_) => FieldKind::Integer,
            Self::Float(_) => FieldKind::Float,
            Self::Text(text) => FieldKind::Text(text.len()),
        }
    }
}

/// A tag: its key, and a value that is safe to send.
pub type Tag = (&'static str, Rc<str>);

/// The user's own tags, which every point carries; sorted by key.
pub type GlobalTags = Rc<[(Box<str>, Box<str>)]>;

/// A set of tags; ordered and equal as a whole.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tags {
    own: Vec<Tag>,
    global: GlobalTags,
}

impl Tags {
    /// A measurement's `own` tags beside the user's. Where both have a key, the user's counts.
    pub fn new(mut own: Vec<Tag>, global: &GlobalTags) -> Self {
        own.retain(|(key, _)| global.iter().all(|(theirs, _)| **theirs != **key));
        own.sort_unstable_by_key(|(key, _)| *key);
        Self { own, global: Rc::clone(global) }
    }

    /// All tags in lexical order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut own = self.own.iter().map(|(key, value)| (*key, &**value)).peekable();
        let mut global = self.global.iter().map(|(key, value)| (&**key, &**value)).peekable();
        std::iter::from_fn(move || match (own.peek(), global.peek()) {
            (Some((ours, _)), Some((theirs, _))) if ours > theirs => global.next(),
            (Some(_), _) => own.next(),
            (None, _) => global.next(),
        })
    }

    /// The same with one tag more, whatever the user's own are.
    #[must_use]
    pub fn with(&self, tag: Tag) -> Self {
        let others = self.global.iter().filter(|(key, _)| **key != *tag.0).cloned();
        let mut own = self.own.clone();
        own.push(tag);
        Self::new(own, &others.collect())
    }

    /// The value of a tag of the measurement's own.
    pub fn own(&self, key: &str) -> Option<&Rc<str>> {
        self.own.iter().find_map(|(own, value)| (*own == key).then_some(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_merged_in_lexical_order_and_the_users_win() {
        let global: GlobalTags = [("host".into(), "mine".into()), ("site".into(), "home".into())].into();
        let own = vec![("state", "NONE".into()), ("host", "theirs".into()), ("device_name", "tv".into())];
        let tags = Tags::new(own, &global);
        let expected = [("device_name", "tv"), ("host", "mine"), ("site", "home"), ("state", "NONE")];
        assert_eq!(tags.iter().collect::<Vec<_>>(), expected);
        let expected = [("device_name", "tv"), ("host", "mine"), ("output", "x"), ("site", "home")];
        let with = tags.with(("output", "x".into()));
        assert_eq!(with.iter().take(4).collect::<Vec<_>>(), expected);
        let with = with.with(("site", "away".into()));
        assert_eq!(with.own("site").map(|site| &**site), Some("away"));
        assert_eq!((with.own("state").map(|state| &**state), tags.own("site")), (Some("NONE"), None));
    }

    #[test]
    fn fields_are_found_by_name_and_type() {
        let fields = [("i", Value::Integer(7)), ("f", Value::Float(0.5)), ("n", Value::Float(f64::NAN))];
        let mut fields: Vec<Field> = fields.into_iter().map(|(name, value)| (name.into(), value)).collect();
        fields.push(("t".into(), Value::Text("word".into())));
        let tags = Rc::new(Tags::new(vec![], &[].into()));
        let point = Point { measurement: "m", tags, fields, age: Duration::from_nanos(2) };
        assert_eq!(["i", "f", "t", "x"].map(|name| point.integer(name)), [Some(7), None, None, None]);
        assert_eq!(["i", "f", "n", "t"].map(|name| point.number(name)), [Some(7.0), Some(0.5), None, None]);
        assert_eq!(["i", "t"].map(|name| point.text(name)), [None, Some("word")]);
        assert_eq!((point.time(Some(7)), point.time(None)), (Some(5), None));
    }

    #[test]
    fn counts_never_wrap() {
        assert_eq!(Value::count(7_u64), Value::Integer(7));
        assert_eq!(Value::count(u64::MAX), Value::Integer(i64::MAX));
    }
}
