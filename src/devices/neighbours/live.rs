//! Asking the kernel for its neighbours: a plain dump over rtnetlink(7), which any user may have.

use std::collections::BTreeMap;
use std::io;

use nix::libc;
use nix::net::if_::if_nameindex;
use nix::sys::socket::SockProtocol;

use super::{AT_MOST, Neighbour};
use crate::devices::formats::neighbour_message::{self, KernelNeighbour};
use crate::netlink::Dump;

/// `struct ndmsg`, empty: every family, every interface.
const EVERYBODY: [u8; 12] = [0; 12];

/// Reads the kernel's neighbours, at most [`AT_MOST`].
pub fn read_live() -> io::Result<Vec<Neighbour>> {
    // A dump is not of one moment if the table changes meanwhile; the second is good or a reason to wait.
    let found = dump().or_else(|_| dump())?;
    let names = interface_names()?;
    Ok(found.into_iter().filter_map(|found| with_name(found, &names)).collect())
}

fn interface_names() -> io::Result<BTreeMap<u32, String>> {
    let interfaces = if_nameindex()?;
    Ok(interfaces.iter().map(|found| (found.index(), found.name().to_string_lossy().into_owned())).collect())
}

/// An interface without a name went away meanwhile.
fn with_name(found: KernelNeighbour, names: &BTreeMap<u32, String>) -> Option<Neighbour> {
    let interface = names.get(&found.interface)?.clone();
    Some(Neighbour { address: found.address, interface, mac: found.mac, reachable: found.reachable })
}

fn dump() -> io::Result<Vec<KernelNeighbour>> {
    let mut dump = Dump::request(SockProtocol::NetlinkRoute, libc::RTM_GETNEIGH, &EVERYBODY)?;
    let mut found = Vec::new();
    while found.len() < AT_MOST && dump.step(&mut |kind, payload| take(&mut found, kind, payload))? {}
    Ok(found)
}

/// Takes in one message of the dump.
fn take(found: &mut Vec<KernelNeighbour>, kind: u16, payload: &[u8]) {
    if kind == libc::RTM_NEWNEIGH && found.len() < AT_MOST {
        found.extend(neighbour_message::parse(payload));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::devices::mac::Mac;
    use crate::netlink::test_message::attribute;

    /// 192.168.8.5 behind interface 7, which is in reach.
    fn neighbour() -> Vec<u8> {
        let mut payload = vec![2, 0, 0, 0];
        payload.extend(7u32.to_ne_bytes());
        payload.extend([&2u16.to_ne_bytes()[..], &[0, 1]].concat());
        payload.extend([attribute(1, &[192, 168, 8, 5]), attribute(2, &[2, 0, 0, 0, 0, 0x11])].concat());
        payload
    }

    #[test]
    fn neighbours_and_nothing_else_and_not_too_many() {
        let mut found = Vec::new();
        take(&mut found, libc::RTM_DELNEIGH, &neighbour());
        assert_eq!(found, []);
        take(&mut found, libc::RTM_NEWNEIGH, b"nonsense");
        assert_eq!(found, []);
        for _ in 0..=AT_MOST {
            take(&mut found, libc::RTM_NEWNEIGH, &neighbour());
        }
        let expected = KernelNeighbour {
            address: [192, 168, 8, 5].into(),
            interface: 7,
            mac: Mac([2, 0, 0, 0, 0, 0x11]),
            reachable: true,
        };
        assert_eq!(found, [expected].repeat(AT_MOST));
    }

    #[test]
    fn names_of_interfaces() {
        let names = BTreeMap::from([(7, "br-lan".to_owned())]);
        let address = [192, 168, 8, 5].into();
        let found = KernelNeighbour { address, interface: 7, mac: Mac([2; 6]), reachable: false };
        assert_eq!(with_name(found, &names).unwrap().interface, "br-lan");
        assert_eq!(with_name(KernelNeighbour { interface: 8, ..found }, &names), None);
    }

    #[test]
    fn reads_this_machine() {
        let found = read_live().unwrap();
        let known: Vec<String> = interface_names().unwrap().into_values().collect();
        assert!(known.contains(&"lo".to_owned()));
        assert!(found.iter().all(|neighbour| known.contains(&neighbour.interface)));
    }
}
