//! One line of the table, whatever the order and kind of its fields.

use super::words::{Family, Words};
use crate::conntrack::entry::Unreadable;
use crate::conntrack::flow::{Counters, Endpoint, Flags, Flow, Protocol, State, Tuple};

/// Understands one line, given without its newline.
///
/// The layer 4 protocol is decided by its number. Timeout and state are missing from offloaded entries, ports from
/// protocols that have none, counters and mark where the kernel doesn't keep them; fields not known here are skipped.
///
/// ```
/// # use conntrack_exporter::conntrack::{flow::State, procfs::line::parse};
/// let line = b"ipv4     2 udp      17 28 src=192.168.8.2 dst=9.9.9.9 sport=5353 dport=53 [UNREPLIED] \
///     src=9.9.9.9 dst=203.0.113.10 sport=53 dport=5353 mark=0 use=2";
/// assert_eq!(parse(line).unwrap().state, State::Unreplied);
/// ```
pub fn parse(line: &[u8]) -> Result<Flow, Unreadable> {
    let mut words = Words { rest: line };
    let family = Family::of(words.protocol_number()?)?;
    let protocol = u8::try_from(words.protocol_number()?).map_err(|_| Unreadable::Protocols)?;
    let mut extras = Extras::default();
    let (timeout, shown) = before_tuples(&mut words, Protocol(protocol))?;
    let original = tuple(&mut words, family, &mut extras)?;
    let reply = tuple(&mut words, family, &mut extras)?;
    if !words.rest.is_empty() {
        return Err(Unreadable::Tuples);
    }
    let Extras { flags, mark, zone } = extras;
    let protocol = Protocol(protocol);
    Ok(Flow {
        protocol,
        state: State::of(protocol, shown, flags),
        flags,
        timeout,
        mark,
        zone,
        original,
        reply,
    })
}

/// What is said of an entry beside its tuples.
#[derive(Default)]
struct Extras {
    flags: Flags,
    mark: u32,
    zone: u16,
}

/// Reads up to the first tuple: the timeout and TCP's state, both missing from offloaded entries. Other protocols'
/// states and GRE's own timeouts are passed over.
fn before_tuples(
    words: &mut Words<'_>,
    protocol: Protocol,
) -> Result<(Option<u32>, Option<State>), Unreadable> {
    let (mut timeout, mut shown) = (None, None);
    while let Some(first) = words.advance() {
        if words.rest.starts_with(b"src=") {
            break;
        }
        if timeout.is_none() && first.is_ascii_digit() {
            timeout = Some(u32::try_from(words.number()?).unwrap_or(u32::MAX));
            continue;
        }
        let word = words.word();
        if protocol == Protocol::TCP {
            shown = shown.or(State::tcp(word));
            if shown.is_none() && !word.contains(&b'=') {
                return Err(Unreadable::State);
            }
        }
    }
    Ok((timeout, shown))
}

/// Reads a tuple, at whose `src=` the words stand, and what follows it up to the next one.
fn tuple(words: &mut Words<'_>, family: Family, extras: &mut Extras) -> Result<Tuple, Unreadable> {
    if !words.key(b"src=") {
        return Err(Unreadable::Tuples);
    }
    let source = words.address(family)?;
    let (mut destination, mut source_port, mut destination_port) = (None, 0, 0);
    let (mut packets, mut bytes) = (None, None);
    while let Some(first) = words.advance() {
        // The first byte decides which keys are worth a comparison.
        match first {
            b's' if words.rest.starts_with(b"src=") => break,
            b's' if words.key(b"sport=") => source_port = words.number_as()?,
            b's' if words.key(b"srckey=0x") => source_port = words.hexadecimal()?,
            b'd' if words.key(b"dst=") => destination = Some(words.address(family)?),
            b'd' if words.key(b"dport=") => destination_port = words.number_as()?,
            b'd' if words.key(b"dstkey=0x") => destination_port = words.hexadecimal()?,
            b'p' if words.key(b"packets=") => packets = Some(words.number()?),
            b'b' if words.key(b"bytes=") => bytes = Some(words.number()?),
            b't' if words.key(b"type=") => destination_port |= u16::from(words.number_as::<u8>()?) << 8,
            b'c' if words.key(b"code=") => destination_port |= u16::from(words.number_as::<u8>()?),
            b'i' if words.key(b"id=") => source_port = words.number_as()?,
            b'm' if words.key(b"mark=") => extras.mark = words.number_as()?,
            b'z' if words.key(b"zone=") => extras.zone = words.number_as()?,
            b'[' if words.key(b"[ASSURED]") => extras.flags.insert(Flags::ASSURED),
            b'[' if words.key(b"[UNREPLIED]") => extras.flags.insert(Flags::UNREPLIED),
            b'[' if words.key(b"[OFFLOAD]") => extras.flags.insert(Flags::OFFLOAD),
            b'[' if words.key(b"[HW_OFFLOAD]") => extras.flags.insert(Flags::HW_OFFLOAD),
            _ => drop(words.word()),
        }
    }
    Ok(Tuple {
        source: Endpoint { address: source, port: source_port },
        destination: Endpoint { address: destination.ok_or(Unreadable::Tuples)?, port: destination_port },
        counters: packets.zip(bytes).map(|(packets, bytes)| Counters { packets, bytes }),
    })
}

#[cfg(test)]
mod tests;
