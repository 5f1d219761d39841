//! Names of devices over several readings: nobody gets another's name, whoever claims what.
//!
//! The input is a name to be claimed, and behind the first newline records of four bytes: what, who, where, which name.

#![no_main]

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use conntrack_exporter::devices::listing::ListedDevice;
use conntrack_exporter::devices::mac::{Duid, Mac};
use conntrack_exporter::devices::name::Name;
use conntrack_exporter::devices::name_source::NameSource;
use conntrack_exporter_fuzz::cast;
use conntrack_exporter_fuzz::readings::{Home, Reading};
use libfuzzer_sys::fuzz_target;

thread_local! {
    static HOME: Home = Home::new();
}

fuzz_target!(|input: &[u8]| {
    let end = input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len());
    let (own, records) = input.split_at(end);
    HOME.with(|home| {
        let mut observer = home.observer();
        for reading in Reading::all(own, records.get(1..).unwrap_or_default()) {
            observer.learn(home, &reading);
            let listed = observer.devices.listing(&home.lan);
            check(&listed, &reading);
            let Some(silent) = reading.with_empty_leases() else { continue };
            observer.learn(home, &silent);
            let later = observer.devices.listing(&home.lan);
            assert_eq!(names(&listed), names(&later), "silence changes no name");
        }
    });
});

fn names(listed: &[ListedDevice]) -> BTreeMap<(&BTreeSet<Mac>, &BTreeSet<IpAddr>), &Name> {
    listed.iter().map(|device| ((&device.macs, &device.addresses), &device.label.name)).collect()
}

fn check(listed: &[ListedDevice], reading: &Reading) {
    let folded: BTreeSet<_> = listed.iter().map(|device| device.label.name.folded()).collect();
    assert_eq!(folded.len(), listed.len(), "a name twice");
    for device in listed {
        let name = &device.label.name;
        let is_reserved = ["router", "other", cast::ROUTER].contains(&&*name.folded());
        assert!(!is_reserved, "{device:?}");
        assert_eq!(Name::clean(name.as_str().as_bytes()).as_ref(), Some(name));
        match device.source {
            None => assert!(device.macs.iter().any(|mac| mac.to_string() == name.as_str()), "{device:?}"),
            Some(NameSource::Lease | NameSource::Odhcpd | NameSource::Vendor) => claimed(device, listed),
            Some(_) => {
                let by_address = device.addresses.iter().any(|address| reading.names_address(*address));
                let by_macs =
                    !device.macs.is_empty() && device.macs.iter().all(|mac| reading.names_mac(*mac));
                assert!(by_address || by_macs, "{device:?}");
            }
        }
    }
}

/// A claim is one device's, and looks like nobody else's.
fn claimed(device: &ListedDevice, listed: &[ListedDevice]) {
    let name = &device.label.name;
    assert!(device.macs.len() <= 1, "two of one name: {device:?}");
    let own = device.macs.first();
    if let Some(mac) = name.as_mac() {
        assert_eq!(Some(&mac), own, "{device:?}");
    }
    // Eight octets of a DUID, by which a device goes in the end, are an address as well.
    let is_duid = own.is_none() && Duid::parse(name.as_str().as_bytes()).is_some();
    if let Some(address) = name.as_address().filter(|_| !is_duid) {
        assert!(device.addresses.contains(&address), "{device:?}");
    }
    if let (Some(tail), Some(own)) = (name.suffix(), own) {
        let others = listed.iter().filter(|other| other.label.name != *name).flat_map(|other| &other.macs);
        assert!(tail == own.tail() || others.clone().all(|mac| mac.tail() != tail), "{device:?}");
    }
}
