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
    fn counts_never_wrap() {
        assert_eq!(Value::count(7_u64), Value::Integer(7));
        assert_eq!(Value::count(u64::MAX), Value::Integer(i64::MAX));
    }
}
