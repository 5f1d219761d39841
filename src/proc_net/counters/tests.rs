use super::*;
use std::fs;

use proptest::collection::vec;
use proptest::prelude::*;

use crate::test_directory::TestDirectory;

/// As Linux 5.4 prints it, cut down.
const TEXT: &str = "Ip: Forwarding DefaultTTL InReceives\nIp: 1 64 3310\nIcmpMsg: InType3 OutType3\nIcmpMsg: 29 28\n\
    Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens\nTcp: 1 200 120000 -1 27\n";

fn figures(counters: &Counters) -> Vec<(&str, i64)> {
    counters.iter().map(|(name, figure)| (&**name, figure)).collect()
}

#[test]
fn figures_are_called_by_their_protocol_and_their_own_name() {
    let counters = parse_pairs(TEXT.as_bytes());
    let expected = [
        ("IpForwarding", 1),
        ("IpDefaultTTL", 64),
        ("IpInReceives", 3310),
        ("IcmpMsgInType3", 29),
        ("IcmpMsgOutType3", 28),
        ("TcpRtoAlgorithm", 1),
        ("TcpRtoMin", 200),
        ("TcpRtoMax", 120_000),
        ("TcpMaxConn", -1),
        ("TcpActiveOpens", 27),
    ];
    assert_eq!(figures(&counters), expected);
    assert_eq!(counters.get("TcpMaxConn"), Some(-1));
    assert_eq!(
        (counters.get("MaxConn"), counters.get("TcpRetransSegs"), counters.get("")),
        (None, None, None)
    );
}

#[test]
fn lines_that_do_not_go_together() {
    for (text, expected) in [
        ("Tcp: A B C\nTcp: 1 2\n", &[("TcpA", 1), ("TcpB", 2)][..]),
        ("Tcp: A\nTcp: 1 2 3\n", &[("TcpA", 1)]),
        (
            "IcmpMsg: A B\nIcmpMsg: 1 2\nIcmpMsg: C\nIcmpMsg: 3\n",
            &[("IcmpMsgA", 1), ("IcmpMsgB", 2), ("IcmpMsgC", 3)],
        ),
        ("Tcp: A\nTcp: 1\nTcp: A B\nTcp: 2 3\n", &[("TcpA", 1), ("TcpB", 3)]),
        ("Tcp: A\nUdp: 1\nTcp: 2\n", &[("TcpA", 2)]),
        ("Tcp: A\nUdp: B\nUdp: 1\nTcp: 2\n", &[("UdpB", 1)]),
        ("Tcp: 1\nTcp: A\nTcp: 2\nTcp: 3\n", &[("TcpA", 2)]),
        ("Tcp: A\nTcp: 1", &[]),
        ("Tcp: A\nTcp: 1\nUdp: B C\nUdp: 1 23", &[("TcpA", 1)]),
        ("Tcp: A\nTcp:\nTcp: 1\n", &[]),
        ("Tcp:\nTcp:\n", &[]),
        ("Tcp A\nTcp 1\n\n:\nTcp: A\r\nTcp: 1\r\n", &[("TcpA", 1)]),
        ("", &[]),
        ("\n", &[]),
    ] {
        assert_eq!(figures(&parse_pairs(text.as_bytes())), expected, "{text:?}");
    }
}

#[test]
fn what_is_no_figure_or_no_name_is_left_out_alone() {
    for (name, figure, is_kept) in [
        ("A", "9223372036854775807", true),
        ("A", "9223372036854775808", false),
        ("A", "18446744073709551615", false),
        ("A", "-9223372036854775808", true),
        ("A", "-", false),
        ("A", "1.5", false),
        ("A", "0x1", false),
        ("A_1", "1", true),
        ("A=1", "1", false),
        ("A,b", "1", false),
        ("A\\", "1", false),
        ("Ä", "1", false),
        (&"x".repeat(NAME_AT_MOST - 3), "1", true),
        (&"x".repeat(NAME_AT_MOST - 2), "1", false),
    ] {
        let text = format!("Tcp: Before {name} After\nTcp: 7 {figure} 8\n");
        let counters = parse_pairs(text.as_bytes());
        assert_eq!((counters.get("TcpBefore"), counters.get("TcpAfter")), (Some(7), Some(8)), "{text}");
        assert_eq!(counters.0.len(), 2 + usize::from(is_kept), "{text}");
    }
    let counters = parse_pairs(b"tcp: A\ntcp: 1\n: time\n: 1\n_Tcp: A\n_Tcp: 1\nTcp: \xff\nTcp: A\nTcp: 1\n");
    assert_eq!(figures(&counters), [("TcpA", 1)]);
}

#[test]
fn a_file_without_an_end_is_taken_in_as_far_as_there_is_room() {
    let columns = 0..2 * FIGURES_AT_MOST;
    let names: String = columns.clone().map(|number| format!(" A{number}")).collect();
    let text = format!("Tcp:{names}\nTcp:{}\n", " 5".repeat(columns.len()));
    let counters = parse_pairs(text.as_bytes());
    assert_eq!(counters.0.len(), FIGURES_AT_MOST);
    assert_eq!(counters.get("TcpA1023"), Some(5));
}

#[test]
fn ipv6_has_a_name_and_a_figure_in_each_line() {
    let text = "Ip6InReceives                   \t975\nIcmp6OutType133\t\t3\nUdp6InDatagrams 1 2\nUdp6NoPorts\nnone 5\n\
        Ip6InReceives 4\nIp6OutRequests 17";
    assert_eq!(figures(&parse_snmp6(text.as_bytes())), [("Ip6InReceives", 975), ("Icmp6OutType133", 3)]);
}

#[test]
fn nothing_but_zeros_is_nothing_of_ipv6_alone() {
    let place = TestDirectory::new("protocol-counters");
    fs::create_dir_all(place.join("proc/net")).unwrap();
    let root = Root::replay(&*place);
    let write = |name: &str, text: &str| fs::write(place.join("proc/net").join(name), text).unwrap();
    assert!(read_pairs(&root, SNMP).is_err() && read_snmp6(&root).is_err());
    write("snmp", "Tcp: A B\nTcp: 0 0\n");
    write("snmp6", "Ip6InReceives 0\nIp6OutRequests 0\n");
    assert_eq!(figures(&read_pairs(&root, SNMP).unwrap()), [("TcpA", 0), ("TcpB", 0)]);
    assert_eq!(read_snmp6(&root).unwrap(), None);
    write("snmp6", "Ip6InReceives 0\nIp6OutRequests 1\n");
    let counters = read_snmp6(&root).unwrap().unwrap();
    assert_eq!(figures(&counters), [("Ip6InReceives", 0), ("Ip6OutRequests", 1)]);
    write("snmp6", "");
    assert_eq!(read_snmp6(&root).unwrap(), None);
}

proptest! {
    #[test]
    fn a_text_that_is_cut_tells_no_other_figures(at in 0..TEXT.len()) {
        let (whole, cut) = (parse_pairs(TEXT.as_bytes()), parse_pairs(&TEXT.as_bytes()[..at]));
        prop_assert_eq!(&whole.0[..cut.0.len()], &cut.0[..]);
    }

    #[test]
    fn what_is_printed_is_understood(protocols in vec(vec(any::<i64>(), 1..40), 0..20)) {
        let (mut text, mut expected) = (String::new(), Vec::new());
        for (number, figures) in protocols.iter().enumerate() {
            let names: String = (0..figures.len()).map(|column| format!(" C{column}")).collect();
            let printed: String = figures.iter().map(|figure| format!(" {figure}")).collect();
            text += &format!("P{number}:{names}\nP{number}:{printed}\n");
            expected.extend(figures.iter().enumerate().map(|(column, figure)| (format!("P{number}C{column}"), *figure)));
        }
        let counters = parse_pairs(text.as_bytes());
        prop_assert!(counters.iter().map(|(name, figure)| (name.to_string(), figure)).eq(expected));
    }

    #[test]
    fn any_text_is_understood_or_passed_over(text in "(Tcp|Udp|)(: ?|)[A-Z0-9 -]{0,20}\n?(Tcp|Udp)(: ?|)[0-9 \\PC]{0,20}\n?") {
        for counters in [parse_pairs(text.as_bytes()), parse_snmp6(text.as_bytes())] {
            for (name, figure) in counters.iter() {
                prop_assert!(is_name(name) && counters.get(name) == Some(figure));
            }
        }
    }
}
