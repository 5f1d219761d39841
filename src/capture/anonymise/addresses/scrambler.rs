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
    pub(super) fn scramble(&self, address: u128, from: u32, to: u32) -> u128 {
        let is_turned = |place: &u32| self.key.hash_one((bits(address, 0, *place), *place)) & 1 == 1;
        (from..to).filter(is_turned).fold(address, |address, place| address ^ bit(place))
    }

    /// The same, but that whoever has nothing but zeros from `from` up to `counted` stays. Of all others any bit may be
    /// turned over, so prefixes shorter than `counted` stay prefixes among them alone: if zeros at the beginning stayed
    /// with the others too, so would an octet as small as 1 behind them.
    pub(super) fn scramble_unless_counted(&self, address: u128, from: u32, counted: u32, to: u32) -> u128 {
        let zeros = bits(u128::MAX, from, counted);
        if address & zeros == 0 {
            return address;
        }
        match self.scramble(address, from, to) {
            // Who would become one of those that stay gets what they would have got.
            new if new & zeros == 0 => self.scramble(address & !zeros, from, to),
            new => new,
        }
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
    use std::collections::BTreeSet;

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
                let host = 0x0141_1234_5678_9abc;
                (Scrambler::default().scramble_unless_counted(host, 64, 112, 128) ^ host) & bit(place) != 0
            });
            assert!((350..650).contains(&turned.count()), "{place}");
        }
    }

    proptest! {
        #[test]
        fn prefixes_stay_prefixes(a: u128, b: u128, shared in 0..=128u32, from in 0..128u32) {
            let scrambler = Scrambler::default();
            let b = bits(a, 0, shared) | bits(b, shared, 128);
            let [new_a, new_b] = [a, b].map(|bits| scrambler.scramble(bits, from, 128));
            prop_assert_eq!((a ^ b).leading_zeros(), (new_a ^ new_b).leading_zeros());
            prop_assert_eq!(bits(a, 0, from), bits(new_a, 0, from));
        }
    }

    /// All that there are of eight bits, so that some would become one that stays.
    #[test]
    fn what_was_counted_stays_and_none_become_one() {
        for _ in 0..20 {
            let scrambler = Scrambler::default();
            let all = 0..1 << 8;
            let new: BTreeSet<u128> =
                all.clone().map(|bits| scrambler.scramble_unless_counted(bits, 120, 124, 128)).collect();
            assert!(new.into_iter().eq(all.clone()));
            for counted in all.take(16) {
                assert_eq!(scrambler.scramble_unless_counted(counted, 120, 124, 128), counted);
            }
        }
    }
}
