use std::collections::BTreeMap;
use std::net::IpAddr;

use proptest::prelude::*;

use super::*;
use crate::attribution::Direction::{self, Inbound, Outbound};
use crate::conntrack::flow::{Counters, Flow, Protocol, State};
use crate::destinations::config::Mode;
use crate::destinations::networks::Networks;
use crate::measurements::connection_rate::ConnectionRate;
use crate::measurements::device_traffic::DeviceTraffic;
use crate::measurements::fixture::{Fixture, flow};
use crate::series::point::Point;

/// The connection from a port of the device's to a host, and what it has sent and received so far.
fn to(host: u32, port: u16, source: u16, carried: Option<[u64; 2]>) -> Flow {
    let mut flow = flow(Protocol::TCP, State::Established);
    (flow.original.source.port, flow.original.destination.port) = (source, port);
    flow.original.destination.address = IpAddr::V4((0xcb00_7100 + host).into());
    let counters = |bytes| Some(Counters { packets: 1, bytes });
    (flow.original.counters, flow.reply.counters) =
        carried.map_or((None, None), |[sent, received]| (counters(sent), counters(received)));
    flow
}

fn with(section: &str) -> (Fixture, Destination) {
    let config = Config::parse(&format!("[destinations]\n{section}")).unwrap();
    (Fixture::new(), Destination::new(&config))
}

/// Rows as `device destination service: fields`.
fn rows(points: &[Point]) -> Vec<String> {
    let row = |point: &Point| {
        let tag = |key: &str| point.tags.iter().find(|(tag, _)| *tag == key).unwrap().1.to_string();
        let fields: Vec<String> =
            point.fields.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
        let fields = fields.join(" ").replace("Integer(", "").replace(')', "");
        format!("{} {} {}: {fields}", tag("device_name"), tag("destination"), tag("service"))
    };
    points.iter().map(row).collect()
}

#[test]
fn where_to_and_what_for() {
    let (mut fixture, mut destination) = with("mode = \"network\"\nexclude = [\"Anna\"]");
    fixture.networks = Networks::with_owners(b"203.0.113.0/28 Example\n").0;
    let [tv, anna] = ["tv", "anna"].map(|name| fixture.device(name));
    let pass = |fixture: &mut Fixture, destination: &mut Destination, times: u64, more: bool| {
        let mut flows = vec![
            (tv, Outbound, to(1, 443, 1, Some([10 * times, 1000 * times]))),
            (tv, Outbound, to(2, 443, 2, Some([10 * times, 500 * times]))),
            (tv, Outbound, to(3, 4711, 3, Some([0, 7 * times]))),
            (tv, Outbound, to(99, 443, 4, Some([times, 1]))),
            (anna, Outbound, to(1, 443, 5, Some([times, 1]))),
        ];
        if more {
            flows.push((tv, Outbound, to(99, 53, 6, Some([0, 0]))));
        }
        fixture.pass(destination, &flows);
        rows(&fixture.report(destination).points)
    };
    assert_eq!(
        pass(&mut fixture, &mut destination, 1, false),
        [
            "tv * HTTPS: connections=1",
            "tv Example HTTPS: connections=2",
            "tv Example unlisted: connections=1"
        ],
        "what was before isn't told"
    );
    assert_eq!(
        pass(&mut fixture, &mut destination, 3, true),
        [
            "tv * DNS: connections=1 opened=1 rx_bytes=0 tx_bytes=0",
            "tv * HTTPS: connections=1 opened=0 rx_bytes=0 tx_bytes=2",
            "tv Example HTTPS: connections=2 opened=0 rx_bytes=3000 tx_bytes=40",
            "tv Example unlisted: connections=1 opened=0 rx_bytes=14 tx_bytes=0",
        ]
    );
    destination.reconfigure(&Config::parse("destinations.mode = \"service\"").unwrap());
    let shown = pass(&mut fixture, &mut destination, 3, true);
    assert!(shown.iter().all(|row| row.contains(" * ")), "{shown:?}");
    assert!(destination.remembers(tv) || !shown.is_empty());
}

#[test]
fn what_was_counted_in_another_mode_goes_to_other() {
    let (mut fixture, mut destination) = with("mode = \"address\"");
    let tv = fixture.device("tv");
    let flows = |times| [(tv, Outbound, to(1, 443, 1, Some([times, times])))];
    fixture.pass(&mut destination, &flows(1));
    fixture.report(&mut destination);
    fixture.pass(&mut destination, &flows(2));
    destination.reconfigure(&Config::parse("destinations.mode = \"service\"").unwrap());
    assert_eq!(
        rows(&fixture.report(&mut destination).points),
        ["tv other other: connections=1 opened=0 rx_bytes=1 tx_bytes=1"]
    );
}

#[test]
fn the_eight_busiest_and_the_rest_as_one_row() {
    let (mut fixture, mut destination) = with("mode = \"address\"");
    let tv = fixture.device("tv");
    let flows = |times: u64| -> Vec<(OwnerId, Direction, Flow)> {
        let flow = |host: u32| {
            let source = u16::try_from(host).unwrap();
            (tv, Outbound, to(host, 443, source, Some([0, u64::from(host) * times])))
        };
        (1..=20).map(flow).collect()
    };
    fixture.pass(&mut destination, &flows(1));
    fixture.report(&mut destination);
    fixture.pass(&mut destination, &flows(2));
    let shown = rows(&fixture.report(&mut destination).points);
    let busy = (13..=20)
        .map(|host| format!("tv 203.0.113.{host} HTTPS: connections=1 opened=0 rx_bytes={host} tx_bytes=0"));
    let rest = (1..=12).sum::<u64>();
    let rest = format!("tv other other: connections=12 opened=0 rx_bytes={rest} tx_bytes=0");
    assert_eq!(shown, busy.chain([rest]).collect::<Vec<_>>());
}

#[test]
fn without_accounting_connections_decide_and_bytes_are_absent() {
    let (mut fixture, mut destination) = with("mode = \"service\"");
    let tv = fixture.device("tv");
    let flows: Vec<_> = [443, 443, 1, 80]
        .into_iter()
        .zip(1..)
        .map(|(port, source)| (tv, Outbound, to(1, port, source, None)))
        .collect();
    fixture.pass(&mut destination, &flows[..3]);
    fixture.report(&mut destination);
    fixture.pass(&mut destination, &flows);
    assert_eq!(
        rows(&fixture.report(&mut destination).points),
        [
            "tv * HTTP: connections=1 opened=1",
            "tv * HTTPS: connections=2 opened=0",
            "tv * unlisted: connections=1 opened=0"
        ]
    );
}

#[test]
fn pairs_beyond_sixty_four_in_a_day_are_other() {
    let (mut fixture, mut destination) = with("mode = \"address\"");
    let tv = fixture.device("tv");
    let mut shown = std::collections::BTreeSet::new();
    for round in 0..20_u32 {
        let flow = |host: u32| (tv, Outbound, to(round * 8 + host, 443, 1, None));
        fixture.pass(&mut destination, &(0..8).map(flow).collect::<Vec<_>>());
        let points = fixture.report(&mut destination).points;
        let names = points
            .iter()
            .map(|point| point.tags.iter().find(|(key, _)| *key == "destination").unwrap().1.to_string());
        shown.extend(names);
        if round >= 8 {
            assert_eq!(points.len(), 1, "{round}");
        }
    }
    assert_eq!(shown.len(), 65);
}

/// What a point has in a field.
fn number(point: &Point, field: &str) -> Option<i64> {
    let value = point.fields.iter().find(|(name, _)| name == field).map(|(_, value)| value.clone());
    value.map(|value| match value {
        Value::Integer(number) => number,
        other => panic!("{field}={other:?}"),
    })
}

/// The sum of a field for each device; that of one for which no point has it is missing.
fn sums(points: &[Point], field: &str) -> BTreeMap<String, i64> {
    let mut sums = BTreeMap::new();
    for point in points {
        if let Some(number) = number(point, field) {
            let device = point.tags.iter().find(|(key, _)| *key == "device_name").unwrap().1.to_string();
            *sums.entry(device).or_default() += number;
        }
    }
    sums.retain(|_, sum| *sum != 0);
    sums
}

/// A connection: whose, to which host, at which port, whether it came from there; and what it has carried by each pass, if
/// it is there then.
type Made = (usize, u32, u16, bool, bool, [Option<u32>; 5]);

fn made() -> impl Strategy<Value = Made> {
    let port = prop::sample::select(vec![80, 443, 53, 4711]);
    (0..4_usize, 0..90_u32, port, any::<bool>(), prop::bool::weighted(0.9), any::<[Option<u32>; 5]>())
}

/// The points of three reports, after two passes each.
fn reports(measurement: &mut dyn Measurement, made: &[Made], one_name: bool) -> Vec<Vec<Point>> {
    let mut fixture = Fixture::new();
    fixture.networks = Networks::with_owners(b"203.0.113.0/27 Example\n").0;
    let mut owners: Vec<OwnerId> = (0..3).map(|_| fixture.owner()).collect();
    if one_name {
        fixture.show("both", &owners[..2]);
        fixture.show("third", &owners[2..]);
    } else {
        owners.iter().zip(["a", "b", "c"]).for_each(|(owner, name)| fixture.show(name, &[*owner]));
    }
    owners.push(OwnerId::ROUTER);
    let mut points = Vec::new();
    for pass in 0..5 {
        let flow = |(number, (owner, host, port, inbound, accounted, carried)): (u16, &Made)| {
            let bytes = u64::from(carried[pass]?);
            let flow = to(*host, *port, number, accounted.then_some([bytes / 3, bytes]));
            Some((owners[*owner], if *inbound { Inbound } else { Outbound }, flow))
        };
        let flows: Vec<_> = (1..).zip(made).filter_map(flow).collect();
        fixture.pass(measurement, &flows);
        if pass % 2 == 0 {
            points.push(fixture.report(measurement).points);
        }
    }
    points
}

proptest! {
    #[test]
    fn the_rows_of_a_device_add_up_to_what_others_tell_of_it(
        made in prop::collection::vec(made(), 0..300),
        mode in prop::sample::select(vec![Mode::Service, Mode::Network, Mode::Prefix, Mode::Address]),
        one_name: bool,
    ) {
        let mut config = Config::default();
        config.destinations.mode = mode;
        let destination = reports(&mut Destination::new(&config), &made, one_name);
        let traffic = reports(&mut DeviceTraffic::default(), &made, one_name);
        let rate = reports(&mut ConnectionRate::default(), &made, one_name);
        for ((destination, traffic), rate) in destination.iter().zip(&traffic).zip(&rate) {
            for field in ["rx_bytes", "tx_bytes", "connections"] {
                prop_assert_eq!(sums(destination, field), sums(traffic, field), "{}", field);
            }
            prop_assert_eq!(sums(destination, "opened"), sums(rate, "opened"));
            prop_assert!(destination.len() <= 4 * (SHOWN_AT_MOST + 1));
        }
    }
}
