//! The names in `/etc/hosts` and `/etc/ethers` (hosts(5), ethers(5)).

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::LineError;
use super::lines::{self, numbered, without_comment, words};
use crate::devices::mac::Mac;
use crate::devices::name::fold;

/// An address and its name: a line of `/etc/hosts`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host<'a> {
    /// Which address.
    pub address: IpAddr,
    /// The first name of the line, whole: with its domain, if it has one (see [`ShortNames`]).
    pub name: &'a [u8],
}

/// A MAC and its name or address: a line of `/etc/ethers`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ether<'a> {
    /// Which device.
    pub mac: Mac,
    /// What is said of it.
    pub is: Is<'a>,
}

/// What `/etc/ethers` says of a MAC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Is<'a> {
    /// It has this name.
    Named(&'a [u8]),
    /// It has this address.
    At(IpAddr),
}

/// Understands `/etc/hosts`, line by line. Lines that name no device (loopback, groups, the unspecified address, the
/// names that every system has) are passed over.
pub fn parse_hosts(text: &[u8]) -> impl Iterator<Item = Result<Host<'_>, LineError>> {
    entries(text, host).filter(|found| found.as_ref().map_or(true, Host::is_a_device))
}

/// Understands `/etc/ethers`, line by line: first the MAC, then a name or an address.
pub fn parse_ethers(text: &[u8]) -> impl Iterator<Item = Result<Ether<'_>, LineError>> {
    entries(text, ether)
}

/// The part of a host name before its domain: `nas` of `nas.lan`.
pub fn first_label(name: &[u8]) -> &[u8] {
    match name.split(|byte| *byte == b'.').next() {
        Some(label) if !label.is_empty() => label,
        _ => name,
    }
}

/// The names of a file without their domains, where the first label alone tells them apart.
#[derive(Clone, Debug, Default)]
pub struct ShortNames {
    /// The whole names behind each first label, all folded.
    wholes: BTreeMap<Box<str>, BTreeSet<Box<str>>>,
}

impl ShortNames {
    /// Knows all `names` of a file, each of which may be any other's double.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut wholes: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for name in names {
            wholes.entry(folded(first_label(name))).or_default().insert(folded(name));
        }
        Self { wholes }
    }

    /// What is left of `name`, one of the file's: its first label, or all of it where another name begins with that.
    pub fn short<'a>(&self, name: &'a [u8]) -> &'a [u8] {
        let label = first_label(name);
        let wholes = self.wholes.get(&folded(label));
        // `nas` and `nas.lan` are one: a name without a domain has the router's.
        let is_one =
            wholes.is_some_and(|wholes| wholes.iter().filter(|whole| whole.contains('.')).count() < 2);
        if is_one { label } else { name }
    }
}

/// What a name is compared as; all that is no text is alike.
fn folded(name: &[u8]) -> Box<str> {
    fold(&String::from_utf8_lossy(name))
}

fn entries<'a, T>(
    text: &'a [u8],
    parse: impl Fn(&'a [u8]) -> Option<T>,
) -> impl Iterator<Item = Result<T, LineError>> {
    let lines = numbered(text).map(|(number, line)| (number, without_comment(line)));
    let lines = lines.filter(|(_, line)| words(line).next().is_some());
    lines.map(move |(line, text)| parse(text).ok_or(LineError::not_understood(line)))
}

/// The name is empty where a line has none but boilerplate.
fn host(line: &[u8]) -> Option<Host<'_>> {
    let mut words = words(line);
    // A link-local address may say its interface behind a `%`.
    let address = lines::address(words.next()?.split(|byte| *byte == b'%').next()?)?;
    let mut names = words.peekable();
    names.peek()?;
    Some(Host { address, name: names.find(|name| !is_boilerplate(name)).unwrap_or_default() })
}

impl Host<'_> {
    fn is_a_device(&self) -> bool {
        let address = self.address;
        let broadcast = address == IpAddr::from([255; 4]);
        let nobody = address.is_loopback() || address.is_multicast() || address.is_unspecified() || broadcast;
        !nobody && !self.name.is_empty()
    }
}

/// Names that distributions put there.
fn is_boilerplate(name: &[u8]) -> bool {
    let name = name.to_ascii_lowercase();
    first_label(&name) == b"localhost" || name.starts_with(b"ip6-") || name == b"broadcasthost"
}

fn ether(line: &[u8]) -> Option<Ether<'_>> {
    let mut words = words(line);
    let mac = Mac::parse_any(words.next()?)?;
    let what = words.next()?;
    Some(Ether { mac, is: lines::address(what).map_or(Is::Named(what), Is::At) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hosts(text: &[u8]) -> Vec<Result<(String, Vec<u8>), usize>> {
        let hosts =
            parse_hosts(text).map(|found| found.map(|host| (host.address.to_string(), host.name.to_vec())));
        hosts.map(|found| found.map_err(|unreadable| unreadable.line)).collect()
    }

    fn named(address: &str, name: &[u8]) -> (String, Vec<u8>) {
        (address.into(), name.to_vec())
    }

    #[test]
    fn hosts_of_a_router() {
        let text = b"127.0.0.1 localhost\n127.0.1.1 router\n::1 localhost ip6-localhost ip6-loopback\n\
            ff02::1 ip6-allnodes\n0.0.0.0 ads.example\n255.255.255.255 broadcasthost\n\n  # mine\n\
            192.168.8.50\tnas.lan nas # the big one\r\n2001:db8::5 nas\n192.168.8.51 localhost tv\n\
            fe80::5%br-lan printer\n192.168.8.52 localhost.localdomain\n\
            192.168.8.53\n192.168.8 tv\nnas 192.168.8.50\n192.168.8.54 \xff\0";
        let expected = [
            Ok(named("192.168.8.50", b"nas.lan")),
            Ok(named("2001:db8::5", b"nas")),
            Ok(named("192.168.8.51", b"tv")),
            Ok(named("fe80::5", b"printer")),
            Err(14),
            Err(15),
            Err(16),
            Ok(named("192.168.8.54", b"\xff\0")),
        ];
        assert_eq!(hosts(text), expected);
        let text = [b"192.168.8.5 ", &[b'x'; 10_000][..]].concat();
        assert_eq!(hosts(&text), [Ok(named("192.168.8.5", &[b'x'; 10_000]))]);
    }

    #[test]
    fn first_labels() {
        for (name, label) in [("nas.lan", "nas"), ("nas", "nas"), (".lan", ".lan"), ("a.b.c", "a"), ("", "")]
        {
            assert_eq!(first_label(name.as_bytes()), label.as_bytes());
        }
    }

    #[test]
    fn short_names() {
        let names = [
            "nas",
            "nas.lan",
            "www.a.lan",
            "WWW.b.lan",
            "tv.lan",
            "TV.LAN",
            ".lan",
            "Büro.lan",
            "BU\u{308}RO.LAN",
        ]
        .map(str::as_bytes);
        let short = ShortNames::new(names);
        let shown = names.map(|name| str::from_utf8(short.short(name)).unwrap());
        assert_eq!(
            shown,
            ["nas", "nas", "www.a.lan", "WWW.b.lan", "tv", "TV", ".lan", "Büro", "BU\u{308}RO"]
        );
    }

    #[test]
    fn ethers_of_a_router() {
        let text = b"# ethers\n02:00:00:00:00:11 tv\n2:0:0:0:0:11\t192.168.8.5 # fixed\r\n\
            02-00-00-00-00-11 2001:db8::5 more\ntv 02:00:00:00:00:11\n02:00:00:00:00:11\n";
        let mac = Mac([2, 0, 0, 0, 0, 0x11]);
        let expected = [
            Ok(Ether { mac, is: Is::Named(b"tv") }),
            Ok(Ether { mac, is: Is::At("192.168.8.5".parse().unwrap()) }),
            Ok(Ether { mac, is: Is::At("2001:db8::5".parse().unwrap()) }),
            Err(LineError::not_understood(5)),
            Err(LineError::not_understood(6)),
        ];
        assert_eq!(parse_ethers(text).collect::<Vec<_>>(), expected);
    }

    proptest! {
        #[test]
        fn never_panics(text: Vec<u8>) {
            let lines = numbered(&text).count();
            prop_assert!(parse_hosts(&text).count() <= lines && parse_ethers(&text).count() <= lines);
        }

        #[test]
        fn what_is_written_is_read_again(v4: [u8; 3], mac: [u8; 6], name in "[a-z0-9-]{1,30}_") {
            let (address, mac) = (IpAddr::from([10, v4[0], v4[1], v4[2]]), Mac(mac));
            let text = format!("{address} {name} other");
            let host = Host { address, name: name.as_bytes() };
            prop_assert_eq!(parse_hosts(text.as_bytes()).collect::<Vec<_>>(), [Ok(host)]);
            for (text, is) in [(name.clone(), Is::Named(name.as_bytes())), (address.to_string(), Is::At(address))] {
                let text = format!("{mac} {text}");
                prop_assert_eq!(parse_ethers(text.as_bytes()).collect::<Vec<_>>(), [Ok(Ether { mac, is })]);
            }
        }
    }
}
