//! Nothing of a router's is left in an anonymised capture: hundreds of originals in every file that is written and in
//! every embedding.

mod tokens;

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use super::*;
use crate::capture::Anonymiser;
use crate::devices::mac::Mac;
use tokens::{Corpus, Tokens, embeddings, translated};

const SIZE: usize = 600;
/// Devices of the LAN, which have leases.
const DEVICES: usize = 120;
/// IPv4 addresses that stand in the table in every embedding; the others as they are.
const EMBEDDED: usize = 60;
const LAN: u64 = 0x2a02_8106_0021_9900;
const SITE: u64 = 0xfd9a_4c1e_77b2_0000;

fn at(network: u64, host: u64) -> Ipv6Addr {
    Ipv6Addr::from_bits(u128::from(network) << 64 | u128::from(host))
}

fn eui64(Mac([first, second, third, x, y, z]): Mac) -> u64 {
    u64::from_be_bytes([first ^ 2, second, third, 0xff, 0xfe, x, y, z])
}

fn bare(mac: Mac) -> String {
    mac.to_string().replace(':', "")
}

fn private(device: usize) -> Ipv4Addr {
    [192, 168, 8, u8::try_from(device + 10).unwrap()].into()
}

/// Networks that are parted at each length from 65 to 127, with a host in each.
fn parted(corpus: &Corpus) -> impl Iterator<Item = (u8, Ipv6Addr)> {
    (65..128).map(|length: u8| {
        let network = if length.is_multiple_of(2) { 0x2a03_1b20_0000_0000 } else { SITE | 0x100 };
        (length, at(network | u64::from(length), corpus.hosts[usize::from(length)]))
    })
}

fn interfaces(corpus: &Corpus) -> String {
    let v4 = &corpus.v4;
    let mut text = format!(
        "1: br-lan: <UP>\n    link/ether {} brd ff:ff:ff:ff:ff:ff\n    inet 192.168.8.1/24\n    inet6 {}/64\n    inet6 {}/64\n    \
         inet6 fe80::{}/64\n2: eth0: <UP>\n    link/ether\n    inet {}/24\n    inet6 {}/128\n3: ppp0: <UP>\n    link/ppp\n    \
         inet {}/32\n4: nat64: <UP>\n    link/none\n    inet6 {}/96\n    inet6 {}/96\n    inet6 {}/96\n    inet6 2a05:d018::1/32\n\
         5: 6to4: <UP>\n    link/sit\n    inet6 {}/16\n    inet6 {}/64\n6: teredo: <UP>\n    link/none\n    inet6 {}/32\n",
        corpus.macs[0],
        at(LAN, corpus.hosts[0]),
        at(SITE | 0x20, corpus.hosts[1]),
        "9b41:1234:5678:9abc",
        v4[0],
        at(LAN | 0x77, corpus.hosts[2]),
        v4[1],
        translated("fd9a:4c1e:77b2:64::", 96, v4[2]),
        translated("64:ff9b:1:7::", 96, v4[3]),
        translated("2a02:8106:21:64::", 96, v4[4]),
        embeddings(v4[5])[3],
        embeddings(v4[6])[7],
        embeddings(v4[7])[5],
    );
    for (length, address) in parted(corpus) {
        write!(text, "{length}: p{length}: <UP>\n    link/none\n    inet6 {address}/{length}\n").unwrap();
    }
    text
}

fn neighbours(corpus: &Corpus) -> String {
    let mut text = format!("{} dev eth0 lladdr {} REACHABLE\n", corpus.v4[8], corpus.macs[1]);
    for (device, mac) in corpus.macs.iter().enumerate().take(DEVICES) {
        let host = corpus.hosts[device];
        for address in [at(LAN, host), at(SITE | 0x20, host), at(0xfe80 << 48, eui64(*mac))] {
            writeln!(text, "{address} dev br-lan lladdr {mac} STALE").unwrap();
        }
    }
    text
}

/// Each file of names says something of other devices, so that each token is somewhere, and each kind in each file.
fn files_of_names(corpus: &Corpus) -> [(&'static str, String); 7] {
    let Corpus { v4, macs, names, hosts } = corpus;
    let mut files = [
        "tmp/dhcp.leases",
        "tmp/odhcpd.leases",
        "etc/conntrack-exporter.devices",
        "etc/config/gl-client",
        "etc/config/dhcp",
        "etc/hosts",
        "etc/ethers",
    ]
    .map(|path| (path, String::new()));
    for device in 0..SIZE {
        let (v4, mac, name, host) = (v4[device], macs[device], &names[device], hosts[device]);
        let v6 = embeddings(v4)[device % embeddings(v4).len()];
        let (lan, hex) = (at(LAN, host), bare(mac));
        let [leases, odhcpd, registry, gl, dhcp, hosts, ethers] = &mut files;
        if device < DEVICES {
            let private = private(device);
            writeln!(leases.1, "1795241374 {mac} {private} {name} 01:{mac}").unwrap();
            writeln!(leases.1, "1795241374 1 {lan} * 00:01:00:01:32:93:49:85:{mac}").unwrap();
        }
        let text = match device % 12 {
            0 => writeln!(leases.1, "1795241374 {mac} {v4} {name} *"),
            1 => writeln!(leases.1, "1795241374 7 {v6} {name} 00:04:{mac}:{mac}"),
            2 => writeln!(odhcpd.1, "# br-lan {hex} ipv4 {name} 1795205714 14ff 32 {v4}/32"),
            3 => {
                writeln!(odhcpd.1, "# br-lan 00030001{hex} 11 {name} 1795205714 14ff 128 {v6}/128 {lan}/128")
            }
            4 => writeln!(odhcpd.1, "# br-lan 0004{hex}{host:016x} 11 {name} 1795205714 14ff 128 {lan}/128"),
            5 => writeln!(registry.1, "{mac}|{v6}|{name}|server"),
            6 => writeln!(registry.1, "{}|{v4}|{name}|", mac.to_string().replace(':', "-")),
            7 => writeln!(gl.1, "config client\n\toption mac '{mac}'\n\toption alias '{name}'"),
            8 => writeln!(
                dhcp.1,
                "config host\n\toption name '{name}'\n\toption mac '{mac}'\n\toption ip '{v4}'\n\
                \tlist ip '{v6}'\n\tlist duid '0004{hex}{host:016x}'"
            ),
            9 => writeln!(hosts.1, "{v6} {name}.{name}.lan\n{v4} {name}.lan\n{lan} {mac}\n"),
            10 => writeln!(ethers.1, "{mac} {name}.lan\n{mac} {v6}"),
            _ => writeln!(ethers.1, "{hex} {v4}\n{mac} {name}-{}", &hex[6..]),
        };
        text.unwrap();
    }
    files
}

/// A line of the table for each pair of addresses.
fn table(corpus: &Corpus) -> String {
    let Corpus { v4, macs, hosts, .. } = corpus;
    let mut pairs: Vec<(IpAddr, IpAddr)> = Vec::new();
    for (number, address) in v4.iter().enumerate() {
        pairs.push((private(number % DEVICES).into(), (*address).into()));
        if number < EMBEDDED {
            let of_the_lan = at(LAN, hosts[number % DEVICES]);
            for (place, embedded) in embeddings(*address).into_iter().enumerate() {
                let pair = (of_the_lan.into(), embedded.into());
                pairs.push(if place % 5 == 0 { (pair.1, pair.0) } else { pair });
            }
        }
    }
    let stranger: IpAddr = at(0x2a0c_0003_0004_0005, hosts[SIZE - 1]).into();
    let networks =
        [0x2a0b_0003_0004_0005, 0x2001_0db8_00aa_0010, SITE | 0x1b1b, LAN, SITE | 0x20, 0xfe80 << 48];
    for (number, (host, mac)) in hosts.iter().zip(macs).enumerate() {
        // Of those that are known by their addresses alone, the program names only so many.
        let of_the_lan = if number < DEVICES + 60 { networks.len() } else { 3 };
        for network in networks.into_iter().take(of_the_lan) {
            let pair = [*host, eui64(*mac)].map(|host| (at(network, host).into(), stranger));
            pairs.extend(pair);
        }
    }
    for (length, address) in parted(corpus) {
        let beside = Ipv6Addr::from_bits(address.to_bits() ^ 1 << (128 - length));
        pairs.extend([address, beside].map(|address| (address.into(), stranger)));
        pairs.push((Ipv6Addr::from_bits(address.to_bits() ^ 1).into(), stranger));
    }
    let full = |address: IpAddr| match address {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => v6.segments().map(|segment| format!("{segment:04x}")).join(":"),
    };
    let line = |(source, destination): (IpAddr, IpAddr)| {
        let family = if source.is_ipv4() { "ipv4     2" } else { "ipv6     10" };
        let (source, destination) = (full(source), full(destination));
        format!(
            "{family} udp      17 28 src={source} dst={destination} sport=1 dport=53 src={destination} dst={source} sport=53 dport=1 mark=0 use=2\n"
        )
    };
    pairs.into_iter().map(line).collect()
}

/// The router's own sockets: each address at an end of one, and IPv4 in every embedding.
fn sockets(corpus: &Corpus) -> [(&'static str, String); 4] {
    let Corpus { v4, macs, hosts, .. } = corpus;
    let mut files = ["tcp", "udp", "tcp6", "udp6"].map(|name| (name, String::new()));
    let [tcp, udp, tcp6, udp6] = &mut files;
    for (number, address) in v4.iter().enumerate() {
        let text = if number % 2 == 0 { &mut tcp.1 } else { &mut udp.1 };
        text.push_str(&system::row(private(number % DEVICES).into(), (*address).into()));
        if number < EMBEDDED {
            for embedded in embeddings(*address) {
                tcp6.1.push_str(&system::row(at(LAN, hosts[number]).into(), embedded.into()));
            }
        }
    }
    for (host, mac) in hosts.iter().zip(macs) {
        udp6.1.push_str(&system::row(at(SITE | 0x20, *host).into(), at(LAN, eui64(*mac)).into()));
    }
    files
}

fn config(corpus: &Corpus) -> String {
    let Corpus { v4, names, .. } = corpus;
    format!(
        "# {}\ntimestamps = \"always\"\nlimits = {{ max_devices = 4000, max_series = 40000 }}\n\
         telegraf = {{ address = \"[{}]:8094\" }}\ntags = {{ {} = \"{}\", host = \"{}\" }}\n[lan]\nrouter_name = \"{}\"\n\
         interfaces = [\"br-lan\", \"p*\"]\nprefixes = [\"{}/32\", \"{}/28\", \"{}/128\"]\n",
        names[0],
        translated("64:ff9b::", 96, v4[9]),
        names[1],
        names[2],
        v4[10],
        names[3],
        v4[11],
        Ipv4Addr::from_bits(v4[13].to_bits() & !15),
        translated("fd9a:4c1e:77b2:65::", 96, v4[12]),
    )
}

fn router(place: &Path, corpus: &Corpus) -> Router {
    let root = place.join("router");
    let others = [
        ("ip-address", interfaces(corpus)),
        ("ip-neigh", neighbours(corpus)),
        ("proc/sys/kernel/hostname", format!("{}\n", corpus.names[4])),
        ("proc/net/nf_conntrack", table(corpus)),
    ];
    for (name, text) in sockets(corpus) {
        fs::create_dir_all(root.join("proc/net")).unwrap();
        fs::write(root.join("proc/net").join(name), text).unwrap();
    }
    for (path, text) in files_of_names(corpus).into_iter().chain(others) {
        fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
        fs::write(root.join(path), text).unwrap();
    }
    fs::write(place.join("config.toml"), config(corpus)).unwrap();
    Router { root, config: place.join("config.toml") }
}

#[test]
fn no_original_is_left_in_any_file_in_any_spelling() {
    let place = TestDirectory::new("capture-leaks");
    let corpus = Corpus::new(SIZE);
    let tokens = Tokens::of(&corpus);
    let router = router(&place, &corpus);
    let all = |directory: &Path| {
        let mut files = BTreeMap::new();
        every_file_of(directory, &mut files);
        let found = files.iter().flat_map(|(path, content)| {
            let name = path.strip_prefix(directory).unwrap().display().to_string();
            tokens.found_in(content).into_iter().map(move |token| (token, name.clone()))
        });
        found.collect::<BTreeSet<(String, String)>>()
    };
    let originals: BTreeSet<String> = all(&router.root).into_iter().map(|(token, _)| token).collect();
    assert_eq!(originals.len(), 4 * SIZE, "each is somewhere");
    let in_sockets: BTreeSet<String> =
        sockets(&corpus).iter().flat_map(|(_, text)| tokens.found_in(text.as_bytes())).collect();
    assert_eq!(in_sockets.len(), 3 * SIZE, "all but the names");

    let old = snapshot(&router.root, &router.config);
    // Replacements are random, so one may hold four octets of an original by accident: not of the same in each of three.
    let mut left: Option<BTreeSet<(String, String)>> = None;
    for run in 0..3 {
        let directory = place.join(run.to_string());
        let report = router.capture(&directory, true);
        assert!(report.omissions().is_empty(), "{:?}", report.omissions);
        let found = all(&directory);
        left = Some(left.map_or_else(|| found.clone(), |left| left.intersection(&found).cloned().collect()));

        let new = replayed(&directory);
        assert!(structure(&old).len() > DEVICES + 63, "{}", structure(&old).len());
        assert_eq!(structure(&old), structure(&new));
        for name in
            ["entries_read", "entries_loopback", "entries_unattributed", "entries_overflow", "devices"]
        {
            assert_eq!(figure(&old, name), figure(&new, name), "{name}");
        }
    }
    assert_eq!(left, Some(BTreeSet::new()));
}

/// Every file below `directory`.
fn every_file_of(directory: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            every_file_of(&path, found);
        } else {
            found.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
}

/// The last octets of the uplink's address are as personal as the first.
#[test]
fn nothing_is_left_of_the_low_bits_of_the_routers_own_public_addresses() {
    for net in [
        "80.81.82.83/24",
        "80.81.82.83/8",
        "2a02:8106:21:1::77/128",
        "2a02:8106:21:1::77/64",
        "2a02:8106::77/96",
    ] {
        let net: IpNet = net.parse().unwrap();
        let low = |address: IpAddr| match address {
            IpAddr::V4(v4) => v4.octets()[3],
            IpAddr::V6(v6) => v6.octets()[15],
        };
        // By accident in one of 256, not in twenty.
        let stays =
            (0..20).filter(|_| low(Anonymiser::new(&[net]).address(net.addr())) == low(net.addr())).count();
        assert!(stays < 4, "{net}: {stays} of 20");
    }
}

/// Whoever is small, and so has zeros before it, is as personal: no octet of an IPv4 address stays in its place.
#[test]
fn nothing_is_left_of_small_octets_within_an_ipv6_address() {
    let [small, other] = [[1, 2, 3, 4], [130, 131, 132, 133]].map(|octets| embeddings(octets.into()));
    let nets: [&[&str]; 3] = [
        &[],
        &["2a02:8106:21:9900::1/64", "fd9a:4c1e:77b2:20::1/60", "fe80::1/64"],
        &["fd9a:4c1e:77b2:64::1/96", "64:ff9b:1:7::1/96", "2a02:8106:21:64::1/96", "fd9a:4c1e:77b2:20::1/66"],
    ];
    for nets in nets {
        let nets: Vec<IpNet> = nets.iter().map(|net| net.parse().unwrap()).collect();
        for (small, other) in small.iter().zip(&other) {
            let (old, other) = (small.octets(), other.octets());
            let mut stays = [0; 16];
            for _ in 0..20 {
                let IpAddr::V6(new) = Anonymiser::new(&nets).address((*small).into()) else {
                    panic!("of IPv4")
                };
                for (place, octet) in new.octets().into_iter().enumerate() {
                    stays[place] += usize::from(old[place] != other[place] && octet == old[place]);
                }
            }
            // By accident in one of 256, not in twenty.
            assert!(stays.iter().all(|stays| *stays < 4), "{small} of {nets:?}: {stays:?} of 20");
        }
    }
}
