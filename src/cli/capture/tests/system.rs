//! What is captured of the router itself.

use std::net::IpAddr;

use super::*;
use crate::proc_net::links;
use crate::proc_net::sockets::{Socket, SocketReader, Wanted};

/// Files of the router that could give its owner away.
pub(super) const FILES: [(&str, &str); 18] = [
    ("proc/net/tcp", TCP),
    ("proc/net/tcp6", TCP6),
    ("proc/net/udp", "  sl  local_address rem_address   st\n"),
    ("proc/net/udp6", "  sl  local_address rem_address   st\n"),
    ("proc/uptime", "4711.23 9000.00\n"),
    ("proc/stat", "cpu  10 0 5 100 0 0 0 0 0 0\n"),
    ("proc/meminfo", "MemTotal: 1000 kB\nMemAvailable: 400 kB\n"),
    ("sys/class/net/eth0/flags", "0x1003\n"),
    ("sys/class/net/eth0/operstate", "up\n"),
    ("sys/class/net/eth0/carrier", "1\n"),
    ("sys/class/net/eth0/speed", "1000\n"),
    ("sys/class/net/eth0/duplex", "full\n"),
    ("sys/class/net/eth0/mtu", "1500\n"),
    ("sys/class/net/eth0/ifindex", "2\n"),
    ("sys/class/net/eth0/device/uevent", "DRIVER=annas-card\n"),
    ("sys/class/net/eth0/bridge/bridge_id", "8000.286fb9000001\n"),
    // Of these nothing is read.
    ("sys/class/net/eth0/address", "28:6f:b9:00:00:01\n"),
    ("sys/class/net/eth0/ifalias", "Annas Uplink\n"),
];

/// How many of them are captured.
pub(super) const WRITTEN: usize = 16;

const TCP: &str = "\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:0016 00000000:0000 0A 00000000:00000001 00:00000000 00000000     0        0 4711 1 ffff8880deadbeef 100 0 0 10 0
   1: 53525150:A000 09090909:0355 01 00000002:00000003 02:000000A0 00000000  1000        0 4712 2 ffff8880deadbef0 20 4 0 10 -1
   2: 0108A8C0:0016 1408A8C0:D000 08 00000000:00000000 00:00000000 00000000     0        0 4713 1 ffff8880deadbef1 20 4 0 10 -1
";
const TCP6: &str = "\
  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0681022A01002100000000007700000:01BB 00000000000000000000000000000000:0000 0A
   1: 0681022A010021000000000077000000:01BB FE0020260000000000000000FE000000:D001 01 00000000:00000000 00:00000000 00000000     0        0 4714 1 ffff8880deadbef2 20 4 0 10 -1
   2: 0000000000000000FFFF000053525150:01BB 0000000000000000FFFF000004040808:D002 06 00000000:00000000 03:00000100 00000000     0        0 0 3 ffff8880deadbef3
";

/// A row between two addresses, as the kernel prints it.
pub(super) fn row(local: IpAddr, remote: IpAddr) -> String {
    let text = |address: IpAddr| -> String {
        let octets = match address {
            IpAddr::V4(v4) => v4.octets().to_vec(),
            IpAddr::V6(v6) => v6.octets().to_vec(),
        };
        let words = octets.as_chunks().0.iter().map(|word| format!("{:08X}", u32::from_ne_bytes(*word)));
        words.collect::<Vec<_>>().concat()
    };
    let (local, remote) = (text(local), text(remote));
    format!("   0: {local}:01BB {remote}:D001 01 00000000:00000000 00:00000000 00000000     0        0 7 1\n")
}

fn sockets(root: &Path) -> Vec<Socket> {
    let mut found = Vec::new();
    SocketReader::default()
        .read(&Root::replay(root), Wanted::Details, &mut |socket| found.push(*socket))
        .unwrap();
    found
}

#[test]
fn sockets_are_there_with_the_addresses_of_the_table() {
    let place = TestDirectory::new("capture-sockets");
    let router = personal(&place);
    let [copy, anonymised] = ["copy", "anonymised"].map(|name| place.join(name));
    assert!(router.capture(&copy, false).is_complete());
    let report = router.capture(&anonymised, true);
    let told: Vec<String> = report.omissions().iter().map(ToString::to_string).collect();
    assert!(told.contains(
        &"/proc/net/tcp6 lacks 1 record that can't be understood, which may hold anything".to_owned()
    ));
    let (old, new) = (sockets(&router.root), sockets(&anonymised));
    assert_eq!((old.len(), &sockets(&copy)), (5, &old));
    assert_eq!(fs::read(copy.join("proc/net/tcp6")).unwrap(), TCP6.as_bytes());
    let without_addresses = |sockets: &[Socket]| {
        let nowhere = |port| std::net::SocketAddr::new([0; 4].into(), port);
        let bare = sockets.iter().map(|socket| Socket {
            local: nowhere(socket.local.port()),
            remote: nowhere(socket.remote.port()),
            ..*socket
        });
        bare.collect::<Vec<_>>()
    };
    assert_eq!(without_addresses(&old), without_addresses(&new));
    // Who the table says was asked, and from which address.
    let table = fs::read_to_string(anonymised.join("proc/net/nf_conntrack")).unwrap();
    let line = table.lines().find(|line| line.contains("src=192.168.8.20 ")).unwrap();
    let word = |key: &str, number: usize| {
        line.split(' ')
            .filter_map(|word| word.strip_prefix(key))
            .nth(number)
            .unwrap()
            .parse::<IpAddr>()
            .unwrap()
    };
    let connection = new.iter().find(|socket| socket.remote.port() == 853).unwrap();
    assert_eq!((connection.local.ip(), connection.remote.ip()), (word("dst=", 1), word("dst=", 0)));
    let private = new.iter().find(|socket| socket.remote.port() == 0xd000).unwrap();
    assert_eq!(private.remote.to_string(), "192.168.8.20:53248");
}

#[test]
fn figures_are_as_they_were_and_signs_are_no_more_than_there() {
    let place = TestDirectory::new("capture-system");
    let router = personal(&place);
    let before = links::read(&Root::replay(&router.root), ["eth0"]).unwrap();
    for (name, anonymise) in [("copy", false), ("anonymised", true)] {
        let directory = place.join(name);
        router.capture(&directory, anonymise);
        for (path, text) in FILES.into_iter().filter(|(path, _)| !path.starts_with("proc/net")) {
            let expected = match path.rsplit('/').next().unwrap() {
                "address" | "ifalias" => None,
                "uevent" | "bridge_id" => Some("there\n"),
                _ => Some(text),
            };
            let found = fs::read_to_string(directory.join(path)).ok();
            assert_eq!(found.as_deref(), expected, "{path}");
        }
        assert_eq!(links::read(&Root::replay(&directory), ["eth0"]).unwrap(), before, "replayed");
    }
}

#[test]
fn what_nobody_reads_is_not_taken_along() {
    let place = TestDirectory::new("capture-system-off");
    let router = personal(&place);
    let off = "[system]\nnstat = \"off\"\ntcp_health = false\nnetstat = false\ntcp_service = false\nlistening_port = false\n\
        net = false\nnetwork_interface = false\n";
    fs::write(&router.config, off).unwrap();
    let directory = place.join("capture");
    assert!(router.capture(&directory, false).is_complete());
    for (path, _) in FILES.into_iter().chain([("proc/net/snmp", ""), ("proc/net/sockstat", "")]) {
        assert!(!directory.join(path).exists(), "{path}");
    }
    assert!(directory.join("proc/net/dev").exists());
}

#[test]
fn an_interface_whose_name_leads_elsewhere_is_passed_over() {
    let place = TestDirectory::new("capture-system-names");
    let router = personal(&place);
    let hostile = network::COUNTERS.replace("  eth0:", "  ../../../../etc:").repeat(2) + network::COUNTERS;
    fs::write(router.root.join("proc/net/dev"), hostile).unwrap();
    fs::write(router.root.join("etc/flags"), "0x1\n").unwrap();
    let directory = place.join("capture");
    let report = router.capture(&directory, false);
    assert!(report.omissions().is_empty(), "{:?}", report.omissions());
    assert!(!directory.join("etc/flags").exists());
}
