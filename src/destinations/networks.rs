//! Names for networks: the longest prefix of the owner's list that holds an address says what its network is called, and
//! else a database, if there is one.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::rc::Rc;

use foldhash::fast::RandomState;
use ipnet::IpNet;

use super::database::Database;
use super::format::{Entry, LINES_AT_MOST, LineErrorKind, parse};
use crate::devices::formats::owners_lines;
use crate::devices::name::Name;

/// What stands for all that has no place of its own (`other`), and for what has no name (`*`): no network is called so.
const RESERVED: [&str; 2] = ["other", "*"];

/// Every network that has a name.
#[derive(Debug, Default)]
pub struct Networks {
    owners: OwnersList,
    database: Option<Database>,
    /// Which of all that were is this one: names that were found are those of this number alone.
    generation: u64,
}

/// The owner's list.
#[derive(Debug, Default)]
struct OwnersList {
    by_prefix: HashMap<IpNet, Network, RandomState>,
    /// The lengths of prefixes that there are, of IPv4 and of IPv6. A look-up asks for each of them: a list has a handful.
    lengths: [BTreeSet<u8>; 2],
}

/// A network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// What it is called; safe to send, neither `other` nor `*`.
    pub name: Rc<str>,
    /// Whether the owner has marked it as one from which updates are downloaded.
    pub is_update: bool,
}

/// What became of the lines of the owner's list.
pub type OwnersLines = owners_lines::OwnersLines<LineErrorKind>;

impl Networks {
    /// The networks of the owner's list, and what became of its lines.
    ///
    /// ```
    /// # use conntrack_exporter::destinations::networks::Networks;
    /// let list = b"198.51.100.0/24 Example\n198.51.100.7 Example Updates update\nnonsense\n";
    /// let (networks, lines) = Networks::with_owners(list);
    /// let found = |address: &str| networks.find(address.parse().unwrap()).map(|network| network.name);
    /// assert_eq!(found("198.51.100.9").as_deref(), Some("Example"));
    /// assert_eq!(found("198.51.100.7").as_deref(), Some("Example Updates"));
    /// assert_eq!(found("192.0.2.1"), None);
    /// assert_eq!((lines.heard, lines.problems[0].line), (2, 3));
    /// ```
    pub fn with_owners(text: &[u8]) -> (Self, OwnersLines) {
        let mut networks = Self::default();
        let lines = networks.set_owners(text);
        (networks, lines)
    }

    /// Puts the lines of `text` in the place of the owner's.
    pub fn set_owners(&mut self, text: &[u8]) -> OwnersLines {
        let (owners, lines) = OwnersList::new(text);
        self.owners = owners;
        self.generation += 1;
        lines
    }

    /// Puts another database, or none, in the place of what there is.
    pub fn set_database(&mut self, database: Option<Database>) {
        self.database = database;
        self.generation += 1;
    }

    /// Changes whenever a network may be called otherwise than before.
    pub const fn generation(&self) -> u64 {
        self.generation
    }

    /// The network in which an address lies: that of the longest prefix of the owner's list, or else the database's.
    pub fn find(&self, address: IpAddr) -> Option<Network> {
        self.owners.find(address).or_else(|| {
            let name = self.database.as_ref()?.name(address)?;
            Some(Network { name, is_update: false })
        })
    }
}

impl OwnersList {
    fn new(text: &[u8]) -> (Self, OwnersLines) {
        let mut list = Self::default();
        let add = |entry| list.add(entry);
        let lines = OwnersLines::hear(parse(text), LINES_AT_MOST, LineErrorKind::TooManyLines, add);
        (list, lines)
    }

    fn add(&mut self, entry: Entry) -> Result<(), LineErrorKind> {
        let Entry { prefix, name, is_update } = entry;
        if self.by_prefix.contains_key(&prefix) {
            return Err(LineErrorKind::Again(prefix));
        }
        let [ipv4, ipv6] = &mut self.lengths;
        let lengths = if prefix.addr().is_ipv4() { ipv4 } else { ipv6 };
        lengths.insert(prefix.prefix_len());
        self.by_prefix.insert(prefix, Network { name: unreserved(&name), is_update });
        Ok(())
    }

    fn find(&self, address: IpAddr) -> Option<Network> {
        let [ipv4, ipv6] = &self.lengths;
        let lengths = if address.is_ipv4() { ipv4 } else { ipv6 };
        lengths.iter().rev().find_map(|length| {
            let prefix = IpNet::new(address, *length).ok()?.trunc();
            self.by_prefix.get(&prefix).cloned()
        })
    }
}

/// A name that somebody gives to a network, made safe; `None` if nothing is left of it.
pub fn safe_name(given: &[u8]) -> Option<Rc<str>> {
    Name::clean(given).map(|name| unreserved(&name))
}

/// A network's name as it is sent: one that would mean something else has `_` behind it.
fn unreserved(name: &Name) -> Rc<str> {
    let is_reserved = RESERVED.contains(&&*name.folded());
    if is_reserved { format!("{name}_").into() } else { name.shared() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::devices::formats::owners_lines::PROBLEMS_AT_MOST;
    use proptest::prelude::*;

    fn name(networks: &Networks, address: &str) -> Option<String> {
        networks.find(address.parse().unwrap()).map(|network| network.name.to_string())
    }

    #[test]
    fn the_longest_prefix_says_the_name() {
        let list = "0.0.0.0/0 All\n198.51.100.0/24 Wide\n198.51.100.128/25 Narrow update\n198.51.100.200 Host\n\
            2001:db8::/32 Six\n2001:db8:7::/48 Seven\n";
        let (networks, lines) = Networks::with_owners(list.as_bytes());
        assert_eq!((lines.heard, lines.bad), (6, 0));
        for (address, expected) in [
            ("192.0.2.1", Some("All")),
            ("198.51.100.127", Some("Wide")),
            ("198.51.100.128", Some("Narrow")),
            ("198.51.100.200", Some("Host")),
            ("2001:db8:8::1", Some("Six")),
            ("2001:db8:7::1", Some("Seven")),
            ("2001:db9::1", None),
        ] {
            assert_eq!(name(&networks, address).as_deref(), expected, "{address}");
        }
        let is_update = |address: &str| networks.find(address.parse().unwrap()).unwrap().is_update;
        assert!(is_update("198.51.100.130") && !is_update("198.51.100.200"));
    }

    #[test]
    fn names_that_mean_something_else_get_an_underscore() {
        let (networks, _) =
            Networks::with_owners(b"1.0.0.0/8 other\n2.0.0.0/8 *\n3.0.0.0/8 Other\n4.0.0.0/8 others\n");
        let names =
            ["1.1.1.1", "2.2.2.2", "3.3.3.3", "4.4.4.4"].map(|address| name(&networks, address).unwrap());
        assert_eq!(names, ["other_", "*_", "Other_", "others"]);
    }

    #[test]
    fn the_first_line_of_a_prefix_counts_and_further_ones_are_told() {
        let (networks, lines) = Networks::with_owners(b"10.0.0.0/8 A\n10.0.0.0/8 B\n");
        assert_eq!(name(&networks, "10.1.1.1").as_deref(), Some("A"));
        let said: Vec<String> = lines.problems.iter().map(ToString::to_string).collect();
        assert_eq!(said, ["line 2: 10.0.0.0/8 has a name already, by a line above"]);
    }

    #[test]
    fn a_list_is_bounded() {
        let line = |number: u32| format!("{} Host\n", IpAddr::V4(number.into()));
        let list: String = (0..5000).map(line).collect();
        let (networks, lines) = Networks::with_owners(list.as_bytes());
        assert_eq!(
            (networks.owners.by_prefix.len(), lines.heard, lines.bad),
            (LINES_AT_MOST, LINES_AT_MOST, 1)
        );
        let bad = "nonsense\n".repeat(5000);
        let (_, lines) = Networks::with_owners(bad.as_bytes());
        assert_eq!((lines.bad, lines.problems.len()), (5000, PROBLEMS_AT_MOST));
    }

    proptest! {
        #[test]
        fn it_is_as_asking_prefix_by_prefix(
            prefixes in prop::collection::vec((0..16_u32, 26..=32_u8), 0..20),
            six in prop::collection::vec((0..16_u128, 122..=128_u8), 0..20),
        ) {
            let four = prefixes.into_iter().map(|(host, length)| (IpAddr::V4(host.into()), length));
            let six = six.into_iter().map(|(host, length)| (IpAddr::V6(host.into()), length));
            let prefixes: Vec<IpNet> =
                four.chain(six).map(|(address, length)| IpNet::new(address, length).unwrap().trunc()).collect();
            let lines: Vec<String> = prefixes.iter().map(|prefix| format!("{prefix} {prefix}")).collect();
            let list = lines.join("\n");
            let (networks, _) = Networks::with_owners(list.as_bytes());
            let addresses = (0..16_u32).map(|host| IpAddr::V4(host.into()));
            for address in addresses.chain((0..16_u128).map(|host| IpAddr::V6(host.into()))) {
                let holding = prefixes.iter().filter(|prefix| prefix.contains(&address));
                let longest = holding.max_by_key(|prefix| prefix.prefix_len());
                let found = networks.find(address).map(|network| network.name.to_string());
                prop_assert_eq!(found, longest.map(ToString::to_string));
            }
        }
    }
}
