//! What was said is settled: each device gets its name, its type and the address that leads it.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::net::IpAddr;

use super::assignments::Given;
use super::device_type::DeviceType;
use super::mac::Mac;
use super::name::Name;
use super::name_source::NameSource;
use super::naming::Best;
use super::{
    Device, DeviceId, Devices, KNOWN_AT_MOST, Label, LeadingRank, Map, address_tail, neighbour_refresh,
};
use crate::lan::is_link_local;

impl Devices {
    /// Derives from all that was said what each device is called and how it is shown.
    pub(super) fn settle(&mut self) {
        self.generation += 1;
        self.adopt_duids();
        self.forget_the_oldest();
        let addresses = self.addresses_by_device();
        self.look_up_vendors(&addresses);
        let none = Vec::new();
        let mut known = std::mem::take(&mut self.known);
        for (key, device) in &mut known {
            let at = addresses.get(key).unwrap_or(&none);
            device.leading = at.iter().filter_map(|(_, rank)| *rank).min();
            let at: Vec<IpAddr> = at.iter().map(|(address, _)| *address).collect();
            device.best = self.best_name(key, device, &at);
            device.kind = self.type_of(Some(key), &at);
        }
        self.naming.learn_owners(self.settings.names.iter().flat_map(|source| {
            self.books.iter().filter(|book| book.file.source == *source).flat_map(|book| book.book.names())
        }));
        let held_by = |address, key: &DeviceId| self.pairs.told(address).as_ref() == Some(key);
        self.naming.settle(&mut known, held_by, self.last.reading);
        self.known = known;
        self.share_labels();
    }

    /// The addresses of each device, each with its rank among those that could lead.
    pub(super) fn addresses_by_device(&self) -> Map<DeviceId, Vec<(IpAddr, Option<LeadingRank>)>> {
        let mut by_device: Map<DeviceId, Vec<_>> = Map::default();
        for (address, leased, live) in self.pairs.addresses() {
            let Some(key) = self.pairs.told(address) else { continue };
            let rank = match address {
                _ if is_link_local(address) => None,
                IpAddr::V4(_) if live => Some((false, Reverse(u64::MAX), address)),
                IpAddr::V4(_) => (leased > 0).then_some((false, Reverse(leased), address)),
                // Of IPv6 addresses the lowest that was leased leads, whenever that was.
                IpAddr::V6(_) => (leased > 0).then_some((true, Reverse(0), address)),
            };
            by_device.entry(key).or_default().push((address, rank));
        }
        by_device
    }

    /// The best name that anybody gives a device.
    pub(super) fn best_name(&self, key: &DeviceId, device: &Device, at: &[IpAddr]) -> Option<Best> {
        self.settings.names.iter().find_map(|source| self.name_by(*source, key, device, at))
    }

    /// The name that `source` gives a device.
    pub(super) fn name_by(
        &self,
        source: NameSource,
        key: &DeviceId,
        device: &Device,
        at: &[IpAddr],
    ) -> Option<Best> {
        match source {
            NameSource::Registry | NameSource::Gl | NameSource::Static | NameSource::Hosts => {
                let books = self.books.iter().filter(|book| book.file.source == source);
                let mut given = books.filter_map(|book| book.book.of(Some(key), at)?.name.clone());
                given.next().map(|name| Best::Owner(source, name))
            }
            NameSource::Lease | NameSource::Odhcpd => {
                let files = self.leases.iter().filter(|file| file.source == source);
                let mut claims = files.filter_map(|file| device.claims.get(&file.path()));
                claims.next().map(|name| Best::Claim(source, name.clone()))
            }
            NameSource::Vendor => {
                let vendor = self.vendors.get(&key.mac()?)?.as_ref()?;
                Some(Best::Claim(source, vendor.with_suffix(key.tail())))
            }
        }
    }

    /// What the owner says of a device or an address, by the best source that `says` something.
    pub(super) fn given_to(
        &self,
        key: Option<&DeviceId>,
        at: &[IpAddr],
        says: impl Fn(&Given) -> bool,
    ) -> Option<&Given> {
        let books = |source: NameSource| self.books.iter().filter(move |book| book.file.source == source);
        let mut found = self.settings.names.iter().flat_map(|source| books(*source));
        found.find_map(|book| book.book.of(key, at).filter(|given| says(given)))
    }

    /// Whether `given` is what names a device or an address: a better file may say otherwise.
    fn is_best(&self, given: &Given, key: Option<&DeviceId>, at: &[IpAddr]) -> bool {
        self.given_to(key, at, |given| given.name.is_some()).is_some_and(|best| std::ptr::eq(best, given))
    }

    /// What sort of thing a device is: the registry says it, or else GL.iNet's class. A type is heard also where names
    /// of that source are not.
    pub(super) fn type_of(&self, key: Option<&DeviceId>, at: &[IpAddr]) -> Option<(usize, DeviceType)> {
        let mut books = self.books.iter().enumerate();
        books.find_map(|(place, book)| Some((place, book.book.of(key, at)?.device_type?)))
    }

    /// Finds the vendors of devices that have no better name and were not looked up before.
    pub(super) fn look_up_vendors(&mut self, addresses: &Map<DeviceId, Vec<(IpAddr, Option<LeadingRank>)>>) {
        if !self.settings.names.contains(&NameSource::Vendor) {
            return;
        }
        let mut wanted = Vec::new();
        for (key, device) in &self.known {
            let Some(mac) = key.mac().filter(|mac| !mac.is_local() && !self.vendors.contains_key(mac)) else {
                continue;
            };
            let at: Vec<IpAddr> =
                addresses.get(key).into_iter().flatten().map(|(address, _)| *address).collect();
            let mut better = self.settings.names.iter().take_while(|source| **source != NameSource::Vendor);
            if !better.any(|source| self.name_by(*source, key, device, &at).is_some()) {
                wanted.push(mac);
            }
        }
        if wanted.is_empty() {
            return;
        }
        let found = neighbour_refresh::vendors(&self.root, &self.settings.vendors, &wanted);
        if self.vendors.len() > KNOWN_AT_MOST {
            self.vendors.retain(|mac, _| self.known.contains_key(&DeviceId::Mac(*mac)));
        }
        for mac in wanted {
            let vendor = found.get(&mac).and_then(|vendor| Name::clean(vendor.as_bytes()));
            self.vendors.insert(mac, vendor);
        }
    }

    /// Devices and addresses to which the owner gave one name are shown alike: by the lowest MAC and the address that
    /// leads them all.
    pub(super) fn share_labels(&mut self) {
        let mut shared = Shared::default();
        for (key, device) in self.known.iter().collect::<BTreeMap<_, _>>() {
            if let (Some(Best::Owner(..)), Some(label)) = (&device.best, device.label(key)) {
                shared.add(&label, device.leading, device.kind);
            }
        }
        for book in self.books.iter().filter(|book| self.settings.names.contains(&book.file.source)) {
            for (mac, given) in book.book.macs() {
                let key = DeviceId::Mac(mac);
                if self.is_best(given, Some(&key), &[]) {
                    let kind = self.type_of(Some(&key), &[]);
                    shared.join(given, |name| self.naming.owners(name, key.tail()), Some(mac), None, kind);
                }
            }
            for (address, given) in book.book.addresses() {
                if self.pairs.told(address).is_none() && self.is_best(given, None, &[address]) {
                    let rank = (address.is_ipv6(), Reverse(0), address);
                    let (tail, kind) = (address_tail(address), self.type_of(None, &[address]));
                    shared.join(given, |name| self.naming.owners(name, tail), None, Some(rank), kind);
                }
            }
        }
        self.shared = shared.labels.into_iter().map(|(name, part)| (name, part.label)).collect();
    }
}

/// Labels that the owner's names gather.
#[derive(Default)]
struct Shared {
    labels: Map<Box<str>, Part>,
}

/// What was gathered for one name.
struct Part {
    leading: Option<LeadingRank>,
    /// The type, behind the place of the file that says so: the first file counts.
    kind: Option<(usize, DeviceType)>,
    label: Label,
}

impl Shared {
    fn add(&mut self, label: &Label, leading: Option<LeadingRank>, kind: Option<(usize, DeviceType)>) {
        let part = self.labels.entry(label.name.folded()).or_insert_with(|| Part {
            leading,
            kind,
            label: label.clone(),
        });
        part.leading = [part.leading, leading].into_iter().flatten().min();
        part.kind = [part.kind, kind].into_iter().flatten().min_by_key(|(place, _)| *place);
        part.label.ip = part.leading.map(|(_, _, address)| address);
        part.label.mac = [part.label.mac, label.mac].into_iter().flatten().min();
        part.label.device_type = part.kind.map(|(_, kind)| kind);
    }

    fn join(
        &mut self,
        given: &Given,
        owners: impl Fn(&Name) -> Name,
        mac: Option<Mac>,
        leading: Option<LeadingRank>,
        kind: Option<(usize, DeviceType)>,
    ) {
        if let Some(name) = &given.name {
            let label = Label { name: owners(name), ip: None, mac, device_type: None };
            self.add(&label, leading, kind);
        }
    }
}
