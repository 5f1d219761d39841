//! What flows carried to and from the world outside.

use std::ops::AddAssign;

use crate::conntrack::flow::{Flow, Protocol};

/// IPv4 and IPv6 within IP, such as DS-Lite and 6in4.
const IPIP: Protocol = Protocol(4);
const IPV6: Protocol = Protocol(41);
const GRE: Protocol = Protocol(47);
const ESP: Protocol = Protocol(50);
const AH: Protocol = Protocol(51);
const L2TP: Protocol = Protocol(115);

/// Bytes both ways of flows whose other end is neither in the LAN nor an address of the router's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutsideTraffic {
    /// All of them.
    pub bytes: u64,
    /// Those of the router's own tunnels: what is within was counted once before.
    pub tunnels: u64,
}

impl AddAssign for OutsideTraffic {
    fn add_assign(&mut self, other: Self) {
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.tunnels = self.tunnels.saturating_add(other.tunnels);
    }
}

/// Whether a flow of the router's own is a tunnel: what goes through it is in the table twice, and through the WAN once.
/// Of those within UDP and TCP only the usual ports, at either end, tell.
pub fn is_tunnel(flow: &Flow) -> bool {
    let any = |ports: &[u16]| {
        ports.contains(&flow.original.source.port) || ports.contains(&flow.original.destination.port)
    };
    match flow.protocol {
        IPIP | IPV6 | GRE | ESP | AH | L2TP => true,
        // OpenVPN, L2TP, IPsec behind address translation, WireGuard.
        Protocol::UDP => any(&[1194, 1701, 4500, 51820]),
        Protocol::TCP => any(&[1194]),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conntrack::flow::State;
    use crate::measurements::fixture::flow;

    #[test]
    fn tunnels_are_told_by_protocol_or_by_a_port_at_either_end() {
        for (protocol, source, destination, expected) in [
            (50, 0, 0, true),
            (4, 0, 0, true),
            (17, 40000, 51820, true),
            (17, 51820, 40000, true),
            (17, 40000, 443, false),
            (6, 40000, 1194, true),
            (6, 40000, 4500, false),
            (1, 1194, 1194, false),
        ] {
            let mut flow = flow(Protocol(protocol), State::Active);
            (flow.original.source.port, flow.original.destination.port) = (source, destination);
            assert_eq!(is_tunnel(&flow), expected, "{protocol} {source} {destination}");
        }
    }
}
