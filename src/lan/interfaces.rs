//! The router's network interfaces and their addresses.
//!
//! Live they come from `getifaddrs`; of a replayed router from a text in the form that `ip address` prints.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;
use nix::ifaddrs::{InterfaceAddress, getifaddrs};
use nix::sys::socket::SockaddrStorage;

use crate::files::PRINTED_AT_MOST;
use crate::root::Root;

/// Where a replayed router's `ip address` output lies.
pub const REPLAYED: &str = "/ip-address";

/// `ARPHRD_NONE`, `ARPHRD_PPP`, `ARPHRD_RAWIP` of `linux/if_arp.h`, and the tunnels: hardware types without
/// link-layer addresses of their own.
const WITHOUT_LINK_LAYER: [u16; 8] = [0xfffe, 0xffff, 512, 519, 768, 769, 776, 778];

/// One interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// Its name, such as `br-lan`.
    pub name: String,
    /// Whether hosts behind it have link-layer (MAC) addresses; WireGuard's and tun's have none.
    pub link_layer: bool,
    /// Its addresses, each with the length of its mask.
    pub addresses: Vec<IpNet>,
    /// The address at which all of its IPv4 network listens: of several networks that of the first that has one.
    pub broadcast: Option<Ipv4Addr>,
}

impl Interface {
    fn note_broadcast(&mut self, address: Option<IpAddr>) {
        if let (None, Some(IpAddr::V4(address))) = (self.broadcast, address) {
            self.broadcast = Some(address).filter(|address| !address.is_unspecified());
        }
    }
}

/// Reads the interfaces of the router below `root`, in order of name.
pub fn read(root: &Root) -> io::Result<Vec<Interface>> {
    if root.is_live() {
        return Ok(collect(getifaddrs()?));
    }
    let name_it = |error: io::Error| {
        io::Error::new(error.kind(), format!("{}: {error}", root.path(REPLAYED).display()))
    };
    Ok(parse(&root.read(REPLAYED, PRINTED_AT_MOST).map_err(name_it)?))
}

fn collect(addresses: impl Iterator<Item = InterfaceAddress>) -> Vec<Interface> {
    let mut interfaces = BTreeMap::new();
    for found in addresses {
        let interface = interfaces.entry(found.interface_name).or_insert_with_key(|name| Interface {
            name: name.clone(),
            // Those without link-layer addresses have nothing to show here, WireGuard's and tun's among them.
            link_layer: false,
            addresses: Vec::new(),
            broadcast: None,
        });
        let Some(address) = found.address else { continue };
        if let Some(link) = address.as_link_addr() {
            interface.link_layer = link.halen() > 0 && !WITHOUT_LINK_LAYER.contains(&link.hatype());
        } else if let Some(address) = ip(&address) {
            interface.addresses.push(with_mask(address, found.netmask.as_ref().and_then(ip)));
            interface.note_broadcast(found.broadcast.as_ref().and_then(ip));
        }
    }
    interfaces.into_values().collect()
}

fn ip(address: &SockaddrStorage) -> Option<IpAddr> {
    let v4 = address.as_sockaddr_in().map(|v4| IpAddr::V4(v4.ip()));
    v4.or_else(|| address.as_sockaddr_in6().map(|v6| IpAddr::V6(v6.ip())))
}

fn with_mask(address: IpAddr, mask: Option<IpAddr>) -> IpNet {
    mask.and_then(|mask| IpNet::with_netmask(address, mask).ok()).unwrap_or_else(|| IpNet::from(address))
}

/// Understands what `ip address` prints; what it doesn't know it passes over.
pub fn parse(text: &[u8]) -> Vec<Interface> {
    let mut interfaces: Vec<Interface> = Vec::new();
    for line in String::from_utf8_lossy(text).lines() {
        let mut words = line.split_ascii_whitespace();
        let Some(first) = words.next() else { continue };
        let second = words.next().unwrap_or_default();
        if !line.starts_with(' ') {
            let name = second.trim_end_matches(':');
            let name = name.split_once('@').map_or(name, |(name, _)| name);
            if first.ends_with(':') && !name.is_empty() {
                interfaces.push(Interface {
                    name: name.to_owned(),
                    link_layer: true,
                    addresses: Vec::new(),
                    broadcast: None,
                });
            }
            continue;
        }
        let Some(interface) = interfaces.last_mut() else { continue };
        match first {
            "inet" | "inet6" => {
                interface.addresses.extend(address(second));
                let broadcast = words.skip_while(|word| *word != "brd").nth(1);
                interface.note_broadcast(broadcast.and_then(|word| word.parse().ok()));
            }
            kind if kind.starts_with("link/") => {
                interface.link_layer = matches!(kind, "link/ether" | "link/loopback" | "link/ieee802.11");
            }
            _ => {}
        }
    }
    interfaces.sort_by(|a, b| a.name.cmp(&b.name));
    interfaces
}

/// `192.168.8.1/24`, or an address alone, as `ip` prints it before a `peer`.
fn address(word: &str) -> Option<IpNet> {
    word.parse().ok().or_else(|| word.parse::<IpAddr>().ok().map(IpNet::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000
    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
    inet 127.0.0.1/8 scope host lo
       valid_lft forever preferred_lft forever
5: eth1@eth0: <BROADCAST,MULTICAST,UP> mtu 1500 qdisc noqueue master br-lan state UP
    link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff link-netnsid 0
6: br-lan: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff
    inet 192.168.8.1/24 brd 192.168.8.255 scope global br-lan
    inet6 2001:db8:aa:10::1/64 scope global dynamic noprefixroute
    inet6 nonsense/64 scope global
7: wgserver: <POINTOPOINT,NOARP,UP,LOWER_UP> mtu 1420
    link/none
    inet 10.0.0.1/24 scope global wgserver
8: pppoe-wan: <POINTOPOINT,MULTICAST,NOARP,UP,LOWER_UP> mtu 1492
    link/ppp
    inet 203.0.113.10 peer 203.0.113.1/32 scope global pppoe-wan
";

    #[test]
    fn understands_what_ip_address_prints() {
        let found = parse(TEXT.as_bytes());
        let names: Vec<_> = found.iter().map(|interface| interface.name.as_str()).collect();
        assert_eq!(names, ["br-lan", "eth1", "lo", "pppoe-wan", "wgserver"]);
        let show = |index: usize| {
            let interface: &Interface = &found[index];
            (interface.link_layer, interface.addresses.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        assert_eq!(show(0), (true, vec!["192.168.8.1/24".into(), "2001:db8:aa:10::1/64".into()]));
        assert_eq!(show(1), (true, vec![]));
        let broadcasts: Vec<_> = found.iter().map(|interface| interface.broadcast).collect();
        assert_eq!(broadcasts, [Some([192, 168, 8, 255].into()), None, None, None, None]);
        assert_eq!(show(3), (false, vec!["203.0.113.10/32".into()]));
        assert_eq!(show(4), (false, vec!["10.0.0.1/24".into()]));
    }

    #[test]
    fn reads_this_machine() {
        let found = read(&Root::live()).unwrap();
        let loopback = found.iter().find(|interface| interface.name == "lo").unwrap();
        assert!(loopback.addresses.contains(&"127.0.0.1/8".parse().unwrap()));
    }

    #[test]
    fn garbage_is_passed_over() {
        assert_eq!(parse(b"\xff\xfe\n   inet\n    inet6 ::1/128\n"), []);
    }
}
