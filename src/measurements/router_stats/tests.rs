use std::time::Duration;

use super::super::interfaces::tests::{count, field, line, point};
use super::*;
use crate::lan::wan::WanInterfaces;
use crate::machine::{Machine, Memory};
use crate::measurements::fixture::{Fixture, Report};

fn wan(names: &[&str]) -> WanInterfaces {
    WanInterfaces::among(names.iter().map(|name| (*name).to_owned()), &[])
}

/// The router's own point is the first.
fn of_router<'a>(report: &'a Report, name: &str) -> Option<&'a Value> {
    field(report.points.first().filter(|point| point.tags.own("interface").is_none())?, name)
}

fn of<'a>(report: &'a Report, interface: &str, name: &str) -> Option<&'a Value> {
    field(point(report, "interface", interface)?, name)
}

#[test]
fn the_router_as_a_machine() {
    let mut fixture = Fixture::new();
    let cpu = |user, system, idle, total| Some(CpuTimes { user, system, idle, total });
    let mut report = |cpu| {
        let memory = Some(Memory { total: 1000, used: 400 });
        fixture.sample.machine =
            Some(Machine { uptime: Some(Duration::from_millis(3_600_900)), cpu, memory });
        fixture.report(&mut RouterStats)
    };
    let first = report(cpu(0, 0, 0, 0));
    assert_eq!(of_router(&first, "uptime"), Some(&Value::Integer(3600)));
    assert_eq!(of_router(&first, "mem_used"), Some(&Value::Float(400.0)));
    assert_eq!(of_router(&first, "mem_total"), Some(&Value::Float(1000.0)));
    assert_eq!(of_router(&first, "cpu_user"), None);
    let shares = |report: &Report| {
        ["cpu_user", "cpu_system", "cpu_total"].map(|name| of_router(report, name).cloned())
    };
    // One in a hundred was stolen.
    let second = report(cpu(20, 10, 69, 100));
    assert_eq!(shares(&second), [20.0, 10.0, 31.0].map(|share| Some(Value::Float(share))));
    let idle_fell = report(cpu(30, 10, 68, 200));
    assert_eq!(shares(&idle_fell), [Some(Value::Float(10.0)), Some(Value::Float(0.0)), None]);
    let began_anew = report(cpu(1, 1, 1, 3));
    assert_eq!(shares(&began_anew), [None, None, None]);
    assert_eq!(shares(&report(cpu(1, 1, 1, 3))), [None, None, None], "no time has passed");
    assert_eq!(shares(&report(None)), [None, None, None]);
}

#[test]
fn interfaces_that_hold_a_default_route_are_the_wan() {
    let mut fixture = Fixture::new();
    let lines = |bytes: u64| {
        ["lo", "wan", "pppoe-wan", "ppp1", "br-lan"]
            .map(|name| line(name, [bytes, 0, 3, 4], [2 * bytes, 0, 9, 9]))
    };
    for names in [&["pppoe-wan"][..], &["ppp1", "pppoe-wan"]] {
        fixture.sample.wan = Some(wan(names));
        count(&mut fixture, &lines(0));
        fixture.report(&mut RouterStats);
        count(&mut fixture, &lines(300));
        let report = fixture.report(&mut RouterStats);
        let shown: Vec<_> = report.points.iter().filter_map(|point| point.tags.own("interface")).collect();
        let count = float_of(names.len().try_into().unwrap());
        let others = if names.len() == 2 { vec!["br-lan"] } else { vec!["br-lan", "ppp1"] };
        assert_eq!(shown.iter().map(|name| &***name).collect::<Vec<_>>(), [others, vec!["wan"]].concat());
        assert_eq!(
            of(&report, "wan", "rx_rate"),
            Some(&Value::Float(10.0 * count)),
            "not of a port of that name"
        );
        assert_eq!(of(&report, "wan", "tx_rate"), Some(&Value::Float(20.0 * count)));
        assert_eq!(of(&report, "wan", "rx_errors"), Some(&Value::count(3 * names.len())));
        assert_eq!(of(&report, "br-lan", "rx_rate"), Some(&Value::Float(10.0)));
        assert_eq!(of(&report, "br-lan", "rx_dropped"), Some(&Value::Integer(4)));
    }
    fixture.sample.wan = None;
    assert!(fixture.report(&mut RouterStats).points.is_empty(), "nobody knows which is which");
}

#[test]
fn every_field_is_in_the_schema_in_its_order() {
    let mut fixture = Fixture::new();
    fixture.sample.wan = Some(wan(&[]));
    for bytes in [1, 2] {
        let cpu = Some(CpuTimes { user: bytes, system: bytes, idle: bytes, total: 3 * bytes });
        let memory = Some(Memory::default());
        fixture.sample.machine = Some(Machine { uptime: Some(Duration::ZERO), cpu, memory });
        count(&mut fixture, &[line("eth1", [bytes; 4], [bytes; 4])]);
        let report = fixture.report(&mut RouterStats);
        let names: Vec<_> =
            report.points.iter().flat_map(|point| &point.fields).map(|(name, _)| name.clone()).collect();
        let all = SCHEMA.fields.iter().map(|field| field.name);
        assert!(bytes == 1 || all.eq(names.iter().map(|name| &**name)), "{names:?}");
    }
}

#[test]
fn a_counter_that_fell_gives_no_rate_and_of_many_interfaces_some_are_left_out() {
    let mut fixture = Fixture::new();
    fixture.sample.wan = Some(wan(&["ppp0"]));
    let mut lines: Vec<String> =
        (0..1000).map(|number| line(&format!("veth{number}"), [1; 4], [1; 4])).collect();
    lines.push(line("ppp0", [7; 4], [7; 4]));
    count(&mut fixture, &lines);
    fixture.report(&mut RouterStats);
    lines[0] = line("veth0", [0; 4], [0; 4]);
    count(&mut fixture, &lines);
    let report = fixture.report(&mut RouterStats);
    assert_eq!((report.points.len(), report.findings.series_overflow), (256, 745));
    assert!(of(&report, "wan", "rx_rate").is_some(), "it always has its place");
    assert_eq!(
        (of(&report, "veth0", "rx_rate"), of(&report, "veth0", "rx_errors")),
        (None, Some(&Value::Integer(0)))
    );
}
