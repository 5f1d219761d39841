//! How much of the WAN's traffic the table has seen: a hint, not a proof.
//!
//! Traffic that the table doesn't show is that of flows which a network processor forwards by itself and of which it tells
//! the kernel late, or nothing. Headers of the link layer and traffic that is not tracked, such as ARP, are on the WAN's
//! side alone, so a share of all is a little below 1.

use crate::census::outside::OutsideTraffic;

/// Of fewer bytes through the WAN, a megabit, nothing is told: the rest that is never tracked would be too much of them.
const LEAST_WAN_BYTES: u64 = 125_000;
/// A tunnel of the router's own may move one in so many of the WAN's bytes.
const TUNNEL_SHARE: u128 = 20;

/// The share of the WAN's bytes that the table has seen, 1 if it has seen all, all figures between the same two passes:
/// what flows carried to and from the world `outside`, and `wan_bytes` through its interfaces
/// ([`Sample::wan_traffic_since`](crate::sample::Sample::wan_traffic_since)), each both ways.
///
/// `None` if the WAN's bytes are not known or too few, or if tunnels move more than a twentieth of them.
pub fn coverage(outside: OutsideTraffic, wan_bytes: Option<u64>) -> Option<f64> {
    let wan_bytes = wan_bytes.filter(|bytes| *bytes >= LEAST_WAN_BYTES)?;
    let tunnels_are_few = u128::from(outside.tunnels) * TUNNEL_SHARE <= u128::from(wan_bytes);
    #[expect(clippy::cast_precision_loss, reason = "a share needs no more than 53 bits")]
    let share = outside.bytes as f64 / wan_bytes as f64;
    tunnels_are_few.then_some(share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_a_share_of_the_bytes_through_the_wan() {
        for (outside, tunnels, wan, expected) in [
            (950_000, 0, Some(1_000_000), Some(0.95)),
            (0, 0, Some(1_000_000), Some(0.0)),
            (2_000_000, 0, Some(1_000_000), Some(2.0)),
            (125_000, 0, Some(125_000), Some(1.0)),
            (124_999, 0, Some(124_999), None),
            (125_000, 0, Some(0), None),
            (125_000, 0, None, None),
            (500_000, 50_000, Some(1_000_000), Some(0.5)),
            (500_000, 50_001, Some(1_000_000), None),
            (u64::MAX, u64::MAX, Some(u64::MAX), None),
            (u64::MAX, 0, Some(u64::MAX), Some(1.0)),
        ] {
            let flows = OutsideTraffic { bytes: outside, tunnels };
            assert_eq!(coverage(flows, wan), expected, "{outside} {tunnels} {wan:?}");
        }
    }
}
