//! Who is on the LAN: from an address to a device, and from a device to its name.
//!
//! Devices are known by a [`Key`]; names are for the way out. What a source of names no longer says is kept (dnsmasq
//! empties its file before it rewrites it), within stated bounds, the oldest out first.

pub mod admission;
pub mod leases;
pub mod mac;
pub mod name;
mod naming;
pub mod present;
pub mod watched;

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::IpAddr;
use std::path::Path;

use tracing::{info, warn};

use crate::root::Root;
use leases::{Holder, Lease, Line};
use mac::{Duid, Mac};
use name::Name;
use naming::{Claim, Naming};
use watched::{Look, Watched};

/// How many devices, and how many addresses of theirs, are known at most.
pub const KNOWN_AT_MOST: usize = 4096;

/// What a device is known by, whatever its name and addresses.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    /// Its link-layer address.
    Mac(Mac),
    /// Its DHCPv6 identifier, where that holds no link-layer address.
    Duid(Duid),
}

impl Key {
    fn tail(&self) -> [u8; 3] {
        match self {
            Self::Mac(mac) => mac.tail(),
            Self::Duid(duid) => duid.tail(),
        }
    }

    /// The name of a device that nobody has named: its MAC. A DUID alone is none.
    fn as_name(&self) -> Option<Name> {
        match self {
            Self::Mac(mac) => Name::clean(mac.to_string().as_bytes()),
            Self::Duid(_) => None,
        }
    }

    /// The name of a device that has one which can't be told apart from others'.
    fn identity(&self) -> Option<Name> {
        match self {
            Self::Mac(_) => self.as_name(),
            Self::Duid(duid) => Name::clean(duid.to_string().as_bytes()),
        }
    }
}

impl From<Holder> for Key {
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
    /// What each source calls it, the best source first.
    names: BTreeMap<usize, Name>,
    /// The best of these names.
    claim: Option<Claim>,
    /// What it is called in the end.
    name: Option<Name>,
    /// The address that leads it, behind what makes that one lead.
    leading: Option<LeadingRank>,
    /// When it was last spoken of.
    said: Said,
}

/// Orders the addresses of one device: IPv4 first, the newest reading first, the lowest address first.
type LeadingRank = (bool, Reverse<u64>, IpAddr);

fn leading_rank(address: IpAddr, reading: u64) -> Option<LeadingRank> {
    match address {
        IpAddr::V4(_) => Some((false, Reverse(reading), address)),
        // Of IPv6 addresses the lowest leads, whenever it was leased.
        IpAddr::V6(_) => (!crate::lan::is_link_local(address)).then_some((true, Reverse(0), address)),
    }
}

/// The reading, and the line counted over all readings, in which something was last said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Said {
    reading: u64,
    line: u64,
}

/// Who holds an address.
#[derive(Clone, Debug)]
struct Held {
    key: Key,
    said: Said,
}

/// Who an address belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// A known device.
    Device(Key),
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
    /// Its MAC.
    pub mac: Option<Mac>,
}

/// All devices known, and the files that tell of them.
#[derive(Debug)]
pub struct Devices {
    files: Vec<LeaseFile>,
    known: HashMap<Key, Device>,
    addresses: HashMap<IpAddr, Held>,
    naming: Naming,
    last: Said,
}

#[derive(Debug)]
struct LeaseFile {
    watched: Watched,
    failing: bool,
    unreadable: usize,
}

impl Devices {
    /// Devices as the lease files `leases` below `root` tell, the first file's names before the others'.
    pub fn new(root: &Root, leases: &[impl AsRef<Path>], router: &Name) -> Self {
        Self {
            files: files(root, leases),
            known: HashMap::new(),
            addresses: HashMap::new(),
            naming: Naming::new(router),
            last: Said::default(),
        }
    }

    /// Takes over another configuration and keeps all that was learned.
    pub fn reconfigure(&mut self, root: &Root, leases: &[impl AsRef<Path>], router: &Name) {
        self.files = files(root, leases);
        self.naming.reserve(router);
        self.naming.settle(&mut self.known, &self.addresses, self.last.reading);
    }

    /// Reads the files that have changed.
    pub fn refresh(&mut self) {
        self.last.reading += 1;
        let mut changed = false;
        for rank in 0..self.files.len() {
            let Some(text) = self.files.get_mut(rank).and_then(LeaseFile::look) else { continue };
            let unreadable = self.learn(rank, &text);
            if let Some(file) = self.files.get_mut(rank) {
                file.report(unreadable);
            }
            changed = true;
        }
        if changed {
            self.forget_the_oldest();
            self.find_leading();
            self.naming.settle(&mut self.known, &self.addresses, self.last.reading);
        }
    }

    /// Who has `address`; `link_layer` says whether hosts there have link-layer addresses.
    ///
    /// `None` for an IPv6 address that nothing ties to a device: hosts change theirs daily, each would be a new name.
    pub fn identify(&self, address: IpAddr, link_layer: bool) -> Option<Who> {
        match self.addresses.get(&address) {
            Some(held) => {
                let named = self.known.get(&held.key)?.name.is_some();
                named.then(|| Who::Device(held.key.clone()))
            }
            None if address.is_ipv4() || !link_layer => Some(Who::Address(address)),
            None => None,
        }
    }

    /// How `who` is shown.
    pub fn label(&self, who: &Who) -> Option<Label> {
        match who {
            Who::Address(address) => {
                let name = Name::clean(address.to_string().as_bytes())?;
                Some(Label { name, ip: Some(*address), mac: None })
            }
            Who::Device(key) => {
                let device = self.known.get(key)?;
                let name = device.name.clone()?;
                let mac = if let Key::Mac(mac) = key { Some(*mac) } else { None };
                Some(Label { name, ip: device.leading.map(|(_, _, address)| address), mac })
            }
        }
    }

    /// How many devices are known, and how many of them by a name of their own.
    pub fn count(&self) -> (usize, usize) {
        (self.known.len(), self.known.values().filter(|device| device.claim.is_some()).count())
    }

    /// Finds the address that leads each device: the lowest of the IPv4 addresses that the newest lines about it
    /// give it, else its lowest global IPv6.
    fn find_leading(&mut self) {
        for device in self.known.values_mut() {
            device.leading = None;
        }
        for (&address, held) in &self.addresses {
            let Some(device) = self.known.get_mut(&held.key) else { continue };
            if let Some(rank) = leading_rank(address, held.said.reading)
                && device.leading.is_none_or(|leading| rank < leading)
            {
                device.leading = Some(rank);
            }
        }
    }

    /// Learns what one file says; gives the number of lines that could not be understood.
    fn learn(&mut self, rank: usize, text: &[u8]) -> usize {
        let mut unreadable = 0;
        let mut named = HashSet::new();
        for line in leases::parse(text) {
            match line {
                Line::Nothing => {}
                Line::Unreadable => unreadable += 1,
                Line::Lease(lease) => self.learn_lease(rank, lease, &mut named),
            }
        }
        unreadable
    }

    /// `named` holds what this reading has named already: of several names of one device the first counts.
    fn learn_lease(&mut self, rank: usize, lease: Lease<'_>, named: &mut HashSet<Key>) {
        self.last.line += 1;
        let key = Key::from(lease.holder);
        self.addresses.insert(lease.address, Held { key: key.clone(), said: self.last });
        let device = self.known.entry(key.clone()).or_default();
        device.said = self.last;
        if let Some(name) = lease.name.and_then(Name::clean)
            && named.insert(key)
        {
            device.names.insert(rank, name);
            device.choose(self.last.reading);
        }
        if self.addresses.len() > 2 * KNOWN_AT_MOST || self.known.len() > 2 * KNOWN_AT_MOST {
            self.forget_the_oldest();
        }
    }

    fn forget_the_oldest(&mut self) {
        if let Some(oldest) = oldest_to_keep(self.addresses.values().map(|held| held.said)) {
            self.addresses.retain(|_, held| held.said >= oldest);
        }
        if let Some(oldest) = oldest_to_keep(self.known.values().map(|device| device.said)) {
            self.known.retain(|_, device| device.said >= oldest);
            self.addresses.retain(|_, held| self.known.contains_key(&held.key));
        }
    }
}

impl Device {
    /// Takes the best source's name for the device's claim.
    fn choose(&mut self, reading: u64) {
        let Some(best) = self.names.values().next() else { return };
        match &mut self.claim {
            Some(claim) if claim.name.folded() == best.folded() => claim.name = best.clone(),
            _ => self.claim = Some(Claim::new(best.clone(), reading)),
        }
    }
}

impl LeaseFile {
    /// The file's content, if it is new; says when the file begins and ceases to be out of reach.
    fn look(&mut self) -> Option<Vec<u8>> {
        let look = self.watched.look();
        let path = self.watched.path().display();
        match &look {
            Err(error) if !self.failing => warn!("lease file {path} can't be read: {error}"),
            Ok(_) if self.failing => info!("lease file {path} can be read again"),
            Ok(Look::Cut(_)) => warn!("lease file {path} is too large: only its beginning is read"),
            _ => {}
        }
        self.failing = look.is_err();
        match look {
            Ok(Look::Taken(text) | Look::Cut(text)) => Some(text),
            _ => None,
        }
    }

    fn report(&mut self, unreadable: usize) {
        if unreadable > 0 && self.unreadable == 0 {
            let path = self.watched.path().display();
            warn!("lease file {path}: {unreadable} lines are no leases and are passed over");
        }
        self.unreadable = unreadable;
    }
}

fn files(root: &Root, leases: &[impl AsRef<Path>]) -> Vec<LeaseFile> {
    let file = |path: &dyn AsRef<Path>| LeaseFile {
        watched: Watched::new(root.path(path.as_ref())),
        failing: false,
        unreadable: 0,
    };
    leases.iter().map(|path| file(path)).collect()
}

/// From when on things must have been said to be among the newest [`KNOWN_AT_MOST`]; `None` if all are.
fn oldest_to_keep(said: impl Iterator<Item = Said>) -> Option<Said> {
    let mut said: Vec<Said> = said.collect();
    let surplus = said.len().checked_sub(KNOWN_AT_MOST).filter(|surplus| *surplus > 0)?;
    Some(*said.select_nth_unstable(surplus).1)
}

#[cfg(test)]
mod tests;
