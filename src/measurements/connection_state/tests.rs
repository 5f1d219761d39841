use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::conntrack::flow::{Endpoint, Flags, Tuple};
use crate::devices::name::Name;

fn flow(protocol: u8, state: State) -> Flow {
    let tuple = Tuple { source: Endpoint::UNSPECIFIED, destination: Endpoint::UNSPECIFIED, counters: None };
    let flags = Flags::default();
    let protocol = Protocol(protocol);
    Flow { protocol, state, flags, timeout: None, mark: 0, zone: 0, original: tuple, reply: tuple }
}

fn label(name: &str) -> Label {
    Label { name: Name::clean(name.as_bytes()).unwrap(), ip: None, mac: None, device_type: None }
}

fn device(place: usize) -> OwnerId {
    OwnerId::of_device(place)
}

/// Takes a snapshot; gives each series, as `device/protocol/state`, with its count.
fn snapshot(
    measurement: &mut ConnectionState,
    flows: &[(OwnerId, u8, State)],
    labels: &[Option<Label>],
    max_series: usize,
) -> (Vec<Point>, Counted) {
    for (owner, protocol, state) in flows {
        measurement.see(*owner, &flow(*protocol, *state));
    }
    let (router, global) = (Rc::from("router"), [].into());
    let manner = Manner { router: &router, tags: OptionalTags::default(), global: &global, max_series };
    let mut counted = measurement.points(labels.iter().map(Option::as_ref), &manner);
    (std::mem::take(&mut counted.points), counted)
}

fn shown(points: &[Point]) -> Vec<String> {
    let show = |point: &Point| {
        let tags: Vec<_> = point.tags.iter().map(|(_, value)| value).collect();
        let [("count", Value::Integer(count))] = point.fields[..] else { panic!("not one count") };
        format!("{}={count}", tags.join("/"))
    };
    points.iter().map(show).collect()
}

const TCP: u8 = 6;
const UDP: u8 = 17;

#[test]
fn counts_by_owner_protocol_and_state() {
    let mut measurement = ConnectionState::default();
    let flows = [
        (device(1), TCP, State::Established),
        (device(0), UDP, State::Active),
        (device(1), TCP, State::Established),
        (OwnerId::ROUTER, UDP, State::Unreplied),
        (OwnerId::UNATTRIBUTED, 99, State::Unreplied),
        (OwnerId::OVERFLOW, 200, State::Unreplied),
        (device(2), 47, State::Active),
    ];
    let (points, counted) =
        snapshot(&mut measurement, &flows, &[Some(label("tv")), Some(label("pc")), None], 100);
    let expected = [
        "other/gre/ACTIVE=1",
        "other/other/UNREPLIED=2",
        "pc/tcp/ESTABLISHED=2",
        "router/udp/UNREPLIED=1",
        "tv/udp/ACTIVE=1",
    ];
    assert_eq!(shown(&points), expected);
    assert_eq!((counted.unattributed, counted.overflow, counted.devices), (1, 2, 2));
}

#[test]
fn devices_of_one_name_are_one_series() {
    let mut measurement = ConnectionState::default();
    let labels = [Some(label("phone")), Some(label("tv")), Some(label("phone"))];
    let flows =
        [(device(0), UDP, State::Active), (device(2), UDP, State::Active), (device(2), TCP, State::Close)];
    let (points, counted) = snapshot(&mut measurement, &flows, &labels, 100);
    assert_eq!(shown(&points), ["phone/tcp/CLOSE=1", "phone/udp/ACTIVE=2"]);
    assert_eq!(counted.devices, 1);
    let one_is_not_shown = [None, labels[1].clone(), labels[2].clone()];
    let (points, counted) = snapshot(&mut measurement, &flows, &one_is_not_shown, 100);
    assert_eq!(shown(&points), ["other/udp/ACTIVE=1", "phone/tcp/CLOSE=1", "phone/udp/ACTIVE=1"]);
    assert_eq!(counted.overflow, 1);
}

#[test]
fn other_names_give_other_series_and_end_the_old_ones() {
    let mut measurement = ConnectionState::default();
    let flows = [(device(0), UDP, State::Active), (device(1), UDP, State::Active)];
    let (points, _) = snapshot(&mut measurement, &flows, &[Some(label("a")), Some(label("b"))], 100);
    assert_eq!(shown(&points), ["a/udp/ACTIVE=1", "b/udp/ACTIVE=1"]);
    measurement.confirm(&points, |_| true, false);
    measurement.relabel();
    let (points, _) = snapshot(&mut measurement, &flows, &[Some(label("c")), Some(label("a"))], 100);
    assert_eq!(shown(&points), ["a/udp/ACTIVE=1", "b/udp/ACTIVE=0", "c/udp/ACTIVE=1"]);
}

#[test]
fn series_that_come_and_go_are_not_kept_for_ever() {
    let mut measurement = ConnectionState::default();
    for number in 0..256 {
        let flows = [(device(number % 32), TCP, State::ALL[number / 32])];
        let labels: Vec<_> = (0..32).map(|device| Some(label(&format!("device{device}")))).collect();
        let (points, _) = snapshot(&mut measurement, &flows, &labels, 10);
        assert_eq!(points.len(), 1);
        assert!(measurement.catalogue.known().len() <= KNOWN_FOR_EACH_SHOWN * 10);
    }
}

#[test]
fn every_protocol_and_state_has_a_cell_of_its_own() {
    let mut cells = BTreeSet::new();
    for number in 0..=255 {
        let protocol = Protocol(number);
        let states = if protocol == Protocol::TCP { &State::ALL[..10] } else { &State::ALL[10..] };
        for state in states {
            let cell = cell(protocol, *state);
            assert_eq!(meaning(cell), (protocol.name(), *state));
            cells.insert(cell);
        }
    }
    assert!(cells.into_iter().eq(0..CELLS));
}

#[test]
fn what_has_gone_is_sent_once_as_zero() {
    let mut measurement = ConnectionState::default();
    let flows = [(device(0), TCP, State::Established), (device(0), UDP, State::Active)];
    let labels = [Some(label("tv"))];
    let (points, _) = snapshot(&mut measurement, &flows, &labels, 100);
    measurement.confirm(&points, |_| true, false);
    let (points, _) = snapshot(&mut measurement, &flows[1..], &labels, 100);
    assert_eq!(shown(&points), ["tv/tcp/ESTABLISHED=0", "tv/udp/ACTIVE=1"]);
    measurement.confirm(&points, |_| true, false);
    let (points, _) = snapshot(&mut measurement, &flows[1..], &labels, 100);
    assert_eq!(shown(&points), ["tv/udp/ACTIVE=1"]);
}

#[test]
fn a_zero_that_was_refused_is_sent_again() {
    let mut measurement = ConnectionState::default();
    let labels = [Some(label("tv"))];
    let (points, _) = snapshot(&mut measurement, &[(device(0), TCP, State::Established)], &labels, 100);
    measurement.confirm(&points, |_| true, false);
    for _ in 0..3 {
        let (points, _) = snapshot(&mut measurement, &[], &[], 100);
        assert_eq!(shown(&points), ["tv/tcp/ESTABLISHED=0"]);
        measurement.confirm(&points, |_| false, false);
    }
    let (points, _) = snapshot(&mut measurement, &[], &[], 100);
    measurement.confirm(&points, |_| true, false);
    assert!(snapshot(&mut measurement, &[], &[], 100).0.is_empty());
}

#[test]
fn a_zero_in_doubt_is_sent_again() {
    let mut measurement = ConnectionState::default();
    let labels = [Some(label("tv"))];
    let (points, _) = snapshot(&mut measurement, &[(device(0), TCP, State::Established)], &labels, 100);
    measurement.confirm(&points, |_| true, false);
    let (points, _) = snapshot(&mut measurement, &[], &[], 100);
    measurement.confirm(&points, |_| true, false);
    let (points, _) = snapshot(&mut measurement, &[], &[], 100);
    assert!(points.is_empty());
    measurement.confirm(&points, |_| true, true);
    let (points, _) = snapshot(&mut measurement, &[], &[], 100);
    assert_eq!(shown(&points), ["tv/tcp/ESTABLISHED=0"]);
}

#[test]
fn what_was_never_taken_needs_no_zero_but_what_was_before_does() {
    let mut measurement = ConnectionState::default();
    let labels = [Some(label("tv"))];
    let flows = [(device(0), TCP, State::Established)];
    let (points, _) = snapshot(&mut measurement, &flows, &labels, 100);
    measurement.confirm(&points, |_| false, false);
    let (points, _) = snapshot(&mut measurement, &[], &[], 100);
    assert!(points.is_empty(), "the receiver never saw it");
    measurement.confirm(&points, |_| true, false);
    let (points, _) = snapshot(&mut measurement, &flows, &labels, 100);
    measurement.confirm(&points, |_| true, false);
    let (points, _) = snapshot(&mut measurement, &flows, &labels, 100);
    measurement.confirm(&points, |_| false, false);
    assert_eq!(shown(&snapshot(&mut measurement, &[], &[], 100).0), ["tv/tcp/ESTABLISHED=0"]);
}

#[test]
fn a_table_that_could_not_be_read_counts_for_nothing() {
    let mut measurement = ConnectionState::default();
    measurement.see(device(0), &flow(TCP, State::Established));
    measurement.discard();
    assert!(snapshot(&mut measurement, &[], &[Some(label("tv"))], 100).0.is_empty());
}

#[test]
fn series_beyond_the_limit_go_to_other_and_those_before_stay() {
    let mut measurement = ConnectionState::default();
    let labels = [Some(label("tv")), Some(label("pc"))];
    let tv = [(device(0), TCP, State::Established), (device(0), UDP, State::Active)];
    let (points, _) = snapshot(&mut measurement, &tv, &labels, 2);
    measurement.confirm(&points, |_| true, false);
    let both = [tv[0], tv[1], (device(1), TCP, State::Established), (OwnerId::ROUTER, UDP, State::Active)];
    let (points, counted) = snapshot(&mut measurement, &both, &labels, 2);
    let expected =
        ["other/tcp/ESTABLISHED=1", "router/udp/ACTIVE=1", "tv/tcp/ESTABLISHED=1", "tv/udp/ACTIVE=1"];
    assert_eq!(shown(&points), expected);
    assert_eq!((counted.overflow, counted.devices), (1, 1));
}

proptest! {
    /// Whatever is seen and whatever the limits: each flow is in exactly one point, each series is one point, and
    /// the receiver ends up with what the table held.
    #[test]
    fn counts_are_conserved(
        snapshots in prop::collection::vec(
            (prop::collection::vec((0..8u32, 0..=255u8, 0..12usize), 0..40), any::<[bool; 4]>(), any::<u64>()),
            1..6,
        ),
        max_series in 1..10usize,
    ) {
        let mut measurement = ConnectionState::default();
        let mut receiver = BTreeMap::new();
        for (seen, shown_at_all, delivered) in snapshots {
            let flows: Vec<_> = seen.iter().map(|(owner, protocol, state)| {
                let owners = [OwnerId::ROUTER, OwnerId::UNATTRIBUTED, OwnerId::OVERFLOW];
                let owner = *owner as usize;
                let tcp = Protocol(*protocol) == Protocol::TCP;
                let state = State::ALL[if tcp { state % 10 } else { 10 + state % 2 }];
                (owners.get(owner).copied().unwrap_or_else(|| device((owner - 3) % 4)), *protocol, state)
            }).collect();
            let labels: Vec<_> =
                (0..4).map(|place| shown_at_all[place].then(|| label(&format!("device{place}")))).collect();
            let (points, counted) = snapshot(&mut measurement, &flows, &labels, max_series);
            let series: BTreeSet<_> = points.iter().map(|point| Rc::clone(&point.tags)).collect();
            prop_assert_eq!(series.len(), points.len());
            let counts: Vec<i64> = points.iter().map(|point| match point.fields[..] {
                [("count", Value::Integer(count))] => count,
                _ => panic!("not one count"),
            }).collect();
            prop_assert_eq!(counts.iter().sum::<i64>(), i64::try_from(flows.len()).unwrap());
            let other: i64 = points.iter().zip(&counts)
                .filter(|(point, _)| point.tags.iter().any(|tag| tag == ("device_name", "other")))
                .map(|(_, count)| count).sum();
            prop_assert_eq!(u64::try_from(other).unwrap(), counted.unattributed + counted.overflow);
            let arrives = |place: usize| delivered >> (place % 64) & 1 == 1;
            for (place, (point, count)) in points.iter().zip(&counts).enumerate() {
                if arrives(place) {
                    receiver.insert(Rc::clone(&point.tags), *count);
                }
            }
            measurement.confirm(&points, arrives, false);
        }
        let (points, _) = snapshot(&mut measurement, &[], &[], max_series);
        receiver.extend(points.iter().map(|point| (Rc::clone(&point.tags), 0)));
        prop_assert!(receiver.values().all(|count| *count == 0), "hangs: {:?}", receiver);
    }
}
