//! Where a remote host is, as far as that is to be told.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::rc::Rc;

use foldhash::quality::RandomState;

use crate::destinations::config::Mode;
use crate::destinations::networks::Networks;
use crate::services::ServiceId;

/// How many hosts' networks are remembered: some 0.5 MiB. When there are more, all are looked up anew.
const HOSTS_AT_MOST: usize = 8192;

/// What goes out for whatever is not told or not known.
const ANY: &str = "*";

/// A destination and a service.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pair {
    /// Where it is.
    pub remote: Remote,
    /// What for.
    pub service: ServiceId,
}

/// A destination. Shown, it is what goes out.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Remote {
    /// Wherever it is.
    Any,
    /// A network with a name.
    Network(Rc<str>),
    /// A prefix of 24 bits, or of 48 of IPv6, by its first address.
    Prefix(IpAddr),
    /// A host.
    Address(IpAddr),
}

impl Remote {
    /// Whether no more is told than `mode` allows, nor less: after the mode was changed there may be some that were counted
    /// before.
    pub(super) const fn is_of(&self, mode: Mode) -> bool {
        matches!(
            (mode, self),
            (Mode::Service, Self::Any)
                | (Mode::Network, Self::Any | Self::Network(_))
                | (Mode::Prefix, Self::Prefix(_))
                | (Mode::Address, Self::Address(_))
        )
    }
}

impl fmt::Display for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str(ANY),
            Self::Network(name) => f.write_str(name),
            Self::Prefix(first) => write!(f, "{first}/{}", if first.is_ipv4() { 24 } else { 48 }),
            Self::Address(address) => address.fmt(f),
        }
    }
}

/// In which networks hosts are, as far as it was looked up.
#[derive(Debug, Default)]
pub(super) struct KnownHosts {
    /// Outsiders may choose the addresses: the hash needs a secret.
    by_address: HashMap<IpAddr, Remote, RandomState>,
    /// Every name once.
    names: HashSet<Rc<str>>,
    /// For which generation of [`Networks`] these hold.
    made_for: u64,
}

impl KnownHosts {
    /// Where the host at `address` is, as far as `mode` tells it.
    pub(super) fn remote(&mut self, mode: Mode, address: IpAddr, networks: &Networks) -> Remote {
        match mode {
            Mode::Off | Mode::Service => Remote::Any,
            Mode::Network => self.network(address, networks),
            Mode::Prefix => Remote::Prefix(prefix(address)),
            Mode::Address => Remote::Address(address),
        }
    }

    fn network(&mut self, address: IpAddr, networks: &Networks) -> Remote {
        if self.made_for != networks.generation() || self.by_address.len() >= HOSTS_AT_MOST {
            self.by_address.clear();
            self.made_for = networks.generation();
        }
        if let Some(known) = self.by_address.get(&address) {
            return known.clone();
        }
        let name = networks.find(address).map(|network| self.known_name(network.name));
        let remote = name.map_or(Remote::Any, Remote::Network);
        self.by_address.insert(address, remote.clone());
        remote
    }

    fn known_name(&mut self, name: Rc<str>) -> Rc<str> {
        if let Some(known) = self.names.get(&name) {
            return Rc::clone(known);
        }
        self.names.insert(Rc::clone(&name));
        name
    }

    /// Forgets names that nobody uses any more.
    pub(super) fn forget_names(&mut self) {
        self.names.retain(|name| Rc::strong_count(name) > 1);
    }
}

/// The first address of the /24 or /48 in which an address lies.
fn prefix(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            [a, b, c, 0].into()
        }
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() >> 80 << 80).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_much_is_told_as_the_mode_says() {
        let (mut networks, _) = Networks::with_owners(b"198.51.100.0/24 Example\n");
        let mut hosts = KnownHosts::default();
        let mut shown = |mode, address: &str, networks: &Networks| {
            let remote = hosts.remote(mode, address.parse().unwrap(), networks);
            assert!(remote.is_of(mode));
            remote.to_string()
        };
        for (mode, address, expected) in [
            (Mode::Service, "198.51.100.7", "*"),
            (Mode::Network, "198.51.100.7", "Example"),
            (Mode::Network, "198.51.101.7", "*"),
            (Mode::Network, "198.51.100.7", "Example"),
            (Mode::Prefix, "198.51.100.7", "198.51.100.0/24"),
            (Mode::Prefix, "2001:db8:7:8::9", "2001:db8:7::/48"),
            (Mode::Address, "2001:db8:7:8::9", "2001:db8:7:8::9"),
        ] {
            assert_eq!(shown(mode, address, &networks), expected, "{mode:?} {address}");
        }
        networks.set_owners(b"198.51.100.0/24 Other name\n");
        assert_eq!(
            shown(Mode::Network, "198.51.100.7", &networks),
            "Other name",
            "what was known holds no more"
        );
    }

    #[test]
    fn what_was_counted_under_another_mode_is_not_told_as_it_is() {
        let address = IpAddr::from([198, 51, 100, 7]);
        let remotes =
            [Remote::Any, Remote::Network("x".into()), Remote::Prefix(address), Remote::Address(address)];
        for (mode, expected) in [
            (Mode::Off, [false; 4]),
            (Mode::Service, [true, false, false, false]),
            (Mode::Network, [true, true, false, false]),
            (Mode::Prefix, [false, false, true, false]),
            (Mode::Address, [false, false, false, true]),
        ] {
            assert_eq!(remotes.each_ref().map(|remote| remote.is_of(mode)), expected, "{mode:?}");
        }
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let (networks, _) = Networks::with_owners(b"0.0.0.0/0 All\n");
        let mut hosts = KnownHosts::default();
        for number in 0..20_000_u32 {
            hosts.remote(Mode::Network, IpAddr::V4(number.into()), &networks);
            assert!(hosts.by_address.len() <= HOSTS_AT_MOST);
        }
        assert_eq!(hosts.names.len(), 1);
        hosts.by_address.clear();
        drop(networks);
        hosts.forget_names();
        assert!(hosts.names.is_empty());
    }
}
