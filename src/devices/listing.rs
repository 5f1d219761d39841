//! Every known device for people to look at: where its name comes from, and which names that one overruled.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::mac::Mac;
use super::name::Name;
use super::name_source::NameSource;
use super::naming::Best;
use super::{Device, DeviceId, Devices, Identity, Label};
use crate::lan::{Lan, Place};

/// A device, as people know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedDevice {
    /// How it is shown.
    pub label: Label,
    /// All its MACs.
    pub macs: BTreeSet<Mac>,
    /// All addresses known of it.
    pub addresses: BTreeSet<IpAddr>,
    /// Identity gave the name; `None` if it goes by its MAC for want of one.
    pub source: Option<NameSource>,
    /// What others call it, the best source first.
    pub overruled: Vec<(NameSource, Name)>,
}

impl Devices {
    /// All known devices that have a name, in order of their names.
    pub fn roster(&self, lan: &Lan) -> Vec<ListedDevice> {
        let addresses = self.addresses_by_device();
        let mut residents: BTreeMap<Box<str>, ListedDevice> = BTreeMap::new();
        for (key, device) in self.known.iter().collect::<BTreeMap<_, _>>() {
            let at: Vec<IpAddr> =
                addresses.get(key).into_iter().flatten().map(|(address, _)| *address).collect();
            enter(&mut residents, self.resident(key, device, &at));
        }
        for source in &self.settings.names {
            for book in self.books.iter().filter(|book| book.file.source == *source) {
                let addresses = book.book.addresses().map(|(address, _)| address);
                let free = addresses.filter(|address| self.pairs.told(*address).is_none());
                let here = free.filter(|address| matches!(lan.place(*address), Place::Lan { .. }));
                here.for_each(|address| {
                    // Its best source comes first; from the others it would only join itself.
                    if !residents.values().any(|resident| resident.addresses.contains(&address)) {
                        enter(&mut residents, self.named_address(address, *source));
                    }
                });
            }
        }
        residents.into_values().collect()
    }

    /// An address that is no known device's, but has a name of the owner's.
    fn named_address(&self, address: IpAddr, source: NameSource) -> Option<ListedDevice> {
        let label = self.label(&Identity::Named(address))?;
        let overruled = self.settings.names.iter().filter(|other| **other != source).filter_map(|other| {
            let mut books = self.books.iter().filter(|book| book.file.source == *other);
            Some((*other, books.find_map(|book| book.book.of(None, &[address])?.name.clone())?))
        });
        Some(ListedDevice {
            label,
            macs: BTreeSet::new(),
            addresses: [address].into(),
            source: Some(source),
            overruled: overruled.collect(),
        })
    }

    fn resident(&self, key: &DeviceId, device: &Device, at: &[IpAddr]) -> Option<ListedDevice> {
        if at.is_empty() && !device.firm {
            return None;
        }
        let label = device.label(key)?;
        let label = self.shared.get(&label.name.folded()).cloned().unwrap_or(label);
        let source = device.best.as_ref().map(Best::source);
        let others = self.settings.names.iter().filter(|other| Some(**other) != source);
        let overruled =
            others.filter_map(|other| Some((*other, self.name_by(*other, key, device, at)?.into_name())));
        Some(ListedDevice {
            label,
            macs: key.mac().into_iter().collect(),
            addresses: at.iter().copied().collect(),
            source,
            overruled: overruled.collect(),
        })
    }
}

/// Takes a device in; one of several parts joins the others.
fn enter(residents: &mut BTreeMap<Box<str>, ListedDevice>, resident: Option<ListedDevice>) {
    let Some(resident) = resident else { return };
    match residents.entry(resident.label.name.folded()) {
        Entry::Occupied(mut one) => one.get_mut().join(resident),
        Entry::Vacant(place) => {
            place.insert(resident);
        }
    }
}

impl ListedDevice {
    /// Another part of the same device.
    fn join(&mut self, other: Self) {
        self.macs.extend(other.macs);
        self.addresses.extend(other.addresses);
        for name in other.overruled {
            if !self.overruled.contains(&name) {
                self.overruled.push(name);
            }
        }
    }
}
