//! Flows as few bytes: in full, one after the other.
//!
//! A flow of IPv4 behind one public address takes about 30 bytes, where the kernel's text takes 230. Numbers are of variable
//! length, most significant group last (LEB128). Whatever is read was written here, so nothing is checked but the length.

use std::net::IpAddr;

use integer_encoding::VarInt;

use crate::conntrack::flow::{Counters, Endpoint, Flags, Flow, Protocol, State, Tuple};

/// What the first byte of a flow says: of which family it is, and which parts it has.
const V6: u8 = 1;
const ORIGINAL_COUNTERS: u8 = 1 << 1;
const REPLY_COUNTERS: u8 = 1 << 2;
const TIMEOUT: u8 = 1 << 3;
const MARK: u8 = 1 << 4;
const ZONE: u8 = 1 << 5;
/// Answers go to another address than questions come from: the router has put its own in its place.
const MASQUERADED: u8 = 1 << 6;
/// The reply is neither the original turned round nor that with another address.
const REPLY_IN_FULL: u8 = 1 << 7;

/// What is longer than any flow, in bytes.
pub(super) const LONGEST: usize = 192;

/// Appends a number.
pub(super) fn put_number(number: u64, to: &mut Vec<u8>) {
    let mut bytes = [0; 10];
    let length = number.encode_var(&mut bytes);
    to.extend(bytes.iter().take(length));
}

/// Takes a number from the beginning of `from`.
pub(super) fn take_number(from: &mut &[u8]) -> Option<u64> {
    let (number, length) = u64::decode_var(from)?;
    *from = from.get(length..)?;
    Some(number)
}

/// Appends a difference, which may be negative.
pub(super) fn put_difference(difference: i64, to: &mut Vec<u8>) {
    let mut bytes = [0; 10];
    let length = difference.encode_var(&mut bytes);
    to.extend(bytes.iter().take(length));
}

/// Takes a difference.
pub(super) fn take_difference(from: &mut &[u8]) -> Option<i64> {
    let (difference, length) = i64::decode_var(from)?;
    *from = from.get(length..)?;
    Some(difference)
}

/// Takes one byte.
pub(super) fn take_byte(from: &mut &[u8]) -> Option<u8> {
    let (byte, rest) = from.split_first()?;
    *from = rest;
    Some(*byte)
}

/// State and flags in one byte.
pub(super) fn status(flow: &Flow) -> u8 {
    let state = u8::try_from(flow.state.index()).unwrap_or_default();
    state | flow.flags.bits() << 4
}

/// State and flags of that byte.
pub(super) fn of_status(status: u8) -> (State, Flags) {
    let state = State::ALL.get(usize::from(status & 0xf)).copied().unwrap_or(State::None);
    (state, Flags::from_bits(status >> 4))
}

/// Appends a flow in full.
pub(super) fn put_flow(flow: &Flow, to: &mut Vec<u8>) {
    let Flow { original, reply, .. } = flow;
    let set = |is_set, bit| if is_set { bit } else { 0 };
    let is_v6 = original.source.address.is_ipv6();
    let masqueraded = reply.destination.address != original.source.address;
    let in_full = reply.source != original.destination || reply.destination.port != original.source.port;
    let parts = set(is_v6, V6)
        | set(original.counters.is_some(), ORIGINAL_COUNTERS)
        | set(reply.counters.is_some(), REPLY_COUNTERS)
        | set(flow.timeout.is_some(), TIMEOUT)
        | set(flow.mark != 0, MARK)
        | set(flow.zone != 0, ZONE)
        | set(masqueraded, MASQUERADED)
        | set(in_full, REPLY_IN_FULL);
    to.extend([parts, status(flow), flow.protocol.0]);
    put_endpoint(original.source, to);
    put_endpoint(original.destination, to);
    if in_full {
        put_endpoint(reply.source, to);
        put_endpoint(reply.destination, to);
    } else if masqueraded {
        put_address(reply.destination.address, to);
    }
    flow.timeout.into_iter().for_each(|timeout| put_number(timeout.into(), to));
    for number in [u64::from(flow.mark), flow.zone.into()].into_iter().filter(|number| *number != 0) {
        put_number(number, to);
    }
    for counters in [original.counters, reply.counters].into_iter().flatten() {
        put_number(counters.packets, to);
        put_number(counters.bytes, to);
    }
}

/// Takes a flow; `None` at the end.
pub(super) fn take_flow(from: &mut &[u8]) -> Option<Flow> {
    let parts = take_byte(from)?;
    let has = |bit| parts & bit != 0;
    let (state, flags) = of_status(take_byte(from)?);
    let protocol = Protocol(take_byte(from)?);
    let (source, destination) = (take_endpoint(has(V6), from)?, take_endpoint(has(V6), from)?);
    let (answers_from, answers_to) = if has(REPLY_IN_FULL) {
        (take_endpoint(has(V6), from)?, take_endpoint(has(V6), from)?)
    } else if has(MASQUERADED) {
        (destination, Endpoint { address: take_address(has(V6), from)?, port: source.port })
    } else {
        (destination, source)
    };
    let mut number = |bit| if has(bit) { take_number(from).map(Some) } else { Some(None) };
    let (timeout, mark, zone) = (number(TIMEOUT)?, number(MARK)?, number(ZONE)?);
    let mut counters = |bit| {
        let taken =
            |from: &mut &[u8]| Some(Counters { packets: take_number(from)?, bytes: take_number(from)? });
        if has(bit) { taken(from).map(Some) } else { Some(None) }
    };
    let (original_counters, reply_counters) = (counters(ORIGINAL_COUNTERS)?, counters(REPLY_COUNTERS)?);
    Some(Flow {
        protocol,
        state,
        flags,
        timeout: timeout.and_then(|timeout| u32::try_from(timeout).ok()),
        mark: mark.and_then(|mark| u32::try_from(mark).ok()).unwrap_or_default(),
        zone: zone.and_then(|zone| u16::try_from(zone).ok()).unwrap_or_default(),
        original: Tuple { source, destination, counters: original_counters },
        reply: Tuple { source: answers_from, destination: answers_to, counters: reply_counters },
    })
}

fn put_endpoint(Endpoint { address, port }: Endpoint, to: &mut Vec<u8>) {
    put_address(address, to);
    to.extend(port.to_be_bytes());
}

/// An address; all of a flow are of one family.
fn put_address(address: IpAddr, to: &mut Vec<u8>) {
    match address {
        IpAddr::V4(v4) => to.extend(v4.octets()),
        IpAddr::V6(v6) => to.extend(v6.octets()),
    }
}

fn take_endpoint(is_v6: bool, from: &mut &[u8]) -> Option<Endpoint> {
    let address = take_address(is_v6, from)?;
    Some(Endpoint { address, port: u16::from_be_bytes(take_array(from)?) })
}

fn take_address(is_v6: bool, from: &mut &[u8]) -> Option<IpAddr> {
    if is_v6 { take_array::<16>(from).map(IpAddr::from) } else { take_array::<4>(from).map(IpAddr::from) }
}

fn take_array<const N: usize>(from: &mut &[u8]) -> Option<[u8; N]> {
    let (array, rest) = from.split_first_chunk()?;
    *from = rest;
    Some(*array)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conntrack::any_flow::any_flow;
    use crate::conntrack::procfs::line::parse;
    use proptest::collection::vec;
    use proptest::prelude::*;

    #[test]
    fn what_usual_flows_take() {
        for (line, bytes) in [
            (
                "ipv4 2 tcp 6 431998 ESTABLISHED src=192.168.8.100 dst=203.0.113.1 sport=42598 dport=443 packets=400 bytes=21700 \
                 src=203.0.113.1 dst=203.0.113.10 sport=443 dport=42598 packets=300 bytes=1650000 [ASSURED] mark=0",
                32,
            ),
            (
                "ipv4 2 udp 17 28 src=192.168.8.2 dst=192.168.8.1 sport=5353 dport=53 [UNREPLIED] src=192.168.8.1 \
                 dst=192.168.8.2 sport=53 dport=5353 mark=0",
                16,
            ),
        ] {
            let mut code = Vec::new();
            put_flow(&parse(line.as_bytes()).unwrap(), &mut code);
            assert_eq!(code.len(), bytes, "{line}");
        }
    }

    proptest! {
        #[test]
        fn flows_and_numbers_come_out_as_they_went_in(
            flows in vec(any_flow(), 0..20),
            numbers: Vec<u64>,
            differences: Vec<i64>,
        ) {
            let mut code = Vec::new();
            for flow in &flows {
                let before = code.len();
                put_flow(flow, &mut code);
                prop_assert!(code.len() - before < LONGEST);
            }
            let mut rest = code.as_slice();
            let found: Vec<_> = std::iter::from_fn(|| take_flow(&mut rest)).collect();
            prop_assert_eq!(found, flows);
            let mut code = Vec::new();
            for number in &numbers {
                put_number(*number, &mut code);
            }
            for difference in &differences {
                put_difference(*difference, &mut code);
            }
            let mut rest = code.as_slice();
            let found: Vec<_> = numbers.iter().map_while(|_| take_number(&mut rest)).collect();
            prop_assert_eq!(found, numbers);
            let found: Vec<_> = differences.iter().map_while(|_| take_difference(&mut rest)).collect();
            prop_assert_eq!((found, rest.len()), (differences, 0));
        }

        #[test]
        fn nothing_else_panics(bytes: Vec<u8>) {
            let mut rest = bytes.as_slice();
            while take_flow(&mut rest).is_some() {}
        }
    }
}
