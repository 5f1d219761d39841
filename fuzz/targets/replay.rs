//! What `ip address` and `ip neigh` printed on a router that is replayed.

#![no_main]

use std::fmt::Write as _;

use conntrack_exporter::devices::formats::ip_neigh;
use conntrack_exporter::devices::neighbours::Neighbour;
use conntrack_exporter::lan::interfaces::{Interface, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let found: Vec<_> = ip_neigh::parse(text).collect();
    let lines = (1..).zip(text.split(|byte| *byte == b'\n'));
    let alone = lines.filter_map(|(line, text)| {
        let mut found = ip_neigh::parse(text).next()?;
        if let Err(bad) = &mut found {
            bad.line = line;
        }
        Some(found)
    });
    assert!(found.iter().cloned().eq(alone.take(ip_neigh::AT_MOST)), "a line stands for itself");
    for neighbour in found.iter().flatten() {
        let Neighbour { address, interface, mac, reachable } = neighbour;
        let state = if *reachable { "REACHABLE" } else { "STALE" };
        let line = format!("{address} dev {interface} lladdr {mac} {state}");
        assert_eq!(ip_neigh::parse(line.as_bytes()).collect::<Vec<_>>(), [Ok(neighbour.clone())]);
    }

    let interfaces = parse(text);
    assert!(interfaces.is_sorted_by_key(|interface| &interface.name));
    let written: String = interfaces.iter().map(written).collect();
    assert_eq!(parse(written.as_bytes()), interfaces, "{written}");
});

fn written(interface: &Interface) -> String {
    let link = if interface.link_layer { "ether" } else { "none" };
    let mut text = format!("7: {}@eth0: <UP>\n    link/{link}\n", interface.name);
    if let Some(broadcast) = interface.broadcast {
        // It may stand beside what is no address.
        writeln!(text, "    inet - brd {broadcast}").expect("a string takes all");
    }
    for address in &interface.addresses {
        let kind = if address.addr().is_ipv4() { "inet" } else { "inet6" };
        writeln!(text, "    {kind} {address} scope global").expect("a string takes all");
    }
    text
}
