//! What one of the owner's files says.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::devices::Map;
use crate::devices::device_type::DeviceType;
use crate::devices::formats::hosts::{self, Ether, Is, ShortNames};
use crate::devices::formats::{LineError, gl_client, registry, static_hosts};
use crate::devices::identity::DeviceId;
use crate::devices::mac::Mac;
use crate::devices::name::Name;
use crate::devices::source_file::{NOTED_AT_MOST, note};

/// How many entries of a file count at most.
const ENTRIES_AT_MOST: usize = 4096;

/// What the owner says of one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// Its name.
    pub name: Option<Name>,
    /// What sort of thing it is.
    pub device_type: Option<DeviceType>,
    /// Whether it says whom it means by a MAC or a DUID.
    identified: bool,
}

/// What one file of the owner's says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AssignmentList {
    entries: Vec<Assignment>,
    /// Each to its place among the entries; of several that speak of one device the first counts.
    by_id: Map<DeviceId, usize>,
    by_address: Map<IpAddr, usize>,
    /// What could not be understood, each by its line.
    pub problems: Vec<String>,
}

/// An entry of whatever file, and whom it means.
#[derive(Default)]
struct Entry {
    name: Option<Name>,
    device_type: Option<DeviceType>,
    ids: Vec<DeviceId>,
    addresses: Vec<IpAddr>,
}

impl AssignmentList {
    /// The owner's registry.
    pub fn registry(text: &[u8]) -> Self {
        let entry = |entry: registry::Entry<'_>| Entry {
            name: Name::clean(entry.name),
            device_type: entry.device_type,
            ids: entry.mac.map(DeviceId::Mac).into_iter().collect(),
            addresses: entry.address.into_iter().collect(),
        };
        Self::new(registry::parse(text).map(|found| found.map(entry)))
    }

    /// GL.iNet's aliases.
    pub fn gl_client(text: &[u8]) -> Self {
        let (aliases, errors) = gl_client::parse(text);
        let entries = aliases.into_iter().map(|alias| Entry {
            name: alias.alias.as_deref().and_then(Name::clean),
            device_type: alias.class,
            ids: vec![DeviceId::Mac(alias.mac)],
            ..Entry::default()
        });
        Self::new(entries.map(Ok).chain(errors.into_iter().map(Err)))
    }

    /// OpenWrt's static hosts.
    pub fn static_hosts(text: &[u8]) -> Self {
        let (hosts, errors) = static_hosts::parse(text);
        let entries = hosts.into_iter().map(|host| {
            let macs = host.macs.into_iter().map(DeviceId::Mac);
            let ids = macs.chain(host.duids.into_iter().map(DeviceId::of_duid)).collect();
            Entry { name: Name::clean(&host.name), ids, addresses: host.addresses, ..Entry::default() }
        });
        Self::new(entries.map(Ok).chain(errors.into_iter().map(Err)))
    }

    /// `/etc/ethers`.
    pub fn ethers(text: &[u8]) -> Self {
        let found = hosts::parse_ethers(text).filter_map(|found| match found {
            Ok(Ether { mac, is: Is::Named(name) }) => {
                Some(Ok((name, Entry { ids: vec![DeviceId::Mac(mac)], ..Entry::default() })))
            }
            Ok(Ether { is: Is::At(_), .. }) => None,
            Err(error) => Some(Err(error)),
        });
        Self::new(with_short_names(heard(found)))
    }

    /// `/etc/hosts`.
    pub fn hosts(text: &[u8]) -> Self {
        let entry = |host: hosts::Host<'_>| Entry { addresses: vec![host.address], ..Entry::default() };
        let found = hosts::parse_hosts(text).map(|found| found.map(|host| (host.name, entry(host))));
        Self::new(with_short_names(heard(found)))
    }

    fn new(found: impl IntoIterator<Item = Result<Entry, LineError>>) -> Self {
        let mut list = Self::default();
        let mut left_out = false;
        for entry in found {
            match entry {
                Ok(entry) if list.entries.len() < ENTRIES_AT_MOST => list.add(entry),
                Ok(_) if std::mem::replace(&mut left_out, true) => {}
                Ok(_) => {
                    let problem = format_args!("only the first {ENTRIES_AT_MOST} devices are heard");
                    note(&mut list.problems, &problem);
                }
                Err(error) => note(&mut list.problems, &error),
            }
        }
        list
    }

    fn add(&mut self, Entry { name, device_type, ids, addresses }: Entry) {
        if name.is_none() && device_type.is_none() {
            return;
        }
        let place = self.entries.len();
        self.entries.push(Assignment { name, device_type, identified: !ids.is_empty() });
        for id in ids {
            self.by_id.entry(id).or_insert(place);
        }
        for address in addresses {
            self.by_address.entry(address).or_insert(place);
        }
    }

    /// What is said of the device `id`, or of whoever is at one of `addresses`.
    pub fn find(&self, id: Option<&DeviceId>, addresses: &[IpAddr]) -> Option<&Assignment> {
        if let Some(place) = id.and_then(|id| self.by_id.get(id)) {
            return self.entries.get(*place);
        }
        let places = addresses.iter().filter_map(|address| self.by_address.get(address));
        let found = places.filter_map(|place| Some((place, self.entries.get(*place)?)));
        // Whoever sits at the address of an entry that means somebody else by MAC is not that one.
        let meant = found.filter(|(_, entry)| id.is_none() || !entry.identified);
        meant.min_by_key(|(place, _)| *place).map(|(_, entry)| entry)
    }

    /// What is said of each MAC, in order.
    pub fn macs(&self) -> impl Iterator<Item = (Mac, &Assignment)> {
        let macs = self.by_id.iter().filter_map(|(id, place)| Some((id.mac()?, place)));
        let macs = macs.collect::<BTreeMap<_, _>>().into_iter();
        macs.filter_map(|(mac, place)| Some((mac, self.entries.get(*place)?)))
    }

    /// What is said of each address, in order.
    pub fn addresses(&self) -> impl Iterator<Item = (IpAddr, &Assignment)> {
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
}

/// What is heard of a file, with one entry beyond it that shows that there are more.
fn heard<T>(found: impl Iterator<Item = Result<T, LineError>>) -> Vec<Result<T, LineError>> {
    let (mut entries, mut errors) = (0..=ENTRIES_AT_MOST, 0..NOTED_AT_MOST);
    let is_heard = |found: &Result<T, LineError>| match found {
        Ok(_) => entries.next().is_some(),
        Err(_) => errors.next().is_some(),
    };
    found.filter(is_heard).collect()
}

/// Names the entries, without their domains where these aren't needed.
fn with_short_names(
    mut found: Vec<Result<(&[u8], Entry), LineError>>,
) -> impl Iterator<Item = Result<Entry, LineError>> {
    let short = ShortNames::new(found.iter().flatten().map(|(name, _)| *name));
    for (name, entry) in found.iter_mut().flatten() {
        entry.name = Name::clean(short.short(name));
    }
    found.into_iter().map(|found| found.map(|(_, entry)| entry))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(list: &AssignmentList, key: &str, address: &str) -> Option<String> {
        let key = Mac::parse(key.as_bytes()).map(DeviceId::Mac);
        let addresses: Vec<IpAddr> = address.parse().into_iter().collect();
        list.find(key.as_ref(), &addresses)?.name.as_ref().map(ToString::to_string)
    }

    #[test]
    fn a_registry_speaks_of_macs_and_addresses() {
        let list = AssignmentList::registry(
            b"02:00:00:00:00:11=TV\n02:00:00:00:00:22|192.168.8.9|NAS|server\n|10.0.0.2|Peer|\nnonsense\n\
            02:00:00:00:00:11=again\n",
        );
        assert_eq!(name(&list, "02:00:00:00:00:11", "").as_deref(), Some("TV"), "the first counts");
        assert_eq!(name(&list, "", "192.168.8.9").as_deref(), Some("NAS"));
        assert_eq!(name(&list, "02:00:00:00:00:33", "10.0.0.2").as_deref(), Some("Peer"));
        assert_eq!(name(&list, "02:00:00:00:00:33", "10.0.0.3"), None);
        let nas = list.find(None, &["192.168.8.9".parse().unwrap()]).unwrap();
        assert_eq!(nas.device_type, Some(DeviceType::Server));
        assert_eq!(list.problems.len(), 1);
        assert!(list.problems[0].starts_with("line 4: "), "{:?}", list.problems);
    }

    #[test]
    fn a_static_host_has_several_macs_and_a_duid_that_carries_one() {
        let list = AssignmentList::static_hosts(
            b"config host\n option name 'phone'\n list mac '02:00:00:00:00:44'\n list mac '02:00:00:00:00:45'\n \
            option duid '00030001020000000046'\n option ip '192.168.8.51'\n",
        );
        for mac in ["02:00:00:00:00:44", "02:00:00:00:00:45", "02:00:00:00:00:46"] {
            assert_eq!(name(&list, mac, "").as_deref(), Some("phone"), "{mac}");
        }
        assert_eq!(name(&list, "", "192.168.8.51").as_deref(), Some("phone"));
    }

    #[test]
    fn aliases_ethers_and_hosts() {
        let gl = AssignmentList::gl_client(
            b"config client\n option mac '02:00:00:00:00:44'\n option class 'phone'\n",
        );
        let given = gl.find(Some(&DeviceId::Mac(Mac([2, 0, 0, 0, 0, 0x44]))), &[]).unwrap();
        assert_eq!((given.name.as_ref(), given.device_type), (None, Some(DeviceType::Mobile)));
        let ethers = AssignmentList::ethers(b"02:00:00:00:00:44 nas.lan\n02:00:00:00:00:45 192.168.8.3\n");
        assert_eq!(name(&ethers, "02:00:00:00:00:44", "").as_deref(), Some("nas"));
        assert_eq!(ethers.names().count(), 1);
        let hosts = AssignmentList::hosts(
            b"127.0.0.1 localhost\n192.168.8.3 printer.lan printer\n2001:db8::3 printer\n",
        );
        assert_eq!(name(&hosts, "", "2001:db8::3").as_deref(), Some("printer"));
        assert_eq!(hosts.names().count(), 2);
        let two = AssignmentList::hosts(b"192.168.8.11 www.a.lan\n192.168.8.12 www.b.lan\n");
        assert_eq!(name(&two, "", "192.168.8.11").as_deref(), Some("www.a.lan"), "two names, two devices");
        let one = AssignmentList::hosts("192.168.8.11 Büro.lan\n192.168.8.12 BU\u{308}RO.LAN\n".as_bytes());
        assert_eq!(name(&one, "", "192.168.8.11").as_deref(), Some("Büro"), "one name, one device");
    }

    #[test]
    fn the_installed_sample_says_nothing_and_its_examples_are_right() {
        let sample = include_str!("../../../config/conntrack-exporter.devices");
        assert_eq!(AssignmentList::registry(sample.as_bytes()), AssignmentList::default());
        let examples = sample.lines().filter_map(|line| line.strip_prefix("#   ")).skip(3);
        let list = AssignmentList::registry(examples.collect::<Vec<_>>().join("\n").as_bytes());
        assert_eq!((list.entries(), list.problems.len()), (5, 0));
    }

    #[test]
    fn of_hosts_and_ethers_as_many_are_heard() {
        let host = |n: u32| format!("10.0.{}.{} h{n}.lan\nnonsense\n", n / 256, n % 256);
        let ether = |n: u32| format!("{n:012x} h{n}\nnonsense\n");
        let text = |line: &dyn Fn(u32) -> String| (0..10_000).map(line).collect::<String>();
        for list in
            [AssignmentList::hosts(text(&host).as_bytes()), AssignmentList::ethers(text(&ether).as_bytes())]
        {
            assert_eq!(list.entries.len(), ENTRIES_AT_MOST);
            assert_eq!(list.names().last().map(Name::as_str), Some("h4095"));
            assert_eq!(list.problems.len(), NOTED_AT_MOST);
        }
        let list = AssignmentList::hosts(
            (0..10_000).map(|n| host(n).replace("nonsense", "")).collect::<String>().as_bytes(),
        );
        assert_eq!(list.problems, ["only the first 4096 devices are heard"]);
    }

    #[test]
    fn a_list_is_bounded() {
        let line = |n: u32| format!("{n:012x}=n{n}\n");
        let list = AssignmentList::registry((0..10_000).map(line).collect::<Vec<_>>().concat().as_bytes());
        assert_eq!(list.entries.len(), ENTRIES_AT_MOST);
    }
}
