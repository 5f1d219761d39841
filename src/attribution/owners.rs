//! Identity is present: a small number for each, so that counting is an index into a table.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::net::IpAddr;

use foldhash::fast::RandomState;

use crate::devices::{DeviceId, Identity};

/// How many addresses without a device are told apart at a time; a scan with forged sources has more.
const BARE_AT_MOST: usize = 1024;

/// Whose an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OwnerId(u32);

impl OwnerId {
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

    /// The device of this number: its place in [`OwnerTable::devices`].
    pub const fn device(self) -> Option<usize> {
        self.index().checked_sub(Self::FIRST_DEVICE)
    }

    /// The owner who has `place` in [`OwnerTable::devices`].
    pub fn of_device(place: usize) -> Self {
        Self(u32::try_from(place + Self::FIRST_DEVICE).unwrap_or(u32::MAX))
    }
}

/// The owners met so far.
#[derive(Debug, Default)]
pub struct OwnerTable {
    /// Every device address met. Its hash needs a secret: outsiders may choose the addresses.
    by_address: HashMap<Address, OwnerId, RandomState>,
    by_key: HashMap<DeviceId, OwnerId, RandomState>,
    devices: Vec<Identity>,
    bare: usize,
    generation: (u64, u64),
    epoch: u64,
}

/// An address that is hashed as one number: every entry of the table asks for one.
#[derive(Debug, PartialEq, Eq)]
struct Address(IpAddr);

impl Hash for Address {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self.0 {
            IpAddr::V4(v4) => state.write_u32(v4.to_bits()),
            IpAddr::V6(v6) => state.write_u128(v6.to_bits()),
        }
    }
}

impl OwnerTable {
    /// Whose the LAN address `address` is, if it was met before. Nobody else's address is ever known here.
    pub fn owner_at(&self, address: IpAddr) -> Option<OwnerId> {
        self.by_address.get(&Address(address)).copied()
    }

    /// Changes whenever everybody is forgotten and numbers begin anew.
    pub const fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The devices met, in order of their owners' numbers.
    pub fn devices(&self) -> &[Identity] {
        &self.devices
    }

    /// Begins another snapshot. Identity was met is kept as long as nothing has changed (the generations of
    /// [`crate::devices::Devices`] and of [`crate::lan::Lan`]) and there is room for others.
    pub fn begin(&mut self, generation: (u64, u64)) {
        if self.generation != generation || self.bare == BARE_AT_MOST {
            *self = Self { generation, epoch: self.epoch + 1, ..Self::default() };
        }
    }

    /// Takes note of who is at `address`. For one that was `admitted` as a device by itself there is always room.
    pub fn enter(&mut self, address: IpAddr, who: Option<Identity>, admitted: bool) -> OwnerId {
        let Some(who) = who else { return OwnerId::UNATTRIBUTED };
        let next = OwnerId::of_device(self.devices.len());
        let owner = match &who {
            Identity::Device(key) => *self.by_key.entry(key.clone()).or_insert(next),
            Identity::Named(_) => next,
            // Anybody can forge these: only so many are told apart, but for those shown before.
            Identity::Eui64Only(_) | Identity::Address(_) if !admitted && self.bare == BARE_AT_MOST => {
                return OwnerId::OVERFLOW;
            }
            Identity::Eui64Only(key) => {
                self.bare += usize::from(!admitted);
                *self.by_key.entry(key.clone()).or_insert(next)
            }
            Identity::Address(_) => {
                self.bare += usize::from(!admitted);
                next
            }
        };
        if owner == next {
            self.devices.push(who);
        }
        self.by_address.insert(Address(address), owner);
        owner
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::devices::mac::Mac;

    #[test]
    fn each_device_has_one_number() {
        let mut present = OwnerTable::default();
        let mut enter = |text: &str, who: fn(IpAddr) -> Option<Identity>| {
            let address = text.parse().unwrap();
            present.enter(address, who(address), false)
        };
        let laptop = |_| Some(Identity::Device(DeviceId::Mac(Mac([0; 6]))));
        let first = enter("192.168.8.2", laptop);
        assert_eq!(first.device(), Some(0));
        assert_eq!(enter("192.168.8.3", |address| Some(Identity::Address(address))).device(), Some(1));
        assert_eq!(enter("2001:db8::1", laptop), first);
        assert_eq!(enter("2001:db8::2", |_| None), OwnerId::UNATTRIBUTED);
        assert_eq!(OwnerId::OVERFLOW.device(), None);
        assert_eq!(present.owner_at("192.168.8.2".parse().unwrap()), Some(first));
        assert_eq!(present.devices().len(), 2);
        present.begin((0, 0));
        assert_eq!(present.devices().len(), 2, "nothing has changed");
        present.begin((1, 0));
        assert!(present.devices().is_empty());
    }

    #[test]
    fn a_scan_with_forged_sources_is_bounded() {
        let mut present = OwnerTable::default();
        for last in 0..100_000u32 {
            let address = IpAddr::V4((0x0a00_0000 + last).into());
            present.enter(address, Some(Identity::Address(address)), false);
        }
        assert_eq!(present.devices().len(), BARE_AT_MOST);
        assert_eq!(present.by_address.len(), BARE_AT_MOST);
        let address = "10.9.9.9".parse().unwrap();
        assert_eq!(present.enter(address, Some(Identity::Address(address)), false), OwnerId::OVERFLOW);
        assert!(
            present.enter(address, Some(Identity::Address(address)), true).device().is_some(),
            "was here before"
        );
        let stranger = Some(Identity::Eui64Only(DeviceId::Mac(Mac([2, 0, 0, 0, 0, 1]))));
        assert_eq!(present.enter("2001:db8::ff:fe00:1".parse().unwrap(), stranger, false), OwnerId::OVERFLOW);
        present.begin((0, 0));
        assert!(present.devices().is_empty(), "others have their turn");
    }
}
