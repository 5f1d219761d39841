//! What is read of a bucket at once: the points and rows of a while.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::flux::{self, Columns};
use super::report::Range;
use super::series_index::Key;
use super::time::{is_stamped, parse};
use crate::influxdb::query::{TableError, read_rows};

/// A point of `conntrack_exporter`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) at: i64,
    pub(super) key: Key,
    pub(super) sequence: u64,
    pub(super) started: u64,
    pub(super) points: Option<u64>,
    pub(super) traffic_sequence: Option<u64>,
    pub(super) sampling_ns: Option<u64>,
}

/// All of a while, by the tag that tells routers apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Page {
    /// In order of time.
    pub(super) records: Vec<Record>,
    /// Points of a measurement of this name that aren't the program's.
    pub(super) not_understood: u64,
    /// How many rows of `connection_state` there are at each instant.
    pub(super) rows: BTreeMap<String, BTreeMap<i64, u64>>,
    /// The instants of which there are rows of `bandwidth`.
    pub(super) looks: BTreeMap<String, BTreeSet<i64>>,
}

impl Page {
    /// Understands the answers to the three questions of a window. What a server tells of other times wasn't asked for, and
    /// would be counted twice.
    pub(super) fn parse(
        tag: &str,
        window: Range,
        [records, rows, looks]: [&[u8]; 3],
    ) -> Result<Self, TableError> {
        let mut page = Self::default();
        let is_asked_for = |at: i64| (window.since..window.until).contains(&at);
        let instant = |time: &str| parse(time).filter(|at| is_asked_for(*at) && is_stamped(*at));
        read_rows(records, Columns::of_records(tag), |cells| match record(&cells) {
            Some(record) if is_asked_for(record.at) => page.records.push(record),
            _ => page.not_understood += 1,
        })?;
        page.records.sort_by_key(|record| (record.at, record.sequence));
        read_rows(rows, Columns::of_rows(tag), |[time, tag]| {
            if let Some(at) = instant(&time) {
                *of(&mut page.rows, &tag).entry(at).or_default() += 1;
            }
        })?;
        read_rows(looks, [flux::DISTINCT, tag], |[time, tag]| {
            if let Some(at) = instant(&time) {
                of(&mut page.looks, &tag).insert(at);
            }
        })?;
        Ok(page)
    }
}

/// What is told of a tag's value. Only what is new is copied.
fn of<'a, T: Default>(map: &'a mut BTreeMap<String, T>, tag: &str) -> &'a mut T {
    if !map.contains_key(tag) {
        map.insert(tag.to_owned(), T::default());
    }
    map.entry(tag.to_owned()).or_default()
}

fn record(cells: &[Cow<'_, str>; 9]) -> Option<Record> {
    let [time, tag, host, output, sequence, started, points, traffic_sequence, sampling_ns] = cells;
    let number = |cell: &Cow<'_, str>| cell.parse::<u64>().ok();
    Some(Record {
        at: parse(time)?,
        key: Key::new(tag, host, output),
        sequence: number(sequence)?,
        started: number(started)?,
        // No snapshot has more lines, and sums of these stay numbers.
        points: points.parse::<u32>().ok().map(u64::from),
        traffic_sequence: number(traffic_sequence),
        sampling_ns: number(sampling_ns),
    })
}

#[cfg(test)]
mod tests {
    use super::super::time::SECOND;
    use super::*;

    const WINDOW: Range = Range { since: 60 * SECOND, until: 120 * SECOND };

    fn page(records: &str, rows: &str, looks: &str) -> Page {
        Page::parse("router", WINDOW, [records, rows, looks].map(str::as_bytes)).unwrap()
    }

    #[test]
    fn points_are_understood_whole_or_not_at_all() {
        let page = page(
            ",result,table,_time,router,host,output,sequence,started,points,traffic_sequence,sampling_ns\n\
             ,_result,0,1970-01-01T00:01:30Z,attic,gw,influxdb,8,5,40,24,10000000000\n\
             ,_result,0,1970-01-01T00:01:00Z,attic,gw,,7,5,4294967296,,x\n\
             ,_result,0,1970-01-01T00:01:10Z,attic,gw,,-1,5,40,,\n\
             ,_result,0,1970-01-01T00:01:10Z,attic,gw,,7.5,5,40,,\n\
             ,_result,0,1970-01-01T00:01:10Z,attic,gw,,7,,40,,\n\
             ,_result,0,yesterday,attic,gw,,7,5,40,,\n\
             ,_result,0,1970-01-01T00:01:10Z,attic\n",
            "",
            "",
        );
        let [first, second] = &page.records[..] else { panic!("{page:?}") };
        assert_eq!(
            (first.at, first.sequence, first.points, first.sampling_ns),
            (WINDOW.since, 7, None, None)
        );
        assert_eq!(second.key, Key::new("attic", "gw", "influxdb"));
        assert_eq!((second.points, second.traffic_sequence), (Some(40), Some(24)));
        assert_eq!(page.not_understood, 5);
    }

    #[test]
    fn what_was_not_asked_for_is_left_out() {
        let times = ["00:00:59.999999999", "00:01:00", "00:01:00", "00:01:59", "00:01:59.5", "00:02:00"];
        let of = |line: fn(&str) -> String| times.map(line).concat();
        let records = of(|time| format!(",_result,0,1970-01-01T{time}Z,7,5\n"));
        let rows = of(|time| format!(",_result,0,1970-01-01T{time}Z,a\n"));
        let page = page(
            &format!(",result,table,_time,sequence,started\n{records}"),
            &format!(",result,table,_time,router\n{rows}"),
            &format!(",result,table,_value,router\n{rows}"),
        );
        assert_eq!((page.records.len(), page.not_understood), (4, 2));
        let (since, last) = (WINDOW.since, WINDOW.until - SECOND);
        assert_eq!(page.rows["a"], BTreeMap::from([(since, 2), (last, 1)]));
        assert_eq!(page.looks["a"], BTreeSet::from([since, last]));
    }

    #[test]
    fn an_error_in_any_answer_is_one() {
        let broken = b"error,reference\nno memory,897\n";
        for place in 0..3 {
            let mut answers = [&b"\n"[..]; 3];
            answers[place] = broken;
            assert!(Page::parse("router", WINDOW, answers).is_err());
        }
    }
}
