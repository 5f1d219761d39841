//! `[tags]`: the user's own.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::value::{ValueError, quoted};
use crate::devices::name::Name;
use crate::measurements::reserves_tag;
use crate::series::point::GlobalTags;

/// The user's own tags, on every point.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(from = "BTreeMap<TagName, TagValue>", into = "BTreeMap<String, String>")]
pub struct UserTags(GlobalTags);

impl UserTags {
    /// The tags in order of their keys.
    pub const fn global(&self) -> &GlobalTags {
        &self.0
    }

    /// These tags and one more, which is not among them.
    pub(super) fn with(&self, key: &str, value: &str) -> GlobalTags {
        let mut tags: BTreeMap<Box<str>, Box<str>> = self.0.iter().cloned().collect();
        tags.insert(key.into(), value.into());
        tags.into_iter().collect()
    }
}

impl Default for UserTags {
    fn default() -> Self {
        Self([].into())
    }
}

impl From<BTreeMap<TagName, TagValue>> for UserTags {
    fn from(tags: BTreeMap<TagName, TagValue>) -> Self {
        Self(tags.into_iter().map(|(TagName(name), TagValue(value))| (name, value)).collect())
    }
}

impl From<UserTags> for BTreeMap<String, String> {
    fn from(UserTags(tags): UserTags) -> Self {
        tags.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
    }
}

/// The name of a tag that needs no cleaning, and that nobody else uses.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct TagName(Box<str>);

impl TryFrom<String> for TagName {
    type Error = ValueError;

    fn try_from(name: String) -> Result<Self, ValueError> {
        if let Some(schema) = reserves_tag(&name) {
            let sentence = format!("the tag {name:?} is one of {}'s own: choose another name", schema.name);
            return Err(sentence.into());
        }
        if name == "time" || name.starts_with('_') {
            let sentence = format!(
                "InfluxDB drops points with the tag {}: choose a name without leading \"_\", not \"time\"",
                quoted(&name)
            );
            return Err(sentence.into());
        }
        clean("name", &name).map(Self)
    }
}

/// The value of a tag that needs no cleaning.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct TagValue(Box<str>);

impl TagValue {
    /// The value as it is sent.
    pub(super) const fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for TagValue {
    type Error = ValueError;

    fn try_from(value: String) -> Result<Self, ValueError> {
        clean("value", &value).map(Self)
    }
}

/// The bytes that `tags` take in a line at most, with every byte escaped.
pub(super) fn longest(tags: &GlobalTags) -> usize {
    tags.iter().map(|(key, value)| 2 * (key.len() + value.len()) + 2).sum()
}

fn clean(what: &str, text: &str) -> Result<Box<str>, ValueError> {
    let clean = Name::clean(text.as_bytes()).filter(|clean| clean.as_str() == text);
    clean.map(|clean| clean.as_str().into()).ok_or_else(|| {
        let text = quoted(text);
        format!("the {what} {text} of a tag is not 1 to 64 bytes of visible characters without backslash")
            .into()
    })
}
