//! `[tags]`: the user's own.

use toml::de::DeValue;

use super::reading::{Given, Mistake, Read, Text};
use crate::devices::name::Name;
use crate::series::point::GlobalTags;

/// The user's own tags, on every point.
#[derive(Clone, Debug, PartialEq)]
pub struct UserTags(GlobalTags);

impl UserTags {
    /// The tags in order of their keys.
    pub const fn global(&self) -> &GlobalTags {
        &self.0
    }

    /// The bytes that these tags take in a line at most, with every byte escaped.
    pub(super) fn longest(&self) -> usize {
        self.0.iter().map(|(key, value)| 2 * (key.len() + value.len()) + 2).sum()
    }
}

impl Default for UserTags {
    fn default() -> Self {
        Self([].into())
    }
}

impl Read for UserTags {
    fn read(given: &Given<'_>) -> Result<Self, Mistake> {
        let DeValue::Table(entries) = given.get_ref() else {
            return Err(Mistake::instead(given, "a table: [tags] on a line of its own"));
        };
        // TOML's own tables are in order of their keys.
        let tags = entries.iter().map(|(key, value)| {
            let name = check_name(key.get_ref()).map_err(|problem| Mistake::at(key, problem))?;
            Ok((name, TagValue::read(value)?.0))
        });
        tags.collect::<Result<_, _>>().map(Self)
    }
}

/// Tags that `connection_state` has itself; points with one twice would be refused.
const TAKEN: [&str; 6] = ["device_name", "device_type", "ip", "mac", "protocol", "state"];

fn check_name(name: &str) -> Result<Box<str>, String> {
    if TAKEN.contains(&name) {
        return Err(format!("the tag {name:?} is one of connection_state's own: choose another name"));
    }
    if name == "time" || name.starts_with('_') {
        return Err(format!(
            "InfluxDB drops points with the tag {name:?}: choose a name without leading \"_\", not \"time\""
        ));
    }
    clean("name", name)
}

struct TagValue(Box<str>);

impl Text for TagValue {
    const WANTED: &'static str = "a value in quotes, such as \"home\"";

    fn parse(value: &str) -> Result<Self, String> {
        clean("value", value).map(Self)
    }
}

/// A tag's name or value that needs no cleaning.
fn clean(what: &str, text: &str) -> Result<Box<str>, String> {
    let clean = Name::clean(text.as_bytes()).filter(|clean| clean.as_str() == text);
    clean.map(|clean| clean.as_str().into()).ok_or_else(|| {
        format!("the {what} {text:?} of a tag is not 1 to 64 bytes of visible characters without backslash")
    })
}
