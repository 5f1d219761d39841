//! The router's prefixes that part what is replaced as a whole elsewhere: whoever is in one stays in it.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::net::Ipv6Addr;

use ipnet::{IpNet, Ipv6Net};

use super::ranges::{KEPT_V6, kept_bits};
use super::{COUNTED, HOST, halves, joined};

/// The length of a prefix of NAT64 behind which nothing comes but an IPv4 address.
const NAT64: u8 = 96;

/// A prefix: its length, and its bits with zeros behind them.
type Part = (u8, u128);

/// The prefix of `length`, between 65 and 127, that `v6` has.
fn part(v6: Ipv6Addr, length: u8) -> Part {
    (length, v6.to_bits() & !(u128::MAX >> length))
}

/// Prefixes that part a host's half, or a range that stays.
#[derive(Debug, Default)]
pub(super) struct Parts {
    hosts: HashSet<Part>,
    /// What replaces `hosts`, each behind the network's half that it replaces.
    replaced: HashSet<Part>,
    /// How long the parts of a host's half are, by the network's half.
    lengths: HashMap<u64, BTreeSet<u8>>,
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
        let mut parts = Self { ranges: KEPT_V6.into_iter().filter(is_parted).collect(), ..Self::default() };
        for prefix in prefixes().filter(|prefix| (65..128).contains(&prefix.prefix_len())) {
            let (v6, length) = (prefix.addr(), prefix.prefix_len());
            parts.hosts.insert(part(v6, length));
            parts.lengths.entry(halves(v6).0).or_default().insert(length);
        }
        parts
    }

    /// The same, with what replaces them: `replace` gives another host's half, for an address and for whether hosts beside it
    /// that were counted may stay.
    #[must_use]
    pub(super) fn replaced_by(mut self, replace: impl Fn(Ipv6Addr, bool) -> u64) -> Self {
        let replaced = self.hosts.iter().map(|(length, bits)| {
            let v6 = Ipv6Addr::from_bits(*bits);
            part(joined(halves(v6).0, replace(v6, self.leave_hosts_beside(v6))), *length)
        });
        self.replaced = replaced.collect();
        self
    }

    /// Whether networks in `range` that were counted may stay, while others go elsewhere.
    pub(super) fn leave_networks_of(&self, range: &Ipv6Net) -> bool {
        !self.ranges.contains(range)
    }

    /// Whether hosts in the network of `v6` that were counted may stay, while others go elsewhere.
    pub(super) fn leave_hosts_beside(&self, v6: Ipv6Addr) -> bool {
        self.lengths_beside(v6).next().is_none_or(|shortest| u32::from(shortest) >= COUNTED)
    }

    /// Whether there is nothing but an IPv4 address behind the prefix that `v6` has.
    pub(super) fn is_nat64(&self, v6: Ipv6Addr) -> bool {
        self.hosts.contains(&part(v6, NAT64))
    }

    /// Whether `host` is in the replacement of each part of its network that `v6` is in, as `scrambled` is, and in no other.
    pub(super) fn agree(&self, v6: Ipv6Addr, host: u64, scrambled: u64) -> bool {
        let [new, scrambled] = [host, scrambled].map(|host| joined(halves(v6).0, host));
        self.lengths_beside(v6).all(|length| {
            if self.hosts.contains(&part(v6, length)) {
                part(new, length) == part(scrambled, length)
            } else {
                !self.replaced.contains(&part(new, length))
            }
        })
    }

    /// The lengths of the parts of the network of `v6`, the shortest first.
    fn lengths_beside(&self, v6: Ipv6Addr) -> impl Iterator<Item = u8> {
        self.lengths.get(&halves(v6).0).into_iter().flatten().copied()
    }
}
