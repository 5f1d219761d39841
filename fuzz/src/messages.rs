//! A message of the table, understood attribute by attribute out of a tree: slow, and plain enough to be believed.

use std::collections::BTreeMap;
use std::net::IpAddr;

use conntrack_exporter::conntrack::flow::{Counters, Endpoint, Flags, Flow, Protocol, State, Tuple};

/// The flags of an attribute's number: nested, and in the network's order of bytes.
const FLAGS: u16 = 3 << 14;

/// Attributes by their numbers: of one that stands there twice the last.
type Attributes<'a> = BTreeMap<u16, &'a [u8]>;

/// What the payload of a message says; `None` if it is broken or says too little.
pub fn parse(payload: &[u8]) -> Option<Flow> {
    let v6 = match payload.first()? {
        2 => false,
        10 => true,
        _ => return None,
    };
    // What is broken stays broken where a second one of the same number is whole.
    for (kind, value) in attributes(payload.get(4..)?)? {
        match kind {
            1 | 2 => drop(tuple(value, v6)?),
            3 | 7 | 8 => drop(fixed::<4>(value)?),
            4 => drop(state(value)?),
            9 | 10 => drop(counters(value)?),
            18 => drop(fixed::<2>(value)?),
            _ => {}
        }
    }
    let all: Attributes<'_> = attributes(&payload[4..])?.into_iter().collect();
    let (mut original, protocol) = tuple(all.get(&1)?, v6)?;
    let (mut reply, _) = tuple(all.get(&2)?, v6)?;
    let protocol = protocol?;
    let number = |kind| all.get(&kind).map(|value| fixed(value).map(u32::from_be_bytes));
    let flags = Flags::of_status(number(3).unwrap_or(Some(0))?);
    let shown = all.get(&4).map_or(Some(None), |value| state(value))?;
    original.counters = all.get(&9).map_or(Some(None), |value| counters(value))?;
    reply.counters = all.get(&10).map_or(Some(None), |value| counters(value))?;
    Some(Flow {
        protocol,
        state: State::of(protocol, shown, flags),
        flags,
        timeout: number(7).map_or(Some(None), |timeout| timeout.map(Some))?,
        mark: number(8).unwrap_or(Some(0))?,
        zone: all.get(&18).map_or(Some(0), |value| fixed(value).map(u16::from_be_bytes))?,
        original,
        reply,
    })
}

/// All attributes in their order; `None` if one is longer than what it lies in.
pub fn attributes(mut bytes: &[u8]) -> Option<Vec<(u16, &[u8])>> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let length = usize::from(u16::from_ne_bytes(*bytes.first_chunk()?));
        let kind = u16::from_ne_bytes(*bytes.get(2..)?.first_chunk()?) & !FLAGS;
        if length < 4 || length > bytes.len() {
            return None;
        }
        found.push((kind, &bytes[4..length]));
        bytes = &bytes[length.div_ceil(4).saturating_mul(4).min(bytes.len())..];
    }
    Some(found)
}

fn fixed<const N: usize>(value: &[u8]) -> Option<[u8; N]> {
    value.try_into().ok()
}

fn tuple(value: &[u8], v6: bool) -> Option<(Tuple, Option<Protocol>)> {
    let (mut ends, mut protocol, mut ports) = ((None, None), None, (0, 0));
    for (kind, value) in attributes(value)? {
        match kind {
            1 => ends = addresses(value, v6)?,
            2 => (protocol, ports) = port(value)?,
            _ => {}
        }
    }
    let source = Endpoint { address: ends.0?, port: ports.0 };
    let destination = Endpoint { address: ends.1?, port: ports.1 };
    Some((Tuple { source, destination, counters: None }, protocol))
}

fn addresses(value: &[u8], v6: bool) -> Option<(Option<IpAddr>, Option<IpAddr>)> {
    let mut found = (None, None);
    for (kind, value) in attributes(value)? {
        match (kind, v6) {
            (1, false) => found.0 = Some(fixed::<4>(value)?.into()),
            (2, false) => found.1 = Some(fixed::<4>(value)?.into()),
            (3, true) => found.0 = Some(fixed::<16>(value)?.into()),
            (4, true) => found.1 = Some(fixed::<16>(value)?.into()),
            _ => {}
        }
    }
    Some(found)
}

/// The protocol and its ports: ICMP has an id for the one, type and code for the other.
fn port(value: &[u8]) -> Option<(Option<Protocol>, (u16, u16))> {
    let (mut protocol, mut source, mut destination) = (None, [0; 2], [0; 2]);
    for (kind, value) in attributes(value)? {
        match kind {
            1 => protocol = Some(Protocol(fixed::<1>(value)?[0])),
            2 | 4 | 7 => source = fixed(value)?,
            3 => destination = fixed(value)?,
            5 | 8 => destination[0] = fixed::<1>(value)?[0],
            6 | 9 => destination[1] = fixed::<1>(value)?[0],
            _ => {}
        }
    }
    Some((protocol, (u16::from_be_bytes(source), u16::from_be_bytes(destination))))
}

#[expect(clippy::option_option, reason = "not understood and not said are two things")]
fn counters(value: &[u8]) -> Option<Option<Counters>> {
    let all = attributes(value)?;
    for (_, value) in all.iter().filter(|(kind, _)| matches!(kind, 1 | 2)) {
        fixed::<8>(value)?;
    }
    let last = |wanted| all.iter().rfind(|(kind, _)| *kind == wanted).and_then(|(_, value)| fixed(value));
    let (packets, bytes) = (last(1).map(u64::from_be_bytes), last(2).map(u64::from_be_bytes));
    Some(packets.zip(bytes).map(|(packets, bytes)| Counters { packets, bytes }))
}

#[expect(clippy::option_option, reason = "not understood and not said are two things")]
fn state(value: &[u8]) -> Option<Option<State>> {
    let mut found = None;
    for (_, value) in attributes(value)?.into_iter().filter(|(kind, _)| *kind == 1) {
        for (_, value) in attributes(value)?.into_iter().filter(|(kind, _)| *kind == 1) {
            let [number] = fixed(value)?;
            found = Some(*State::ALL[..10].get(usize::from(number))?);
        }
    }
    Some(found)
}
