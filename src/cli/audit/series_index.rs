//! Which routers write into a bucket, by what ways, and whose rows are whose.

use std::collections::{BTreeMap, BTreeSet};

use super::flux::Columns;
use crate::devices::name::Name;
use crate::influxdb::query::{TableError, read_rows};

/// What tells a series of `conntrack_exporter` from others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    /// The value of the tag that tells routers apart; empty without it.
    pub(super) tag: String,
    pub(super) host: String,
    /// Empty: the first way out.
    pub(super) output: String,
}

impl Key {
    pub(super) fn new(tag: &str, host: &str, output: &str) -> Self {
        Self { tag: tag.to_owned(), host: host.to_owned(), output: output.to_owned() }
    }
}

/// All series, in order of their routers.
#[derive(Clone, Debug, Default)]
pub(super) struct SeriesIndex {
    keys: BTreeSet<Key>,
    /// How many hosts have a value of the tag.
    hosts: BTreeMap<String, BTreeSet<String>>,
}

impl SeriesIndex {
    /// Understands the answer to the question for series.
    pub(super) fn parse(tag: &str, csv: &[u8]) -> Result<Self, TableError> {
        let mut index = Self::default();
        read_rows(csv, Columns::of_series(tag), |[tag, host, output, sequence]| {
            // Others may have a measurement of that name.
            if sequence.parse::<u64>().is_ok() {
                index.hosts.entry(tag.to_string()).or_default().insert(host.to_string());
                index.keys.insert(Key::new(&tag, &host, &output));
            }
        })?;
        Ok(index)
    }

    /// The series.
    pub(super) const fn keys(&self) -> &BTreeSet<Key> {
        &self.keys
    }

    /// Whether rows with the value of the tag are this router's and nobody else's.
    pub(super) fn has_rows_of_its_own(&self, key: &Key) -> bool {
        self.hosts.get(&key.tag).is_some_and(|hosts| hosts.len() == 1)
    }

    /// Whether it writes by several ways.
    pub(super) fn has_several_outputs(&self, key: &Key) -> bool {
        self.keys.iter().filter(|other| (&other.tag, &other.host) == (&key.tag, &key.host)).count() > 1
    }

    /// What the router is called: by the tag, and by its host where that is needed to tell it from others.
    pub(super) fn name(&self, key: &Key) -> String {
        let (tag, host) = (shown(&key.tag), shown(&key.host));
        match (tag, host) {
            (Some(tag), Some(host)) if !self.has_rows_of_its_own(key) => format!("{tag} ({host})"),
            (Some(tag), _) => tag,
            (None, host) => host.unwrap_or_else(|| "-".to_owned()),
        }
    }
}

/// A tag's value as it may be shown on a terminal.
pub(super) fn shown(value: &str) -> Option<String> {
    Name::clean(value.as_bytes()).map(|name| name.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(rows: &[[&str; 4]]) -> SeriesIndex {
        let rows = rows.iter().map(|row| [",_result,0", &row.join(",")].join(","));
        let csv: Vec<_> =
            std::iter::once(",result,table,site,host,output,_value".to_owned()).chain(rows).collect();
        SeriesIndex::parse("site", csv.join("\n").as_bytes()).unwrap()
    }

    fn told(index: &SeriesIndex) -> Vec<(String, bool)> {
        index.keys().iter().map(|key| (index.name(key), index.has_rows_of_its_own(key))).collect()
    }

    fn all(told: &[(&str, bool)]) -> Vec<(String, bool)> {
        told.iter().map(|(name, own)| ((*name).to_owned(), *own)).collect()
    }

    #[test]
    fn a_router_is_called_by_its_tag_else_by_its_host() {
        let one = index(&[
            ["attic", "OpenWrt", "", "7"],
            ["", "gw", "", "7"],
            ["attic", "OpenWrt", "influxdb", "6"],
        ]);
        assert_eq!(told(&one), all(&[("gw", true), ("attic", true), ("attic", true)]));
        let keys: Vec<_> = one.keys().iter().map(|key| one.has_several_outputs(key)).collect();
        assert_eq!(keys, [false, true, true]);
    }

    #[test]
    fn where_rows_could_be_anothers_nobody_has_them() {
        let several =
            index(&[["", "a", "", "1"], ["", "b", "", "1"], ["home", "c", "", "1"], ["home", "d", "", "1"]]);
        assert_eq!(
            told(&several),
            all(&[("a", false), ("b", false), ("home (c)", false), ("home (d)", false)])
        );
    }

    #[test]
    fn others_measurements_and_names_do_no_harm() {
        let strange = index(&[
            ["", "gw", "", "7"],
            ["", "x", "", "seven"],
            ["", "y", "", ""],
            ["\u{1b}[2J", "z", "", "1"],
        ]);
        assert_eq!(told(&strange), all(&[("gw", true), ("_[2J", true)]));
    }
}
