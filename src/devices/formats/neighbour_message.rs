//! The kernel's message about a neighbour, `RTM_NEWNEIGH` of rtnetlink(7).

use std::net::IpAddr;

use netlink_packet_core::Parseable;
use netlink_packet_route::neighbour::{NeighbourAddress, NeighbourAttribute, NeighbourMessage};

use crate::devices::mac::Mac;

/// `NUD_INCOMPLETE`, `NUD_FAILED` and `NUD_NOARP` of `linux/neighbour.h`: nobody answered, or nobody was asked.
const WITHOUT_ANSWER: u16 = 0x01 | 0x20 | 0x40;

/// `NUD_REACHABLE`, `NUD_DELAY` and `NUD_PROBE`: somebody answered a short while ago, or is being asked.
const REACHABLE: u16 = 0x02 | 0x08 | 0x10;

/// A neighbour as the kernel's message has it: with the number of its interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KernelNeighbour {
    /// Where.
    pub address: IpAddr,
    /// The interface's index.
    pub interface: u32,
    /// Who.
    pub mac: Mac,
    /// Whether it has answered a short while ago, or is being asked.
    pub reachable: bool,
}

/// Understands the payload of an `RTM_NEWNEIGH`; `None` for one that is broken, or of nobody who has a MAC, an IP
/// address, and answers.
pub fn parse(payload: &[u8]) -> Option<KernelNeighbour> {
    let message = NeighbourMessage::parse(payload).ok()?;
    let state = u16::from(message.header.state);
    if state & WITHOUT_ANSWER != 0 {
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
    let (interface, reachable) = (message.header.ifindex, state & REACHABLE != 0);
    Some(KernelNeighbour { address: address?, interface, mac: mac?, reachable })
}

#[cfg(test)]
mod tests {
    use super::*;
    use netlink_packet_core::Emitable;
    use netlink_packet_route::AddressFamily;
    use netlink_packet_route::neighbour::{NeighbourHeader, NeighbourState};
    use proptest::prelude::*;

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
        let expected = KernelNeighbour { address, interface: 7, mac: Mac(link), reachable: false };
        assert_eq!(parse(&whole), Some(expected));
        for length in 0..whole.len() {
            assert_eq!(parse(&whole[..length]).filter(|found| *found != expected), None, "{length}");
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
            assert_eq!(parse(&payload).is_some(), taken, "{state}");
        }
        let link_of_a_tunnel =
            message(AddressFamily::Inet, NeighbourState::Stale, attributes(address, &link[..4]));
        assert_eq!(parse(&link_of_a_tunnel), None);
        let of_a_bridge = message(AddressFamily::Bridge, NeighbourState::Stale, attributes(address, &link));
        assert_eq!(parse(&of_a_bridge), None);
        let without_a_mac =
            message(AddressFamily::Inet, NeighbourState::Stale, attributes(address, &link)[..1].to_vec());
        assert_eq!(parse(&without_a_mac), None);
    }

    #[test]
    fn a_length_that_lies() {
        let address = IpAddr::from([192, 168, 8, 5]);
        let whole = message(AddressFamily::Inet, NeighbourState::Stale, attributes(address, &[2; 6]));
        for length in [0, 1, 3, 4, 5, 7, 9, 255, u16::MAX] {
            for at in [12, 20] {
                let mut payload = whole.clone();
                payload[at..at + 2].copy_from_slice(&length.to_ne_bytes());
                assert_eq!(parse(&payload), None, "{length} at {at}");
            }
        }
    }

    proptest! {
        #[test]
        fn never_panics(payload: Vec<u8>) {
            let _ = parse(&payload);
        }

        #[test]
        fn changed_messages_never_panic(v6: [u8; 16], at in 0..48usize, byte: u8, length in 0..=48usize) {
            let mut payload = message(AddressFamily::Inet6, NeighbourState::Reachable, attributes(v6.into(), &[2; 6]));
            if let Some(old) = payload.get_mut(at) {
                *old = byte;
            }
            payload.truncate(length);
            let _ = parse(&payload);
        }

        #[test]
        fn a_neighbour_is_read_again(v6: [u8; 16], mac: [u8; 6]) {
            let (address, mac) = (IpAddr::from(v6), Mac(mac));
            let payload = message(AddressFamily::Inet6, NeighbourState::Delay, attributes(address, &mac.0));
            prop_assert_eq!(parse(&payload), Some(KernelNeighbour { address, interface: 7, mac, reachable: true }));
        }
    }
}
