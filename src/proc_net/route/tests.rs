use std::fmt::Write;

use proptest::prelude::*;

use super::*;

const HEADING: &str = "\
Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT                                                       
";
/// A default route by a gateway and one of a device alone, the LAN, a host, and what is refused.
const IPV4: &str = "\
pppoe-wan\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0                                                                          
wwan0\t00000000\t010200C0\t0003\t0\t0\t40\t00000000\t0\t0\t0                                                                              
eth2\t00000000\t00000000\t0201\t0\t0\t98\t00000000\t0\t0\t0                                                                               
*\t00000000\t00000000\t0001\t0\t0\t99\t00000000\t0\t0\t0                                                                                  
wg0\t00000000\t00000000\t0001\t0\t0\t0\t00000080\t0\t0\t0                                                                                 
wg0\t00000080\t00000000\t0001\t0\t0\t0\t00000080\t0\t0\t0                                                                                 
br-lan\t0008A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0                                                                              
eth1\t017100CB\t00000000\t0005\t0\t0\t0\tFFFFFFFF\t0\t0\t0                                                                               
";
/// A default route for one source, one for all, one without a gateway, networks, the router's own addresses, and the
/// route that there is when there is none (`fib6_null_entry`).
const IPV6: &str = "\
00000000000000000000000000000000 00 20010db800aa00000000000000000000 38 fe800000000000000000000000000001 00000200 00000001 00000000 00000003     eth1
00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000002 00000400 00000002 00000000 00450003    wwan0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 00000400 00000001 00000000 00000001 pppoe-wan
20010db800aa00100000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001   br-lan
fe800000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000002 00000000 00000001     eth2
00000000000000000000000000000001 80 00000000000000000000000000000000 00 00000000000000000000000000000000 00000000 00000002 00000000 80200001       lo
00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo
00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200201     eth3
";

fn names(found: &BTreeSet<String>) -> Vec<&str> {
    found.iter().map(String::as_str).collect()
}

#[test]
fn only_default_routes_that_lead_somewhere() {
    let text = HEADING.to_owned() + IPV4;
    assert_eq!(names(&parse_ipv4(text.as_bytes())), ["pppoe-wan", "wwan0"]);
    assert_eq!(names(&parse_ipv4(IPV4.as_bytes())), ["pppoe-wan", "wwan0"], "without its heading");
    assert_eq!(names(&parse_ipv6(IPV6.as_bytes())), ["eth1", "pppoe-wan", "wwan0"]);
    for nothing in ["", "\n\n", HEADING] {
        assert!(parse_ipv4(nothing.as_bytes()).is_empty() && parse_ipv6(nothing.as_bytes()).is_empty());
    }
}

#[test]
fn a_line_that_can_not_be_understood_is_passed_over() {
    for bad in [
        "eth9",
        "eth9\t00000000\t00000000\t0003\t0\t0\t0",
        "eth9\t0000000\t00000000\t0003\t0\t0\t0\t00000000",
        "eth9\t00000000\t00000000\t0003\t0\t0\t0\t000000000",
        "eth9\t00000000\t00000000\twhat\t0\t0\t0\t00000000",
        "eth9\t00000000\t00000000\t0002\t0\t0\t0\t00000000",
        "sixteen-letters-\t00000000\t00000000\t0003\t0\t0\t0\t00000000",
    ] {
        assert_eq!(names(&parse_ipv4(format!("{bad}\n{IPV4}").as_bytes())), ["pppoe-wan", "wwan0"], "{bad}");
    }
    let zeros = "0".repeat(32);
    for bad in [
        // The kernel prints no name where there is no interface.
        format!("{zeros} 00 {zeros} 00 {zeros} 00000400 00000001 00000000 00000003"),
        format!("{zeros} 00 {zeros} 00 {zeros} 00000400 00000001 00000000 00000003 eth9 more"),
        format!("{zeros} 0 {zeros} 00 {zeros} 00000400 00000001 00000000 00000003 eth9"),
        format!("0{zeros} 00 {zeros} 00 {zeros} 00000400 00000001 00000000 00000003 eth9"),
        format!("{zeros} 00 {zeros} 00 {zeros} 00000400 00000001 00000000 100000003 eth9"),
    ] {
        let found = parse_ipv6(format!("{bad}\n{IPV6}").as_bytes());
        assert_eq!(names(&found), ["eth1", "pppoe-wan", "wwan0"], "{bad}");
    }
}

#[test]
fn both_files_together_and_neither_has_to_be_there() {
    let place = crate::test_directory::TestDirectory::new("routes");
    let root = Root::replay(&*place);
    assert!(read(&root).unwrap().is_empty());
    std::fs::create_dir_all(place.join("proc/net")).unwrap();
    std::fs::write(place.join("proc/net/ipv6_route"), IPV6).unwrap();
    assert_eq!(names(&read(&root).unwrap()), ["eth1", "pppoe-wan", "wwan0"]);
    std::fs::write(place.join("proc/net/route"), IPV4.replace("wwan0", "usb0")).unwrap();
    assert_eq!(names(&read(&root).unwrap()), ["eth1", "pppoe-wan", "usb0", "wwan0"]);
    std::fs::write(place.join("proc/net/route"), " ".repeat(2 << 20) + "\n" + IPV4).unwrap();
    assert_eq!(names(&read(&root).unwrap()), ["eth1", "pppoe-wan", "wwan0"], "beyond the bound");
    std::fs::remove_file(place.join("proc/net/ipv6_route")).unwrap();
    std::fs::create_dir(place.join("proc/net/ipv6_route")).unwrap();
    let error = read(&root).unwrap_err().to_string();
    assert!(error.ends_with("proc/net/ipv6_route: not a regular file"), "{error}");
}

#[test]
fn this_machines_routes_can_be_read() {
    read(&Root::live()).unwrap();
}

proptest! {
    #[test]
    fn what_is_printed_is_read_again(
        routes in prop::collection::vec(("[!-)+-~]{1,15}", any::<u16>(), any::<bool>()), 0..20),
    ) {
        let (mut ipv4, mut ipv6) = (HEADING.to_owned(), String::new());
        for (name, flags, default) in &routes {
            let bit = u32::from(!default);
            writeln!(ipv4, "{name}\t{bit:08X}\t010200C0\t{flags:04X}\t0\t0\t0\t{bit:08X}\t0\t0\t0   ").unwrap();
            writeln!(
                ipv6,
                "{:032x} {bit:02x} {:032x} 00 {:032x} 00000400 00000001 00000000 {flags:08x} {name:>8}",
                bit, 0, 1
            )
            .unwrap();
        }
        let leads = |flags: u16| flags & 0x201 == 1;
        let expected: BTreeSet<String> = routes
            .into_iter()
            .filter_map(|(name, flags, default)| (default && leads(flags)).then_some(name))
            .collect();
        prop_assert_eq!(&parse_ipv4(ipv4.as_bytes()), &expected);
        prop_assert_eq!(&parse_ipv6(ipv6.as_bytes()), &expected);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>) {
        parse_ipv4(&bytes);
        parse_ipv6(&bytes);
    }

    #[test]
    fn no_mutilation_makes_it_panic_or_costs_another_line(place: prop::sample::Index, byte: u8) {
        for (text, parse, least) in [(IPV4, parse_ipv4 as fn(&[u8]) -> _, 1), (IPV6, parse_ipv6, 2)] {
            let mut text = text.as_bytes().to_vec();
            let place = place.index(text.len());
            let joins_two_lines = std::mem::replace(&mut text[place], byte) == b'\n';
            let untouched = names(&parse(&text))
                .iter()
                .filter(|name| ["eth1", "pppoe-wan", "wwan0"].contains(name))
                .count();
            prop_assert!(untouched >= least || joins_two_lines, "{}", text.escape_ascii());
        }
    }
}
