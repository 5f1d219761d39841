use super::*;
use crate::attribution::Direction::{self, Outbound};
use crate::conntrack::flow::Flags;
use crate::history::trend::Trend;
use crate::measurements::fixture::{Fixture, Report, flow};

type Seen = (OwnerId, Direction, Flow);

/// So many flows of one owner, each from a port of its own.
fn flows(owner: OwnerId, state: FlowState, count: u16) -> Vec<Seen> {
    let with_port = |port: u16| {
        let mut flow = flow(Protocol::TCP, state);
        flow.original.source.port = port;
        (owner, Outbound, flow)
    };
    (0..count).map(with_port).collect()
}

/// Three passes, of so many connections each, and the report behind them.
fn three(fixture: &mut Fixture, trend: &mut ConnectionTrend, owner: OwnerId, counts: [u16; 3]) -> Report {
    for count in counts {
        let mut seen = flows(owner, FlowState::Established, count);
        seen.extend(flows(owner, FlowState::TimeWait, 1));
        fixture.pass(trend, &seen);
    }
    fixture.report(trend)
}

fn field(report: &Report, name: &str) -> Option<Value> {
    let mut fields = report.points.iter().flat_map(|point| &point.fields);
    fields.find(|(field, _)| field == name).map(|(_, value)| value.clone())
}

fn float_of(report: &Report, name: &str) -> Option<f64> {
    match field(report, name) {
        Some(Value::Float(value)) => Some(value),
        _ => None,
    }
}

#[test]
fn averages_and_peaks_are_of_connections_and_of_passes() {
    let (mut fixture, mut trend) = (Fixture::new(), ConnectionTrend::default());
    fixture.sample.table.max = Some(1000);
    let tv = fixture.device("tv");
    three(&mut fixture, &mut trend, tv, [40, 10, 10]);
    three(&mut fixture, &mut trend, tv, [10, 10, 10]);
    let report = three(&mut fixture, &mut trend, tv, [20, 20, 32]);
    assert_eq!(field(&report, "entries"), Some(Value::Integer(33)));
    assert_eq!(float_of(&report, "share"), Some(0.033));
    assert_eq!(float_of(&report, "average_1m"), Some(102.0 / 6.0));
    // The first pass covers no time, and doesn't count.
    assert_eq!(float_of(&report, "average_15m"), Some(122.0 / 8.0));
    assert_eq!((float_of(&report, "peak_1h"), float_of(&report, "peak_24h")), (Some(40.0), Some(40.0)));
    for later in ["growth_per_hour", "normal_peak"] {
        assert_eq!(field(&report, later), None, "{later}");
    }
    let expected = Trend { connections: 32, ..Trend::default() };
    assert_eq!(report.findings.trends.get("tv"), Some(&expected));
}

#[test]
fn without_the_kernels_bound_there_is_no_share_and_without_entries_no_point() {
    let (mut fixture, mut trend) = (Fixture::new(), ConnectionTrend::default());
    let tv = fixture.device("tv");
    let report = three(&mut fixture, &mut trend, tv, [1; 3]);
    assert_eq!(field(&report, "share"), None);
    fixture.pass(&mut trend, &[]);
    let report = fixture.report(&mut trend);
    assert!(report.points.is_empty());
    assert_eq!(report.findings.trends.get("tv"), Some(&Trend::default()), "rules still see that it has none");
}

#[test]
fn connections_are_idle_that_were_silent_for_ten_minutes() {
    let cases = [
        // The setting, what is left, and whether that is idle.
        (Some(7440), Some(6840), Some(1)),
        (Some(7440), Some(6841), Some(0)),
        (Some(432_000), Some(431_400), Some(1)),
        (Some(601), Some(1), Some(1)),
        (Some(600), Some(0), None),
        (Some(60), Some(0), None),
        (None, Some(0), None),
        (Some(7440), None, Some(0)),
    ];
    for (setting, left, expected) in cases {
        let (mut fixture, mut trend) = (Fixture::new(), ConnectionTrend::default());
        fixture.established_timeout = setting;
        let tv = fixture.device("tv");
        let with = |protocol, state, flags| Flow { timeout: left, flags, ..flow(protocol, state) };
        let none = Flags::default();
        let seen = [
            with(Protocol::TCP, FlowState::Established, none),
            with(Protocol::TCP, FlowState::Established, Flags::OFFLOAD),
            with(Protocol::TCP, FlowState::TimeWait, none),
            with(Protocol::UDP, FlowState::Active, none),
        ];
        fixture.pass(&mut trend, &seen.map(|flow| (tv, Outbound, flow)));
        let report = fixture.report(&mut trend);
        assert_eq!(field(&report, "idle_entries"), expected.map(Value::Integer), "{setting:?} {left:?}");
    }
}

/// A report every 5 minutes for so many hours.
fn hours(fixture: &mut Fixture, trend: &mut ConnectionTrend, tv: OwnerId, hours: u64, count: u16) -> Report {
    fixture.report_every = Duration::from_mins(5);
    let mut last = None;
    for _ in 0..hours * 12 {
        fixture.pass(trend, &flows(tv, FlowState::Established, count));
        last = Some(fixture.report(trend));
    }
    last.unwrap()
}

#[test]
fn growth_is_told_after_three_hours_and_the_normal_after_seven_days() {
    let (mut fixture, mut trend) = (Fixture::new(), ConnectionTrend::default());
    let tv = fixture.device("tv");
    let report = hours(&mut fixture, &mut trend, tv, 3, 7);
    assert_eq!(field(&report, "growth_per_hour"), None);
    let report = hours(&mut fixture, &mut trend, tv, 1, 7);
    assert_eq!(float_of(&report, "growth_per_hour"), Some(0.0));
    assert_eq!(report.findings.trends["tv"].quarter_minima, [7; 14]);
    let report = hours(&mut fixture, &mut trend, tv, 7 * 24 - 4, 7);
    assert_eq!(field(&report, "normal_peak"), None);
    let report = hours(&mut fixture, &mut trend, tv, 1, 9);
    assert_eq!(float_of(&report, "normal_peak"), Some(7.0));
    assert_eq!(report.findings.trends["tv"].normal_peak, Some(7.0));
}

#[test]
fn nothing_is_learned_while_the_clock_is_unset_or_what_it_does_is_unusual() {
    for (unset, rule, expected) in [
        (false, None, Some(50.0)),
        (false, Some("leak"), Some(50.0)),
        (false, Some("above_normal"), None),
        (false, Some("spike"), None),
        (false, Some("scan"), None),
        (true, None, None),
    ] {
        let (mut fixture, mut trend) = (Fixture::new(), ConnectionTrend::default());
        let tv = fixture.device("tv");
        let wall = fixture.wall;
        fixture.wall = wall.filter(|_| !unset);
        fixture.found.firing = rule.map(|rule| ("tv".into(), vec![rule])).into_iter().collect();
        hours(&mut fixture, &mut trend, tv, 1, 50);
        hours(&mut fixture, &mut trend, tv, 1, 50);
        fixture.found.firing.clear();
        fixture.wall = wall.map(|wall| wall + Duration::from_hours(7 * 24));
        // What fired at the last report is what counts, of which this is the one after.
        let report = hours(&mut fixture, &mut trend, tv, 1, 1);
        let normal = report.findings.trends["tv"].normal_peak;
        assert_eq!(normal, expected, "{unset} {rule:?}");
    }
}

#[test]
fn what_is_normal_is_kept_and_taken_up_again() {
    let (mut fixture, mut trend) = (Fixture::new(), ConnectionTrend::default());
    let tv = fixture.device("tv");
    hours(&mut fixture, &mut trend, tv, 2, 12);
    let mut state = State::default();
    trend.keep(&mut state);
    assert_eq!(state.habits.len(), 1);
    let mut restarted = ConnectionTrend::default();
    restarted.restore(&mut state);
    assert!(state.habits.is_empty(), "it holds them now");
    let mut fixture = Fixture::new();
    let tv = fixture.device("tv");
    fixture.wall = fixture.wall.map(|wall| wall + Duration::from_hours(7 * 24));
    fixture.pass(&mut restarted, &flows(tv, FlowState::Established, 1));
    assert_eq!(float_of(&fixture.report(&mut restarted), "normal_peak"), Some(12.0));
}
