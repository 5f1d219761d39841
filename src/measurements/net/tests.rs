use super::super::interfaces::SHOWN_AT_MOST;
use super::super::interfaces::tests::{cable, count, field, line, point};
use super::*;
use crate::measurements::fixture::Fixture;
use crate::proc_net::links::Link;

#[test]
fn is_what_telegraf_tells() {
    let mut fixture = Fixture::new();
    let lines = [
        line("lo", [9; 4], [9; 4]),
        line("eth0.9:1", [1, 2, 3, 4], [5, 6, 7, 8]),
        line("eth1", [u64::MAX; 4], [0; 4]),
        line("down", [1; 4], [1; 4]),
    ];
    count(&mut fixture, &lines);
    let like = [
        Link { name: "lo".into(), loopback: true, up: Some(true), ..Link::default() },
        cable("eth0.9:1", 2),
        Link { speed_mbps: None, ..cable("eth1", 3) },
        Link { up: Some(false), ..cable("down", 4) },
    ];
    fixture.sample.links = Some(like.into());
    let report = fixture.report(&mut Net);
    assert_eq!(report.points.len(), 2, "neither the loopback nor what is down");
    let fields = &point(&report, "interface", "eth0.9:1").unwrap().fields;
    let names: Vec<_> = fields.iter().map(|(name, _)| &**name).collect();
    assert_eq!(names, SCHEMA.fields.iter().map(|field| field.name).collect::<Vec<_>>());
    let values: Vec<_> = fields.iter().map(|(_, value)| value.clone()).collect();
    assert_eq!(values, [5, 1, 6, 2, 3, 7, 4, 8, 1000].map(Value::Integer));
    let eth1 = point(&report, "interface", "eth1").unwrap();
    assert_eq!(field(eth1, "bytes_recv"), Some(&Value::Integer(i64::MAX)));
    assert_eq!(field(eth1, "speed"), Some(&Value::Integer(-1)));
    assert_eq!(eth1.tags.own("host").map(|host| &**host), Some("router"));
}

#[test]
fn counters_are_told_also_where_it_is_not_known_what_interfaces_are_like() {
    let mut fixture = Fixture::new();
    assert!(fixture.report(&mut Net).points.is_empty());
    count(&mut fixture, &[line("lo", [9; 4], [9; 4]), line("eth1", [1; 4], [1; 4])]);
    let report = fixture.report(&mut Net);
    assert_eq!(report.points.len(), 1);
    assert!(point(&report, "interface", "eth1").is_some());
}

#[test]
fn of_a_thousand_interfaces_some_are_told_and_none_twice() {
    let mut fixture = Fixture::new();
    let mut lines: Vec<String> =
        (0..1000).map(|number| line(&format!("veth{number}"), [1; 4], [1; 4])).collect();
    // Names that look the same once they are safe to send.
    lines.insert(0, line("a\u{200b}b", [1; 4], [1; 4]));
    lines.insert(1, line("a\u{200c}b", [2; 4], [2; 4]));
    lines.insert(2, line("forged,x=1", [3; 4], [3; 4]));
    count(&mut fixture, &lines);
    let report = fixture.report(&mut Net);
    assert_eq!(report.points.len(), SHOWN_AT_MOST);
    let names: std::collections::BTreeSet<_> = report.points.iter().map(|point| point.tags.clone()).collect();
    assert_eq!(names.len(), SHOWN_AT_MOST);
    let different: std::collections::BTreeSet<_> = lines
        .iter()
        .filter_map(|line| crate::devices::name::Name::clean(line.rsplit_once(':')?.0.as_bytes()))
        .collect();
    assert_eq!(report.findings.series_overflow, (different.len() - SHOWN_AT_MOST) as u64);
    for shown in ["veth0", "veth250"] {
        assert!(point(&report, "interface", shown).is_some(), "{shown}: the kernel's first stay");
    }
}
