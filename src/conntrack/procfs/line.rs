//! One line of the table, whatever the order and kind of its fields.

use super::cursor::{Cursor, Family};
use crate::conntrack::entry::EntryError;
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
pub fn parse(line: &[u8]) -> Result<Flow, EntryError> {
    let mut cursor = Cursor { rest: line };
    let family = Family::of(cursor.protocol_number()?)?;
    let protocol = u8::try_from(cursor.protocol_number()?).map_err(|_| EntryError::Protocols)?;
    let mut others = OtherFields::default();
    let (timeout, tcp_state) = before_tuples(&mut cursor, Protocol(protocol))?;
    let original = tuple(&mut cursor, family, &mut others)?;
    let reply = tuple(&mut cursor, family, &mut others)?;
    if !cursor.rest.is_empty() {
        return Err(EntryError::Tuples);
    }
    let OtherFields { flags, mark, zone } = others;
    let protocol = Protocol(protocol);
    Ok(Flow {
        protocol,
        state: State::of(protocol, tcp_state, flags),
        flags,
        timeout,
        mark,
        zone,
        original,
        reply,
    })
}

/// What a line says of an entry beside its tuples.
#[derive(Default)]
struct OtherFields {
    flags: Flags,
    mark: u32,
    zone: u16,
}

/// Reads up to the first tuple: the timeout and TCP's state, both missing from offloaded entries. Other protocols'
/// states and GRE's own timeouts are passed over.
fn before_tuples(
    cursor: &mut Cursor<'_>,
    protocol: Protocol,
) -> Result<(Option<u32>, Option<State>), EntryError> {
    let (mut timeout, mut tcp_state) = (None, None);
    while let Some(first) = cursor.skip_spaces() {
        if cursor.rest.starts_with(b"src=") {
            break;
        }
        if timeout.is_none() && first.is_ascii_digit() {
            timeout = Some(u32::try_from(cursor.number()?).unwrap_or(u32::MAX));
            continue;
        }
        let word = cursor.take_word();
        if protocol == Protocol::TCP {
            tcp_state = tcp_state.or(State::from_tcp_name(word));
            if tcp_state.is_none() && !word.contains(&b'=') {
                return Err(EntryError::State);
            }
        }
    }
    Ok((timeout, tcp_state))
}

/// Reads a tuple, at whose `src=` the cursor stands, and what follows it up to the next one.
fn tuple(cursor: &mut Cursor<'_>, family: Family, others: &mut OtherFields) -> Result<Tuple, EntryError> {
    if !cursor.skip(b"src=") {
        return Err(EntryError::Tuples);
    }
    let source = cursor.address(family)?;
    let (mut destination, mut source_port, mut destination_port) = (None, 0, 0);
    let (mut packets, mut bytes) = (None, None);
    while let Some(first) = cursor.skip_spaces() {
        // The first byte decides which keys are worth a comparison.
        match first {
            b's' if cursor.rest.starts_with(b"src=") => break,
            b's' if cursor.skip(b"sport=") => source_port = cursor.number_as()?,
            b's' if cursor.skip(b"srckey=0x") => source_port = cursor.hexadecimal()?,
            b'd' if cursor.skip(b"dst=") => destination = Some(cursor.address(family)?),
            b'd' if cursor.skip(b"dport=") => destination_port = cursor.number_as()?,
            b'd' if cursor.skip(b"dstkey=0x") => destination_port = cursor.hexadecimal()?,
            b'p' if cursor.skip(b"packets=") => packets = Some(cursor.number()?),
            b'b' if cursor.skip(b"bytes=") => bytes = Some(cursor.number()?),
            b't' if cursor.skip(b"type=") => destination_port |= u16::from(cursor.number_as::<u8>()?) << 8,
            b'c' if cursor.skip(b"code=") => destination_port |= u16::from(cursor.number_as::<u8>()?),
            b'i' if cursor.skip(b"id=") => source_port = cursor.number_as()?,
            b'm' if cursor.skip(b"mark=") => others.mark = cursor.number_as()?,
            b'z' if cursor.skip(b"zone=") => others.zone = cursor.number_as()?,
            b'[' if cursor.skip(b"[ASSURED]") => others.flags.insert(Flags::ASSURED),
            b'[' if cursor.skip(b"[UNREPLIED]") => others.flags.insert(Flags::UNREPLIED),
            b'[' if cursor.skip(b"[OFFLOAD]") => others.flags.insert(Flags::OFFLOAD),
            b'[' if cursor.skip(b"[HW_OFFLOAD]") => others.flags.insert(Flags::HW_OFFLOAD),
            _ => drop(cursor.take_word()),
        }
    }
    Ok(Tuple {
        source: Endpoint { address: source, port: source_port },
        destination: Endpoint { address: destination.ok_or(EntryError::Tuples)?, port: destination_port },
        counters: packets.zip(bytes).map(|(packets, bytes)| Counters { packets, bytes }),
    })
}

#[cfg(test)]
mod tests;
