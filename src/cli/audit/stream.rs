//! What is audited of one way out of one router.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::interpolation::Reading;
use super::looks::{Comparison, TrafficCount};
use super::numbers::Numbers;
use super::page::Record;
use super::time::{date, day_of, is_stamped};

/// A day of UTC. What isn't known is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct DayReport {
    pub(super) day: String,
    /// Those that are there.
    pub(super) snapshots: u64,
    pub(super) snapshots_missing: u64,
    /// Those of `snapshots` that have the time at which they arrived, so that it isn't known which rows are theirs.
    pub(super) snapshots_unstamped: u64,
    /// Rows of `connection_state` that are there of those that the snapshots say they have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rows: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rows_missing: Option<u64>,
    /// Looks at the traffic between snapshots that are there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) looks: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) looks_missing_at_most: Option<u64>,
}

/// One way out of one router.
#[derive(Debug)]
pub(super) struct Stream {
    numbers: Numbers,
    comparison: Comparison,
    days: BTreeMap<i64, DayReport>,
    /// When the newest snapshot was taken.
    pub(super) last: i64,
    /// Instants of which there are more rows than were sent.
    pub(super) overfull: u64,
    /// Whether there was any row of `connection_state`, and of `bandwidth`.
    has_rows: bool,
    has_looks: bool,
}

/// What was read of the rows that are the router's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rows<'a> {
    /// How many there are at each instant; `None` if it isn't known whose they are.
    pub(super) counts: Option<&'a BTreeMap<i64, u64>>,
    pub(super) looks: &'a BTreeSet<i64>,
}

impl Stream {
    /// Nothing yet, of what is looked at since then.
    pub(super) fn new(since: i64) -> Self {
        Self {
            numbers: Numbers::new(since),
            comparison: Comparison::default(),
            days: BTreeMap::new(),
            last: since,
            overfull: 0,
            has_rows: false,
            has_looks: false,
        }
    }

    /// Takes a point, in order of time. One that was written twice is one.
    pub(super) fn take(&mut self, record: &Record, rows: Rows<'_>) {
        let Record { at, started, sequence, .. } = *record;
        let Some(run) = self.numbers.take(started, Reading { at, number: sequence }) else { return };
        let count = record.traffic_sequence.zip(record.sampling_ns).map(|(number, apart)| TrafficCount {
            reading: Reading { at, number },
            apart,
            run,
        });
        let looks = self.comparison.take(count, rows.looks);
        self.last = self.last.max(at);
        let day = self.days.entry(day_of(at)).or_default();
        day.snapshots += 1;
        if let Some(looks) = looks {
            add(&mut day.looks, looks.taken);
            add(&mut day.looks_missing_at_most, looks.missing_at_most);
        }
        if !is_stamped(at) {
            day.snapshots_unstamped += 1;
        } else if let Some((counts, sent)) = rows.counts.zip(record.points) {
            let there = counts.get(&at).copied().unwrap_or_default();
            add(&mut day.rows, there.min(sent));
            add(&mut day.rows_missing, sent.saturating_sub(there));
            self.overfull += u64::from(there > sent);
        }
    }

    /// What was read ends here.
    pub(super) fn turn_page(&mut self, rows: Rows<'_>) {
        self.comparison.turn_page(rows.looks);
        self.has_rows |= rows.counts.is_some_and(|counts| !counts.is_empty());
        self.has_looks |= !rows.looks.is_empty();
    }

    /// Whether there is any snapshot.
    pub(super) fn has_any(&self) -> bool {
        !self.days.is_empty()
    }

    /// Whether snapshots say that they have rows, and there is not a single one: these have another tag, or go elsewhere.
    pub(super) fn lacks_all_rows(&self) -> bool {
        !self.has_rows && self.days.values().any(|day| day.rows_missing > Some(0))
    }

    /// All days of which there is something to tell.
    pub(super) fn days(mut self) -> Vec<DayReport> {
        for (day, missing) in self.numbers.missing() {
            self.days.entry(*day).or_default().snapshots_missing = *missing;
        }
        let lacks_all_rows = self.lacks_all_rows();
        let told = |(number, mut day): (i64, DayReport)| {
            day.day = date(number);
            if lacks_all_rows {
                (day.rows, day.rows_missing) = (None, None);
            }
            if !self.has_looks {
                (day.looks, day.looks_missing_at_most) = (None, None);
            }
            day
        };
        let days = self.days.into_iter().map(told);
        days.filter(|day| day.snapshots + day.snapshots_missing > 0).collect()
    }
}

fn add(sum: &mut Option<u64>, more: u64) {
    *sum = Some(sum.unwrap_or_default().saturating_add(more));
}
