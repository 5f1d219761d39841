//! A line in the form that nearly every line has: TCP or UDP, every field in the place where `ct_seq_show()` prints it.
//! What stands where is known, so nothing is looked for: that costs less than half of the instructions. Whatever looks
//! different is left to [`super::line`].

use std::net::IpAddr;

use super::words::{Family, Words};
use crate::conntrack::flow::{Counters, Endpoint, Flags, Flow, Protocol, State, Tuple};

/// Understands one line, given without its newline, if it has the usual form.
pub fn parse(line: &[u8]) -> Option<Flow> {
    let mut words = Words { rest: line };
    let (family, protocol) = protocols(&mut words)?;
    let (mut timeout, mut shown) = (None, None);
    // Offloaded entries show neither.
    if !words.rest.starts_with(b"src=") {
        timeout = Some(u32::try_from(words.digits()?).unwrap_or(u32::MAX));
        if protocol == Protocol::TCP {
            shown = Some(tcp_state(&mut words)?);
        }
    }
    let original = tuple(&mut words, family)?;
    let mut flags = if words.key(b"[UNREPLIED] ") { Flags::UNREPLIED } else { Flags::default() };
    let reply = tuple(&mut words, family)?;
    flags.insert(last_flag(&mut words));
    let mark = if words.key(b"mark=") { words.digits()?.try_into().ok()? } else { 0 };
    let zone = if words.key(b"zone=") { words.digits()?.try_into().ok()? } else { 0 };
    if words.key(b"use=") {
        words.digits()?;
    }
    let state = State::of(protocol, shown, flags);
    words.rest.is_empty().then_some(Flow { protocol, state, flags, timeout, mark, zone, original, reply })
}

fn protocols(words: &mut Words<'_>) -> Option<(Family, Protocol)> {
    let family = if words.key(b"ipv4     2 ") {
        Family::V4
    } else if words.key(b"ipv6     10 ") {
        Family::V6
    } else {
        return None;
    };
    if words.key(b"tcp      6 ") {
        Some((family, Protocol::TCP))
    } else if words.key(b"udp      17 ") {
        Some((family, Protocol::UDP))
    } else {
        None
    }
}

fn tcp_state(words: &mut Words<'_>) -> Option<State> {
    let state = State::tcp(words.word())?;
    words.key(b" ").then_some(state)
}

fn tuple(words: &mut Words<'_>, family: Family) -> Option<Tuple> {
    let source = words.key(b"src=").then(|| address(words, family))??;
    let destination = words.key(b"dst=").then(|| address(words, family))??;
    let source_port = words.key(b"sport=").then(|| port(words))??;
    let destination_port = words.key(b"dport=").then(|| port(words))??;
    let mut counters = None;
    if words.key(b"packets=") {
        let packets = words.digits()?;
        let bytes = words.key(b"bytes=").then(|| words.digits())??;
        counters = Some(Counters { packets, bytes });
    }
    Some(Tuple {
        source: Endpoint { address: source, port: source_port },
        destination: Endpoint { address: destination, port: destination_port },
        counters,
    })
}

fn address(words: &mut Words<'_>, family: Family) -> Option<IpAddr> {
    match family {
        Family::V4 => words.ipv4().map(IpAddr::V4),
        Family::V6 => words.ipv6().map(IpAddr::V6),
    }
}

fn port(words: &mut Words<'_>) -> Option<u16> {
    words.digits()?.try_into().ok()
}

/// The kernel prints one of these at most.
fn last_flag(words: &mut Words<'_>) -> Flags {
    if words.key(b"[ASSURED] ") {
        Flags::ASSURED
    } else if words.key(b"[OFFLOAD] ") {
        Flags::OFFLOAD
    } else if words.key(b"[HW_OFFLOAD] ") {
        Flags::HW_OFFLOAD
    } else {
        Flags::default()
    }
}
