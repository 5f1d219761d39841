use super::own::to_be_replaced;
use super::ranges::EMBEDDED_V6;
use super::*;
use ipnet::Ipv4Net;
use nix::time::{ClockId, clock_gettime};
use proptest::prelude::*;
use std::time::Duration;

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
        "2001:db8::110",
        "::ffff:192.168.8.5",
        "64:ff9b::c0a8:805",
        "64:ff9b:1::c0a8:805",
        "2002:c0a8:805::1",
        "fe80::5efe:c0a8:805",
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
fn an_ipv4_address_within_gets_its_own_replacement() {
    let mut both = Both::new(&["fd00::101:101/96"]);
    assert_eq!(both.text("9.9.9.9"), "240.0.0.1");
    for (address, expected) in [
        ("::ffff:9.9.9.9", "::ffff:240.0.0.1"),
        ("::9.9.9.9", "::f000:1"),
        ("::ffff:0:9.9.9.9", "::ffff:0:f000:1"),
        ("64:ff9b::909:909", "64:ff9b::f000:1"),
        ("64:ff9b:1::909:909", "64:ff9b:1::f000:1"),
        ("2002:909:909::1", "2002:f000:1::1"),
        ("2001:0:909:909:8000:63bf:f6f6:f6f6", "2001:0:f000:1:8000:63bf:fff:fffe"),
        ("fe80::5efe:909:909", "fe80::5efe:f000:1"),
        ("2001:db8::200:5efe:909:909", "2001:db8::200:5efe:f000:1"),
    ] {
        assert_eq!(both.text(address), expected, "{address}");
    }
    let new = both.text("fd00::909:909");
    assert!(new.starts_with("fd00::") && new.ends_with(":f000:1"), "{new}");
    // A 6to4 site of the router's own goes where its address goes.
    let mut both = Both::new(&["80.1.2.3/24", "2002:5001:203:1::1/64"]);
    let IpAddr::V4(own) = both.of([80, 1, 2, 3]) else { panic!("another family") };
    assert_eq!(
        both.of("2002:5001:203::1".parse::<IpAddr>().unwrap()),
        with_at("2002::1".parse().unwrap(), 16, own)
    );
}

#[test]
fn of_an_ipv4_address_in_other_places_nothing_stays() {
    let mut both = Both::new(&["2a02:1::/32", "fd9a:4c1e:77b2::/48"]);
    for (address, v4) in [
        ("2001:db8:909:909::", "909:909"),
        ("2001:db8:1:909:9:900::", "909:9:900"),
        ("2a02:1:909:909::", "909:909"),
        ("fd9a:4c1e:77b2:909:9:900::", "909:9:900"),
        ("64:ff9b:1:909:9:900::", "909:9:900"),
        ("64:ff9b:1::9:909:900:0", "9:909:900"),
    ] {
        let new = both.text(address);
        assert!(address.contains(v4) && !new.contains(v4), "{address} {new}");
    }
}

/// What is known by its number alone stays, and of all other groups the flags and the scope.
#[test]
fn groups_that_are_somebodys_are_replaced() {
    let mut both = Both::new(&[]);
    for known in ["ff02::fb", "ff05::1:3", "ff02::1:2", "ff0e::101", "232.1.2.3", "239.255.255.250"] {
        assert_eq!(both.text(known), known);
    }
    for (group, scope, personal) in [
        ("ff15::102:304", "ff15:", "102:304"),
        ("ff15::7", "ff15:", "::7"),
        ("ff1e:0:8e7f:1234::", "ff1e:", "8e7f:1234"),
        ("ff05::5:8e7f:1234", "ff05:", "8e7f:1234"),
        ("ff3e:40:2a02:1:2:10:0:7", "ff3e:", "2a02:1:2"),
        ("ff7e:140:2a02:1:2:10:0:7", "ff7e:", "2a02:1:2"),
        ("234.80.81.82", "234.", "80.81"),
        ("233.12.34.5", "233.", "12.34"),
        ("::ffff:233.12.34.5", "::ffff:233.", "12.34"),
    ] {
        let new = both.text(group);
        assert!(new.starts_with(scope) && !new.contains(personal), "{group} {new}");
        assert_eq!(both.text(group), new);
    }
}

/// How many bits are equal before the first that is not.
fn shared(a: IpAddr, b: IpAddr) -> u32 {
    match (a, b) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros(),
        (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros(),
        _ => panic!("of two families"),
    }
}

#[test]
fn an_own_prefix_goes_as_a_whole() {
    let prefixes = ["80.1.2.3/24", "80.1.2.200/30", "2a02:1:2:10::1/64", "2a02:1:2::/48", "2a02:1:3::5/128"];
    for (a, b, length) in [
        ("80.1.2.3", "80.1.2.201", 24),
        ("80.1.2.201", "80.1.2.202", 30),
        ("2a02:1:2:10::1", "2a02:1:2:11::110", 48),
        ("2a02:1:2:10::1", "2a02:1:2:10:9:9:9:9", 64),
    ] {
        let mut both = Both::new(&prefixes);
        let [old_a, old_b] = [a, b].map(|text| text.parse::<IpAddr>().unwrap());
        let (new_a, new_b) = (both.of(old_a), both.of(old_b));
        assert!(shared(old_a, old_b) >= length && shared(new_a, new_b) >= length, "{a} {b} {new_a} {new_b}");
        assert_eq!(shared(old_a, old_b).min(64), shared(new_a, new_b).min(64), "{a} {b} {new_a} {new_b}");
    }
    let mut both = Both::new(&prefixes);
    assert!(shared(both.of([80, 1, 2, 3]), both.of([80, 1, 3, 3])) < 24);
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
}

#[test]
fn unique_local_prefixes_are_replaced() {
    let mut both = Both::new(&["fd12:3456:789a:10::1/64"]);
    let [a, b, c] =
        ["fd12:3456:789a:10::5", "fd12:3456:789a:11::5", "fd12:3456:789b:10::5"].map(|text| both.text(text));
    assert!(a.starts_with("fd") && a.ends_with("::5") && !a.contains("3456"), "{a}");
    let [new_a, new_b, new_c] = [&a, &b, &c].map(|text| text.parse::<IpAddr>().unwrap());
    assert_eq!((shared(new_a, new_b), shared(new_a, new_c)), (63, 47), "{a} {b} {c}");
    assert_eq!(both.text("fd00::5"), "fd00::5");
}

#[test]
fn a_finely_parted_network_keeps_its_parts() {
    for prefix in ["2a02:1::aaaa:bbbb:0:1", "fd12:3456:789a:10:aaaa:bbbb:0:1"] {
        let mut both = Both::new(&[&format!("{prefix}/96"), &format!("{prefix}/112")]);
        let address: Ipv6Addr = prefix.parse().unwrap();
        let new = both.of(address);
        for place in 64..128 {
            let other = both.of(Ipv6Addr::from_bits(address.to_bits() ^ 1 << (127 - place)));
            // Within a /96 the last 32 bits may be an IPv4 address, which is replaced as a whole.
            assert_eq!(shared(new, other).min(96), place.min(96), "{prefix} {new} {other}");
        }
        let near = both.of(Ipv6Addr::from_bits(address.to_bits() ^ 2));
        assert!(shared(new, near) >= 112, "{new} {near}");
        assert!(!new.to_string().contains("aaaa:bbbb"), "{new}");
    }
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

/// How many times as much processor time it takes for 16 times as many of the router's prefixes to be replaced, with an
/// address in each: 16 if it grows with their number, 256 if with its square. The least of several runs is what nothing
/// else disturbed; of this thread alone, for how busy the machine is doesn't matter.
fn growth(prefix: impl Fn(u32) -> IpNet) -> f64 {
    let now = || Duration::from(clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap());
    let work = |count| {
        let prefixes: Vec<IpNet> = (0..count).map(&prefix).collect();
        let begun = now();
        let mut identities = Identities::default();
        let mut addresses = Addresses::new(&prefixes, identities.rng());
        for prefix in &prefixes {
            addresses.replace(prefix.addr(), &mut identities);
        }
        now().checked_sub(begun).unwrap()
    };
    let least = |count| (0..2).map(|_| work(count)).min().unwrap();
    let (few, many) = (least(250), least(4_000));
    many.as_secs_f64() / few.as_secs_f64()
}

#[test]
fn many_prefixes_cost_in_proportion_to_their_number() {
    let of_ipv4 =
        growth(|number| Ipv4Net::new_assert(Ipv4Addr::from_bits(0x5000_0001 + (number << 8)), 24).into());
    let networks =
        growth(|number| Ipv6Net::new_assert(joined(0x2a02_0001_0000_0000 + u64::from(number), 1), 64).into());
    let parts = growth(|number| {
        Ipv6Net::new_assert(joined(0xfd12 << 48, 0x0123_0000_0001 + (u64::from(number) << 8)), 120).into()
    });
    for (of, growth) in [("IPv4", of_ipv4), ("networks", networks), ("parts", parts)] {
        assert!(growth < 80.0, "{of}: {growth:.0} times as long");
    }
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
        let stays = match address {
            IpAddr::V4(v4) => is_kept(v4),
            IpAddr::V6(v6) => {
                v6.is_multicast() || KEPT_V6.iter().chain(&EMBEDDED_V6).any(|range| range.contains(&v6))
            }
        };
        prop_assert!(stays || nobodys.iter().any(|range| range.contains(&new)), "{} {}", address, new);
    }

    /// Whatever the parts of a network or of a host's half, and whoever is in them, with zeros before them or not.
    #[test]
    fn parts_stay_parts(
        parts in prop::collection::vec((any::<u64>(), 0..64u32, 33..128u8, 0..3usize), 1..5),
        beside in prop::collection::vec((any::<prop::sample::Index>(), 33..128u32), 1..20),
        mac: [u8; 6],
    ) {
        let networks = [0x2a02_0001_0002_0010, 0xfd12_3456_789a_0010, 0xfd00 << 48];
        let prefixes: Vec<IpNet> = parts.iter()
            .map(|(host, zeros, length, network)| IpNet::new(joined(networks[*network], host >> zeros).into(), *length).unwrap())
            .collect();
        let mut identities = Identities::default();
        let mut addresses = Addresses::new(&prefixes, identities.rng());
        let mut replace = |address: IpAddr| addresses.replace(address, &mut identities);
        let near = beside.iter().map(|(part, place)| match prefixes[part.index(prefixes.len())].addr() {
            IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() ^ 1 << (127 - place)),
            IpAddr::V4(_) => panic!("another family"),
        });
        let host = host_of(Mac([mac[0] & 0xfe, mac[1], mac[2], mac[3], mac[4], mac[5]]));
        let of_networks = networks.into_iter().flat_map(|network| [host, 5, 0x102_0304].map(|host| joined(network, host)));
        for address in near.chain(of_networks).map(IpAddr::V6) {
            let new = replace(address);
            for part in &prefixes {
                let new_part = IpNet::new(replace(part.addr()), part.prefix_len()).unwrap();
                prop_assert_eq!(part.contains(&address), new_part.contains(&new), "{} {} {} {}", part, address, new_part, new);
            }
        }
    }
}
