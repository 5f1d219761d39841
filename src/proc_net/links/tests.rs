use super::*;
use std::fs;
use std::os::unix::fs::symlink;

use proptest::prelude::*;

use crate::test_directory::TestDirectory;

/// Files of an interface, below a directory that stands for `/`.
fn make(place: &TestDirectory, name: &str, files: &[(&str, &str)]) {
    for (file, text) in files {
        let path = place.join("sys/class/net").join(name).join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

const ETH1: [(&str, &str); 9] = [
    ("flags", "0x1003\n"),
    ("operstate", "up\n"),
    ("carrier", "1\n"),
    ("speed", "2500\n"),
    ("duplex", "full\n"),
    ("mtu", "1500\n"),
    ("carrier_changes", "3\n"),
    ("ifindex", "4\n"),
    ("device/uevent", "DRIVER=mtk_soc_eth\n"),
];

fn eth1() -> Link {
    Link {
        name: "eth1".into(),
        index: Some(4),
        up: Some(true),
        loopback: false,
        carrier: Some(true),
        speed_mbps: Some(2500),
        mtu: Some(1500),
        duplex: Some("full".into()),
        operstate: Some("up".into()),
        carrier_changes: Some(3),
        physical: true,
    }
}

#[test]
fn what_an_interface_is_like() {
    let place = TestDirectory::new("links");
    make(&place, "eth1", &ETH1);
    // In the kernel they are links into `/sys/devices`.
    symlink("eth1", place.join("sys/class/net/port")).unwrap();
    make(&place, "eth0.9:1", &[("flags", "0x1002\n"), ("operstate", "down\n"), ("mtu", "1500\n")]);
    make(&place, "lo", &[("flags", "0x9\n"), ("operstate", "unknown\n")]);
    let names = ["eth1", "port", "eth0.9:1", "lo", "gone"];
    let found = read(&Root::replay(&*place), names).unwrap();
    assert_eq!(found.len(), 4, "one is not there");
    assert_eq!(found[..2], [eth1(), Link { name: "port".into(), ..eth1() }]);
    let down = Link {
        name: "eth0.9:1".into(),
        up: Some(false),
        operstate: Some("down".into()),
        mtu: Some(1500),
        ..Link::default()
    };
    assert_eq!(found[2], down, "what the kernel refuses to tell is absent");
    assert_eq!((found[3].up, found[3].loopback), (Some(true), true));
}

#[test]
fn what_means_unknown_and_what_means_nothing_is_absent() {
    let place = TestDirectory::new("links-unknown");
    let hostile = [
        ("flags", "1003\n"),
        ("operstate", "up,forged=1\n"),
        ("carrier", "\n"),
        ("speed", "-1\n"),
        ("duplex", "unknown\n"),
        ("mtu", "99999999999\n"),
        ("carrier_changes", "-2147483648\n"),
        ("ifindex", "4 5\n"),
    ];
    make(&place, "eth1", &hostile);
    make(&place, "eth2", &[("mtu", "1500"), ("speed", "4294967295\n"), ("operstate", &"x".repeat(5000))]);
    let found = read(&Root::replay(&*place), ["eth1", "eth2"]).unwrap();
    assert_eq!(found, [Link { name: "eth2".into(), mtu: Some(1500), ..Link::default() }]);
    for (speed, known, real) in [(0, None, None), (65535, None, None), (10, Some(10), Some(10))] {
        let link = Link { speed_mbps: Some(speed), ..eth1() };
        assert_eq!((link.known_speed(), link.real_speed()), (known, real));
        assert_eq!(Link { physical: false, ..link }.real_speed(), None);
    }
}

#[test]
fn a_bridge_and_the_conduit_of_a_switch_are_not_physical() {
    let place = TestDirectory::new("links-physical");
    for (name, more) in [("wlan0", "phy80211/name"), ("eth0", CONDUIT), ("br-lan", BRIDGE)] {
        make(&place, name, &[("mtu", "1500\n"), ("device/uevent", ""), (more, "\n")]);
    }
    make(&place, "eth0.2", &[("mtu", "1500\n")]);
    let found = read(&Root::replay(&*place), ["wlan0", "eth0", "br-lan", "eth0.2"]).unwrap();
    assert_eq!(found.iter().map(|link| link.physical).collect::<Vec<_>>(), [true, false, false, false]);
}

#[test]
fn names_that_would_lead_elsewhere_are_refused() {
    let place = TestDirectory::new("links-names");
    make(&place, "eth1", &ETH1);
    make(&place, ".", &ETH1);
    make(&place, "..", &ETH1);
    let long = "a".repeat(16);
    make(&place, &long, &ETH1);
    let names = ["", ".", "..", "../net/eth1", "eth1/", "eth1/.", &long, "eth1\0", "eth1 "];
    assert_eq!(read(&Root::replay(&*place), names).unwrap(), []);
}

#[test]
fn no_more_than_so_many_are_read() {
    let place = TestDirectory::new("links-many");
    make(&place, "eth1", &[("mtu", "1500\n")]);
    let found = read(&Root::replay(&*place), std::iter::repeat_n("eth1", 3 * INTERFACES_AT_MOST)).unwrap();
    assert_eq!(found.len(), INTERFACES_AT_MOST);
}

#[test]
fn nothing_is_believed_of_another_namespace() {
    let place = TestDirectory::new("links-namespace");
    make(&place, "eth1", &ETH1);
    make(&place, "eth2", &[("ifindex", "5\n")]);
    let root = Root::replay(&*place);
    let read = |names: &[&'static str], kernels: &dyn Fn(&str) -> Option<u32>| {
        read_by(&root, names.iter().copied(), Some(kernels)).map(|links| links.len())
    };
    let of_these = |name: &str| [("eth1", 4), ("eth2", 5)].iter().find(|one| one.0 == name).map(|one| one.1);
    assert_eq!(read(&["eth1", "eth2", "gone"], &of_these).unwrap(), 2);
    let shifted = |name: &str| of_these(name).map(|index| index + 1);
    assert!(matches!(read(&["eth1"], &shifted), Err(LinksError::OtherNamespace)));
    assert!(matches!(read(&["eth3"], &|_| Some(6)), Err(LinksError::OtherNamespace)), "it lacks one");
    let asked = std::cell::Cell::new(8);
    let made_anew = |name: &str| {
        asked.set(asked.get() + 1);
        if name == "eth2" { Some(5) } else { Some(asked.get()) }
    };
    assert_eq!(read(&["eth1", "eth2"], &made_anew).unwrap(), 1, "one was made anew meanwhile");
    fs::remove_file(place.join("sys/class/net/eth2/ifindex")).unwrap();
    fs::create_dir(place.join("sys/class/net/eth2/ifindex")).unwrap();
    assert!(matches!(read(&["eth2"], &of_these), Err(LinksError::Unreadable(_))));
}

#[test]
fn reads_this_machine() {
    // Whoever runs this may be in another namespace than `/sys`, which is no fault of the reading.
    match read(&Root::live(), ["lo"]) {
        Ok(links) => assert!(links.iter().all(|link| link.loopback && !link.physical && link.mtu > Some(0))),
        Err(error) => assert!(matches!(error, LinksError::OtherNamespace), "{error}"),
    }
}

proptest! {
    #[test]
    fn what_the_kernel_prints_is_understood(number: u32, state in 0..STATES.len()) {
        prop_assert_eq!(flags(format!("0x{number:x}\n").as_bytes()), Some(number));
        prop_assert_eq!(parse::<u32>(format!("{number}\n").as_bytes()), Some(number));
        let known = Some(number).filter(|number| *number != u32::MAX);
        prop_assert_eq!(speed(format!("{number}\n").as_bytes()), known);
        let state = STATES[state];
        let word = one_of(&STATES, format!("{state}\n").as_bytes());
        prop_assert_eq!(word.as_deref(), Some(state));
    }

    #[test]
    fn any_text_gives_a_figure_or_nothing(text: Vec<u8>) {
        if let Some(speed) = speed(&text) {
            prop_assert_eq!(parse::<u64>(&text), Some(u64::from(speed)));
        }
        if let Some(flags) = flags(&text) {
            let text = str::from_utf8(&text).unwrap().to_ascii_lowercase();
            prop_assert!(text.contains(&format!("{flags:x}")) || flags == 0, "{}", text);
        }
        prop_assert!(one_of(&STATES, &text).is_none_or(|word| word.bytes().all(|byte| byte.is_ascii_lowercase())));
    }
}
