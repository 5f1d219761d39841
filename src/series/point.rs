//! A point: what a measurement gives and any way out can write.

use std::rc::Rc;

/// One point of a measurement, without its time: all points of a snapshot have the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// What was measured.
    pub measurement: &'static str,
    /// Of what; with the measurement, this is the series.
    pub tags: Rc<Tags>,
    /// The figures, by name.
    pub fields: Vec<(&'static str, Value)>,
}

/// One figure.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A whole number.
    Integer(i64),
    /// A whole number that is sent as a float.
    Float(u32),
    /// A word.
    Text(Rc<str>),
}

impl Value {
    /// A count as an integer; one that no database could hold is the largest.
    pub fn count(count: impl TryInto<i64>) -> Self {
        Self::Integer(count.try_into().unwrap_or(i64::MAX))
    }
}

/// The user's own tags, which every point carries; sorted by key.
pub type GlobalTags = Rc<[(Box<str>, Box<str>)]>;

/// A set of tags; ordered and equal as a whole.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tags {
    own: Vec<(&'static str, Rc<str>)>,
    global: GlobalTags,
}

impl Tags {
    /// A measurement's `own` tags, which must be in lexical order, beside the user's. Where both have a key, the
    /// user's counts.
    pub fn new(mut own: Vec<(&'static str, Rc<str>)>, global: &GlobalTags) -> Self {
        own.retain(|(key, _)| global.iter().all(|(theirs, _)| **theirs != **key));
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_merged_in_lexical_order_and_the_users_win() {
        let global: GlobalTags = [("host".into(), "mine".into()), ("site".into(), "home".into())].into();
        let own = vec![("device_name", "tv".into()), ("host", "theirs".into()), ("state", "NONE".into())];
        let tags = Tags::new(own, &global);
        let expected = [("device_name", "tv"), ("host", "mine"), ("site", "home"), ("state", "NONE")];
        assert_eq!(tags.iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn counts_never_wrap() {
        assert_eq!(Value::count(7_u64), Value::Integer(7));
        assert_eq!(Value::count(u64::MAX), Value::Integer(i64::MAX));
    }
}
