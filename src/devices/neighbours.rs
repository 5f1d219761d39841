//! The neighbour tables: which MAC answers at which address.
//!
//! They know what no lease does: addresses that devices gave themselves. Live they come from the kernel, of a replayed
//! router from a text in the form that `ip neigh` prints.

mod live;

use std::fs;
use std::io;
use std::net::IpAddr;

use netlink_packet_core::Parseable;
use netlink_packet_route::neighbour::{NeighbourAddress, NeighbourAttribute, NeighbourMessage};

use super::lines::{self, Unreadable, numbered};
use super::mac::Mac;
use crate::root::Root;

pub use live::read_live;

/// Where a replayed router's `ip neigh` output lies.
pub const REPLAYED: &str = "/ip-neigh";

/// How many neighbours are read at most.
pub const AT_MOST: usize = 16_384;

/// `NUD_INCOMPLETE`, `NUD_FAILED` and `NUD_NOARP` of `linux/neighbour.h`: nobody answered, or nobody was asked.
const WITHOUT_ANSWER: u16 = 0x01 | 0x20 | 0x40;

/// Somebody who answers at an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Neighbour {
    /// Where.
    pub address: IpAddr,
    /// The interface behind which it is.
    pub interface: String,
    /// Identity.
    pub mac: Mac,
}

/// A neighbour as the kernel's message has it: with the number of its interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbered {
    /// Where.
    pub address: IpAddr,
    /// The interface's index.
    pub interface: u32,
    /// Identity.
    pub mac: Mac,
}

/// What a line of `ip neigh` says.
struct Printed<'a> {
    address: IpAddr,
    interface: &'a str,
    mac: Option<Mac>,
    answers: bool,
}

/// Reads the neighbours of the router below `root`; a replayed one need not have any.
pub fn read(root: &Root) -> io::Result<Vec<Neighbour>> {
    if root.is_live() {
        return read_live();
    }
    match fs::read(root.path(REPLAYED)) {
        Ok(text) => Ok(parse_text(&text).filter_map(Result::ok).collect()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// Understands what `ip neigh` prints, the first [`AT_MOST`]; entries without an answer are passed over.
pub fn parse_text(text: &[u8]) -> impl Iterator<Item = Result<Neighbour, Unreadable>> {
    let lines = numbered(text).filter(|(_, line)| !line.trim_ascii().is_empty());
    let found = lines.filter_map(|(line, text)| match parse_line(text) {
        Some(printed) => printed.neighbour().map(Ok),
        None => Some(Err(Unreadable { line })),
    });
    found.take(AT_MOST)
}

/// An address, pairs of a word and its value in any order, flags, and at the end the state.
fn parse_line(line: &[u8]) -> Option<Printed<'_>> {
    let line = std::str::from_utf8(line).ok()?;
    let mut words = line.split_ascii_whitespace();
    let address = lines::address(words.next()?.as_bytes())?;
    let (mut interface, mut mac, mut answers) = (None, None, true);
    while let Some(word) = words.next() {
        match word {
            "dev" => interface = Some(words.next()?),
            // Those of tunnels are of other lengths, and no MACs.
            "lladdr" => mac = Mac::parse(words.next()?.as_bytes()),
            "NOARP" | "FAILED" | "INCOMPLETE" => answers = false,
            _ => {}
        }
    }
    Some(Printed { address, interface: interface?, mac, answers })
}

impl Printed<'_> {
    fn neighbour(self) -> Option<Neighbour> {
        let mac = self.mac.filter(|_| self.answers)?;
        Some(Neighbour { address: self.address, interface: self.interface.to_owned(), mac })
    }
}

/// Understands the payload of an `RTM_NEWNEIGH`; `None` for one that is broken, or of nobody who has a MAC, an IP
/// address, and answers.
pub fn parse_message(payload: &[u8]) -> Option<Numbered> {
    let message = NeighbourMessage::parse(payload).ok()?;
    if u16::from(message.header.state) & WITHOUT_ANSWER != 0 {
        return None;
    }
    let (mut address, mut mac) = (None, None);
    for attribute in message.attributes {
        match attribute {
            NeighbourAttribute::Destination(NeighbourAddress::Inet(v4)) => address = Some(IpAddr::V4(v4)),
            NeighbourAttribute::Destination(NeighbourAddress::Inet6(v6)) => address = Some(IpAddr::V6(v6)),
            NeighbourAttribute::LinkLayerAddress(octets) => mac = octets.try_into().ok().map(Mac),
            _ => {}
        }
    }
    Some(Numbered { address: address?, interface: message.header.ifindex, mac: mac? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use netlink_packet_core::Emitable;
    use netlink_packet_route::AddressFamily;
    use netlink_packet_route::neighbour::{NeighbourHeader, NeighbourState};
    use proptest::prelude::*;

    const PRINTED: &[u8] = b"203.0.113.1 dev kf-w0 lladdr 3a:61:64:cd:8c:65 STALE \n\
        192.168.8.50 dev br-lan FAILED \n\
        192.168.8.196 dev br-lan FAILED \n\
        192.168.8.102 dev br-lan lladdr 02:db:95:b6:86:e5 STALE \n\
        192.168.8.179 dev br-lan FAILED \n\
        192.168.8.101 dev br-lan lladdr c6:b0:fa:34:6f:f3 STALE \n\
        192.168.8.230 dev br-lan FAILED \n\
        fe80::c4b0:faff:fe34:6ff3 dev br-lan lladdr c6:b0:fa:34:6f:f3 STALE \n\
        2001:db8:ff::1 dev kf-w0 lladdr 3a:61:64:cd:8c:65 STALE \n\
        fe80::db:95ff:feb6:86e5 dev br-lan lladdr 02:db:95:b6:86:e5 STALE \n\
        fe80::3861:64ff:fecd:8c65 dev kf-w0 lladdr 3a:61:64:cd:8c:65 STALE \n\
        fe80::ff:fe00:22 dev br-lan lladdr 02:00:00:00:00:22 STALE \n\
        fe80::ff:fe00:11 dev br-lan lladdr 02:00:00:00:00:11 STALE \n\
        fe80::ff:fe00:44 dev br-lan lladdr 02:00:00:00:00:44 STALE \n\
        2001:db8:aa:10::101 dev br-lan lladdr c6:b0:fa:34:6f:f3 STALE \n\
        fe80::ff:fe00:33 dev br-lan lladdr 02:00:00:00:00:33 STALE \n";

    fn shown(text: &[u8]) -> Vec<String> {
        let show = |found: Result<Neighbour, Unreadable>| match found {
            Ok(found) => format!("{} {} {}", found.address, found.interface, found.mac),
            Err(unreadable) => unreadable.to_string(),
        };
        parse_text(text).map(show).collect()
    }

    #[test]
    fn what_ip_neigh_prints() {
        let expected = [
            "203.0.113.1 kf-w0 3a:61:64:cd:8c:65",
            "192.168.8.102 br-lan 02:db:95:b6:86:e5",
            "192.168.8.101 br-lan c6:b0:fa:34:6f:f3",
            "fe80::c4b0:faff:fe34:6ff3 br-lan c6:b0:fa:34:6f:f3",
            "2001:db8:ff::1 kf-w0 3a:61:64:cd:8c:65",
            "fe80::db:95ff:feb6:86e5 br-lan 02:db:95:b6:86:e5",
            "fe80::3861:64ff:fecd:8c65 kf-w0 3a:61:64:cd:8c:65",
            "fe80::ff:fe00:22 br-lan 02:00:00:00:00:22",
            "fe80::ff:fe00:11 br-lan 02:00:00:00:00:11",
            "fe80::ff:fe00:44 br-lan 02:00:00:00:00:44",
            "2001:db8:aa:10::101 br-lan c6:b0:fa:34:6f:f3",
            "fe80::ff:fe00:33 br-lan 02:00:00:00:00:33",
        ];
        assert_eq!(shown(PRINTED), expected);
    }

    #[test]
    fn states_and_flags() {
        for (line, expected) in [
            (
                "10.0.0.1 dev a lladdr 02:00:00:00:00:01 router ref 1 used 0/0/0 probes 4 REACHABLE\r",
                Some("10.0.0.1"),
            ),
            ("10.0.0.1 dev a lladdr 02:00:00:00:00:01 PERMANENT", Some("10.0.0.1")),
            ("fe80::1 dev a lladdr 02:00:00:00:00:01 router extern_learn DELAY", Some("fe80::1")),
            ("10.0.0.1 dev a lladdr 02:00:00:00:00:01 NOARP", None),
            ("10.0.0.1 dev a lladdr 02:00:00:00:00:01 FAILED", None),
            ("10.0.0.1 dev a  INCOMPLETE", None),
            ("10.0.0.1 dev a proxy", None),
            ("10.0.0.1 dev gre1 lladdr 203.0.113.9 REACHABLE", None),
            ("", None),
        ] {
            let expected = expected.map(|address| format!("{address} a 02:00:00:00:00:01"));
            assert_eq!(shown(line.as_bytes()), Vec::from_iter(expected), "{line}");
        }
        for bad in [
            "nonsense",
            "10.0.0 dev a STALE",
            "10.0.0.1",
            "10.0.0.1 lladdr 02:00:00:00:00:01 STALE",
            "10.0.0.1 dev",
            "\u{fffd}",
        ] {
            assert_eq!(shown(bad.as_bytes()), ["line 1 can't be understood"], "{bad}");
        }
        assert_eq!(shown(b"\xff dev a"), ["line 1 can't be understood"]);
        let many = b"10.0.0.1 dev a lladdr 02:00:00:00:00:01 STALE\n".repeat(AT_MOST + 1);
        assert_eq!(parse_text(&many).count(), AT_MOST);
    }

    fn message(family: AddressFamily, state: NeighbourState, attributes: Vec<NeighbourAttribute>) -> Vec<u8> {
        let header = NeighbourHeader { family, ifindex: 7, state, ..NeighbourHeader::default() };
        let mut message = NeighbourMessage::default();
        (message.header, message.attributes) = (header, attributes);
        let mut payload = vec![0; message.buffer_len()];
        message.emit(&mut payload);
        payload
    }

    fn attributes(address: IpAddr, link: &[u8]) -> Vec<NeighbourAttribute> {
        vec![
            NeighbourAttribute::Destination(address.into()),
            NeighbourAttribute::LinkLayerAddress(link.to_vec()),
        ]
    }

    #[test]
    fn messages() {
        let (address, link) = (IpAddr::from([192, 168, 8, 5]), [2, 0, 0, 0, 0, 0x11]);
        let whole = message(AddressFamily::Inet, NeighbourState::Stale, attributes(address, &link));
        let expected = Numbered { address, interface: 7, mac: Mac(link) };
        assert_eq!(parse_message(&whole), Some(expected));
        for length in 0..whole.len() {
            assert_eq!(parse_message(&whole[..length]).filter(|found| *found != expected), None, "{length}");
        }
        let states = [
            (NeighbourState::Permanent, true),
            (NeighbourState::Noarp, false),
            (NeighbourState::Failed, false),
            (NeighbourState::Incomplete, false),
            (NeighbourState::Other(0x40 | 0x80), false),
        ];
        for (state, taken) in states {
            let payload = message(AddressFamily::Inet, state, attributes(address, &link));
            assert_eq!(parse_message(&payload).is_some(), taken, "{state}");
        }
        let link_of_a_tunnel =
            message(AddressFamily::Inet, NeighbourState::Stale, attributes(address, &link[..4]));
        assert_eq!(parse_message(&link_of_a_tunnel), None);
        let of_a_bridge = message(AddressFamily::Bridge, NeighbourState::Stale, attributes(address, &link));
        assert_eq!(parse_message(&of_a_bridge), None);
        let without_a_mac =
            message(AddressFamily::Inet, NeighbourState::Stale, attributes(address, &link)[..1].to_vec());
        assert_eq!(parse_message(&without_a_mac), None);
    }

    #[test]
    fn a_length_that_lies() {
        let address = IpAddr::from([192, 168, 8, 5]);
        let whole = message(AddressFamily::Inet, NeighbourState::Stale, attributes(address, &[2; 6]));
        for length in [0, 1, 3, 4, 5, 7, 9, 255, u16::MAX] {
            for at in [12, 20] {
                let mut payload = whole.clone();
                payload[at..at + 2].copy_from_slice(&length.to_ne_bytes());
                assert_eq!(parse_message(&payload), None, "{length} at {at}");
            }
        }
    }

    proptest! {
        #[test]
        fn never_panics(text: Vec<u8>, likely in "(10.0.0.1 |dev |lladdr |02:00:00:00:00:01 |[a-z:. \n]){0,20}") {
            for text in [text.as_slice(), likely.as_bytes()] {
                prop_assert!(parse_text(text).count() <= numbered(text).count());
                let _ = parse_message(text);
            }
        }

        #[test]
        fn changed_messages_never_panic(v6: [u8; 16], at in 0..48usize, byte: u8, length in 0..=48usize) {
            let mut payload = message(AddressFamily::Inet6, NeighbourState::Reachable, attributes(v6.into(), &[2; 6]));
            if let Some(old) = payload.get_mut(at) {
                *old = byte;
            }
            payload.truncate(length);
            let _ = parse_message(&payload);
        }

        #[test]
        fn a_neighbour_is_read_again(v6: [u8; 16], mac: [u8; 6], interface in "[a-z0-9.-]{1,15}") {
            let (address, mac) = (IpAddr::from(v6), Mac(mac));
            let text = format!("{address} dev {interface} lladdr {mac} router STALE ");
            let expected = Neighbour { address, interface, mac };
            prop_assert_eq!(parse_text(text.as_bytes()).collect::<Vec<_>>(), [Ok(expected)]);
            let payload = message(AddressFamily::Inet6, NeighbourState::Delay, attributes(address, &mac.0));
            prop_assert_eq!(parse_message(&payload), Some(Numbered { address, interface: 7, mac }));
        }
    }
}
