//! A whole snapshot, and one after it: files in, points out, and what holds of them.
//!
//! The input is a text of several files, each behind a line of `=== ` and its path on the router.

#![no_main]

use std::cell::RefCell;

use conntrack_exporter::config::{Config, DevicesConfig, TrafficConfig};
use conntrack_exporter::measurements::switches::Switches;
use conntrack_exporter_fuzz::household::Household;
use conntrack_exporter_fuzz::protocol;
use libfuzzer_sys::fuzz_target;

const TABLE: &str = "/proc/net/nf_conntrack";
const CONFIG: &str = "config.toml";
/// All that is read; a path by another name is none of these.
const FILES: [&str; 16] = [
    TABLE,
    CONFIG,
    "/ip-address",
    "/ip-neigh",
    "/proc/sys/kernel/hostname",
    "/proc/sys/net/netfilter/nf_conntrack_max",
    "/tmp/dhcp.leases",
    "/tmp/odhcpd.leases",
    "/etc/conntrack-exporter.devices",
    "/etc/conntrack-exporter.services",
    "/etc/conntrack-exporter.networks",
    "/etc/config/dhcp",
    "/etc/config/gl-client",
    "/etc/ethers",
    "/etc/hosts",
    "/usr/share/nmap/nmap-mac-prefixes",
];

thread_local! {
    static HOUSEHOLD: RefCell<Household> = RefCell::new(Household::new());
}

fuzz_target!(|input: &[u8]| {
    let mut files = split(input);
    if !files.iter().any(|(path, _)| *path == TABLE) {
        files.push((TABLE, b""));
    }
    let text = files.iter().find(|(path, _)| *path == CONFIG).map(|(_, text)| *text).unwrap_or_default();
    let config = std::str::from_utf8(text).ok().and_then(|text| Config::parse(text).ok()).unwrap_or_default();
    // Not the paths, which could lead anywhere, and not this machine's own table.
    let DevicesConfig { names, tags, .. } = config.devices;
    let devices = DevicesConfig { names, tags, ..DevicesConfig::default() };
    let traffic = TrafficConfig::default();
    // All are on: the exporter's figures are held against the other points.
    let measurements = Switches::default();
    let config = Config { devices, traffic, measurements, source: Config::default().source, ..config };
    let max = config.telegraf.max_datagram.bytes();
    HOUSEHOLD.with_borrow_mut(|household| {
        household.furnish(files.iter().copied());
        let mut exporter = household.exporter(config);
        let first = protocol::snapshot(&exporter.snapshot(0), Some(1), max);
        let again = protocol::snapshot(&exporter.snapshot(1), None, max);
        assert_eq!((first.read, first.by_name), (again.read, again.by_name), "nothing has changed");
        files.retain(|(path, _)| *path != TABLE);
        household.furnish(files.into_iter().chain([(TABLE, &b""[..])]));
        let last = protocol::snapshot(&exporter.snapshot(2), Some(-1), max);
        assert!(last.by_name.values().all(|count| *count == 0), "zeros for all that is gone");
        assert_eq!(
            exporter.snapshot(3).iter().filter(|point| point.measurement == "connection_state").count(),
            0
        );
    });
});

/// The first file of each path.
fn split(input: &[u8]) -> Vec<(&'static str, &[u8])> {
    let mut found: Vec<(&str, &[u8])> = Vec::new();
    let mut rest = input;
    while let Some(start) = position(rest, b"=== ") {
        rest = &rest[start + 4..];
        let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        let (path, content) = rest.split_at(end);
        rest = content.get(1..).unwrap_or_default();
        let length = position(rest, b"=== ").unwrap_or(rest.len());
        let known = FILES.into_iter().find(|known| known.as_bytes() == path);
        if let Some(path) = known.filter(|path| found.iter().all(|(other, _)| other != path)) {
            found.push((path, &rest[..length]));
        }
    }
    found
}

fn position(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}
