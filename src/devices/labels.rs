//! How each device is shown. Devices and addresses to which the owner gave one name are shown alike: by the lowest MAC
//! and the address that leads them all.

use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::rc::Rc;

use super::Map;
use super::assignments::{RankedType, Target};
use super::bindings::LeadingRank;
use super::device_type::DeviceType;
use super::identity::DeviceId;
use super::mac::Mac;
use super::name::Name;

/// How a device is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Its name; no other device has it.
    pub name: Name,
    /// Its leading address.
    pub ip: Option<IpAddr>,
    /// Its MAC, the lowest of several.
    pub mac: Option<Mac>,
    /// What sort of thing it is.
    pub device_type: Option<DeviceType>,
}

/// What a label is made of: several parts with one name of the owner's make one.
#[derive(Clone, Debug)]
pub(super) struct LabelPart {
    pub(super) name: Name,
    pub(super) leading: Option<LeadingRank>,
    pub(super) mac: Option<Mac>,
    pub(super) device_type: Option<RankedType>,
}

/// All labels.
#[derive(Debug, Default)]
pub(super) struct Labels {
    by_device: Map<DeviceId, Label>,
    /// Those of the owner's names, by the name folded.
    shared: Map<Rc<str>, Label>,
}

impl Labels {
    /// The labels of all known `devices`, each with whether its name is the owner's; `assigned` are the parts that others
    /// have in names of the owner's.
    pub(super) fn new(
        mut devices: Vec<(DeviceId, bool, LabelPart)>,
        assigned: impl Iterator<Item = LabelPart>,
    ) -> Self {
        // The order of a hash table is nobody's.
        devices.sort_unstable_by(|(one, ..), (other, ..)| one.cmp(other));
        let of_devices = devices.iter().filter(|(_, is_assigned, _)| *is_assigned);
        let mut shared: Map<Rc<str>, LabelPart> = Map::default();
        for part in of_devices.map(|(_, _, part)| part.clone()).chain(assigned) {
            match shared.entry(part.name.folded()) {
                Entry::Occupied(mut first) => first.get_mut().join(&part),
                Entry::Vacant(place) => drop(place.insert(part)),
            }
        }
        Self {
            by_device: devices.into_iter().map(|(id, _, part)| (id, part.label())).collect(),
            shared: shared.into_iter().map(|(name, part)| (name, part.label())).collect(),
        }
    }

    /// How a known device is shown; `None` if it isn't known or has no name.
    pub(super) fn of(&self, id: &DeviceId) -> Option<Label> {
        self.by_device.get(id).map(|label| self.shared(label.clone()))
    }

    /// The label of all who have this one's name.
    pub(super) fn shared(&self, label: Label) -> Label {
        self.shared.get(&label.name.folded()).cloned().unwrap_or(label)
    }
}

impl LabelPart {
    /// What is known of somebody who has `name`, but was never seen.
    pub(super) fn unseen(target: &Target, name: Name, device_type: Option<RankedType>) -> Self {
        let (mac, leading) = match target {
            Target::Device(id) => (id.mac(), None),
            Target::Address(address) => (None, Some(LeadingRank::assigned(*address))),
        };
        Self { name, leading, mac, device_type }
    }

    /// Takes in another part of the same name.
    fn join(&mut self, other: &Self) {
        self.leading = [self.leading, other.leading].into_iter().flatten().min();
        self.mac = [self.mac, other.mac].into_iter().flatten().min();
        let types = [self.device_type, other.device_type].into_iter().flatten();
        self.device_type = types.min_by_key(|(place, _)| *place);
    }

    /// The label of this part alone.
    pub(super) fn label(self) -> Label {
        Label {
            name: self.name,
            ip: self.leading.map(|rank| rank.address),
            mac: self.mac,
            device_type: self.device_type.map(|(_, device_type)| device_type),
        }
    }
}
