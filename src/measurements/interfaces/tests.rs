use super::*;
use crate::measurements::fixture::{Fixture, Report};
use crate::proc_net::dev;
use crate::series::point::{Point, Value};

/// A line of `/proc/net/dev`: bytes, packets, errors and drops that came in, and the same that went out.
pub(in crate::measurements) fn line(name: &str, rx: [u64; 4], tx: [u64; 4]) -> String {
    let side =
        |[bytes, packets, errors, dropped]: [u64; 4]| format!("{bytes} {packets} {errors} {dropped} 0 0 0 0");
    format!("{name}: {} {}\n", side(rx), side(tx))
}

/// Has the interfaces of these lines in the sample.
pub(in crate::measurements) fn count(fixture: &mut Fixture, lines: &[String]) {
    fixture.sample.interfaces = Some(dev::parse(lines.concat().as_bytes()));
}

/// A cable of a gigabit.
pub(in crate::measurements) fn cable(name: &str, index: u32) -> Link {
    Link {
        name: name.into(),
        index: Some(index),
        up: Some(true),
        carrier: Some(true),
        speed_mbps: Some(1000),
        mtu: Some(1500),
        duplex: Some("full".into()),
        operstate: Some("up".into()),
        carrier_changes: Some(2),
        ..hardware()
    }
}

fn hardware() -> Link {
    Link { physical: true, ..Link::default() }
}

/// The point of the series with this tag.
pub(in crate::measurements) fn point<'a>(report: &'a Report, tag: &str, value: &str) -> Option<&'a Point> {
    report.points.iter().find(|point| point.tags.own(tag).is_some_and(|own| &**own == value))
}

/// A field of it.
pub(in crate::measurements) fn field<'a>(point: &'a Point, wanted: &str) -> Option<&'a Value> {
    point.fields.iter().find_map(|(name, value)| (*name == wanted).then_some(value))
}

#[test]
fn shares_are_of_packets_and_at_most_all() {
    for (bad, packets, expected) in [
        (0, 0, None),
        (0, 10, Some(0.0)),
        (1, 200, Some(0.5)),
        (30, 10, Some(100.0)),
        (1, 0, Some(100.0)),
        (u64::MAX, u64::MAX, Some(100.0)),
    ] {
        assert_eq!(percent_of_packets(bad, packets), expected, "{bad} of {packets}");
    }
    assert!((per_second(45, Duration::from_secs(30)) - 1.5).abs() < 1e-12);
}
