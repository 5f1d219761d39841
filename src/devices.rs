//! Who is on the LAN: from an address to a device, and from a device to its name.
//!
//! Devices are known by a [`DeviceId`]; names are for the way out. Leases and neighbours tell who is at an address; what
//! they no longer say is kept (dnsmasq empties its file before it rewrites it, neighbours age out before their
//! connections do), within stated bounds, the oldest out first. What the owner says holds as long as it is said.
//!
//! [`Devices::refresh`] alone reads files and asks the neighbours. Look-ups only look: what one did not know is noted by
//! [`Devices::note_unknown`], and asked about before the next pass over the table.

pub mod absolute_path;
pub mod assignments;
mod best_name;
mod bindings;
pub mod config;
pub mod device_type;
pub(crate) mod file_log;
pub mod formats;
mod identity;
mod inventory;
mod labels;
mod last_seen;
mod leases;
pub mod listing;
pub mod mac;
pub mod name;
pub mod name_source;
mod naming;
mod neighbour_refresh;
pub mod neighbours;
pub mod settings;
mod source_file;
pub mod survey;
mod vendor_names;
pub mod watched_file;

use std::collections::HashMap;
use std::net::IpAddr;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use crate::lan::{Lan, Place, is_link_local};
use crate::root::Root;
use assignments::{Assignments, Target};
use best_name::NameSources;
use bindings::{AddressBindings, DeviceAddresses};
use inventory::Inventory;
use labels::{LabelPart, Labels};
use listing::ListedDevice;
use name::Name;
use naming::{NamedDevice, Naming};
use neighbour_refresh::NeighbourRefresh;
use neighbours::Neighbour;
use source_file::SourceFile;
use vendor_names::VendorNames;

pub use identity::{DeviceId, Identity};
pub use labels::Label;
pub use last_seen::KNOWN_AT_MOST;
pub use neighbour_refresh::UNKNOWN_AT_MOST;
pub use settings::Settings;

/// A map by what outsiders may choose: its hash is seeded, and a tenth of the cost of the standard library's.
type Map<K, V> = HashMap<K, V, foldhash::fast::RandomState>;

/// All devices known, and what tells of them.
#[derive(Debug)]
pub struct Devices {
    root: Root,
    settings: Settings,
    leases: Vec<SourceFile>,
    bindings: AddressBindings,
    inventory: Inventory,
    assignments: Assignments,
    vendors: VendorNames,
    naming: Naming,
    labels: Labels,
    neighbours: NeighbourRefresh,
    generation: u64,
    /// Whether settings have changed since names were last settled.
    unsettled: bool,
}

impl Devices {
    /// Nobody yet; `settings` says where to look below `root`.
    pub fn new(root: &Root, settings: Settings) -> Self {
        Self {
            leases: leases::files(root, &settings),
            bindings: AddressBindings::default(),
            inventory: Inventory::default(),
            assignments: Assignments::new(root, &settings),
            vendors: VendorNames::default(),
            naming: Naming::new(settings.router.as_ref()),
            labels: Labels::default(),
            neighbours: NeighbourRefresh::default(),
            root: root.clone(),
            settings,
            generation: 0,
            unsettled: false,
        }
    }

    /// Changes whenever anything that is known of devices may have changed.
    pub const fn generation(&self) -> u64 {
        self.generation
    }

    /// Takes over other settings and keeps all that was learned. They take effect with the next [`Devices::refresh`]:
    /// until the owner's files are read again, claims would clash that never did.
    pub fn reconfigure(&mut self, settings: Settings) {
        self.vendors.forget();
        self.unsettled = true;
        if self.settings == settings {
            return;
        }
        self.leases = leases::files(&self.root, &settings);
        self.assignments = Assignments::new(&self.root, &settings);
        self.naming.reserve(settings.router.as_ref());
        self.settings = settings;
        let files: Vec<_> = self.leases.iter().map(|file| Rc::clone(&file.path)).collect();
        self.inventory.keep_claims_of(&files);
    }

    /// Other interfaces are the LAN now: the neighbours are asked anew.
    pub fn forget_neighbours(&mut self) {
        self.bindings.forget_neighbours();
        self.neighbours = NeighbourRefresh::default();
        self.unsettled = true;
    }

    /// Takes note that nobody knows `address`, which the pass over the table met: the next [`Devices::refresh`] asks the
    /// neighbours, unless they were asked about it within the last minute. At most [`UNKNOWN_AT_MOST`] are noted.
    pub fn note_unknown(&mut self, address: IpAddr) {
        self.neighbours.note_unknown(address);
    }

    /// Reads the files that have changed, and asks the neighbours if it is time for that at `boot` (time since boot).
    /// To be called before every pass over the table.
    pub fn refresh(&mut self, lan: &Lan, boot: Duration) {
        self.inventory.begin_reading();
        let mut changed = std::mem::take(&mut self.unsettled);
        for file in &mut self.leases {
            changed |= leases::refresh(file, &mut self.inventory, &mut self.bindings);
        }
        changed |= self.assignments.refresh();
        if self.neighbours.take_due(boot, lan.generation())
            && let Some(found) = self.neighbours.ask(&self.root)
        {
            changed |= self.learn_neighbours(&found, lan, boot);
        }
        if changed {
            self.settle();
        }
    }

    /// Does what [`Devices::refresh`] does without reading or asking, for whoever has it all in memory: `files` are the
    /// texts of those that have changed, each behind its path in the settings; `neighbours` is what these answer if it is
    /// time to ask them. Vendors alone are looked up where the settings say.
    pub fn learn(&mut self, files: &[(&Path, &[u8])], neighbours: &[Neighbour], lan: &Lan, boot: Duration) {
        self.inventory.begin_reading();
        let mut changed = std::mem::take(&mut self.unsettled);
        let Self { leases, inventory, bindings, assignments, .. } = self;
        for (path, text) in files {
            for file in leases.iter().filter(|file| *file.path == **path) {
                changed |= leases::learn_text(file.source, &file.path, text, inventory, bindings);
            }
            changed |= assignments.learn_text(path, text);
        }
        if self.neighbours.take_due(boot, lan.generation()) {
            changed |= self.learn_neighbours(neighbours, lan, boot);
        }
        if changed {
            self.settle();
        }
    }

    /// Where `address` is, neighbours on the LAN included.
    pub fn place(&self, lan: &Lan, address: IpAddr) -> Place {
        match lan.place(address) {
            Place::Outside if self.bindings.is_neighbour(address) => Place::Lan { link_layer: true },
            place => place,
        }
    }

    /// Whether the neighbours may know more of `address`, for which [`Devices::place`] gave `place`: then it is one for
    /// [`Devices::note_unknown`].
    pub fn worth_asking(&self, place: Place, address: IpAddr) -> bool {
        match place {
            Place::Lan { link_layer } => link_layer && !self.bindings.knows(address),
            // The neighbours alone tell on which side of the router it is.
            Place::Outside => is_link_local(address),
            Place::Loopback | Place::Router => false,
        }
    }

    /// Whether `address`, for which [`Devices::place`] gave `place`, is unknown and the neighbours were not asked since it
    /// turned up. Who is there is told by the next pass.
    pub fn is_yet_to_ask(&self, place: Place, address: IpAddr) -> bool {
        self.worth_asking(place, address) && !self.neighbours.was_asked_about(address)
    }

    /// Whose `address` is; `link_layer` says whether hosts there have link-layer addresses.
    ///
    /// `None` for an IPv6 address of which nothing is known: hosts change theirs daily, each would be a new name.
    pub fn identify(&self, address: IpAddr, link_layer: bool) -> Option<Identity> {
        match self.bindings.device_at(address) {
            Some(id) if id.mac().is_some() => return Some(Identity::Device(id)),
            // A DUID alone is a device only by a name.
            Some(id) => return self.labels.of(&id).is_some().then_some(Identity::Device(id)),
            None if self.assignments.name_of(&Target::Address(address)).is_some() => {
                return Some(Identity::Named(address));
            }
            None => {}
        }
        match bindings::eui64(address).filter(|_| link_layer).map(DeviceId::Mac) {
            Some(id) if self.inventory.contains(&id) => Some(Identity::Device(id)),
            Some(id) => Some(Identity::Eui64Only(id)),
            None if address.is_ipv4() || !link_layer => Some(Identity::Address(address)),
            None => None,
        }
    }

    /// How `identity` is shown.
    pub fn label(&self, identity: &Identity) -> Option<Label> {
        let target = match identity {
            Identity::Address(address) => {
                let name = Name::clean(address.to_string().as_bytes())?;
                return Some(Label { name, ip: Some(*address), mac: None, device_type: None });
            }
            Identity::Device(id) | Identity::Eui64Only(id) if self.inventory.contains(id) => {
                return self.labels.of(id);
            }
            Identity::Device(id) | Identity::Eui64Only(id) => Target::Device(id.clone()),
            Identity::Named(address) => Target::Address(*address),
        };
        let part = match (self.assignments.name_of(&target), &target) {
            (Some(name), _) => self.assigned(&target, name),
            (None, Target::Device(id)) => {
                LabelPart::unseen(&target, id.mac_as_name()?, self.assignments.type_of(&target))
            }
            (None, Target::Address(_)) => return None,
        };
        Some(self.labels.shared(part.label()))
    }

    /// All known devices that have a name, in order of their names.
    pub fn listing(&self, lan: &Lan) -> Vec<ListedDevice> {
        listing::list(self, lan)
    }

    /// Takes in what the neighbours answered; gives whether anything of it is new.
    fn learn_neighbours(&mut self, found: &[Neighbour], lan: &Lan, boot: Duration) -> bool {
        // The router stands in its own table where it has heard itself.
        let of_the_lan = found.iter().filter(|neighbour| {
            lan.pattern_for(&neighbour.interface).is_some() && lan.place(neighbour.address) != Place::Router
        });
        let reading = self.inventory.reading();
        let news = self.bindings.answer(of_the_lan, reading, boot, self.settings.remember);
        self.inventory.see_neighbours(self.bindings.live_macs()) || news
    }

    /// Derives from all that was learned what each device is called and how it is shown.
    fn settle(&mut self) {
        self.generation += 1;
        self.inventory.adopt_duids(&mut self.bindings);
        self.inventory.forget_oldest(&mut self.bindings);
        let addresses = self.bindings.by_device();
        self.look_up_vendors(&addresses);
        let sources = self.name_sources();
        let devices = self.inventory.iter().map(|(id, device)| {
            let best = sources.best(id, device, addresses_of(&addresses, id));
            (id.clone(), NamedDevice::new(best, device.confirmed))
        });
        let devices = devices.collect();
        let held_by = |address, id: &DeviceId| self.bindings.device_at(address).as_ref() == Some(id);
        self.naming.settle(devices, &self.assignments, held_by, self.inventory.reading());
        // The old ones make room for the new first.
        self.labels = Labels::default();
        self.labels = self.make_labels(&addresses);
    }

    /// Finds the vendors of devices that have no better name and were not looked up before.
    fn look_up_vendors(&mut self, addresses: &Map<DeviceId, DeviceAddresses>) {
        let sources = self.name_sources();
        let devices = self.inventory.iter();
        let wanted = devices
            .filter_map(|(id, device)| sources.mac_to_look_up(id, device, addresses_of(addresses, id)))
            .collect();
        let is_known = |mac| self.inventory.contains(&DeviceId::Mac(mac));
        self.vendors.look_up(&self.root, &self.settings.vendors, wanted, is_known);
    }

    fn make_labels(&self, addresses: &Map<DeviceId, DeviceAddresses>) -> Labels {
        let named = self.inventory.iter().filter_map(|(id, _)| Some((id, self.naming.device(id)?)));
        let part = |(id, named): (&DeviceId, &NamedDevice)| {
            let part = LabelPart {
                name: named.name.clone()?,
                leading: addresses.get(id).and_then(|addresses| addresses.leading),
                mac: id.mac(),
                device_type: self.assignments.device_type(id, addresses_of(addresses, id)),
            };
            Some((id.clone(), named.is_assigned(), part))
        };
        let assigned = self.assignments.named().filter(|(target, _)| match target {
            Target::Device(_) => true,
            // Whoever is there has a part already.
            Target::Address(address) => !self.bindings.knows(*address),
        });
        Labels::new(
            named.filter_map(part).collect(),
            assigned.map(|(target, name)| self.assigned(&target, name)),
        )
    }

    /// The part that somebody with a name of the owner's has in its label.
    fn assigned(&self, target: &Target, name: &Name) -> LabelPart {
        let shown = self.naming.owner_names().shown(name, target.tail());
        LabelPart::unseen(target, shown, self.assignments.type_of(target))
    }

    fn name_sources(&self) -> NameSources<'_> {
        NameSources {
            order: &self.settings.names,
            assignments: &self.assignments,
            leases: &self.leases,
            vendors: &self.vendors,
        }
    }
}

fn addresses_of<'a>(addresses: &'a Map<DeviceId, DeviceAddresses>, id: &DeviceId) -> &'a [IpAddr] {
    addresses.get(id).map(|addresses| addresses.all.as_slice()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
