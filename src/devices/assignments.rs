//! What the owner says of devices: names that are identities, not claims.
//!
//! Each of the owner's files is a [`Assignments`] of its own. A name that is taken out of its file is gone with it.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt::Display;
use std::net::IpAddr;

use super::device_type::DeviceType;
use super::files::note;
use super::formats::hosts::{self, Ether, Is};
use super::formats::{gl_client, registry, static_hosts};
use super::mac::{Duid, Mac};
use super::name::Name;
use super::{DeviceId, Map};

/// How many entries of a file are heard at most.
const ENTRIES_AT_MOST: usize = 4096;

/// What the owner says of one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// Its name.
    pub name: Option<Name>,
    /// What sort of thing it is.
    pub device_type: Option<DeviceType>,
}

/// What one file of the owner's says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assignments {
    entries: Vec<Given>,
    /// Those that say whom they mean by a MAC or a DUID.
    identified: HashSet<usize>,
    /// Each to its place among the entries; of several that speak of one device the first counts.
    by_mac: Map<Mac, usize>,
    by_duid: Map<Duid, usize>,
    by_address: Map<IpAddr, usize>,
    /// What could not be understood, each by its line.
    pub problems: Vec<String>,
    full: bool,
}

impl Assignments {
    /// The owner's registry.
    pub fn registry(text: &[u8]) -> Self {
        let mut book = Self::default();
        for entry in registry::parse(text) {
            match entry {
                Ok(entry) => {
                    book.add(Name::clean(entry.name), entry.device_type, entry.mac, [], entry.address);
                }
                Err(bad) => book.problem(&bad),
            }
        }
        book
    }

    /// GL.iNet's aliases.
    pub fn gl_client(text: &[u8]) -> Self {
        let mut book = Self::default();
        let (aliases, bad) = gl_client::parse(text);
        for alias in aliases {
            book.add(alias.alias.as_deref().and_then(Name::clean), alias.class, [alias.mac], [], []);
        }
        for bad in &bad {
            book.problem(&bad);
        }
        book
    }

    /// OpenWrt's static hosts.
    pub fn static_hosts(text: &[u8]) -> Self {
        let mut book = Self::default();
        let (hosts, bad) = static_hosts::parse(text);
        for host in hosts {
            book.add(Name::clean(&host.name), None, host.macs, host.duids, host.addresses);
        }
        for bad in &bad {
            book.problem(&bad);
        }
        book
    }

    /// `/etc/ethers`.
    pub fn ethers(text: &[u8]) -> Self {
        let mut book = Self::default();
        let mut found = Vec::new();
        for ether in hosts::parse_ethers(text) {
            match ether {
                Ok(Ether { mac, is: Is::Named(name) }) => found.push((name, mac)),
                Ok(_) => {}
                Err(bad) => book.problem(&bad),
            }
        }
        for (name, mac) in shortened(found) {
            book.add(Name::clean(name), None, [mac], [], []);
        }
        book
    }

    /// `/etc/hosts`.
    pub fn hosts(text: &[u8]) -> Self {
        let mut book = Self::default();
        let mut found = Vec::new();
        for host in hosts::parse_hosts(text) {
            match host {
                Ok(host) => found.push((host.name, host.address)),
                Err(bad) => book.problem(&bad),
            }
        }
        for (name, address) in shortened(found) {
            book.add(Name::clean(name), None, [], [], [address]);
        }
        book
    }

    /// What is said of the device `key`, or of whoever is at one of `addresses`.
    pub fn of(&self, key: Option<&DeviceId>, addresses: &[IpAddr]) -> Option<&Given> {
        let by_key = key.and_then(|key| match key {
            DeviceId::Mac(mac) => self.by_mac.get(mac),
            DeviceId::Duid(duid) => self.by_duid.get(duid),
        });
        // Whoever sits at the address of an entry that means somebody else by MAC is not that one.
        let meant = |place: &&usize| key.is_none() || !self.identified.contains(*place);
        let by_address =
            || addresses.iter().filter_map(|address| self.by_address.get(address)).filter(meant).min();
        self.entries.get(*by_key.or_else(by_address)?)
    }

    /// What is said of each MAC, in order.
    pub fn macs(&self) -> impl Iterator<Item = (Mac, &Given)> {
        let macs = self.by_mac.iter().collect::<BTreeMap<_, _>>();
        macs.into_iter().filter_map(|(mac, place)| Some((*mac, self.entries.get(*place)?)))
    }

    /// What is said of each address, in order.
    pub fn addresses(&self) -> impl Iterator<Item = (IpAddr, &Given)> {
        let addresses = self.by_address.iter().collect::<BTreeMap<_, _>>();
        addresses.into_iter().filter_map(|(address, place)| Some((*address, self.entries.get(*place)?)))
    }

    /// How many devices it speaks of.
    pub const fn entries(&self) -> usize {
        self.entries.len()
    }

    /// All names in the file, in its order.
    pub fn names(&self) -> impl Iterator<Item = &Name> {
        self.entries.iter().filter_map(|entry| entry.name.as_ref())
    }

    fn problem(&mut self, problem: &dyn Display) {
        note(&mut self.problems, problem);
    }

    fn add(
        &mut self,
        name: Option<Name>,
        device_type: Option<DeviceType>,
        macs: impl IntoIterator<Item = Mac>,
        duids: impl IntoIterator<Item = Duid>,
        addresses: impl IntoIterator<Item = IpAddr>,
    ) {
        let place = self.entries.len();
        if place == ENTRIES_AT_MOST {
            // LastSeen of the first that is left out.
            if !std::mem::replace(&mut self.full, true) {
                self.problem(&format_args!("only the first {ENTRIES_AT_MOST} devices are heard"));
            }
            return;
        }
        if name.is_none() && device_type.is_none() {
            return;
        }
        self.entries.push(Given { name, device_type });
        for mac in macs {
            self.identified.insert(place);
            self.by_mac.entry(mac).or_insert(place);
        }
        for duid in duids {
            self.identified.insert(place);
            // A DUID that carries a MAC speaks of the device with that MAC.
            match duid.mac() {
                Some(mac) => self.by_mac.entry(mac).or_insert(place),
                None => self.by_duid.entry(duid).or_insert(place),
            };
        }
        for address in addresses {
            self.by_address.entry(address).or_insert(place);
        }
    }
}

/// Names without their domains, where the first label alone tells them apart.
fn shortened<'a, T>(found: Vec<(&'a [u8], T)>) -> Vec<(&'a [u8], T)> {
    let mut wholes: BTreeMap<Vec<u8>, BTreeSet<Vec<u8>>> = BTreeMap::new();
    for (name, _) in &found {
        let label = hosts::first_label(name).to_ascii_lowercase();
        wholes.entry(label).or_default().insert(name.to_ascii_lowercase());
    }
    // `nas` and `nas.lan` are one: a name without a domain has the router's.
    let is_one = |label: &[u8]| {
        let wholes = wholes.get(&label.to_ascii_lowercase());
        wholes.is_some_and(|wholes| wholes.iter().filter(|whole| whole.contains(&b'.')).count() < 2)
    };
    let short = |name: &'a [u8]| Some(hosts::first_label(name)).filter(|label| is_one(label)).unwrap_or(name);
    found.into_iter().map(|(name, of)| (short(name), of)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(book: &Assignments, key: &str, address: &str) -> Option<String> {
        let key = Mac::parse(key.as_bytes()).map(DeviceId::Mac);
        let addresses: Vec<IpAddr> = address.parse().into_iter().collect();
        book.of(key.as_ref(), &addresses)?.name.as_ref().map(ToString::to_string)
    }

    #[test]
    fn a_registry_speaks_of_macs_and_addresses() {
        let book = Assignments::registry(
            b"02:00:00:00:00:11=TV\n02:00:00:00:00:22|192.168.8.9|NAS|server\n|10.0.0.2|Peer|\nnonsense\n\
            02:00:00:00:00:11=again\n",
        );
        assert_eq!(name(&book, "02:00:00:00:00:11", "").as_deref(), Some("TV"), "the first counts");
        assert_eq!(name(&book, "", "192.168.8.9").as_deref(), Some("NAS"));
        assert_eq!(name(&book, "02:00:00:00:00:33", "10.0.0.2").as_deref(), Some("Peer"));
        assert_eq!(name(&book, "02:00:00:00:00:33", "10.0.0.3"), None);
        let nas = book.of(None, &["192.168.8.9".parse().unwrap()]).unwrap();
        assert_eq!(nas.device_type, Some(DeviceType::Server));
        assert_eq!(book.problems.len(), 1);
        assert!(book.problems[0].starts_with("line 4: "), "{:?}", book.problems);
    }

    #[test]
    fn a_static_host_has_several_macs_and_a_duid_that_carries_one() {
        let book = Assignments::static_hosts(
            b"config host\n option name 'phone'\n list mac '02:00:00:00:00:44'\n list mac '02:00:00:00:00:45'\n \
            option duid '00030001020000000046'\n option ip '192.168.8.51'\n",
        );
        for mac in ["02:00:00:00:00:44", "02:00:00:00:00:45", "02:00:00:00:00:46"] {
            assert_eq!(name(&book, mac, "").as_deref(), Some("phone"), "{mac}");
        }
        assert_eq!(name(&book, "", "192.168.8.51").as_deref(), Some("phone"));
    }

    #[test]
    fn aliases_ethers_and_hosts() {
        let gl = Assignments::gl_client(
            b"config client\n option mac '02:00:00:00:00:44'\n option class 'phone'\n",
        );
        let given = gl.of(Some(&DeviceId::Mac(Mac([2, 0, 0, 0, 0, 0x44]))), &[]).unwrap();
        assert_eq!((given.name.as_ref(), given.device_type), (None, Some(DeviceType::Mobile)));
        let ethers = Assignments::ethers(b"02:00:00:00:00:44 nas.lan\n02:00:00:00:00:45 192.168.8.3\n");
        assert_eq!(name(&ethers, "02:00:00:00:00:44", "").as_deref(), Some("nas"));
        assert_eq!(ethers.names().count(), 1);
        let hosts = Assignments::hosts(
            b"127.0.0.1 localhost\n192.168.8.3 printer.lan printer\n2001:db8::3 printer\n",
        );
        assert_eq!(name(&hosts, "", "2001:db8::3").as_deref(), Some("printer"));
        assert_eq!(hosts.names().count(), 2);
        let two = Assignments::hosts(b"192.168.8.11 www.a.lan\n192.168.8.12 www.b.lan\n");
        assert_eq!(name(&two, "", "192.168.8.11").as_deref(), Some("www.a.lan"), "two names, two devices");
    }

    #[test]
    fn the_installed_sample_says_nothing_and_its_examples_are_right() {
        let sample = include_str!("../../config/conntrack-exporter.devices");
        assert_eq!(Assignments::registry(sample.as_bytes()), Assignments::default());
        let examples = sample.lines().filter_map(|line| line.strip_prefix("#   ")).skip(2);
        let book = Assignments::registry(examples.collect::<Vec<_>>().join("\n").as_bytes());
        assert_eq!((book.entries(), book.problems.len()), (4, 0));
    }

    #[test]
    fn a_book_is_bounded() {
        let line = |n: u32| format!("{n:012x}=n{n}\n");
        let book = Assignments::registry((0..10_000).map(line).collect::<Vec<_>>().concat().as_bytes());
        assert_eq!(book.entries.len(), ENTRIES_AT_MOST);
    }
}
