//! `[state]`: where it is kept what was learned.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::config::value::ValueError;
use crate::devices::absolute_path::AbsolutePath;

/// `[state]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct StateConfig {
    /// The directory of this program's own in which it remembers over a restart.
    pub directory: StateDirectory,
}

/// `state.directory`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub enum StateDirectory {
    /// The first of [`USUAL`] that is there: the packages' services make one.
    #[default]
    Auto,
    /// Nothing is kept.
    Nowhere,
    /// This one.
    At(AbsolutePath),
}

/// Where a package's service makes a directory: on OpenWrt, and by systemd's `StateDirectory=`.
pub const USUAL: [&str; 2] = ["/etc/conntrack-exporter/state", "/var/lib/conntrack-exporter"];

const AUTO: &str = "auto";

impl StateDirectory {
    /// Where it may be, the first that is there before the others; none if nothing is kept.
    pub fn candidates(&self) -> Vec<&Path> {
        match self {
            Self::Auto => USUAL.map(Path::new).to_vec(),
            Self::Nowhere => Vec::new(),
            Self::At(path) => vec![path.as_path()],
        }
    }
}

impl TryFrom<String> for StateDirectory {
    type Error = ValueError;

    fn try_from(text: String) -> Result<Self, ValueError> {
        match text.as_str() {
            AUTO => Ok(Self::Auto),
            "" => Ok(Self::Nowhere),
            path if path.starts_with('/') => AbsolutePath::try_from(text).map(Self::At),
            _ => {
                let expected =
                    "\"auto\", \"\" (nothing is kept) or a directory such as \"/srv/conntrack-exporter\"";
                Err(ValueError::is_not(&text, expected))
            }
        }
    }
}

impl From<StateDirectory> for String {
    fn from(directory: StateDirectory) -> Self {
        match directory {
            StateDirectory::Auto => AUTO.to_owned(),
            StateDirectory::Nowhere => Self::new(),
            StateDirectory::At(path) => path.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_found_named_or_none() {
        let read = |text: &str| StateDirectory::try_from(text.to_owned());
        assert_eq!(read("auto").unwrap(), StateDirectory::default());
        assert_eq!(read("auto").unwrap().candidates(), USUAL.map(Path::new));
        assert!(read("").unwrap().candidates().is_empty());
        assert_eq!(read("/srv/x").unwrap().candidates(), [Path::new("/srv/x")]);
        for (wrong, told) in [
            ("state", "\"auto\", \"\" (nothing is kept) or a directory"),
            ("none", "\"auto\""),
            ("/srv/../x", "with \"..\""),
            ("/srv/\u{1b}x", "begins with"),
        ] {
            let error = read(wrong).unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
        }
        for text in ["auto", "", "/srv/x"] {
            assert_eq!(String::from(read(text).unwrap()), text);
        }
    }
}
