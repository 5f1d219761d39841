//! What one lease file says, within bounds, until it has shown itself to be whole.

use std::net::IpAddr;

use crate::devices::Map;
use crate::devices::identity::DeviceId;
use crate::devices::last_seen::{HELD_AT_MOST, LastSeen, oldest_to_keep};
use crate::devices::name::Name;

/// The devices and addresses of one lease file: of a long one those that its last lines speak of.
#[derive(Debug, Default)]
pub(super) struct LeaseList {
    holders: Map<DeviceId, Holder>,
    addresses: Map<IpAddr, (DeviceId, LastSeen)>,
    line: LastSeen,
    /// Whether there was more than can be known.
    crowded: bool,
}

/// What the file says of one device.
#[derive(Debug, Default)]
pub(super) struct Holder {
    /// What it calls itself: of several names the first.
    pub(super) name: Option<Name>,
    /// Whether it holds an IPv4 address, whose leases tell MACs.
    pub(super) confirmed: bool,
    last_seen: LastSeen,
}

/// What a whole file says, in the order in which it last spoke of each.
#[derive(Debug)]
pub(super) struct Leases {
    pub(super) holders: Vec<(DeviceId, Holder)>,
    /// Each with who holds it.
    pub(super) addresses: Vec<(IpAddr, DeviceId)>,
    /// Whether there was more than can be known.
    pub(super) crowded: bool,
}

impl LeaseList {
    /// Takes in the next lease: `holder` has `addresses` and calls itself `name`.
    pub(super) fn add(&mut self, holder: &DeviceId, addresses: &[IpAddr], name: Option<&[u8]>) {
        self.line.line += 1;
        for address in addresses {
            self.addresses.insert(*address, (holder.clone(), self.line));
        }
        let known = self.holders.entry(holder.clone()).or_default();
        known.last_seen = self.line;
        known.confirmed |= addresses.iter().any(IpAddr::is_ipv4);
        if known.name.is_none() {
            known.name = name.and_then(Name::clean);
        }
        if self.holders.len().max(self.addresses.len()) > HELD_AT_MOST {
            self.forget_oldest();
        }
    }

    /// Forgets what was said longest ago, where there is too much.
    fn forget_oldest(&mut self) {
        if let Some(oldest) = oldest_to_keep(self.holders.values().map(|holder| holder.last_seen)) {
            self.crowded = true;
            self.holders.retain(|_, holder| holder.last_seen >= oldest);
        }
        if let Some(oldest) = oldest_to_keep(self.addresses.values().map(|(_, seen)| *seen)) {
            self.crowded = true;
            self.addresses.retain(|_, (_, seen)| *seen >= oldest);
        }
        self.addresses.retain(|_, (holder, _)| self.holders.contains_key(holder));
    }

    /// What the list holds in the end: of neither more than are known at most, but for further addresses in one line.
    pub(super) fn finish(mut self) -> Leases {
        self.forget_oldest();
        let mut holders: Vec<_> = self.holders.into_iter().collect();
        holders.sort_unstable_by_key(|(_, holder)| holder.last_seen);
        let mut addresses: Vec<_> = self.addresses.into_iter().collect();
        addresses.sort_unstable_by_key(|(address, (_, seen))| (*seen, *address));
        let addresses = addresses.into_iter().map(|(address, (holder, _))| (address, holder)).collect();
        Leases { holders, addresses, crowded: self.crowded }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::devices::last_seen::KNOWN_AT_MOST;
    use crate::devices::mac::Mac;

    fn device(number: usize) -> DeviceId {
        let [.., a, b, c] = number.to_be_bytes();
        DeviceId::Mac(Mac([2, 0, 0, a, b, c]))
    }

    fn address(number: usize) -> IpAddr {
        let [.., a, b, c] = number.to_be_bytes();
        IpAddr::from([10, a, b, c])
    }

    #[test]
    fn the_first_name_and_the_last_holder_count() {
        let mut list = LeaseList::default();
        list.add(&device(1), &[address(1)], None);
        list.add(&device(2), &[address(2)], Some(b"tv"));
        list.add(&device(1), &[address(2)], Some(b"laptop"));
        list.add(&device(1), &["2001:db8::1".parse().unwrap()], Some(b"again"));
        list.add(&device(3), &[], Some(b"  "));
        let Leases { holders, addresses, crowded } = list.finish();
        let shown = holders.iter().map(|(id, holder)| {
            (id.clone(), holder.name.as_ref().map_or("", |name| name.as_str()), holder.confirmed)
        });
        let expected = [(device(2), "tv", true), (device(1), "laptop", true), (device(3), "", false)];
        assert_eq!(shown.collect::<Vec<_>>(), expected);
        let v6 = "2001:db8::1".parse().unwrap();
        assert!(!crowded);
        assert_eq!(addresses, [(address(1), device(1)), (address(2), device(1)), (v6, device(1))]);
    }

    #[test]
    fn whatever_a_file_says_the_last_lines_are_kept() {
        let mut list = LeaseList::default();
        for number in 0..5 * KNOWN_AT_MOST {
            list.add(&device(number), &[address(number)], Some(b"host"));
            assert!(list.holders.len().max(list.addresses.len()) <= HELD_AT_MOST);
        }
        let Leases { holders, addresses, crowded } = list.finish();
        assert!(crowded);
        let kept = 4 * KNOWN_AT_MOST..5 * KNOWN_AT_MOST;
        assert!(holders.into_iter().map(|(id, _)| id).eq(kept.clone().map(device)));
        assert!(addresses.into_iter().eq(kept.map(|number| (address(number), device(number)))));
    }

    #[test]
    fn a_device_of_countless_addresses_drives_out_no_other_device() {
        let mut list = LeaseList::default();
        list.add(&device(0), &[address(0)], Some(b"printer"));
        for number in 1..3 * KNOWN_AT_MOST {
            list.add(&device(1), &[address(number)], Some(b"laptop"));
        }
        let Leases { holders, addresses, crowded } = list.finish();
        assert!(crowded);
        assert_eq!(holders.into_iter().map(|(id, _)| id).collect::<Vec<_>>(), [device(0), device(1)]);
        assert_eq!(addresses.len(), KNOWN_AT_MOST);
    }
}
