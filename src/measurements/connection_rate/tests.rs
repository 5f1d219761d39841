use super::*;
use crate::attribution::Direction::Outbound;
use crate::conntrack::flow::{Flags, Flow, Protocol, State};
use crate::measurements::fixture::{Fixture, flow};

/// A connection of its own for each number.
fn numbered(protocol: Protocol, state: State, port: u16) -> Flow {
    let mut flow = flow(protocol, state);
    flow.original.source.port = port;
    if matches!(state, State::Unreplied | State::SynSent) {
        flow.flags.insert(Flags::UNREPLIED);
    }
    flow
}

fn shown(fixture: &mut Fixture, rate: &mut ConnectionRate) -> Vec<String> {
    let points = fixture.report(rate).points;
    points
        .iter()
        .map(|point| {
            let [(_, opened), (_, closed), (_, unreplied), (_, per_second), _] = &point.fields[..] else {
                panic!("other fields: {point:?}")
            };
            let tag = |key| point.tags.own(key).unwrap().to_string();
            let number = |value: &Value| match value {
                Value::Integer(number) => number.to_string(),
                Value::Float(number) => format!("{number:.2}"),
                Value::Text(text) => text.to_string(),
            };
            let (name, protocol) = (tag("device_name"), tag("protocol"));
            let [opened, closed, unreplied, rate] = [opened, closed, unreplied, per_second].map(number);
            format!("{name} {protocol}: +{opened} -{closed} ?{unreplied} {rate}/s")
        })
        .collect()
}

#[test]
fn what_was_opened_and_closed_adds_up_over_the_passes_between_two_reports() {
    let (mut fixture, mut rate) = (Fixture::new(), ConnectionRate::default());
    let tv = fixture.device("tv");
    let tcp = |ports: &[u16]| -> Vec<_> {
        ports.iter().map(|port| (tv, Outbound, numbered(Protocol::TCP, State::Established, *port))).collect()
    };
    fixture.pass(&mut rate, &tcp(&[1, 2]));
    assert!(shown(&mut fixture, &mut rate).is_empty(), "of the first pass nothing is known");
    fixture.is_due = false;
    fixture.pass(&mut rate, &tcp(&[2, 3]));
    fixture.pass(&mut rate, &tcp(&[3, 4, 5]));
    fixture.is_due = true;
    fixture.pass(&mut rate, &tcp(&[3, 5]));
    assert_eq!(shown(&mut fixture, &mut rate), ["tv tcp: +3 -3 ?0 0.10/s"]);
    fixture.pass(&mut rate, &tcp(&[3, 5]));
    assert_eq!(shown(&mut fixture, &mut rate), ["tv tcp: +0 -0 ?0 0.00/s"], "it still has some");
    fixture.pass(&mut rate, &[]);
    assert_eq!(shown(&mut fixture, &mut rate), ["tv tcp: +0 -2 ?0 0.00/s"]);
    fixture.pass(&mut rate, &[]);
    assert!(shown(&mut fixture, &mut rate).is_empty());
    assert!(!rate.remembers(tv));
}

#[test]
fn unreplied_are_those_that_were_opened_since_by_the_state_last_seen() {
    let (mut fixture, mut rate) = (Fixture::new(), ConnectionRate::default());
    let pc = fixture.device("pc");
    let of = |state: State, port: u16| (pc, Outbound, numbered(Protocol::UDP, state, port));
    let (waiting, answered) = (State::Unreplied, State::Active);
    fixture.pass(&mut rate, &[of(waiting, 9)]);
    shown(&mut fixture, &mut rate);
    fixture.is_due = false;
    // 1 is answered later, 2 goes without an answer, 3 waits; 9 was there before.
    fixture.pass(&mut rate, &[of(waiting, 1), of(waiting, 2), of(waiting, 3), of(waiting, 9)]);
    fixture.is_due = true;
    fixture.pass(&mut rate, &[of(answered, 1), of(waiting, 3), of(waiting, 9)]);
    assert_eq!(shown(&mut fixture, &mut rate), ["pc udp: +3 -1 ?2 0.15/s"]);
    fixture.pass(&mut rate, &[of(answered, 1), of(waiting, 3)]);
    assert_eq!(shown(&mut fixture, &mut rate), ["pc udp: +0 -1 ?0 0.00/s"], "3 was told before");
}

#[test]
fn protocols_are_four() {
    let (mut fixture, mut rate) = (Fixture::new(), ConnectionRate::default());
    let nas = fixture.device("nas");
    fixture.pass(&mut rate, &[]);
    shown(&mut fixture, &mut rate);
    let numbers = [1, 58, 6, 17, 47, 132];
    let flows = numbers.map(|number| (nas, Outbound, numbered(Protocol(number), State::Active, 1)));
    fixture.pass(&mut rate, &flows);
    let expected = ["icmp: +2", "other: +2", "tcp: +1", "udp: +1"];
    let shown = shown(&mut fixture, &mut rate);
    assert_eq!(shown.len(), 4);
    for (line, expected) in shown.iter().zip(expected) {
        assert!(line.starts_with(&format!("nas {expected} -0")), "{shown:?}");
    }
}

#[test]
fn a_pass_that_breaks_off_loses_nothing_and_tells_nothing_twice() {
    let (mut fixture, mut rate) = (Fixture::new(), ConnectionRate::default());
    let tv = fixture.device("tv");
    let of = |port: u16| (tv, Outbound, numbered(Protocol::TCP, State::Established, port));
    fixture.pass(&mut rate, &[]);
    shown(&mut fixture, &mut rate);
    fixture.broken_pass(&mut rate, &[of(1), of(2)]);
    fixture.pass(&mut rate, &[of(1), of(2), of(3)]);
    assert_eq!(shown(&mut fixture, &mut rate), ["tv tcp: +3 -0 ?0 0.30/s"]);
}
