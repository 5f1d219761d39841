//! How many sockets there are, and what they take: `/proc/net/sockstat`, as the kernel's `sockstat_seq_show()` prints it,
//! and `/proc/net/sockstat6`, as `sockstat6_seq_show()` does.
//!
//! A network namespace has its own `used`, `inuse` and `tw`. `alloc`, `orphan` and `mem` are those of the whole machine.
//! Figures are found by their names: a line is a protocol and pairs of a name and a number.

use crate::root::Root;

use super::beginning;

/// The sockets of IPv4, and those of all families together.
pub const SOCKSTAT: &str = "/proc/net/sockstat";
/// The sockets of IPv6.
pub const SOCKSTAT6: &str = "/proc/net/sockstat6";

/// Beyond so many bytes of either nothing is read: a kernel's have some 200.
pub(crate) const FILE_AT_MOST: u64 = 4096;

/// What was read of the two files; what can't be is absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sockstat {
    /// Sockets of every family, those of Unix among them.
    pub used: Option<u64>,
    /// TCP over IPv4, and what TCP has together with IPv6.
    pub tcp: TcpSockets,
    /// UDP over IPv4, and what UDP has together with IPv6.
    pub udp: UdpSockets,
    /// TCP sockets of IPv6, like [`TcpSockets::in_use`].
    pub tcp6_in_use: Option<u64>,
    /// UDP sockets of IPv6, like [`UdpSockets::in_use`].
    pub udp6_in_use: Option<u64>,
}

/// What is told of TCP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TcpSockets {
    /// Sockets that listen or are connected over IPv4, without those in `TIME_WAIT`.
    pub in_use: Option<u64>,
    /// Sockets that no program holds any more, of the whole machine.
    pub orphan: Option<u64>,
    /// Sockets in `TIME_WAIT`, of IPv6 as well.
    pub time_wait: Option<u64>,
    /// Sockets that take memory, of the whole machine.
    pub allocated: Option<u64>,
    /// Pages of memory for what is on its way, of the whole machine.
    pub memory_pages: Option<u64>,
}

/// What is told of UDP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UdpSockets {
    /// Sockets of IPv4.
    pub in_use: Option<u64>,
    /// Pages of memory for what is on its way, of the whole machine.
    pub memory_pages: Option<u64>,
}

/// Reads the figures of the router below `root`. A file that can't be read leaves its figures absent: kernels without
/// statistics, or without IPv6, lack it.
pub fn read(root: &Root) -> Sockstat {
    let [ipv4, ipv6] =
        [SOCKSTAT, SOCKSTAT6].map(|path| beginning(root, path, FILE_AT_MOST).unwrap_or_default());
    parse(&ipv4, &ipv6)
}

/// Understands the texts of [`SOCKSTAT`] and [`SOCKSTAT6`]. What can't be understood is passed over, as is a line without
/// an end: the rest of its last number may be missing. Of two figures of one name the first counts.
pub fn parse(ipv4: &[u8], ipv6: &[u8]) -> Sockstat {
    Sockstat {
        used: figure(ipv4, "sockets:", "used"),
        tcp: TcpSockets {
            in_use: figure(ipv4, "TCP:", "inuse"),
            orphan: figure(ipv4, "TCP:", "orphan"),
            time_wait: figure(ipv4, "TCP:", "tw"),
            allocated: figure(ipv4, "TCP:", "alloc"),
            memory_pages: figure(ipv4, "TCP:", "mem"),
        },
        udp: UdpSockets { in_use: figure(ipv4, "UDP:", "inuse"), memory_pages: figure(ipv4, "UDP:", "mem") },
        tcp6_in_use: figure(ipv6, "TCP6:", "inuse"),
        udp6_in_use: figure(ipv6, "UDP6:", "inuse"),
    }
}

/// The first figure of this name that the lines of a protocol have.
fn figure(text: &[u8], protocol: &str, name: &str) -> Option<u64> {
    let (whole, _) = text.split_at(memchr::memrchr(b'\n', text)?);
    let lines = whole.split(|byte| *byte == b'\n').filter_map(|line| str::from_utf8(line).ok());
    lines.map(str::split_ascii_whitespace).find_map(|mut words| {
        words.next().filter(|first| *first == protocol)?;
        while let Some(word) = words.next() {
            let number = words.next()?;
            if word == name {
                return number.parse().ok();
            }
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    use proptest::prelude::*;

    use crate::test_directory::TestDirectory;

    const IPV4: &str = "sockets: used 172\nTCP: inuse 15 orphan 1 tw 28 alloc 19 mem 4\nUDP: inuse 8 mem 3\n\
        UDPLITE: inuse 0\nRAW: inuse 1\nFRAG: inuse 0 memory 0\n";
    const IPV6: &str =
        "TCP6: inuse 6\nUDP6: inuse 5\nUDPLITE6: inuse 0\nRAW6: inuse 2\nFRAG6: inuse 0 memory 0\n";

    #[test]
    fn what_a_router_prints() {
        let expected = Sockstat {
            used: Some(172),
            tcp: TcpSockets {
                in_use: Some(15),
                orphan: Some(1),
                time_wait: Some(28),
                allocated: Some(19),
                memory_pages: Some(4),
            },
            udp: UdpSockets { in_use: Some(8), memory_pages: Some(3) },
            tcp6_in_use: Some(6),
            udp6_in_use: Some(5),
        };
        assert_eq!(parse(IPV4.as_bytes(), IPV6.as_bytes()), expected);
        let place = TestDirectory::new("sockstat");
        fs::create_dir_all(place.join("proc/net")).unwrap();
        let root = Root::replay(&*place);
        assert_eq!(read(&root), Sockstat::default(), "neither is there");
        fs::write(place.join("proc/net/sockstat"), IPV4).unwrap();
        assert_eq!(read(&root), Sockstat { tcp6_in_use: None, udp6_in_use: None, ..expected });
        fs::write(place.join("proc/net/sockstat6"), IPV6).unwrap();
        assert_eq!(read(&root), expected);
    }

    #[test]
    fn figures_are_found_by_their_names() {
        for (text, in_use, time_wait) in [
            ("TCP: tw 1 inuse 2\n", Some(2), Some(1)),
            ("TCP: vendor 9 inuse 2\nTCP: inuse 3 tw 4\n", Some(2), Some(4)),
            ("TCP: inuse x tw 4\n", None, Some(4)),
            ("TCP: inuse\n", None, None),
            ("TCP: inuse -1 tw 18446744073709551616\n", None, None),
            ("TCPX: inuse 2\nTCP inuse 2\n TCP:  inuse\t7\r\n", Some(7), None),
            ("TCP: inuse 1 tw 2", None, None),
            ("TCP: 5 inuse 6\n", None, None),
            ("", None, None),
        ] {
            let TcpSockets { in_use: found, time_wait: waiting, .. } = parse(text.as_bytes(), b"").tcp;
            assert_eq!((found, waiting), (in_use, time_wait), "{text:?}");
        }
    }

    #[test]
    fn a_bad_line_costs_no_other() {
        let text = b"TCP: inuse 1\xff\n\xff: inuse 2\nUDP: inuse 3\nsockets: used 1\0\n";
        let found = parse(text, b"");
        assert_eq!((found.tcp.in_use, found.udp.in_use, found.used), (None, Some(3), None));
    }

    proptest! {
        #[test]
        fn a_text_that_is_cut_tells_no_other_figures(at in 0..IPV4.len()) {
            let (whole, cut) = (parse(IPV4.as_bytes(), b""), parse(&IPV4.as_bytes()[..at], b""));
            for (cut, whole) in [
                (cut.used, whole.used),
                (cut.tcp.in_use, whole.tcp.in_use),
                (cut.tcp.memory_pages, whole.tcp.memory_pages),
                (cut.udp.memory_pages, whole.udp.memory_pages),
            ] {
                prop_assert!(cut.is_none() || cut == whole);
            }
        }

        #[test]
        fn any_bytes_are_understood_or_passed_over(text: Vec<u8>) {
            parse(&text, &text);
        }
    }
}
