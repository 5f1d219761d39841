//! `[influxdb]`: a server that is written to by HTTP.

use serde::{Deserialize, Serialize};

use super::url::Url;
use crate::config::value::{ValueError, quoted};
use crate::devices::absolute_path::AbsolutePath;

/// `[influxdb]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct InfluxdbConfig {
    /// The server.
    pub url: ServerUrl,
    /// The organisation, by name or id. Only InfluxDB 2 has such.
    pub org: Word,
    /// The bucket; of InfluxDB 3 the database.
    pub bucket: Word,
    /// The file whose first line is the token.
    pub token_file: FilePath,
    /// A file of the certificates that are trusted, in PEM, instead of the system's.
    pub ca_file: FilePath,
}

impl InfluxdbConfig {
    /// Whether anything is written by HTTP.
    pub const fn is_on(&self) -> bool {
        self.url.0.is_some()
    }
}

/// `influxdb.url`: a server, or none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct ServerUrl(pub Option<Url>);

impl TryFrom<String> for ServerUrl {
    type Error = ValueError;

    fn try_from(given: String) -> Result<Self, ValueError> {
        if given.is_empty() { Ok(Self(None)) } else { Url::try_from(given).map(|url| Self(Some(url))) }
    }
}

impl From<ServerUrl> for String {
    fn from(ServerUrl(url): ServerUrl) -> Self {
        url.map(Self::from).unwrap_or_default()
    }
}

/// `influxdb.org` and `influxdb.bucket`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Word(String);

impl Word {
    const LONGEST: usize = 256;

    /// The word; may be empty.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Word {
    type Error = ValueError;

    fn try_from(given: String) -> Result<Self, ValueError> {
        if given.len() > Self::LONGEST || given.chars().any(char::is_control) {
            let sentence = format!("{} is not a name of at most {} bytes", quoted(&given), Self::LONGEST);
            return Err(sentence.into());
        }
        Ok(Self(given))
    }
}

impl From<Word> for String {
    fn from(Word(word): Word) -> Self {
        word
    }
}

/// `influxdb.token_file` and `influxdb.ca_file`: a file, or none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct FilePath(pub Option<AbsolutePath>);

impl TryFrom<String> for FilePath {
    type Error = ValueError;

    fn try_from(given: String) -> Result<Self, ValueError> {
        if given.is_empty() {
            Ok(Self(None))
        } else {
            AbsolutePath::try_from(given).map(|path| Self(Some(path)))
        }
    }
}

impl From<FilePath> for String {
    fn from(FilePath(path): FilePath) -> Self {
        path.map(Self::from).unwrap_or_default()
    }
}
