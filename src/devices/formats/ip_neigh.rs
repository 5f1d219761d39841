//! What `ip neigh` prints: which MAC answers at which address, and behind which interface.

use std::net::IpAddr;

use super::LineError;
use super::lines::{self, numbered};
use crate::devices::mac::Mac;

/// How many neighbours are read at most.
pub const AT_MOST: usize = 16_384;

/// Somebody who answers at an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Neighbour {
    /// Where.
    pub address: IpAddr,
    /// The interface behind which it is.
    pub interface: String,
    /// Who.
    pub mac: Mac,
    /// Whether it has answered a short while ago, or is being asked: one that is `STALE` may have left long since, for the
    /// kernel keeps a hundred of these as long as it likes (`gc_thresh1`).
    pub reachable: bool,
}

/// Understands a whole text, the first [`AT_MOST`]; entries without an answer are passed over.
pub fn parse(text: &[u8]) -> impl Iterator<Item = Result<Neighbour, LineError>> {
    let lines = numbered(text).filter(|(_, line)| !line.trim_ascii().is_empty());
    let found = lines.filter_map(|(line, text)| match entry(text) {
        Some(Entry { address, interface, mac, reachable }) => {
            Some(Ok(Neighbour { address, interface: interface.to_owned(), mac: mac?, reachable }))
        }
        None => Some(Err(LineError::not_understood(line))),
    });
    found.take(AT_MOST)
}

/// What one line says.
struct Entry<'a> {
    address: IpAddr,
    interface: &'a str,
    /// That of somebody who answers.
    mac: Option<Mac>,
    reachable: bool,
}

/// An address, pairs of a word and its value in any order, flags, and at the end the state.
fn entry(line: &[u8]) -> Option<Entry<'_>> {
    let line = std::str::from_utf8(line).ok()?;
    let mut words = line.split_ascii_whitespace();
    let address = lines::address(words.next()?.as_bytes())?;
    let (mut interface, mut mac, mut answers, mut reachable) = (None, None, true, false);
    while let Some(word) = words.next() {
        match word {
            "dev" => interface = Some(words.next()?),
            // Those of tunnels are of other lengths, and no MACs.
            "lladdr" => mac = Mac::parse(words.next()?.as_bytes()),
            "NOARP" | "FAILED" | "INCOMPLETE" => answers = false,
            "REACHABLE" | "DELAY" | "PROBE" => reachable = true,
            _ => {}
        }
    }
    Some(Entry { address, interface: interface?, mac: mac.filter(|_| answers), reachable })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PRINTED: &[u8] = b"203.0.113.1 dev kf-w0 lladdr 3a:61:64:cd:8c:65 STALE \n\
        192.168.8.50 dev br-lan FAILED \n\
        192.168.8.196 dev br-lan FAILED \n\
        192.168.8.102 dev br-lan lladdr 02:db:95:b6:86:e5 STALE \n\
        192.168.8.179 dev br-lan FAILED \n\
        192.168.8.101 dev br-lan lladdr c6:b0:fa:34:6f:f3 STALE \n\
        192.168.8.230 dev br-lan FAILED \n\
        fe80::c4b0:faff:fe34:6ff3 dev br-lan lladdr c6:b0:fa:34:6f:f3 STALE \n\
        2001:db8:ff::1 dev kf-w0 lladdr 3a:61:64:cd:8c:65 STALE \n\
        fe80::db:95ff:feb6:86e5 dev br-lan lladdr 02:db:95:b6:86:e5 STALE \n\
        fe80::3861:64ff:fecd:8c65 dev kf-w0 lladdr 3a:61:64:cd:8c:65 STALE \n\
        fe80::ff:fe00:22 dev br-lan lladdr 02:00:00:00:00:22 STALE \n\
        fe80::ff:fe00:11 dev br-lan lladdr 02:00:00:00:00:11 STALE \n\
        fe80::ff:fe00:44 dev br-lan lladdr 02:00:00:00:00:44 STALE \n\
        2001:db8:aa:10::101 dev br-lan lladdr c6:b0:fa:34:6f:f3 STALE \n\
        fe80::ff:fe00:33 dev br-lan lladdr 02:00:00:00:00:33 STALE \n";

    fn shown(text: &[u8]) -> Vec<String> {
        let show = |found: Result<Neighbour, LineError>| match found {
            Ok(found) => format!("{} {} {}", found.address, found.interface, found.mac),
            Err(error) => error.to_string(),
        };
        parse(text).map(show).collect()
    }

    #[test]
    fn what_ip_neigh_prints() {
        let expected = [
            "203.0.113.1 kf-w0 3a:61:64:cd:8c:65",
            "192.168.8.102 br-lan 02:db:95:b6:86:e5",
            "192.168.8.101 br-lan c6:b0:fa:34:6f:f3",
            "fe80::c4b0:faff:fe34:6ff3 br-lan c6:b0:fa:34:6f:f3",
            "2001:db8:ff::1 kf-w0 3a:61:64:cd:8c:65",
            "fe80::db:95ff:feb6:86e5 br-lan 02:db:95:b6:86:e5",
            "fe80::3861:64ff:fecd:8c65 kf-w0 3a:61:64:cd:8c:65",
            "fe80::ff:fe00:22 br-lan 02:00:00:00:00:22",
            "fe80::ff:fe00:11 br-lan 02:00:00:00:00:11",
            "fe80::ff:fe00:44 br-lan 02:00:00:00:00:44",
            "2001:db8:aa:10::101 br-lan c6:b0:fa:34:6f:f3",
            "fe80::ff:fe00:33 br-lan 02:00:00:00:00:33",
        ];
        assert_eq!(shown(PRINTED), expected);
    }

    #[test]
    fn states_and_flags() {
        for (line, expected) in [
            (
                "10.0.0.1 dev a lladdr 02:00:00:00:00:01 router ref 1 used 0/0/0 probes 4 REACHABLE\r",
                Some("10.0.0.1"),
            ),
            ("10.0.0.1 dev a lladdr 02:00:00:00:00:01 PERMANENT", Some("10.0.0.1")),
            ("fe80::1 dev a lladdr 02:00:00:00:00:01 router extern_learn DELAY", Some("fe80::1")),
            ("10.0.0.1 dev a lladdr 02:00:00:00:00:01 NOARP", None),
            ("10.0.0.1 dev a lladdr 02:00:00:00:00:01 FAILED", None),
            ("10.0.0.1 dev a  INCOMPLETE", None),
            ("10.0.0.1 dev a proxy", None),
            ("10.0.0.1 dev gre1 lladdr 203.0.113.9 REACHABLE", None),
            ("", None),
        ] {
            let expected = expected.map(|address| format!("{address} a 02:00:00:00:00:01"));
            assert_eq!(shown(line.as_bytes()), Vec::from_iter(expected), "{line}");
        }
        for bad in [
            "nonsense",
            "10.0.0 dev a STALE",
            "10.0.0.1",
            "10.0.0.1 lladdr 02:00:00:00:00:01 STALE",
            "10.0.0.1 dev",
            "\u{fffd}",
        ] {
            assert_eq!(shown(bad.as_bytes()), ["line 1 can't be understood"], "{bad}");
        }
        assert_eq!(shown(b"\xff dev a"), ["line 1 can't be understood"]);
        let many = b"10.0.0.1 dev a lladdr 02:00:00:00:00:01 STALE\n".repeat(AT_MOST + 1);
        assert_eq!(parse(&many).count(), AT_MOST);
    }

    #[test]
    fn who_has_answered_a_short_while_ago() {
        for (state, expected) in [
            ("REACHABLE", true),
            ("extern_learn DELAY", true),
            ("router PROBE", true),
            ("STALE", false),
            ("PERMANENT", false),
            ("", false),
        ] {
            let line = format!("10.0.0.1 dev a lladdr 02:00:00:00:00:01 {state}");
            let found: Vec<_> = parse(line.as_bytes()).map(Result::unwrap).collect();
            assert_eq!(found.iter().map(|found| found.reachable).collect::<Vec<_>>(), [expected], "{state}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text: Vec<u8>, likely in "(10.0.0.1 |dev |lladdr |02:00:00:00:00:01 |[a-z:. \n]){0,20}") {
            for text in [text.as_slice(), likely.as_bytes()] {
                prop_assert!(parse(text).count() <= numbered(text).count());
            }
        }

        #[test]
        fn a_neighbour_is_read_again(v6: [u8; 16], mac: [u8; 6], interface in "[a-z0-9.-]{1,15}") {
            let (address, mac) = (IpAddr::from(v6), Mac(mac));
            let text = format!("{address} dev {interface} lladdr {mac} router STALE ");
            let expected = Neighbour { address, interface, mac, reachable: false };
            prop_assert_eq!(parse(text.as_bytes()).collect::<Vec<_>>(), [Ok(expected)]);
        }
    }
}
