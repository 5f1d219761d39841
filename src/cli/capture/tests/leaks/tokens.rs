//! Originals by the hundred, every way in which an IPv4 address is written into one of IPv6, and where they are found
//! again.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use foldhash::{HashMap, HashMapExt};

use crate::devices::mac::Mac;

/// What gives somebody away.
pub(super) struct Corpus {
    pub(super) v4: Vec<Ipv4Addr>,
    pub(super) macs: Vec<Mac>,
    pub(super) names: Vec<String>,
    /// Hosts' halves of IPv6 addresses.
    pub(super) hosts: Vec<u64>,
}

impl Corpus {
    /// Always the same, and none twice.
    pub(super) fn new(size: usize) -> Self {
        let mut state = 0;
        // SplitMix64.
        let mut random = || {
            state += 0x9e37_79b9_7f4a_7c15_u128;
            let mut mixed = u64::try_from(state & u128::from(u64::MAX)).unwrap();
            mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^ mixed >> 31
        };
        let mut octet = |from: u8, to: u8| from + u8::try_from(random() % u64::from(to - from)).unwrap();
        // Small octets too, before which an address may have zeros; no address of those that everybody has.
        let v4 = (0..size).map(|_| [(); 4].map(|()| octet(1, 160))).map(|[first, b, c, d]| {
            let first = if matches!(first, 10 | 100 | 127) { first + 1 } else { first };
            [first, b, c, d].into()
        });
        let v4 = v4.collect();
        let mut octets = || [(); 6].map(|()| octet(0x10, 0xf0));
        let macs: Vec<Mac> = (0..size)
            .map(|_| {
                let mut mac = octets();
                mac[0] = 0x3c;
                Mac(mac)
            })
            .collect();
        let letters = |octets: [u8; 6]| octets.map(|octet| char::from(b'a' + octet % 26));
        let names =
            (0..size).map(|_| [['z', 'q'].to_vec(), letters(octets()).to_vec(), letters(octets()).to_vec()]);
        let names = names.map(|parts| parts.concat().into_iter().take(NAME).collect()).collect();
        let hosts =
            (0..size).map(|_| u64::from_be_bytes([0x9b; 8].map(|first| octets()[0] ^ first)) | 1 << 63);
        Self { v4, macs, names, hosts: hosts.collect() }
    }
}

const NAME: usize = 12;
/// Every spelling is longer.
const BEGINNING: usize = 6;

/// RFC 6052, section 2.2: an address behind a prefix of one of six lengths; the bits 64 to 71 are zeros.
pub(super) fn translated(prefix: &str, length: usize, v4: Ipv4Addr) -> Ipv6Addr {
    let mut octets = prefix.parse::<Ipv6Addr>().unwrap().octets();
    let places = (length / 8..16).filter(|place| *place != 8);
    for (place, octet) in places.zip(v4.octets()) {
        octets[place] = octet;
    }
    octets.into()
}

/// Every way in which an IPv4 address is written into one of IPv6.
pub(super) fn embeddings(v4: Ipv4Addr) -> Vec<Ipv6Addr> {
    let [a, b, c, d] = v4.octets();
    let (high, low) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
    let mut all: Vec<Ipv6Addr> = vec![
        // Mapped, compatible (RFC 4291), translated (RFC 2765).
        [0, 0, 0, 0, 0, 0xffff, high, low].into(),
        [0, 0, 0, 0, 0, 0, high, low].into(),
        [0, 0, 0, 0, 0xffff, 0, high, low].into(),
        // 6to4 (RFC 3056): a site, and a host there.
        [0x2002, high, low, 1, 0, 0, 0, 1].into(),
        [0x2002, high, low, 0, 0, 0, high, low].into(),
        // Teredo (RFC 4380): a server's, and a client's, which is turned over.
        [0x2001, 0, high, low, 0x8000, 0x63bf, 0x3fff, 0xfdd2].into(),
        [0x2001, 0, 0x0a01, 0x0203, 0, 0x59a, !high, !low].into(),
        // ISATAP (RFC 5214): on a link, in the LAN, at a stranger's.
        [0xfe80, 0, 0, 0, 0, 0x5efe, high, low].into(),
        [0x2a02, 0x8106, 0x21, 0x9900, 0x200, 0x5efe, high, low].into(),
        [0x2a0c, 1, 2, 3, 0x200, 0x5efe, high, low].into(),
        translated("64:ff9b::", 96, v4),
    ];
    for length in [48, 56, 64, 96] {
        all.push(translated("64:ff9b:1::", length, v4));
    }
    // A prefix of the router's own, one for documentation, a unique local one, one of a stranger's, and those whose
    // interface has a mask of /96.
    for prefix in ["2a05:d018::", "2001:db8::", "fd9a:4c1e::", "2a0c:77::"] {
        all.extend([32, 40, 48, 56, 64, 96].map(|length| translated(prefix, length, v4)));
    }
    for prefix in ["fd9a:4c1e:77b2:64::", "64:ff9b:1:7::", "2a02:8106:21:64::"] {
        all.push(translated(prefix, 96, v4));
    }
    // Where nothing says that there is one: a host, a subnet.
    for network in ["2a02:8106:21:9900::", "fd9a:4c1e:77b2:20::", "fd9a:4c1e:77b2:65::", "fe80::"] {
        all.push(translated(network, 96, v4));
    }
    all.push([0x2001, 0xdb8, 0, 0, high, low, 0, 0].into());
    // Groups: some of their own, of a site's prefix (RFC 3306), around a rendezvous point (RFC 3956), well-known ones.
    all.extend(
        [
            [0xff15, 0, 0, 0, 0, 0, high, low],
            [0xff1e, 0, high, low, 0, 0, 0, 0],
            [0xff3e, 0x30, 0x2001, high, low, 0, 0, 7],
            [0xff3e, 0, 0, 0, 0, 0, high, low],
            [0xff7e, 0x140, 0x2001, high, low, 0, 0, 7],
            [0xff05, 0, 0, 0, 0, 5, high, low],
            [0xff02, 0, high, low, 0, 0, 0, 1],
        ]
        .map(Ipv6Addr::from),
    );
    all
}

/// All tokens of a corpus in all their spellings.
pub(super) struct Tokens {
    /// As text in lower case.
    spelled: HashMap<Vec<u8>, String>,
    /// As they lie in an address.
    octets: HashMap<Vec<u8>, String>,
    /// `spelled` by their beginnings, so that each place of a text is looked up once.
    beginnings: HashMap<Vec<u8>, Vec<Vec<u8>>>,
}

impl Tokens {
    pub(super) fn of(corpus: &Corpus) -> Self {
        let mut tokens = Self { spelled: HashMap::new(), octets: HashMap::new(), beginnings: HashMap::new() };
        for v4 in &corpus.v4 {
            let (token, bits) = (v4.to_string(), v4.to_bits());
            for text in [token.clone(), format!("{bits:08x}"), format!("{:08x}", !bits)] {
                tokens.spelled.insert(text.into_bytes(), token.clone());
            }
            for bits in [bits, !bits] {
                tokens.octets.insert(bits.to_be_bytes().to_vec(), token.clone());
            }
        }
        for mac in &corpus.macs {
            let shown = mac.to_string();
            for between in [":", "-", ""] {
                tokens.spelled.insert(shown.replace(':', between).into_bytes(), shown.clone());
            }
            let [first, second, third, x, y, z] = mac.0;
            tokens.octets.insert(mac.0.to_vec(), shown.clone());
            tokens.octets.insert(vec![first ^ 2, second, third, 0xff, 0xfe, x, y, z], shown);
        }
        for host in &corpus.hosts {
            tokens.spelled.insert(format!("{host:016x}").into_bytes(), format!("{host:016x}"));
            tokens.octets.insert(host.to_be_bytes().to_vec(), format!("{host:016x}"));
        }
        for name in &corpus.names {
            tokens.spelled.insert(name.clone().into_bytes(), name.clone());
        }
        for text in tokens.spelled.keys() {
            tokens.beginnings.entry(text[..BEGINNING].to_vec()).or_default().push(text.clone());
        }
        tokens
    }

    /// Those that stand in `content`: as text anywhere, or within an address, however that is spelled.
    pub(super) fn found_in(&self, content: &[u8]) -> BTreeSet<String> {
        let content = content.to_ascii_lowercase();
        let mut found = BTreeSet::new();
        for (place, beginning) in content.windows(BEGINNING).enumerate() {
            let likely = self.beginnings.get(beginning).into_iter().flatten();
            let here = likely.filter(|text| content[place..].starts_with(text));
            found.extend(here.map(|text| self.spelled[text].clone()));
        }
        let is_part = |byte: &u8| byte.is_ascii_hexdigit() || matches!(byte, b'.' | b':');
        let words = content.split(|byte| !is_part(byte)).filter_map(|word| str::from_utf8(word).ok());
        for octets in words.filter_map(octets) {
            // RFC 6052 goes around the ninth octet.
            let around = [octets.get(..8).unwrap_or_default(), octets.get(9..).unwrap_or_default()].concat();
            for octets in [octets, around] {
                for length in [4, 6, 8] {
                    found.extend(octets.windows(length).filter_map(|part| self.octets.get(part)).cloned());
                }
            }
        }
        found
    }
}

/// The octets of what is an address but for a colon or dot at an end, as names and ports bring them.
fn octets(word: &str) -> Option<Vec<u8>> {
    let whole = [word, word.trim_matches('.'), word.strip_suffix(':').unwrap_or(word)];
    let address = whole.into_iter().find_map(|word| word.parse().ok()).map(|address| match address {
        IpAddr::V4(v4) => v4.octets().to_vec(),
        IpAddr::V6(v6) => v6.octets().to_vec(),
    });
    address.or_else(|| words_of_32_bits(word))
}

/// The octets of an address and a port as `/proc/net/tcp` has them: each four are the number that they are in memory.
fn words_of_32_bits(word: &str) -> Option<Vec<u8>> {
    let address = word.split_once(':').filter(|(_, port)| port.len() == 4)?.0;
    if !matches!(address.len(), 8 | 32) {
        return None;
    }
    let words = address
        .as_bytes()
        .as_chunks::<8>()
        .0
        .iter()
        .map(|word| u32::from_str_radix(str::from_utf8(word).ok()?, 16).ok().map(u32::to_ne_bytes));
    words.collect::<Option<Vec<_>>>().map(|words| words.concat())
}

#[test]
fn every_spelling_is_found() {
    let corpus = Corpus::new(300);
    let tokens = Tokens::of(&corpus);
    let all = tokens.octets.values().chain(tokens.spelled.values()).collect::<BTreeSet<_>>();
    assert_eq!(all.len(), 1200, "none twice");
    for v4 in &corpus.v4 {
        for v6 in embeddings(*v4) {
            let full = v6.segments().map(|segment| format!("{segment:04X}")).join(":");
            for text in [format!("inet6 {v6}/64 x"), format!("src={full} y"), format!("[{v6}]:80")] {
                assert!(tokens.found_in(text.as_bytes()).contains(&v4.to_string()), "{v4} in {text}");
            }
        }
    }
    for (v4, host) in corpus.v4.iter().zip(&corpus.hosts) {
        for (address, token) in [
            (IpAddr::from(*v4), v4.to_string()),
            (v4.to_ipv6_mapped().into(), v4.to_string()),
            (Ipv6Addr::from_bits(0xfd00 << 112 | u128::from(*host)).into(), format!("{host:016x}")),
        ] {
            let row = super::super::system::row([0, 0, 0, 0].into(), address);
            assert!(tokens.found_in(row.as_bytes()).contains(&token), "{token} in {row}");
        }
    }
    for host in &corpus.hosts {
        let address = Ipv6Addr::from_bits(0xfd00 << 112 | u128::from(*host));
        assert_eq!(tokens.found_in(address.to_string().as_bytes()).len(), 1);
    }
    assert_eq!(tokens.found_in(b"192.168.8.1 2001:db8::1 3c:00:00:00:00:01 a-name"), BTreeSet::new());
}
