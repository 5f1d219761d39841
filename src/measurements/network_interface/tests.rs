use super::super::interfaces::SHOWN_AT_MOST;
use super::super::interfaces::tests::{cable, count, field, line, point};
use super::total::NetworkInterfaceTotal;
use super::*;
use crate::measurements::fixture::{Fixture, Report};
use crate::series::schema::LINE_AT_MOST;

/// A figure of an interface; of a total, where that is no name.
fn figure(report: &Report, interface: &str, name: &str) -> Option<f64> {
    let tag = if interface.is_empty() { ("host", "router") } else { ("interface", interface) };
    match field(point(report, tag.0, tag.1)?, name)? {
        Value::Float(figure) => Some(*figure),
        Value::Integer(figure) => Some(float_of(u64::try_from(*figure).unwrap())),
        Value::Text(text) => panic!("{name} is {text}"),
    }
}

fn word<'a>(report: &'a Report, interface: &str, name: &str) -> Option<&'a str> {
    match field(point(report, "interface", interface)?, name)? {
        Value::Text(text) => Some(text),
        other => panic!("{name} is {other:?}"),
    }
}

fn is_near(figure: Option<f64>, expected: f64) {
    assert!(figure.is_some_and(|figure| (figure - expected).abs() < 1e-9), "{figure:?}, not {expected}");
}

#[test]
fn every_field_is_in_the_schema_in_its_order_and_all_fit_a_line() {
    assert!(SCHEMA.longest_line() < LINE_AT_MOST, "{}", SCHEMA.longest_line());
    let mut fixture = Fixture::new();
    fixture.sample.links = Some([cable("eth1", 2)].into());
    let address = Interface {
        name: "eth1".into(),
        link_layer: true,
        addresses: vec!["192.0.2.1/24".parse().unwrap(), "2001:db8::1/64".parse().unwrap()],
        broadcast: Some([192, 0, 2, 255].into()),
    };
    fixture.sample.addresses = Some([address].into());
    count(&mut fixture, &[line("eth1", [0; 4], [0; 4])]);
    let first = fixture.report(&mut NetworkInterface);
    assert_eq!(first.points[0].fields.len(), 9, "rates are known from the second time on");
    count(&mut fixture, &[line("eth1", [30_000_000, 2000, 10, 20], [300_000_000, 1000, 1, 2])]);
    let report = fixture.report(&mut NetworkInterface);
    let names: Vec<_> = report.points[0].fields.iter().map(|(name, _)| &**name).collect();
    assert_eq!(names, SCHEMA.fields.iter().map(|field| field.name).collect::<Vec<_>>());
    for (name, expected) in [
        ("up", 1.0),
        ("carrier", 1.0),
        ("speed_mbps", 1000.0),
        ("mtu", 1500.0),
        ("carrier_changes", 2.0),
        ("rx_bits_per_second", 8e6),
        ("tx_bits_per_second", 8e7),
        ("rx_error_percent", 0.5),
        ("rx_drop_percent", 1.0),
        ("tx_error_percent", 0.1),
        ("tx_drop_percent", 0.2),
        ("utilisation_percent", 8.0),
    ] {
        is_near(figure(&report, "eth1", name), expected);
    }
    let words = [("duplex", "full"), ("operstate", "up"), ("broadcast", "192.0.2.255")];
    for (name, expected) in words.into_iter().chain([("addresses", "192.0.2.1/24,2001:db8::1/64")]) {
        assert_eq!(word(&report, "eth1", name), Some(expected));
    }
}

#[test]
fn what_is_not_known_is_left_out() {
    let mut fixture = Fixture::new();
    let both = |fixture: &mut Fixture| {
        (fixture.report(&mut NetworkInterface), fixture.report(&mut NetworkInterfaceTotal))
    };
    let (report, total) = both(&mut fixture);
    assert!(report.points.is_empty() && total.points.is_empty());
    let down = Link { carrier: None, speed_mbps: None, duplex: None, up: Some(false), ..cable("eth1", 2) };
    let bridge = Link { physical: false, speed_mbps: Some(10_000), ..cable("br-lan", 3) };
    fixture.sample.links = Some([down, bridge].into());
    fixture.report_every = std::time::Duration::from_secs(30);
    count(
        &mut fixture,
        &[line("eth1", [5; 4], [5; 4]), line("br-lan", [5; 4], [5; 4]), line("new", [1; 4], [1; 4])],
    );
    fixture.report(&mut NetworkInterface);
    count(&mut fixture, &[line("eth1", [5; 4], [5; 4]), line("br-lan", [9; 4], [9; 4])]);
    let report = fixture.report(&mut NetworkInterface);
    for (name, expected) in [
        ("up", Some(0.0)),
        ("carrier", None),
        ("speed_mbps", None),
        ("rx_bits_per_second", Some(0.0)),
        ("rx_error_percent", None),
        ("utilisation_percent", None),
    ] {
        assert_eq!(figure(&report, "eth1", name), expected, "{name}");
    }
    assert_eq!((word(&report, "eth1", "duplex"), word(&report, "eth1", "addresses")), (None, None));
    assert_eq!(figure(&report, "br-lan", "speed_mbps"), Some(10_000.0), "as the kernel says");
    assert_eq!(figure(&report, "br-lan", "utilisation_percent"), None, "but no real one");
    assert!(point(&report, "interface", "new").is_none(), "it has gone");
    fixture.sample.links = None;
    let (report, total) = both(&mut fixture);
    assert_eq!(figure(&report, "eth1", "up"), None);
    assert!(figure(&report, "eth1", "rx_bits_per_second").is_some());
    assert!(total.points.is_empty(), "nobody knows which of them are physical");
}

#[test]
fn an_interface_that_began_anew_has_no_rates_this_time() {
    for (before, now, index, known) in [
        ([1000; 4], [999, 2000, 2000, 2000], 2, false),
        ([1000; 4], [2000, 2000, 2000, 0], 2, false),
        ([u64::from(u32::MAX); 4], [5; 4], 2, false),
        ([1000; 4], [2000; 4], 3, false),
        ([1000; 4], [2000; 4], 2, true),
    ] {
        let mut fixture = Fixture::new();
        fixture.sample.links = Some([cable("ppp0", 2), cable("eth1", 9)].into());
        count(&mut fixture, &[line("ppp0", before, [0; 4]), line("eth1", [0; 4], [0; 4])]);
        fixture.report(&mut NetworkInterface);
        fixture.sample.links = Some([cable("ppp0", index), cable("eth1", 9)].into());
        count(&mut fixture, &[line("ppp0", now, [0; 4]), line("eth1", [30; 4], [0; 4])]);
        let last = fixture.sample.clone();
        let report = fixture.report(&mut NetworkInterface);
        assert_eq!(
            figure(&report, "ppp0", "rx_bits_per_second").is_some(),
            known,
            "{before:?} {now:?} {index}"
        );
        assert_eq!(figure(&report, "ppp0", "utilisation_percent").is_some(), known);
        is_near(figure(&report, "eth1", "rx_bits_per_second"), 8.0);
        // Once more a step later, all is known.
        fixture.sample.interfaces = last.interfaces;
        let report = fixture.report(&mut NetworkInterface);
        assert_eq!(figure(&report, "ppp0", "rx_bits_per_second"), Some(0.0));
    }
}

#[test]
fn the_total_is_of_what_is_physical_and_of_all_of_it() {
    let mut fixture = Fixture::new();
    let bridge = Link { physical: false, ..cable("br-lan", 9) };
    let down = Link { up: Some(false), ..cable("eth2", 4) };
    fixture.sample.links = Some([cable("eth0", 2), cable("eth1", 3), down, bridge].into());
    let names = ["eth0", "eth1", "eth2", "br-lan", "unknown"];
    let lines = |figures: [u64; 4]| names.map(|name| line(name, figures, figures));
    count(&mut fixture, &lines([0; 4]));
    let first = fixture.report(&mut NetworkInterfaceTotal);
    assert_eq!(first.points[0].fields.len(), 2);
    count(&mut fixture, &lines([300, 100, 1, 2]));
    let report = fixture.report(&mut NetworkInterfaceTotal);
    let names: Vec<_> = report.points[0].fields.iter().map(|(name, _)| &**name).collect();
    assert_eq!(names, total::SCHEMA.fields.iter().map(|field| field.name).collect::<Vec<_>>());
    assert_eq!((figure(&report, "", "interfaces"), figure(&report, "", "up")), (Some(3.0), Some(2.0)));
    is_near(figure(&report, "", "rx_bits_per_second"), 240.0);
    is_near(figure(&report, "", "tx_error_percent"), 1.0);
    is_near(figure(&report, "", "rx_drop_percent"), 2.0);
    // One has begun anew: of the sum nothing is known.
    count(&mut fixture, &[line("eth0", [400; 4], [400; 4]), line("eth1", [0; 4], [0; 4])]);
    let report = fixture.report(&mut NetworkInterfaceTotal);
    assert_eq!(report.points[0].fields.len(), 2);
    fixture.sample.links = Some([Link { physical: false, ..cable("eth0", 2) }].into());
    let report = fixture.report(&mut NetworkInterfaceTotal);
    assert_eq!(figure(&report, "", "interfaces"), Some(0.0));
    assert_eq!(report.points[0].fields.len(), 2, "no rates of nothing");
}

#[test]
fn addresses_are_told_as_far_as_there_is_room() {
    let longest = "2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff/128";
    let interface = |count| Interface {
        name: "eth1".into(),
        link_layer: true,
        addresses: vec![longest.parse().unwrap(); count],
        broadcast: None,
    };
    let told = |count| match list(&interface(count)) {
        Some(Value::Text(list)) => list.split(',').filter(|address| *address == longest).count(),
        other => panic!("{other:?}"),
    };
    assert_eq!((list(&interface(0)), told(1), told(5), told(1000)), (None, 1, 5, 5));
}

#[test]
fn of_a_thousand_interfaces_each_report_is_bounded() {
    let mut fixture = Fixture::new();
    let names: Vec<String> = (0..1000).map(|number| format!("eth{number}")).collect();
    fixture.sample.links = Some(names.iter().zip(1..).map(|(name, index)| cable(name, index)).collect());
    for bytes in [0, 30] {
        let lines: Vec<String> = names.iter().map(|name| line(name, [bytes; 4], [bytes; 4])).collect();
        count(&mut fixture, &lines);
        let report = fixture.report(&mut NetworkInterface);
        assert_eq!((report.points.len(), report.findings.series_overflow), (SHOWN_AT_MOST, 744));
    }
    fixture.report(&mut NetworkInterfaceTotal);
    let lines: Vec<String> = names.iter().map(|name| line(name, [60; 4], [60; 4])).collect();
    count(&mut fixture, &lines);
    let report = fixture.report(&mut NetworkInterfaceTotal);
    is_near(figure(&report, "", "rx_bits_per_second"), 8000.0);
    assert_eq!(figure(&report, "", "interfaces"), Some(1000.0));
}
