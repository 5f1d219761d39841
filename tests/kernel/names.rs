//! Lease files as dnsmasq rewrites them, and the names that devices choose.

use std::fs::{self, File};
use std::io::Write;

use nix::sys::signal::Signal;

use crate::connections::{at, established, listen};
use crate::exporter::Exporter;
use crate::household::{
    Household, INTERNET, LAPTOP, LAPTOP_MAC, LAPTOP_V6, NAS, NAS_MAC, NAS_V6, lease_lines,
};
use crate::snapshot::{Receiver, counts};

/// What a device calls itself, and what it is called then.
const HOSTILE: [(&[u8], &str); 4] = [
    (b"x,y=z\t\"q\"\r\x1b[31m \\", "x,y=z_\"q\"__[31m _"),
    (b"pc,state=NONE count=99i", "pc,state=NONE count=99i"),
    ("\u{202e}vt \u{1f4fa}\u{200b} \u{e9}".as_bytes(), "_vt \u{1f4fa}_ \u{e9}"),
    (b"Router", "Router-000011"),
];

fn leases(laptop: &[u8]) -> Vec<u8> {
    lease_lines(&[(LAPTOP_MAC, LAPTOP, LAPTOP_V6, laptop), (NAS_MAC, NAS, NAS_V6, b"nas")])
}

#[test]
fn a_lease_file_rewritten_in_place_renames_its_devices() {
    let home = Household::new("names");
    let server = listen(&home.internet, at(INTERNET, 443));
    let _connections =
        [&home.laptop, &home.nas].map(|client| established(client, at(INTERNET, 443), &server));
    let telegraf = at("127.0.0.1", 8094);
    let receiver = Receiver::new(&home.router, telegraf);
    let exporter = Exporter::sending_to(&home, telegraf);
    let row = |name, count| (name, "tcp", "ESTABLISHED", count);
    let named = |name| counts(&[row(name, 1), row("nas", 1)]);
    assert_eq!(receiver.next().counts(), named("laptop"));

    let mut before = "laptop";
    for (given, cleaned) in HOSTILE {
        // In place and in two steps, each of which lasts for a tick.
        let text = leases(given);
        let (begin, rest) = text.split_at(text.len() / 2);
        let mut file = File::create(home.leases()).expect("truncating the lease file");
        file.write_all(begin).expect("writing the lease file");
        assert_eq!(receiver.next().counts(), named(before), "half a file is none");
        file.write_all(rest).expect("writing the lease file");
        let renamed = counts(&[row(before, 0), row(cleaned, 1), row("nas", 1)]);
        assert_eq!(receiver.next().counts(), renamed);
        before = cleaned;
    }
    assert_eq!(receiver.next().counts(), named(before), "one zero is enough");

    fs::write(home.leases(), "").expect("emptying the lease file");
    assert_eq!(receiver.next().counts(), named(before), "an empty file loses nothing");
    fs::remove_file(home.leases()).expect("removing the lease file");
    assert_eq!(receiver.next().counts(), named(before), "nor does none");
    exporter.end(Signal::SIGTERM);
}
