//! A dump over netlink(7): one request, and the kernel's messages up to its last.
//!
//! What is asked and what the messages mean is the business of whoever asks. Only ever used for questions.

#[cfg(test)]
pub(crate) mod test_message;

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::sockopt::ReceiveTimeout;
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, connect, recv, send, setsockopt,
    socket,
};
use nix::sys::time::TimeVal;

/// `struct nlmsghdr`: length, type, flags, sequence and port of a message.
const HEADER: usize = 16;
/// The kernel fills a datagram of a dump up to this (`netlink_dump()` in `af_netlink.c`).
const DATAGRAM: usize = 32 * 1024;
/// How long the kernel may take for a datagram. It makes each while it hands out the one before.
const RECEIVE_TIMEOUT: TimeVal = TimeVal::new(0, 200_000);
/// Marks the request and its answers: a socket asks once.
const SEQUENCE: u32 = 1;

/// A dump that was asked for.
#[derive(Debug)]
pub struct Dump {
    socket: OwnedFd,
    buffer: Box<[u8]>,
}

impl Dump {
    /// Asks `protocol` for a dump: a message of the type `kind` with this payload.
    pub fn request(protocol: SockProtocol, kind: u16, payload: &[u8]) -> io::Result<Self> {
        let socket = socket(AddressFamily::Netlink, SockType::Raw, SockFlag::SOCK_CLOEXEC, protocol)?;
        // To the kernel, port 0: nobody else's messages come in.
        connect(socket.as_raw_fd(), &NetlinkAddr::new(0, 0))?;
        setsockopt(&socket, ReceiveTimeout, &RECEIVE_TIMEOUT)?;
        send(socket.as_raw_fd(), &request_message(kind, payload), MsgFlags::empty())?;
        Ok(Self { socket, buffer: vec![0; DATAGRAM].into_boxed_slice() })
    }

    /// Receives once and hands type and payload of every message to `each`; whether there is more.
    ///
    /// An error means that the dump is not whole: the kernel refused it ([`io::Error::raw_os_error`]), lost part of it
    /// or saw its table change ([`DumpError`]).
    pub fn step(&mut self, each: &mut impl FnMut(u16, &[u8])) -> io::Result<bool> {
        // With MSG_TRUNC the length is that of the datagram, however much of it there was room for.
        match recv(self.socket.as_raw_fd(), &mut self.buffer, MsgFlags::MSG_TRUNC) {
            Ok(length) => parse_datagram(self.buffer.get(..length).ok_or(DumpError::Truncated)?, each),
            Err(Errno::EINTR) => Ok(true),
            Err(Errno::EAGAIN) => Err(DumpError::TimedOut.into()),
            Err(errno) => Err(errno.into()),
        }
    }
}

/// What keeps a dump from being whole, errors of the kernel's own aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DumpError {
    /// The table changed while it was read (`NLM_F_DUMP_INTR`).
    #[error("the table changed while the kernel dumped it")]
    Interrupted,
    /// The kernel lost messages (`NLMSG_OVERRUN`).
    #[error("the kernel lost a part of its dump")]
    Overrun,
    /// A message is cut, or its length lies.
    #[error("a message of the kernel's dump is cut")]
    Truncated,
    /// The kernel stopped answering.
    #[error("the kernel stopped in the middle of its dump")]
    TimedOut,
}

impl From<DumpError> for io::Error {
    fn from(error: DumpError) -> Self {
        Self::other(error)
    }
}

/// `struct nlmsghdr` and the payload, as the kernel wants a dump to be asked for.
fn request_message(kind: u16, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(HEADER + payload.len()).unwrap_or_default();
    let flags = u16::try_from(libc::NLM_F_REQUEST | libc::NLM_F_DUMP).unwrap_or_default();
    let mut message = Vec::with_capacity(HEADER + payload.len());
    message.extend(length.to_ne_bytes());
    message.extend(kind.to_ne_bytes());
    message.extend(flags.to_ne_bytes());
    message.extend(SEQUENCE.to_ne_bytes());
    message.extend([0; 4]);
    message.extend(payload);
    message
}

/// Hands type and payload of every message of a datagram to `each`; false at the end of the dump. Errors as for
/// [`Dump::step`].
pub fn parse_datagram(mut datagram: &[u8], each: &mut impl FnMut(u16, &[u8])) -> io::Result<bool> {
    while !datagram.is_empty() {
        let (message, rest) = split_message(datagram).ok_or(DumpError::Truncated)?;
        datagram = rest;
        if message.sequence != SEQUENCE {
            continue;
        }
        if message.flags & libc::NLM_F_DUMP_INTR != 0 {
            return Err(DumpError::Interrupted.into());
        }
        match i32::from(message.kind) {
            libc::NLMSG_DONE | libc::NLMSG_ERROR => return final_status(message.payload),
            libc::NLMSG_OVERRUN => return Err(DumpError::Overrun.into()),
            libc::NLMSG_NOOP => {}
            _ => each(message.kind, message.payload),
        }
    }
    Ok(true)
}

/// The last message carries an error, negative. Zero or more is none: an acknowledgement, or a length.
fn final_status(payload: &[u8]) -> io::Result<bool> {
    let code = payload.first_chunk().map_or(0, |bytes| i32::from_ne_bytes(*bytes));
    match code.saturating_neg() {
        error @ 1.. => Err(io::Error::from_raw_os_error(error)),
        _ => Ok(false),
    }
}

/// One message: `struct nlmsghdr` and the payload behind it.
struct Message<'a> {
    kind: u16,
    flags: i32,
    sequence: u32,
    payload: &'a [u8],
}

/// The first message of a datagram, and the others.
fn split_message(datagram: &[u8]) -> Option<(Message<'_>, &[u8])> {
    let [l0, l1, l2, l3, k0, k1, f0, f1, s0, s1, s2, s3, ..] = *datagram.first_chunk::<HEADER>()?;
    let length = usize::try_from(u32::from_ne_bytes([l0, l1, l2, l3])).ok()?;
    let message = Message {
        kind: u16::from_ne_bytes([k0, k1]),
        flags: i32::from(u16::from_ne_bytes([f0, f1])),
        sequence: u32::from_ne_bytes([s0, s1, s2, s3]),
        payload: datagram.get(HEADER..length)?,
    };
    // The last one may do without the padding to a multiple of four.
    let rest = length.checked_next_multiple_of(4).and_then(|next| datagram.get(next..));
    Some((message, rest.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn message(kind: i32, flags: u16, sequence: u32, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(HEADER + payload.len()).unwrap();
        let kind = u16::try_from(kind).unwrap();
        let mut message = [&length.to_ne_bytes()[..], &kind.to_ne_bytes(), &flags.to_ne_bytes()].concat();
        message.extend([&sequence.to_ne_bytes()[..], &[0; 4], payload].concat());
        message.resize(message.len().next_multiple_of(4), 0);
        message
    }

    /// Whether there is more, or the error; and what was handed out.
    type Parsed = (Result<bool, String>, Vec<(u16, Vec<u8>)>);

    fn parsed(datagram: &[u8]) -> Parsed {
        let mut messages = Vec::new();
        let ended = parse_datagram(datagram, &mut |kind, payload| messages.push((kind, payload.to_vec())));
        (ended.map_err(|error| error.to_string()), messages)
    }

    fn done(code: i32) -> Vec<u8> {
        message(libc::NLMSG_DONE, 2, SEQUENCE, &code.to_ne_bytes())
    }

    const INTERRUPTED: u16 = 0x10;

    #[test]
    fn messages_up_to_the_last() {
        let ours = message(28, 2, SEQUENCE, b"a payload");
        let foreign = message(28, 2, SEQUENCE + 1, b"not for us");
        let noop = message(libc::NLMSG_NOOP, 0, SEQUENCE, b"");
        let payload = (28, b"a payload".to_vec());
        assert_eq!(parsed(&[ours.clone(), foreign, noop].concat()), (Ok(true), vec![payload.clone()]));
        assert_eq!(parsed(b""), (Ok(true), vec![]));
        assert_eq!(parsed(&[ours.clone(), done(0), ours.clone()].concat()), (Ok(false), vec![payload]));
        assert_eq!(parsed(&message(libc::NLMSG_DONE, 0, SEQUENCE, b"")).0, Ok(false));
        let unpadded = &ours[..HEADER + 9];
        assert_eq!(parsed(unpadded).1.len(), 1);
    }

    #[test]
    fn errors_and_interruptions() {
        let refused = |errno: i32| Err(io::Error::from_raw_os_error(errno).to_string());
        let error = message(libc::NLMSG_ERROR, 0, SEQUENCE, &(-libc::EPERM).to_ne_bytes());
        assert_eq!(parsed(&error).0, refused(libc::EPERM));
        assert_eq!(parsed(&done(-libc::EINVAL)).0, refused(libc::EINVAL));
        assert!(parsed(&done(i32::MIN)).0.is_err());
        let incomplete = |datagram: &[u8]| parsed(datagram).0.unwrap_err();
        let interrupted = message(28, 2 | INTERRUPTED, SEQUENCE, b"");
        assert_eq!(incomplete(&[interrupted, done(0)].concat()), DumpError::Interrupted.to_string());
        let at_last = message(libc::NLMSG_DONE, INTERRUPTED, SEQUENCE, &[0; 4]);
        assert_eq!(incomplete(&at_last), DumpError::Interrupted.to_string());
        let overrun = message(libc::NLMSG_OVERRUN, 0, SEQUENCE, b"");
        assert_eq!(incomplete(&overrun), DumpError::Overrun.to_string());
    }

    #[test]
    fn a_length_that_lies() {
        let whole = message(28, 2, SEQUENCE, &[7; 8]);
        for length in [0u32, 15, 1_000, u32::MAX] {
            let mut datagram = whole.clone();
            datagram[..4].copy_from_slice(&length.to_ne_bytes());
            assert_eq!(parsed(&datagram).0, Err(DumpError::Truncated.to_string()), "{length}");
        }
        for length in 1..whole.len() {
            assert_eq!(parsed(&whole[..length]).0, Err(DumpError::Truncated.to_string()), "{length}");
        }
    }

    #[test]
    fn a_refusal_of_this_kernel() {
        // No message of rtnetlink has this number.
        let mut dump = Dump::request(SockProtocol::NetlinkRoute, 0xfff0, &[0; 4]).unwrap();
        assert!(dump.step(&mut |_, _| panic!("an answer")).unwrap_err().raw_os_error().is_some());
    }

    proptest! {
        #[test]
        fn never_panics(datagram: Vec<u8>, kind in 0..32, flags: u16, payload: Vec<u8>) {
            let _ = parsed(&datagram);
            let _ = parsed(&[message(kind, flags, SEQUENCE, &payload), datagram].concat());
        }
    }
}
