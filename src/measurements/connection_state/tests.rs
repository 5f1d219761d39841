use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use proptest::prelude::*;

use super::*;
use crate::attribution::Direction;
use crate::attribution::owners::OwnerId;
use crate::measurements::fixture::{Fixture, Report, flow};
use crate::outputs::ledger::Ledger;
use crate::series::point::{Point, Value};
use crate::snapshot::{Part, Snapshot};

const TCP: u8 = 6;
const UDP: u8 = 17;

/// Four owners, the measurement, and what its receiver holds.
struct Household {
    fixture: Fixture,
    owners: [OwnerId; 4],
    measurement: ConnectionState,
    ledger: Ledger,
}

impl Household {
    fn new() -> Self {
        let mut fixture = Fixture::new();
        let owners = [0; 4].map(|_| fixture.owner());
        Self { fixture, owners, measurement: ConnectionState::default(), ledger: Ledger::default() }
    }

    /// Takes a snapshot of flows in which the owners go by these names; those without one are not shown.
    fn report(
        &mut self,
        flows: &[(OwnerId, u8, State)],
        names: &[Option<&str>],
        max_series: usize,
    ) -> Report {
        let by_name = names.iter().zip(self.owners).filter_map(|(name, owner)| Some(((*name)?, owner)));
        let mut rows: BTreeMap<&str, Vec<OwnerId>> = BTreeMap::new();
        by_name.for_each(|(name, owner)| rows.entry(name).or_default().push(owner));
        self.fixture.owners.devices.clear();
        for (name, owners) in &rows {
            self.fixture.show(name, owners);
        }
        let nameless =
            self.owners.iter().filter(|owner| !rows.values().flatten().any(|shown| shown == *owner));
        self.fixture.owners.other.owners =
            [OwnerId::UNATTRIBUTED, OwnerId::OVERFLOW].iter().chain(nameless).copied().collect();
        self.fixture.config.limits.max_series = max_series;
        let flows: Vec<_> = flows
            .iter()
            .map(|(owner, protocol, state)| (*owner, Direction::Outbound, flow(Protocol(*protocol), *state)))
            .collect();
        self.fixture.pass(&mut self.measurement, &flows);
        self.fixture.report(&mut self.measurement)
    }

    /// The same as its receiver gets it: with zeros. `arrives` says which points do.
    fn send(
        &mut self,
        flows: &[(OwnerId, u8, State)],
        names: &[Option<&str>],
        max_series: usize,
        arrives: impl Fn(usize) -> bool,
    ) -> (Vec<Point>, Report) {
        let report = self.report(flows, names, max_series);
        let parts = vec![Part { schema: &SCHEMA, is_on: true, points: report.points.clone() }];
        let snapshot =
            Snapshot { timestamp: None, parts, addresses_changed: false, events: vec![], flows: None };
        let points = self.ledger.complete(&snapshot);
        self.ledger.confirm(&snapshot, &points, arrives, false);
        (points, report)
    }
}

fn shown(points: &[Point]) -> Vec<String> {
    let show = |point: &Point| {
        let tags: Vec<_> = point.tags.iter().map(|(_, value)| value).collect();
        let [(Cow::Borrowed("count"), Value::Integer(count))] = point.fields[..] else {
            panic!("not one count")
        };
        format!("{}={count}", tags.join("/"))
    };
    points.iter().map(show).collect()
}

#[test]
fn counts_by_owner_protocol_and_state() {
    let mut household = Household::new();
    let device = household.owners;
    let flows = [
        (device[1], TCP, State::Established),
        (device[0], UDP, State::Active),
        (device[1], TCP, State::Established),
        (OwnerId::ROUTER, UDP, State::Unreplied),
        (OwnerId::UNATTRIBUTED, 99, State::Unreplied),
        (OwnerId::OVERFLOW, 200, State::Unreplied),
        (device[2], 47, State::Active),
    ];
    let report = household.report(&flows, &[Some("tv"), Some("pc"), None], 100);
    let expected = [
        "other/gre/ACTIVE=1",
        "other/other/UNREPLIED=2",
        "pc/tcp/ESTABLISHED=2",
        "router/udp/UNREPLIED=1",
        "tv/udp/ACTIVE=1",
    ];
    assert_eq!(shown(&report.points), expected);
    assert_eq!((report.findings.surplus, report.findings.devices), (0, Some(2)));
}

#[test]
fn devices_of_one_name_are_one_series() {
    let mut household = Household::new();
    let device = household.owners;
    let names = [Some("phone"), Some("tv"), Some("phone")];
    let flows =
        [(device[0], UDP, State::Active), (device[2], UDP, State::Active), (device[2], TCP, State::Close)];
    let report = household.report(&flows, &names, 100);
    assert_eq!(shown(&report.points), ["phone/tcp/CLOSE=1", "phone/udp/ACTIVE=2"]);
    assert_eq!(report.findings.devices, Some(1));
    let report = household.report(&flows, &[None, names[1], names[2]], 100);
    assert_eq!(shown(&report.points), ["other/udp/ACTIVE=1", "phone/tcp/CLOSE=1", "phone/udp/ACTIVE=1"]);
}

#[test]
fn other_names_give_other_series_and_end_the_old_ones() {
    let mut household = Household::new();
    let flows = household.owners.map(|owner| (owner, UDP, State::Active));
    let (points, _) = household.send(&flows[..2], &[Some("a"), Some("b")], 100, |_| true);
    assert_eq!(shown(&points), ["a/udp/ACTIVE=1", "b/udp/ACTIVE=1"]);
    let (points, _) = household.send(&flows[..2], &[Some("c"), Some("a")], 100, |_| true);
    assert_eq!(shown(&points), ["a/udp/ACTIVE=1", "b/udp/ACTIVE=0", "c/udp/ACTIVE=1"]);
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
fn the_schema_has_room_for_every_value() {
    let longest = |key: &str| SCHEMA.tags.iter().find(|tag| tag.key == key).unwrap().longest;
    let names = |names: &[&str]| names.iter().map(|name| name.len()).max().unwrap();
    assert_eq!(longest("protocol"), names(&Protocol::NAMES));
    assert_eq!(longest("state"), names(&State::ALL.map(State::name)));
    let types =
        crate::devices::device_type::DeviceType::ALL.map(crate::devices::device_type::DeviceType::name);
    assert_eq!(longest("device_type"), names(&types));
    let address = std::net::Ipv6Addr::from([0xff; 16]).to_string();
    assert_eq!((longest("ip"), longest("mac")), (address.len(), "02:00:00:00:00:11".len()));
}

#[test]
fn a_table_that_could_not_be_read_counts_for_nothing() {
    let mut household = Household::new();
    let flows = [(household.owners[0], Direction::Outbound, flow(Protocol::TCP, State::Established))];
    household.fixture.broken_pass(&mut household.measurement, &flows);
    assert!(household.report(&[], &[Some("tv")], 100).points.is_empty());
}

#[test]
fn series_beyond_the_limit_go_to_other_and_those_before_stay() {
    let mut household = Household::new();
    let device = household.owners;
    let names = [Some("tv"), Some("pc")];
    let tv = [(device[0], TCP, State::Established), (device[0], UDP, State::Active)];
    household.report(&tv, &names, 2);
    let both = [tv[0], tv[1], (device[1], TCP, State::Established), (OwnerId::ROUTER, UDP, State::Active)];
    let report = household.report(&both, &names, 2);
    let expected =
        ["other/tcp/ESTABLISHED=1", "router/udp/ACTIVE=1", "tv/tcp/ESTABLISHED=1", "tv/udp/ACTIVE=1"];
    assert_eq!(shown(&report.points), expected);
    assert_eq!((report.findings.surplus, report.findings.devices), (1, Some(1)));
    assert_eq!(report.findings.series_overflow, 1);
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
        let mut household = Household::new();
        let device = household.owners;
        let mut receiver = BTreeMap::new();
        for (seen, shown_at_all, delivered) in snapshots {
            let flows: Vec<_> = seen.iter().map(|(owner, protocol, state)| {
                let owners = [OwnerId::ROUTER, OwnerId::UNATTRIBUTED, OwnerId::OVERFLOW];
                let owner = *owner as usize;
                let tcp = Protocol(*protocol) == Protocol::TCP;
                let state = State::ALL[if tcp { state % 10 } else { 10 + state % 2 }];
                (owners.get(owner).copied().unwrap_or_else(|| device[(owner - 3) % 4]), *protocol, state)
            }).collect();
            let names = ["device0", "device1", "device2", "device3"];
            let names: Vec<_> =
                names.iter().zip(shown_at_all).map(|(name, shown)| shown.then_some(*name)).collect();
            let arrives = |place: usize| delivered >> (place % 64) & 1 == 1;
            let (points, report) = household.send(&flows, &names, max_series, arrives);
            let series: BTreeSet<_> = points.iter().map(|point| Rc::clone(&point.tags)).collect();
            prop_assert_eq!(series.len(), points.len());
            let counts: Vec<i64> = points.iter().map(|point| match point.fields[..] {
                [(Cow::Borrowed("count"), Value::Integer(count))] => count,
                _ => panic!("not one count"),
            }).collect();
            prop_assert_eq!(counts.iter().sum::<i64>(), i64::try_from(flows.len()).unwrap());
            let other: i64 = points.iter().zip(&counts)
                .filter(|(point, _)| point.tags.iter().any(|tag| tag == ("device_name", "other")))
                .map(|(_, count)| count).sum();
            let of_others = &household.fixture.owners.other.owners;
            let unshown = flows.iter().filter(|(owner, ..)| of_others.contains(owner)).count();
            prop_assert_eq!(u64::try_from(other).unwrap(), u64::try_from(unshown).unwrap() + report.findings.surplus);
            for (place, (point, count)) in points.iter().zip(&counts).enumerate() {
                if arrives(place) {
                    receiver.insert(Rc::clone(&point.tags), *count);
                }
            }
        }
        let (points, _) = household.send(&[], &[], max_series, |_| true);
        receiver.extend(points.iter().map(|point| (Rc::clone(&point.tags), 0)));
        prop_assert!(receiver.values().all(|count| *count == 0), "hangs: {:?}", receiver);
    }
}
