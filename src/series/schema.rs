//! What a measurement sends, stated once: its tags, its fields, how long a line of it can be, and how a series ends.
//!
//! Whoever has to know this beforehand derives it from here: which tags a user may not take, how large a datagram must
//! be, and what a series that has gone is ended with.

use super::point::GlobalTags;

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
    /// The numbers with which a series that has gone is sent once more, as 0, so that no graph hangs at its last value:
    /// those of them that its last point had. None if it just ends.
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
    /// What a device is called.
    pub const DEVICE_NAME: Self = Self::name("device_name");
    /// What sort of device it is, if `devices.tags` wants that; of these the longest is `workstation`.
    pub const DEVICE_TYPE: Self = Self::of_ours("device_type", 11);
    /// Its leading address, if `devices.tags` wants that; of IPv6 at most.
    pub const IP: Self = Self::of_ours("ip", 39);
    /// Its MAC, if `devices.tags` wants that.
    pub const MAC: Self = Self::of_ours("mac", 17);

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

/// The only tag of ours that a user may replace by his own.
const REPLACED: &str = "host";

/// What may become of a user's own tag that is called like one of a measurement's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserTags {
    /// It takes the place of the measurement's, if that is `host`; others are left out.
    Replace,
    /// It is refused: two tags of one name, or the loss of what tells series apart.
    Refuse,
    /// It is left out of the measurement.
    LeaveOut,
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
    /// A whole number of at most so many digits that is never negative.
    Count(usize),
    /// A number with a fraction.
    Float,
    /// A text of at most this many bytes, escaped.
    Text(usize),
}

impl FieldKind {
    /// The longest value in bytes, as line protocol writes it.
    pub(super) const fn longest(self) -> usize {
        match self {
            // -9223372036854775808i
            Self::Integer => 21,
            Self::Count(digits) => digits + 1,
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

/// A field that is a whole number of at most so many digits.
pub const fn count(name: &'static str, digits: usize) -> FieldSchema {
    FieldSchema { name, kind: FieldKind::Count(digits) }
}

/// A field that is a number with a fraction.
pub const fn float(name: &'static str) -> FieldSchema {
    FieldSchema { name, kind: FieldKind::Float }
}

/// A field that is a text of at most `longest` bytes.
pub const fn text(name: &'static str, longest: usize) -> FieldSchema {
    FieldSchema { name, kind: FieldKind::Text(longest) }
}

/// The longest line that a measurement gives, in bytes, without the user's own tags: the smallest `telegraf.max_datagram`
/// that can be configured. Of more fields several lines are made, with equal tags and one time, which a database merges.
pub const LINE_AT_MOST: usize = 1024;

/// How long those lines are at most, each, without the user's own tags: so much of a datagram is kept free of these.
pub const SPLIT_LINE_AT_MOST: usize = 802;

/// A timestamp in nanoseconds behind a space, and the newline.
const TIMESTAMP_AND_NEWLINE: usize = 21;

impl Schema {
    /// Whether points of this measurement don't carry the user's own tag `key`: it is called like one of its fields, or like
    /// one of its tags that it may not replace.
    pub fn leaves_out(&self, key: &str) -> bool {
        let is_tag = self.tags.iter().any(|tag| tag.key == key);
        let replaces = self.user_tags == UserTags::Replace && key == REPLACED;
        (is_tag && !replaces) || self.fields.iter().any(|field| field.name == key)
    }

    /// Those of the user's own tags that points of this measurement carry.
    pub fn global_tags(&self, of_user: &GlobalTags) -> GlobalTags {
        if of_user.iter().any(|(key, _)| self.leaves_out(key)) {
            of_user.iter().filter(|(key, _)| !self.leaves_out(key)).cloned().collect()
        } else {
            of_user.clone()
        }
    }

    /// The longest line of this measurement in bytes, without the user's own tags. What would be longer than
    /// [`LINE_AT_MOST`] is sent as several lines.
    pub fn longest_line(&self) -> usize {
        self.longest_unsplit().min(LINE_AT_MOST)
    }

    /// Whether a point of this measurement may have to become several lines: its fields are too many for one.
    pub(super) fn splits(&self) -> bool {
        self.longest_unsplit() > LINE_AT_MOST
    }

    fn longest_unsplit(&self) -> usize {
        let fields = self.fields.iter().map(|field| field_longest(field.name, field.kind)).sum::<usize>();
        self.longest_without_fields() + fields
    }

    /// How many bytes of a line the fields may have.
    pub(super) fn room_for_fields(&self) -> usize {
        SPLIT_LINE_AT_MOST.saturating_sub(self.longest_without_fields())
    }

    /// The longest that a line is but for its fields.
    fn longest_without_fields(&self) -> usize {
        let tag = |tag: &TagSchema| {
            let value = if tag.escaped { 2 * tag.longest } else { tag.longest };
            tag.key.len() + value + 2
        };
        self.name.len() + self.tags.iter().map(tag).sum::<usize>() + TIMESTAMP_AND_NEWLINE
    }
}

/// The longest that a field is in a line, with its separators.
pub(super) const fn field_longest(name: &str, kind: FieldKind) -> usize {
    name.len() + kind.longest() + 2
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: &[TagSchema] = &[TagSchema::of_ours("host", 2)];

    #[test]
    fn a_users_tag_that_is_called_like_one_of_ours_or_a_field_is_left_out() {
        const SCHEMA: Schema = Schema {
            name: "traffic",
            every: Clock::Traffic,
            tags: &[TagSchema::of_ours("direction", 2)],
            fields: &[integer("bytes")],
            user_tags: UserTags::LeaveOut,
            ends_with_zero: &[],
        };
        let tags: GlobalTags =
            ["bytes", "direction", "site"].map(|key| (key.into(), "x".into())).into_iter().collect();
        let kept = |schema: &Schema| {
            schema.global_tags(&tags).iter().map(|(key, _)| key.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(kept(&SCHEMA), ["site"]);
        let host: GlobalTags = [("host".into(), "mine".into())].into();
        let replacing = Schema { user_tags: UserTags::Replace, tags: HOST, ..SCHEMA };
        assert_eq!(replacing.global_tags(&host).len(), 1, "the user's takes its place");
        assert_eq!(Schema { tags: HOST, ..SCHEMA }.global_tags(&host).len(), 0);
        assert_eq!(kept(&replacing), ["direction", "site"]);
    }
}
