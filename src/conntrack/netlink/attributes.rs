//! An entry, whatever the order and kind of its attributes: the plain walk through them.
//!
//! Names and numbers are those of `linux/netfilter/nfnetlink_conntrack.h`. What is not known is skipped; of an
//! attribute that stands there twice the last counts, as with the kernel's own `nla_parse()`.

use std::net::IpAddr;

use crate::conntrack::entry::EntryError;
use crate::conntrack::flow::{Counters, Endpoint, Flags, Flow, Protocol, State, Tuple};

pub(super) const CTA_TUPLE_ORIG: u16 = 1;
pub(super) const CTA_TUPLE_REPLY: u16 = 2;
pub(super) const CTA_STATUS: u16 = 3;
pub(super) const CTA_PROTOINFO: u16 = 4;
pub(super) const CTA_TIMEOUT: u16 = 7;
pub(super) const CTA_MARK: u16 = 8;
pub(super) const CTA_COUNTERS_ORIG: u16 = 9;
pub(super) const CTA_COUNTERS_REPLY: u16 = 10;
pub(super) const CTA_USE: u16 = 11;
pub(super) const CTA_ID: u16 = 12;
pub(super) const CTA_ZONE: u16 = 18;

pub(super) const CTA_TUPLE_IP: u16 = 1;
pub(super) const CTA_TUPLE_PROTO: u16 = 2;

pub(super) const CTA_IP_V4_SRC: u16 = 1;
pub(super) const CTA_IP_V4_DST: u16 = 2;
pub(super) const CTA_IP_V6_SRC: u16 = 3;
pub(super) const CTA_IP_V6_DST: u16 = 4;

pub(super) const CTA_PROTO_NUM: u16 = 1;
pub(super) const CTA_PROTO_SRC_PORT: u16 = 2;
pub(super) const CTA_PROTO_DST_PORT: u16 = 3;
const CTA_PROTO_ICMP_ID: u16 = 4;
const CTA_PROTO_ICMP_TYPE: u16 = 5;
const CTA_PROTO_ICMP_CODE: u16 = 6;
const CTA_PROTO_ICMPV6_ID: u16 = 7;
const CTA_PROTO_ICMPV6_TYPE: u16 = 8;
const CTA_PROTO_ICMPV6_CODE: u16 = 9;

pub(super) const CTA_PROTOINFO_TCP: u16 = 1;
pub(super) const CTA_PROTOINFO_TCP_STATE: u16 = 1;
pub(super) const CTA_PROTOINFO_TCP_WSCALE_ORIGINAL: u16 = 2;
pub(super) const CTA_PROTOINFO_TCP_WSCALE_REPLY: u16 = 3;
pub(super) const CTA_PROTOINFO_TCP_FLAGS_ORIGINAL: u16 = 4;
pub(super) const CTA_PROTOINFO_TCP_FLAGS_REPLY: u16 = 5;

pub(super) const CTA_COUNTERS_PACKETS: u16 = 1;
pub(super) const CTA_COUNTERS_BYTES: u16 = 2;

/// `NLA_F_NESTED` of `linux/netlink.h`, and beside it `NLA_F_NET_BYTEORDER`: no part of an attribute's number.
pub(super) const NESTED: u16 = 1 << 15;
const FLAGS: u16 = NESTED | 1 << 14;

/// `AF_INET` and `AF_INET6` of `linux/socket.h`, as `struct nfgenmsg` has them.
pub(super) const INET: u8 = 2;
pub(super) const INET6: u8 = 10;

/// `struct nlattr`.
const HEADER: usize = 4;

/// Understands the payload of a message: `struct nfgenmsg` and attributes.
pub fn parse(payload: &[u8]) -> Result<Flow, EntryError> {
    let ([family, ..], attributes) = payload.split_first_chunk::<HEADER>().ok_or(EntryError::Length)?;
    let family = Family::of(*family)?;
    let (mut original, mut reply, mut others) = (None, None, OtherAttributes::default());
    for attribute in Attributes(attributes) {
        match attribute? {
            (CTA_TUPLE_ORIG, value) => original = Some(tuple(value, family)?),
            (CTA_TUPLE_REPLY, value) => reply = Some(tuple(value, family)?),
            (kind, value) => others.set(kind, value)?,
        }
    }
    let (original, protocol) = original.ok_or(EntryError::Tuples)?;
    let (reply, _) = reply.ok_or(EntryError::Tuples)?;
    Ok(others.flow(protocol.ok_or(EntryError::Protocols)?, original, reply))
}

#[derive(Clone, Copy)]
enum Family {
    V4,
    V6,
}

impl Family {
    fn of(number: u8) -> Result<Self, EntryError> {
        match number {
            INET => Ok(Self::V4),
            INET6 => Ok(Self::V6),
            _ => Err(EntryError::Family),
        }
    }

    fn address(self, value: &[u8]) -> Result<IpAddr, EntryError> {
        match self {
            Self::V4 => fixed::<4>(value).map(IpAddr::from),
            Self::V6 => fixed::<16>(value).map(IpAddr::from),
        }
        .map_err(|_| EntryError::Address)
    }
}

/// Source and destination of one direction.
pub(super) type Endpoints = (Endpoint, Endpoint);

/// Source and destination of one direction, and the protocol where it is told.
fn tuple(value: &[u8], family: Family) -> Result<(Endpoints, Option<Protocol>), EntryError> {
    let (mut source, mut destination) = (None, None);
    let (mut protocol, mut ports) = (None, (0, 0));
    for attribute in Attributes(value) {
        match attribute? {
            (CTA_TUPLE_IP, value) => (source, destination) = addresses(value, family)?,
            (CTA_TUPLE_PROTO, value) => (protocol, ports) = protocol_and_ports(value)?,
            _ => {}
        }
    }
    let source = Endpoint { address: source.ok_or(EntryError::Tuples)?, port: ports.0 };
    let destination = Endpoint { address: destination.ok_or(EntryError::Tuples)?, port: ports.1 };
    Ok(((source, destination), protocol))
}

fn addresses(value: &[u8], family: Family) -> Result<(Option<IpAddr>, Option<IpAddr>), EntryError> {
    let (mut source, mut destination) = (None, None);
    for attribute in Attributes(value) {
        match (attribute?, family) {
            ((CTA_IP_V4_SRC, value), Family::V4) | ((CTA_IP_V6_SRC, value), Family::V6) => {
                source = Some(family.address(value)?);
            }
            ((CTA_IP_V4_DST, value), Family::V4) | ((CTA_IP_V6_DST, value), Family::V6) => {
                destination = Some(family.address(value)?);
            }
            _ => {}
        }
    }
    Ok((source, destination))
}

/// The protocol's number and what [`Endpoint::port`] is for it.
fn protocol_and_ports(value: &[u8]) -> Result<(Option<Protocol>, (u16, u16)), EntryError> {
    let (mut protocol, mut source, mut high, mut low) = (None, 0, 0, 0);
    for attribute in Attributes(value) {
        match attribute? {
            (CTA_PROTO_NUM, value) => protocol = Some(Protocol(u8::from_be_bytes(fixed(value)?))),
            (CTA_PROTO_SRC_PORT | CTA_PROTO_ICMP_ID | CTA_PROTO_ICMPV6_ID, value) => {
                source = u16::from_be_bytes(fixed(value)?);
            }
            (CTA_PROTO_DST_PORT, value) => [high, low] = fixed(value)?,
            (CTA_PROTO_ICMP_TYPE | CTA_PROTO_ICMPV6_TYPE, value) => [high] = fixed(value)?,
            (CTA_PROTO_ICMP_CODE | CTA_PROTO_ICMPV6_CODE, value) => [low] = fixed(value)?,
            _ => {}
        }
    }
    Ok((protocol, (source, u16::from_be_bytes([high, low]))))
}

/// The attributes of an entry beside its tuples.
#[derive(Debug, Default)]
pub(super) struct OtherAttributes {
    pub(super) status: u32,
    pub(super) tcp_state: Option<State>,
    pub(super) timeout: Option<u32>,
    pub(super) mark: u32,
    pub(super) zone: u16,
    pub(super) counters: (Option<Counters>, Option<Counters>),
}

impl OtherAttributes {
    /// Takes note of an attribute that is no tuple.
    pub(super) fn set(&mut self, kind: u16, value: &[u8]) -> Result<(), EntryError> {
        match kind {
            CTA_STATUS => self.status = u32::from_be_bytes(fixed(value)?),
            CTA_TIMEOUT => self.timeout = Some(u32::from_be_bytes(fixed(value)?)),
            CTA_MARK => self.mark = u32::from_be_bytes(fixed(value)?),
            CTA_ZONE => self.zone = u16::from_be_bytes(fixed(value)?),
            CTA_COUNTERS_ORIG => self.counters.0 = counters(value)?,
            CTA_COUNTERS_REPLY => self.counters.1 = counters(value)?,
            CTA_PROTOINFO => self.tcp_state = tcp_state(value)?,
            _ => {}
        }
        Ok(())
    }

    /// The whole entry.
    pub(super) fn flow(self, protocol: Protocol, original: Endpoints, reply: Endpoints) -> Flow {
        let flags = Flags::of_status(self.status);
        let tuple = |(source, destination), counters| Tuple { source, destination, counters };
        Flow {
            protocol,
            state: State::of(protocol, self.tcp_state, flags),
            flags,
            timeout: self.timeout,
            mark: self.mark,
            zone: self.zone,
            original: tuple(original, self.counters.0),
            reply: tuple(reply, self.counters.1),
        }
    }
}

fn counters(value: &[u8]) -> Result<Option<Counters>, EntryError> {
    let (mut packets, mut bytes) = (None, None);
    for attribute in Attributes(value) {
        match attribute? {
            (CTA_COUNTERS_PACKETS, value) => packets = Some(u64::from_be_bytes(fixed(value)?)),
            (CTA_COUNTERS_BYTES, value) => bytes = Some(u64::from_be_bytes(fixed(value)?)),
            _ => {}
        }
    }
    Ok(packets.zip(bytes).map(|(packets, bytes)| Counters { packets, bytes }))
}

/// TCP's state; other protocols have their own, by which nothing is counted.
fn tcp_state(value: &[u8]) -> Result<Option<State>, EntryError> {
    let mut state = None;
    for attribute in Attributes(value) {
        let (CTA_PROTOINFO_TCP, value) = attribute? else { continue };
        for attribute in Attributes(value) {
            let (CTA_PROTOINFO_TCP_STATE, value) = attribute? else { continue };
            let [number] = fixed(value)?;
            state = Some(State::from_tcp_number(number).ok_or(EntryError::State)?);
        }
    }
    Ok(state)
}

fn fixed<const N: usize>(value: &[u8]) -> Result<[u8; N], EntryError> {
    value.try_into().map_err(|_| EntryError::Number)
}

/// Number and value of each attribute; an error ends them.
pub(super) struct Attributes<'a>(pub(super) &'a [u8]);

impl<'a> Iterator for Attributes<'a> {
    type Item = Result<(u16, &'a [u8]), EntryError>;

    fn next(&mut self) -> Option<Self::Item> {
        let bytes = std::mem::take(&mut self.0);
        let [l0, l1, k0, k1] = *match bytes.first_chunk::<HEADER>() {
            None if bytes.is_empty() => return None,
            None => return Some(Err(EntryError::Length)),
            Some(header) => header,
        };
        let length = usize::from(u16::from_ne_bytes([l0, l1]));
        let Some(value) = bytes.get(HEADER..length) else { return Some(Err(EntryError::Length)) };
        // The last one may do without the padding to a multiple of four.
        self.0 = bytes.get(length.next_multiple_of(HEADER)..).unwrap_or_default();
        Some(Ok((u16::from_ne_bytes([k0, k1]) & !FLAGS, value)))
    }
}
