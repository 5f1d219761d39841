use std::borrow::Cow;

use super::*;
use crate::attribution::Direction::Outbound;
use crate::conntrack::flow::{Counters, Flow, Protocol, State};
use crate::measurements::fixture::{Fixture, flow};

/// A connection to a port, and the bytes that were sent and received by it so far.
fn to(port: u16, sent: u64, received: u64) -> Flow {
    let mut flow = flow(Protocol::TCP, State::Established);
    flow.original.destination.port = port;
    let counters = |bytes| Some(Counters { packets: 1, bytes });
    (flow.original.counters, flow.reply.counters) = (counters(sent), counters(received));
    flow
}

/// What is sent: name, direction, service, bytes and how many seconds ago.
fn shown(fixture: &mut Fixture, bandwidth: &mut Bandwidth) -> Vec<String> {
    let points = fixture.report(bandwidth).points;
    points
        .iter()
        .map(|point| {
            let [(Cow::Borrowed("bytes"), Value::Integer(bytes))] = point.fields[..] else {
                panic!("not one: {point:?}")
            };
            let tag = |key| point.tags.own(key).unwrap().to_string();
            let age = point.age.as_secs();
            format!("{} {} {} {bytes} @-{age}", tag("device_name"), tag("direction"), tag("protocol"))
        })
        .collect()
}

#[test]
fn bytes_by_device_direction_and_service() {
    let (mut fixture, mut bandwidth) = (Fixture::new(), Bandwidth::default());
    let tv = fixture.device("tv");
    let flows = |times: u64| {
        [to(443, 10 * times, 500 * times), to(80, 0, 7 * times), to(40_000, times, 0)]
            .map(|flow| (tv, Outbound, flow))
    };
    fixture.pass(&mut bandwidth, &flows(1));
    assert!(shown(&mut fixture, &mut bandwidth).is_empty(), "what was before isn't told");
    fixture.pass(&mut bandwidth, &flows(3));
    let expected =
        ["tv rx HTTP 14 @-0", "tv rx HTTPS 1000 @-0", "tv tx HTTPS 20 @-0", "tv tx unlisted 2 @-0"];
    assert_eq!(shown(&mut fixture, &mut bandwidth), expected);
}

#[test]
fn a_stall_shows_for_a_minute_as_zero() {
    let (mut fixture, mut bandwidth) = (Fixture::new(), Bandwidth::default());
    fixture.report_every = Duration::from_secs(10);
    let tv = fixture.device("tv");
    let pass = |fixture: &mut Fixture, bandwidth: &mut Bandwidth, received| {
        fixture.pass(bandwidth, &[(tv, Outbound, to(443, 0, received))]);
        shown(fixture, bandwidth)
    };
    pass(&mut fixture, &mut bandwidth, 0);
    assert_eq!(pass(&mut fixture, &mut bandwidth, 900), ["tv rx HTTPS 900 @-0"]);
    for ten_seconds in 1..=6 {
        assert_eq!(pass(&mut fixture, &mut bandwidth, 900), ["tv rx HTTPS 0 @-0"], "{ten_seconds}");
    }
    assert!(pass(&mut fixture, &mut bandwidth, 900).is_empty());
    assert_eq!(pass(&mut fixture, &mut bandwidth, 901), ["tv rx HTTPS 1 @-0"]);
    fixture.owners.devices.clear();
    fixture.pass(&mut bandwidth, &[]);
    assert_eq!(shown(&mut fixture, &mut bandwidth), ["tv rx HTTPS 0 @-0"], "also of a device that has left");
}

#[test]
fn bytes_of_several_instants_are_shared_evenly() {
    let (mut fixture, mut bandwidth) = (Fixture::new(), Bandwidth::default());
    let tv = fixture.device("tv");
    fixture.pass(&mut bandwidth, &[(tv, Outbound, to(443, 0, 0))]);
    shown(&mut fixture, &mut bandwidth);
    fixture.pass(&mut bandwidth, &[(tv, Outbound, to(443, 0, 101))]);
    fixture.instants = 3;
    let expected = ["tv rx HTTPS 33 @-20", "tv rx HTTPS 33 @-10", "tv rx HTTPS 35 @-0"];
    assert_eq!(shown(&mut fixture, &mut bandwidth), expected);
}

/// Ports of so many different services.
fn ports(fixture: &Fixture, count: usize) -> Vec<u16> {
    let mut met = vec![ServiceId::UNLISTED];
    let is_new = |port: &u16| {
        let service = fixture.services.service(Protocol::TCP, *port);
        let is_new = !met.contains(&service);
        met.push(service);
        is_new
    };
    (1..=u16::MAX).filter(is_new).take(count).collect()
}

#[test]
fn sixteen_services_of_a_device_keep_their_place_for_a_day() {
    let (mut fixture, mut bandwidth) = (Fixture::new(), Bandwidth::default());
    let pc = fixture.device("pc");
    // The services by which something was sent to these ports.
    let pass = |fixture: &mut Fixture, bandwidth: &mut Bandwidth, ports: &[u16]| -> Vec<String> {
        let flows: Vec<_> = ports.iter().map(|port| (pc, Outbound, to(*port, 1, 0))).collect();
        fixture.pass(bandwidth, &flows);
        let lines = shown(fixture, bandwidth);
        let moved = lines.iter().filter(|line| !line.contains(" 0 @"));
        moved.map(|line| line.strip_prefix("pc tx ").unwrap().to_owned()).collect()
    };
    let ports = ports(&fixture, 20);
    let (first, more) = ports.split_at(16);
    assert!(pass(&mut fixture, &mut bandwidth, &[]).is_empty());
    let services = pass(&mut fixture, &mut bandwidth, first);
    assert_eq!(services.len(), 16);
    assert!(services.iter().all(|service| !service.starts_with(OTHER)), "{services:?}");
    assert_eq!(pass(&mut fixture, &mut bandwidth, more), ["other 4 @-0"], "the rest is one series");
    assert_eq!(pass(&mut fixture, &mut bandwidth, &[40_000]), ["unlisted 1 @-0"], "has a place of its own");
    assert_eq!(pass(&mut fixture, &mut bandwidth, first).len(), 16, "they stay");
    fixture.sample.boot += KEPT;
    pass(&mut fixture, &mut bandwidth, &[]);
    assert_eq!(pass(&mut fixture, &mut bandwidth, more).len(), 4, "after a day there is room");
}

#[test]
fn owners_of_one_name_share_their_series() {
    let (mut fixture, mut bandwidth) = (Fixture::new(), Bandwidth::default());
    let (one, other) = (fixture.owner(), fixture.owner());
    fixture.show("laptop", &[one, other]);
    let flows = |bytes| [(one, Outbound, to(443, bytes, 0)), (other, Outbound, to(443, bytes, 0))];
    fixture.pass(&mut bandwidth, &[]);
    shown(&mut fixture, &mut bandwidth);
    let mut flows = flows(5);
    flows[1].2.original.source.port = 7;
    fixture.pass(&mut bandwidth, &flows);
    assert!(bandwidth.remembers(one));
    assert_eq!(shown(&mut fixture, &mut bandwidth), ["laptop tx HTTPS 10 @-0"]);
    assert!(!bandwidth.remembers(one));
}

#[test]
fn a_device_with_other_tags_leaves_its_series_with_a_minute_of_zeros() {
    let (mut fixture, mut bandwidth) = (Fixture::new(), Bandwidth::default());
    let tv = fixture.device("tv");
    fixture.pass(&mut bandwidth, &[]);
    shown(&mut fixture, &mut bandwidth);
    fixture.pass(&mut bandwidth, &[(tv, Outbound, to(443, 5, 0))]);
    assert_eq!(shown(&mut fixture, &mut bandwidth), ["tv tx HTTPS 5 @-0"]);
    let tags = [("device_name", "tv".into()), ("ip", "192.168.8.9".into())];
    fixture.owners.devices[0].tags = tags.into();
    fixture.pass(&mut bandwidth, &[(tv, Outbound, to(443, 12, 0))]);
    assert_eq!(shown(&mut fixture, &mut bandwidth), ["tv tx HTTPS 7 @-0", "tv tx HTTPS 0 @-0"]);
    fixture.sample.boot += ZEROS;
    fixture.pass(&mut bandwidth, &[(tv, Outbound, to(443, 13, 0))]);
    assert_eq!(shown(&mut fixture, &mut bandwidth), ["tv tx HTTPS 1 @-0"]);
}

#[test]
fn zeros_are_sent_however_rare_passes_are() {
    let (mut fixture, mut bandwidth) = (Fixture::new(), Bandwidth::default());
    fixture.report_every = Duration::from_mins(5);
    fixture.exporter.pass_interval = fixture.report_every;
    let tv = fixture.device("tv");
    fixture.pass(&mut bandwidth, &[]);
    shown(&mut fixture, &mut bandwidth);
    for expected in [&["tv tx HTTPS 5 @-0"][..], &["tv tx HTTPS 0 @-0"], &[]] {
        fixture.pass(&mut bandwidth, &[(tv, Outbound, to(443, 5, 0))]);
        assert_eq!(shown(&mut fixture, &mut bandwidth), expected);
    }
}
