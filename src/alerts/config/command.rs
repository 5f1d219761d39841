//! `alerts.command`: what is run when an alert begins, changes or ends.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::config::value::ValueError;
use crate::devices::absolute_path::AbsolutePath;

/// The path of a program, or nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct CommandPath(Option<AbsolutePath>);

impl CommandPath {
    /// The program; `None` if none is to be run.
    pub fn as_path(&self) -> Option<&Path> {
        self.0.as_ref().map(AbsolutePath::as_path)
    }
}

impl TryFrom<String> for CommandPath {
    type Error = ValueError;

    fn try_from(given: String) -> Result<Self, ValueError> {
        if given.is_empty() {
            return Ok(Self(None));
        }
        if !given.starts_with('/') {
            let expected =
                "the path of a program, without arguments, such as \"/etc/conntrack-exporter.alert\"";
            return Err(ValueError::is_not(&given, expected));
        }
        AbsolutePath::try_from(given).map(|path| Self(Some(path)))
    }
}

impl From<CommandPath> for String {
    fn from(path: CommandPath) -> Self {
        path.0.map(Self::from).unwrap_or_default()
    }
}
