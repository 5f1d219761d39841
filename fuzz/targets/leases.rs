//! dnsmasq's leases: every line is understood by itself, and what was understood is understood again when written.

#![no_main]

use std::net::IpAddr;

use conntrack_exporter::devices::DeviceId;
use conntrack_exporter::devices::formats::dnsmasq::{Lease, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let mut leases = parse(text);
    for (number, line) in (1..).zip(text.split(|byte| *byte == b'\n')) {
        for alone in parse(line) {
            let found = leases.next().expect("a line stands for itself");
            match (found, alone) {
                (Ok(found), Ok(alone)) => {
                    assert_eq!(found, alone);
                    check(line, &found);
                }
                (Err(found), Err(alone)) => assert_eq!((found.line, found.kind), (number, alone.kind)),
                (found, alone) => panic!("{found:?} among others, {alone:?} by itself"),
            }
        }
    }
    assert_eq!(leases.next(), None);
});

/// The name is what stands between the fields, and the lease is read again when written.
fn check(line: &[u8], lease: &Lease<'_>) {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let [_, _, _, name @ .., _] = &line.split(|byte| *byte == b' ').collect::<Vec<_>>()[..] else {
        panic!("fewer than four fields: {lease:?}");
    };
    let name = name.join(&b' ');
    assert_eq!(lease.name, Some(name.as_slice()).filter(|name| *name != b"*"));
    let written = match (lease.address, &lease.holder) {
        (address @ IpAddr::V4(_), DeviceId::Mac(mac)) => format!("7 {mac} {address} "),
        (IpAddr::V4(_), DeviceId::Duid(duid)) => panic!("{duid} holds an IPv4 address"),
        (address @ IpAddr::V6(_), _) => format!("7 T12 {address} "),
    };
    let client = match &lease.holder {
        DeviceId::Mac(mac) => format!(" 00:03:00:01:{mac}"),
        DeviceId::Duid(duid) => format!(" {duid}"),
    };
    let written = [written.as_bytes(), &name, client.as_bytes()].concat();
    assert!(parse(&written).eq([Ok(lease.clone())]), "{}", written.escape_ascii());
}
