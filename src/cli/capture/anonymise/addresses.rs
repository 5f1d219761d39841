//! Other addresses for those that lead to somebody.
//!
//! What everybody has stays: private, link-local and documentation ranges, groups. The router's own prefixes get
//! others, in which hosts stand as they stood; everybody else gets a number. Replacements are of ranges that belong
//! to nobody (`240.0.0.0/4` and `3fff::/20`), so none of them is anybody's, and what was replaced can be seen.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::identities::Identities;
use super::pseudonyms::{MAX_PSEUDONYMS, Pseudonyms, Rng};
use crate::devices::mac::Mac;

/// Ranges whose addresses tell nothing of whoever has them.
const KEPT: [IpNet; 16] = [
    v4([0, 0, 0, 0], 8),
    v4([10, 0, 0, 0], 8),
    v4([100, 64, 0, 0], 10),
    v4([127, 0, 0, 0], 8),
    v4([169, 254, 0, 0], 16),
    v4([172, 16, 0, 0], 12),
    v4([192, 0, 0, 0], 24),
    v4([192, 0, 2, 0], 24),
    v4([192, 168, 0, 0], 16),
    v4([198, 51, 100, 0], 24),
    v4([203, 0, 113, 0], 24),
    v4([224, 0, 0, 0], 4),
    v4([255, 255, 255, 255], 32),
    // Of these only the network's half stays.
    v6([0xfe80, 0], 10),
    v6([0xfc00, 0], 7),
    v6([0x2001, 0xdb8], 32),
];

/// Prefixes shorter than these are nobody's own.
const SHORTEST_OWN: (u8, u8) = (8, 32);
/// How often a prefix is tried again that overlaps another.
const TRIES: usize = 1000;

const STRANGERS_V4: u32 = 0xf000_0000;
const OWN_V4: u32 = 0xf800_0000;
const RANDOM_V4: u32 = 0x03ff_ffff;
/// The network's halves of IPv6 addresses: of strangers, of strangers that made their address of their MAC, our own.
const STRANGERS_V6: u64 = 0x3fff << 48;
const STRANGERS_WITH_MAC: u64 = 0x3fff_0001 << 32;
const OWN_V6: u64 = 0x3fff_0800 << 32;
const RANDOM_V6: u64 = (1 << 43) - 1;

/// Hosts below this number stay: people and DHCP servers count from 1.
const COUNTED: u64 = 1 << 16;

const fn v4([a, b, c, d]: [u8; 4], length: u8) -> IpNet {
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), length))
}

const fn v6([a, b]: [u16; 2], length: u8) -> IpNet {
    IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::new(a, b, 0, 0, 0, 0, 0, 0), length))
}

/// What replaces which address.
#[derive(Debug, Default)]
pub(super) struct Addresses {
    /// The widest of the router's own prefixes, none within another, and what replaces them.
    own: Vec<(IpNet, IpNet)>,
    /// Networks that are parted further than a half of the address: hosts there stay, or they would change parts.
    parted: HashSet<u64>,
    strangers: HashMap<IpAddr, usize>,
    strange_networks: HashMap<u64, usize>,
    sites: Pseudonyms<u64>,
    hosts: Pseudonyms<u64>,
}

impl Addresses {
    /// Nothing replaced yet; `prefixes` are the router's own.
    pub(super) fn new(prefixes: &[IpNet], rng: &mut Rng) -> Self {
        let mut addresses = Self::default();
        let halves = prefixes.iter().filter_map(|prefix| match prefix {
            IpNet::V6(v6) if (65..128).contains(&v6.prefix_len()) => Some(halves(v6.addr()).0),
            _ => None,
        });
        addresses.parted.extend(halves);
        let mut own: Vec<IpNet> = prefixes.iter().filter_map(to_be_replaced).collect();
        own.sort_by_key(IpNet::prefix_len);
        for prefix in own {
            if addresses.own.iter().any(|(wider, _)| wider.contains(&prefix)) {
                continue;
            }
            let overlaps = |new: &IpNet| {
                addresses.own.iter().any(|(_, taken)| taken.contains(new) || new.contains(taken))
            };
            let free = (0..TRIES).map(|_| other_prefix(prefix, rng)).find(|new| !overlaps(new));
            let new = free.unwrap_or_else(|| other_prefix(prefix, rng));
            addresses.own.push((prefix, new));
        }
        addresses
    }

    /// What replaces `address`. One that was made of a MAC keeps in step with `identities`.
    pub(super) fn replace(&mut self, address: IpAddr, identities: &mut Identities) -> IpAddr {
        match address {
            IpAddr::V4(v4) => self.v4(v4).into(),
            IpAddr::V6(v6) => self.v6(v6, identities).into(),
        }
    }

    fn v4(&mut self, v4: Ipv4Addr) -> Ipv4Addr {
        if let Some((IpNet::V4(from), IpNet::V4(to))) = self.own_of(v4.into()) {
            return to.network() | v4 & from.hostmask();
        }
        if is_kept(v4.into()) {
            return v4;
        }
        let number = number(&mut self.strangers, v4.into());
        Ipv4Addr::from_bits(STRANGERS_V4 + u32::try_from(number).unwrap_or_default())
    }

    fn v6(&mut self, v6: Ipv6Addr, identities: &mut Identities) -> Ipv6Addr {
        if v6.is_unspecified() || v6.is_loopback() {
            return v6;
        }
        if let Some((prefix, inner)) = with_v4_inside(v6) {
            return Ipv6Addr::from_bits(prefix | u128::from(self.v4(inner).to_bits()));
        }
        if v6.is_multicast() {
            return group(v6, identities);
        }
        let (network, host) = halves(v6);
        let own = self.own_of(v6.into());
        let new = match own {
            _ if v6.is_unique_local() => self.site(network, identities.rng()),
            Some((IpNet::V6(from), IpNet::V6(to))) => halves(to.network() | v6 & from.hostmask()).0,
            _ if is_kept(v6.into()) => network,
            _ => return self.stranger(v6, identities),
        };
        joined(new, self.host(network, host, identities))
    }

    /// A unique local prefix: its 40 random bits are another's (RFC 4193).
    fn site(&mut self, network: u64, rng: &mut Rng) -> u64 {
        const SITE: u64 = 0x00ff_ffff_ffff_0000;
        // The bare ranges fc00:: and fd00:: are nobody's.
        let site = match network & SITE {
            0 => 0,
            site => self.sites.replace(&site, || rng.next_u64() & SITE),
        };
        network & !SITE | site
    }

    fn host(&mut self, network: u64, host: u64, identities: &mut Identities) -> u64 {
        if let Some(mac) = mac_of(host) {
            return host_of(identities.mac(mac));
        }
        if host < COUNTED || self.parted.contains(&network) {
            return host;
        }
        let rng = identities.rng();
        self.hosts.replace(&host, || {
            loop {
                let random = rng.next_u64();
                if random >> 32 > 0 && !is_of_a_mac(random) {
                    return random;
                }
            }
        })
    }

    fn stranger(&mut self, v6: Ipv6Addr, identities: &mut Identities) -> Ipv6Addr {
        let (network, host) = halves(v6);
        if let Some(mac) = mac_of(host) {
            let number = number(&mut self.strange_networks, network) as u64;
            return joined(STRANGERS_WITH_MAC | number, host_of(identities.mac(mac)));
        }
        joined(STRANGERS_V6, number(&mut self.strangers, v6.into()) as u64)
    }

    fn own_of(&self, address: IpAddr) -> Option<(IpNet, IpNet)> {
        self.own.iter().find(|(from, _)| from.contains(&address)).copied()
    }
}

/// Counts from 1; those beyond the bound share a number.
fn number<K: Eq + std::hash::Hash>(known: &mut HashMap<K, usize>, key: K) -> usize {
    let next = known.len() + 1;
    if next > MAX_PSEUDONYMS {
        return known.get(&key).copied().unwrap_or(next);
    }
    *known.entry(key).or_insert(next)
}

fn is_kept(address: IpAddr) -> bool {
    KEPT.iter().any(|range| range.contains(&address))
}

/// The part of a prefix that another replaces; `None` if it stays, or is no more than a part of the internet.
fn to_be_replaced(prefix: &IpNet) -> Option<IpNet> {
    if KEPT.iter().any(|range| range.contains(prefix)) {
        return None;
    }
    match prefix {
        IpNet::V4(v4) => (v4.prefix_len() >= SHORTEST_OWN.0).then(|| prefix.trunc()),
        IpNet::V6(v6) => {
            let special = v6.addr().is_loopback() || v6.addr().is_unspecified() || v6.addr().is_multicast();
            let half = Ipv6Net::new(v6.addr(), v6.prefix_len().min(64)).ok()?;
            (!special && v6.prefix_len() >= SHORTEST_OWN.1).then(|| half.trunc().into())
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
    IpNet::new(base, prefix.prefix_len()).map_or(prefix, |new| new.trunc())
}

/// An IPv4 address that IPv6 speaks of: `::ffff:0:0/96` of RFC 4291 and `64:ff9b::/96` of RFC 6052.
fn with_v4_inside(v6: Ipv6Addr) -> Option<(u128, Ipv4Addr)> {
    let [.., a, b, c, d] = v6.octets();
    let prefix = v6.to_bits() >> 32 << 32;
    let known = matches!(v6.segments(), [0, 0, 0, 0, 0, 0xffff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..]);
    known.then(|| (prefix, Ipv4Addr::new(a, b, c, d)))
}

/// Groups stay, but for what they say of hosts and networks: solicited-node groups have the last three octets of an
/// address (RFC 4291), those of the flag P a prefix (RFC 3306).
fn group(v6: Ipv6Addr, identities: &mut Identities) -> Ipv6Addr {
    let octets = v6.octets();
    match octets {
        [0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x01, 0xff, tail @ ..] => {
            let [a, b, c] = identities.tail(tail);
            Ipv6Addr::from([0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, a, b, c])
        }
        [_, flags, .., a, b, c, d] if flags & 0x20 != 0 => {
            Ipv6Addr::from([0xff, flags, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, a, b, c, d])
        }
        _ => v6,
    }
}

fn halves(v6: Ipv6Addr) -> (u64, u64) {
    let octets = v6.octets();
    let half = |octets: Option<&[u8; 8]>| u64::from_be_bytes(octets.copied().unwrap_or_default());
    (half(octets.first_chunk()), half(octets.last_chunk()))
}

fn joined(network: u64, host: u64) -> Ipv6Addr {
    Ipv6Addr::from_bits(u128::from(network) << 64 | u128::from(host))
}

fn is_of_a_mac(host: u64) -> bool {
    host >> 24 & 0xffff == 0xfffe
}

/// The MAC of which a host made its half of an address (RFC 4291, appendix A).
fn mac_of(host: u64) -> Option<Mac> {
    match host.to_be_bytes() {
        [first, second, third, 0xff, 0xfe, a, b, c] if first & 0x01 == 0 => {
            Some(Mac([first ^ 0x02, second, third, a, b, c]))
        }
        _ => None,
    }
}

fn host_of(Mac([first, second, third, a, b, c]): Mac) -> u64 {
    u64::from_be_bytes([first ^ 0x02, second, third, 0xff, 0xfe, a, b, c])
}

#[cfg(test)]
mod tests;
