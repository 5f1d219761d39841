//! Asking the kernel for its neighbours: a plain dump over rtnetlink(7), which any user may have.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::AsRawFd;

use nix::errno::Errno;
use nix::libc;
use nix::net::if_::if_nameindex;
use nix::sys::socket::sockopt::ReceiveTimeout;
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, recvfrom, sendto, setsockopt,
    socket,
};
use nix::sys::time::TimeVal;

use super::{AT_MOST, Neighbour, Numbered, parse_message};

/// `NLMSG_HDRLEN`: length, type, flags, sequence and port of a message.
const HEADER: usize = 16;
/// `struct ndmsg`.
const QUERY: usize = 12;
/// The kernel fills a datagram of a dump up to this (`netlink_dump()` in `af_netlink.c`).
const DATAGRAM: usize = 32 * 1024;
/// How many datagrams are awaited at most.
const DATAGRAMS_AT_MOST: usize = 4096;
/// How long the kernel may take for each.
const PATIENCE: TimeVal = TimeVal::new(1, 0);
/// Marks the question and its answers.
const SEQUENCE: u32 = 1;
/// How often a dump is tried that the kernel interrupts because the table changed meanwhile.
const TRIES: usize = 2;

/// Reads the kernel's neighbours, at most [`AT_MOST`].
pub fn read_live() -> io::Result<Vec<Neighbour>> {
    for _ in 0..TRIES {
        if let Some(found) = dump()? {
            let names = interface_names()?;
            return Ok(found.into_iter().filter_map(|found| with_name(found, &names)).collect());
        }
    }
    Err(io::Error::other("the neighbour table kept changing while it was read"))
}

fn interface_names() -> io::Result<BTreeMap<u32, String>> {
    let interfaces = if_nameindex()?;
    Ok(interfaces.iter().map(|found| (found.index(), found.name().to_string_lossy().into_owned())).collect())
}

/// An interface without a name went away meanwhile.
fn with_name(found: Numbered, names: &BTreeMap<u32, String>) -> Option<Neighbour> {
    let interface = names.get(&found.interface)?.clone();
    Some(Neighbour { address: found.address, interface, mac: found.mac })
}

/// One dump; `None` if it is not of one moment.
fn dump() -> io::Result<Option<Vec<Numbered>>> {
    let flags = SockFlag::SOCK_CLOEXEC;
    let socket = socket(AddressFamily::Netlink, SockType::Raw, flags, SockProtocol::NetlinkRoute)?;
    setsockopt(&socket, ReceiveTimeout, &PATIENCE)?;
    sendto(socket.as_raw_fd(), &question(), &NetlinkAddr::new(0, 0), MsgFlags::empty())?;
    let mut answer = Answer::default();
    let mut buffer = vec![0; DATAGRAM];
    for _ in 0..DATAGRAMS_AT_MOST {
        let (length, sender) = match recvfrom::<NetlinkAddr>(socket.as_raw_fd(), &mut buffer) {
            Err(Errno::EINTR) => continue,
            Err(Errno::EAGAIN) => return Err(io::ErrorKind::TimedOut.into()),
            received => received?,
        };
        // Other processes may write here as well; the kernel's port is 0.
        if sender.is_none_or(|sender| sender.pid() != 0) {
            continue;
        }
        if answer.take(buffer.get(..length).unwrap_or_default())? {
            return Ok(answer.whole.then_some(answer.found));
        }
    }
    Err(io::Error::other("the kernel doesn't come to an end with its neighbours"))
}

/// `RTM_GETNEIGH` for every family.
fn question() -> Vec<u8> {
    let length = u32::try_from(HEADER + QUERY).unwrap_or_default();
    let flags = u16::try_from(libc::NLM_F_REQUEST | libc::NLM_F_DUMP).unwrap_or_default();
    let mut question = Vec::with_capacity(HEADER + QUERY);
    question.extend(length.to_ne_bytes());
    question.extend(libc::RTM_GETNEIGH.to_ne_bytes());
    question.extend(flags.to_ne_bytes());
    question.extend(SEQUENCE.to_ne_bytes());
    question.resize(HEADER + QUERY, 0);
    question
}

/// What the kernel answered so far.
#[derive(Debug)]
struct Answer {
    found: Vec<Numbered>,
    whole: bool,
}

impl Default for Answer {
    fn default() -> Self {
        Self { found: Vec::new(), whole: true }
    }
}

impl Answer {
    /// Takes a datagram in; true at the end of the dump, or when there is enough.
    fn take(&mut self, mut datagram: &[u8]) -> io::Result<bool> {
        while !datagram.is_empty() {
            let (message, rest) = split_message(datagram).ok_or(io::ErrorKind::InvalidData)?;
            datagram = rest;
            if message.sequence != SEQUENCE {
                continue;
            }
            self.whole &= message.flags & libc::NLM_F_DUMP_INTR == 0;
            match i32::from(message.kind) {
                libc::NLMSG_DONE | libc::NLMSG_ERROR => {
                    // Zero or more is no error: an acknowledgement, or the length of what was dumped.
                    let code = message.payload.first_chunk().map_or(0, |bytes| i32::from_ne_bytes(*bytes));
                    let error = code.saturating_neg();
                    return if error > 0 { Err(io::Error::from_raw_os_error(error)) } else { Ok(true) };
                }
                libc::NLMSG_OVERRUN => self.whole = false,
                kind if kind == i32::from(libc::RTM_NEWNEIGH) => {
                    self.found.extend(parse_message(message.payload));
                }
                _ => {}
            }
            if self.found.len() >= AT_MOST {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// `struct nlmsghdr` and what it heads.
struct Message<'a> {
    kind: u16,
    flags: i32,
    sequence: u32,
    payload: &'a [u8],
}

/// The first message of a datagram, and the others.
fn split_message(datagram: &[u8]) -> Option<(Message<'_>, &[u8])> {
    let (header, _) = datagram.split_first_chunk::<HEADER>()?;
    let [l0, l1, l2, l3, k0, k1, f0, f1, s0, s1, s2, s3, ..] = *header;
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
    use crate::devices::mac::Mac;
    use proptest::prelude::*;

    fn message(kind: u16, flags: u16, sequence: u32, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(HEADER + payload.len()).unwrap();
        let mut message = [&length.to_ne_bytes()[..], &kind.to_ne_bytes(), &flags.to_ne_bytes()].concat();
        message.extend([&sequence.to_ne_bytes()[..], &[0; 4], payload].concat());
        message.resize(message.len().next_multiple_of(4), 0);
        message
    }

    fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
        let length = u16::try_from(4 + value.len()).unwrap();
        let mut attribute = [&length.to_ne_bytes()[..], &kind.to_ne_bytes(), value].concat();
        attribute.resize(attribute.len().next_multiple_of(4), 0);
        attribute
    }

    /// 192.168.8.5 behind interface 7, which is in reach.
    fn neighbour() -> Vec<u8> {
        let mut payload = vec![2, 0, 0, 0];
        payload.extend(7u32.to_ne_bytes());
        payload.extend([&2u16.to_ne_bytes()[..], &[0, 1]].concat());
        payload.extend([attribute(1, &[192, 168, 8, 5]), attribute(2, &[2, 0, 0, 0, 0, 0x11])].concat());
        message(libc::RTM_NEWNEIGH, 2, SEQUENCE, &payload)
    }

    fn done(flags: u16, code: i32) -> Vec<u8> {
        message(3, flags, SEQUENCE, &code.to_ne_bytes())
    }

    const INTERRUPTED: u16 = 0x10;

    #[test]
    fn a_dump_is_taken_in() {
        let mut answer = Answer::default();
        let foreign = message(libc::RTM_NEWNEIGH, 2, SEQUENCE + 1, &neighbour()[HEADER..]);
        let noop = message(1, 0, SEQUENCE, b"");
        assert!(!answer.take(&[neighbour(), foreign, noop].concat()).unwrap());
        assert!(!answer.take(b"").unwrap());
        assert!(answer.take(&[neighbour(), done(2, 0), neighbour()].concat()).unwrap());
        let expected =
            Numbered { address: [192, 168, 8, 5].into(), interface: 7, mac: Mac([2, 0, 0, 0, 0, 0x11]) };
        assert_eq!(answer.found, [expected; 2]);
        assert!(answer.whole);
    }

    #[test]
    fn errors_and_interruptions() {
        let take = |datagram: &[u8]| {
            let mut answer = Answer::default();
            let ended = answer.take(datagram);
            (ended.map_err(|error| error.raw_os_error()), answer.whole)
        };
        assert_eq!(take(&message(2, 0, SEQUENCE, &(-libc::EPERM).to_ne_bytes())).0, Err(Some(libc::EPERM)));
        assert_eq!(take(&done(2, -libc::EINVAL)).0, Err(Some(libc::EINVAL)));
        assert!(take(&done(2, i32::MIN)).0.is_err());
        assert_eq!(take(&message(3, 0, SEQUENCE, b"")), (Ok(true), true));
        assert_eq!(take(&done(2 | INTERRUPTED, 0)), (Ok(true), false));
        let interrupted = message(libc::RTM_NEWNEIGH, 2 | INTERRUPTED, SEQUENCE, &neighbour()[HEADER..]);
        assert_eq!(take(&[interrupted, done(2, 0)].concat()), (Ok(true), false));
        assert_eq!(take(&message(4, 0, SEQUENCE, b"")), (Ok(false), false), "overrun");
    }

    #[test]
    fn a_length_that_lies() {
        for length in [0u32, 15, 1_000, u32::MAX] {
            let mut datagram = neighbour();
            datagram[..4].copy_from_slice(&length.to_ne_bytes());
            assert!(Answer::default().take(&datagram).is_err(), "{length}");
        }
        for length in 1..neighbour().len() {
            let mut answer = Answer::default();
            assert!(answer.take(&neighbour()[..length]).is_err() || answer.found.len() == 1, "{length}");
        }
    }

    #[test]
    fn there_may_be_too_many() {
        let mut answer = Answer::default();
        assert!(answer.take(&neighbour().repeat(AT_MOST + 1)).unwrap());
        assert_eq!(answer.found.len(), AT_MOST);
    }

    #[test]
    fn names_of_interfaces() {
        let names = BTreeMap::from([(7, "br-lan".to_owned())]);
        let found = Numbered { address: [192, 168, 8, 5].into(), interface: 7, mac: Mac([2; 6]) };
        assert_eq!(with_name(found, &names).unwrap().interface, "br-lan");
        assert_eq!(with_name(Numbered { interface: 8, ..found }, &names), None);
    }

    #[test]
    fn reads_this_machine() {
        let found = read_live().unwrap();
        let known: Vec<String> = interface_names().unwrap().into_values().collect();
        assert!(known.contains(&"lo".to_owned()));
        assert!(found.iter().all(|neighbour| known.contains(&neighbour.interface)));
    }

    proptest! {
        #[test]
        fn never_panics(datagram: Vec<u8>, kind in 0..32u16, flags: u16, payload: Vec<u8>) {
            let _ = Answer::default().take(&datagram);
            let datagram = [message(kind, flags, SEQUENCE, &payload), datagram].concat();
            let _ = Answer::default().take(&datagram);
        }
    }
}
