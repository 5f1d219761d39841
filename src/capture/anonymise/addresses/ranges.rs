//! Ranges that mean something to everybody, and of which something stays.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// Ranges whose addresses tell nothing of whoever has them.
pub(super) const KEPT: [IpNet; 13] = [
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
];

/// Ranges of which no more stays than the range itself: link-local, unique local (its bit L besides), documentation,
/// 6to4, and the local prefix of NAT64 (RFC 8215).
pub(super) const KEPT_V6: [Ipv6Net; 5] =
    [v6([0xfe80, 0, 0], 10), UNIQUE_LOCAL, v6([0x2001, 0xdb8, 0], 32), SIX_TO_FOUR, LOCAL_NAT64];
const UNIQUE_LOCAL: Ipv6Net = v6([0xfc00, 0, 0], 7);
pub(super) const SIX_TO_FOUR: Ipv6Net = v6([0x2002, 0, 0], 16);
pub(super) const LOCAL_NAT64: Ipv6Net = v6([0x64, 0xff9b, 1], 48);
/// Ranges all of whose addresses have an IPv4 address within, and are understood whole.
pub(super) const EMBEDDED_V6: [Ipv6Net; 3] =
    [v6([0, 0, 0], 64), v6([0x64, 0xff9b, 0], 96), v6([0x2001, 0, 0], 32)];

/// Groups that say whose they are, behind the first octet: by the number of an autonomous system (RFC 3180) or by a prefix
/// (RFC 6034).
const GROUPS_OF_SOMEBODY: [u8; 2] = [233, 234];

const fn v4([a, b, c, d]: [u8; 4], length: u8) -> IpNet {
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), length))
}

const fn v6([a, b, c]: [u16; 3], length: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), length)
}

pub(super) fn is_kept(v4: Ipv4Addr) -> bool {
    KEPT.iter().any(|range| range.contains(&IpAddr::V4(v4)))
}

/// Whether it is a group that says whose it is.
pub(super) const fn is_group_of_somebody(v4: Ipv4Addr) -> bool {
    let [first, ..] = v4.octets();
    first == GROUPS_OF_SOMEBODY[0] || first == GROUPS_OF_SOMEBODY[1]
}

/// How many bits of a network stay in one of [`KEPT_V6`].
pub(super) fn kept_bits(range: &Ipv6Net) -> u32 {
    match *range {
        // The bit L says that a site was chosen at random (RFC 4193).
        UNIQUE_LOCAL => 8,
        // The site is called by an IPv4 address, which gets its own replacement.
        SIX_TO_FOUR => 48,
        _ => range.prefix_len().into(),
    }
}
