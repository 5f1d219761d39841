//! Who is at an address, by the neighbours.

use super::*;

#[test]
fn a_duid_is_tied_to_the_mac_that_the_neighbours_show() {
    let files = Files::new("duid");
    let v6 = |name: &str| {
        format!("1 17 2001:db8:aa:10::11 {name} 00:04:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff:00\n")
    };
    files.write("/one", &[lease_lines("2=laptop"), v6("laptop")].concat());
    files.write("/ip-neigh", "2001:db8:aa:10::11 dev br-lan lladdr 02:00:00:a1:b2:02 REACHABLE\n");
    let mut devices = files.devices();
    devices.refresh(&lan(), HOUR);
    assert_eq!(name_at(&devices, "2001:db8:aa:10::11").as_deref(), Some("laptop"));
    assert_eq!(devices.listing(&lan()).len(), 1, "one device");
    files.write("/ip-neigh", "");
    files.write("/one", &[lease_lines("2=laptop"), v6("*")].concat());
    devices.refresh(&lan(), 2 * HOUR);
    assert_eq!(
        name_at(&devices, "2001:db8:aa:10::11").as_deref(),
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
        let name = name_at(&devices, &format!("2001:db8:aa:10::{duid:x}:1"));
        assert_eq!(name, Some(format!("name{duid}")), "the lower MAC's");
    }
}

#[test]
fn a_duid_of_another_interface_contests_no_name() {
    let files = Files::new("other-interface");
    let v6 = "1 17 2001:db8:aa:10::11 laptop 00:01:00:01:32:93:49:85:02:00:00:a1:b2:99\n";
    files.write("/one", &[&lease_lines("2=laptop"), v6].concat());
    let mut devices = files.devices();
    devices.refresh(&lan(), HOUR);
    assert_eq!(name(&devices, 2), "laptop");
    assert_eq!(
        name_at(&devices, "2001:db8:aa:10::11").as_deref(),
        Some("laptop-a1b299"),
        "for all that is known"
    );
    files.write("/ip-neigh", "2001:db8:aa:10::11 dev br-lan lladdr 02:00:00:a1:b2:02 REACHABLE\n");
    devices.refresh(&lan(), 2 * HOUR);
    assert_eq!(name_at(&devices, "2001:db8:aa:10::11").as_deref(), Some("laptop"));
    assert_eq!(devices.listing(&lan()).len(), 1);
}

#[test]
fn live_neighbours_that_change_places_are_news() {
    let files = Files::new("places");
    let neighbour =
        |last: u8, mac: u8| format!("192.168.8.{last} dev br-lan lladdr 02:00:00:00:00:{mac:02x} STALE\n");
    files.write("/one", &lease_lines("10=leased"));
    let mut devices = files.devices();
    let mut after = |text: String, minutes: u32| {
        files.write("/ip-neigh", &text);
        devices.refresh(&lan(), HOUR + Duration::from_mins(5) * minutes);
        name(&devices, 10)
    };
    assert_eq!(after(neighbour(10, 0xbb), 0), "02:00:00:00:00:bb");
    assert_eq!(after(neighbour(77, 0xcc), 1), "leased");
    assert_eq!(after(neighbour(10, 0xbb), 2), "02:00:00:00:00:bb");
}

#[test]
fn the_routers_own_address_is_no_neighbour() {
    let files = Files::new("own");
    files.write("/ip-neigh", "192.168.8.1 dev br-lan lladdr 02:00:00:00:00:01 STALE\n");
    let mut devices = files.devices();
    devices.refresh(&lan(), HOUR);
    assert!(devices.inventory.len() == 0);
}

#[test]
fn a_neighbour_that_overrules_a_newer_lease_is_news() {
    let files = Files::new("overruled");
    files.write("/ip-neigh", "192.168.8.2 dev br-lan lladdr 02:00:00:a1:b2:02 REACHABLE\n");
    let mut devices = files.devices();
    devices.refresh(&lan(), HOUR);
    files.write("/one", "1 02:00:00:a1:b2:03 192.168.8.2 tablet *\n");
    devices.refresh(&lan(), HOUR);
    assert_eq!(name(&devices, 2), "tablet");
    let generation = devices.generation();
    devices.refresh(&lan(), 2 * HOUR);
    assert_eq!(name(&devices, 2), "02:00:00:a1:b2:02");
    assert_ne!(devices.generation(), generation, "whoever remembers whose the address was must hear of it");
}

#[test]
fn neighbours_tie_addresses_that_no_lease_tells() {
    let files = Files::new("neighbours");
    files.write("/one", &lease_lines("2=laptop"));
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
    let place = |devices: &Devices, address: &str| devices.place(&lan(), address.parse().unwrap());
    for address in ["2001:db8:aa:10:9c1d::5", "fe80::77", "2001:db8:ff::9"] {
        assert_eq!(place(&devices, address), Place::Lan { link_layer: true }, "{address}");
        assert_eq!(name_at(&devices, address).as_deref(), Some("laptop"), "{address}");
    }
    assert_eq!(place(&devices, "203.0.113.1"), Place::Outside, "not on the LAN");
    assert_eq!(place(&devices, "fe80::78"), Place::Outside);
    assert_eq!(identify(&devices, "2001:db8:aa:10::77", true), None);
    assert_eq!(name(&devices, 9), "192.168.8.9");
}

#[test]
fn neighbours_are_asked_about_an_unknown_address_before_the_next_pass() {
    let files = Files::new("asked");
    let neighbour =
        |last: u8| format!("2001:db8:aa:10::{last} dev br-lan lladdr 02:00:00:a1:b2:{last:02} STALE\n");
    let mut devices = files.devices();
    devices.refresh(&lan(), HOUR);
    files.write("/ip-neigh", &neighbour(3));
    assert_eq!(name_after_a_pass(&mut devices, "2001:db8:aa:10::3"), None, "nobody is asked in its midst");
    devices.refresh(&lan(), HOUR + Duration::from_secs(1));
    assert_eq!(name_at(&devices, "2001:db8:aa:10::3").as_deref(), Some("02:00:00:a1:b2:03"));
    assert_eq!(name_after_a_pass(&mut devices, "2001:db8:aa:10::4"), None);
    devices.refresh(&lan(), HOUR + Duration::from_secs(2));
    files.write("/ip-neigh", &[neighbour(3), neighbour(4)].concat());
    assert_eq!(name_after_a_pass(&mut devices, "2001:db8:aa:10::4"), None);
    devices.refresh(&lan(), HOUR + Duration::from_secs(31));
    assert_eq!(name_after_a_pass(&mut devices, "2001:db8:aa:10::4"), None, "asked within a minute");
    devices.refresh(&lan(), HOUR + Duration::from_secs(62));
    assert!(name_at(&devices, "2001:db8:aa:10::4").is_some(), "asked once a minute");
    files.write("/ip-neigh", &[neighbour(3), neighbour(4), neighbour(5)].concat());
    devices.refresh(&lan(), HOUR + Duration::from_mins(5));
    assert_eq!(name_at(&devices, "2001:db8:aa:10::5"), None);
    devices.refresh(&lan(), HOUR + Duration::from_mins(7));
    assert!(name_at(&devices, "2001:db8:aa:10::5").is_some(), "asked every five minutes without a cause");
}

/// What whoever is at `address` is called in a pass that meets it.
fn name_after_a_pass(devices: &mut Devices, address: &str) -> Option<String> {
    let met = address.parse().unwrap();
    if devices.worth_asking(devices.place(&lan(), met), met) {
        devices.note_unknown(met);
    }
    name_at(devices, address)
}

#[test]
fn it_is_worth_asking_about_whom_the_neighbours_alone_can_tell() {
    let files = Files::new("worth");
    files.write("/one", &lease_lines("2=laptop"));
    files.write("/ip-neigh", "fe80::77 dev br-lan lladdr 02:00:00:a1:b2:02 REACHABLE\n");
    let mut devices = files.devices();
    devices.refresh(&lan(), HOUR);
    for (address, expected) in [
        ("192.168.8.2", false),
        ("192.168.8.3", true),
        ("2001:db8:aa:10::77", true),
        ("fe80::77", false),
        ("fe80::78", true),
        ("169.254.0.9", true),
        ("10.0.0.7", false),
        ("198.51.100.7", false),
        ("192.168.8.1", false),
        ("127.0.0.1", false),
    ] {
        let met = address.parse().unwrap();
        assert_eq!(devices.worth_asking(devices.place(&lan(), met), met), expected, "{address}");
    }
}

#[test]
fn a_learned_pair_outlives_its_neighbour_by_a_day() {
    let files = Files::new("remember");
    files.write("/ip-neigh", "2001:db8:aa:10::5 dev br-lan lladdr 02:00:00:a1:b2:02 STALE\n");
    let mut devices = files.devices();
    devices.refresh(&lan(), HOUR);
    files.write("/ip-neigh", "");
    devices.refresh(&lan(), 24 * HOUR);
    assert!(name_at(&devices, "2001:db8:aa:10::5").is_some());
    devices.refresh(&lan(), 26 * HOUR);
    assert_eq!(name_at(&devices, "2001:db8:aa:10::5"), None);
}

#[test]
fn a_live_neighbour_goes_before_a_lease_that_has_not_changed_since() {
    let files = Files::new("outranked");
    files.write("/one", &lease_lines("2=old"));
    files.write("/ip-neigh", "192.168.8.2 dev br-lan lladdr 02:00:00:a1:b2:07 REACHABLE\n");
    let mut devices = files.devices();
    devices.refresh(&lan(), HOUR);
    assert_eq!(name(&devices, 2), "02:00:00:a1:b2:07");
    files.write("/one", "1 02:00:00:a1:b2:08 192.168.8.2 new *\n");
    devices.refresh(&lan(), HOUR);
    assert_eq!(name(&devices, 2), "new", "it changed after the neighbours answered");
}

#[test]
fn a_hundred_thousand_neighbours_are_bounded_and_spare_the_leases() {
    let files = Files::new("flood");
    files.write("/one", &lease_lines("2=laptop"));
    let line = |n: u32| {
        let [_, a, b, c] = n.to_be_bytes();
        format!("10.{a}.{b}.{c} dev br-lan lladdr 06:00:00:{a:02x}:{b:02x}:{c:02x} STALE\n")
    };
    files.write("/ip-neigh", &(0..100_000).map(line).collect::<Vec<_>>().concat());
    let mut devices = files.devices();
    devices.refresh(&lan(), HOUR);
    assert!(devices.inventory.len() <= KNOWN_AT_MOST);
    assert!(devices.bindings.addresses() <= 3 * KNOWN_AT_MOST);
    assert_eq!(name(&devices, 2), "laptop");
}
