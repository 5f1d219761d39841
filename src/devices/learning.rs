//! What leases and neighbours say is learned, and kept within bounds.

use std::collections::HashSet;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use tracing::warn;

use super::files::each_lease;
use super::name::Name;
use super::name_source::NameSource;
use super::watched_file::Look;
use super::{Device, DeviceId, Devices, KNOWN_AT_MOST, oldest_to_keep};
use crate::lan::{Lan, Place};

impl Devices {
    pub(super) fn refresh_leases(&mut self, place: usize) -> bool {
        let Some(file) = self.leases.get_mut(place) else { return false };
        let (source, path, look) = (file.source, file.path(), file.look());
        let Some(Look::Taken(text) | Look::Cut(text)) = look else { return false };
        let problems = self.learn_leases(source, &path, &text);
        if let Some(file) = self.leases.get_mut(place) {
            file.report(&problems);
        }
        true
    }

    /// Learns what a file of leases says; gives what could not be understood.
    pub(super) fn learn_leases(&mut self, source: NameSource, path: &Rc<Path>, text: &[u8]) -> Vec<String> {
        let mut named = HashSet::new();
        each_lease(source, text, |holder, addresses, name| {
            self.learn(path, holder, addresses, name, &mut named);
        })
    }

    /// A device that goes by a DHCPv6 identifier, and whose MAC the neighbours show, is the device with that MAC.
    pub(super) fn adopt_duids(&mut self) {
        for (alias, mac) in self.pairs.duids_seen() {
            let key = DeviceId::Mac(mac);
            self.pairs.adopt(&alias, &key);
            if let Some(part) = self.known.remove(&alias) {
                let device = self.known.entry(key.clone()).or_default();
                device.said = device.said.max(part.said);
                for (path, name) in part.claims {
                    device.claims.entry(path).or_insert(name);
                }
            }
            if self.aliases.len() < KNOWN_AT_MOST {
                self.aliases.insert(alias, key);
            }
        }
    }

    /// `named` holds whom this reading has named already: of several names of one device the first counts.
    pub(super) fn learn(
        &mut self,
        path: &Rc<Path>,
        holder: DeviceId,
        addresses: &[IpAddr],
        name: Option<&[u8]>,
        named: &mut HashSet<DeviceId>,
    ) {
        self.last.line += 1;
        let key = self.aliases.get(&holder).cloned().unwrap_or(holder);
        for address in addresses {
            self.pairs.lease(*address, &key, self.last);
        }
        let device = self.known.entry(key.clone()).or_default();
        device.said = self.last;
        device.firm |= addresses.iter().any(IpAddr::is_ipv4);
        if let Some(name) = name.and_then(Name::clean)
            && named.insert(key)
        {
            device.claims.insert(Rc::clone(path), name);
        }
        if self.pairs.leases() > 2 * KNOWN_AT_MOST || self.known.len() > 2 * KNOWN_AT_MOST {
            self.forget_the_oldest();
        }
    }

    pub(super) fn forget_the_oldest(&mut self) {
        let known = &mut self.known;
        let crowded = known.len() > KNOWN_AT_MOST || self.pairs.leases() > KNOWN_AT_MOST;
        if crowded && !std::mem::replace(&mut self.crowded, true) {
            warn!(
                "more than {KNOWN_AT_MOST} devices or leases are told of: those told of longest ago are forgotten"
            );
        }
        if let Some(oldest) = oldest_to_keep(known.values().map(|device| device.said)) {
            known.retain(|_, device| device.said >= oldest);
        }
        self.pairs.forget(|key| known.contains_key(key));
    }

    /// Asks the neighbours about an address that nobody ties to a device, unless they were asked about it before;
    /// gives whether they were asked now.
    pub(super) fn wonder(&mut self, lan: &Lan, address: IpAddr, boot: Duration) -> bool {
        let asked = self.wondering.about(address);
        if asked && self.ask_neighbours(lan, boot) {
            self.settle();
        }
        asked
    }

    /// Asks the neighbours of the LAN's interfaces; gives whether they say something new.
    pub(super) fn ask_neighbours(&mut self, lan: &Lan, boot: Duration) -> bool {
        let Some(neighbours) = self.wondering.ask(&self.root, boot) else { return false };
        let of_the_lan = neighbours
            .iter()
            // The router stands in its own table where it has heard itself.
            .filter(|found| {
                lan.pattern_for(&found.interface).is_some() && lan.place(found.address) != Place::Router
            });
        let pairs = of_the_lan.map(|found| (found.address, found.mac));
        let new = self.pairs.answer(pairs, self.last.reading, boot, self.settings.remember);
        let mut created = false;
        for mac in self.pairs.live_macs() {
            self.last.line += 1;
            let room = self.known.len() < KNOWN_AT_MOST;
            let device = match self.known.entry(DeviceId::Mac(mac)) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(place) if room => {
                    created = true;
                    place.insert(Device::default())
                }
                Entry::Vacant(_) => continue,
            };
            device.firm = true;
            // Leases are worth more than neighbours, of which anybody can show any number.
            if device.said.reading == 0 {
                device.said.line = self.last.line;
            }
        }
        created || new
    }
}
