//! What a measurement sends, stated once: its tags, its fields, how long a line of it can be, and how a series ends.
//!
//! Whoever has to know this beforehand derives it from here: which tags a user may not take, how large a datagram must
//! be, and what a series that has gone is ended with.

/// What one measurement sends.
#[derive(Clone, Copy, Debug)]
pub struct Schema {
    /// The measurement's name.
    pub name: &'static str,
    /// Which clock it reports at.
    pub every: Clock,
    /// Every tag that it can carry, the optional ones included.
    pub tags: &'static [TagSchema],
    /// Every field that it can carry.
    pub fields: &'static [FieldSchema],
    /// Whether a user's own tag may be called like one of its tags. Where it may not, the configuration says so.
    pub user_tags: UserTags,
    /// The integer fields with which a series that has gone is sent once more, as 0, so that no graph hangs at its
    /// last value; none if it just ends.
    pub ends_with_zero: &'static [&'static str],
}

/// One tag.
#[derive(Clone, Copy, Debug)]
pub struct TagSchema {
    /// Its key.
    pub key: &'static str,
    /// The longest value in bytes, before escaping.
    pub longest: usize,
    /// Whether outsiders choose the value, so that every byte of it may need escaping.
    pub escaped: bool,
}

impl TagSchema {
    /// A tag whose values are a list of ours of at most `longest` bytes each.
    pub const fn of_ours(key: &'static str, longest: usize) -> Self {
        Self { key, longest, escaped: false }
    }

    /// A tag whose value is a [`crate::devices::name::Name`].
    pub const fn name(key: &'static str) -> Self {
        Self { key, longest: crate::devices::name::LONGEST, escaped: true }
    }
}

/// When a measurement reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// At `interval`.
    Interval,
    /// At the finer clock of traffic, of which `interval` is a multiple.
    Traffic,
}

/// What may become of a user's own tag that is called like one of a measurement's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserTags {
    /// It takes the place of the measurement's.
    Replace,
    /// It is refused: two tags of one name, or the loss of what tells series apart.
    Refuse,
}

/// One field.
#[derive(Clone, Copy, Debug)]
pub struct FieldSchema {
    /// Its name.
    pub name: &'static str,
    /// Its type, and with it the longest value.
    pub kind: FieldKind,
}

/// The type of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// A whole number.
    Integer,
    /// A number with a fraction.
    Float,
    /// A text of at most this many bytes, escaped.
    Text(usize),
}

impl FieldKind {
    /// The longest value in bytes, as line protocol writes it.
    const fn longest(self) -> usize {
        match self {
            // -9223372036854775808i
            Self::Integer => 21,
            // Rust prints an f64 without exponent: 1.797…e308 has 309 digits, but what is sent are rates, shares and
            // counts. 17 significant digits, a sign, a point and some zeros.
            Self::Float => 26,
            Self::Text(longest) => longest + 2,
        }
    }
}

/// A field that is a whole number.
pub const fn integer(name: &'static str) -> FieldSchema {
    FieldSchema { name, kind: FieldKind::Integer }
}

/// A field that is a number with a fraction.
pub const fn float(name: &'static str) -> FieldSchema {
    FieldSchema { name, kind: FieldKind::Float }
}

/// A field that is a text of at most `longest` bytes.
pub const fn text(name: &'static str, longest: usize) -> FieldSchema {
    FieldSchema { name, kind: FieldKind::Text(longest) }
}

/// A timestamp in nanoseconds behind a space, and the newline.
const TIMESTAMP_AND_NEWLINE: usize = 21;

impl Schema {
    /// The longest line of this measurement in bytes, without the user's own tags.
    pub fn longest_line(&self) -> usize {
        let tag = |tag: &TagSchema| {
            let value = if tag.escaped { 2 * tag.longest } else { tag.longest };
            tag.key.len() + value + 2
        };
        let field = |field: &FieldSchema| field.name.len() + field.kind.longest() + 2;
        self.name.len()
            + self.tags.iter().map(tag).sum::<usize>()
            + self.fields.iter().map(field).sum::<usize>()
            + TIMESTAMP_AND_NEWLINE
    }
}
