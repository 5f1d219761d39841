use super::*;
use std::rc::Rc;
use std::time::Duration;

use crate::measurements::fixture::Fixture;
use crate::proc_net::counters::parse_pairs;

/// Counters of these figures.
fn counters(tcp: &[(&str, i64)], tcp_ext: &[(&str, i64)]) -> Option<Rc<ProtocolCounters>> {
    let file = |protocol: &str, figures: &[(&str, i64)]| {
        let names: String = figures.iter().map(|(name, _)| format!(" {name}")).collect();
        let values: String = figures.iter().map(|(_, value)| format!(" {value}")).collect();
        Some(parse_pairs(format!("{protocol}:{names}\n{protocol}:{values}\n").as_bytes()))
    };
    Some(Rc::new(ProtocolCounters { snmp: file("Tcp", tcp), netstat: file("TcpExt", tcp_ext), snmp6: None }))
}

/// What the last of these readings, 30 s apart, is told as.
fn told(readings: Vec<Option<Rc<ProtocolCounters>>>) -> Vec<(String, f64)> {
    let (mut fixture, mut measurement) = (Fixture::new(), TcpHealth::default());
    let mut points = Vec::new();
    for counters in readings {
        fixture.sample.counters = counters;
        points = fixture.report(&mut measurement).points;
    }
    // Too long for one line.
    assert!(points.windows(2).all(|two| two[0].tags == two[1].tags), "{points:?}");
    let fields = points.into_iter().flat_map(|point| point.fields);
    let figures = fields.map(|(name, value)| match value {
        Value::Float(figure) => (name.into_owned(), figure),
        other => panic!("{other:?} is no float"),
    });
    figures.collect()
}

fn figure(told: &[(String, f64)], wanted: &str) -> Option<f64> {
    told.iter().find_map(|(name, figure)| (name == wanted).then_some(*figure))
}

/// Every counter that is used, risen by its place, times ten.
fn all(times: i64) -> Option<Rc<ProtocolCounters>> {
    let risen = |(place, name): (i64, &'static str)| (name, 1_000 + times * place);
    let tcp =
        ["OutSegs", RETRANSMITTED, "ActiveOpens", "PassiveOpens", "AttemptFails", "EstabResets", "OutRsts"];
    let tcp_ext = [
        "TCPFastRetrans",
        "TCPSlowStartRetrans",
        "TCPLossProbes",
        "TCPLostRetransmit",
        "TCPTimeouts",
        "ListenDrops",
        "ListenOverflows",
        "RcvPruned",
        "OfoPruned",
        "TCPRcvQDrop",
        "TCPSynRetrans",
        "SyncookiesSent",
    ];
    let places = (1..).map(|place| place * 10);
    let tcp: Vec<_> = places.clone().zip(tcp).map(risen).collect();
    let tcp_ext: Vec<_> = places.zip(tcp_ext).map(risen).collect();
    counters(&tcp, &tcp_ext)
}

#[test]
fn each_figure_by_its_formula_and_in_the_schemas_order() {
    let told = told((0..=30).map(all).collect());
    let names: Vec<&str> = told.iter().map(|(name, _)| &**name).collect();
    assert_eq!(names, FIELDS.map(|field| field.name));
    for (name, expected) in [
        ("retransmitted_percent", 200.0),
        ("fast_percent", 50.0),
        ("slow_start_percent", 100.0),
        ("loss_probe_percent", 150.0),
        ("lost_percent", 200.0),
        ("retransmitted_per_second", 20.0 / 30.0),
        ("retransmitted_per_second_1m", 20.0 / 30.0),
        ("retransmitted_per_second_5m", 20.0 / 30.0),
        ("retransmitted_per_second_15m", 20.0 / 30.0),
        ("timeouts_per_second", 50.0 / 30.0),
        ("listen_drops_per_second", 60.0 / 30.0),
        ("listen_overflows_per_second", 70.0 / 30.0),
        ("pruned_per_second", (80.0 + 90.0 + 100.0) / 30.0),
        ("opened_active_per_second", 30.0 / 30.0),
        ("opened_passive_per_second", 40.0 / 30.0),
        ("failed_per_second", 50.0 / 30.0),
        ("resets_in_per_second", 60.0 / 30.0),
        ("resets_out_per_second", 70.0 / 30.0),
        ("syn_retransmitted_per_second", 110.0 / 30.0),
        ("syncookies_per_second", 120.0 / 30.0),
    ] {
        let found = figure(&told, name).unwrap();
        assert!((found - expected).abs() < 1e-9, "{name}: {found}, not {expected}");
    }
}

/// Six years of a busy server, of which another tool said the same.
#[test]
fn the_figures_of_a_server_that_others_have_reckoned() {
    let none =
        counters(&[("OutSegs", 0), (RETRANSMITTED, 0)], &[("TCPFastRetrans", 0), ("TCPLossProbes", 0)]);
    let total = counters(
        &[("OutSegs", 223_443_516_551), (RETRANSMITTED, 59_553_357)],
        &[("TCPFastRetrans", 33_052_113), ("TCPLossProbes", 24_595_536)],
    );
    let told = told(vec![none, total]);
    let shown = |name, digits| format!("{:.digits$}", figure(&told, name).unwrap());
    assert_eq!(shown("retransmitted_percent", 4), "0.0267");
    assert_eq!(shown("loss_probe_percent", 1), "41.3");
    assert_eq!(shown("fast_percent", 1), "55.5");
}

#[test]
fn nothing_is_known_at_first_or_while_the_counters_are_out_of_reach() {
    assert_eq!(told(vec![all(0)]), []);
    assert_eq!(told(vec![all(0), None]), []);
    assert_eq!(told(vec![None, all(0)]), []);
    let averages = told(vec![all(0), all(1), None, all(2)]);
    let names: Vec<_> = averages.iter().map(|(name, _)| &**name).collect();
    assert_eq!(names, ["retransmitted_per_second_1m"], "only what is older than the gap");
}

#[test]
fn a_figure_whose_counter_fell_or_is_not_there_is_absent_alone() {
    let before = [("OutSegs", 100), (RETRANSMITTED, 10), ("ActiveOpens", i64::MAX), ("OutRsts", i64::MIN)];
    let now = [("OutSegs", 200), (RETRANSMITTED, 20), ("ActiveOpens", 5), ("OutRsts", i64::MAX)];
    let told = told(vec![
        counters(&before, &[("TCPTimeouts", 7), ("RcvPruned", 1), ("OfoPruned", 1)]),
        counters(&now, &[("TCPTimeouts", 7), ("RcvPruned", 2), ("OfoPruned", 2)]),
    ]);
    let names: Vec<_> = told.iter().map(|(name, _)| &**name).collect();
    assert_eq!(names, ["retransmitted_percent", "retransmitted_per_second", "timeouts_per_second"]);
    assert_eq!(figure(&told, "timeouts_per_second"), Some(0.0), "nothing happened, which is known");
}

#[test]
fn of_nothing_there_is_no_share() {
    for (out, again, expected) in [(100, 10, Some(0.0)), (100, 20, Some(10.0)), (0, 20, None), (0, 10, None)]
    {
        let told = told(vec![
            counters(&[("OutSegs", 50), (RETRANSMITTED, 10)], &[("TCPFastRetrans", 1)]),
            counters(&[("OutSegs", 50 + out), (RETRANSMITTED, again)], &[("TCPFastRetrans", 1)]),
        ]);
        assert_eq!(figure(&told, "retransmitted_percent"), expected);
        assert_eq!(figure(&told, "fast_percent"), (again > 10).then_some(0.0));
    }
}

#[test]
fn no_rate_is_of_no_time() {
    let (mut fixture, mut measurement) = (Fixture::new(), TcpHealth::default());
    fixture.report_every = Duration::ZERO;
    fixture.sample.counters = all(0);
    fixture.report(&mut measurement);
    fixture.sample.counters = all(1);
    let point = fixture.report(&mut measurement).points.remove(0);
    assert!(point.fields.iter().all(|(name, _)| name.ends_with("_percent")), "{point:?}");
}
