use super::*;
use proptest::prelude::*;

const MAC: Mac = Mac([0x28, 0x6f, 0xb9, 1, 2, 3]);

struct Both(Identities, Addresses);

impl Both {
    fn new(prefixes: &[&str]) -> Self {
        let mut identities = Identities::default();
        let prefixes: Vec<IpNet> = prefixes.iter().map(|text| text.parse().unwrap()).collect();
        let addresses = Addresses::new(&prefixes, identities.rng());
        Self(identities, addresses)
    }

    fn of(&mut self, address: impl Into<IpAddr>) -> IpAddr {
        self.1.replace(address.into(), &mut self.0)
    }

    fn text(&mut self, address: &str) -> String {
        self.of(address.parse::<IpAddr>().unwrap()).to_string()
    }
}

#[test]
fn what_everybody_has_stays() {
    let mut both =
        Both::new(&["192.168.8.1/24", "fe80::1/64", "127.0.0.1/8", "::1/128", "2001:db8:aa:10::1/64"]);
    for address in [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.9",
        "127.0.0.1",
        "169.254.7.7",
        "172.31.0.1",
        "192.168.8.50",
        "198.51.100.7",
        "203.0.113.10",
        "224.0.0.251",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "ff02::fb",
        "2001:db8:aa:10::110",
        "::ffff:192.168.8.5",
        "64:ff9b::c0a8:805",
    ] {
        assert_eq!(both.text(address), address);
    }
}

#[test]
fn strangers_are_counted() {
    let mut both = Both::new(&[]);
    for (address, expected) in [
        ("9.9.9.9", "240.0.0.1"),
        ("1.1.1.1", "240.0.0.2"),
        ("9.9.9.9", "240.0.0.1"),
        ("2620:fe::fe", "3fff::3"),
        ("240.0.0.7", "240.0.0.4"),
        ("3fff::1", "3fff::5"),
        ("::ffff:9.9.9.9", "::ffff:240.0.0.1"),
        ("64:ff9b::909:909", "64:ff9b::f000:1"),
    ] {
        assert_eq!(both.text(address), expected, "{address}");
    }
}

#[test]
fn an_own_prefix_goes_as_a_whole() {
    let mut both =
        Both::new(&["80.1.2.3/24", "80.1.2.200/30", "2a02:1:2:10::1/64", "2a02:1:2::/48", "2a02:1:3::5/128"]);
    let (a, b) = (both.text("80.1.2.3"), both.text("80.1.2.201"));
    assert!(a.starts_with('2') && a.ends_with(".3") && b.ends_with(".201"), "{a} {b}");
    assert_eq!(a.rsplit_once('.').unwrap().0, b.rsplit_once('.').unwrap().0);
    assert_ne!(both.text("80.1.3.3").rsplit_once('.').unwrap().0, a.rsplit_once('.').unwrap().0);
    let (a, b) = (both.text("2a02:1:2:10::1"), both.text("2a02:1:2:11::110"));
    assert!(a.ends_with(":10::1") && b.ends_with(":11::110"), "{a} {b}");
    assert_eq!(a.strip_suffix("10::1"), b.strip_suffix("11::110"));
    assert!(both.text("2a02:1:3::5").ends_with("::5"), "the uplink's own");
}

#[test]
fn an_address_made_of_a_mac_keeps_in_step() {
    let mut both = Both::new(&["2a02:1:2:10::1/64", "fd12:3456:789a:10::1/64", "2a00:1::1/112"]);
    let expected = host_of(both.0.mac(MAC));
    let host = host_of(MAC);
    for network in ["2a02:1:2:10::", "fd12:3456:789a:10::", "fe80::", "2001:db8::", "2a09:9::", "2a00:1::"] {
        let network: Ipv6Addr = network.parse().unwrap();
        let original = joined(halves(network).0, host);
        let IpAddr::V6(new) = both.of(original) else { panic!("another family") };
        assert_eq!(halves(new).1, expected, "{original} {new}");
    }
    let [.., d, e, f] = both.0.mac(MAC).0;
    let group = format!("ff02::1:ff{d:02x}:{e:02x}{f:02x}");
    assert_eq!(both.of("ff02::1:ff01:203".parse::<IpAddr>().unwrap()), group.parse::<IpAddr>().unwrap());
    assert_eq!(both.text("ff3e:40:2a02:1:2:10:0:7"), "ff3e::7");
}

#[test]
fn unique_local_prefixes_are_replaced() {
    let mut both = Both::new(&["fd12:3456:789a:10::1/64"]);
    let (a, b) = (both.text("fd12:3456:789a:10::5"), both.text("fd12:3456:789a:11::5"));
    assert!(a.starts_with("fd") && a.ends_with(":10::5") && !a.contains("3456"), "{a}");
    assert_eq!(a.strip_suffix("10::5"), b.strip_suffix("11::5"));
    assert_ne!(both.text("fd12:3456:789b:10::5"), a);
    assert_eq!(both.text("fd00::5"), "fd00::5");
}

#[test]
fn a_finely_parted_network_keeps_its_parts() {
    let mut both = Both::new(&["2a02:1::aaaa:bbbb:0:1/96"]);
    let (a, b) = (both.text("2a02:1::aaaa:bbbb:0:1"), both.text("2a02:1::aaaa:bbbb:dddd:1"));
    assert!(a.ends_with("aaaa:bbbb:0:1") && b.ends_with("aaaa:bbbb:dddd:1"), "{a} {b}");
    assert_eq!(to_be_replaced(&"2000::/3".parse().unwrap()), None, "it is no more than the internet");
}

#[test]
fn beyond_the_bound_strangers_share() {
    let mut both = Both::new(&[]);
    let at = |n: u32| Ipv4Addr::from_bits(0x0b00_0000 + n);
    let bound = u32::try_from(MAX_PSEUDONYMS).unwrap();
    for n in 0..bound {
        both.of(at(n));
    }
    assert_eq!(both.of(at(bound)), both.of(at(bound + 1)));
    assert_ne!(both.of(at(bound)), both.of(at(bound - 1)));
}

const OWN: [&str; 4] = ["80.1.2.3/24", "80.2.0.0/16", "2a02:1:2:10::1/64", "fd12:3456:789a:10::1/64"];

prop_compose! {
    /// Anywhere, or near to others.
    fn any_address()(choice in 0..8u8, v4: [u8; 4], v6: [u8; 16], near: u8) -> IpAddr {
        let [.., g, h] = v6;
        match choice {
            0 => IpAddr::from(v4),
            1 => IpAddr::from([80, 1, 2, near]),
            2 => IpAddr::from([80, 2, near & 3, near]),
            3 => IpAddr::from(v6),
            4 => joined(0x2a02_0001_0002_0010, halves(v6.into()).0).into(),
            5 => joined(0x2a02_0001_0002_0010, u64::from(near)).into(),
            6 => joined(0xfd12_3456_789a_0000 | u64::from(near), u64::from_be_bytes([near, 0, 0, 0xff, 0xfe, 0, g, h])).into(),
            _ => joined(0xfe80 << 48, halves(v6.into()).0).into(),
        }
    }
}

proptest! {
    #[test]
    fn different_addresses_stay_different(addresses in prop::collection::vec(any_address(), 2..60)) {
        let mut both = Both::new(&OWN);
        let new: Vec<IpAddr> = addresses.iter().map(|address| both.of(*address)).collect();
        for (a, new_a) in addresses.iter().zip(&new) {
            prop_assert_eq!(both.of(*a), *new_a, "always the same");
            prop_assert_eq!(a.is_ipv4(), new_a.is_ipv4());
            for (b, new_b) in addresses.iter().zip(&new) {
                prop_assert_eq!(a == b, new_a == new_b, "{} {} {} {}", a, b, new_a, new_b);
            }
        }
    }

    #[test]
    fn whoever_is_in_an_own_prefix_stays_in_it(addresses in prop::collection::vec(any_address(), 1..40)) {
        let mut both = Both::new(&OWN);
        for own in OWN {
            let own: IpNet = own.parse().unwrap();
            let new = IpNet::new(both.of(own.addr()), own.prefix_len()).unwrap().trunc();
            prop_assert_ne!(new, own.trunc());
            for address in &addresses {
                prop_assert_eq!(own.contains(address), new.contains(&both.of(*address)), "{} {}", own, address);
            }
        }
    }

    #[test]
    fn public_addresses_become_nobodys(address in any_address()) {
        let mut both = Both::new(&OWN);
        let nobodys: [IpNet; 2] = ["240.0.0.0/4".parse().unwrap(), "3fff::/20".parse().unwrap()];
        let new = both.of(address);
        if !is_kept(address) && !address.is_multicast() && with_v4_inside_any(address).is_none() {
            prop_assert!(nobodys.iter().any(|range| range.contains(&new)), "{} {}", address, new);
        }
    }
}

fn with_v4_inside_any(address: IpAddr) -> Option<Ipv4Addr> {
    match address {
        IpAddr::V6(v6) => with_v4_inside(v6).map(|(_, v4)| v4),
        IpAddr::V4(_) => None,
    }
}
