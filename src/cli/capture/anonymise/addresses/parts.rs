//! The router's prefixes that part what is replaced as a whole elsewhere: whoever is in one stays in it.

use std::net::Ipv6Addr;

use ipnet::{IpNet, Ipv6Net};

use super::ranges::{KEPT_V6, kept_bits};
use super::{COUNTED, HOST, halves};

/// The length of a prefix of NAT64 behind which nothing comes but an IPv4 address.
const NAT64: u8 = 96;

/// Prefixes that part a host's half, or a range that stays.
#[derive(Debug, Default)]
pub(super) struct Parts {
    hosts: Vec<Ipv6Net>,
    /// Ranges that stay of which the router has a part that is wider than a network.
    ranges: Vec<Ipv6Net>,
}

impl Parts {
    /// Those of `prefixes`, which are the router's own.
    pub(super) fn new(prefixes: &[IpNet]) -> Self {
        let prefixes = || {
            prefixes.iter().filter_map(|prefix| match prefix {
                IpNet::V6(v6) => Some(v6),
                IpNet::V4(_) => None,
            })
        };
        let is_parted = |range: &Ipv6Net| {
            let mut within = prefixes().filter(|prefix| range.contains(*prefix));
            within.any(|prefix| (kept_bits(range) + 1..HOST).contains(&prefix.prefix_len().into()))
        };
        Self {
            hosts: prefixes().filter(|prefix| (65..128).contains(&prefix.prefix_len())).copied().collect(),
            ranges: KEPT_V6.into_iter().filter(is_parted).collect(),
        }
    }

    /// Whether networks in `range` that were counted may stay, while others go elsewhere.
    pub(super) fn leave_networks_of(&self, range: &Ipv6Net) -> bool {
        !self.ranges.contains(range)
    }

    /// Whether hosts in the network of `v6` that were counted may stay, while others go elsewhere.
    pub(super) fn leave_hosts_beside(&self, v6: Ipv6Addr) -> bool {
        !self.beside(v6).any(|part| u32::from(part.prefix_len()) < COUNTED)
    }

    /// Whether there is nothing but an IPv4 address behind the prefix that `v6` has.
    pub(super) fn is_nat64(&self, v6: Ipv6Addr) -> bool {
        self.beside(v6).any(|part| part.prefix_len() == NAT64 && part.contains(&v6))
    }

    /// Whether `host` is in the replacement of each part of its network that `v6` is in, and in no other. `replaced` are
    /// hosts' halves.
    pub(super) fn agree(&self, v6: Ipv6Addr, host: u64, replaced: impl Fn(u64) -> u64) -> bool {
        self.beside(v6).all(|part| {
            let bits = 128 - u32::from(part.prefix_len());
            (host >> bits == replaced(halves(part.addr()).1) >> bits) == part.contains(&v6)
        })
    }

    fn beside(&self, v6: Ipv6Addr) -> impl Iterator<Item = &Ipv6Net> {
        self.hosts.iter().filter(move |part| halves(part.addr()).0 == halves(v6).0)
    }
}
