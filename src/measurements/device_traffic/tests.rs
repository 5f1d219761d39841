use std::net::IpAddr;

use super::*;
use crate::attribution::Direction::{self, Inbound, Outbound};
use crate::conntrack::flow::{Counters, Flow, Protocol, State};
use crate::measurements::fixture::{Fixture, flow};

/// A connection with a host, and what it has carried so far: packets and bytes, original and reply.
fn with(host: u8, state: State, carried: Option<[(u64, u64); 2]>) -> Flow {
    let mut flow = flow(Protocol::TCP, state);
    flow.original.source.port = host.into();
    flow.original.destination.address = IpAddr::from([203, 0, 113, host]);
    flow.original.source.address = IpAddr::from([198, 51, 100, host]);
    if let Some([original, reply]) = carried {
        let counters = |(packets, bytes)| Some(Counters { packets, bytes });
        (flow.original.counters, flow.reply.counters) = (counters(original), counters(reply));
    }
    flow
}

fn field(fixture: &mut Fixture, traffic: &mut DeviceTraffic, names: &[&str]) -> Vec<Option<Value>> {
    let points = fixture.report(traffic).points;
    let fields = points.first().map(|point| point.fields.clone()).unwrap_or_default();
    let of = |name: &&str| fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.clone());
    names.iter().map(of).collect()
}

fn integers(values: &[i64]) -> Vec<Option<Value>> {
    values.iter().map(|value| Some(Value::Integer(*value))).collect()
}

const BYTES: [&str; 4] = ["rx_bytes", "tx_bytes", "rx_packets", "tx_packets"];

#[test]
fn directions_are_the_devices_whoever_began() {
    for (direction, expected) in [(Outbound, [4000, 100, 4, 1]), (Inbound, [100, 4000, 1, 4])] {
        let (mut fixture, mut traffic) = (Fixture::new(), DeviceTraffic::default());
        let nas = fixture.device("nas");
        let carried = |times: u64| Some([(times, 100 * times), (4 * times, 4000 * times)]);
        let mut pass = |fixture: &mut Fixture, times| {
            let flows: [(OwnerId, Direction, Flow); 1] =
                [(nas, direction, with(1, State::Established, carried(times)))];
            fixture.pass(&mut traffic, &flows);
            field(fixture, &mut traffic, &BYTES)
        };
        assert_eq!(pass(&mut fixture, 5), [const { None }; 4], "what was before isn't told");
        assert_eq!(pass(&mut fixture, 6), integers(&expected));
        assert_eq!(pass(&mut fixture, 6), integers(&[0; 4]));
    }
}

#[test]
fn rates_are_per_second_of_the_time_that_is_known() {
    let (mut fixture, mut traffic) = (Fixture::new(), DeviceTraffic::default());
    let tv = fixture.device("tv");
    let flows = |bytes| {
        let carried = |bytes| Some([(1, 0), (1, bytes)]);
        [
            (tv, Outbound, with(1, State::Established, carried(bytes))),
            (tv, Outbound, with(2, State::Established, carried(0))),
            (tv, Outbound, with(3, State::TimeWait, carried(0))),
        ]
    };
    fixture.pass(&mut traffic, &flows(0));
    field(&mut fixture, &mut traffic, &[]);
    fixture.pass(&mut traffic, &flows(1_000_000));
    let names = ["rx_bits_per_second", "tx_bits_per_second", "bits_per_second_per_connection"];
    let floats = [800_000.0, 0.0, 400_000.0].map(|value| Some(Value::Float(value)));
    assert_eq!(field(&mut fixture, &mut traffic, &names), floats, "in 10 s, by 2 connections");
    fixture.pass(&mut traffic, &flows(1_000_000));
    let names = ["connections", "active_connections", "remote_hosts"];
    assert_eq!(field(&mut fixture, &mut traffic, &names), integers(&[2, 0, 0]));
}

#[test]
fn hosts_and_the_share_of_the_busiest() {
    let (mut fixture, mut traffic) = (Fixture::new(), DeviceTraffic::default());
    let pc = fixture.device("pc");
    let flows = |bytes: [u64; 3]| {
        let flow = |(host, bytes)| {
            let carried = Some([(1, 0), (1, bytes)]);
            (pc, Outbound, with(host, State::Established, carried))
        };
        [1, 2, 3].into_iter().zip(bytes).map(flow).collect::<Vec<_>>()
    };
    fixture.pass(&mut traffic, &flows([0, 0, 0]));
    field(&mut fixture, &mut traffic, &[]);
    fixture.is_due = false;
    fixture.pass(&mut traffic, &flows([0, 300, 0]));
    fixture.is_due = true;
    fixture.pass(&mut traffic, &flows([100, 300, 0]));
    let names = ["active_connections", "remote_hosts", "top_host_share"];
    let mut expected = integers(&[2, 2]);
    expected.push(Some(Value::Float(0.75)));
    assert_eq!(field(&mut fixture, &mut traffic, &names), expected, "of both passes");
}

#[test]
fn where_the_kernel_does_not_count_bytes_are_absent_and_hosts_are_those_that_were_opened() {
    let (mut fixture, mut traffic) = (Fixture::new(), DeviceTraffic::default());
    let cam = fixture.device("cam");
    let flows = |hosts: &[u8]| {
        hosts.iter().map(|host| (cam, Outbound, with(*host, State::Established, None))).collect::<Vec<_>>()
    };
    fixture.pass(&mut traffic, &flows(&[1]));
    field(&mut fixture, &mut traffic, &[]);
    fixture.pass(&mut traffic, &flows(&[1, 2, 3]));
    let point = fixture.report(&mut traffic).points.remove(0);
    assert_eq!(
        point.fields,
        [("connections".into(), Value::Integer(3)), ("remote_hosts".into(), Value::Integer(2))]
    );
}

#[test]
fn what_a_device_moved_before_it_left_is_told() {
    let (mut fixture, mut traffic) = (Fixture::new(), DeviceTraffic::default());
    let tv = fixture.device("tv");
    let flows = |bytes| [(tv, Outbound, with(1, State::Established, Some([(1, 0), (1, bytes)])))];
    fixture.pass(&mut traffic, &flows(0));
    field(&mut fixture, &mut traffic, &[]);
    fixture.is_due = false;
    fixture.pass(&mut traffic, &flows(500));
    fixture.is_due = true;
    fixture.pass(&mut traffic, &[]);
    assert!(traffic.remembers(tv));
    assert_eq!(field(&mut fixture, &mut traffic, &["rx_bytes", "connections"]), integers(&[500, 0]));
    assert!(!traffic.remembers(tv));
    fixture.pass(&mut traffic, &[]);
    assert!(fixture.report(&mut traffic).points.is_empty());
}

#[test]
fn when_another_program_sets_counters_to_zero_the_bytes_of_that_pass_are_left_out() {
    let (mut fixture, mut traffic) = (Fixture::new(), DeviceTraffic::default());
    let pc = fixture.device("pc");
    let flows = |bytes: u64| {
        let flow = |host| (pc, Outbound, with(host, State::Established, Some([(1, bytes), (1, 0)])));
        (0..40).map(flow).collect::<Vec<_>>()
    };
    fixture.pass(&mut traffic, &flows(1000));
    field(&mut fixture, &mut traffic, &[]);
    fixture.is_due = false;
    fixture.pass(&mut traffic, &flows(1100));
    fixture.pass(&mut traffic, &flows(7));
    fixture.is_due = true;
    fixture.pass(&mut traffic, &flows(9));
    let expected = [Some(Value::Integer(40 * (100 + 2))), None];
    assert_eq!(field(&mut fixture, &mut traffic, &["tx_bytes", "top_host_share"]), expected);
    fixture.pass(&mut traffic, &flows(3));
    assert_eq!(field(&mut fixture, &mut traffic, &["tx_bytes"]), [None], "nothing else is known");
}
