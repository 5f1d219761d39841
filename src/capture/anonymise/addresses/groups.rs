//! Other groups of IPv6 for those that somebody can be told by.

use std::net::Ipv6Addr;

use super::scrambler::Scrambler;
use crate::capture::anonymise::identities::Identities;

/// The place behind flags and scope (RFC 4291, section 2.7), where a group is told from others.
const GROUP: u32 = 16;
/// The largest number of a group that is known by it. IANA's list counts up to `1:ffff` ("IPv6 Multicast Address Space
/// Registry"); what is larger may be one of a network's own.
const LARGEST_KNOWN: u128 = 0x1_ffff;

/// What replaces the group `v6`: flags and scope stay.
///
/// A group without a flag stays as well if it is known by its number. Solicited-node groups have the last three octets
/// of an address (RFC 4291), those of node information queries a digest of a name (RFC 4620), which go on to agree with
/// MACs. All others are nobody's but their makers', and may hold any number of theirs; with the flags P and R it's a prefix
/// of them (RFC 3306 and 3956).
pub(super) fn group(v6: Ipv6Addr, scrambler: &Scrambler, identities: &mut Identities) -> Ipv6Addr {
    let (bits, octets) = (v6.to_bits(), v6.octets());
    match octets {
        [0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, of @ (0x01 | 0x02), 0xff, tail @ ..] => {
            let [a, b, c] = identities.tail(tail);
            Ipv6Addr::from([0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, of, 0xff, a, b, c])
        }
        [_, flags, ..] if flags >> 4 == 0 && bits & (u128::MAX >> GROUP) <= LARGEST_KNOWN => v6,
        _ => Ipv6Addr::from_bits(scrambler.scramble(bits, GROUP, 128)),
    }
}
