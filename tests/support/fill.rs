//! Entries for the kernel's connection table, put there through ctnetlink: as many as a test or a benchmark wants, in
//! the network namespace of the calling thread.

use std::io;
use std::net::Ipv4Addr;
use std::ops::Range;
use std::os::fd::{AsRawFd, OwnedFd};

use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, connect, recv, send, setsockopt,
    socket, sockopt,
};
use nix::sys::time::{TimeVal, TimeValLike};

/// How many messages go into one system call: their answers fit into a default receive buffer, were they all errors.
const BATCH: usize = 64;
/// How long the entries last, in seconds.
const TIMEOUT: u32 = 600;
/// How many clients the entries belong to, 192.168.8.100 being the first.
const CLIENTS: u32 = 32;
/// How many ports each client uses towards one server, 1024 being the first.
const PORTS: u32 = 60_000;

// linux/netlink.h, linux/netfilter/nfnetlink.h
const NLM_F_REQUEST: u16 = 0x1;
const NLM_F_ACK: u16 = 0x4;
const NLM_F_EXCL: u16 = 0x200;
const NLM_F_CREATE: u16 = 0x400;
const NLMSG_ERROR: u16 = 2;
const NFNL_SUBSYS_CTNETLINK: u16 = 1;
// linux/netfilter/nfnetlink_conntrack.h
const IPCTNL_MSG_CT_NEW: u16 = 0;
const NESTED: u16 = 0x8000;
pub(crate) const CTA_TUPLE_ORIG: u16 = 1 | NESTED;
const CTA_TUPLE_REPLY: u16 = 2 | NESTED;
const CTA_STATUS: u16 = 3;
const CTA_PROTOINFO: u16 = 4 | NESTED;
const CTA_TIMEOUT: u16 = 7;
const CTA_TUPLE_IP: u16 = 1 | NESTED;
const CTA_TUPLE_PROTO: u16 = 2 | NESTED;
const CTA_PROTOINFO_TCP: u16 = 1 | NESTED;
/// `IPS_SEEN_REPLY | IPS_ASSURED | IPS_CONFIRMED` of `linux/netfilter/nf_conntrack_common.h`.
const STATUS: u32 = 1 << 1 | 1 << 2 | 1 << 3;
/// `TCP_CONNTRACK_ESTABLISHED` of `linux/netfilter/nf_conntrack_tcp.h`.
const ESTABLISHED: u8 = 3;
const TCP: u8 = 6;

/// An address and a port.
pub(crate) type End = (Ipv4Addr, u32);

/// Adds established TCP connections over IPv4, one for each number. Fails if there is no room for one, or if it is
/// there already.
pub(crate) fn fill(numbers: Range<u32>) -> io::Result<()> {
    Ctnetlink::open()?.request_all(numbers.map(entry))
}

/// What is asked of the kernel: a message type of ctnetlink, flags beside those of every request, an address family
/// and attributes.
pub(crate) struct Request {
    pub(crate) message: u16,
    pub(crate) flags: u16,
    pub(crate) family: u8,
    pub(crate) attributes: Vec<u8>,
}

/// A socket to the table of the namespace in which it is opened.
pub(crate) struct Ctnetlink {
    socket: OwnedFd,
    sequence: u32,
}

impl Ctnetlink {
    pub(crate) fn open() -> io::Result<Self> {
        let socket = socket(
            AddressFamily::Netlink,
            SockType::Raw,
            SockFlag::SOCK_CLOEXEC,
            SockProtocol::NetlinkNetFilter,
        )?;
        connect(socket.as_raw_fd(), &NetlinkAddr::new(0, 0))?;
        setsockopt(&socket, sockopt::ReceiveTimeout, &TimeVal::seconds(10))?;
        Ok(Self { socket, sequence: 0 })
    }

    /// Sends many requests, some at a time.
    pub(crate) fn request_all(&mut self, requests: impl Iterator<Item = Request>) -> io::Result<()> {
        let mut requests = requests.peekable();
        while requests.peek().is_some() {
            let batch: Vec<_> = requests.by_ref().take(BATCH).collect();
            self.request(&batch)?;
        }
        Ok(())
    }

    /// Sends `requests` together. The kernel answers those that fail, and the last in any case.
    pub(crate) fn request(&mut self, requests: &[Request]) -> io::Result<()> {
        let mut messages = Vec::new();
        for (place, request) in requests.iter().enumerate() {
            self.sequence += 1;
            let ack = if place + 1 == requests.len() { NLM_F_ACK } else { 0 };
            messages.extend(message(request, ack, self.sequence));
        }
        send(self.socket.as_raw_fd(), &messages, MsgFlags::empty())?;
        let mut answer = [0; 8192];
        loop {
            let length = recv(self.socket.as_raw_fd(), &mut answer, MsgFlags::empty())?;
            if answered(answer.get(..length).unwrap_or_default())? == self.sequence {
                return Ok(());
            }
        }
    }
}

/// Which request an answer is to (`struct nlmsgerr` behind `struct nlmsghdr`).
fn answered(answer: &[u8]) -> io::Result<u32> {
    let word = |at: usize| answer.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
    let (Some(kind), Some(sequence), Some(error)) = (word(4), word(8), word(16)) else {
        return Err(io::Error::other("a cut answer from the kernel"));
    };
    if u32::from_ne_bytes(kind) & 0xffff != u32::from(NLMSG_ERROR) {
        return Err(io::Error::other("an unexpected answer from the kernel"));
    }
    match i32::from_ne_bytes(error) {
        0 => Ok(u32::from_ne_bytes(sequence)),
        error => Err(io::Error::from_raw_os_error(-error)),
    }
}

/// `struct nlmsghdr`, `struct nfgenmsg`, attributes.
fn message(request: &Request, ack: u16, sequence: u32) -> Vec<u8> {
    let length = u32::try_from(20 + request.attributes.len()).unwrap_or(u32::MAX);
    let kind = NFNL_SUBSYS_CTNETLINK << 8 | request.message;
    let mut message = Vec::new();
    message.extend(length.to_ne_bytes());
    message.extend(kind.to_ne_bytes());
    message.extend((NLM_F_REQUEST | request.flags | ack).to_ne_bytes());
    message.extend(sequence.to_ne_bytes());
    message.extend([0; 4]);
    message.extend([request.family, 0, 0, 0]);
    message.extend(&request.attributes);
    message
}

/// The client and the server of a connection, each with its port.
pub(crate) fn ends(number: u32) -> (End, End) {
    let (client, rest) = (number % CLIENTS, number / CLIENTS);
    let (port, server) = (rest % PORTS, rest / PORTS);
    let client = (Ipv4Addr::from_bits(Ipv4Addr::new(192, 168, 8, 100).to_bits() + client), port + 1024);
    (client, (Ipv4Addr::from_bits(Ipv4Addr::new(198, 51, 100, 1).to_bits() + server), 443))
}

fn entry(number: u32) -> Request {
    let (client, server) = ends(number);
    let state = attribute(CTA_PROTOINFO_TCP, &attribute(1, &[ESTABLISHED]));
    let attributes = [
        tuple(CTA_TUPLE_ORIG, client, server),
        tuple(CTA_TUPLE_REPLY, server, client),
        attribute(CTA_STATUS, &STATUS.to_be_bytes()),
        attribute(CTA_TIMEOUT, &TIMEOUT.to_be_bytes()),
        attribute(CTA_PROTOINFO, &state),
    ];
    let family = u8::try_from(nix::libc::AF_INET).unwrap_or_default();
    Request {
        message: IPCTNL_MSG_CT_NEW,
        flags: NLM_F_CREATE | NLM_F_EXCL,
        family,
        attributes: attributes.concat(),
    }
}

pub(crate) fn tuple(kind: u16, source: End, destination: End) -> Vec<u8> {
    let port = |port: u32| u16::try_from(port).unwrap_or(u16::MAX).to_be_bytes();
    let addresses = [attribute(1, &source.0.octets()), attribute(2, &destination.0.octets())];
    let ports = [attribute(1, &[TCP]), attribute(2, &port(source.1)), attribute(3, &port(destination.1))];
    let both = [attribute(CTA_TUPLE_IP, &addresses.concat()), attribute(CTA_TUPLE_PROTO, &ports.concat())];
    attribute(kind, &both.concat())
}

/// `struct nlattr` and its value, filled up to a multiple of four.
fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(4 + value.len()).unwrap_or(u16::MAX);
    let mut attribute = [length.to_ne_bytes(), kind.to_ne_bytes()].concat();
    attribute.extend(value);
    attribute.resize(attribute.len().next_multiple_of(4), 0);
    attribute
}
