//! Sockets of TCP as messages: a dump over `sock_diag(7)`, as the kernel's `inet_diag_dump_icsk()` sends it.
//!
//! It takes no capability. A kernel without `INET_DIAG`, as OpenWrt's is without the package kmod-inet-diag, refuses:
//! at once, before it has shown a socket. It is a dump for each family, and not of one moment: what a datagram is full
//! of is shown, then sockets may come and go. The kernel doesn't mark that (`NLM_F_DUMP_INTR`).

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use netlink_packet_core::NlasIterator;
use nix::libc;
use nix::sys::socket::SockProtocol;

use super::tcp_info;
use super::{Details, Socket, SocketMemory, TcpState, Timer, TimerKind, Transport};
use crate::netlink::Dump;

/// `SOCK_DIAG_BY_FAMILY` of `linux/sock_diag.h`: the request and every answer.
const BY_FAMILY: u16 = 20;
/// `AF_INET` and `AF_INET6` of `linux/socket.h`, as both structures have them.
const INET: u8 = 2;
const INET6: u8 = 10;
/// `IPPROTO_TCP`.
const TCP: u8 = 6;
/// States 1 to 12. Those that are bound and nothing else, a 13th since Linux 6.8, `/proc/net/tcp` doesn't have either.
const EVERY_STATE: u32 = 0x1ffe;
/// `struct inet_diag_req_v2`.
const REQUEST: usize = 56;
/// `struct inet_diag_msg`.
const MESSAGE: usize = 72;

/// Attributes by the numbers of `linux/inet_diag.h`.
const INET_DIAG_INFO: u16 = 2;
const INET_DIAG_SKMEMINFO: u16 = 7;

/// What is asked for beside the socket itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    /// Nothing.
    Plain,
    /// How connections fare, and what is stored for them.
    Everything,
}

/// Why sockets were not shown.
#[derive(Debug)]
pub(super) enum DiagError {
    /// The kernel has no `INET_DIAG`, or this program may not ask; no socket was shown.
    Unavailable(io::Error),
    /// It broke off. Sockets may have been shown.
    Broken(io::Error),
}

/// Hands every socket of TCP to `each`, and gives the number of messages that can't be understood.
pub(super) fn read(ask: Ask, each: &mut dyn FnMut(&Socket)) -> Result<u64, DiagError> {
    let (mut skipped, mut shown) = (0, false);
    let mut take = |kind: u16, payload: &[u8]| {
        if kind != BY_FAMILY {
            return;
        }
        shown = true;
        match parse(payload) {
            Some(socket) => each(&socket),
            None => skipped += 1,
        }
    };
    let read = [INET6, INET].into_iter().try_for_each(|family| dump(family, ask, &mut take));
    match read {
        Ok(()) => Ok(skipped),
        Err(error) if !shown && is_unknown_to_the_kernel(&error) => Err(DiagError::Unavailable(error)),
        Err(error) => Err(DiagError::Broken(error)),
    }
}

fn dump(family: u8, ask: Ask, take: &mut impl FnMut(u16, &[u8])) -> io::Result<()> {
    let mut dump = Dump::request(SockProtocol::NetlinkSockDiag, BY_FAMILY, &request(family, ask))?;
    while dump.step(take)? {}
    Ok(())
}

/// `struct inet_diag_req_v2`: family, protocol, what is wanted besides, states, and no socket in particular.
fn request(family: u8, ask: Ask) -> [u8; REQUEST] {
    let wanted = match ask {
        Ask::Plain => 0,
        Ask::Everything => 1 << (INET_DIAG_INFO - 1) | 1 << (INET_DIAG_SKMEMINFO - 1),
    };
    let mut request = [0; REQUEST];
    let [s0, s1, s2, s3] = EVERY_STATE.to_ne_bytes();
    if let Some(beginning) = request.first_chunk_mut() {
        *beginning = [family, TCP, wanted, 0, s0, s1, s2, s3];
    }
    request
}

/// Without the module `inet_diag` netlink or `sock_diag` doesn't know what is asked (`EPROTONOSUPPORT`, `ENOENT`,
/// `EINVAL`), without `tcp_diag` `inet_diag` doesn't (`ENOENT`).
fn is_unknown_to_the_kernel(error: &io::Error) -> bool {
    let refusals = [
        libc::EPROTONOSUPPORT,
        libc::EAFNOSUPPORT,
        libc::EOPNOTSUPP,
        libc::ENOENT,
        libc::EINVAL,
        libc::EPERM,
        libc::EACCES,
    ];
    error.raw_os_error().is_some_and(|error| refusals.contains(&error))
}

/// Understands the payload of a message: `struct inet_diag_msg` and attributes; `None` for one that is broken. Of an
/// attribute that stands there twice the last counts.
pub fn parse(payload: &[u8]) -> Option<Socket> {
    let (message, attributes) = payload.split_first_chunk::<MESSAGE>()?;
    let [family, state, timer, retransmits, message @ ..] = message;
    let state = TcpState::of(*state)?;
    let mut fields = Fields(message);
    let ports = [fields.take()?, fields.take()?].map(u16::from_be_bytes);
    let addresses = [fields.take()?, fields.take()?].map(|bytes| address(*family, bytes));
    let _interface = fields.number()?;
    let cookie = u64::from(fields.number()?) | u64::from(fields.number()?) << 32;
    let expires_ms = fields.number()?;
    let (receive_queue, send_queue) = (fields.number()?, fields.number()?);
    let (uid, inode) = (fields.number()?, fields.number()?);
    let timer = TimerKind::of(*timer);
    let timer = timer.map(|kind| Timer { kind, expires_ms, retransmits: *retransmits });
    let mut details = Details { cookie, timer, ..Details::default() };
    for attribute in NlasIterator::new(attributes) {
        let attribute = attribute.ok()?;
        match (attribute.kind(), attribute.value()) {
            // Of one that listens it has the queue and the backlog in other fields, and no connection's figures.
            (INET_DIAG_INFO, value) if state != TcpState::Listen => details.tcp = tcp_info::parse(value),
            (INET_DIAG_SKMEMINFO, value) => details.memory = memory(value),
            _ => {}
        }
    }
    let [local, remote] = addresses;
    Some(Socket {
        transport: Transport::Tcp,
        state,
        local: SocketAddr::new(local?, ports[0]),
        remote: SocketAddr::new(remote?, ports[1]),
        receive_queue,
        send_queue,
        uid,
        inode: inode.into(),
        details: Some(details),
    })
}

/// What of a structure is still to be read.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (field, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*field)
    }

    fn number(&mut self) -> Option<u32> {
        self.take().map(u32::from_ne_bytes)
    }
}

/// An address of IPv4 is in the first of four words.
fn address(family: u8, bytes: [u8; 16]) -> Option<IpAddr> {
    match family {
        INET => bytes.first_chunk::<4>().map(|bytes| Ipv4Addr::from(*bytes).into()),
        INET6 => Some(Ipv6Addr::from(bytes).into()),
        _ => None,
    }
}

impl TimerKind {
    /// `idiag_timer`, as `inet_sk_diag_fill()` sets it; 0 is none.
    const fn of(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Retransmit),
            2 => Some(Self::KeepAlive),
            3 => Some(Self::TimeWait),
            4 => Some(Self::Probe),
            _ => None,
        }
    }
}

/// `SK_MEMINFO_*` of `linux/sock_diag.h` in their order; the last came later (Linux 4.7).
fn memory(value: &[u8]) -> Option<SocketMemory> {
    let mut fields = Fields(value);
    let mut next = || fields.number();
    Some(SocketMemory {
        receive: next()?,
        receive_limit: next()?,
        transmit: next()?,
        transmit_limit: next()?,
        forward: next()?,
        queued: next()?,
        options: next()?,
        backlog: next()?,
        drops: next().unwrap_or_default(),
    })
}

#[cfg(test)]
pub(crate) mod tests;
