use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use proptest::prelude::*;

use std::collections::HashSet;

use super::*;
use crate::lan::interfaces::Interface;

const HOUR: Duration = Duration::from_hours(1);

/// Devices that learn from text instead of files, each text a reading of its own.
fn devices() -> Devices {
    Devices::new(&Root::replay("/nonexistent"), settings())
}

fn settings() -> Settings {
    let router = Name::clean(b"gateway");
    let leases = vec!["leases".into()];
    Settings { leases, names: NameSource::ALL.to_vec(), remember: 24 * HOUR, router, ..Settings::default() }
}

/// A LAN of one IPv4 and one IPv6 prefix, and one of WireGuard.
fn lan() -> Lan {
    let mut lan = Lan::new(&["br-lan".into(), "wg*".into()], &[]);
    let interface = |name: &str, link_layer, nets: &[&str]| Interface {
        name: name.into(),
        link_layer,
        addresses: nets.iter().map(|net| net.parse().unwrap()).collect(),
    };
    let lan_side = interface("br-lan", true, &["192.168.8.1/24", "2001:db8:aa:10::1/64", "fe80::1/64"]);
    lan.observe(vec![lan_side, interface("wg0", false, &["10.0.0.1/24"])], HOUR);
    lan
}

fn learn(devices: &mut Devices, leases: &str) {
    devices.last.reading += 1;
    devices.learn_leases(NameSource::Lease, &Rc::from(Path::new("leases")), leases.as_bytes());
    devices.settle();
}

/// `2=phone 3=*` as lease lines: the number is the end of the MAC and of the address.
fn leases(short: &str) -> String {
    let line = |word: &str| {
        let (number, name) = word.split_once('=').unwrap();
        let last: u8 = number.parse().unwrap();
        format!("1 02:00:00:a1:b2:{last:02x} 192.168.8.{last} {name} *\n")
    };
    short.split(' ').map(line).collect::<Vec<_>>().concat()
}

fn name(devices: &mut Devices, last: u8) -> String {
    name_at(devices, &format!("192.168.8.{last}")).unwrap()
}

/// What whoever is at `address` is called.
fn name_at(devices: &mut Devices, address: &str) -> Option<String> {
    Some(label_at(devices, address)?.name.to_string())
}

fn label_at(devices: &mut Devices, address: &str) -> Option<Label> {
    let who = identify(devices, address, true)?;
    devices.label(&who)
}

fn identify(devices: &mut Devices, address: &str, link_layer: bool) -> Option<Identity> {
    devices.identify(&lan(), address.parse().unwrap(), link_layer, HOUR)
}

/// What the devices of `readings` are called after the last of them.
fn names(readings: &[&str], devices_asked: &[u8]) -> Vec<String> {
    let mut devices = devices();
    for short in readings {
        learn(&mut devices, &leases(short));
    }
    devices_asked.iter().map(|last| name(&mut devices, *last)).collect()
}

#[test]
fn a_claim_is_the_name_and_without_one_the_mac() {
    assert_eq!(names(&["2=phone 3=*"], &[2, 3]), ["phone", "02:00:00:a1:b2:03"]);
}

#[test]
fn of_equal_claims_the_first_seen_keeps_the_plain_name() {
    assert_eq!(names(&["2=phone", "2=phone 3=Phone"], &[2, 3]), ["phone", "Phone-a1b203"]);
    assert_eq!(names(&["2=phone 3=*", "2=* 3=phone"], &[2, 3]), ["phone", "phone-a1b203"]);
}

#[test]
fn equal_claims_seen_in_one_reading_both_get_the_suffix() {
    assert_eq!(names(&["2=phone 3=PHONE"], &[2, 3]), ["phone-a1b202", "PHONE-a1b203"]);
    assert_eq!(
        names(&["2=phone 3=phone", "4=phone"], &[2, 3, 4]),
        ["phone-a1b202", "phone-a1b203", "phone-a1b204"]
    );
}

#[test]
fn a_clash_lasts_when_its_cause_has_gone() {
    let both = ["2=phone 3=phone", "2=phone 3=tablet"];
    assert_eq!(names(&both, &[2, 3]), ["phone-a1b202", "tablet"]);
    let later = ["2=phone", "3=phone", "2=other-name", "4=phone"];
    assert_eq!(names(&later, &[3, 4]), ["phone-a1b203", "phone-a1b204"], "nobody gets a contested name anew");
    assert_eq!(names(&["2=phone", "3=phone", "2=tv", "2=phone"], &[2]), ["phone-a1b202"]);
}

#[test]
fn a_name_that_is_free_again_may_be_claimed() {
    assert_eq!(names(&["2=phone", "2=tv", "3=phone"], &[2, 3]), ["tv", "phone"]);
}

#[test]
fn a_name_changes_by_a_new_claim_but_never_by_silence() {
    assert_eq!(names(&["2=phone", "2=*"], &[2]), ["phone"]);
    assert_eq!(names(&["2=phone", "3=tv"], &[2]), ["phone"]);
    assert_eq!(names(&["2=phone", "2=PHONE"], &[2]), ["PHONE"]);
}

#[test]
fn reserved_words_and_shapes_of_others_get_the_suffix() {
    for word in ["router", "Other", "GATEWAY", "10.0.0.9", "fe80::1", "02:00:00:00:00:09", "aabbccddeeff"] {
        assert_eq!(names(&[&format!("2={word}")], &[2]), [format!("{word}-a1b202")]);
    }
    for own in ["192.168.8.2", "02-00-00-A1-B2-02"] {
        assert_eq!(names(&[&format!("2={own}")], &[2]), [own]);
    }
}

#[test]
fn another_devices_suffix_is_not_to_be_had() {
    assert_eq!(names(&["2=tv-a1b203"], &[2]), ["tv-a1b203"], "nobody known has these octets");
    assert_eq!(names(&["2=tv-a1b203 3=*"], &[2]), ["tv-a1b203-a1b202"]);
    assert_eq!(
        names(&["2=tv-a1b203", "3=tv"], &[2, 3]),
        ["tv-a1b203-a1b202", "tv"],
        "also when it is known later"
    );
    assert_eq!(names(&["3=tv-a1b203"], &[3]), ["tv-a1b203"], "its own it may have");
}

#[test]
fn where_the_suffix_clashes_the_mac_is_the_name() {
    let mut devices = devices();
    let twins = "1 02:00:00:a1:b2:02 192.168.8.2 phone *\n1 06:00:00:a1:b2:02 192.168.8.3 phone *\n";
    learn(&mut devices, twins);
    assert_eq!([name(&mut devices, 2), name(&mut devices, 3)], ["phone-a1b202", "06:00:00:a1:b2:02"]);
    learn(&mut devices, "1 02:00:00:a1:b2:02 192.168.8.2 gone *\n");
    assert_eq!([name(&mut devices, 2), name(&mut devices, 3)], ["gone", "06:00:00:a1:b2:02"], "it lasts");
}

#[test]
fn a_reload_makes_nobody_clash_whom_the_owner_keeps_apart() {
    let files = Files::new("reload");
    files.write("/one", &leases("2=phone 3=*"));
    files.write("/registry", "02:00:00:a1:b2:02=Anna");
    let mut devices = files.devices();
    devices.refresh(&lan(), HOUR);
    files.write("/one", &leases("2=phone 3=phone"));
    devices.refresh(&lan(), HOUR);
    devices.reconfigure(Settings { remember: HOUR, ..devices.settings.clone() });
    devices.refresh(&lan(), HOUR);
    assert_eq!([name(&mut devices, 2), name(&mut devices, 3)], ["Anna", "phone"]);
}

#[test]
fn a_duid_is_tied_to_the_mac_that_the_neighbours_show() {
    let files = Files::new("duid");
    let v6 = |name: &str| {
        format!("1 17 2001:db8:aa:10::11 {name} 00:04:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff:00\n")
    };
    files.write("/one", &[leases("2=laptop"), v6("laptop")].concat());
    files.write("/ip-neigh", "2001:db8:aa:10::11 dev br-lan lladdr 02:00:00:a1:b2:02 REACHABLE\n");
    let mut devices = files.devices();
    devices.refresh(&lan(), HOUR);
    assert_eq!(name_at(&mut devices, "2001:db8:aa:10::11").as_deref(), Some("laptop"));
    assert_eq!(devices.roster(&lan()).len(), 1, "one device");
    files.write("/ip-neigh", "");
    files.write("/one", &[leases("2=laptop"), v6("*")].concat());
    devices.refresh(&lan(), 2 * HOUR);
    assert_eq!(
        name_at(&mut devices, "2001:db8:aa:10::11").as_deref(),
        Some("laptop"),
        "also when it has aged out"
    );
}

#[test]
fn a_duid_at_two_macs_is_the_lower_ones() {
    let files = Files::new("duid-at-two");
    let numbers = 0x10..0x30;
    let lease = |duid: u8, at: u8| {
        format!(
            "1 17 2001:db8:aa:10::{duid:x}:{at} name{duid} 00:04:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff:{duid:02x}\n"
        )
    };
    let seen = |duid: u8, at: u8| {
        format!("2001:db8:aa:10::{duid:x}:{at} dev br-lan lladdr 02:00:00:a1:{duid:02x}:0{at} REACHABLE\n")
    };
    files.write("/one", &numbers.clone().map(|duid| lease(duid, 9) + &lease(duid, 1)).collect::<String>());
    files.write("/ip-neigh", &numbers.clone().map(|duid| seen(duid, 9) + &seen(duid, 1)).collect::<String>());
    let mut devices = files.devices();
    devices.refresh(&lan(), HOUR);
    for duid in numbers {
        let name = name_at(&mut devices, &format!("2001:db8:aa:10::{duid:x}:1"));
        assert_eq!(name, Some(format!("name{duid}")), "the lower MAC's");
    }
}

#[test]
fn a_duid_of_another_interface_contests_no_name() {
    let files = Files::new("other-interface");
    let v6 = "1 17 2001:db8:aa:10::11 laptop 00:01:00:01:32:93:49:85:02:00:00:a1:b2:99\n";
    files.write("/one", &[&leases("2=laptop"), v6].concat());
    let mut devices = files.devices();
    devices.refresh(&lan(), HOUR);
    assert_eq!(name(&mut devices, 2), "laptop");
    assert_eq!(
        name_at(&mut devices, "2001:db8:aa:10::11").as_deref(),
        Some("laptop-a1b299"),
        "for all that is known"
    );
    files.write("/ip-neigh", "2001:db8:aa:10::11 dev br-lan lladdr 02:00:00:a1:b2:02 REACHABLE\n");
    devices.refresh(&lan(), 2 * HOUR);
    assert_eq!(name_at(&mut devices, "2001:db8:aa:10::11").as_deref(), Some("laptop"));
    assert_eq!(devices.roster(&lan()).len(), 1);
}

#[test]
fn the_owners_name_for_an_address_goes_before_what_it_is_made_of() {
    let files = Files::new("made-of");
    files.write(
        "/registry",
        "|2001:db8:aa:10:2a6f:b9ff:fe00:1|Printer|iot\n28:6f:b9:00:00:02=Phone\n|fd00:9::ff:fe00:3|Peer|\n",
    );
    files.write("/etc/config/gl-client", "config c\n option mac 28:6f:b9:00:00:02\n option class phone\n");
    let mut devices = files.devices();
    devices.refresh(&lan(), HOUR);
    let printer = label_at(&mut devices, "2001:db8:aa:10:2a6f:b9ff:fe00:1").unwrap();
    assert_eq!((printer.name.as_str(), printer.device_type), ("Printer", Some(DeviceType::Iot)));
    let phone = label_at(&mut devices, "2001:db8:aa:10:2a6f:b9ff:fe00:2").unwrap();
    assert_eq!((phone.name.as_str(), phone.device_type), ("Phone", Some(DeviceType::Mobile)));
    let peer = identify(&mut devices, "fd00:9::ff:fe00:3", false).unwrap();
    assert_eq!(devices.label(&peer).unwrap().name.as_str(), "Peer");
    let bare = "fd00:9::ff:fe00:2".parse().unwrap();
    assert_eq!(
        identify(&mut devices, "fd00:9::ff:fe00:2", false),
        Some(Identity::Address(bare)),
        "no MACs there"
    );
}

#[test]
fn an_entry_with_a_mac_does_not_mean_whoever_sits_at_its_address() {
    let files = Files::new("meant");
    files.write("/one", &leases("2=phone 3=tv"));
    files.write("/registry", "02:00:00:a1:b2:03|192.168.8.2|Television|streaming\n");
    let mut devices = files.devices();
    devices.refresh(&lan(), HOUR);
    assert_eq!([name(&mut devices, 2), name(&mut devices, 3)], ["phone", "Television"]);
}

#[test]
fn an_overruled_name_lends_no_mac() {
    let files = Files::new("overruled");
    files.write("/one", &leases("2=* 3=*"));
    files.write("/registry", "02:00:00:a1:b2:02=Laptop\n02:00:00:a1:b2:03=pc\n");
    files.write("/etc/config/dhcp", "config host\n option name pc\n option mac 02:00:00:a1:b2:02\n");
    let mut devices = files.devices();
    devices.refresh(&lan(), HOUR);
    let pc = label_at(&mut devices, "192.168.8.3").unwrap();
    assert_eq!((pc.name.as_str(), pc.mac.unwrap().to_string()), ("pc", "02:00:00:a1:b2:03".to_owned()));
}

#[test]
fn live_neighbours_that_change_places_are_news() {
    let files = Files::new("places");
    let neighbour =
        |last: u8, mac: u8| format!("192.168.8.{last} dev br-lan lladdr 02:00:00:00:00:{mac:02x} STALE\n");
    files.write("/one", &leases("10=leased"));
    let mut devices = files.devices();
    let mut after = |text: String, minutes: u32| {
        files.write("/ip-neigh", &text);
        devices.refresh(&lan(), HOUR + Duration::from_mins(5) * minutes);
        name(&mut devices, 10)
    };
    assert_eq!(after(neighbour(10, 0xbb), 0), "02:00:00:00:00:bb");
    assert_eq!(after(neighbour(77, 0xcc), 1), "leased");
    assert_eq!(after(neighbour(10, 0xbb), 2), "02:00:00:00:00:bb");
}

#[test]
fn a_pipe_is_no_file_of_vendors() {
    let files = Files::new("pipe");
    files.write("/one", "1 24:0a:c4:00:00:01 192.168.8.2 * *\n");
    let made = std::process::Command::new("mkfifo").arg(Root::replay(&files.0).path("/oui")).status();
    assert!(made.unwrap().success());
    let mut devices = files.devices();
    devices.refresh(&lan(), HOUR);
    assert_eq!(name(&mut devices, 2), "24:0a:c4:00:00:01");
}

#[test]
fn a_vendor_that_is_asked_first_goes_before_leases() {
    let files = Files::new("vendor-first");
    files.write("/one", "1 24:0a:c4:00:00:01 192.168.8.2 plug *\n");
    files.write("/oui", "240AC4 Espressif\n");
    let mut devices = files.devices();
    devices.reconfigure(Settings {
        names: vec![NameSource::Vendor, NameSource::Lease],
        ..devices.settings.clone()
    });
    devices.refresh(&lan(), HOUR);
    assert_eq!(name(&mut devices, 2), "Espressif-000001");
}

#[test]
fn no_suffix_makes_a_reserved_word_of_a_claim() {
    let mut devices = devices();
    devices.reconfigure(Settings { router: Name::clean(b"box-a1b202"), ..settings() });
    learn(&mut devices, &leases("2=box 3=box"));
    assert_eq!([name(&mut devices, 2), name(&mut devices, 3)], ["02:00:00:a1:b2:02", "box-a1b203"]);
}

#[test]
fn no_claim_ends_up_as_the_mac_of_another() {
    assert_eq!(names(&["2=aabbcc 3=AA:BB:CC"], &[2]), ["aabbcc"], "of what was given it is none");
    assert_eq!(names(&["2=aabbcc 3=aabbcc"], &[2, 3]), ["02:00:00:a1:b2:02", "02:00:00:a1:b2:03"]);
    let mut devices = devices();
    let text = "1 02:00:00:a1:b2:02 192.168.8.2 * *\n1 1 2001:db8::1 router 02:00:00:a1:b2:02\n\
        1 2 2001:db8::2 router 02:ff:00:a1:b2:02\n";
    learn(&mut devices, text);
    assert_eq!(name(&mut devices, 2), "02:00:00:a1:b2:02");
    let mut claimed = [1, 2].map(|last| name_at(&mut devices, &format!("2001:db8::{last}")));
    claimed.sort();
    assert_eq!(claimed, [None, Some("router-a1b202".into())]);
}

#[test]
fn duids_that_look_alike_are_told_apart() {
    let mut devices = devices();
    let lease = |last: u8, name: &str, duid: &str| format!("1 {last} 2001:db8::{last} {name} {duid}\n");
    let [a, b] = ["00:02:00:00:ab:11:11:22:33", "00:02:00:00:ab:22:11:22:33"];
    let text = [lease(1, "x", a), lease(2, "x", b), lease(3, b, "00:02:00:00:ab:33:44:55:66")];
    learn(&mut devices, &text.concat());
    let names = [1, 2, 3].map(|last| name_at(&mut devices, &format!("2001:db8::{last}")).unwrap());
    assert_eq!(names, ["x-112233", b, &format!("{b}-445566")]);
}

#[test]
fn the_routers_own_address_is_no_neighbour() {
    let files = Files::new("own");
    files.write("/ip-neigh", "192.168.8.1 dev br-lan lladdr 02:00:00:00:00:01 STALE\n");
    let mut devices = files.devices();
    devices.refresh(&lan(), HOUR);
    assert!(devices.known.is_empty());
}

#[test]
fn one_device_with_several_addresses_is_one_device() {
    let mut devices = devices();
    let text = "1 02:00:00:a1:b2:02 192.168.8.7 laptop *\nduid 00:01:00:01:32:93:49:58:de:a6:63:a8:1c:13\n\
        1 17 2001:db8::9 * 00:03:00:01:02:00:00:a1:b2:02\n1 18 2001:db8::4 * 00:03:00:01:02:00:00:a1:b2:02\n\
        1 02:00:00:a1:b2:02 192.168.8.2 laptop *\n";
    learn(&mut devices, text);
    let who = identify(&mut devices, "2001:db8::9", true).unwrap();
    assert_eq!(Some(&who), identify(&mut devices, "192.168.8.7", true).as_ref());
    let label = devices.label(&who).unwrap();
    assert_eq!((label.name.as_str(), label.ip), ("laptop", Some("192.168.8.2".parse().unwrap())));
    assert_eq!(label.mac.unwrap().to_string(), "02:00:00:a1:b2:02");
    learn(&mut devices, "1 02:00:00:a1:b2:02 192.168.8.7 laptop *\n");
    assert_eq!(devices.label(&who).unwrap().ip, Some("192.168.8.7".parse().unwrap()), "of the newest lines");
}

#[test]
fn a_duid_alone_is_a_device_only_by_a_name() {
    let mut devices = devices();
    learn(
        &mut devices,
        "1 18 2001:db8::3 printer 00:02:00:00:ab:11:22\n1 19 2001:db8::4 * 00:02:00:00:ab:11:33\n",
    );
    let label = label_at(&mut devices, "2001:db8::3").unwrap();
    assert_eq!(
        (label.name.as_str(), label.ip, label.mac),
        ("printer", Some("2001:db8::3".parse().unwrap()), None)
    );
    assert_eq!(identify(&mut devices, "2001:db8::4", true), None);
}

#[test]
fn a_neighbour_that_overrules_a_newer_lease_is_news() {
    let files = Files::new("overruled");
    files.write("/ip-neigh", "192.168.8.2 dev br-lan lladdr 02:00:00:a1:b2:02 REACHABLE\n");
    let mut devices = files.devices();
    devices.refresh(&lan(), HOUR);
    files.write("/one", "1 02:00:00:a1:b2:03 192.168.8.2 tablet *\n");
    devices.refresh(&lan(), HOUR);
    assert_eq!(name(&mut devices, 2), "tablet");
    let generation = devices.generation();
    devices.refresh(&lan(), 2 * HOUR);
    assert_eq!(name(&mut devices, 2), "02:00:00:a1:b2:02");
    assert_ne!(devices.generation(), generation, "whoever remembers whose the address was must hear of it");
}

#[test]
fn a_newer_claim_for_an_address_wins() {
    let mut devices = devices();
    learn(&mut devices, "1 02:00:00:a1:b2:02 192.168.8.7 old *\n");
    learn(&mut devices, "1 02:00:00:a1:b2:03 192.168.8.7 new *\n");
    assert_eq!(name(&mut devices, 7), "new");
}

#[test]
fn another_name_for_the_router_is_reserved_at_once() {
    let mut devices = devices();
    learn(&mut devices, &leases("2=box 3=gateway"));
    devices.reconfigure(Settings { router: Name::clean(b"box"), ..settings() });
    learn(&mut devices, &leases("2=box 3=gateway"));
    assert_eq!([name(&mut devices, 2), name(&mut devices, 3)], ["box-a1b202", "gateway-a1b203"]);
}

#[test]
fn a_hundred_thousand_leases_are_bounded_and_the_oldest_go_first() {
    let mut devices = devices();
    let line = |n: u32| {
        let [_, a, b, c] = n.to_be_bytes();
        format!("1 02:00:00:{a:02x}:{b:02x}:{c:02x} 10.{a}.{b}.{c} host{n} *\n")
    };
    let text = (0..100_000).map(line).collect::<Vec<_>>().concat();
    learn(&mut devices, &text);
    assert_eq!((devices.known.len(), devices.pairs.leases()), (KNOWN_AT_MOST, KNOWN_AT_MOST));
    assert!(devices.pairs.told("10.1.134.159".parse().unwrap()).is_some(), "the last line");
    assert!(devices.pairs.told("10.0.0.0".parse().unwrap()).is_none(), "the first line");
}

/// A router's files in a directory of its own.
struct Files(PathBuf);

impl Files {
    fn new(test: &str) -> Self {
        Self(std::env::temp_dir().join(format!("conntrack-exporter-devices-{}-{test}", std::process::id())))
    }

    fn write(&self, path: &str, text: &str) {
        let path = Root::replay(&self.0).path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn remove(&self, path: &str) {
        fs::remove_file(Root::replay(&self.0).path(path)).unwrap();
    }

    fn devices(&self) -> Devices {
        let path = |path: &str| Path::new(path).to_path_buf();
        Devices::new(
            &Root::replay(&self.0),
            Settings {
                leases: vec![path("/one"), path("/two"), path("/absent")],
                odhcpd: vec![path("/odhcpd")],
                registry: path("/registry"),
                vendors: vec![path("/absent"), path("/oui")],
                ..settings()
            },
        )
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn several_files_and_one_that_is_being_rewritten() {
    let files = Files::new("several");
    let mut devices = files.devices();
    files.write("/one", &leases("2=first"));
    files.write("/two", &leases("2=second 3=tv"));
    devices.refresh(&lan(), HOUR);
    assert_eq!([name(&mut devices, 2), name(&mut devices, 3)], ["first", "tv"]);
    files.write("/two", leases("2=second 3=cut").trim_end());
    devices.refresh(&lan(), HOUR);
    assert_eq!(name(&mut devices, 3), "tv");
    files.write("/two", &leases("2=second 3=whole"));
    devices.refresh(&lan(), HOUR);
    assert_eq!([name(&mut devices, 2), name(&mut devices, 3)], ["first", "whole"]);
    files.remove("/two");
    devices.refresh(&lan(), HOUR);
    assert_eq!(name(&mut devices, 3), "whole");
}

#[test]
fn sources_go_before_each_other_in_order() {
    let files = Files::new("order");
    let mac = "02:00:00:a1:b2:02";
    files.write("/one", &leases("2=leased"));
    files.write("/odhcpd", "# br-lan 020000a1b202 ipv4 served 1795241374 c0a80802 32 192.168.8.2/32\n");
    files.write("/etc/ethers", &format!("{mac} ethers\n"));
    files.write("/etc/hosts", "192.168.8.2 hosts\n");
    files.write("/etc/config/dhcp", &format!("config host\n option name fixed\n option mac {mac}\n"));
    files.write(
        "/etc/config/gl-client",
        &format!("config client\n option mac {mac}\n option alias aliased\n"),
    );
    files.write("/registry", &format!("{mac}=Registered"));
    let mut devices = files.devices();
    devices.refresh(&lan(), HOUR);
    let mut expected = ["Registered", "aliased", "fixed", "ethers", "leased", "served", mac].into_iter();
    assert_eq!(name(&mut devices, 2), expected.next().unwrap());
    for left_out in 1..=6 {
        let names = NameSource::ALL[left_out..].to_vec();
        devices.reconfigure(Settings { names, ..devices.settings.clone() });
        devices.refresh(&lan(), HOUR);
        assert_eq!(name(&mut devices, 2), expected.next().unwrap(), "without {left_out}");
    }
    devices.reconfigure(Settings {
        names: vec![NameSource::Odhcpd, NameSource::Registry],
        ..devices.settings.clone()
    });
    devices.refresh(&lan(), HOUR);
    assert_eq!(name(&mut devices, 2), "served");
}

#[test]
fn what_the_owner_takes_back_is_gone() {
    let files = Files::new("taken-back");
    files.write("/one", &leases("2=phone 3=tablet"));
    files.write("/registry", "02:00:00:a1:b2:02=Anna\n02-00-00-A1-B2-03=Anna");
    let mut devices = files.devices();
    devices.refresh(&lan(), HOUR);
    assert_eq!([name(&mut devices, 2), name(&mut devices, 3)], ["Anna", "Anna"]);
    files.write("/registry", "02:00:00:a1:b2:02=Anna Maria");
    devices.refresh(&lan(), HOUR);
    assert_eq!([name(&mut devices, 2), name(&mut devices, 3)], ["Anna Maria", "tablet"]);
    files.remove("/registry");
    devices.refresh(&lan(), HOUR);
    assert_eq!([name(&mut devices, 2), name(&mut devices, 3)], ["phone", "tablet"]);
}

#[test]
fn several_macs_of_one_owners_name_are_one_device_and_of_one_claim_are_not() {
    let files = Files::new("shared");
    files.write("/one", &leases("2=* 3=* 4=laptop 5=LAPTOP 6=*"));
    files.write("/registry", "02:00:00:a1:b2:03=Laptop\n02:00:00:a1:b2:02||LAPTOP|workstation\n");
    files.write("/etc/config/gl-client", "config c\n option mac 02:00:00:a1:b2:06\n option class camera\n");
    let mut devices = files.devices();
    devices.refresh(&lan(), HOUR);
    let label = label_at(&mut devices, "192.168.8.2").unwrap();
    assert_eq!(label_at(&mut devices, "192.168.8.3").as_ref(), Some(&label), "shown alike");
    assert_eq!(label.name.as_str(), "Laptop", "spelled as first");
    assert_eq!(label.mac.unwrap().to_string(), "02:00:00:a1:b2:02", "the lowest");
    assert_eq!(label.ip, Some("192.168.8.2".parse().unwrap()));
    assert_eq!(label.device_type, Some(DeviceType::Workstation));
    assert_eq!([name(&mut devices, 4), name(&mut devices, 5)], ["laptop-a1b204", "LAPTOP-a1b205"]);
    let camera = label_at(&mut devices, "192.168.8.6").unwrap();
    assert_eq!((camera.name.as_str(), camera.device_type), ("02:00:00:a1:b2:06", Some(DeviceType::Iot)));
}

#[test]
fn reserved_words_are_not_the_owners_either() {
    let files = Files::new("reserved");
    files.write("/one", &leases("2=*"));
    files.write("/registry", "02:00:00:a1:b2:02=Router\n|10.0.0.2|other|\n|10.0.0.3|Peer|mobile\n");
    let mut devices = files.devices();
    devices.refresh(&lan(), HOUR);
    assert_eq!(name(&mut devices, 2), "Router-a1b202");
    let mut at = |address: &str| {
        let who = identify(&mut devices, address, false).unwrap();
        devices.label(&who).unwrap()
    };
    assert_eq!(at("10.0.0.2").name.as_str(), "other-000002");
    let peer = at("10.0.0.3");
    assert_eq!((peer.name.as_str(), peer.device_type), ("Peer", Some(DeviceType::Mobile)));
    assert_eq!(at("10.0.0.4").name.as_str(), "10.0.0.4");
}

#[test]
fn neighbours_tie_addresses_that_no_lease_tells() {
    let files = Files::new("neighbours");
    files.write("/one", &leases("2=laptop"));
    files.write(
        "/ip-neigh",
        "2001:db8:aa:10:9c1d::5 dev br-lan lladdr 02:00:00:a1:b2:02 STALE\n\
        fe80::77 dev br-lan lladdr 02:00:00:a1:b2:02 REACHABLE\n\
        2001:db8:ff::9 dev br-lan lladdr 02:00:00:a1:b2:02 REACHABLE\n\
        192.168.8.9 dev br-lan FAILED\n\
        203.0.113.1 dev eth0 lladdr 02:00:00:a1:b2:99 REACHABLE\n",
    );
    let mut devices = files.devices();
    devices.refresh(&lan(), HOUR);
    let place = |devices: &mut Devices, address: &str| devices.place(&lan(), address.parse().unwrap(), HOUR);
    for address in ["2001:db8:aa:10:9c1d::5", "fe80::77", "2001:db8:ff::9"] {
        assert_eq!(place(&mut devices, address), Place::Lan { link_layer: true }, "{address}");
        assert_eq!(name_at(&mut devices, address).as_deref(), Some("laptop"), "{address}");
    }
    assert_eq!(place(&mut devices, "203.0.113.1"), Place::Outside, "not on the LAN");
    assert_eq!(place(&mut devices, "fe80::78"), Place::Outside);
    assert_eq!(identify(&mut devices, "2001:db8:aa:10::77", true), None);
    assert_eq!(name(&mut devices, 9), "192.168.8.9");
}

#[test]
fn neighbours_are_asked_about_a_new_address_once() {
    let files = Files::new("asked");
    let neighbour =
        |last: u8| format!("2001:db8:aa:10::{last} dev br-lan lladdr 02:00:00:a1:b2:{last:02} STALE\n");
    let mut devices = files.devices();
    devices.refresh(&lan(), HOUR);
    files.write("/ip-neigh", &neighbour(3));
    assert_eq!(name_at(&mut devices, "2001:db8:aa:10::3"), None, "one answer holds for a tick");
    devices.refresh(&lan(), HOUR);
    assert_eq!(name_at(&mut devices, "2001:db8:aa:10::3").as_deref(), Some("02:00:00:a1:b2:03"));
    devices.refresh(&lan(), HOUR);
    assert_eq!(name_at(&mut devices, "2001:db8:aa:10::4"), None);
    files.write("/ip-neigh", &[neighbour(3), neighbour(4)].concat());
    devices.refresh(&lan(), HOUR + Duration::from_secs(30));
    assert_eq!(name_at(&mut devices, "2001:db8:aa:10::4"), None, "asked before");
    devices.refresh(&lan(), HOUR + Duration::from_mins(5));
    assert!(name_at(&mut devices, "2001:db8:aa:10::4").is_some(), "asked every five minutes");
}

#[test]
fn a_learned_pair_outlives_its_neighbour_by_a_day() {
    let files = Files::new("remember");
    files.write("/ip-neigh", "2001:db8:aa:10::5 dev br-lan lladdr 02:00:00:a1:b2:02 STALE\n");
    let mut devices = files.devices();
    devices.refresh(&lan(), HOUR);
    files.write("/ip-neigh", "");
    devices.refresh(&lan(), 24 * HOUR);
    assert!(name_at(&mut devices, "2001:db8:aa:10::5").is_some());
    devices.refresh(&lan(), 26 * HOUR);
    assert_eq!(name_at(&mut devices, "2001:db8:aa:10::5"), None);
}

#[test]
fn a_live_neighbour_goes_before_a_lease_that_has_not_changed_since() {
    let files = Files::new("outranked");
    files.write("/one", &leases("2=old"));
    files.write("/ip-neigh", "192.168.8.2 dev br-lan lladdr 02:00:00:a1:b2:07 REACHABLE\n");
    let mut devices = files.devices();
    devices.refresh(&lan(), HOUR);
    assert_eq!(name(&mut devices, 2), "02:00:00:a1:b2:07");
    files.write("/one", "1 02:00:00:a1:b2:08 192.168.8.2 new *\n");
    devices.refresh(&lan(), HOUR);
    assert_eq!(name(&mut devices, 2), "new", "it changed after the neighbours answered");
}

#[test]
fn an_address_made_of_a_mac_tells_it() {
    let mut devices = devices();
    learn(&mut devices, &leases("2=laptop"));
    assert_eq!(name_at(&mut devices, "2001:db8:aa:10:0:ff:fea1:b202").as_deref(), Some("laptop"));
    let stranger = label_at(&mut devices, "2001:db8:aa:10:0:ff:fea1:b2ff").unwrap();
    assert_eq!(stranger.name.as_str(), "02:00:00:a1:b2:ff");
    assert!(devices.known.len() == 1, "strangers are nobody's to remember");
}

#[test]
fn vendors_name_what_nobody_else_does() {
    let files = Files::new("vendors");
    files.write("/oui", "286FB9 Nokia Shanghai Bell Co., Ltd.\n240AC4 Espressif\n");
    let lease = |mac: &str, last: u8, name: &str| format!("1 {mac} 192.168.8.{last} {name} *\n");
    let text = [
        lease("24:0a:c4:00:00:01", 2, "*"),
        lease("24:0a:c4:00:00:02", 3, "plug"),
        lease("26:0a:c4:00:00:03", 4, "*"),
        lease("28:6f:b9:a1:b2:c3", 5, "*"),
        lease("02:00:00:a1:b2:c3", 6, "tv"),
    ];
    files.write("/one", &text.concat());
    let mut devices = files.devices();
    devices.refresh(&lan(), HOUR);
    let names = [2, 3, 4, 5].map(|last| name(&mut devices, last));
    assert_eq!(names, ["Espressif-000001", "plug", "26:0a:c4:00:00:03", "Nokia-a1b2c3"]);
}

#[test]
fn a_hundred_thousand_neighbours_are_bounded_and_spare_the_leases() {
    let files = Files::new("flood");
    files.write("/one", &leases("2=laptop"));
    let line = |n: u32| {
        let [_, a, b, c] = n.to_be_bytes();
        format!("10.{a}.{b}.{c} dev br-lan lladdr 06:00:00:{a:02x}:{b:02x}:{c:02x} STALE\n")
    };
    files.write("/ip-neigh", &(0..100_000).map(line).collect::<Vec<_>>().concat());
    let mut devices = files.devices();
    devices.refresh(&lan(), HOUR);
    assert!(devices.known.len() <= KNOWN_AT_MOST);
    assert!(devices.pairs.addresses().count() <= 3 * KNOWN_AT_MOST);
    assert_eq!(name(&mut devices, 2), "laptop");
}

proptest! {
    #[test]
    fn final_names_are_unique_and_never_reserved(
        readings in prop::collection::vec(
            prop::collection::vec((0..8u8, prop::sample::select(vec![
                "phone", "Phone", "phone-a1b203", "phone-a1b203-a1b204", "router", "other", "gateway", "192.168.8.3",
                "02:00:00:a1:b2:03", "tv", "*",
            ])), 0..8),
            1..6,
        )
    ) {
        let mut devices = devices();
        for reading in readings {
            let lines: Vec<String> = reading.iter().map(|(last, name)| format!("{last}={name}")).collect();
            if !lines.is_empty() {
                learn(&mut devices, &leases(&lines.join(" ")));
            }
            let names: Vec<_> = devices.known.values().filter_map(|device| device.name.clone()).collect();
            let folded: HashSet<_> = names.iter().map(Name::folded).collect();
            prop_assert_eq!(folded.len(), names.len(), "{:?}", names);
            for reserved in ["router", "other", "gateway"] {
                prop_assert!(!folded.contains(reserved));
            }
        }
    }
}
