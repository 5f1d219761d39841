//! The router's own prefixes, and what replaces them.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::{IpNet, Ipv6Net};

use super::joined;
use super::ranges::{EMBEDDED_V6, KEPT, KEPT_V6};
use crate::capture::anonymise::pseudonyms::Rng;

/// Prefixes shorter than these are nobody's own.
const SHORTEST_OWN: (u8, u8) = (8, 32);
/// How often a prefix is tried again that overlaps another.
const TRIES: usize = 1000;
/// Where replacements are: of IPv4 addresses, and of the network's halves of IPv6 ones.
const OWN_V4: u32 = 0xf800_0000;
const OWN_V6: u64 = 0x3fff_0800 << 32;
const RANDOM_V4: u32 = 0x03ff_ffff;
const RANDOM_V6: u64 = (1 << 43) - 1;

/// The widest of the router's own prefixes, none within another, and what replaces them.
#[derive(Debug, Default)]
pub(super) struct OwnPrefixes {
    replaced: Disjoint<IpNet>,
    taken: Disjoint<()>,
}

impl OwnPrefixes {
    /// Takes note of `prefixes`, those of the router's interfaces and of the LAN, of which some stay. One that overlaps with
    /// one that is known already is left alone.
    pub(super) fn learn(&mut self, prefixes: &[IpNet], rng: &mut Rng) {
        let mut own: Vec<IpNet> = prefixes.iter().filter_map(to_be_replaced).collect();
        own.sort_by_key(IpNet::prefix_len);
        for prefix in own {
            if self.replaced.overlaps(&prefix) {
                continue;
            }
            let free = (0..TRIES).map(|_| other_prefix(prefix, rng)).find(|new| !self.taken.overlaps(new));
            let new = free.unwrap_or_else(|| other_prefix(prefix, rng));
            self.replaced.insert(prefix, new);
            self.taken.insert(new, ());
        }
    }

    /// The prefix in which `address` is, and what replaces it.
    pub(super) fn of(&self, address: IpAddr) -> Option<(IpNet, IpNet)> {
        self.replaced.of(address).map(|(from, to)| (*from, *to))
    }
}

/// Prefixes none of which is within another, found by what is in them.
#[derive(Debug)]
struct Disjoint<T> {
    by_network: BTreeMap<IpAddr, (IpNet, T)>,
}

impl<T> Default for Disjoint<T> {
    fn default() -> Self {
        Self { by_network: BTreeMap::new() }
    }
}

impl<T> Disjoint<T> {
    /// `prefix` overlaps with none that is in here.
    fn insert(&mut self, prefix: IpNet, value: T) {
        self.by_network.insert(prefix.network(), (prefix, value));
    }

    /// The one in which `address` is. As they are disjoint, it's the last that begins before.
    fn of(&self, address: IpAddr) -> Option<(&IpNet, &T)> {
        let (_, (prefix, value)) = self.by_network.range(..=address).next_back()?;
        prefix.contains(&address).then_some((prefix, value))
    }

    fn overlaps(&self, prefix: &IpNet) -> bool {
        let begin_within = || self.by_network.range(prefix.network()..=prefix.broadcast());
        self.of(prefix.network()).is_some() || begin_within().next().is_some()
    }
}

/// The part of a prefix that another replaces; `None` if it stays, or is no more than a part of the internet.
pub(super) fn to_be_replaced(prefix: &IpNet) -> Option<IpNet> {
    match prefix {
        IpNet::V4(v4) => {
            let kept = KEPT.iter().any(|range| range.contains(prefix));
            (!kept && v4.prefix_len() >= SHORTEST_OWN.0).then(|| prefix.trunc())
        }
        IpNet::V6(v6) => {
            let kept = KEPT_V6.iter().chain(&EMBEDDED_V6).any(|range| range.contains(v6));
            let half = Ipv6Net::new(v6.addr(), v6.prefix_len().min(64)).ok()?;
            let own = !kept && !v6.addr().is_multicast() && v6.prefix_len() >= SHORTEST_OWN.1;
            own.then(|| half.trunc().into())
        }
    }
}

fn other_prefix(prefix: IpNet, rng: &mut Rng) -> IpNet {
    let random = rng.next_u64();
    let [_, _, _, _, a, b, c, d] = random.to_be_bytes();
    let base = match prefix {
        IpNet::V4(_) => IpAddr::from((OWN_V4 | u32::from_be_bytes([a, b, c, d]) & RANDOM_V4).to_be_bytes()),
        IpNet::V6(_) => IpAddr::from(joined(OWN_V6 | random & RANDOM_V6, 0)),
    };
    IpNet::new(base, prefix.prefix_len()).map_or_else(|_| base.into(), |new| new.trunc())
}
