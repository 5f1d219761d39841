//! Other bits for some of an address's, so that prefixes stay prefixes.
//!
//! Addresses that share a prefix go on to share one of the same length, and no two become one: whether a bit is turned
//! over depends on the bits before it alone, as in Crypto-PAn (Xu, Fan, Ammar and Moon, "Prefix-preserving IP address
//! anonymization", 2002). What it depends on besides is a key that nobody keeps.

use std::hash::{BuildHasher, RandomState};

/// Turns bits over. Its key is the system's, another in every run.
#[derive(Debug, Default)]
pub(super) struct Scrambler {
    key: RandomState,
}

impl Scrambler {
    /// Scrambles the bits of `address` from place `from` up to place `to`, counted from the first.
    ///
    /// With `plain`, nothing is turned over as long as the bits from `from` up to that place are zeros: what begins with
    /// zeros begins with as many afterwards, and what is nothing but zeros up to there stays.
    pub(super) fn scramble(&self, address: u128, from: u32, to: u32, plain: Option<u32>) -> u128 {
        let turned = (from..to).filter(|place| {
            let is_plain = plain.is_some_and(|plain| bits(address, from, plain.min(*place)) == 0);
            !is_plain && self.key.hash_one((bits(address, 0, *place), place)) & 1 == 1
        });
        turned.fold(address, |address, place| address ^ bit(place))
    }
}

/// The bit at `place`, alone.
const fn bit(place: u32) -> u128 {
    (1 << 127) >> place
}

/// The bits from place `from` up to place `to`, and zeros around them.
fn bits(address: u128, from: u32, to: u32) -> u128 {
    let behind = |place| u128::MAX.checked_shr(place).unwrap_or(0);
    address & behind(from) & !behind(to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn bits_of_an_address() {
        assert_eq!([bit(0), bit(127)], [1 << 127, 1]);
        assert_eq!(bits(u128::MAX, 0, 128), u128::MAX);
        assert_eq!(bits(u128::MAX, 120, 124), 0xf0);
        assert_eq!(bits(u128::MAX, 64, 64), 0);
    }

    #[test]
    fn every_bit_is_turned_over_half_the_time() {
        for place in [64, 100, 127] {
            let turned = (0..1000).filter(|_| {
                let host = 0x9b41_1234_5678_9abc;
                (Scrambler::default().scramble(host, 64, 128, Some(112)) ^ host) & bit(place) != 0
            });
            let expected = if place == 64 { 0..1 } else { 350..650 };
            assert!(expected.contains(&turned.count()), "{place}");
        }
    }

    proptest! {
        #[test]
        fn prefixes_stay_prefixes(a: u128, b: u128, shared in 0..=128u32, from in 0..128u32, plain in prop::option::of(0..128u32)) {
            let scrambler = Scrambler::default();
            let b = bits(a, 0, shared) | bits(b, shared, 128);
            let [new_a, new_b] = [a, b].map(|bits| scrambler.scramble(bits, from, 128, plain));
            prop_assert_eq!((a ^ b).leading_zeros(), (new_a ^ new_b).leading_zeros());
            prop_assert_eq!(bits(a, 0, from), bits(new_a, 0, from));
        }

        #[test]
        fn what_begins_with_zeros_goes_on_to(network in 0..u64::MAX, host: u64, zeros in 0..64u32) {
            let address = u128::from(network) << 64 | u128::from(host >> zeros);
            let new = Scrambler::default().scramble(address, 64, 128, Some(112));
            let host = |address: u128| bits(address, 64, 128);
            prop_assert_eq!(host(address).leading_zeros(), host(new).leading_zeros());
            prop_assert!(host(address) >= 1 << 16 || address == new);
        }
    }
}
