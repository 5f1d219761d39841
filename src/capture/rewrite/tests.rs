use super::*;
use crate::devices::assignments::AssignmentList;
use crate::devices::mac::{Duid, Mac};
use crate::devices::name::Name;
use proptest::prelude::*;

fn rewritten(kind: FileKind, text: &[u8]) -> (Anonymiser, Vec<u8>, usize) {
    let mut anonymiser = Anonymiser::new(&[]);
    let Rewritten { text, left_out } = rewrite(kind, text, &mut anonymiser);
    (anonymiser, text, left_out)
}

const MAC: Mac = Mac([0x28, 0x6f, 0xb9, 1, 2, 3]);

#[test]
fn leases_of_both_servers() {
    let text = b"1795241374 28:6f:b9:01:02:03 192.168.8.5 Anna's TV 01:28:6f:b9:01:02:03\n\
        1795241374 28:6f:b9:01:02:04 192.168.8.6 * *\nduid 00:03:00:01:28:6f:b9:00:00:01\nAnna was here\n\
        1 68 2001:db8::1 * 00:03:00:01:28:6f:b9:01:02:03\n1 68 2001:db8::2 x 00:04:aa:bb:cc:dd\n";
    let (mut anonymiser, text, left_out) = rewritten(FileKind::Dnsmasq, text);
    let (mac, other) = (anonymiser.mac(MAC), anonymiser.mac(Mac([0x28, 0x6f, 0xb9, 1, 2, 4])));
    let duid = anonymiser.duid(&Duid::parse(b"00:04:aa:bb:cc:dd").unwrap());
    let expected = format!(
        "0 {mac} 192.168.8.5 device' -1 *\n0 {other} 192.168.8.6 * *\n0 1 2001:db8::1 * 00:03:00:01:{mac}\n\
        0 1 2001:db8::2 device-2 {duid}\n"
    );
    assert_eq!((String::from_utf8(text).unwrap(), left_out), (expected, 1));

    let text = br"# br-lan 286fb9010203 ipv4 Anna\x27s\x20TV 1795241374 c0a80897 32 192.168.8.5/32
# br-lan 00030001286fb9010203 11 broken\x20Anna 1795205714 14ff 128 2001:db8::1/128 2001:db8:1::/62
192.168.8.5	anna.lan	anna
";
    let (mut anonymiser, text, left_out) = rewritten(FileKind::Odhcpd, text);
    let bare = anonymiser.mac(MAC).to_string().replace(':', "");
    let expected = format!(
        "# br-lan {bare} ipv4 device\\x27\\x20-1 0 0 32 192.168.8.5/32\n# br-lan 00030001{bare} 1 - 0 0 128 2001:db8::1/128\n"
    );
    assert_eq!((String::from_utf8(text).unwrap(), left_out), (expected, 0));
}

#[test]
fn what_the_owner_wrote() {
    let (mut anonymiser, text, left_out) = rewritten(
        FileKind::Registry,
        b"# Anna's\n28-6f-b9-01-02-03=Anna = TV\n|9.9.9.9|Anna = TV|Server\nAnna\n",
    );
    let mac = anonymiser.mac(MAC);
    let expected = format!("{mac}||device = -1|\n|240.0.0.1|device = -1|server\n");
    assert_eq!((String::from_utf8(text).unwrap(), left_out), (expected, 1));

    let (mut anonymiser, text, left_out) =
        rewritten(FileKind::Registry, b"9.9.9.9=Anna\n2620::5 = ANNA\n192.168.8.5=Ben\n");
    let [v4, v6] = ["9.9.9.9", "2620::5"].map(|address| anonymiser.address(address.parse().unwrap()));
    let expected = format!("|{v4}|device-1|\n|{v6}|Device-1|\n|192.168.8.5|device-2|\n");
    assert_eq!((String::from_utf8(text).unwrap(), left_out), (expected, 0));

    let (mut anonymiser, text, _) =
        rewritten(FileKind::Hosts, b"127.0.0.1 localhost\n192.168.8.5 anna.home anna # Anna\n9.9.9.9 ANNA\n");
    assert_eq!(text, b"192.168.8.5 device-1\n240.0.0.1 Device-1\n");
    let text =
        rewrite(FileKind::Ethers, b"286fb9010203 anna.x\n286fb9010203 9.9.9.9\n", &mut anonymiser).text;
    let mac = anonymiser.mac(MAC);
    assert_eq!(String::from_utf8(text).unwrap(), format!("{mac} device-1\n{mac} 240.0.0.1\n"));

    let text = b"config globals\n\toption secret 'Anna'\nconfig client\n\toption mac '28:6f:b9:01:02:03'\n\
        \toption alias \"Anna's\"\n\toption class 'phone'\n\toption note 'Anna'\n";
    let (mut anonymiser, text, _) = rewritten(FileKind::GlClient, text);
    let mac = anonymiser.mac(MAC);
    let expected = format!(
        "config client\n\toption mac '{mac}'\n\toption alias 'device'\\''-1'\n\toption class 'mobile'\n"
    );
    assert_eq!(String::from_utf8(text).unwrap(), expected);
    assert_eq!(gl_client::parse(expected.as_bytes()).0[0].alias.as_deref(), Some(&b"device'-1"[..]));

    let text = b"config dnsmasq\n\toption domain 'anna'\nconfig host\n\toption name 'anna'\n\
        \toption mac '28:6f:b9:01:02:03 x'\n\tlist ip 9.9.9.9\n\toption duid '00030001286fb9010203%1'\n";
    let (mut anonymiser, text, left_out) = rewritten(FileKind::StaticHosts, text);
    let mac = anonymiser.mac(MAC).to_string();
    let bare = mac.replace(':', "");
    let expected = format!(
        "config host\n\toption name 'device-1'\n\tlist mac '{mac}'\n\tlist ip '240.0.0.1'\n\tlist duid '00030001{bare}'\n"
    );
    assert_eq!((String::from_utf8(text).unwrap(), left_out), (expected, 1));
}

/// What tells ports and protocols stays; of labels those that this program has itself.
#[test]
fn networks_are_those_of_the_hosts_that_were_met() {
    let mut anonymiser = Anonymiser::new(&["80.1.2.0/24".parse().unwrap()]);
    let met = ["9.9.9.9", "9.9.8.8", "1.1.1.1"].map(|address| anonymiser.address(address.parse().unwrap()));
    let text = "9.9.0.0/16 Anna's provider\nnonsense\n9.9.9.0/24 Anna's films update\n80.1.2.0/25 home\n\
        192.168.8.0/24 home\n";
    let Rewritten { text, left_out } = rewrite(FileKind::Networks, text.as_bytes(), &mut anonymiser);
    let own = anonymiser.net("80.1.2.0/25".parse().unwrap()).trunc();
    let expected = format!(
        "{own} network-3\n192.168.8.0/24 network-3\n{} network-2 update\n{} network-1\n",
        met[0], met[1]
    );
    assert_eq!((String::from_utf8(text.clone()).unwrap(), left_out), (expected, 1));
    let networks = Networks::with_owners(&text).0;
    let found = met.map(|address| networks.find(address).map(|network| network.name.to_string()));
    assert_eq!(found, [Some("network-2".to_owned()), Some("network-1".to_owned()), None]);
}

#[test]
fn labels_of_services_are_the_owners_words_unless_they_are_built_in() {
    let text =
        b"# Anna's\n443/tcp HTTPS\n8123 Anna's house\n9000-9010/UDP Anna's game # Anna\n80 Anna's house\n\
        81 service-1\n82 fe80::1\nAnna's 83\n84 https\n";
    let (_, text, left_out) = rewritten(FileKind::Services, text);
    let expected = "443/tcp HTTPS\n8123 service-1\n9000-9010/udp service-2\n80 service-1\n81 service-3\n\
        82 service-4\n84 service-5\n";
    assert_eq!((String::from_utf8(text).unwrap().as_str(), left_out), (expected, 1));
    assert!(services_format::parse(expected.as_bytes()).all(|(_, found)| found.is_ok()));
}

/// Which of a file's names are one to the program.
fn equal_names(list: &AssignmentList) -> Vec<bool> {
    let names: Vec<_> = list.names().map(Name::folded).collect();
    names.iter().flat_map(|a| names.iter().map(move |b| a == b)).collect()
}

/// Which are so in a file of hosts and in one of ethers, before and after.
fn equal_names_of_hosts(names: &[impl AsRef<str>]) -> [(Vec<bool>, Vec<bool>); 2] {
    let lines = |first: fn(usize) -> String| -> Vec<u8> {
        let lines = names.iter().enumerate().map(|(n, name)| format!("{} {}\n", first(n), name.as_ref()));
        lines.collect::<String>().into_bytes()
    };
    let pair = |kind, text: &[u8], list: fn(&[u8]) -> AssignmentList| {
        let (_, new, left_out) = rewritten(kind, text);
        assert_eq!(left_out, 0);
        (equal_names(&list(text)), equal_names(&list(&new)))
    };
    let hosts = lines(|n| format!("192.168.8.{n}"));
    let ethers = lines(|n| format!("286fb90102{n:02x}"));
    [
        pair(FileKind::Hosts, &hosts, AssignmentList::hosts),
        pair(FileKind::Ethers, &ethers, AssignmentList::ethers),
    ]
}

#[test]
fn hosts_that_only_their_domains_tell_apart_stay_apart() {
    for (old, new) in equal_names_of_hosts(&["www.a.lan", "www.b.lan", "nas", "nas.lan", "NAS"]) {
        assert_eq!(
            old.iter().filter(|equal| **equal).count(),
            1 + 1 + 3 * 3,
            "what the program makes of them"
        );
        assert_eq!(old, new);
    }
}

fn line(line: &str) -> String {
    let mut new = Vec::new();
    table_line(line.as_bytes(), &mut Anonymiser::new(&[]), &mut new);
    String::from_utf8(new).unwrap()
}

#[test]
fn lines_of_the_table() {
    for (given, expected) in [
        (
            "ipv4     2 gre      47 178 timeout=30, stream_timeout=180 src=192.168.8.61 dst=9.9.9.9 srckey=0x0 dstkey=0x4c01 \
            packets=9 bytes=9 src=9.9.9.9 dst=8.8.8.8 srckey=0x4c01 dstkey=0x0 [ASSURED] mark=0 zone=0 use=2\n",
            "ipv4     2 gre      47 178 timeout=30, stream_timeout=180 src=192.168.8.61 dst=240.0.0.1 srckey=0x0 dstkey=0x4c01 \
            packets=9 bytes=9 src=240.0.0.1 dst=240.0.0.2 srckey=0x4c01 dstkey=0x0 [ASSURED] mark=0 zone=0 use=2\n",
        ),
        (
            "ipv6     10 tcp      6 9 SYN_SENT2 src=2001:0db8:0000:0000:0000:0000:0000:0005 dst=2620:fe::fe sport=1 \
            dport=2 [OFFLOAD] src=x secctx=anna_t:s0 use=2",
            "ipv6     10 tcp      6 9 SYN_SENT2 src=2001:0db8:0000:0000:0000:0000:0000:0005 \
            dst=3fff:0000:0000:0000:0000:0000:0000:0001 sport=1 dport=2 [OFFLOAD] src=? ? use=2",
        ),
        ("anna was here  sport=anna =x anna=1 Anna [Anna] 0x", "? ? ?  sport=? ? ? ? ? ?"),
        ("", ""),
        ("\n", "\n"),
    ] {
        assert_eq!(line(given), expected);
    }
}

#[test]
fn interfaces_and_neighbours_are_read_again() {
    let interface = |name: &str, link_layer, addresses: &[&str]| Interface {
        name: name.into(),
        link_layer,
        addresses: addresses.iter().map(|text| text.parse().unwrap()).collect(),
        broadcast: None,
    };
    let found = [
        Interface {
            broadcast: Some([192, 168, 8, 255].into()),
            ..interface("br-lan", true, &["10.0.0.1/32", "192.168.8.1/24", "2001:db8::1/64"])
        },
        interface("eth0.9:1", true, &[]),
        interface("wg0", false, &["10.0.0.1/32"]),
    ];
    assert_eq!(crate::lan::interfaces::parse(interfaces(&found).as_bytes()), found);
    let found = [("fe80::5", true), ("192.168.8.5", false)].map(|(address, reachable)| Neighbour {
        address: address.parse().unwrap(),
        interface: "br-lan".into(),
        mac: MAC,
        reachable,
    });
    let read: Vec<_> =
        crate::devices::formats::ip_neigh::parse(neighbours(&found).as_bytes()).map(Result::unwrap).collect();
    assert_eq!(read, found);
}

const KINDS: [FileKind; 7] = [
    FileKind::Dnsmasq,
    FileKind::Odhcpd,
    FileKind::Registry,
    FileKind::GlClient,
    FileKind::StaticHosts,
    FileKind::Ethers,
    FileKind::Hosts,
];

proptest! {
    /// Whatever stood there, what is written is understood to the last line.
    #[test]
    fn what_is_written_is_understood(text in "(28:6f:b9:01:02:0[0-9]|286fb901020[0-9]|9\\.9\\.9\\.[0-9]|2620::[0-9]|config host|option|list|name|mac|alias|'|\"|\\||=|#|br-lan|ipv4|[0-9]|/32|/128|an\\\\x0aa|\u{e4}\u{202e}|\u{b}|\\\\| |\n|\t){0,60}") {
        for kind in KINDS {
            let (mut anonymiser, text, _) = rewritten(kind, text.as_bytes());
            let again = rewrite(kind, &text, &mut anonymiser);
            prop_assert_eq!(again.left_out, 0, "{:?}: {}", kind, String::from_utf8_lossy(&text));
        }
    }

    #[test]
    fn whoever_was_named_is_named(names in prop::collection::vec("[^\\s|#]{1,20}", 1..8)) {
        let lines = names.iter().enumerate().map(|(n, name)| format!("286fb90102{n:02x}||{name}|\n"));
        let text = lines.collect::<Vec<_>>().concat();
        let (_, new, left_out) = rewritten(FileKind::Registry, text.as_bytes());
        prop_assert_eq!(left_out, 0);
        let (old, new) = (AssignmentList::registry(text.as_bytes()), AssignmentList::registry(&new));
        prop_assert_eq!(equal_names(&old), equal_names(&new));
    }

    #[test]
    fn hosts_that_were_one_are_one(names in prop::collection::vec("[abA]{1,2}([.][ab]{0,1}){0,2}", 1..12)) {
        for (old, new) in equal_names_of_hosts(&names) {
            prop_assert_eq!(old, new);
        }
    }

    #[test]
    fn never_panics(text: Vec<u8>) {
        for kind in KINDS {
            rewritten(kind, &text);
        }
        table_line(&text, &mut Anonymiser::new(&[]), &mut Vec::new());
    }
}
