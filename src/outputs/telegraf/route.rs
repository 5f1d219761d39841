//! In which order the addresses of a name are tried: as the router itself reaches them.
//!
//! Over UDP nobody tells that a datagram was swallowed on its way, so what matters is to begin with the address to which
//! the way is surest. The order is that of RFC 6724, section 6, by which `getaddrinfo` sorts too, with one rule before
//! it: what is in a network of the router's own comes before what is behind a gateway. Families then take turns, as in
//! RFC 8305, section 4, so that a family that is dead as a whole costs one attempt.

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use ipnet::IpNet;
use nix::ifaddrs::getifaddrs;
use nix::sys::socket::SockaddrStorage;

/// How the router reaches an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    /// The address, with the port.
    pub(crate) to: SocketAddr,
    /// The router's address from which the kernel would send; none without a way there.
    source: Option<IpAddr>,
    /// Whether it is in a network of the router's own, so that no gateway is in between.
    on_link: bool,
}

/// From the nearest to none at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Distance {
    OnLink,
    BehindGateway,
    Unreachable,
}

impl Route {
    /// Whether there is a way there.
    pub(crate) const fn is_there(&self) -> bool {
        self.source.is_some()
    }

    const fn distance(&self) -> Distance {
        match (self.source, self.on_link) {
            (None, _) => Distance::Unreachable,
            (Some(_), true) => Distance::OnLink,
            (Some(_), false) => Distance::BehindGateway,
        }
    }

    /// The least comes first: rules 1, 2, 5 and 6 of RFC 6724, section 6. What they leave equal stays as it was.
    fn rank(&self) -> (Distance, bool, bool, Reverse<u8>) {
        let to = self.to.ip();
        let source = self.source.unwrap_or(to);
        let ((precedence, label), (_, source_label)) = (policy(to), policy(source));
        (
            self.distance(),
            is_link_local(to) != is_link_local(source),
            label != source_label,
            Reverse(precedence),
        )
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.to, if self.is_there() { "" } else { " (no route)" })
    }
}

/// How the router reaches each of `addresses` now, the one to be tried first in front. Nothing is sent: connecting a
/// UDP socket makes the kernel look for a route and a source address (`ip_route_connect`, `ip6_datagram_dst_update`),
/// no more.
pub(crate) fn survey(addresses: &[SocketAddr]) -> Vec<Route> {
    let networks = own_networks();
    let route = |&to: &SocketAddr| Route {
        to,
        source: connected(to).and_then(|socket| socket.local_addr()).ok().map(|source| source.ip()),
        on_link: networks.iter().any(|network| network.contains(&to.ip())),
    };
    in_order(addresses.iter().map(route).collect())
}

/// A socket of the router's that sends to this address.
pub(super) fn connected(to: SocketAddr) -> io::Result<UdpSocket> {
    let unspecified: IpAddr = match to {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((unspecified, 0))?;
    socket.connect(to)?;
    Ok(socket)
}

/// The networks in which the router has an address. None of them if the kernel doesn't tell: only the order gets worse.
fn own_networks() -> Vec<IpNet> {
    let ip = |address: SockaddrStorage| -> Option<IpAddr> {
        let v4 = address.as_sockaddr_in().map(|address| address.ip().into());
        v4.or_else(|| address.as_sockaddr_in6().map(|address| address.ip().into()))
    };
    let interfaces = getifaddrs().into_iter().flatten();
    let networks = interfaces.filter_map(|interface| {
        let (address, mask) = (ip(interface.address?)?, ip(interface.netmask?)?);
        IpNet::with_netmask(address, mask).ok()
    });
    networks.collect()
}

/// Sorts by rank; addresses that are equally far take turns by family, beginning with that of the first.
fn in_order(mut routes: Vec<Route>) -> Vec<Route> {
    routes.sort_by_key(Route::rank);
    routes.chunk_by(|a, b| a.distance() == b.distance()).flat_map(taking_turns).collect()
}

fn taking_turns(routes: &[Route]) -> Vec<Route> {
    let first_is_ipv6 = routes.first().is_some_and(|route| route.to.is_ipv6());
    let (mut now, mut next): (VecDeque<Route>, VecDeque<Route>) =
        routes.iter().partition(|route| route.to.is_ipv6() == first_is_ipv6);
    let mut order = Vec::with_capacity(routes.len());
    while let Some(route) = now.pop_front() {
        order.push(route);
        if !next.is_empty() {
            std::mem::swap(&mut now, &mut next);
        }
    }
    order
}

/// Scopes as in RFC 6724, section 3: those of unicast addresses that are in use are two.
const fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local() || address.is_loopback(),
        IpAddr::V6(address) => address.is_unicast_link_local() || address.is_loopback(),
    }
}

/// Precedence and label of an address, by the default policy table of RFC 6724, section 2.1.
fn policy(address: IpAddr) -> (u8, u8) {
    /// Prefix, its length, precedence, label; the longer prefixes first.
    const TABLE: [(Ipv6Addr, u32, u8, u8); 8] = [
        (Ipv6Addr::LOCALHOST, 128, 50, 0),
        (Ipv6Addr::UNSPECIFIED, 96, 1, 3),
        (Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96, 35, 4),
        (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 32, 5, 5),
        (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16, 30, 2),
        (Ipv6Addr::new(0x3ffe, 0, 0, 0, 0, 0, 0, 0), 16, 1, 12),
        (Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 0), 10, 1, 11),
        (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7, 3, 13),
    ];
    let address = match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    };
    let row = TABLE.iter().find(|(prefix, length, ..)| {
        (prefix.to_bits() ^ address.to_bits()).checked_shr(128 - length).unwrap_or(0) == 0
    });
    // Everything else is ::/0.
    row.map_or((40, 1), |&(_, _, precedence, label)| (precedence, label))
}

#[cfg(test)]
mod tests;
