//! Whose is a flow: six rules, and nothing else.

pub mod cardinality_limit;
pub mod labels;
pub mod owners;

use std::net::IpAddr;

use crate::conntrack::flow::{Endpoint, Flow};
use crate::lan::Place;
use owners::OwnerId;

/// What a flow is to the household.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribution {
    /// Whose it is.
    pub owner: OwnerId,
    /// Which way the owner's packets go.
    pub direction: Direction,
    /// The other end, as the owner sees it.
    pub remote: Endpoint,
}

/// Who began a connection, seen from its owner: what the owner sends is counted in that direction's tuple.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// The owner did: it sends in the original direction, and receives in the reply's.
    Outbound,
    /// The other end did, as through a port forward: the owner sends in the reply's direction.
    Inbound,
}

impl Direction {
    /// What it is called, as seen from the owner.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Outbound => "outbound",
            Self::Inbound => "inbound",
        }
    }
}

impl Attribution {
    /// The attribution of `flow` to `owner`.
    pub const fn new(flow: &Flow, owner: OwnerId, direction: Direction) -> Self {
        let remote = match direction {
            Direction::Outbound => flow.original.destination,
            Direction::Inbound => flow.original.source,
        };
        Self { owner, direction, remote }
    }
}

/// Whose a flow is, by addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlowOwner {
    /// The router talks to itself: not counted.
    Loopback,
    /// The router's own.
    Router,
    /// That of the device which has this address.
    Device {
        /// An address in the LAN.
        address: IpAddr,
        /// Whether hosts there have link-layer addresses.
        link_layer: bool,
    },
    /// Nobody's here.
    Nobody,
}

/// Applies the rules; `place` says where an address is.
///
/// 0. Original source loopback: not counted. 1. Original source in the LAN: that device. 2. Original source a router
///    address: the router. 3. Reply source in the LAN (a port forward): that device. 4. Reply source a router
///    address: the router. 5. Else nobody's, and the original direction is taken for the one in which it sends.
pub fn flow_owner(flow: &Flow, mut place: impl FnMut(IpAddr) -> Place) -> (FlowOwner, Direction) {
    let origin = flow.original.source.address;
    match place(origin) {
        Place::Loopback => (FlowOwner::Loopback, Direction::Outbound),
        Place::Lan { link_layer } => (FlowOwner::Device { address: origin, link_layer }, Direction::Outbound),
        Place::Router => (FlowOwner::Router, Direction::Outbound),
        Place::Outside => {
            let answering = flow.reply.source.address;
            match place(answering) {
                Place::Lan { link_layer } => {
                    (FlowOwner::Device { address: answering, link_layer }, Direction::Inbound)
                }
                // A loopback address is the router's as well: an outsider's connection redirected to it.
                Place::Router | Place::Loopback => (FlowOwner::Router, Direction::Inbound),
                Place::Outside => (FlowOwner::Nobody, Direction::Outbound),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conntrack::procfs::line::parse;

    /// A router at 192.168.8.1, 192.168.9.1 (guest), 10.0.0.1 (WireGuard) and 203.0.113.10.
    fn place(address: IpAddr) -> Place {
        let text = address.to_string();
        let lan = ["192.168.8.", "192.168.9.", "2001:db8:aa:10:"];
        match text.as_str() {
            "127.0.0.1" | "::1" => Place::Loopback,
            "192.168.8.1" | "192.168.9.1" | "10.0.0.1" | "203.0.113.10" | "2001:db8:aa:10::1" => {
                Place::Router
            }
            _ if lan.iter().any(|prefix| text.starts_with(prefix)) => Place::Lan { link_layer: true },
            _ if text.starts_with("10.0.0.") => Place::Lan { link_layer: false },
            _ => Place::Outside,
        }
    }

    fn of(original: [&str; 2], reply: [&str; 2]) -> (FlowOwner, Direction) {
        let family = if original[0].contains(':') { "ipv6 10" } else { "ipv4 2" };
        let ([a, b], [c, d]) = (original, reply);
        let line = format!(
            "{family} udp 17 9 src={a} dst={b} sport=1 dport=2 src={c} dst={d} sport=2 dport=1 use=2"
        );
        flow_owner(&parse(line.as_bytes()).unwrap(), place)
    }

    fn device(address: &str) -> FlowOwner {
        let address = address.parse().unwrap();
        let Place::Lan { link_layer } = place(address) else { panic!("{address} is not in the LAN") };
        FlowOwner::Device { address, link_layer }
    }

    #[test]
    fn each_rule_with_its_cases() {
        let (wan, host, server) = ("203.0.113.10", "198.51.100.7", "192.168.8.102");
        let client = "192.168.8.101";
        let cases = [
            ("loopback", ["127.0.0.1", "127.0.0.1"], ["127.0.0.1", "127.0.0.1"], FlowOwner::Loopback),
            ("loopback", ["::1", "::1"], ["::1", "::1"], FlowOwner::Loopback),
            ("masqueraded", [client, host], [host, wan], device(client)),
            ("to the router", [client, "192.168.8.1"], ["192.168.8.1", client], device(client)),
            ("multicast", [client, "239.255.255.250"], ["239.255.255.250", client], device(client)),
            ("hairpin", [client, wan], [server, "192.168.8.1"], device(client)),
            ("to the guests", [client, "192.168.9.5"], ["192.168.9.5", client], device(client)),
            ("WireGuard peer", ["10.0.0.2", host], [host, wan], device("10.0.0.2")),
            ("router out", [wan, host], [host, wan], FlowOwner::Router),
            ("router to LAN", ["192.168.8.1", client], [client, "192.168.8.1"], FlowOwner::Router),
            ("port forward", [host, wan], [server, host], device(server)),
            ("to the WAN address", [host, wan], [wan, host], FlowOwner::Router),
            ("redirected", [host, wan], ["127.0.0.1", host], FlowOwner::Router),
            ("DHCP", ["0.0.0.0", "255.255.255.255"], ["255.255.255.255", "0.0.0.0"], FlowOwner::Nobody),
            ("passing through", [host, "198.51.100.9"], ["198.51.100.9", host], FlowOwner::Nobody),
            (
                "IPv6",
                ["2001:db8:aa:10::101", "2001:db8:beef::7"],
                ["2001:db8:beef::7", "2001:db8:aa:10::101"],
                device("2001:db8:aa:10::101"),
            ),
            (
                "IPv6 inbound",
                ["2001:db8:beef::7", "2001:db8:aa:10::101"],
                ["2001:db8:aa:10::101", "2001:db8:beef::7"],
                device("2001:db8:aa:10::101"),
            ),
        ];
        let inbound = ["port forward", "to the WAN address", "redirected", "IPv6 inbound"];
        for (case, original, reply, expected) in cases {
            let direction = if inbound.contains(&case) { Direction::Inbound } else { Direction::Outbound };
            assert_eq!(of(original, reply), (expected, direction), "{case}");
        }
    }

    #[test]
    fn the_other_end_is_who_was_called_or_who_called() {
        let line = b"ipv4 2 udp 17 9 src=198.51.100.7 dst=203.0.113.10 sport=9 dport=80 src=192.168.8.2 \
            dst=198.51.100.7 sport=8080 dport=9 use=2";
        let flow = parse(line).unwrap();
        let remote = |direction| Attribution::new(&flow, OwnerId::ROUTER, direction).remote;
        assert_eq!(remote(Direction::Inbound), flow.original.source, "who came in through a port forward");
        assert_eq!(remote(Direction::Outbound), flow.original.destination);
    }
}
