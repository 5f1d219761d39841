//! The devices that are known, and what was learned of each.

use std::collections::hash_map::Entry;
use std::path::Path;
use std::rc::Rc;

use tracing::warn;

use super::Map;
use super::bindings::AddressBindings;
use super::identity::DeviceId;
use super::last_seen::{KNOWN_AT_MOST, LastSeen, oldest_to_keep};
use super::mac::Mac;
use super::name::Name;

/// What was learned of one device.
#[derive(Clone, Debug, Default)]
pub(super) struct Device {
    /// Whether an IPv4 lease or a neighbour has shown its MAC: the one in a DUID may be that of another interface of
    /// the same device.
    pub(super) confirmed: bool,
    pub(super) claims: Claims,
    last_seen: LastSeen,
}

/// What each lease file calls a device. As a rule one file does, or none: a list takes a tenth of the room of a map.
#[derive(Clone, Debug, Default)]
pub(super) struct Claims(Vec<(Rc<Path>, Name)>);

/// The known devices.
#[derive(Debug, Default)]
pub(super) struct Inventory {
    devices: Map<DeviceId, Device>,
    /// Devices that went by a DHCPv6 identifier until the neighbours showed their MAC.
    by_former_id: Map<DeviceId, DeviceId>,
    now: LastSeen,
    /// Whether there were more than can be known, and that was logged.
    crowded: bool,
}

impl Claims {
    /// What the file at `path` calls the device.
    pub(super) fn of(&self, path: &Rc<Path>) -> Option<&Name> {
        self.0.iter().find(|(known, _)| known == path).map(|(_, name)| name)
    }

    /// The file at `path` calls the device `name` now.
    pub(super) fn insert(&mut self, path: &Rc<Path>, name: Name) {
        if let Some((_, known)) = self.0.iter_mut().find(|(known, _)| known == path) {
            *known = name;
        } else {
            self.0.reserve_exact(1);
            self.0.push((Rc::clone(path), name));
        }
    }
}

impl Inventory {
    /// Another reading of the files begins.
    pub(super) const fn begin_reading(&mut self) {
        self.now.reading += 1;
    }

    /// The number of this reading.
    pub(super) const fn reading(&self) -> u64 {
        self.now.reading
    }

    /// Another line is read, of a file or of the neighbours.
    pub(super) const fn next_line(&mut self) -> LastSeen {
        self.now.line += 1;
        self.now
    }

    /// What the device is known as that a lease calls `holder`.
    pub(super) fn known_as(&self, holder: DeviceId) -> DeviceId {
        self.by_former_id.get(&holder).cloned().unwrap_or(holder)
    }

    /// A lease speaks of this device, which may be a new one.
    pub(super) fn see(&mut self, id: &DeviceId, seen: LastSeen) -> &mut Device {
        let device = self.devices.entry(id.clone()).or_default();
        device.last_seen = seen;
        device
    }

    /// The neighbours show these MACs; gives whether one of them is a new device.
    pub(super) fn see_neighbours(&mut self, macs: impl Iterator<Item = Mac>) -> bool {
        let mut is_new = false;
        for mac in macs {
            let seen = self.next_line();
            let has_room = self.devices.len() < KNOWN_AT_MOST;
            let device = match self.devices.entry(DeviceId::Mac(mac)) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(place) if has_room => {
                    is_new = true;
                    place.insert(Device::default())
                }
                Entry::Vacant(_) => continue,
            };
            device.confirmed = true;
            // Leases are worth more than neighbours, of which anybody can show any number.
            if device.last_seen.reading == 0 {
                device.last_seen.line = seen.line;
            }
        }
        is_new
    }

    /// A device that goes by a DHCPv6 identifier, and whose MAC the neighbours show, is the device with that MAC.
    pub(super) fn adopt_duids(&mut self, bindings: &mut AddressBindings) {
        for (former, mac) in bindings.duids_at_macs() {
            let id = DeviceId::Mac(mac);
            bindings.hand_over(&former, &id);
            if let Some(part) = self.devices.remove(&former) {
                let device = self.devices.entry(id.clone()).or_default();
                device.last_seen = device.last_seen.max(part.last_seen);
                for (path, name) in part.claims.0 {
                    if device.claims.of(&path).is_none() {
                        device.claims.insert(&path, name);
                    }
                }
            }
            if self.by_former_id.len() < KNOWN_AT_MOST {
                self.by_former_id.insert(former, id);
            }
        }
    }

    /// Forgets the devices and leases seen longest ago, where there are too many.
    pub(super) fn forget_oldest(&mut self, bindings: &mut AddressBindings) {
        if self.devices.len() > KNOWN_AT_MOST || bindings.leases() > KNOWN_AT_MOST {
            self.warn_of_a_crowd();
        }
        if let Some(oldest) = oldest_to_keep(self.devices.values().map(|device| device.last_seen)) {
            self.devices.retain(|_, device| device.last_seen >= oldest);
        }
        bindings.forget_oldest(|id| self.devices.contains_key(id));
    }

    /// There is more than can be known, here or already in one file: says so once.
    pub(super) fn warn_of_a_crowd(&mut self) {
        if !std::mem::replace(&mut self.crowded, true) {
            warn!(
                "more than {KNOWN_AT_MOST} devices or leases are told of: those told of longest ago are forgotten"
            );
        }
    }

    /// Forgets what files said that are configured no more.
    pub(super) fn keep_claims_of(&mut self, files: &[Rc<Path>]) {
        self.devices.values_mut().for_each(|device| device.claims.0.retain(|(path, _)| files.contains(path)));
    }

    pub(super) fn len(&self) -> usize {
        self.devices.len()
    }

    pub(super) fn contains(&self, id: &DeviceId) -> bool {
        self.devices.contains_key(id)
    }

    /// Every known device, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&DeviceId, &Device)> {
        self.devices.iter()
    }
}
