use std::net::IpAddr;

use super::*;
use crate::alerts::fixture::Judged;
use crate::attribution::Attribution;
use crate::census::Attempt;
use crate::census::flow_tracker::{ProtocolGroup, TrackedFlow, Traffic};
use crate::conntrack::flow::{Flags, Flow, State};
use crate::destinations::networks::Networks;
use crate::measurements::fixture::{Fixture, flow};
use crate::services::ServiceTable;

/// A device, and what there is of it in the table.
struct Household {
    fixture: Fixture,
    judged: Judged<Scan>,
    owner: OwnerId,
    flows: Vec<(OwnerId, Direction, Flow)>,
}

/// The flow of a client's port to a host's.
fn to(client: u16, host: u32, port: u16, protocol: Protocol, state: State) -> Flow {
    let mut flow = flow(protocol, state);
    flow.original.source.port = client;
    flow.original.destination.address = IpAddr::V4(host.into());
    flow.original.destination.port = port;
    if matches!(state, State::SynSent | State::Unreplied) {
        flow.flags.insert(Flags::UNREPLIED);
    }
    flow
}

impl Household {
    /// The first pass is over.
    fn new() -> Self {
        let mut fixture = Fixture::new();
        let owner = fixture.device("Camera");
        let mut household = Self { fixture, judged: Judged::new(Scan::default()), owner, flows: Vec::new() };
        household.passes(1);
        household
    }

    fn ask(&mut self, flows: impl Iterator<Item = Flow>) {
        self.flows.extend(flows.map(|flow| (self.owner, Direction::Outbound, flow)));
    }

    /// By SYN, from an ephemeral port of its own for each time.
    fn syn(&mut self, hosts: std::ops::Range<u32>, port: u16, state: State) {
        let client = 40_000 + u16::try_from(self.flows.len()).unwrap();
        self.ask(hosts.map(|host| to(client, host, port, Protocol::TCP, state)));
    }

    fn passes(&mut self, passes: u32) {
        (0..passes).for_each(|_| self.fixture.pass(&mut self.judged, &self.flows));
    }

    /// The value at a report, and whether that is a scan.
    fn report(&mut self) -> Option<(f64, bool)> {
        self.fixture.report(&mut self.judged);
        let reading = self.judged.reading("Camera")?;
        Some((reading.value, reading.limits.warning.is_some_and(|limit| reading.value > limit)))
    }

    fn what(&self) -> &str {
        &self.judged.reading("Camera").unwrap().what
    }
}

#[test]
fn from_64_hosts_on_one_port_on() {
    for (hosts, expected) in [(63, None), (64, Some((64.0, true)))] {
        let mut household = Household::new();
        household.syn(0..hosts, 23, State::SynSent);
        household.passes(1);
        assert_eq!(household.report(), expected, "{hosts}: for want of a minute, nothing is said of fewer");
    }
    let mut household = Household::new();
    household.syn(0..200, 23, State::SynSent);
    household.passes(1);
    let (count, is_scan) = household.report().unwrap();
    // The secret is another each time: what is beyond these is one in millions.
    assert!(is_scan && (100.0..500.0).contains(&count), "{count}");
    let expected = format!("Camera asks about {count} hosts at TCP port 23, and 100 % don't answer");
    assert_eq!(household.what(), expected);
}

#[test]
fn from_64_ports_of_one_host_on() {
    for (ports, expected) in [(1..64, None), (1..65, Some((64.0, true)))] {
        let mut household = Household::new();
        household.ask(ports.map(|port| to(40_000, 0xc000_0207, port, Protocol::UDP, State::Unreplied)));
        household.passes(1);
        assert_eq!(household.report(), expected);
        if expected.is_some() {
            assert_eq!(household.what(), "Camera asks 64 ports of 192.0.2.7, and 100 % don't answer");
        }
    }
}

#[test]
fn who_is_answered_by_a_fifth_doesnt_scan() {
    for (answered, expected) in [(12, true), (13, false)] {
        let mut household = Household::new();
        // Asked twice, they are 64 hosts all the same.
        for _ in 0..2 {
            household.syn(0..answered, 443, State::Established);
            household.syn(answered..64, 443, State::SynSent);
        }
        household.passes(1);
        assert_eq!(household.report().is_some_and(|(_, is_scan)| is_scan), expected, "{answered}");
    }
}

#[test]
fn who_answers_later_has_answered() {
    let mut household = Household::new();
    household.syn(0..100, 443, State::SynSent);
    household.passes(1);
    for (_, _, flow) in &mut household.flows {
        (flow.state, flow.flags) = (State::Established, Flags::default());
    }
    household.passes(6);
    assert_eq!(household.report(), Some((0.0, false)));
    assert_eq!(household.what(), "Camera no longer tries many hosts or ports");
}

#[test]
fn what_was_begun_within_a_minute_counts() {
    for (passes_between, expected) in [(5, true), (6, false)] {
        let mut household = Household::new();
        household.syn(0..32, 23, State::SynSent);
        household.passes(passes_between);
        household.syn(32..64, 23, State::SynSent);
        household.passes(1);
        assert_eq!(household.report().is_some_and(|(_, is_scan)| is_scan), expected, "{passes_between}");
    }
}

#[test]
fn a_scan_is_over_after_a_minute_though_its_entries_are_there() {
    let mut household = Household::new();
    household.syn(0..64, 23, State::SynSent);
    household.passes(6);
    assert_eq!(household.report(), Some((64.0, true)));
    household.passes(1);
    assert_eq!(household.report(), Some((0.0, false)));
    assert!(!household.judged.rule.remembers(household.owner) && household.judged.rule.bytes == 0);
}

#[test]
fn what_isnt_begun_by_the_device_or_has_no_port_is_no_scan() {
    let mut household = Household::new();
    household.ask((0..100).map(|host| to(1, host, 8 << 8, Protocol(1), State::Unreplied)));
    let owner = household.owner;
    let from_outside = (0..100).map(|host| to(1, host, 23, Protocol::TCP, State::SynSent));
    household.flows.extend(from_outside.map(|flow| (owner, Direction::Inbound, flow)));
    household.passes(7);
    assert_eq!(household.report(), Some((0.0, false)));

    // The first pass of all tells nothing.
    let mut fixture = Fixture::new();
    let owner = fixture.device("Camera");
    let mut household = Household { fixture, judged: Judged::new(Scan::default()), owner, flows: Vec::new() };
    household.syn(0..100, 23, State::SynSent);
    household.passes(1);
    assert_eq!(household.report(), None);
}

#[test]
fn however_many_scan_memory_is_bounded_and_given_back() {
    let mut fixture = Fixture::new();
    let (mut scan, services) = (Scan::default(), ServiceTable::built_in());
    let networks = Networks::default();
    let owners: Vec<OwnerId> = (0..60).map(|_| fixture.owner()).collect();
    let pass =
        CompletedPass { kept: Attempt::First, flows: true, bytes: true, since_last: Duration::from_secs(10) };
    for number in 0..5000_u32 {
        for owner in &owners {
            let port = u16::try_from(number % 70).unwrap();
            let flow = to(1, number / 70, port, Protocol::TCP, State::SynSent);
            let attribution = Attribution::new(&flow, *owner, Direction::Outbound);
            let tracked = TrackedFlow {
                owner: *owner,
                protocol: ProtocolGroup::Tcp,
                unreplied: true,
                recent: true,
                moved: false,
            };
            let change = Change::New(Traffic::default());
            scan.observe(&Observation {
                flow: &flow,
                attribution,
                change,
                tracked,
                services: &services,
                networks: &networks,
            });
        }
    }
    scan.complete(&pass);
    assert!((BYTES_AT_MOST / 2..BYTES_AT_MOST * 2).contains(&scan.bytes), "{}", scan.bytes);
    (0..7).for_each(|_| scan.complete(&pass));
    assert_eq!((scan.bytes, scan.watches.len()), (0, 0));
}
