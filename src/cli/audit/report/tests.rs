//! What is audited of made series, of which anything may be lost.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use proptest::collection::{btree_set, vec};
use proptest::prelude::*;

use super::super::page::Record;
use super::super::time::{DAY, SECOND, date, day_of};
use super::*;

/// Ten snapshots before midnight.
const BEGINNING: i64 = 20_000 * DAY - 10 * INTERVAL;
const INTERVAL: i64 = 300 * SECOND;
const ROWS: u64 = 4;

/// A snapshot: its router, its output, its start, and its number in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Made {
    router: &'static str,
    output: &'static str,
    started_after: u64,
    index: u64,
}

impl Made {
    fn at(&self) -> i64 {
        BEGINNING + i64::try_from(self.index).unwrap() * INTERVAL
    }

    fn record(&self) -> Record {
        let started = BEGINNING + (i64::try_from(self.started_after).unwrap() - 1) * INTERVAL;
        let sequence = self.index - self.started_after + 1;
        Record {
            at: self.at(),
            key: Key::new(self.router, &format!("{}-host", self.router), self.output),
            sequence,
            started: u64::try_from(started / SECOND).unwrap(),
            points: Some(ROWS),
            traffic_sequence: Some(3 * sequence),
            sampling_ns: Some(100_000_000_000),
        }
    }
}

fn range(snapshots: u64) -> Range {
    Range { since: BEGINNING - INTERVAL, until: BEGINNING + i64::try_from(snapshots).unwrap() * INTERVAL }
}

/// Pages of so many intervals each, of what is there; `lost_rows` are missing of an instant.
fn pages(there: &[Made], lost_rows: &BTreeMap<(&'static str, i64), u64>, length: i64) -> Vec<Page> {
    let mut pages = BTreeMap::<i64, Page>::new();
    for made in there {
        let page = pages.entry((made.at() - BEGINNING) / (length * INTERVAL)).or_default();
        page.records.push(made.record());
        let lost = lost_rows.get(&(made.router, made.at())).copied().unwrap_or_default();
        page.rows.entry(made.router.to_owned()).or_default().insert(made.at(), ROWS - lost);
    }
    let mut pages: Vec<Page> = pages.into_values().collect();
    for page in &mut pages {
        page.records.sort_by_key(|record| (record.at, record.sequence));
    }
    pages
}

fn index(there: &[Made]) -> SeriesIndex {
    let mut rows = String::new();
    for Made { router, output, .. } in there {
        writeln!(rows, ",_result,0,{router},{router}-host,{output},1").unwrap();
    }
    SeriesIndex::parse("router", format!(",result,table,router,host,output,_value\n{rows}").as_bytes())
        .unwrap()
}

fn report(range: Range, index: SeriesIndex, pages: &[Page]) -> Report {
    let mut audit = Audit::new(range, index);
    for page in pages {
        audit.take(page);
    }
    audit.report("router")
}

fn router<'a>(report: &'a Report, name: &str, output: Option<&str>) -> &'a RouterReport {
    let is_it = |router: &&RouterReport| router.router == name && router.output.as_deref() == output;
    report.routers.iter().find(is_it).unwrap()
}

fn whole(router: &'static str, snapshots: u64) -> Vec<Made> {
    (0..snapshots).map(|index| Made { router, output: "", started_after: 0, index }).collect()
}

#[test]
fn of_a_whole_series_nothing_is_missing() {
    let there = [whole("attic", 20), whole("gw", 20)].concat();
    let report = report(range(20), index(&there), &pages(&there, &BTreeMap::new(), 7));
    assert!(report.is_complete());
    assert_eq!((report.routers.len(), report.points_not_understood), (2, 0));
    let days = &router(&report, "attic", None).days;
    let days: Vec<_> =
        days.iter().map(|day| (day.day.as_str(), day.snapshots, day.rows, day.looks)).collect();
    assert_eq!(days, [("2024-10-03", 10, Some(40), None), ("2024-10-04", 10, Some(40), None)]);
}

#[test]
fn what_arrived_without_a_time_has_no_rows_that_can_be_counted() {
    let there = whole("gw", 4);
    let mut pages = pages(&there, &BTreeMap::new(), 100);
    pages[0].records[1].at += 7;
    pages[0].rows.get_mut("gw").unwrap().remove(&there[1].at());
    let report = report(range(4), index(&there), &pages);
    let day = &report.routers[0].days[0];
    assert_eq!(
        (day.snapshots, day.snapshots_unstamped, day.rows, day.rows_missing),
        (4, 1, Some(12), Some(0))
    );
}

#[test]
fn rows_that_may_be_anothers_are_not_counted() {
    let mut there = [whole("attic", 4), whole("gw", 4)].concat();
    for made in &mut there {
        made.output = "";
    }
    let mut pages = pages(&there, &BTreeMap::new(), 100);
    // Neither has the tag.
    for record in &mut pages[0].records {
        record.key.tag = String::new();
    }
    let csv = ",result,table,router,host,output,_value\n,_result,0,,attic-host,,1\n,_result,0,,gw-host,,1\n";
    let report = report(range(4), SeriesIndex::parse("router", csv.as_bytes()).unwrap(), &pages);
    assert_eq!(
        report.routers.iter().map(|router| router.router.as_str()).collect::<Vec<_>>(),
        ["attic-host", "gw-host"]
    );
    for router in &report.routers {
        assert!(!router.has_rows_of_its_own);
        assert_eq!(
            (router.days[0].snapshots, router.days[0].rows, router.days[0].rows_missing),
            (4, None, None)
        );
    }
}

#[test]
fn two_ways_out_are_both_told() {
    let second = |made: &Made| Made { output: "influxdb", ..*made };
    let first = whole("gw", 8);
    let mut there: Vec<Made> = first.iter().map(second).chain(first.iter().copied()).collect();
    there.retain(|made| made.output == "influxdb" || !(3..6).contains(&made.index));
    let report = report(range(8), index(&there), &pages(&there, &BTreeMap::new(), 3));
    let missing =
        |output| router(&report, "gw", output).days.iter().map(|day| day.snapshots_missing).sum::<u64>();
    assert_eq!((missing(None), missing(Some("influxdb")), report.snapshots_missing), (3, 0, 3));
}

#[test]
fn more_rows_than_were_sent_are_somebody_elses() {
    let there = whole("gw", 4);
    let mut pages = pages(&there, &BTreeMap::new(), 100);
    *pages[0].rows.get_mut("gw").unwrap().get_mut(&there[2].at()).unwrap() += 1;
    let report = report(range(4), index(&there), &pages);
    assert_eq!((report.routers[0].overfull_instants, report.rows_missing), (1, 0));
}

#[test]
fn rows_under_another_tag_are_not_called_missing() {
    let there = whole("gw", 4);
    let mut pages = pages(&there, &BTreeMap::new(), 100);
    let rows = pages[0].rows.remove("gw").unwrap();
    pages[0].rows.insert("receiver".to_owned(), rows);
    let report = report(range(4), index(&there), &pages);
    let gw = &report.routers[0];
    assert!(gw.lacks_all_rows && report.is_complete());
    assert_eq!((gw.days[0].rows, gw.days[0].rows_missing), (None, None));
}

#[test]
fn a_router_that_has_fallen_silent_is_told() {
    let there = whole("gw", 4);
    let pages = pages(&there, &BTreeMap::new(), 100);
    let told = |until| {
        let range = Range { until, ..range(4) };
        report(range, index(&there), &pages).routers[0].is_silent
    };
    let last = there[3].at();
    assert_eq!([told(last + 7200 * SECOND), told(last + 7201 * SECOND)], [false, true]);
}

#[test]
fn looks_are_told_of_a_router_that_has_sent_any() {
    let there = whole("gw", 20);
    let mut pages = pages(&there, &BTreeMap::new(), 6);
    for page in &mut pages {
        for record in page.records.clone() {
            // The second of the three is missing in every sixth.
            let seconds = if record.sequence % 6 == 0 { &[200, 0][..] } else { &[200, 100, 0] };
            let instants = seconds.iter().map(|seconds| record.at - seconds * SECOND);
            page.looks.entry("gw".to_owned()).or_default().extend(instants);
        }
    }
    let report = report(range(20), index(&there), &pages);
    let looks: Vec<_> =
        report.routers[0].days.iter().map(|day| (day.looks, day.looks_missing_at_most)).collect();
    assert_eq!(looks, [(Some(27), Some(1)), (Some(30), Some(2))]);
    assert!(report.is_complete(), "a look that may have been quiet is no loss");
}

proptest! {
    /// Two routers of which one has two ways out, with restarts, over two midnights; any snapshots and rows are lost.
    #[test]
    fn just_what_was_lost_is_missing(
        restarts in btree_set(1_u64..600, 0..4),
        lost in btree_set((0_usize..3, 0_u64..600), 0..100),
        stretch in (0_usize..3, 0_u64..600, 0_u64..600),
        rows in vec(((0_usize..2, 0_u64..600), 1_u64..=ROWS), 0..100),
        length in 1_i64..100,
    ) {
        const SNAPSHOTS: u64 = 600;
        let ways = [("attic", ""), ("gw", ""), ("gw", "influxdb")];
        let mut lost: BTreeSet<(usize, u64)> = lost;
        lost.extend((stretch.1..stretch.2).map(|index| (stretch.0, index)));
        // What is lost at the end nobody can know.
        lost.retain(|(_, index)| index + 1 < SNAPSHOTS && !restarts.contains(&(index + 1)));
        let mut there = Vec::new();
        for (way, (router, output)) in ways.into_iter().enumerate() {
            let started = |index| restarts.range(..=index).next_back().copied().unwrap_or_default();
            let all = (0..SNAPSHOTS).map(|index| Made { router, output, started_after: started(index), index });
            there.extend(all.filter(|made| !lost.contains(&(way, made.index))));
        }
        let lost_rows: BTreeMap<_, _> = rows.into_iter()
            .map(|((way, index), rows)| ((["attic", "gw"][way], BEGINNING + i64::try_from(index).unwrap() * INTERVAL), rows))
            .collect();
        let report = report(range(SNAPSHOTS), index(&there), &pages(&there, &lost_rows, length));
        for (way, (router_name, output)) in ways.into_iter().enumerate() {
            let told = router(&report, router_name, shown(output).as_deref());
            let mut expected = BTreeMap::<String, (u64, u64)>::new();
            for (_, index) in lost.iter().filter(|(of, _)| *of == way) {
                let at = BEGINNING + i64::try_from(*index).unwrap() * INTERVAL;
                expected.entry(date(day_of(at))).or_default().0 += 1;
            }
            for made in there.iter().filter(|made| (made.router, made.output) == (router_name, output)) {
                let rows = lost_rows.get(&(router_name, made.at())).copied().unwrap_or_default();
                expected.entry(date(day_of(made.at()))).or_default().1 += rows;
            }
            expected.retain(|_, missing| *missing != (0, 0));
            let missing = told.days.iter().map(|day| {
                (day.day.clone(), (day.snapshots_missing, day.rows_missing.unwrap_or_default()))
            });
            let missing: BTreeMap<_, _> = missing.filter(|(_, missing)| *missing != (0, 0)).collect();
            prop_assert_eq!(missing, expected, "{} {}", router_name, output);
        }
    }

    /// Whatever a bucket holds, nothing panics, and no number is beyond reason.
    #[test]
    fn anything_may_be_there(
        records in vec((0_i64..200, any::<u64>(), 0_u64..3, any::<Option<u32>>(), any::<Option<u64>>(), any::<Option<u64>>()), 0..50),
    ) {
        let there = whole("gw", 1);
        let mut records: Vec<Record> = records.into_iter().map(|(at, sequence, started, points, traffic_sequence, sampling_ns)| Record {
            at: BEGINNING + at * INTERVAL / 7,
            key: there[0].record().key,
            sequence,
            started: if started == 2 { u64::MAX } else { u64::try_from(BEGINNING / SECOND).unwrap() + started },
            points: points.map(u64::from),
            traffic_sequence,
            sampling_ns,
        }).collect();
        records.sort_by_key(|record| (record.at, record.sequence));
        let report = report(range(20), index(&there), &[Page { records, ..Page::default() }]);
        prop_assert!(report.snapshots_missing < 50_000);
        report.json().unwrap();
    }
}
