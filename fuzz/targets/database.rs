//! A database of networks: whatever its bytes are, it is refused or gives names that are safe.

#![no_main]

use std::net::IpAddr;

use conntrack_exporter::destinations::database::Database;
use conntrack_exporter::devices::name::LONGEST;
use libfuzzer_sys::fuzz_target;

const ADDRESSES: [&str; 6] = ["0.0.0.0", "198.51.100.7", "255.255.255.255", "::", "2001:db8:7::1", "ff02::1"];

fuzz_target!(|bytes: &[u8]| {
    let Ok(database) = Database::new(bytes.to_vec()) else { return };
    assert!(!database.to_string().contains(['\n', '\\']));
    for address in ADDRESSES.map(|address| address.parse::<IpAddr>().expect("an address")) {
        if let Some(name) = database.name(address) {
            assert!((1..=LONGEST).contains(&name.len()) && !name.contains(['\n', '\\']), "{name:?}");
            assert!(!["other", "*"].contains(&&*name), "{name:?}");
        }
    }
});
