//! An entry in the layout that the kernel sends nearly always: both tuples first, of a protocol with ports, and all
//! attributes at the places where `ctnetlink_fill_info()` puts them. Looking at every header at its known place costs
//! a fraction of the plain walk's instructions; whatever looks different is left to that.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::attributes::{
    Attributes, CTA_COUNTERS_BYTES, CTA_COUNTERS_ORIG, CTA_COUNTERS_PACKETS, CTA_COUNTERS_REPLY, CTA_ID,
    CTA_IP_V4_DST, CTA_IP_V4_SRC, CTA_IP_V6_DST, CTA_IP_V6_SRC, CTA_MARK, CTA_PROTO_DST_PORT, CTA_PROTO_NUM,
    CTA_PROTO_SRC_PORT, CTA_PROTOINFO, CTA_PROTOINFO_TCP, CTA_PROTOINFO_TCP_FLAGS_ORIGINAL,
    CTA_PROTOINFO_TCP_FLAGS_REPLY, CTA_PROTOINFO_TCP_STATE, CTA_PROTOINFO_TCP_WSCALE_ORIGINAL,
    CTA_PROTOINFO_TCP_WSCALE_REPLY, CTA_STATUS, CTA_TIMEOUT, CTA_TUPLE_IP, CTA_TUPLE_ORIG, CTA_TUPLE_PROTO,
    CTA_TUPLE_REPLY, CTA_USE, Endpoints, INET, INET6, NESTED, OtherAttributes,
};
use crate::conntrack::flow::{Counters, Endpoint, Flow, Protocol, State};

/// Four bytes of a message: an attribute's header, or a part of its value with padding.
type Word = [u8; 4];

/// Understands the payload of a message if it has the usual layout.
pub fn parse(payload: &[u8]) -> Option<Flow> {
    let (words, []) = payload.as_chunks::<4>() else { return None };
    let ([family, ..], words) = words.split_first()?;
    match *family {
        INET => both_tuples(words, tuple_v4),
        INET6 => both_tuples(words, tuple_v6),
        _ => None,
    }
}

/// Both tuples, which `tuple` understands, and what follows them.
#[inline]
fn both_tuples<const N: usize>(
    words: &[Word],
    tuple: impl Fn(&[Word; N], u16) -> Option<(Endpoints, Protocol)>,
) -> Option<Flow> {
    let (original, words) = words.split_first_chunk()?;
    let (reply, words) = words.split_first_chunk()?;
    let (original, protocol) = tuple(original, CTA_TUPLE_ORIG)?;
    let (reply, _) = tuple(reply, CTA_TUPLE_REPLY)?;
    Some(other_attributes(words)?.flow(protocol, original, reply))
}

/// `struct nlattr` as a number of this machine: length with header but without padding, and kind.
const fn header(length: u16, kind: u16) -> u32 {
    let ([l0, l1], [k0, k1]) = (length.to_ne_bytes(), kind.to_ne_bytes());
    u32::from_ne_bytes([l0, l1, k0, k1])
}

const PORTS: u32 = header(28, CTA_TUPLE_PROTO | NESTED);
const NUMBER: u32 = header(5, CTA_PROTO_NUM);
const SOURCE_PORT: u32 = header(6, CTA_PROTO_SRC_PORT);
const DESTINATION_PORT: u32 = header(6, CTA_PROTO_DST_PORT);

#[inline]
fn tuple_v4(words: &[Word; 13], kind: u16) -> Option<(Endpoints, Protocol)> {
    const ADDRESSES: u32 = header(20, CTA_TUPLE_IP | NESTED);
    const SOURCE: u32 = header(8, CTA_IP_V4_SRC);
    const DESTINATION: u32 = header(8, CTA_IP_V4_DST);
    let [
        whole,
        ADDRESSES,
        SOURCE,
        source,
        DESTINATION,
        destination,
        PORTS,
        NUMBER,
        number,
        SOURCE_PORT,
        source_port,
        DESTINATION_PORT,
        destination_port,
    ] = words.map(u32::from_ne_bytes)
    else {
        return None;
    };
    let address = |word: u32| Ipv4Addr::from(word.to_ne_bytes());
    let endpoints =
        (endpoint(address(source), source_port), endpoint(address(destination), destination_port));
    (whole == header(52, kind | NESTED)).then_some((endpoints, protocol(number)))
}

#[inline]
fn tuple_v6(words: &[Word; 19], kind: u16) -> Option<(Endpoints, Protocol)> {
    const ADDRESSES: u32 = header(44, CTA_TUPLE_IP | NESTED);
    const SOURCE: u32 = header(20, CTA_IP_V6_SRC);
    const DESTINATION: u32 = header(20, CTA_IP_V6_DST);
    let [
        whole,
        ADDRESSES,
        SOURCE,
        s0,
        s1,
        s2,
        s3,
        DESTINATION,
        d0,
        d1,
        d2,
        d3,
        PORTS,
        NUMBER,
        number,
        SOURCE_PORT,
        source_port,
        DESTINATION_PORT,
        destination_port,
    ] = words.map(u32::from_ne_bytes)
    else {
        return None;
    };
    let address = |words: [u32; 4]| {
        let bits = words.iter().fold(0, |bits, word| bits << 32 | u128::from(u32::from_be(*word)));
        Ipv6Addr::from_bits(bits)
    };
    let endpoints = (
        endpoint(address([s0, s1, s2, s3]), source_port),
        endpoint(address([d0, d1, d2, d3]), destination_port),
    );
    (whole == header(76, kind | NESTED)).then_some((endpoints, protocol(number)))
}

fn endpoint(address: impl Into<IpAddr>, port: u32) -> Endpoint {
    let [high, low, ..] = port.to_ne_bytes();
    Endpoint { address: address.into(), port: u16::from_be_bytes([high, low]) }
}

fn protocol(word: u32) -> Protocol {
    let [number, ..] = word.to_ne_bytes();
    Protocol(number)
}

/// What follows the tuples, in the order of Linux 6. What stands elsewhere, as on older kernels, or has another length
/// or kind, is taken as the plain walk does.
#[inline]
fn other_attributes(words: &[Word]) -> Option<OtherAttributes> {
    let (mut others, mut cursor) = (OtherAttributes::default(), Cursor(words));
    while !cursor.0.is_empty() {
        if let Some([value]) = cursor.take(header(8, CTA_STATUS)) {
            others.status = u32::from_be_bytes(*value);
        }
        if let Some([value]) = cursor.take(header(8, CTA_MARK)) {
            others.mark = u32::from_be_bytes(*value);
        }
        cursor.take::<1>(header(8, CTA_ID));
        cursor.take::<1>(header(8, CTA_USE));
        if let Some([value]) = cursor.take(header(8, CTA_TIMEOUT)) {
            others.timeout = Some(u32::from_be_bytes(*value));
        }
        if let Some(value) = cursor.take(header(48, CTA_PROTOINFO | NESTED)) {
            others.tcp_state = Some(tcp_state(value)?);
        }
        if let Some(value) = cursor.take(header(28, CTA_COUNTERS_ORIG | NESTED)) {
            others.counters.0 = Some(counters(value)?);
        }
        if let Some(value) = cursor.take(header(28, CTA_COUNTERS_REPLY | NESTED)) {
            others.counters.1 = Some(counters(value)?);
        }
        if !cursor.0.is_empty() {
            cursor.0 = any_attribute(cursor.0, &mut others)?;
        }
    }
    Some(others)
}

/// What of a message is still to be read.
struct Cursor<'a>(&'a [Word]);

impl<'a> Cursor<'a> {
    /// Takes the value of an attribute if the next one has this header.
    #[inline]
    fn take<const N: usize>(&mut self, header: u32) -> Option<&'a [Word; N]> {
        let (next, behind) = self.0.split_first()?;
        if u32::from_ne_bytes(*next) != header {
            return None;
        }
        let (value, behind) = behind.split_first_chunk()?;
        self.0 = behind;
        Some(value)
    }
}

fn tcp_state(words: &[Word; 11]) -> Option<State> {
    const TCP: u32 = header(44, CTA_PROTOINFO_TCP | NESTED);
    const STATE: u32 = header(5, CTA_PROTOINFO_TCP_STATE);
    const WSCALE_ORIGINAL: u32 = header(5, CTA_PROTOINFO_TCP_WSCALE_ORIGINAL);
    const WSCALE_REPLY: u32 = header(5, CTA_PROTOINFO_TCP_WSCALE_REPLY);
    const FLAGS_ORIGINAL: u32 = header(6, CTA_PROTOINFO_TCP_FLAGS_ORIGINAL);
    const FLAGS_REPLY: u32 = header(6, CTA_PROTOINFO_TCP_FLAGS_REPLY);
    let [TCP, STATE, state, WSCALE_ORIGINAL, _, WSCALE_REPLY, _, FLAGS_ORIGINAL, _, FLAGS_REPLY, _] =
        words.map(u32::from_ne_bytes)
    else {
        return None;
    };
    let [state, ..] = state.to_ne_bytes();
    State::from_tcp_number(state)
}

fn counters(words: &[Word; 6]) -> Option<Counters> {
    const PACKETS: u32 = header(12, CTA_COUNTERS_PACKETS);
    const BYTES: u32 = header(12, CTA_COUNTERS_BYTES);
    let [PACKETS, p0, p1, BYTES, b0, b1] = words.map(u32::from_ne_bytes) else { return None };
    let number = |high: u32, low: u32| u64::from(u32::from_be(high)) << 32 | u64::from(u32::from_be(low));
    Some(Counters { packets: number(p0, p1), bytes: number(b0, b1) })
}

/// Takes the first attribute of `words` as the plain walk does, and gives those behind it.
#[cold]
fn any_attribute<'a>(words: &'a [Word], others: &mut OtherAttributes) -> Option<&'a [Word]> {
    let mut attributes = Attributes(words.as_flattened());
    let (kind, value) = attributes.next()?.ok()?;
    if kind == CTA_TUPLE_ORIG || kind == CTA_TUPLE_REPLY {
        return None;
    }
    others.set(kind, value).ok()?;
    Some(attributes.0.as_chunks().0)
}
