//! dnsmasq's leases: every line is understood by itself, and what was understood is understood again when written.

#![no_main]

use std::net::IpAddr;

use conntrack_exporter::devices::leases::{Holder, Line, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
    let found: Vec<Line<'_>> = parse(text).collect();
    assert_eq!(found.len(), lines.len());
    for (line, found) in lines.into_iter().zip(found) {
        assert_eq!(parse(line).collect::<Vec<_>>(), [found.clone()], "a line stands for itself");
        if let Line::Lease(lease) = &found {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let [_, _, _, name @ .., _] = &line.split(|byte| *byte == b' ').collect::<Vec<_>>()[..] else {
                panic!("fewer than four fields: {lease:?}");
            };
            let name = name.join(&b' ');
            assert_eq!(lease.name, Some(name.as_slice()).filter(|name| *name != b"*"));
            let written = match (lease.address, &lease.holder) {
                (address @ IpAddr::V4(_), Holder::Mac(mac)) => format!("7 {mac} {address} "),
                (IpAddr::V4(_), Holder::Duid(duid)) => panic!("{duid} holds an IPv4 address"),
                (address @ IpAddr::V6(_), _) => format!("7 T12 {address} "),
            };
            let client = match &lease.holder {
                Holder::Mac(mac) => format!(" 00:03:00:01:{mac}"),
                Holder::Duid(duid) => format!(" {duid}"),
            };
            let written = [written.as_bytes(), &name, client.as_bytes()].concat();
            assert_eq!(parse(&written).collect::<Vec<_>>(), [found.clone()]);
        }
    }
});
