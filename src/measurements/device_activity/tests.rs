use std::net::IpAddr;

use super::*;
use crate::attribution::Direction::{self, Outbound};
use crate::census::outside::OutsideTraffic;
use crate::conntrack::flow::{Counters, Flags, Flow, Protocol, State};
use crate::destinations::networks::Networks;
use crate::lan::wan::WanInterfaces;
use crate::measurements::fixture::{Fixture, Report, flow};
use crate::proc_net::dev;

/// A connection with a host at a port, and what it has carried so far: packets and bytes, sent and received.
fn with(protocol: Protocol, (host, port): (u8, u16), [sent, received]: [(u64, u64); 2]) -> Flow {
    let state = if protocol == Protocol::TCP { State::Established } else { State::Active };
    let mut flow = flow(protocol, state);
    flow.original.destination.address = IpAddr::from([203, 0, 113, host]);
    flow.original.destination.port = port;
    flow.original.source.port = port;
    let counters = |(packets, bytes)| Some(Counters { packets, bytes });
    (flow.original.counters, flow.reply.counters) = (counters(sent), counters(received));
    flow
}

/// A home that is looked at every ten seconds and reports every thirty.
struct Home {
    fixture: Fixture,
    activity: DeviceActivity,
}

impl Home {
    fn new() -> Self {
        let fixture = Fixture::new();
        Self { activity: DeviceActivity::new(&fixture.config), fixture }
    }

    /// So many reports, of flows as they are at each second.
    fn reports(
        &mut self,
        seconds: std::ops::Range<u64>,
        flows: impl Fn(u64) -> Vec<(OwnerId, Direction, Flow)>,
    ) -> Vec<Report> {
        let mut reports = Vec::new();
        for second in seconds.step_by(10) {
            self.fixture.is_due = second % 30 == 20;
            self.fixture.pass(&mut self.activity, &flows(second));
            if self.fixture.is_due {
                reports.push(self.fixture.report(&mut self.activity));
            }
        }
        reports
    }
}

fn field(report: &Report, name: &str) -> String {
    let fields = report.points.iter().flat_map(|point| &point.fields);
    match fields.into_iter().find(|(field, _)| field == name) {
        Some((_, Value::Text(text))) => text.to_string(),
        Some((_, Value::Integer(integer))) => integer.to_string(),
        Some((_, Value::Float(float))) => format!("{float:.2}"),
        None => "-".to_owned(),
    }
}

fn activities(reports: &[Report]) -> Vec<String> {
    reports.iter().map(|report| field(report, "activity")).collect()
}

#[test]
fn a_call_is_told_with_its_figures_and_since_when() {
    let mut home = Home::new();
    let laptop = home.fixture.device("laptop");
    let flows = |second: u64| {
        let both = [(50 * second, 50 * second * 500); 2];
        vec![(laptop, Outbound, with(Protocol::UDP, (1, 8801), both))]
    };
    let reports = home.reports(0..180, flows);
    let last = reports.last().unwrap();
    assert_eq!((&*field(last, "activity"), &*field(last, "code")), ("call", "4"));
    let why = field(last, "why");
    assert!(
        why.starts_with("50 packets of UDP a second down and 50 up by one flow, 0.2 Mbit/s down"),
        "{why}"
    );
    assert!(why.contains(", a port for calls, for "), "{why}");
    assert_eq!(last.findings.activities["laptop"], Class::Call);
    let since: Vec<String> = reports.iter().rev().take(3).map(|report| field(report, "since")).collect();
    assert!(since.iter().all(|one| *one == since[0]), "{since:?}");
    home.fixture.wall = None;
    let unset = home.reports(180..210, flows);
    assert_eq!(
        (&*field(&unset[0], "activity"), &*field(&unset[0], "since")),
        ("call", "-"),
        "no clock, no instant"
    );
}

#[test]
fn another_flow_that_leads_once_ends_a_call() {
    let mut home = Home::new();
    let laptop = home.fixture.device("laptop");
    // Every minute it is another flow.
    let flows = |second: u64| {
        let port = 3000 + u16::try_from(second / 40).unwrap();
        let flow = |port: u16| {
            let begun = u64::from(port - 3000) * 40;
            let packets = 50 * second.clamp(begun, begun + 40).saturating_sub(begun);
            (laptop, Outbound, with(Protocol::UDP, (1, port), [(packets, packets * 500); 2]))
        };
        (3000..=port).map(flow).collect::<Vec<_>>()
    };
    let told = activities(&home.reports(0..300, flows));
    assert!(!told.contains(&"call".to_owned()), "{told:?}");
}

#[test]
fn a_film_is_told_by_hosts_and_connections_of_a_minute() {
    let mut home = Home::new();
    let tv = home.fixture.device("tv");
    // 75 Mbit every 20 s, and a host of telemetry.
    let flows = |second: u64| {
        let received = second / 20 * 9_400_000;
        let film = with(Protocol::TCP, (1, 443), [(second, 60 * second), (received / 1400, received)]);
        let telemetry = with(Protocol::TCP, (2, 443), [(second, 100 * second), (second, 60 * second)]);
        vec![(tv, Outbound, film), (tv, Outbound, telemetry)]
    };
    let reports = home.reports(0..180, flows);
    let last = reports.last().unwrap();
    assert_eq!(field(last, "activity"), "video");
    let why = field(last, "why");
    assert!(why.starts_with("3.8 Mbit/s down, 100 % from one host, 2 connections, in pulses, for "), "{why}");
}

#[test]
fn the_networks_that_are_marked_tell_an_update() {
    let mut home = Home::new();
    let pc = home.fixture.device("pc");
    (home.fixture.networks, _) = Networks::with_owners(b"203.0.113.0/24 Maker update\n");
    let flows = |second: u64| {
        let received = second * 2_500_000;
        vec![(
            pc,
            Outbound,
            with(Protocol::TCP, (1, 443), [(second, 60 * second), (second * 1700, received)]),
        )]
    };
    let told = activities(&home.reports(0..120, flows));
    assert_eq!(told.last().unwrap(), "update");
}

#[test]
fn two_owners_of_one_name_are_one_device() {
    let mut home = Home::new();
    let [one, other] = [home.fixture.owner(), home.fixture.owner()];
    home.fixture.show("pc", &[one, other]);
    let flows = |second: u64| {
        let flow = |owner, host: u8| {
            let counters = [(second, 60 * second), (second, 1400 * second)];
            (owner, Outbound, with(Protocol::TCP, (host, 443), counters))
        };
        (1..=4).map(|host| flow(one, host)).chain((5..=8).map(|host| flow(other, host))).collect::<Vec<_>>()
    };
    let reports = home.reports(0..120, flows);
    let last = reports.last().unwrap();
    assert_eq!((last.points.len(), &*field(last, "activity")), (1, "browsing"));
    assert!(field(last, "why").starts_with("8 hosts"), "{last:?}");
}

#[test]
fn offloaded_connections_that_stand_still_hide_what_goes_on() {
    let mut home = Home::new();
    let tv = home.fixture.device("tv");
    let flows = |second: u64| {
        // It is offloaded after half a minute, and its counters stand still from then on.
        let counted = second.min(30) * 1_000_000;
        let mut flow = with(Protocol::TCP, (1, 443), [(second.min(30), 0), (second.min(30), counted)]);
        flow.flags = if second >= 30 { Flags::OFFLOAD } else { Flags::ASSURED };
        vec![(tv, Outbound, flow)]
    };
    let told = activities(&home.reports(0..210, flows));
    assert!(!told[..3].contains(&"idle".to_owned()), "{told:?}");
    assert_eq!(told[4..], ["unknown", "unknown", "unknown"], "{told:?}");
}

#[test]
fn one_that_moves_now_and_then_does_not_stand_still() {
    let mut home = Home::new();
    let tv = home.fixture.device("tv");
    let flows = |second: u64| {
        let mut flow = with(Protocol::TCP, (1, 443), [(second / 30, second / 30 * 100), (0, 0)]);
        flow.flags = Flags::OFFLOAD;
        vec![(tv, Outbound, flow)]
    };
    let told = activities(&home.reports(0..300, flows));
    assert_eq!(told[3..], ["idle"; 7], "{told:?}");
}

#[test]
fn what_the_table_does_not_show_of_the_wan_makes_every_connection_doubtful() {
    for (shown, expected) in [(2_000_000, "unknown"), (5_000_000, "idle")] {
        let mut home = Home::new();
        let tv = home.fixture.device("tv");
        home.fixture.sample.wan = Some(WanInterfaces::among(["ppp0".to_owned()], &[]));
        home.fixture.exporter.outside = Some(OutsideTraffic { bytes: shown, tunnels: 0 });
        let mut told = Vec::new();
        for report in 0..6_u64 {
            let counters = format!("ppp0: {} 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n", report * 10_000_000);
            home.fixture.sample.interfaces = Some(dev::parse(counters.as_bytes()));
            let flows = |_| vec![(tv, Outbound, with(Protocol::TCP, (1, 443), [(1, 1); 2]))];
            told.extend(activities(&home.reports(30 * report..30 * report + 30, flows)));
        }
        assert_eq!(told.last().unwrap(), expected, "{told:?}");
    }
}

#[test]
fn without_accounting_connections_alone_tell() {
    let mut home = Home::new();
    let tv = home.fixture.device("tv");
    let flows = |_| {
        let flow = |host| {
            let mut flow = with(Protocol::TCP, (host, 443), [(0, 0); 2]);
            (flow.original.counters, flow.reply.counters) = (None, None);
            (tv, Outbound, flow)
        };
        (0..5).map(flow).collect::<Vec<_>>()
    };
    let reports = home.reports(0..120, flows);
    let last = reports.last().unwrap();
    assert_eq!((&*field(last, "activity"), &*field(last, "confidence")), ("video", "0.15"));
    assert!(field(last, "why").starts_with("5 connections; what they carry is not counted"), "{last:?}");
}

#[test]
fn rare_looks_leave_out_what_needs_finer_ones() {
    let mut home = Home::new();
    home.fixture.exporter.pass_interval = Duration::from_secs(30);
    let laptop = home.fixture.device("laptop");
    let flows = |second: u64| {
        let both = [(150 * second, 150 * second * 1400); 2];
        vec![(laptop, Outbound, with(Protocol::UDP, (1, 8801), both))]
    };
    let reports = home.reports(0..120, flows);
    let last = reports.last().unwrap();
    assert_eq!(field(last, "activity"), "mixed");
}

#[test]
fn a_device_that_has_gone_ends_with_idle_once() {
    let mut home = Home::new();
    let tv = home.fixture.device("tv");
    let flows =
        |second: u64| vec![(tv, Outbound, with(Protocol::TCP, (1, 443), [(second, second * 250_000); 2]))];
    assert_eq!(activities(&home.reports(0..90, flows))[2..], ["mixed"]);
    let gone = home.reports(90..150, |_| Vec::new());
    assert_eq!(activities(&gone), ["idle", "-"]);
    assert_eq!((&*field(&gone[0], "confidence"), &*field(&gone[0], "why")), ("0.00", "no connections"));
    assert!(gone.iter().all(|report| report.findings.activities.is_empty()));
}

#[test]
fn nothing_is_known_while_another_program_sets_counters_to_zero() {
    let mut home = Home::new();
    let pc = home.fixture.device("pc");
    let flows = |second: u64| {
        let bytes = 1000 - second % 1000;
        (0..40)
            .map(|host| (pc, Outbound, with(Protocol::TCP, (host, 443), [(1, bytes); 2])))
            .collect::<Vec<_>>()
    };
    let told = activities(&home.reports(0..120, flows));
    assert_eq!(told, ["unknown"; 4]);
}

#[test]
fn what_many_devices_do_takes_bounded_memory() {
    let mut home = Home::new();
    let owners: Vec<OwnerId> =
        (0..250).map(|number| home.fixture.device(&format!("host-{number}"))).collect();
    // 64 connections each, all of which move something at every look.
    let flows = |second: u64| {
        let flow = |place: u8, number: u8| {
            let counters = [(second, second * 100), (second, second * 1000)];
            let mut flow = with(Protocol::TCP, (number, 10_000 + u16::from(number)), counters);
            flow.original.source.address = IpAddr::from([10, 0, 1, place]);
            (owners[usize::from(place)], Outbound, flow)
        };
        (0..250).flat_map(|place| (0..64).map(move |number| flow(place, number))).collect::<Vec<_>>()
    };
    home.reports(0..240, flows);
    // Six looks of 16,000 rows of 16 bytes, and 250 summaries of 144 bytes of each of 18.
    let bytes = home.activity.bytes();
    assert!((1_500_000..3_500_000).contains(&bytes), "{bytes}");
    println!("{bytes} bytes, {} for each device and look", size_of::<(OwnerId, row::Summary)>());
}
