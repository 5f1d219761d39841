//! Other names, MACs and addresses for those of a household.
//!
//! Each thing is always replaced by the same, and no two by one, so that what is made of it has the structure of the
//! original. Replacements are random or counted, so nothing leads back.

mod addresses;
mod identities;
mod names;
mod pseudonyms;

use std::net::IpAddr;

use ipnet::IpNet;

use super::copier::prefixes;
use crate::config::Config;
use crate::devices::DeviceId;
use crate::devices::mac::{Duid, Mac};
use crate::devices::name::Name;
use crate::lan::interfaces;
use crate::root::Root;
use addresses::Addresses;
use identities::Identities;
use names::Names;

/// Names that say nothing of anybody, and something to the program.
const KEPT: [&str; 3] = ["router", "other", "localhost"];

/// What replaces what.
#[derive(Debug)]
pub(crate) struct Anonymiser {
    identities: Identities,
    addresses: Addresses,
    names: Names,
}

impl Anonymiser {
    /// Nothing is replaced yet. `prefixes` are those of the router's interfaces and of the LAN.
    pub(crate) fn new(prefixes: &[IpNet]) -> Self {
        let mut identities = Identities::default();
        let addresses = Addresses::new(prefixes, identities.rng());
        Self { identities, addresses, names: Names::default() }
    }

    /// Nothing is replaced yet, at the router below `root` with this configuration.
    pub(crate) fn of_router(root: &Root, config: &Config) -> Self {
        Self::new(&prefixes(config, &interfaces::read(root).unwrap_or_default()))
    }

    /// The router's interfaces have these prefixes now: whoever turns up in a new one stays together.
    pub(super) fn learn(&mut self, prefixes: &[IpNet]) {
        self.addresses.learn(prefixes, self.identities.rng());
    }

    /// What replaces a MAC: a local one.
    pub(super) fn mac(&mut self, mac: Mac) -> Mac {
        self.identities.mac(mac)
    }

    /// What replaces a DUID: one of the same type.
    pub(super) fn duid(&mut self, duid: &Duid) -> Duid {
        self.identities.duid(duid)
    }

    /// What replaces a device that holds leases.
    pub(super) fn device(&mut self, id: DeviceId) -> DeviceId {
        match id {
            DeviceId::Mac(mac) => DeviceId::Mac(self.mac(mac)),
            DeviceId::Duid(duid) => DeviceId::Duid(self.duid(&duid)),
        }
    }

    /// What replaces an address.
    pub(crate) fn address(&mut self, address: IpAddr) -> IpAddr {
        self.addresses.replace(address, &mut self.identities)
    }

    /// What replaces an address with a mask.
    pub(super) fn net(&mut self, net: IpNet) -> IpNet {
        let address = self.address(net.addr());
        IpNet::new(address, net.prefix_len()).unwrap_or_else(|_| address.into())
    }

    /// Whether all addresses of a prefix go on to share one of the same length.
    pub(super) fn keeps_together(&self, prefix: &IpNet) -> bool {
        self.addresses.keep_together(prefix)
    }

    /// Addresses of the world outside that were replaced one by one, and by what, in the order of what replaces them.
    pub(super) fn strangers(&mut self) -> Vec<(IpAddr, IpAddr)> {
        let mut strangers: Vec<_> =
            self.addresses.strangers().into_iter().map(|address| (address, self.address(address))).collect();
        strangers.sort_unstable_by_key(|(_, replacement)| *replacement);
        strangers
    }

    /// What replaces a name, given as it came. One that looks like an address, like a MAC or like one with the last
    /// octets of a device behind it goes on to do so.
    pub(super) fn name(&mut self, given: &[u8]) -> Vec<u8> {
        let Some(clean) = Name::clean(given) else { return given.to_vec() };
        if KEPT.contains(&&*clean.folded()) {
            return given.to_vec();
        }
        if let Some(address) = clean.as_address() {
            return self.address(address).to_string().into_bytes();
        }
        if let Some(mac) = clean.as_mac() {
            return spelled_like(clean.as_str(), self.mac(mac)).into_bytes();
        }
        // As it stands behind names that had to be told apart.
        if let (Some(tail), Some((base, _))) = (clean.suffix(), clean.as_str().rsplit_once('-')) {
            let [a, b, c] = self.identities.tail(tail);
            let mut name = self.name(base.as_bytes());
            name.extend(format!("-{a:02x}{b:02x}{c:02x}").bytes());
            return name;
        }
        self.names.replace(given, &clean)
    }

    /// What replaces a name that is text.
    pub(super) fn text(&mut self, given: &str) -> String {
        String::from_utf8_lossy(&self.name(given.as_bytes())).into_owned()
    }
}

/// A MAC with the separators of another spelling of one.
fn spelled_like(spelling: &str, mac: Mac) -> String {
    let shown = mac.to_string();
    match spelling.chars().find(|char| matches!(char, ':' | '-' | '.')) {
        Some(':') => shown,
        Some('-') => shown.replace(':', "-"),
        _ => shown.replace(':', ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_of_names_stay() {
        let mut anonymiser = Anonymiser::new(&[]);
        let mac = Mac([0x28, 0x6f, 0xb9, 1, 2, 3]);
        let new = anonymiser.mac(mac);
        assert_eq!(anonymiser.text("28:6F:B9:01:02:03"), new.to_string());
        assert_eq!(anonymiser.text("28-6f-b9-01-02-03"), new.to_string().replace(':', "-"));
        assert_eq!(anonymiser.text("286fb9010203"), new.to_string().replace(':', ""));
        assert_eq!(anonymiser.text("9.9.9.9"), anonymiser.address([9, 9, 9, 9].into()).to_string());
        let [a, b, c] = new.tail();
        assert_eq!(anonymiser.text("tv-010203"), format!("device-1-{a:02x}{b:02x}{c:02x}"));
        assert_eq!(anonymiser.text("tv"), "device-1");
        for kept in ["router", "ROUTER", " other ", "", "  "] {
            assert_eq!(anonymiser.text(kept), kept);
        }
    }

    #[test]
    fn a_lan_keeps_its_masks() {
        let mut anonymiser = Anonymiser::new(&["80.1.2.3/24".parse().unwrap()]);
        let net = anonymiser.net("80.1.2.3/24".parse().unwrap());
        assert_eq!((net.prefix_len(), net.contains(&anonymiser.address([80, 1, 2, 9].into()))), (24, true));
    }
}
