//! Who owns connections: a number for each owner, so that counting is an index into a table.
//!
//! An [`OwnerId`] is given once, to one device, and never to another while the process lives: whatever is remembered by
//! it stays right whatever the device is called meanwhile. Names and prefixes may change at any time; that flushes the
//! look-ups by address, never an identity.

use std::collections::{BTreeSet, HashMap};
use std::hash::{Hash, Hasher};
use std::net::IpAddr;

use foldhash::fast::RandomState;

use crate::devices::{DeviceId, Identity};

/// How many owners there are at a time at most: twice the devices that can be known.
pub const OWNERS_AT_MOST: usize = 8192;
/// How many addresses are remembered at a time at most. Of further ones it is looked up anew whose they are.
const ADDRESSES_AT_MOST: usize = 4 * OWNERS_AT_MOST;
/// How many addresses without a device are told apart at a time; a scan with forged sources has more.
const BARE_AT_MOST: usize = 1024;

/// Whose an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OwnerId {
    place: u32,
    /// Which of all that were ever given this is; what makes two owners of one place different.
    given: u64,
}

impl OwnerId {
    /// The router itself.
    pub const ROUTER: Self = Self { place: 0, given: 0 };
    /// Nobody: `other`.
    pub const UNATTRIBUTED: Self = Self { place: 1, given: 0 };
    /// Somebody for whom there was no room: `other` as well.
    pub const OVERFLOW: Self = Self { place: 2, given: 0 };
    /// Nobody at all: what stands at places of tables that no owner has.
    pub(crate) const UNUSED: Self = Self { place: u32::MAX, given: 0 };
    const FIRST_DEVICE: usize = 3;

    /// The place in tables of owners, below [`OWNERS_AT_MOST`]. No two owners have one at the same time; that of an
    /// owner whom nothing remembers any more is given to another.
    pub const fn place(self) -> usize {
        self.place as usize
    }

    /// Whether this is a device: neither the router nor `other`.
    pub const fn is_device(self) -> bool {
        self.device_place().is_some()
    }

    /// The place among the devices alone.
    const fn device_place(self) -> Option<usize> {
        self.place().checked_sub(Self::FIRST_DEVICE)
    }
}

/// The owners known at present.
#[derive(Debug, Default)]
pub struct OwnerTable {
    /// Every device address met. Its hash needs a secret: outsiders may choose the addresses.
    by_address: HashMap<Address, OwnerId, RandomState>,
    by_key: HashMap<Key, OwnerId, RandomState>,
    /// By place, from the first device's on.
    owners: Vec<Option<Owner>>,
    /// Places that were given up. The lowest are given first: tables of owners are as long as the highest in use.
    free: BTreeSet<u32>,
    given: u64,
    /// How many of the owners are bare addresses that were never shown.
    bare: usize,
    generation: (u64, u64),
    epoch: u64,
}

#[derive(Debug)]
struct Owner {
    id: OwnerId,
    identity: Identity,
    /// Nothing but an address is known of it, and it was never shown.
    bare: bool,
    /// Where it was when it was last looked up.
    address: IpAddr,
}

/// What an owner is known by: a device by itself, whoever has no device by the address.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Device(DeviceId),
    Address(IpAddr),
}

impl Key {
    fn of(identity: &Identity) -> Self {
        match identity {
            Identity::Device(id) | Identity::Eui64Only(id) => Self::Device(id.clone()),
            Identity::Named(address) | Identity::Address(address) => Self::Address(*address),
        }
    }
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

    /// Who an owner is; `None` of the router, of `other` and of one that has left.
    pub fn identity(&self, id: OwnerId) -> Option<&Identity> {
        Some(&self.owner(id)?.identity)
    }

    /// Where an owner was last met of whom no lease and no neighbour tells.
    pub fn address_without_device(&self, id: OwnerId) -> Option<IpAddr> {
        let owner = self.owner(id)?;
        (!matches!(owner.identity, Identity::Device(_))).then_some(owner.address)
    }

    fn owner(&self, id: OwnerId) -> Option<&Owner> {
        let owner = self.owners.get(id.device_place()?)?.as_ref()?;
        (owner.id == id).then_some(owner)
    }

    /// All devices and addresses that are owners now.
    pub fn ids(&self) -> impl Iterator<Item = OwnerId> {
        self.owners.iter().flatten().map(|owner| owner.id)
    }

    /// One more than the highest place in use.
    pub const fn places(&self) -> usize {
        OwnerId::FIRST_DEVICE + self.owners.len()
    }

    /// Changes whenever what is derived of identities may not hold any more.
    pub const fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Begins another pass. Look-ups are kept as long as nothing has changed: `generation` is that of
    /// [`crate::devices::Devices`] and of [`crate::lan::Lan`]. Where there is no room for others, owners leave whom
    /// nothing `remembers`: bare addresses first.
    pub fn begin(&mut self, generation: (u64, u64), remembers: impl Fn(OwnerId) -> bool) {
        let changed = self.generation != generation;
        self.generation = generation;
        if self.bare >= BARE_AT_MOST || self.is_full() {
            self.release(|owner| !owner.bare || remembers(owner.id));
        }
        if self.is_full() {
            self.release(|owner| remembers(owner.id));
        }
        if changed || self.by_address.len() >= ADDRESSES_AT_MOST {
            self.by_address.clear();
            self.epoch += 1;
        }
    }

    fn is_full(&self) -> bool {
        self.places() - self.free.len() >= OWNERS_AT_MOST
    }

    fn release(&mut self, stays: impl Fn(&Owner) -> bool) {
        for owner in &mut self.owners {
            if let Some(gone) = owner.take_if(|owner| !stays(owner)) {
                self.by_key.remove(&Key::of(&gone.identity));
                self.bare -= usize::from(gone.bare);
                self.free.insert(gone.id.place);
            }
        }
        while self.owners.pop_if(|owner| owner.is_none()).is_some() {
            self.free.pop_last();
        }
        self.by_address.clear();
        self.epoch += 1;
    }

    /// Takes note of who is at `address`. For one that was `admitted` as a device by itself there is room before
    /// others.
    pub fn enter(&mut self, address: IpAddr, identity: Option<Identity>, admitted: bool) -> OwnerId {
        let Some(identity) = identity else { return OwnerId::UNATTRIBUTED };
        // Anybody can forge these: only so many are told apart, but for those shown before.
        let bare = !admitted && matches!(identity, Identity::Eui64Only(_) | Identity::Address(_));
        let key = Key::of(&identity);
        let id = if let Some(id) = self.by_key.get(&key).copied() {
            self.update(id, Owner { id, identity, bare, address });
            id
        } else if bare && self.bare >= BARE_AT_MOST {
            return OwnerId::OVERFLOW;
        } else if let Some(id) = self.give(identity, bare, address) {
            self.by_key.insert(key, id);
            id
        } else {
            return OwnerId::OVERFLOW;
        };
        if self.by_address.len() < ADDRESSES_AT_MOST {
            self.by_address.insert(Address(address), id);
        }
        id
    }

    /// More or less is known of an owner than before, such as the name of its address.
    fn update(&mut self, id: OwnerId, known: Owner) {
        let owner = id.device_place().and_then(|place| self.owners.get_mut(place)?.as_mut());
        if let Some(owner) = owner {
            self.bare = self.bare - usize::from(owner.bare) + usize::from(known.bare);
            *owner = known;
        }
    }

    /// Gives a number to somebody new, if there is room.
    fn give(&mut self, identity: Identity, bare: bool, address: IpAddr) -> Option<OwnerId> {
        let place = match self.free.pop_first() {
            Some(place) => place,
            None if self.places() < OWNERS_AT_MOST => {
                self.owners.push(None);
                u32::try_from(self.places() - 1).ok()?
            }
            None => return None,
        };
        self.given += 1;
        self.bare += usize::from(bare);
        let id = OwnerId { place, given: self.given };
        if let Some(owner) = id.device_place().and_then(|place| self.owners.get_mut(place)) {
            *owner = Some(Owner { id, identity, bare, address });
        }
        Some(id)
    }
}

#[cfg(test)]
mod tests;
