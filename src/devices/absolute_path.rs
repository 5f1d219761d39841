//! Where a file of the router's is.

use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::config::value::{ValueError, quoted};

/// A path that is the same wherever the program was started: a daemon's directory is whatever its starter's was.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct AbsolutePath(String);

impl AbsolutePath {
    /// One of this program's own defaults; a test says that each is absolute.
    pub(crate) fn of_ours(path: &str) -> Self {
        Self(path.to_owned())
    }

    /// The path.
    pub fn as_path(&self) -> &Path {
        Path::new(&self.0)
    }
}

impl TryFrom<String> for AbsolutePath {
    type Error = ValueError;

    fn try_from(path: String) -> Result<Self, ValueError> {
        // The kernel takes no NUL, and what steers a terminal would do so from the log.
        if !path.starts_with('/') || path.contains(char::is_control) {
            let expected = "a path that begins with \"/\", such as \"/tmp/dhcp.leases\"";
            return Err(ValueError::is_not(&path, expected));
        }
        // Of a replayed router it would lead elsewhere than it looks, and a capture has no place for it.
        if Path::new(&path).components().any(|component| component == Component::ParentDir) {
            let problem = "is a path with \"..\": the one that it leads to, written out, would be right";
            return Err(format!("{} {problem}", quoted(&path)).into());
        }
        Ok(Self(path))
    }
}

impl From<AbsolutePath> for String {
    fn from(path: AbsolutePath) -> Self {
        path.0
    }
}

impl From<&AbsolutePath> for PathBuf {
    fn from(path: &AbsolutePath) -> Self {
        Self::from(&path.0)
    }
}
