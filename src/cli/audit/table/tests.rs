use super::*;

fn day(day: &str) -> DayReport {
    DayReport {
        day: day.to_owned(),
        snapshots: 2880,
        rows: Some(115_200),
        rows_missing: Some(0),
        looks: Some(8640),
        looks_missing_at_most: Some(0),
        ..DayReport::default()
    }
}

fn router(name: &str, days: Vec<DayReport>) -> RouterReport {
    RouterReport {
        router: name.to_owned(),
        host: Some("GL-MT2500".to_owned()),
        output: None,
        last_snapshot: "2026-12-01T02:59:30Z".to_owned(),
        has_rows_of_its_own: true,
        overfull_instants: 0,
        lacks_all_rows: false,
        is_silent: false,
        days,
    }
}

fn report(routers: Vec<RouterReport>) -> Report {
    let days = || routers.iter().flat_map(|router| &router.days);
    Report {
        since: "2026-11-29T00:00:00Z".to_owned(),
        until: "2026-12-01T02:59:00Z".to_owned(),
        tag: "router".to_owned(),
        snapshots_missing: days().map(|day| day.snapshots_missing).sum(),
        rows_missing: days().filter_map(|day| day.rows_missing).sum(),
        routers,
        points_not_understood: 0,
    }
}

#[test]
fn a_line_for_each_router_and_day() {
    let lossy = DayReport {
        snapshots: 2877,
        snapshots_missing: 3,
        rows: Some(115_068),
        rows_missing: Some(12),
        ..day("2026-11-30")
    };
    let lossy = DayReport { looks: Some(8631), looks_missing_at_most: Some(2), ..lossy };
    let told = text_of(&report(vec![
        router("attic", vec![day("2026-11-29"), lossy]),
        router("gw", vec![day("2026-11-30")]),
    ]));
    let expected = "\
ROUTER  DAY (UTC)   SNAPSHOTS  MISSING     ROWS  MISSING  LOOKS  MISSING
attic   2026-11-29      2,880        0  115,200        0  8,640        0
attic   2026-11-30      2,877        3  115,068       12  8,631      ≤ 2
gw      2026-11-30      2,880        0  115,200        0  8,640        0

Missing: 3 snapshots, and 12 rows of snapshots that are there.
Looked at: 2026-11-29T00:00:00Z to 2026-12-01T02:59:00Z.
- ≤: a look at the traffic in which nothing moved sends nothing either.
";
    assert_eq!(told, expected);
}

#[test]
fn what_is_not_known_has_a_dash_or_no_column() {
    let unknown = DayReport {
        rows: None,
        rows_missing: None,
        looks: None,
        looks_missing_at_most: None,
        ..day("2026-11-30")
    };
    let told = text_of(&report(vec![RouterReport {
        has_rows_of_its_own: false,
        ..router("GL-MT2500", vec![unknown])
    }]));
    let expected = "\
ROUTER     DAY (UTC)   SNAPSHOTS  MISSING  ROWS  MISSING
GL-MT2500  2026-11-30      2,880        0     -        -

Nothing is missing of what can be counted.
Looked at: 2026-11-29T00:00:00Z to 2026-12-01T02:59:00Z.
- GL-MT2500: whose rows are whose can't be told, for more than one host writes
  without a tag \"router\" of its own. Set router.name on each router, or name a
  tag that tells them apart by --tag.
";
    assert_eq!(told, expected);
}

#[test]
fn a_second_way_out_and_what_is_unstamped_have_columns_where_there_are_any() {
    let unstamped = DayReport { snapshots_unstamped: 4, snapshots_missing: 1, ..day("2026-11-30") };
    let torn = DayReport { rows: Some(115_199), rows_missing: Some(1), ..day("2026-11-30") };
    let second = RouterReport {
        output: Some("influxdb".to_owned()),
        overfull_instants: 1,
        is_silent: true,
        ..router("attic", vec![torn])
    };
    let told = text_of(&Report {
        points_not_understood: 1,
        ..report(vec![router("attic", vec![unstamped]), second])
    });
    let expected = "\
ROUTER  OUTPUT    DAY (UTC)   SNAPSHOTS  MISSING  UNSTAMPED     ROWS  MISSING  LOOKS  MISSING
attic   -         2026-11-30      2,880        1          4  115,200        0  8,640        0
attic   influxdb  2026-11-30      2,880        0          0  115,199        1  8,640        0

Missing: 1 snapshot, and 1 row of snapshots that are there.
Looked at: 2026-11-29T00:00:00Z to 2026-12-01T02:59:00Z.
- attic: at some instants there are more rows than were sent. Another router
  writes under this name, and its rows may stand for some that are missing.
- attic: both ways out end in this bucket, where their rows are the same. So a
  row that is missing is missing for both, and told of both.
- attic: snapshots that are unstamped have the time at which they arrived, as
  each of their rows has: rows aren't counted of these.
- attic: silent for more than two hours. What was sent after the last snapshot
  that is there isn't counted.
- 1 point of conntrack_exporter that is not this program's is left out.
";
    assert_eq!(told, expected);
}

#[test]
fn what_is_missing_is_said_in_words() {
    let told = |snapshots_missing, rows_missing| {
        let whole = report(vec![router("gw", vec![day("2026-11-30")])]);
        let text = text_of(&Report { snapshots_missing, rows_missing, ..whole });
        text.lines().nth(3).unwrap().to_owned()
    };
    assert_eq!(told(0, 0), "Nothing is missing.");
    assert_eq!(told(0, 1), "Missing: 1 row of snapshots that are there.");
    assert_eq!(told(1234, 0), "Missing: 1,234 snapshots.");
    assert_eq!(told(1, 1000), "Missing: 1 snapshot, and 1,000 rows of snapshots that are there.");
}

#[test]
fn of_many_routers_a_few_are_named() {
    let routers = (0..9).map(|index| RouterReport {
        is_silent: true,
        ..router(&format!("r{index}"), vec![day("2026-11-30")])
    });
    let told = text_of(&report(routers.collect()));
    assert!(told.contains("- r0, r1, r2, r3, r4 and 4 more: silent"), "{told}");
}
