//! `/proc/net/route` and `/proc/net/ipv6_route`: every line stands for itself, and an interface that was found is found
//! again when a default route through it is written.

#![no_main]

use std::collections::BTreeSet;

use conntrack_exporter::proc_net::route::{parse_ipv4, parse_ipv6};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let zeros = "0".repeat(32);
    each_line(text, parse_ipv4, |name| {
        format!("{name}\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0  ")
    });
    each_line(text, parse_ipv6, |name| {
        format!("{zeros} 00 {zeros} 00 {zeros} 00000400 00000001 00000000 00000003 {name:>8}")
    });
});

fn each_line(text: &[u8], parse: fn(&[u8]) -> BTreeSet<String>, write: impl Fn(&str) -> String) {
    let found = parse(text);
    let lines: Vec<BTreeSet<String>> = text.split(|byte| *byte == b'\n').map(parse).collect();
    assert!(lines.iter().all(|line| line.len() <= 1));
    assert_eq!(found, lines.into_iter().flatten().collect());
    for name in &found {
        assert!(!name.is_empty() && !name.contains(|char: char| char.is_ascii_whitespace()));
        // Of what is no UTF-8 the sign in its place takes more bytes than a name may have.
        if !name.contains(char::REPLACEMENT_CHARACTER) {
            assert_eq!(parse(write(name).as_bytes()), BTreeSet::from([name.clone()]));
        }
    }
}
