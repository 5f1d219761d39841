//! `[router]`: which of many routers this one is.

use serde::{Deserialize, Serialize};

use super::tags::TagValue;
use super::value::ValueError;

/// The tag that carries the router's name.
pub(super) const TAG: &str = "router";

/// `[router]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct RouterConfig {
    /// The value of the tag `router` on every point.
    pub name: RouterTag,
}

/// The value of the tag `router`, or nothing: then there is no such tag.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct RouterTag(Option<TagValue>);

impl RouterTag {
    /// The value, if there is one.
    pub fn as_str(&self) -> Option<&str> {
        self.0.as_ref().map(TagValue::as_str)
    }
}

impl TryFrom<String> for RouterTag {
    type Error = ValueError;

    fn try_from(given: String) -> Result<Self, ValueError> {
        Some(given).filter(|given| !given.is_empty()).map(TagValue::try_from).transpose().map(Self)
    }
}

impl From<RouterTag> for String {
    fn from(tag: RouterTag) -> Self {
        tag.as_str().unwrap_or_default().to_owned()
    }
}
