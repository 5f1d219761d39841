//! Which prefixes are the LAN, which addresses are the router's, and which interfaces the WAN's.
//!
//! The LAN is what the addresses and masks of its interfaces span; routes and "private" ranges say nothing of it:
//! delegated IPv6 prefixes are global, and a VPN's routes lead elsewhere.

pub mod config;
pub mod interfaces;
mod sightings;
pub mod wan;

use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use ipnet::IpNet;

use interfaces::Interface;
use sightings::{Segment, Sighting, Sightings};

/// Where an address is, seen from the router.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In 127.0.0.0/8, or `::1`.
    Loopback,
    /// It is one of the router's own.
    Router,
    /// In the LAN.
    Lan {
        /// Whether hosts there have link-layer addresses.
        link_layer: bool,
    },
    /// Anywhere else.
    Outside,
}

/// The LAN, as the interfaces show it now and showed it a while ago.
#[derive(Debug)]
pub struct Lan {
    patterns: Vec<String>,
    configured: Vec<IpNet>,
    sightings: Sightings,
    /// The router's own addresses. Derived from the sightings: sorted.
    router: Vec<IpAddr>,
    /// The LAN. Derived from the sightings and the configuration: the longest prefix first.
    segments: Vec<Segment>,
    interfaces: Vec<Interface>,
    generation: u64,
}

impl Lan {
    /// A LAN of the interfaces whose names match `patterns` (shell globs) and of `prefixes` besides.
    pub fn new(patterns: &[String], prefixes: &[IpNet]) -> Self {
        let mut lan = Self {
            patterns: patterns.to_vec(),
            configured: prefixes.to_vec(),
            sightings: Sightings::default(),
            router: Vec::new(),
            segments: Vec::new(),
            interfaces: Vec::new(),
            generation: 0,
        };
        lan.derive();
        lan
    }

    /// Takes over another configuration and keeps what was seen. What only the old one took for the LAN is dropped.
    pub fn reconfigure(&mut self, patterns: &[String], prefixes: &[IpNet]) {
        self.patterns = patterns.to_vec();
        let mut sightings = std::mem::take(&mut self.sightings);
        sightings.retain(|sighting| match sighting {
            Sighting::Address(_) => true,
            Sighting::Segment(_, interface) => self.pattern_for(interface).is_some(),
        });
        self.sightings = sightings;
        self.configured = prefixes.to_vec();
        self.interfaces.clear();
        self.derive();
    }

    /// Takes note of the router's interfaces as they are at `boot` (time since boot); says whether they have changed.
    pub fn observe(&mut self, interfaces: Vec<Interface>, boot: Duration) -> bool {
        let shown = self.sightings_in(&interfaces);
        self.sightings.observe(shown, boot);
        let changed = self.interfaces != interfaces;
        self.interfaces = interfaces;
        self.derive();
        changed
    }

    /// Changes whenever any address may have another place.
    pub const fn generation(&self) -> u64 {
        self.generation
    }

    /// Which interfaces are the LAN, as shell globs.
    pub fn patterns(&self) -> &[String] {
        &self.patterns
    }

    /// Whether an interface of this name belongs to the LAN, and by which pattern.
    pub fn pattern_for(&self, name: &str) -> Option<&str> {
        self.patterns.iter().find(|pattern| fast_glob::glob_match(pattern, name)).map(String::as_str)
    }

    /// The interfaces last observed.
    pub fn interfaces(&self) -> &[Interface] {
        &self.interfaces
    }

    /// The prefixes of the LAN, the longest first.
    pub fn prefixes(&self) -> impl Iterator<Item = IpNet> {
        self.segments.iter().map(|segment| segment.prefix)
    }

    /// The router's own addresses.
    pub fn router_addresses(&self) -> &[IpAddr] {
        &self.router
    }

    /// Whether any observed interface or configured prefix makes a LAN at all.
    pub fn exists(&self) -> bool {
        !self.configured.is_empty()
            || self.interfaces.iter().any(|found| self.pattern_for(&found.name).is_some())
    }

    /// Where `address` is.
    pub fn place(&self, address: IpAddr) -> Place {
        if address.is_loopback() {
            Place::Loopback
        } else if self.router.binary_search(&address).is_ok() {
            Place::Router
        } else {
            let segment = self.segments.iter().find(|segment| segment.prefix.contains(&address));
            segment.map_or(Place::Outside, |segment| Place::Lan { link_layer: segment.link_layer })
        }
    }

    fn sightings_in(&self, interfaces: &[Interface]) -> Vec<Sighting> {
        let mut found = Vec::new();
        for interface in interfaces {
            let in_lan = self.pattern_for(&interface.name).is_some();
            for net in &interface.addresses {
                found.push(Sighting::Address(net.addr()));
                if in_lan && !is_link_local(net.addr()) {
                    let link_layer = interface.link_layer;
                    let segment = Segment { prefix: net.trunc(), link_layer };
                    found.push(Sighting::Segment(segment, interface.name.clone()));
                }
            }
        }
        found
    }

    fn derive(&mut self) {
        let (mut router, mut segments) = (Vec::new(), Vec::new());
        for sighting in self.sightings.iter() {
            match sighting {
                Sighting::Address(address) => router.push(*address),
                Sighting::Segment(segment, _) => segments.push(*segment),
            }
        }
        let configured = self.configured.iter().map(|net| Segment { prefix: net.trunc(), link_layer: true });
        segments.extend(configured);
        router.sort_unstable();
        segments.sort_by_key(|segment| std::cmp::Reverse(segment.prefix.prefix_len()));
        if (&router, &segments) != (&self.router, &self.segments) {
            self.generation += 1;
            (self.router, self.segments) = (router, segments);
        }
    }
}

/// Link-local prefixes are on every interface: as part of the LAN they would claim the provider's router.
pub fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    }
}

/// Whether an address is of a range that only local networks use.
pub fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_private() || is_shared(v4.octets()),
        IpAddr::V6(v6) => is_unique_local(v6),
    }
}

/// 100.64.0.0/10 of RFC 6598, which Tailscale uses as well.
const fn is_shared(octets: [u8; 4]) -> bool {
    octets[0] == 100 && octets[1] & 0xc0 == 64
}

fn is_unique_local(v6: Ipv6Addr) -> bool {
    v6.is_unique_local()
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::time::{ClockId, clock_gettime};

    fn interface(name: &str, link_layer: bool, addresses: &[&str]) -> Interface {
        let addresses = addresses.iter().map(|text| text.parse().unwrap()).collect();
        Interface { name: name.into(), link_layer, addresses, broadcast: None }
    }

    fn home() -> Lan {
        Lan::new(&["br-lan".into(), "br-guest".into(), "wgserver*".into()], &[])
    }

    fn place(lan: &Lan, address: &str) -> Place {
        lan.place(address.parse().unwrap())
    }

    const HOUR: Duration = Duration::from_hours(1);
    const WIRED: Place = Place::Lan { link_layer: true };

    #[test]
    fn a_lan_is_the_prefixes_of_its_interfaces() {
        let mut lan = home();
        lan.observe(
            vec![
                interface("lo", true, &["127.0.0.1/8", "::1/128"]),
                interface("br-lan", true, &["192.168.8.1/24", "2001:db8:aa:10::1/64", "fe80::1/64"]),
                interface("wgserver1", false, &["10.0.0.1/24"]),
                interface("eth0", true, &["192.168.1.2/24", "fe80::2/64"]),
            ],
            HOUR,
        );
        assert_eq!(place(&lan, "127.8.8.8"), Place::Loopback);
        assert_eq!(place(&lan, "::1"), Place::Loopback);
        assert_eq!(place(&lan, "192.168.8.1"), Place::Router);
        assert_eq!(place(&lan, "192.168.1.2"), Place::Router);
        assert_eq!(place(&lan, "fe80::2"), Place::Router);
        assert_eq!(place(&lan, "192.168.8.255"), WIRED);
        assert_eq!(place(&lan, "2001:db8:aa:10:9c1d::5"), WIRED);
        assert_eq!(place(&lan, "10.0.0.7"), Place::Lan { link_layer: false });
        assert_eq!(place(&lan, "192.168.1.3"), Place::Outside);
        assert_eq!(place(&lan, "fe80::3"), Place::Outside, "link-local is on every interface");
        assert_eq!(place(&lan, "2001:db8:aa:11::5"), Place::Outside);
    }

    #[test]
    fn configured_prefixes_and_the_longest_match() {
        let prefixes = ["10.0.0.0/8".parse().unwrap(), "2001:db8::/32".parse().unwrap()];
        let mut lan = Lan::new(&["wg*".into()], &prefixes);
        assert!(lan.exists());
        lan.observe(vec![interface("wg0", false, &["10.9.0.1/24"])], HOUR);
        assert_eq!(place(&lan, "10.9.0.2"), Place::Lan { link_layer: false });
        assert_eq!(place(&lan, "10.8.0.2"), WIRED);
        assert_eq!(place(&lan, "2001:db8:ff::2"), WIRED);
    }

    #[test]
    fn what_was_is_remembered_for_two_hours() {
        let mut lan = home();
        lan.observe(vec![interface("br-lan", true, &["2001:db8:1::1/64", "192.168.8.1/24"])], HOUR);
        let renumbered = vec![interface("br-lan", true, &["2001:db8:2::1/64", "192.168.8.1/24"])];
        lan.observe(renumbered.clone(), 2 * HOUR);
        assert_eq!(place(&lan, "2001:db8:2::5"), WIRED, "the new prefix at once");
        assert_eq!(place(&lan, "2001:db8:1::5"), WIRED);
        assert_eq!(place(&lan, "2001:db8:1::1"), Place::Router);
        lan.observe(renumbered, 3 * HOUR + Duration::from_secs(1));
        assert_eq!(place(&lan, "2001:db8:1::5"), Place::Outside);
        assert_eq!(place(&lan, "192.168.8.9"), WIRED);
    }

    #[test]
    fn at_most_64_are_remembered_and_the_oldest_go_first() {
        let mut lan = home();
        for second in 0..100u8 {
            let wan = interface("eth0", true, &[&format!("203.0.113.{second}/24")]);
            lan.observe(vec![wan], HOUR + Duration::from_secs(second.into()));
        }
        let remembered = (0..99).filter(|n| place(&lan, &format!("203.0.113.{n}")) == Place::Router);
        assert_eq!(remembered.collect::<Vec<_>>(), (35..99).collect::<Vec<_>>());
        assert_eq!(place(&lan, "203.0.113.99"), Place::Router);
    }

    /// A delegated prefix for every address, so that each is a sighting of both kinds.
    fn numerous(count: u32) -> Vec<Interface> {
        let net = |number| format!("2001:db8:{:x}:{:x}::1/64", number >> 16, number & 0xffff);
        let addresses = (0..count).map(|number| net(number).parse().unwrap()).collect();
        vec![Interface { name: "br-lan".into(), link_layer: true, addresses, broadcast: None }]
    }

    /// How many times as much processor time `work` takes for 16 times as many addresses: 16 if it grows with their
    /// number, 256 if with its square. The least of several runs is what nothing else disturbed.
    fn growth(work: impl Fn(u32) -> Duration) -> f64 {
        let least = |count| (0..3).map(|_| work(count)).min().unwrap();
        let (few, many) = (least(500), least(8_000));
        many.as_secs_f64() / few.as_secs_f64()
    }

    /// Of this thread alone: how busy the machine is doesn't matter.
    fn processor_time() -> Duration {
        clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap().into()
    }

    #[test]
    fn many_addresses_cost_in_proportion_to_their_number() {
        let observing = growth(|count| {
            let (mut lan, interfaces) = (home(), numerous(count));
            let begun = processor_time();
            lan.observe(interfaces.clone(), HOUR);
            lan.observe(interfaces, 2 * HOUR);
            processor_time().checked_sub(begun).unwrap()
        });
        assert!(observing < 80.0, "{observing:.0} times as long");
    }

    #[test]
    fn many_addresses_that_go_cost_in_proportion_to_their_number() {
        let forgetting = growth(|count| {
            let mut lan = home();
            lan.observe(numerous(count), HOUR);
            let begun = processor_time();
            lan.observe(Vec::new(), 2 * HOUR);
            processor_time().checked_sub(begun).unwrap()
        });
        assert!(forgetting < 80.0, "{forgetting:.0} times as long");
    }

    #[test]
    fn another_configuration_forgets_what_the_old_one_took_for_the_lan() {
        let mut lan = home();
        let interfaces = vec![
            interface("br-lan", true, &["192.168.8.1/24"]),
            interface("br-iot", true, &["192.168.9.1/24"]),
        ];
        lan.observe(interfaces.clone(), HOUR);
        lan.reconfigure(&["br-iot".into()], &[]);
        lan.observe(interfaces, HOUR);
        assert_eq!(place(&lan, "192.168.8.9"), Place::Outside);
        assert_eq!(place(&lan, "192.168.9.9"), WIRED);
        assert_eq!(place(&lan, "192.168.8.1"), Place::Router);
    }

    #[test]
    fn another_configuration_keeps_what_it_takes_for_the_lan_as_well() {
        let mut lan = home();
        lan.observe(vec![interface("br-lan", true, &["2001:db8:1::1/64"])], HOUR);
        lan.observe(vec![interface("br-lan", true, &["2001:db8:2::1/64"])], HOUR);
        lan.reconfigure(&["br-*".into()], &[]);
        assert_eq!(place(&lan, "2001:db8:1::5"), WIRED, "remembered");
    }

    #[test]
    fn globs_are_those_of_a_shell() {
        let lan = Lan::new(&["br-l?n".into(), "wg[0-3]".into(), "vlan*".into()], &[]);
        for (name, pattern) in [("br-lan", "br-l?n"), ("wg2", "wg[0-3]"), ("vlan10.5", "vlan*")] {
            assert_eq!(lan.pattern_for(name), Some(pattern));
        }
        assert_eq!(lan.pattern_for("wg4"), None);
        assert_eq!(lan.pattern_for("xbr-lan"), None);
    }

    #[test]
    fn private_ranges() {
        for address in ["10.1.1.1", "172.16.0.1", "192.168.0.1", "100.100.1.1", "fd00::1"] {
            assert!(is_private(address.parse().unwrap()), "{address}");
        }
        for address in ["100.128.0.1", "203.0.113.1", "2001:db8::1", "fe80::1"] {
            assert!(!is_private(address.parse().unwrap()), "{address}");
        }
    }
}
