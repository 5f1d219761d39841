//! Who is present in one snapshot: a small number for each, so that counting is an index into a table.

use std::collections::HashMap;
use std::net::IpAddr;

use foldhash::fast::RandomState;

use super::{Devices, Key, Who};

/// How many addresses without a device are told apart in one snapshot; a scan with forged sources has more.
const BARE_AT_MOST: usize = 1024;

/// Whose an entry is, for the length of one snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Owner(u32);

impl Owner {
    /// The router itself.
    pub const ROUTER: Self = Self(0);
    /// Nobody: `other`.
    pub const UNATTRIBUTED: Self = Self(1);
    /// Somebody for whom there was no room: `other` as well.
    pub const OVERFLOW: Self = Self(2);
    const FIRST_DEVICE: usize = 3;

    /// The number, from 0 on without gaps.
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// The device of this number: its place in [`Present::devices`].
    pub const fn device(self) -> Option<usize> {
        self.index().checked_sub(Self::FIRST_DEVICE)
    }

    /// The owner who has `place` in [`Present::devices`].
    pub fn of_device(place: usize) -> Self {
        Self(u32::try_from(place + Self::FIRST_DEVICE).unwrap_or(u32::MAX))
    }
}

/// The owners met so far in one snapshot.
#[derive(Debug, Default)]
pub struct Present {
    /// Every device address met. Its hash needs a secret: outsiders may choose the addresses.
    by_address: HashMap<IpAddr, Owner, RandomState>,
    by_key: HashMap<Key, Owner>,
    devices: Vec<Who>,
    bare: usize,
}

impl Present {
    /// Whose the LAN address `address` is.
    pub fn owner_at(&mut self, devices: &Devices, address: IpAddr, link_layer: bool) -> Owner {
        if let Some(owner) = self.by_address.get(&address) {
            return *owner;
        }
        match devices.identify(address, link_layer) {
            None => Owner::UNATTRIBUTED,
            Some(who) => self.enter(address, who),
        }
    }

    /// The devices met, in order of their owners' numbers.
    pub fn devices(&self) -> &[Who] {
        &self.devices
    }

    /// Forgets everybody, for the next snapshot.
    pub fn clear(&mut self) {
        self.by_address.clear();
        self.by_key.clear();
        self.devices.clear();
        self.bare = 0;
    }

    fn enter(&mut self, address: IpAddr, who: Who) -> Owner {
        let next = Owner::of_device(self.devices.len());
        let owner = match &who {
            Who::Device(key) => *self.by_key.entry(key.clone()).or_insert(next),
            Who::Address(_) if self.bare == BARE_AT_MOST => return Owner::OVERFLOW,
            Who::Address(_) => {
                self.bare += 1;
                next
            }
        };
        if owner == next {
            self.devices.push(who);
        }
        self.by_address.insert(address, owner);
        owner
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::devices::name::Name;
    use crate::root::Root;

    fn nobody_known() -> Devices {
        Devices::new(&Root::live(), &[] as &[&str], &Name::clean(b"router").unwrap())
    }

    #[test]
    fn each_address_has_one_number() {
        let (devices, mut present) = (nobody_known(), Present::default());
        let mut owner =
            |text: &str, link_layer| present.owner_at(&devices, text.parse().unwrap(), link_layer);
        let first = owner("192.168.8.2", true);
        assert_eq!(first.device(), Some(0));
        assert_eq!(owner("192.168.8.3", true).device(), Some(1));
        assert_eq!(owner("192.168.8.2", true), first);
        assert_eq!(owner("2001:db8::1", true), Owner::UNATTRIBUTED);
        assert_eq!(owner("2001:db8::1", false).device(), Some(2));
        assert_eq!(Owner::OVERFLOW.device(), None);
        assert_eq!(present.devices().len(), 3);
        present.clear();
        assert!(present.devices().is_empty());
    }

    #[test]
    fn a_scan_with_forged_sources_is_bounded() {
        let (devices, mut present) = (nobody_known(), Present::default());
        for last in 0..100_000u32 {
            present.owner_at(&devices, IpAddr::V4((0x0a00_0000 + last).into()), true);
        }
        assert_eq!(present.devices().len(), BARE_AT_MOST);
        assert_eq!(present.by_address.len(), BARE_AT_MOST);
        assert_eq!(present.owner_at(&devices, "10.9.9.9".parse().unwrap(), true), Owner::OVERFLOW);
    }
}
