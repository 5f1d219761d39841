//! Identity is on the LAN: from an address to a device, and from a device to its name.
//!
//! Devices are known by a [`DeviceId`]; names are for the way out. Leases and neighbours tell who is at an address; what
//! they no longer say is kept (dnsmasq empties its file before it rewrites it, neighbours age out before their
//! connections do), within stated bounds, the oldest out first. What the owner says holds as long as it is said.

pub mod assignments;
mod bindings;
pub mod config;
pub mod device_type;
pub mod files;
pub mod gl_client;
pub mod hosts;
mod learning;
pub mod leases;
pub mod lines;
pub mod listing;
pub mod mac;
pub mod name;
pub mod name_source;
mod naming;
mod neighbour_refresh;
pub mod neighbours;
pub mod odhcpd;
pub mod registry;
mod settling;
pub mod static_hosts;
pub mod uci;
pub mod vendors;
pub mod watched_file;

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use crate::lan::{Lan, Place, is_link_local};
use crate::root::Root;
use bindings::AddressBindings;
use device_type::DeviceType;
use files::{AssignmentsFile, File};
use leases::Holder;
use mac::{Duid, Mac};
use name::Name;
use name_source::NameSource;
use naming::{Best, Claim, Naming};
use neighbour_refresh::NeighbourRefresh;

/// A map by what outsiders may choose: its hash is seeded, and a tenth of the cost of the standard library's.
type Map<K, V> = HashMap<K, V, foldhash::fast::RandomState>;

/// How many devices, and how many leased addresses of theirs, are known at most.
pub const KNOWN_AT_MOST: usize = 4096;

/// Where devices and names are found, and how long what was learned is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// dnsmasq's lease files.
    pub leases: Vec<PathBuf>,
    /// odhcpd's lease files.
    pub odhcpd: Vec<PathBuf>,
    /// The owner's own file.
    pub registry: PathBuf,
    /// Files of vendors; the first that exists is read.
    pub vendors: Vec<PathBuf>,
    /// The sources of names, the best first; one that is not among them is not heard.
    pub names: Vec<NameSource>,
    /// How long an address learned from the neighbours is kept after they last showed it.
    pub remember: Duration,
    /// What the router is called.
    pub router: Option<Name>,
}

/// What a device is known by, whatever its name and addresses.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DeviceId {
    /// Its link-layer address.
    Mac(Mac),
    /// Its DHCPv6 identifier, where that holds no link-layer address.
    Duid(Duid),
}

impl DeviceId {
    fn tail(&self) -> [u8; 3] {
        match self {
            Self::Mac(mac) => mac.tail(),
            Self::Duid(duid) => duid.tail(),
        }
    }

    /// Its link-layer address, if that is what it is known by.
    pub fn mac(&self) -> Option<Mac> {
        match self {
            Self::Mac(mac) => Some(*mac),
            Self::Duid(_) => None,
        }
    }

    /// The name of a device that nobody has named: its MAC. A DUID alone is none.
    fn as_name(&self) -> Option<Name> {
        self.mac().and_then(|mac| Name::clean(mac.to_string().as_bytes()))
    }

    /// The name of a device that has one which can't be told apart from others'.
    fn identity(&self) -> Option<Name> {
        match self {
            Self::Mac(_) => self.as_name(),
            Self::Duid(duid) => Name::clean(duid.end().as_bytes()),
        }
    }
}

impl From<Holder> for DeviceId {
    fn from(holder: Holder) -> Self {
        match holder {
            Holder::Mac(mac) => Self::Mac(mac),
            Holder::Duid(duid) => Self::Duid(duid),
        }
    }
}

/// What is known of one device.
#[derive(Clone, Debug, Default)]
struct Device {
    /// Whether an IPv4 lease or a neighbour has shown its MAC: the one in a DUID may be that of another interface of
    /// the same device.
    firm: bool,
    /// What each lease file calls it.
    claims: BTreeMap<Rc<Path>, Name>,
    /// The best name that anybody gives it.
    best: Option<Best>,
    /// The best claim, and what became of it.
    claim: Option<Claim>,
    /// What it is called in the end.
    name: Option<Name>,
    /// What sort of thing it is, behind the place of the file that says so.
    kind: Option<(usize, DeviceType)>,
    /// The address that leads it, behind what makes that one lead.
    leading: Option<LeadingRank>,
    /// When it was last spoken of.
    said: LastSeen,
}

/// The reading, and the line counted over all readings, in which something was last said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct LastSeen {
    reading: u64,
    line: u64,
}

/// Orders the addresses of one device: IPv4 first, the newest reading first, the lowest address first.
type LeadingRank = (bool, Reverse<u64>, IpAddr);

/// Identity an address belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// A device.
    Device(DeviceId),
    /// A device of which nothing but an address that it made of its MAC is known.
    Eui64Only(DeviceId),
    /// Nobody known, but the owner has given the address a name.
    Named(IpAddr),
    /// Nobody known: the address itself is the device.
    Address(IpAddr),
}

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

/// All devices known, and what tells of them.
#[derive(Debug)]
pub struct Devices {
    root: Root,
    settings: Settings,
    leases: Vec<File>,
    books: Vec<AssignmentsFile>,
    vendors: Map<Mac, Option<Name>>,
    known: Map<DeviceId, Device>,
    pairs: AddressBindings,
    /// DHCPv6 identifiers of devices whose MAC the neighbours have shown.
    aliases: Map<DeviceId, DeviceId>,
    naming: Naming,
    /// How devices to which the owner gave one name are shown, by that name folded.
    shared: Map<Box<str>, Label>,
    wondering: NeighbourRefresh,
    last: LastSeen,
    generation: u64,
    /// Whether settings have changed since anything was settled.
    unsettled: bool,
    /// Whether more were told of than can be known, and that was said.
    crowded: bool,
}

impl Devices {
    /// Nobody yet; `settings` says where to look below `root`.
    pub fn new(root: &Root, settings: Settings) -> Self {
        Self {
            leases: files::leases(root, &settings),
            books: files::books(root, &settings),
            naming: Naming::new(settings.router.as_ref()),
            root: root.clone(),
            settings,
            vendors: Map::default(),
            known: Map::default(),
            pairs: AddressBindings::default(),
            aliases: Map::default(),
            shared: Map::default(),
            wondering: NeighbourRefresh::default(),
            last: LastSeen::default(),
            generation: 0,
            unsettled: false,
            crowded: false,
        }
    }

    /// Changes whenever anything that is told of devices may have changed.
    pub const fn generation(&self) -> u64 {
        self.generation
    }

    /// Takes over other settings and keeps all that was learned. They take effect with the next [`Devices::refresh`]:
    /// until the owner's files are read again, claims would clash that never did.
    pub fn reconfigure(&mut self, settings: Settings) {
        // A list of vendors may have been installed since.
        self.vendors.clear();
        self.unsettled = true;
        if self.settings == settings {
            return;
        }
        self.leases = files::leases(&self.root, &settings);
        self.books = files::books(&self.root, &settings);
        self.naming.reserve(settings.router.as_ref());
        self.settings = settings;
        let files: Vec<Rc<Path>> = self.leases.iter().map(File::path).collect();
        self.known.values_mut().for_each(|device| device.claims.retain(|path, _| files.contains(path)));
    }

    /// Other interfaces are the LAN now: the neighbours are asked anew.
    pub fn forget_neighbours(&mut self) {
        self.pairs.forget_neighbours();
        self.wondering = NeighbourRefresh::default();
        self.unsettled = true;
    }

    /// Reads the files that have changed, and asks the neighbours if it is time for that at `boot` (time since boot).
    pub fn refresh(&mut self, lan: &Lan, boot: Duration) {
        self.last.reading += 1;
        let mut changed = std::mem::take(&mut self.unsettled);
        for place in 0..self.leases.len() {
            changed |= self.refresh_leases(place);
        }
        for book in &mut self.books {
            changed |= book.refresh();
        }
        self.wondering.begin_tick();
        changed |= self.wondering.is_due(boot) && self.ask_neighbours(lan, boot);
        if changed {
            self.settle();
        }
    }

    /// Where `address` is, neighbours on the LAN included.
    pub fn place(&mut self, lan: &Lan, address: IpAddr, boot: Duration) -> Place {
        let place = lan.place(address);
        if place != Place::Outside {
            return place;
        }
        if is_link_local(address) && !self.pairs.is_neighbour(address) {
            self.wonder(lan, address, boot);
        }
        if self.pairs.is_neighbour(address) { Place::Lan { link_layer: true } } else { Place::Outside }
    }

    /// Identity has `address`; `link_layer` says whether hosts there have link-layer addresses. The neighbours are asked
    /// once about an address that nobody ties to a device.
    ///
    /// `None` for an IPv6 address of which nothing is known: hosts change theirs daily, each would be a new name.
    pub fn identify(
        &mut self,
        lan: &Lan,
        address: IpAddr,
        link_layer: bool,
        boot: Duration,
    ) -> Option<Identity> {
        let mut told = self.pairs.told(address);
        if told.is_none() && link_layer && self.wonder(lan, address, boot) {
            told = self.pairs.told(address);
        }
        match told {
            Some(key) if key.mac().is_some() => return Some(Identity::Device(key)),
            Some(key) => return self.known.get(&key)?.name.is_some().then_some(Identity::Device(key)),
            None if self.given_to(None, &[address], |given| given.name.is_some()).is_some() => {
                return Some(Identity::Named(address));
            }
            None => {}
        }
        match bindings::eui64(address).filter(|_| link_layer).map(DeviceId::Mac) {
            Some(key) if self.known.contains_key(&key) => Some(Identity::Device(key)),
            Some(key) => Some(Identity::Eui64Only(key)),
            None if address.is_ipv4() || !link_layer => Some(Identity::Address(address)),
            None => None,
        }
    }

    /// How `who` is shown.
    pub fn label(&self, who: &Identity) -> Option<Label> {
        let label = match who {
            Identity::Address(address) => return Label::new(address.to_string().as_bytes(), Some(*address)),
            Identity::Named(address) => {
                let given = self.given_to(None, &[*address], |given| given.name.is_some())?;
                let name = self.naming.owners(given.name.as_ref()?, address_tail(*address));
                Label {
                    name,
                    ip: Some(*address),
                    mac: None,
                    device_type: self.type_of(None, &[*address]).map(|(_, kind)| kind),
                }
            }
            Identity::Device(key) | Identity::Eui64Only(key) => match self.known.get(key) {
                Some(device) => device.label(key)?,
                None => self.stranger(key)?,
            },
        };
        Some(self.shared.get(&label.name.folded()).cloned().unwrap_or(label))
    }

    /// How a device is shown whose MAC only its address tells.
    fn stranger(&self, key: &DeviceId) -> Option<Label> {
        let given =
            self.given_to(Some(key), &[], |given| given.name.is_some()).and_then(|given| given.name.as_ref());
        let name = match given {
            Some(name) => self.naming.owners(name, key.tail()),
            None => key.as_name()?,
        };
        Some(Label {
            name,
            ip: None,
            mac: key.mac(),
            device_type: self.type_of(Some(key), &[]).map(|(_, kind)| kind),
        })
    }
}

impl Device {
    fn label(&self, key: &DeviceId) -> Option<Label> {
        let ip = self.leading.map(|(_, _, address)| address);
        Some(Label {
            name: self.name.clone()?,
            ip,
            mac: key.mac(),
            device_type: self.kind.map(|(_, kind)| kind),
        })
    }
}

impl Label {
    fn new(name: &[u8], ip: Option<IpAddr>) -> Option<Self> {
        Some(Self { name: Name::clean(name)?, ip, mac: None, device_type: None })
    }
}

/// What tells addresses of one name apart where a MAC's last octets do for devices.
fn address_tail(address: IpAddr) -> [u8; 3] {
    let octets = match address {
        IpAddr::V4(v4) => v4.octets().last_chunk().copied(),
        IpAddr::V6(v6) => v6.octets().last_chunk().copied(),
    };
    octets.unwrap_or_default()
}

/// From when on things must have been said to be among the newest [`KNOWN_AT_MOST`]; `None` if all are.
fn oldest_to_keep(said: impl Iterator<Item = LastSeen>) -> Option<LastSeen> {
    let mut said: Vec<LastSeen> = said.collect();
    let surplus = said.len().checked_sub(KNOWN_AT_MOST).filter(|surplus| *surplus > 0)?;
    Some(*said.select_nth_unstable(surplus).1)
}

#[cfg(test)]
mod tests;
