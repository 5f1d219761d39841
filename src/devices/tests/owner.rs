//! What the owner's own files say.

use super::*;
use crate::devices::device_type::DeviceType;

#[test]
fn a_reload_makes_nobody_clash_whom_the_owner_keeps_apart() {
    let files = Files::new("reload");
    files.write("/one", &lease_lines("2=phone 3=*"));
    files.write("/registry", "02:00:00:a1:b2:02=Anna");
    let mut devices = files.devices();
    devices.refresh(&lan(), HOUR);
    files.write("/one", &lease_lines("2=phone 3=phone"));
    devices.refresh(&lan(), HOUR);
    devices.reconfigure(Settings { remember: HOUR, ..devices.settings.clone() });
    devices.refresh(&lan(), HOUR);
    assert_eq!([name(&devices, 2), name(&devices, 3)], ["Anna", "phone"]);
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
    let printer = label_at(&devices, "2001:db8:aa:10:2a6f:b9ff:fe00:1").unwrap();
    assert_eq!((printer.name.as_str(), printer.device_type), ("Printer", Some(DeviceType::Iot)));
    let phone = label_at(&devices, "2001:db8:aa:10:2a6f:b9ff:fe00:2").unwrap();
    assert_eq!((phone.name.as_str(), phone.device_type), ("Phone", Some(DeviceType::Mobile)));
    let peer = identify(&devices, "fd00:9::ff:fe00:3", false).unwrap();
    assert_eq!(devices.label(&peer).unwrap().name.as_str(), "Peer");
    let bare = "fd00:9::ff:fe00:2".parse().unwrap();
    assert_eq!(
        identify(&devices, "fd00:9::ff:fe00:2", false),
        Some(Identity::Address(bare)),
        "no MACs there"
    );
}

#[test]
fn an_entry_with_a_mac_does_not_mean_whoever_sits_at_its_address() {
    let files = Files::new("meant");
    files.write("/one", &lease_lines("2=phone 3=tv"));
    files.write("/registry", "02:00:00:a1:b2:03|192.168.8.2|Television|streaming\n");
    let mut devices = files.devices();
    devices.refresh(&lan(), HOUR);
    assert_eq!([name(&devices, 2), name(&devices, 3)], ["phone", "Television"]);
}

#[test]
fn the_owner_may_name_whoever_is_at_an_address() {
    let files = Files::new("by-address");
    files.write("/one", &lease_lines("2=one 3=two"));
    files.write("/registry", "192.168.8.2=NAS\n10.0.0.2 = Phone\n2001:db8:aa:10::2=nas\n");
    let mut devices = files.devices();
    devices.refresh(&lan(), HOUR);
    let nas = label_at(&devices, "192.168.8.2").unwrap();
    assert_eq!((nas.name.as_str(), nas.mac.unwrap().to_string()), ("NAS", "02:00:00:a1:b2:02".to_owned()));
    assert_eq!(label_at(&devices, "2001:db8:aa:10::2"), Some(nas), "one name, one device");
    let phone = identify(&devices, "10.0.0.2", false).unwrap();
    assert_eq!(phone, Identity::Named("10.0.0.2".parse().unwrap()));
    assert_eq!(devices.label(&phone).unwrap().name.as_str(), "Phone");
    files.write("/one", "1 02:00:00:a1:b2:03 192.168.8.2 two *\n1 02:00:00:a1:b2:02 192.168.8.3 one *\n");
    devices.refresh(&lan(), HOUR);
    assert_eq!([name(&devices, 2), name(&devices, 3)], ["NAS", "one"], "the name stays with its address");
}

#[test]
fn a_mac_of_the_registry_goes_before_an_address_of_it() {
    for lines in [
        "192.168.8.2=Address\n02:00:00:a1:b2:02=MAC\n192.168.8.3=Here\n",
        "192.168.8.3=Here\n02:00:00:a1:b2:02||MAC|\n192.168.8.2=Address\n",
    ] {
        let files = Files::new("mac-first");
        files.write("/one", &lease_lines("2=one 3=two"));
        files.write("/registry", lines);
        files.write("/etc/config/gl-client", "config c\n option mac 02:00:00:a1:b2:03\n option alias gl\n");
        let mut devices = files.devices();
        devices.refresh(&lan(), HOUR);
        assert_eq!([name(&devices, 2), name(&devices, 3)], ["MAC", "Here"], "{lines}");
    }
}

#[test]
fn an_overruled_name_lends_no_mac() {
    let files = Files::new("overruled");
    files.write("/one", &lease_lines("2=* 3=*"));
    files.write("/registry", "02:00:00:a1:b2:02=Laptop\n02:00:00:a1:b2:03=pc\n");
    files.write("/etc/config/dhcp", "config host\n option name pc\n option mac 02:00:00:a1:b2:02\n");
    let mut devices = files.devices();
    devices.refresh(&lan(), HOUR);
    let pc = label_at(&devices, "192.168.8.3").unwrap();
    assert_eq!((pc.name.as_str(), pc.mac.unwrap().to_string()), ("pc", "02:00:00:a1:b2:03".to_owned()));
}

#[test]
fn sources_go_before_each_other_in_order() {
    let files = Files::new("order");
    let mac = "02:00:00:a1:b2:02";
    files.write("/one", &lease_lines("2=leased"));
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
    assert_eq!(name(&devices, 2), expected.next().unwrap());
    for left_out in 1..=6 {
        let names = NameSource::ALL[left_out..].to_vec();
        devices.reconfigure(Settings { names, ..devices.settings.clone() });
        devices.refresh(&lan(), HOUR);
        assert_eq!(name(&devices, 2), expected.next().unwrap(), "without {left_out}");
    }
    devices.reconfigure(Settings {
        names: vec![NameSource::Odhcpd, NameSource::Registry],
        ..devices.settings.clone()
    });
    devices.refresh(&lan(), HOUR);
    assert_eq!(name(&devices, 2), "served");
}

#[test]
fn what_the_owner_takes_back_is_gone() {
    let files = Files::new("taken-back");
    files.write("/one", &lease_lines("2=phone 3=tablet"));
    files.write("/registry", "02:00:00:a1:b2:02=Anna\n02-00-00-A1-B2-03=Anna");
    let mut devices = files.devices();
    devices.refresh(&lan(), HOUR);
    assert_eq!([name(&devices, 2), name(&devices, 3)], ["Anna", "Anna"]);
    files.write("/registry", "02:00:00:a1:b2:02=Anna Maria");
    devices.refresh(&lan(), HOUR);
    assert_eq!([name(&devices, 2), name(&devices, 3)], ["Anna Maria", "tablet"]);
    files.remove("/registry");
    devices.refresh(&lan(), HOUR);
    assert_eq!([name(&devices, 2), name(&devices, 3)], ["phone", "tablet"]);
}

#[test]
fn several_macs_of_one_owners_name_are_one_device_and_of_one_claim_are_not() {
    let files = Files::new("shared");
    files.write("/one", &lease_lines("2=* 3=* 4=laptop 5=LAPTOP 6=*"));
    files.write("/registry", "02:00:00:a1:b2:03=Laptop\n02:00:00:a1:b2:02||LAPTOP|workstation\n");
    files.write("/etc/config/gl-client", "config c\n option mac 02:00:00:a1:b2:06\n option class camera\n");
    let mut devices = files.devices();
    devices.refresh(&lan(), HOUR);
    let label = label_at(&devices, "192.168.8.2").unwrap();
    assert_eq!(label_at(&devices, "192.168.8.3").as_ref(), Some(&label), "shown alike");
    assert_eq!(label.name.as_str(), "Laptop", "spelled as first");
    assert_eq!(label.mac.unwrap().to_string(), "02:00:00:a1:b2:02", "the lowest");
    assert_eq!(label.ip, Some("192.168.8.2".parse().unwrap()));
    assert_eq!(label.device_type, Some(DeviceType::Workstation));
    assert_eq!([name(&devices, 4), name(&devices, 5)], ["laptop-a1b204", "LAPTOP-a1b205"]);
    let camera = label_at(&devices, "192.168.8.6").unwrap();
    assert_eq!((camera.name.as_str(), camera.device_type), ("02:00:00:a1:b2:06", Some(DeviceType::Iot)));
}

#[test]
fn a_name_of_the_owners_is_one_whatever_its_case_and_composition() {
    let files = Files::new("caseless");
    files.write("/one", &lease_lines("2=* 3=* 4=büro 5=* 6=BÜRO 7=*"));
    files.write("/registry", "02:00:00:a1:b2:02=Büro\n02:00:00:a1:b2:03||BU\u{308}RO|workstation\n");
    files.write("/etc/ethers", "02:00:00:a1:b2:05 BÜRO\n");
    files.write("/etc/hosts", "192.168.8.7 BÜRO.lan\n192.168.8.8 büro.lan\n");
    let mut devices = files.devices();
    devices.refresh(&lan(), HOUR);
    let label = label_at(&devices, "192.168.8.2").unwrap();
    assert_eq!(label.name.as_str(), "Büro", "spelled as first");
    assert_eq!(label.device_type, Some(DeviceType::Workstation));
    for last in [3, 5, 7, 8] {
        assert_eq!(label_at(&devices, &format!("192.168.8.{last}")).as_ref(), Some(&label), "{last}");
    }
    assert_eq!([name(&devices, 4), name(&devices, 6)], ["büro-a1b204", "BÜRO-a1b206"]);
    let listed: Vec<_> = devices.listing(&lan()).iter().map(|device| device.label.name.to_string()).collect();
    assert_eq!(listed, ["Büro", "büro-a1b204", "BÜRO-a1b206"]);
}

#[test]
fn reserved_words_are_not_the_owners_either() {
    let files = Files::new("reserved");
    files.write("/one", &lease_lines("2=*"));
    files.write("/registry", "02:00:00:a1:b2:02=Router\n|10.0.0.2|other|\n|10.0.0.3|Peer|mobile\n");
    let mut devices = files.devices();
    devices.refresh(&lan(), HOUR);
    assert_eq!(name(&devices, 2), "Router-a1b202");
    let at = |address: &str| {
        let who = identify(&devices, address, false).unwrap();
        devices.label(&who).unwrap()
    };
    assert_eq!(at("10.0.0.2").name.as_str(), "other-000002");
    let peer = at("10.0.0.3");
    assert_eq!((peer.name.as_str(), peer.device_type), ("Peer", Some(DeviceType::Mobile)));
    assert_eq!(at("10.0.0.4").name.as_str(), "10.0.0.4");
}

#[test]
fn what_a_reserved_word_for_an_address_comes_to_is_not_to_be_claimed() {
    let files = Files::new("reserved-address");
    files.write("/one", &lease_lines("2=other-000002 3=OTHER-000003"));
    files.write("/registry", "10.0.0.2=other\n10.0.0.3=other\n02:ff:00:00:00:04=router\n");
    let mut devices = files.devices();
    devices.refresh(&lan(), HOUR);
    assert_eq!(name_at(&devices, "10.0.0.2").as_deref(), Some("other-000002"));
    assert_eq!(
        [name(&devices, 2), name(&devices, 3)],
        ["other-000002-a1b202", "OTHER-000003-a1b203"],
        "one name would be one device"
    );
    files.write("/one", &lease_lines("4=router-000004"));
    devices.refresh(&lan(), HOUR);
    assert_eq!(name(&devices, 4), "router-000004-a1b204", "that of a device which was not seen yet");
    let listed: Vec<_> = devices.listing(&lan()).iter().map(|device| device.label.name.to_string()).collect();
    let expected = [
        "other-000002",
        "other-000002-a1b202",
        "other-000003",
        "OTHER-000003-a1b203",
        "router-000004-a1b204",
    ];
    assert_eq!(listed, expected);
}

#[test]
fn the_log_tells_once_what_a_reserved_word_for_an_address_comes_to() {
    let files = Files::new("reserved-log");
    files.write("/registry", "10.0.0.2=other\n02:ff:00:00:00:04=10.0.0.4\n");
    let log = logged(&files, || {
        let mut devices = files.devices();
        devices.refresh(&lan(), HOUR);
        files.write("/one", &lease_lines("2=phone"));
        devices.refresh(&lan(), HOUR);
    });
    for (given, shown) in [("other", "other-000002"), ("10.0.0.4", "10.0.0.4-000004")] {
        let told =
            format!("\"{given}\" is reserved or looks like an address: the device is called \"{shown}\"");
        assert_eq!(log.matches(&told).count(), 1, "{log}");
    }
}

/// What is logged meanwhile, by way of a file.
fn logged(files: &Files, run: impl FnOnce()) -> String {
    files.write("/log", "");
    let path = Root::replay(&*files.0).path("/log");
    let log = fs::File::create(&path).unwrap();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(log).finish();
    tracing::subscriber::with_default(subscriber, run);
    fs::read_to_string(path).unwrap()
}
