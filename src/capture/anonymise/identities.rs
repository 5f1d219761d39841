//! Other MACs and DUIDs for those that devices carry.

use super::pseudonyms::{Pseudonyms, Rng};
use crate::devices::mac::{Duid, Mac};

/// The octets of a DUID that say its type.
const TYPE: usize = 2;
/// The same, and the two behind them that say of which hardware a MAC is, where it carries one.
const TYPE_AND_HARDWARE: usize = TYPE + 2;

/// Replaces MACs by ones that somebody made up (02:…), in two halves: vendors stay apart, and so do the last three
/// octets, which tell devices of one name apart. Where either was equal, it stays equal.
#[derive(Debug, Default)]
pub(super) struct Identities {
    rng: Rng,
    vendors: Pseudonyms<[u8; 3]>,
    tails: Pseudonyms<[u8; 3]>,
    duids: Pseudonyms<Duid>,
}

impl Identities {
    /// What replaces `mac`. Nobody's stay: all zeros and the broadcast; those of groups stay groups.
    pub(super) fn mac(&mut self, mac: Mac) -> Mac {
        if mac == Mac([0; 6]) || mac == Mac([0xff; 6]) {
            return mac;
        }
        let [first, second, third, ..] = mac.0;
        let rng = &mut self.rng;
        let [first, second, third] = self.vendors.replace(&[first, second, third], || {
            let [random, second, third] = three(rng);
            [random & 0xfc | 0x02 | first & 0x01, second, third]
        });
        let [a, b, c] = self.tail(mac.tail());
        Mac([first, second, third, a, b, c])
    }

    /// What replaces the last three octets of a MAC or DUID.
    pub(super) fn tail(&mut self, tail: [u8; 3]) -> [u8; 3] {
        let rng = &mut self.rng;
        self.tails.replace(&tail, || three(rng))
    }

    /// What replaces `duid`: of the same type and length. One that carries a MAC carries that MAC's replacement, and
    /// no time.
    pub(super) fn duid(&mut self, duid: &Duid) -> Duid {
        let Some(mac) = duid.mac() else { return self.opaque(duid) };
        let mut new = duid.clone();
        new.octets_mut().iter_mut().skip(TYPE_AND_HARDWARE).for_each(|octet| *octet = 0);
        if let Some(last) = new.octets_mut().last_chunk_mut() {
            *last = self.mac(mac).0;
        }
        new
    }

    fn opaque(&mut self, duid: &Duid) -> Duid {
        let tail = self.tail(duid.tail());
        let rng = &mut self.rng;
        self.duids.replace(duid, || {
            let mut new = duid.clone();
            let (_, identifier) = new.octets_mut().split_at_mut_checked(TYPE).unwrap_or_default();
            identifier.fill_with(|| rng.next_u64().to_le_bytes()[0]);
            if let Some(last) = identifier.last_chunk_mut() {
                *last = tail;
            }
            new
        })
    }

    pub(super) fn rng(&mut self) -> &mut Rng {
        &mut self.rng
    }
}

fn three(rng: &mut Rng) -> [u8; 3] {
    let [a, b, c, ..] = rng.next_u64().to_le_bytes();
    [a, b, c]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nobodys_macs_stay_and_groups_stay_groups() {
        let mut identities = Identities::default();
        for mac in [Mac([0; 6]), Mac([0xff; 6])] {
            assert_eq!(identities.mac(mac), mac);
        }
        let group = identities.mac(Mac([0x01, 0, 0x5e, 0, 0, 1]));
        assert!(group.is_group() && group.is_local());
    }

    #[test]
    fn duids() {
        let mut identities = Identities::default();
        let duid = |text: &str| Duid::parse(text.as_bytes()).unwrap();
        let mac = Mac([0x28, 0x6f, 0xb9, 1, 2, 3]);
        let expected = identities.mac(mac);
        for text in ["00:03:00:01:28:6f:b9:01:02:03", "00:01:00:01:32:93:49:85:28:6f:b9:01:02:03"] {
            let replaced = identities.duid(&duid(text));
            assert_eq!(replaced.mac(), Some(expected));
            assert_eq!(replaced.to_string().len(), text.len());
            assert!(!replaced.to_string().contains("32:93:49:85"), "when a system was installed");
        }
        let opaque = duid("00:04:ab:cd:ef:01:02:03");
        let replaced = identities.duid(&opaque);
        assert_ne!(replaced, opaque);
        assert_eq!(identities.duid(&opaque), replaced);
        assert_eq!(replaced.tail(), expected.tail(), "tails that were equal stay equal");
        assert!(replaced.to_string().starts_with("00:04:"));
        assert_eq!(identities.duid(&duid("00:04:ab")).to_string().len(), 8);
    }

    proptest! {
        #[test]
        fn macs_stay_apart_and_so_do_their_halves(macs in prop::collection::vec(any::<[u8; 6]>(), 2..60), few in prop::collection::vec(0..4u8, 24)) {
            let mut identities = Identities::default();
            // Halves that meet again, as those of one vendor do.
            let few = few.chunks(2).map(|two| [0x28, 0, two[0], 0, 0, two[1]]);
            let macs: Vec<Mac> = macs.into_iter().chain(few).map(Mac).filter(|mac| *mac != Mac([0; 6]) && *mac != Mac([0xff; 6])).collect();
            let replaced: Vec<Mac> = macs.iter().map(|mac| identities.mac(*mac)).collect();
            for (a, new_a) in macs.iter().zip(&replaced) {
                prop_assert!(new_a.is_local());
                prop_assert_eq!(new_a.is_group(), a.is_group());
                prop_assert_eq!(identities.mac(*a), *new_a);
                for (b, new_b) in macs.iter().zip(&replaced) {
                    prop_assert_eq!(a == b, new_a == new_b);
                    prop_assert_eq!(a.tail() == b.tail(), new_a.tail() == new_b.tail());
                    prop_assert_eq!(a.0[..3] == b.0[..3], new_a.0[..3] == new_b.0[..3]);
                }
            }
        }
    }
}
