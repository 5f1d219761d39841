//! Other addresses for those that lead to somebody.
//!
//! What everybody has stays: private, link-local and documentation ranges, well-known groups. The router's own prefixes get
//! others, in which whoever shared a prefix goes on to; everybody else gets a number. Replacements are of ranges that
//! belong to nobody (`240.0.0.0/4` and `3fff::/20`), so none of them is anybody's, and what was replaced can be seen.
//!
//! Of IPv6 no more stays than those ranges, and hosts that were counted (of at most 16 bits) where no prefix of the router's
//! parts their network: every other bit of an address is scrambled, for it may be one of an IPv4 address's. Where an IPv4
//! address is known to lie ([`embedded`]), it gets its own replacement.

mod embedded;
mod groups;
mod own;
mod parts;
mod ranges;
mod scrambler;

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv6Net};

use super::identities::Identities;
use super::pseudonyms::{MAX_PSEUDONYMS, Rng};
use crate::devices::mac::Mac;
use embedded::{Embedding, isatap, with_at, with_last};
use groups::group;
use own::OwnPrefixes;
use parts::Parts;
use ranges::{KEPT, KEPT_V6, LOCAL_NAT64, SIX_TO_FOUR, is_group_of_somebody, is_kept, kept_bits};
use scrambler::Scrambler;

const STRANGERS_V4: u32 = 0xf000_0000;
/// The network's halves of IPv6 addresses: of strangers, and of strangers that made their address of their MAC.
const STRANGERS_V6: u64 = 0x3fff << 48;
const STRANGERS_WITH_MAC: u64 = 0x3fff_0001 << 32;

/// Places in an IPv6 address: where its host's half begins, and where the 16 bits of it that people and DHCP servers
/// count in.
const HOST: u32 = 64;
const COUNTED: u32 = 112;

/// What replaces which address.
#[derive(Debug, Default)]
pub(super) struct Addresses {
    own: OwnPrefixes,
    parts: Parts,
    strangers: HashMap<IpAddr, usize>,
    strange_networks: HashMap<u64, usize>,
    scrambler: Scrambler,
}

/// A network's half of an address, replaced.
struct Network {
    half: u64,
    /// Whether it is of a range in which hosts that were counted stay.
    counted: bool,
}

impl Addresses {
    /// Nothing replaced yet; `prefixes` are the router's own.
    pub(super) fn new(prefixes: &[IpNet], rng: &mut Rng) -> Self {
        let (mut own, scrambler) = (OwnPrefixes::default(), Scrambler::default());
        own.learn(prefixes, rng);
        let parts = Parts::new(prefixes).replaced_by(|part, counted| {
            scrambled_host(&scrambler, halves(part).1, counted && own.of(part.into()).is_none())
        });
        Self { own, parts, scrambler, ..Self::default() }
    }

    /// The router has these prefixes as well. What was replaced before stays so.
    pub(super) fn learn(&mut self, prefixes: &[IpNet], rng: &mut Rng) {
        self.own.learn(prefixes, rng);
    }

    /// Whether all addresses of a prefix go on to share one of the same length: those of the router's own prefixes and of
    /// ranges that mean something to everybody do.
    pub(super) fn keep_together(&self, prefix: &IpNet) -> bool {
        let is_own = || self.own.of(prefix.network()).is_some_and(|(own, _)| own.contains(prefix));
        KEPT.iter().any(|range| range.contains(prefix))
            || KEPT_V6.iter().any(|range| IpNet::from(*range).contains(prefix))
            || is_own()
    }

    /// Those that were replaced one by one.
    pub(super) fn strangers(&self) -> Vec<IpAddr> {
        self.strangers.keys().copied().collect()
    }

    /// What replaces `address`. One that was made of a MAC keeps in step with `identities`.
    pub(super) fn replace(&mut self, address: IpAddr, identities: &mut Identities) -> IpAddr {
        match address {
            IpAddr::V4(v4) => self.v4(v4).into(),
            IpAddr::V6(v6) => self.v6(v6, identities).into(),
        }
    }

    fn v4(&mut self, v4: Ipv4Addr) -> Ipv4Addr {
        if let Some((IpNet::V4(from), IpNet::V4(to))) = self.own.of(v4.into()) {
            let first = u128::from(v4.to_bits()) << 96;
            let scrambled = self.scrambler.scramble(first, from.prefix_len().into(), 32);
            let [a, b, c, d, ..] = scrambled.to_be_bytes();
            return to.network() | Ipv4Addr::new(a, b, c, d) & from.hostmask();
        }
        let counted_in = match v4.octets() {
            [first, ..] if is_group_of_somebody(v4) => u32::from(first) << 24,
            _ if is_kept(v4) => return v4,
            _ => STRANGERS_V4,
        };
        let number = number(&mut self.strangers, v4.into());
        Ipv4Addr::from_bits(counted_in + u32::try_from(number).unwrap_or_default())
    }

    fn v6(&mut self, v6: Ipv6Addr, identities: &mut Identities) -> Ipv6Addr {
        if v6.is_unspecified() || v6.is_loopback() {
            return v6;
        }
        if v6.is_multicast() {
            return group(v6, &self.scrambler, identities);
        }
        let network = match Embedding::of(v6) {
            Some(Embedding::Last(v4)) => return with_last(v6, self.v4(v4)),
            Some(Embedding::Teredo { server, client }) => {
                let client = Ipv4Addr::from_bits(!self.v4(client).to_bits());
                return with_last(with_at(v6, 32, self.v4(server)), client);
            }
            Some(Embedding::SixToFour(v4)) => {
                let site = with_at(v6, 16, self.v4(v4));
                Some(Network { half: self.network_of_range(site, &SIX_TO_FOUR), counted: true })
            }
            None => self.network(v6),
        };
        match network {
            Some(network) => joined(network.half, self.host(v6, network.counted, identities)),
            None => self.stranger(v6, identities),
        }
    }

    /// The network's half of an address of the router's own or of a range that stays.
    fn network(&self, v6: Ipv6Addr) -> Option<Network> {
        if let Some((IpNet::V6(from), IpNet::V6(to))) = self.own.of(v6.into()) {
            let scrambled = self.scrambler.scramble(v6.to_bits(), from.prefix_len().into(), HOST);
            let new = to.network() | Ipv6Addr::from_bits(scrambled) & from.hostmask();
            return Some(Network { half: halves(new).0, counted: false });
        }
        let range = KEPT_V6.iter().find(|range| range.contains(&v6))?;
        Some(Network { half: self.network_of_range(v6, range), counted: true })
    }

    /// The network's half of an address in one of the ranges that stay.
    fn network_of_range(&self, v6: Ipv6Addr, range: &Ipv6Net) -> u64 {
        let (bits, from) = (v6.to_bits(), kept_bits(range));
        let scrambled = if self.parts.leave_networks_of(range) {
            self.scrambler.scramble_unless_counted(bits, from, HOST, HOST)
        } else {
            self.scrambler.scramble(bits, from, HOST)
        };
        halves(Ipv6Addr::from_bits(scrambled)).0
    }

    /// The host's half: of a MAC or an IPv4 address, what replaces those; unless it would leave a part of its network.
    fn host(&mut self, v6: Ipv6Addr, counted: bool, identities: &mut Identities) -> u64 {
        let counted = counted && self.parts.leave_hosts_beside(v6);
        let host = halves(v6).1;
        let scrambled = scrambled_host(&self.scrambler, host, counted);
        let made_of = match mac_of(host) {
            Some(mac) => Some(host_of(identities.mac(mac))),
            None => self
                .inner_v4(v6, scrambled)
                .map(|(above, inner)| above >> 32 << 32 | u64::from(self.v4(inner).to_bits())),
        };
        made_of.filter(|new| self.parts.agree(v6, *new, scrambled)).unwrap_or(scrambled)
    }

    /// The IPv4 address at the end of a host's half, by ISATAP or behind a prefix of NAT64, and what its replacement is to
    /// stand behind.
    fn inner_v4(&self, v6: Ipv6Addr, scrambled: u64) -> Option<(u64, Ipv4Addr)> {
        let host = halves(v6).1;
        if let Some(v4) = isatap(host) {
            return Some((host, v4));
        }
        let above = match self.parts.is_nat64(v6) {
            true => scrambled,
            false if LOCAL_NAT64.contains(&v6) && host >> 32 == 0 => host,
            false => return None,
        };
        let [.., a, b, c, d] = v6.octets();
        // What begins with a zero is no IPv4 address of anybody's, but may be a host that was counted.
        (a != 0).then(|| (above, Ipv4Addr::new(a, b, c, d)))
    }

    fn stranger(&mut self, v6: Ipv6Addr, identities: &mut Identities) -> Ipv6Addr {
        let (network, host) = halves(v6);
        if let Some(mac) = mac_of(host) {
            let number = number(&mut self.strange_networks, network) as u64;
            return joined(STRANGERS_WITH_MAC | number, host_of(identities.mac(mac)));
        }
        joined(STRANGERS_V6, number(&mut self.strangers, v6.into()) as u64)
    }
}

/// The same host's half is replaced by the same in every network where those that were `counted` stay, and by the same in
/// all others; the keys of a network are not in it.
fn scrambled_host(scrambler: &Scrambler, host: u64, counted: bool) -> u64 {
    let bits = if counted {
        scrambler.scramble_unless_counted(host.into(), HOST, COUNTED, 128)
    } else {
        scrambler.scramble(host.into(), HOST, 128)
    };
    let new = halves(Ipv6Addr::from_bits(bits)).1;
    // The program would take it for a device.
    if is_of_a_mac(new) && !is_of_a_mac(host) { new ^ 1 << 24 } else { new }
}

/// Counts from 1; those beyond the bound share a number.
fn number<K: Eq + std::hash::Hash>(known: &mut HashMap<K, usize>, key: K) -> usize {
    let next = known.len() + 1;
    if next > MAX_PSEUDONYMS {
        return known.get(&key).copied().unwrap_or(next);
    }
    *known.entry(key).or_insert(next)
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
