//! Every known device for people to look at: where its name comes from, and which names that one overruled.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::rc::Rc;
use std::time::Duration;

use super::best_name::BestName;
use super::identity::{DeviceId, Identity};
use super::inventory::Device;
use super::labels::Label;
use super::mac::Mac;
use super::name::Name;
use super::name_source::NameSource;
use super::{Devices, bindings::DeviceAddresses};
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
    /// Who gave the name; `None` if it goes by its MAC for want of one.
    pub source: Option<NameSource>,
    /// What others call it, the best source first.
    pub overruled: Vec<(NameSource, Name)>,
    /// When the neighbours last had it answer a short while before, in time since boot; `None` if they never had.
    pub reached: Option<Duration>,
}

/// The list in the making, by the name folded.
#[derive(Default)]
struct Listing {
    devices: BTreeMap<Rc<str>, ListedDevice>,
}

/// All known devices that have a name, in order of their names.
pub(super) fn list(devices: &Devices, lan: &Lan) -> Vec<ListedDevice> {
    let mut listing = Listing::default();
    let mut addresses = devices.bindings.by_device();
    for (id, device) in devices.inventory.iter().collect::<BTreeMap<_, _>>() {
        let DeviceAddresses { all, .. } = addresses.remove(id).unwrap_or_default();
        listing.enter(known_device(devices, id, device, &all));
    }
    for source in &devices.settings.names {
        let free = devices.assignments.addresses(*source).filter(|address| !devices.bindings.knows(*address));
        for address in free.filter(|address| matches!(lan.place(*address), Place::Lan { .. })) {
            // Its best source comes first; from the others it would only join itself.
            if !listing.has(address) {
                listing.enter(named_address(devices, address, *source));
            }
        }
    }
    listing.devices.into_values().collect()
}

/// An address that is no known device's, but has a name of the owner's.
fn named_address(devices: &Devices, address: IpAddr, source: NameSource) -> Option<ListedDevice> {
    let name_by = |source| devices.assignments.name_by(source, None, &[address]).cloned();
    Some(ListedDevice {
        label: devices.label(&Identity::Named(address))?,
        macs: BTreeSet::new(),
        addresses: [address].into(),
        source: Some(source),
        overruled: overruled(devices, Some(source), name_by),
        reached: None,
    })
}

fn known_device(
    devices: &Devices,
    id: &DeviceId,
    device: &Device,
    addresses: &[IpAddr],
) -> Option<ListedDevice> {
    if addresses.is_empty() && !device.confirmed {
        return None;
    }
    let sources = devices.name_sources();
    let name_by = |source| sources.name_by(source, id, device, addresses).map(BestName::into_name);
    let source = devices.naming.device(id)?.best.as_ref().map(BestName::source);
    Some(ListedDevice {
        label: devices.labels.of(id)?,
        macs: id.mac().into_iter().collect(),
        addresses: addresses.iter().copied().collect(),
        source,
        overruled: overruled(devices, source, name_by),
        reached: addresses.iter().filter_map(|address| devices.bindings.reached(*address)).max(),
    })
}

/// What others than `source` say.
fn overruled(
    devices: &Devices,
    source: Option<NameSource>,
    name_by: impl Fn(NameSource) -> Option<Name>,
) -> Vec<(NameSource, Name)> {
    let others = devices.settings.names.iter().filter(|other| Some(**other) != source);
    others.filter_map(|other| Some((*other, name_by(*other)?))).collect()
}

impl Listing {
    /// Takes a device in; one of several parts joins the others.
    fn enter(&mut self, device: Option<ListedDevice>) {
        let Some(device) = device else { return };
        match self.devices.entry(device.label.name.folded()) {
            Entry::Occupied(mut part) => part.get_mut().join(device),
            Entry::Vacant(place) => {
                place.insert(device);
            }
        }
    }

    fn has(&self, address: IpAddr) -> bool {
        self.devices.values().any(|device| device.addresses.contains(&address))
    }
}

impl ListedDevice {
    /// Another part of the same device.
    fn join(&mut self, other: Self) {
        self.macs.extend(other.macs);
        self.addresses.extend(other.addresses);
        self.reached = self.reached.max(other.reached);
        for name in other.overruled {
            if !self.overruled.contains(&name) {
                self.overruled.push(name);
            }
        }
    }
}
