//! Who is at an address, by leases and by the address itself.

use super::*;
use crate::devices::formats::ip_neigh;

#[test]
fn one_device_with_several_addresses_is_one_device() {
    let mut devices = devices();
    let text = "1 02:00:00:a1:b2:02 192.168.8.7 laptop *\nduid 00:01:00:01:32:93:49:58:de:a6:63:a8:1c:13\n\
        1 17 2001:db8::9 * 00:03:00:01:02:00:00:a1:b2:02\n1 18 2001:db8::4 * 00:03:00:01:02:00:00:a1:b2:02\n\
        1 02:00:00:a1:b2:02 192.168.8.2 laptop *\n";
    learn(&mut devices, text);
    let who = identify(&devices, "2001:db8::9", true).unwrap();
    assert_eq!(Some(&who), identify(&devices, "192.168.8.7", true).as_ref());
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
    let label = label_at(&devices, "2001:db8::3").unwrap();
    assert_eq!(
        (label.name.as_str(), label.ip, label.mac),
        ("printer", Some("2001:db8::3".parse().unwrap()), None)
    );
    assert_eq!(identify(&devices, "2001:db8::4", true), None);
}

#[test]
fn a_newer_claim_for_an_address_wins() {
    let mut devices = devices();
    learn(&mut devices, "1 02:00:00:a1:b2:02 192.168.8.7 old *\n");
    learn(&mut devices, "1 02:00:00:a1:b2:03 192.168.8.7 new *\n");
    assert_eq!(name(&devices, 7), "new");
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
    assert_eq!((devices.inventory.len(), devices.bindings.leases()), (KNOWN_AT_MOST, KNOWN_AT_MOST));
    assert!(devices.bindings.device_at("10.1.134.159".parse().unwrap()).is_some(), "the last line");
    assert!(devices.bindings.device_at("10.0.0.0".parse().unwrap()).is_none(), "the first line");
}

#[test]
fn several_files_and_one_that_is_being_rewritten() {
    let files = Files::new("several");
    let mut devices = files.devices();
    files.write("/one", &lease_lines("2=first"));
    files.write("/two", &lease_lines("2=second 3=tv"));
    devices.refresh(&lan(), HOUR);
    assert_eq!([name(&devices, 2), name(&devices, 3)], ["first", "tv"]);
    files.write("/two", lease_lines("2=second 3=cut").trim_end());
    devices.refresh(&lan(), HOUR);
    assert_eq!(name(&devices, 3), "tv");
    files.write("/two", &lease_lines("2=second 3=whole"));
    devices.refresh(&lan(), HOUR);
    assert_eq!([name(&devices, 2), name(&devices, 3)], ["first", "whole"]);
    files.remove("/two");
    devices.refresh(&lan(), HOUR);
    assert_eq!(name(&devices, 3), "whole");
}

#[test]
fn an_address_made_of_a_mac_tells_it() {
    let mut devices = devices();
    learn(&mut devices, &lease_lines("2=laptop"));
    assert_eq!(name_at(&devices, "2001:db8:aa:10:0:ff:fea1:b202").as_deref(), Some("laptop"));
    let stranger = label_at(&devices, "2001:db8:aa:10:0:ff:fea1:b2ff").unwrap();
    assert_eq!(stranger.name.as_str(), "02:00:00:a1:b2:ff");
    assert!(devices.inventory.len() == 1, "strangers are nobody's to remember");
}

#[test]
fn what_is_learned_from_memory_is_what_files_say() {
    let files = Files::new("memory");
    let neighbours = "192.168.8.4 dev br-lan lladdr 02:00:00:a1:b2:04 REACHABLE\n";
    let mut texts = [
        ("/one", lease_lines("2=phone 3=phone 4=*")),
        ("/odhcpd", "# br-lan 020000a1b205 ipv4 tv 1 1 32 192.168.8.5/32\n".to_owned()),
        ("/registry", "02:00:00:a1:b2:02=Anna\n192.168.8.9=NAS\n".to_owned()),
        ("/etc/hosts", "192.168.8.4 printer.lan\n".to_owned()),
    ];
    files.write("/ip-neigh", neighbours);
    let neighbours: Vec<Neighbour> = ip_neigh::parse(neighbours.as_bytes()).map(Result::unwrap).collect();
    let (mut reading, mut learning) = (files.devices(), files.devices());
    for boot in [HOUR, 2 * HOUR] {
        let in_memory = texts.each_ref().map(|(path, text)| (Path::new(*path), text.as_bytes()));
        for (path, text) in &texts {
            files.write(path, text);
        }
        reading.refresh(&lan(), boot);
        learning.learn(&in_memory, &neighbours, &lan(), boot);
        let listed = reading.listing(&lan());
        assert_eq!((listed.len(), learning.listing(&lan())), (5, listed));
        texts[0].1 = lease_lines("2=phone 3=tablet 4=*");
        texts[2].1 = "192.168.8.2=Bert\n192.168.8.9=NAS\n".to_owned();
    }
}
