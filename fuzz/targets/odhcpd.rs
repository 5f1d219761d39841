//! odhcpd's state file: every line is understood by itself, and what was understood is understood again when written.

#![no_main]

use std::fmt::Write as _;

use conntrack_exporter::devices::DeviceId;
use conntrack_exporter::devices::formats::odhcpd::{Lease, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let mut leases = parse(text);
    for (number, line) in (1..).zip(text.split(|byte| *byte == b'\n')) {
        for alone in parse(line) {
            let found = leases.next().expect("a line stands for itself");
            match (found, alone) {
                (Ok(found), Ok(alone)) => {
                    assert_eq!(found, alone);
                    written_again(&found);
                }
                (Err(found), Err(_)) => assert_eq!(found.line, number),
                (found, alone) => panic!("{found:?} among others, {alone:?} by itself"),
            }
        }
    }
    assert_eq!(leases.next(), None);
});

/// Writes a lease as odhcpd does now.
fn written_again(lease: &Lease<'_>) {
    let name = match lease.name.as_deref() {
        None => "-".to_owned(),
        Some(name) => name.iter().fold(String::new(), |mut text, byte| {
            write!(text, "\\x{byte:02x}").expect("a string takes all");
            text
        }),
    };
    let (holder, iaid) = match &lease.holder {
        DeviceId::Mac(mac) => (mac.to_string(), "ipv4"),
        DeviceId::Duid(duid) => (duid.to_string(), "1f"),
    };
    let mut line = format!("# {} {holder} {iaid} {name} -1 1 128", lease.interface);
    for address in &lease.addresses {
        let length = if address.is_ipv4() { 32 } else { 128 };
        write!(line, " {address}/{length}").expect("a string takes all");
    }
    assert_eq!(parse(line.as_bytes()).collect::<Vec<_>>(), [Ok(lease.clone())], "{line}");
}
