//! What is missing: audited page by page, and told at the end.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::page::Page;
use super::series_index::{Key, SeriesIndex, shown};
use super::stream::{DayReport, Rows, Stream};
use super::time::rfc3339;

/// What is looked at, in whole seconds of nanoseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) since: i64,
    pub(super) until: i64,
}

/// What has been audited so far.
#[derive(Debug)]
pub(super) struct Audit {
    range: Range,
    index: SeriesIndex,
    streams: BTreeMap<Key, Stream>,
    not_understood: u64,
}

/// The whole of it.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) since: String,
    pub(super) until: String,
    /// The tag by which routers are told apart.
    pub(super) tag: String,
    pub(super) snapshots_missing: u64,
    pub(super) rows_missing: u64,
    /// By router and output.
    pub(super) routers: Vec<RouterReport>,
    /// Points of a measurement of this name that aren't the program's.
    pub(super) points_not_understood: u64,
}

/// One way out of one router.
#[derive(Debug, Serialize)]
pub(super) struct RouterReport {
    pub(super) router: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) host: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) output: Option<String>,
    pub(super) last_snapshot: String,
    /// Whether rows can be told from those of others.
    pub(super) has_rows_of_its_own: bool,
    /// Instants of which there are more rows than were sent.
    pub(super) overfull_instants: u64,
    /// Whether there is not a single one of the rows that it says it has sent.
    #[serde(skip)]
    pub(super) lacks_all_rows: bool,
    /// Whether it has been quiet for long.
    #[serde(skip)]
    pub(super) is_silent: bool,
    pub(super) days: Vec<DayReport>,
}

/// After so much time without a snapshot a router is silent, in nanoseconds: twice the longest `interval`.
const SILENCE: i64 = 2 * 3600 * super::time::SECOND;

impl Audit {
    /// Begins with the routers that are there.
    pub(super) fn new(range: Range, index: SeriesIndex) -> Self {
        let streams = index.keys().iter().map(|key| (key.clone(), Stream::new(range.since))).collect();
        Self { range, index, streams, not_understood: 0 }
    }

    /// Takes what was read of a while, in order of time.
    pub(super) fn take(&mut self, page: &Page) {
        let nothing = (BTreeMap::new(), BTreeSet::new());
        self.not_understood += page.not_understood;
        for record in &page.records {
            match self.streams.get_mut(&record.key) {
                Some(stream) => stream.take(record, rows_of(&self.index, page, &record.key, &nothing)),
                None => self.not_understood += 1,
            }
        }
        for (key, stream) in &mut self.streams {
            stream.turn_page(rows_of(&self.index, page, key, &nothing));
        }
    }

    /// Whether there is any snapshot.
    pub(super) fn has_any(&self) -> bool {
        self.streams.values().any(Stream::has_any)
    }

    /// Tells it.
    pub(super) fn report(self, tag: &str) -> Report {
        let (range, index) = (self.range, self.index);
        let router = |(key, stream): (Key, Stream)| RouterReport {
            router: index.name(&key),
            host: shown(&key.host),
            output: shown(&key.output),
            last_snapshot: rfc3339(stream.last),
            has_rows_of_its_own: index.has_rows_of_its_own(&key),
            // With two ways out, either may have sent zeros that the other has no need of.
            overfull_instants: if index.has_several_outputs(&key) { 0 } else { stream.overfull },
            lacks_all_rows: stream.lacks_all_rows(),
            is_silent: range.until - stream.last > SILENCE,
            days: stream.days(),
        };
        // One whose points couldn't be understood has nothing to tell.
        let streams = self.streams.into_iter().filter(|(_, stream)| stream.has_any());
        let routers: Vec<RouterReport> = streams.map(router).collect();
        let days = || routers.iter().flat_map(|router| &router.days);
        Report {
            since: rfc3339(range.since),
            until: rfc3339(range.until),
            tag: tag.to_owned(),
            snapshots_missing: days().map(|day| day.snapshots_missing).sum(),
            rows_missing: days().filter_map(|day| day.rows_missing).sum(),
            routers,
            points_not_understood: self.not_understood,
        }
    }
}

/// The rows of a page that are a router's.
fn rows_of<'a>(
    index: &SeriesIndex,
    page: &'a Page,
    key: &Key,
    (no_counts, no_looks): &'a (BTreeMap<i64, u64>, BTreeSet<i64>),
) -> Rows<'a> {
    let is_own = index.has_rows_of_its_own(key);
    let counts = is_own.then(|| page.rows.get(&key.tag).unwrap_or(no_counts));
    Rows { counts, looks: page.looks.get(&key.tag).filter(|_| is_own).unwrap_or(no_looks) }
}

impl RouterReport {
    /// Whether rows are known to be missing.
    pub(super) fn lacks_rows(&self) -> bool {
        self.days.iter().any(|day| day.rows_missing > Some(0))
    }
}

impl Report {
    /// Whether nothing is known to be missing.
    pub(super) const fn is_complete(&self) -> bool {
        self.snapshots_missing == 0 && self.rows_missing == 0
    }

    /// Whether the same router writes by another way as well, with the same rows.
    pub(super) fn has_another_output(&self, router: &RouterReport) -> bool {
        let is_same = |other: &RouterReport| (&other.router, &other.host) == (&router.router, &router.host);
        self.routers.iter().any(|other| is_same(other) && other.output != router.output)
    }

    /// One object of JSON.
    pub(super) fn json(&self) -> Result<String, serde_json::Error> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }
}

#[cfg(test)]
mod tests;
