//! The inventory, report by report.

use std::collections::BTreeSet;

use super::*;
use crate::attribution::Direction;
use crate::conntrack::flow::{Protocol, State as FlowState};
use crate::devices::mac::Mac;
use crate::devices::name_source::NameSource;
use crate::measurements::fixture::{Fixture, flow};
use crate::series::point::Point;

/// When the fixture begins.
const WALL: i64 = 1_796_040_000;

/// A device that dnsmasq has named, at 192.168.8.`octet`.
fn listed(name: &str, octet: u8) -> ListedDevice {
    let mac = Mac([0x02, 0, 0, 0, 0, octet]);
    let label = Label {
        name: Name::clean(name.as_bytes()).unwrap(),
        ip: Some([192, 168, 8, octet].into()),
        mac: Some(mac),
        device_type: None,
    };
    ListedDevice {
        label,
        macs: [mac].into(),
        addresses: BTreeSet::new(),
        source: Some(NameSource::Lease),
        overruled: Vec::new(),
        reached: None,
    }
}

/// A point in words: whose, and the fields that are asked for.
fn words(point: &Point, fields: &[&str]) -> String {
    let name = point.tags.own("device_name").map(ToString::to_string).unwrap_or_default();
    fields.iter().fold(name, |words, field| {
        let value = point.fields.iter().find(|(name, _)| name == field).map(|(_, value)| value);
        words
            + " "
            + &match value {
                None => "-".to_owned(),
                Some(Value::Integer(number)) => number.to_string(),
                Some(Value::Text(text)) => text.to_string(),
                Some(Value::Float(_)) => "?".to_owned(),
            }
    })
}

fn report(fixture: &mut Fixture, device: &mut Device, fields: &[&str]) -> Vec<String> {
    fixture.report(device).points.iter().map(|point| words(point, fields)).collect()
}

#[test]
fn a_device_is_told_of_at_first_and_then_every_five_minutes() {
    let (mut fixture, mut device) = (Fixture::new(), Device::default());
    fixture.inventory = vec![listed("tv", 5)];
    let fields = ["ip", "mac", "device_type", "named_by", "first_seen", "last_seen", "online"];
    let first = format!("tv 192.168.8.5 02:00:00:00:00:05 - lease {WALL} - 0");
    assert_eq!(report(&mut fixture, &mut device, &fields), std::slice::from_ref(&first));
    let told: Vec<usize> =
        (1..=20).filter(|_| !report(&mut fixture, &mut device, &fields).is_empty()).collect();
    assert_eq!(told, [10, 20], "every ten reports of 30 seconds");
}

#[test]
fn it_is_there_while_it_has_connections_and_for_five_minutes_after() {
    let (mut fixture, mut device) = (Fixture::new(), Device::default());
    fixture.inventory = vec![listed("tv", 5), listed("nas", 6)];
    let owner = fixture.device("tv");
    fixture.pass(&mut device, &[(owner, Direction::Outbound, flow(Protocol::UDP, FlowState::Active))]);
    assert_eq!(report(&mut fixture, &mut device, &["online"]), ["nas 0", "tv 1"]);
    fixture.pass(&mut device, &[]);
    for _ in 1..10 {
        assert_eq!(report(&mut fixture, &mut device, &["online"]), [""; 0]);
    }
    let fields = ["last_seen", "online"];
    let stays = format!("tv {WALL} 1");
    assert_eq!(report(&mut fixture, &mut device, &fields), ["nas - 0".to_owned(), stays]);
    assert_eq!(report(&mut fixture, &mut device, &fields), [format!("tv {WALL} 0")], "at once");
    assert_eq!(report(&mut fixture, &mut device, &fields), [""; 0]);
}

#[test]
fn a_neighbour_that_answered_is_there_without_connections() {
    let boot = Fixture::new().sample.boot;
    let reached =
        |ago| ListedDevice { reached: boot.checked_sub(Duration::from_secs(ago)), ..listed("tv", 5) };
    for (ago, expected) in [(0, 1), (300, 1), (301, 0)] {
        let (mut fixture, mut device) = (Fixture::new(), Device::default());
        fixture.inventory = vec![reached(ago)];
        let at = WALL - i64::try_from(ago).unwrap();
        let told = report(&mut fixture, &mut device, &["last_seen", "online"]);
        assert_eq!(told, [format!("tv {at} {expected}")], "{ago}");
    }
}

#[test]
fn whatever_changes_is_told_at_once_and_an_old_name_ends() {
    let (mut fixture, mut device) = (Fixture::new(), Device::default());
    let boot = fixture.sample.boot;
    let tv = |name: &str, octet| ListedDevice { reached: Some(boot), ..listed(name, octet) };
    fixture.inventory = vec![tv("tv", 5)];
    assert_eq!(report(&mut fixture, &mut device, &["ip", "online"]), ["tv 192.168.8.5 1"]);
    fixture.inventory = vec![tv("tv", 6)];
    assert_eq!(report(&mut fixture, &mut device, &["ip", "online"]), ["tv 192.168.8.6 1"]);
    fixture.inventory = vec![tv("television", 6)];
    let told = report(&mut fixture, &mut device, &["ip", "online"]);
    assert_eq!(told, ["television 192.168.8.6 1", "tv 192.168.8.6 0"]);
    fixture.inventory = Vec::new();
    assert_eq!(report(&mut fixture, &mut device, &["online"]), ["television 0"]);
    assert_eq!(report(&mut fixture, &mut device, &["online"]), [""; 0]);
}

#[test]
fn one_that_nothing_but_connections_tell_of_is_told_of_while_it_has_some() {
    let (mut fixture, mut device) = (Fixture::new(), Device::default());
    let owner = fixture.device("192.168.8.9");
    let name = Name::clean(b"192.168.8.9").unwrap();
    let row = fixture.owners.devices.first_mut().unwrap();
    row.label = Some(Label { name, ip: Some([192, 168, 8, 9].into()), mac: None, device_type: None });
    fixture.pass(&mut device, &[(owner, Direction::Outbound, flow(Protocol::UDP, FlowState::Active))]);
    let fields = ["ip", "named_by", "online"];
    assert_eq!(report(&mut fixture, &mut device, &fields), ["192.168.8.9 192.168.8.9 address 1"]);
    fixture.pass(&mut device, &[]);
    for _ in 0..10 {
        assert_eq!(report(&mut fixture, &mut device, &["online"]), [""; 0]);
    }
    assert_eq!(report(&mut fixture, &mut device, &["online"]), ["192.168.8.9 0"]);
}

#[test]
fn times_are_told_while_the_clock_is_set() {
    let (mut fixture, mut device) = (Fixture::new(), Device::default());
    fixture.wall = None;
    fixture.inventory = vec![listed("tv", 5)];
    let told = fixture.report(&mut device);
    assert_eq!(words(&told.points[0], &["first_seen", "online"]), "tv - 0");
    assert_eq!(told.findings.seen["tv"], Seen { first: None, made_up: true });
    fixture.wall = Some(Duration::from_secs(1_796_040_000));
    assert_eq!(report(&mut fixture, &mut device, &["first_seen"]), [format!("tv {WALL}")], "at once");
}

#[test]
fn a_stranger_is_found_on_the_second_day() {
    let (mut fixture, mut device) = (Fixture::new(), Device::default());
    device.restore(&mut State::default());
    fixture.inventory = vec![listed("tv", 5)];
    fixture.report(&mut device);
    fixture.wall = fixture.wall.map(|wall| wall + Duration::from_hours(24));
    fixture.inventory.push(listed("phone", 6));
    let now = fixture.wall.map(|wall| wall.as_secs());
    let seen = fixture.report(&mut device).findings.seen;
    assert_eq!((seen["tv"].first, seen["phone"].first), (None, now));
}

#[test]
fn there_are_never_more_than_allowed_and_those_that_are_there_go_first() {
    let (mut fixture, mut device) = (Fixture::new(), Device::default());
    fixture.config = crate::config::Config::parse("limits.max_devices = 2").unwrap();
    fixture.inventory = vec![listed("a", 1), listed("b", 2), listed("c", 3)];
    let told = fixture.report(&mut device);
    assert_eq!(told.points.iter().map(|point| words(point, &[])).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(told.findings.series_overflow, 1);
    let boot = fixture.sample.boot;
    fixture.inventory[2].reached = Some(boot);
    assert_eq!(report(&mut fixture, &mut device, &["online"]), ["c 1"]);
    assert_eq!(device.shown.len(), 2);
}
