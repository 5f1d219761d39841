//! What is captured of the kernel's figures of its network, and what is left of routes.

use super::*;
use crate::proc_net::route;

/// Files of the router that could give its owner away.
pub(super) const FILES: [(&str, &str); 9] = [
    ("proc/net/stat/nf_conntrack", STATISTICS),
    ("proc/net/dev", COUNTERS),
    ("proc/net/route", ROUTES),
    ("proc/net/ipv6_route", IPV6_ROUTES),
    ("proc/net/snmp", "Tcp: MaxConn InSegs\nTcp: -1 5\n"),
    ("proc/net/netstat", "TcpExt: TW\nTcpExt: 7\n"),
    ("proc/net/snmp6", "Ip6InReceives \t3\n"),
    ("proc/net/sockstat", "sockets: used 17\n"),
    ("proc/net/sockstat6", "TCP6: inuse 0\n"),
];

const STATISTICS: &str =
    "entries  invalid insert_failed drop early_drop\n0000000b  00000004 00000003 00000001 00000002\n";
pub(super) const COUNTERS: &str =
    "Inter-|   Receive\n face |bytes\n  eth0: 1000 20 3 4 0 0 0 0 5000 60 7 8 0 0 0 0\n";
const ROUTES: &str = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n\
    eth0\t00000000\t01525150\t0003\t0\t0\t0\t00000000\t0\t0\t0\neth0\t00525150\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n";
const IPV6_ROUTES: &str = "\
00000000000000000000000000000000 00 2a028106002199000000000000000000 38 fe800000000000002a6fb9fffe000001 00000200 00000001 00000000 00000003     eth0
2a028106002199000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001   br-lan
";

#[test]
fn what_the_kernel_tells_of_its_network_is_there_and_of_routes_only_the_interfaces() {
    let place = TestDirectory::new("capture-network");
    let router = personal(&place);
    for (directory, anonymise) in [("copy", false), ("anonymised", true)] {
        let directory = place.join(directory);
        router.capture(&directory, anonymise);
        let text = |path: &str| fs::read_to_string(directory.join(path)).unwrap();
        for (path, original) in FILES.iter().filter(|(path, _)| !path.ends_with("route")) {
            assert_eq!(text(path), *original, "{path}");
        }
        for (path, original) in [("proc/net/route", ROUTES), ("proc/net/ipv6_route", IPV6_ROUTES)] {
            assert_eq!(text(path) == original, !anonymise, "{path}");
        }
        let interfaces = route::read(&Root::replay(&directory)).unwrap();
        assert_eq!(interfaces, BTreeSet::from(["eth0".to_owned()]));
        fs::remove_file(directory.join("proc/net/route")).unwrap();
        let interfaces = route::read(&Root::replay(&directory)).unwrap();
        assert_eq!(interfaces, BTreeSet::from(["eth0".to_owned()]));
    }
}
