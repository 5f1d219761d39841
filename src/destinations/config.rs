//! `[destinations]`: how much is told of where connections go to, and where the names of networks are found.

use serde::{Deserialize, Serialize};

use crate::config::value::{ValueError, list};
use crate::devices::absolute_path::AbsolutePath;
use crate::devices::name::Name;

/// `[destinations]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct DestinationsConfig {
    /// How much is told.
    pub mode: Mode,
    /// Devices of which nothing is told.
    #[serde(deserialize_with = "list")]
    pub exclude: Vec<ExcludedName>,
    /// The owner's own list of networks.
    pub networks: AbsolutePath,
    /// A database of networks.
    pub database: DatabasePath,
}

impl DestinationsConfig {
    /// The database, where it is needed.
    pub fn wanted_database(&self) -> Option<&AbsolutePath> {
        self.database.0.as_ref().filter(|_| self.mode == Mode::Network)
    }

    /// Whether nothing is told of the device that is called `name`. Names are compared folded.
    pub fn excludes(&self, name: &str) -> bool {
        let folded = Name::clean(name.as_bytes()).map(|name| name.folded());
        folded.is_some_and(|folded| self.exclude.iter().any(|excluded| excluded.0.folded() == folded))
    }
}

impl Default for DestinationsConfig {
    fn default() -> Self {
        Self {
            mode: Mode::Off,
            exclude: Vec::new(),
            networks: AbsolutePath::of_ours("/etc/conntrack-exporter.networks"),
            database: DatabasePath::default(),
        }
    }
}

/// `destinations.mode`: how much is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Nothing.
    #[default]
    Off,
    /// What sort of service it is.
    Service,
    /// Whose network it is, besides.
    Network,
    /// The prefix of the remote address, /24 or /48, besides the service.
    Prefix,
    /// The remote address, besides the service.
    Address,
}

/// One of `destinations.exclude`: a device's name.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct ExcludedName(Name);

impl ExcludedName {
    /// The name.
    pub const fn name(&self) -> &Name {
        &self.0
    }
}

impl TryFrom<String> for ExcludedName {
    type Error = ValueError;

    fn try_from(given: String) -> Result<Self, ValueError> {
        let name = Name::clean(given.as_bytes()).filter(|name| name.as_str() == given);
        let expected = "a device's name as it is shown, such as \"Anna-Phone\"";
        name.map(Self).ok_or_else(|| ValueError::is_not(&given, expected))
    }
}

impl From<ExcludedName> for String {
    fn from(ExcludedName(name): ExcludedName) -> Self {
        name.as_str().to_owned()
    }
}

/// `destinations.database`: a path, or nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct DatabasePath(Option<AbsolutePath>);

impl DatabasePath {
    /// The path, if there is one.
    pub const fn path(&self) -> Option<&AbsolutePath> {
        self.0.as_ref()
    }
}

impl TryFrom<String> for DatabasePath {
    type Error = ValueError;

    fn try_from(path: String) -> Result<Self, ValueError> {
        if path.is_empty() {
            return Ok(Self(None));
        }
        if !cfg!(feature = "database") {
            let sentence =
                "not in this build: the small program can't read databases, so \"\" would be right";
            return Err(sentence.to_owned().into());
        }
        AbsolutePath::try_from(path).map(|path| Self(Some(path)))
    }
}

impl From<DatabasePath> for String {
    fn from(path: DatabasePath) -> Self {
        path.0.map(Self::from).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<DestinationsConfig, String> {
        toml::from_str(text).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn names_are_excluded_however_they_are_spelled() {
        let config = parse("exclude = [\"Büro\", \"Anna-Phone\"]").unwrap();
        for (name, expected) in [("BU\u{308}RO", true), ("anna-phone", true), ("anna", false), ("", false)] {
            assert_eq!(config.excludes(name), expected, "{name}");
        }
        let error = parse("exclude = [\"a\\nb\"]").unwrap_err();
        assert!(error.contains("a device's name as it is shown"), "{error}");
    }

    #[test]
    fn every_mode_by_its_word() {
        for (word, mode) in [
            ("off", Mode::Off),
            ("service", Mode::Service),
            ("network", Mode::Network),
            ("prefix", Mode::Prefix),
            ("address", Mode::Address),
        ] {
            assert_eq!(parse(&format!("mode = \"{word}\"")).unwrap().mode, mode);
        }
        assert!(parse("mode = \"all\"").unwrap_err().contains("`off`, `service`, `network`, `prefix`"));
    }

    #[cfg(feature = "database")]
    #[test]
    fn a_database_is_wanted_for_names_of_networks_alone() {
        let wanted = |mode: &str| {
            let config = parse(&format!("mode = \"{mode}\"\ndatabase = \"/d.mmdb\"")).unwrap();
            config.wanted_database().is_some()
        };
        assert_eq!(["off", "service", "network", "address"].map(wanted), [false, false, true, false]);
        assert_eq!(parse("mode = \"network\"").unwrap().wanted_database(), None);
        assert!(parse("database = \"d.mmdb\"").unwrap_err().contains("a path that begins with"));
    }

    #[cfg(not(feature = "database"))]
    #[test]
    fn a_program_without_databases_says_so() {
        assert!(parse("database = \"/d.mmdb\"").unwrap_err().starts_with("not in this build"));
        assert_eq!(parse("database = \"\"").unwrap(), DestinationsConfig::default());
    }
}
