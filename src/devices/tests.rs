use std::fs;
use std::path::PathBuf;

use proptest::prelude::*;

use super::*;

/// Devices that learn from text instead of files, each text a reading of its own.
fn devices() -> Devices {
    Devices::new(&Root::live(), &[] as &[&str], &router())
}

fn router() -> Name {
    Name::clean(b"gateway").unwrap()
}

fn learn(devices: &mut Devices, leases: &str) {
    devices.last.reading += 1;
    devices.learn(0, leases.as_bytes());
    devices.forget_the_oldest();
    devices.find_leading();
    devices.naming.settle(&mut devices.known, &devices.addresses, devices.last.reading);
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

fn name(devices: &Devices, last: u8) -> String {
    let who = devices.identify(IpAddr::from([192, 168, 8, last]), true).unwrap();
    devices.label(&who).unwrap().name.to_string()
}

/// What the devices of `readings` are called after the last of them.
fn names(readings: &[&str], devices_asked: &[u8]) -> Vec<String> {
    let mut devices = devices();
    for short in readings {
        learn(&mut devices, &leases(short));
    }
    devices_asked.iter().map(|last| name(&devices, *last)).collect()
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
    assert_eq!([name(&devices, 2), name(&devices, 3)], ["phone-a1b202", "06:00:00:a1:b2:02"]);
    learn(&mut devices, "1 02:00:00:a1:b2:02 192.168.8.2 gone *\n");
    assert_eq!([name(&devices, 2), name(&devices, 3)], ["gone", "06:00:00:a1:b2:02"], "it lasts");
}

#[test]
fn one_device_with_several_addresses_is_one_device() {
    let mut devices = devices();
    let text = "1 02:00:00:a1:b2:02 192.168.8.7 laptop *\nduid 00:01:00:01:32:93:49:58:de:a6:63:a8:1c:13\n\
        1 17 2001:db8::9 * 00:03:00:01:02:00:00:a1:b2:02\n1 18 2001:db8::4 * 00:03:00:01:02:00:00:a1:b2:02\n\
        1 02:00:00:a1:b2:02 192.168.8.2 laptop *\n";
    learn(&mut devices, text);
    let who = devices.identify("2001:db8::9".parse().unwrap(), true).unwrap();
    assert_eq!(Some(&who), devices.identify("192.168.8.7".parse().unwrap(), true).as_ref());
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
    let who = devices.identify("2001:db8::3".parse().unwrap(), true).unwrap();
    let label = devices.label(&who).unwrap();
    assert_eq!(
        (label.name.as_str(), label.ip, label.mac),
        ("printer", Some("2001:db8::3".parse().unwrap()), None)
    );
    assert_eq!(devices.identify("2001:db8::4".parse().unwrap(), true), None);
}

#[test]
fn a_newer_claim_for_an_address_wins() {
    let mut devices = devices();
    learn(&mut devices, "1 02:00:00:a1:b2:02 192.168.8.7 old *\n");
    learn(&mut devices, "1 02:00:00:a1:b2:03 192.168.8.7 new *\n");
    assert_eq!(name(&devices, 7), "new");
}

#[test]
fn another_name_for_the_router_is_reserved_at_once() {
    let mut devices = devices();
    learn(&mut devices, &leases("2=box 3=gateway"));
    devices.reconfigure(&Root::live(), &[] as &[&str], &Name::clean(b"box").unwrap());
    assert_eq!([name(&devices, 2), name(&devices, 3)], ["box-a1b202", "gateway-a1b203"]);
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
    assert_eq!((devices.known.len(), devices.addresses.len()), (KNOWN_AT_MOST, KNOWN_AT_MOST));
    assert!(devices.addresses.contains_key(&"10.1.134.159".parse().unwrap()), "the last line");
    assert!(!devices.addresses.contains_key(&"10.0.0.0".parse().unwrap()), "the first line");
}

#[test]
fn several_files_and_one_that_is_being_rewritten() {
    let directory = std::env::temp_dir().join(format!("conntrack-exporter-devices-{}", std::process::id()));
    fs::create_dir_all(&directory).unwrap();
    let files: Vec<PathBuf> = ["one", "two", "absent"].map(|name| directory.join(name)).to_vec();
    let mut devices = Devices::new(&Root::live(), &files, &router());
    fs::write(&files[0], leases("2=first")).unwrap();
    fs::write(&files[1], leases("2=second 3=tv")).unwrap();
    devices.refresh();
    assert_eq!([name(&devices, 2), name(&devices, 3)], ["first", "tv"]);
    fs::write(&files[1], leases("2=second 3=cut").trim_end()).unwrap();
    devices.refresh();
    assert_eq!(name(&devices, 3), "tv");
    fs::write(&files[1], leases("2=second 3=whole")).unwrap();
    devices.refresh();
    assert_eq!([name(&devices, 2), name(&devices, 3)], ["first", "whole"]);
    fs::remove_dir_all(&directory).unwrap();
    devices.refresh();
    assert_eq!(name(&devices, 3), "whole");
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
