use std::net::IpAddr;

use proptest::prelude::*;

use super::*;
use crate::conntrack::any_flow::any_flow;
use crate::conntrack::entry::EntryError;
use crate::conntrack::flow::{Counters, Endpoint, Flags, Flow, Protocol, State, Tuple};
use crate::conntrack::procfs::{line, print::Line};
use crate::netlink::test_message::attribute;

const NESTED: u16 = attributes::NESTED;

fn nested(kind: u16, attributes: &[Vec<u8>]) -> Vec<u8> {
    attribute(kind | NESTED, &attributes.concat())
}

fn tuple(kind: u16, protocol: Protocol, tuple: &Tuple) -> Vec<u8> {
    let (source, destination) = (tuple.source, tuple.destination);
    let addresses = match (source.address, destination.address) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            [attribute(1, &source.octets()), attribute(2, &destination.octets())]
        }
        (IpAddr::V6(source), IpAddr::V6(destination)) => {
            [attribute(3, &source.octets()), attribute(4, &destination.octets())]
        }
        _ => panic!("of two families"),
    };
    let (low, [high, code]) = (source.port.to_be_bytes(), destination.port.to_be_bytes());
    let mut ports = vec![attribute(1, &[protocol.0])];
    ports.extend(match protocol.0 {
        1 => [attribute(4, &low), attribute(5, &[high]), attribute(6, &[code])].to_vec(),
        58 => [attribute(7, &low), attribute(8, &[high]), attribute(9, &[code])].to_vec(),
        _ => [attribute(2, &low), attribute(3, &[high, code])].to_vec(),
    });
    nested(kind, &[nested(1, &addresses), nested(2, &ports)])
}

fn counters(kind: u16, counters: Counters) -> Vec<u8> {
    let figures = [counters.packets, counters.bytes].map(u64::to_be_bytes);
    nested(kind, &[attribute(1, &figures[0]), attribute(2, &figures[1])])
}

/// The attributes beside the tuples, in the order of `ctnetlink_fill_info()`.
fn other_attributes(flow: &Flow) -> Vec<Vec<u8>> {
    let mut status = 1 << 3;
    for (flag, bit) in [(Flags::ASSURED, 2), (Flags::OFFLOAD, 14), (Flags::HW_OFFLOAD, 15)] {
        status |= u32::from(flow.flags.contains(flag)) << bit;
    }
    status |= u32::from(!flow.flags.contains(Flags::UNREPLIED)) << 1;
    let mut found = vec![attribute(3, &status.to_be_bytes())];
    if flow.zone != 0 {
        found.insert(0, attribute(18, &flow.zone.to_be_bytes()));
    }
    if flow.mark != 0 {
        found.push(attribute(8, &flow.mark.to_be_bytes()));
    }
    found.extend([attribute(12, &[9; 4]), attribute(11, &[0, 0, 0, 1])]);
    if let Some(timeout) = flow.timeout {
        found.push(attribute(7, &timeout.to_be_bytes()));
        if flow.protocol == Protocol::TCP {
            let state = u8::try_from(flow.state.index()).unwrap();
            let [scale, flags] = [vec![7], vec![0x23, 0]];
            let details = [vec![state], scale.clone(), scale, flags.clone(), flags];
            let details: Vec<_> = (1..).zip(details).map(|(kind, value)| attribute(kind, &value)).collect();
            found.push(nested(4, &[nested(1, &details)]));
        }
    }
    found.extend(flow.original.counters.map(|figures| counters(9, figures)));
    found.extend(flow.reply.counters.map(|figures| counters(10, figures)));
    found
}

/// The parts of a message's payload, as the kernel orders them.
fn parts(flow: &Flow) -> Vec<Vec<u8>> {
    let mut parts = vec![tuple(1, flow.protocol, &flow.original), tuple(2, flow.protocol, &flow.reply)];
    parts.extend(other_attributes(flow));
    parts
}

fn payload(flow: &Flow, parts: &[Vec<u8>]) -> Vec<u8> {
    let family = if flow.original.source.address.is_ipv4() { 2 } else { 10 };
    [vec![family, 0, 0, 0], parts.concat()].concat()
}

fn plain(payload: &[u8]) -> Result<Flow, EntryError> {
    attributes::parse(payload)
}

/// A TCP connection, its every attribute and counter shown.
pub(crate) fn ordinary() -> Flow {
    let end = |address: &str, port| Endpoint { address: address.parse().unwrap(), port };
    Flow {
        protocol: Protocol::TCP,
        state: State::CloseWait,
        flags: Flags::ASSURED,
        timeout: Some(431_998),
        mark: 0,
        zone: 0,
        original: Tuple {
            source: end("192.168.8.100", 42598),
            destination: end("203.0.113.1", 443),
            counters: Some(Counters { packets: 4, bytes: 217 }),
        },
        reply: Tuple {
            source: end("203.0.113.1", 443),
            destination: end("203.0.113.10", 42598),
            counters: Some(Counters { packets: 3, bytes: u64::MAX }),
        },
    }
}

#[test]
fn an_ordinary_entry_has_the_usual_layout() {
    let flow = ordinary();
    assert_eq!(usual::parse(&payload(&flow, &parts(&flow))), Some(flow));
    let unanswered =
        Flow { protocol: Protocol::UDP, state: State::Unreplied, flags: Flags::UNREPLIED, mark: 7, ..flow };
    assert_eq!(usual::parse(&payload(&unanswered, &parts(&unanswered))), Some(unanswered));
}

#[test]
fn what_can_not_be_understood_says_why() {
    let flow = ordinary();
    let parts = parts(&flow);
    let with = |place: usize, part: Vec<u8>| {
        let mut parts = parts.clone();
        parts[place] = part;
        payload(&flow, &parts)
    };
    let whole = payload(&flow, &parts);
    let other_family = [&[7, 0, 0, 0], &whole[4..]].concat();
    let address = |length: usize| {
        let addresses = nested(1, &[attribute(1, &vec![1; length]), attribute(2, &[1; 4])]);
        nested(1, &[addresses, nested(2, &[attribute(1, &[6])])])
    };
    let portless = Tuple { counters: None, ..flow.original };
    let without_protocol = nested(1, &[tuple(1, Protocol::TCP, &portless)[4..24].to_vec()]);
    let state = nested(4, &[nested(1, &[attribute(1, &[10])])]);
    let cases = [
        (vec![], EntryError::Length),
        (vec![2, 0, 0], EntryError::Length),
        (other_family, EntryError::Family),
        (vec![2, 0, 0, 0], EntryError::Tuples),
        (with(1, vec![]), EntryError::Tuples),
        (with(0, nested(1, &[])), EntryError::Tuples),
        (with(0, address(3)), EntryError::Address),
        (with(0, address(16)), EntryError::Address),
        (with(0, without_protocol), EntryError::Protocols),
        (with(2, attribute(3, &[0; 3])), EntryError::Number),
        (with(2, attribute(18, &[0; 4])), EntryError::Number),
        (with(5, state), EntryError::State),
        (with(5, vec![3, 0, 7, 0]), EntryError::Length),
        (with(5, vec![9, 0, 7, 0, 0, 0, 0, 0]), EntryError::Number),
        (whole[..whole.len() - 2].to_vec(), EntryError::Length),
        ([&whole[..], &[1]].concat(), EntryError::Length),
    ];
    for (place, (payload, why)) in cases.into_iter().enumerate() {
        assert_eq!(plain(&payload), Err(why), "{place}");
        assert_eq!(usual::parse(&payload), None, "{place}");
    }
}

#[test]
fn protocols_without_ports_have_the_port_0() {
    let flow = Flow { protocol: Protocol(50), state: State::Active, ..ordinary() };
    let portless = |tuple: Tuple| Tuple {
        source: Endpoint { port: 0, ..tuple.source },
        destination: Endpoint { port: 0, ..tuple.destination },
        ..tuple
    };
    let flow = Flow { original: portless(flow.original), reply: portless(flow.reply), ..flow };
    let number = nested(2, &[attribute(1, &[50])]);
    let addresses = |kind: u16, tuple: &Tuple| {
        let addresses = [tuple.source, tuple.destination].map(|end| match end.address {
            IpAddr::V4(v4) => v4.octets(),
            IpAddr::V6(_) => panic!("of the other family"),
        });
        let addresses = [attribute(1, &addresses[0]), attribute(2, &addresses[1])];
        nested(kind, &[nested(1, &addresses), number.clone()])
    };
    let parts =
        [vec![addresses(1, &flow.original), addresses(2, &flow.reply)], other_attributes(&flow)].concat();
    assert_eq!(plain(&payload(&flow, &parts)), Ok(flow));
}

#[test]
fn of_a_tcp_entry_without_attributes_nothing_is_made_up() {
    let flow = ordinary();
    let bare = payload(&flow, &parts(&flow)[..2]);
    let found = plain(&bare).unwrap();
    assert_eq!((found.state, found.timeout, found.original.counters), (State::Established, None, None));
    assert_eq!(found.flags, Flags::UNREPLIED);
    assert_eq!(usual::parse(&bare), Some(found));
}

#[test]
fn attributes_of_later_kernels_are_skipped() {
    let flow = ordinary();
    let mut parts = parts(&flow);
    parts.insert(2, attribute(200, b"not known yet"));
    parts.push(nested(20, &[attribute(1, &[0; 8])]));
    let payload = payload(&flow, &parts);
    assert_eq!(plain(&payload), Ok(flow));
    assert_eq!(usual::parse(&payload), Some(flow));
}

proptest! {
    #[test]
    fn any_order_of_attributes_gives_the_flow(
        (flow, parts) in any_flow().prop_flat_map(|flow| (Just(flow), Just(parts(&flow)).prop_shuffle())),
    ) {
        let payload = payload(&flow, &parts);
        prop_assert_eq!(plain(&payload), Ok(flow));
        prop_assert!(usual::parse(&payload).is_none_or(|found| found == flow));
    }

    #[test]
    fn tuples_with_ports_in_the_kernels_order_have_the_usual_layout(flow in any_flow()) {
        let found = usual::parse(&payload(&flow, &parts(&flow)));
        let has_ports = !matches!(flow.protocol.0, 1 | 58);
        prop_assert_eq!(found, has_ports.then_some(flow));
    }

    #[test]
    fn both_parsers_agree_on_whatever_is_done_to_an_entry(
        flow in any_flow(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        doubled: prop::sample::Index,
        cut: prop::sample::Index,
    ) {
        let mut parts = parts(&flow);
        parts.push(parts[doubled.index(parts.len())].clone());
        let mut payload = payload(&flow, &parts);
        for (place, byte) in changes {
            let place = place.index(payload.len());
            payload[place] = byte;
        }
        for payload in [&payload[..], &payload[..cut.index(payload.len())]] {
            if let Some(found) = usual::parse(payload) {
                prop_assert_eq!(plain(payload), Ok(found));
            }
        }
    }

    /// Whatever is done to a message that is still understood.
    #[test]
    fn the_text_of_a_message_gives_the_same_flow(
        flow in any_flow(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
    ) {
        let mut payload = payload(&flow, &parts(&flow));
        for (place, byte) in changes {
            let place = place.index(payload.len());
            payload[place] = byte;
        }
        if let Entry::Flow(found) = parse(&payload) {
            prop_assert_eq!(line::parse(Line(&found).to_string().as_bytes()), Ok(found), "{}", Line(&found));
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>) {
        let _ = plain(&bytes);
        prop_assert_eq!(usual::parse(&bytes), None);
    }
}
