//! The static hosts of `/etc/config/dhcp`, which the owner named.
//!
//! A `config host` gives one name to one or several MACs and DUIDs, as an option of several words or as a list
//! (`dhcp_host_add()` in OpenWrt's dnsmasq.init, `parse_duid()` in odhcpd's config.c).

use std::net::IpAddr;

use super::lines::address;
use super::uci::{self, Section};
use super::{LineError, LineErrorKind};
use crate::devices::mac::{Duid, Mac};

/// Whoever has one of these identities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaticHost {
    /// What it is called, as it came.
    pub name: Vec<u8>,
    /// Its MACs.
    pub macs: Vec<Mac>,
    /// The addresses that are kept for it.
    pub addresses: Vec<IpAddr>,
    /// Its DUIDs.
    pub duids: Vec<Duid>,
}

/// Understands a whole file: its hosts that have a name, and what was passed over.
pub fn parse(text: &[u8]) -> (Vec<StaticHost>, Vec<LineError>) {
    let config = uci::parse(text);
    let mut errors = config.errors;
    let sections = config.sections.iter().filter(|section| section.kind == b"host");
    let hosts = sections.filter_map(|section| host(section, &mut errors)).collect();
    errors.sort_by_key(|error| error.line);
    (hosts, errors)
}

fn host(section: &Section, errors: &mut Vec<LineError>) -> Option<StaticHost> {
    Some(StaticHost {
        name: section.values("name").next()?.to_vec(),
        macs: all_of(section, "mac", Mac::parse_any, errors),
        addresses: all_of(section, "ip", address, errors),
        duids: all_of(section, "duid", duid, errors),
    })
}

/// What `parse` understands of the words of `key`.
fn all_of<T>(
    section: &Section,
    key: &'static str,
    parse: impl Fn(&[u8]) -> Option<T>,
    errors: &mut Vec<LineError>,
) -> Vec<T> {
    // An `ip` of `ignore` tells the server to give this host no address.
    let words: Vec<&[u8]> = section.words(key).filter(|word| *word != b"ignore" || key != "ip").collect();
    let found: Vec<T> = words.iter().filter_map(|word| parse(word)).collect();
    if found.len() < words.len() {
        uci::note(errors, section.line, LineErrorKind::Value(key));
    }
    found
}

/// Digits with or without colons, and behind a `%` perhaps the one IAID that is meant.
fn duid(word: &[u8]) -> Option<Duid> {
    let digits = word.split(|byte| *byte == b'%').next()?;
    Duid::parse_bare(digits).or_else(|| Duid::parse(digits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn host(name: &str, macs: &[u8], addresses: &[&str], duids: &[&str]) -> StaticHost {
        StaticHost {
            name: name.into(),
            macs: macs.iter().map(|last| Mac([2, 0, 0, 0, 0, *last])).collect(),
            addresses: addresses.iter().map(|text| text.parse().unwrap()).collect(),
            duids: duids.iter().map(|text| Duid::parse_bare(text.as_bytes()).unwrap()).collect(),
        }
    }

    #[test]
    fn what_openwrt_writes() {
        let text = b"# /etc/config/dhcp\n\
            config host\n\toption name 'nas'\n\toption mac '02:00:00:00:00:33'\n\toption ip '192.168.8.50'\n\
            \toption hostid '50'\n\
            config host\n\toption name 'phone'\n\tlist mac '02:00:00:00:00:44'\n\tlist mac '02:00:00:00:00:45'\n\
            \toption ip '192.168.8.51'\n\
            config dhcp 'lan'\n\toption name 'not a host'\n\
            config host 'tv'\n\toption name 'tv'\n\toption dns '1'\n\toption mac '02-00-00-00-00-46 020000000047'\n\
            \toption ip 'ignore'\n\tlist duid '0004abcdef'\n\tlist duid '00030001020000000046%1a'\n\
            config host\n\toption mac '02:00:00:00:00:48'\n";
        let expected = [
            host("nas", &[0x33], &["192.168.8.50"], &[]),
            host("phone", &[0x44, 0x45], &["192.168.8.51"], &[]),
            host("tv", &[0x46, 0x47], &[], &["0004abcdef", "00030001020000000046"]),
        ];
        assert_eq!(parse(text), (expected.to_vec(), vec![]));
    }

    #[test]
    fn what_is_wrong_costs_only_itself() {
        let text = b"config host\n\toption name 'a'\n\toption mac 'x 02:00:00:00:00:01 y'\n\toption ip '192.168.8'\n\
            config host\n\toption name \"d\xff\0\"\n\toption mac 020000000002\n\tlist duid '0001%'\n\
            config host na-me\n\toption name 'c'\n\
            config host\n\toption name 'open\n\toption mac 020000000003\n";
        let (hosts, bad) = parse(text);
        let shown: Vec<_> = hosts.iter().map(|host| (&host.name[..], &host.macs[..])).collect();
        let mac = |last| Mac([2, 0, 0, 0, 0, last]);
        assert_eq!(shown, [(&b"a"[..], &[mac(1)][..]), (b"d\xff\0", &[mac(2)])]);
        let bad: Vec<_> = bad.iter().map(|bad| (bad.line, bad.kind)).collect();
        let expected = [
            (1, LineErrorKind::Value("mac")),
            (1, LineErrorKind::Value("ip")),
            (5, LineErrorKind::Value("duid")),
            (9, LineErrorKind::NameCharacters),
            (10, LineErrorKind::OutsideSection),
            (12, LineErrorKind::UnclosedQuote),
        ];
        assert_eq!(bad, expected);
    }

    proptest! {
        #[test]
        fn never_panics(text: Vec<u8>, word: Vec<u8>) {
            let _ = (parse(&text), duid(&word));
        }

        #[test]
        fn a_host_is_read_again(name in "[^']{1,40}", macs: Vec<[u8; 6]>, ip: [u8; 4], octets in prop::collection::vec(any::<u8>(), 3..40)) {
            let macs: Vec<Mac> = macs.into_iter().map(Mac).collect();
            let hex = octets.iter().map(|octet| format!("{octet:02X}")).collect::<Vec<_>>().concat();
            let shown: Vec<_> = macs.iter().map(ToString::to_string).collect();
            let ip = IpAddr::from(ip);
            let text = format!(
                "config host\noption name '{name}'\noption mac '{}'\noption ip {ip}\nlist duid {hex}",
                shown.join(" "),
            );
            let duids = vec![Duid::parse_bare(hex.as_bytes()).unwrap()];
            let expected = StaticHost { name: name.into_bytes(), macs, addresses: vec![ip], duids };
            prop_assert_eq!(parse(text.as_bytes()), (vec![expected], vec![]));
        }
    }
}
