//! Telegraf on the router itself: it runs the exporter, by the listing for that, and counts connections as well.

use std::collections::BTreeSet;
use std::fs;
use std::thread::sleep;
use std::time::Duration;

use crate::connections::{at, established, listen};
use crate::household::{Household, INTERNET, INTERNET_V6, LAPTOP_MAC, NAS_MAC};
use crate::influx::{Row, text};
use crate::live::{now, stored};
use crate::namespace::Namespace;
use crate::past::await_snapshots;
use crate::place::Place;
use crate::servers::Servers;

const TABLE: &str = r#"from(bucket: "network") |> range(start: -1h)
  |> filter(fn: (r) => r._measurement == "conntrack" and r._field == "ip_conntrack_count") |> group()"#;

#[test]
fn telegraf_on_the_router_runs_the_exporter() {
    for theirs in ["/etc/conntrack-exporter.toml", "/tmp/dhcp.leases"] {
        assert!(!fs::exists(theirs).unwrap_or(false), "{theirs} of this machine would be read");
    }
    let mut home = Household::new("on-the-router");
    let servers = [INTERNET, INTERNET_V6].map(|address| listen(&home.internet, at(address, 443)));
    let _connections: Vec<_> = (0..12)
        .map(|number| {
            let client = if number < 7 { &home.laptop } else { &home.nas };
            let server = servers.get(number % 2).expect("two");
            established(client, server.local_addr().expect("a bound socket"), server)
        })
        .collect();
    let hostname = fs::read_to_string("/proc/sys/kernel/hostname").expect("this machine's name");
    let router = std::mem::replace(&mut home.router, Namespace::new("on-the-router", "spare"));
    let hostname = format!("hostname = \"{}\"", hostname.trim());
    let listing = "config/telegraf-on-the-router.conf";
    let servers = Servers::with(Place::Inside(router), &home.file(""), listing, &hostname);
    // At the default interval.
    let second = (now() / 30_000 + 2) * 30_000;
    sleep(Duration::from_millis(second - now()));
    let records = await_snapshots(&servers, 2);
    for counts in stored(&servers).values() {
        let of = |mac: &str| counts.get(&(mac.into(), "tcp".into(), "ESTABLISHED".into())).copied();
        assert_eq!((of(LAPTOP_MAC), of(NAS_MAC)), (Some(7), Some(5)), "{counts:?}");
    }
    assert_eq!(records.first().map(|record| record.figure("sequence")), Some(1));

    // Both write conntrack for the same host and at the same time, and none over the other's.
    let rows = servers.query(TABLE);
    let instants = |is_meant: &dyn Fn(&Row) -> bool| -> BTreeSet<String> {
        let seconds = rows.iter().filter(|row| is_meant(row)).map(|row| text(row, "_time").get(..19));
        seconds.flatten().map(str::to_owned).collect()
    };
    let ours = instants(&|row| row.contains_key("collector"));
    let theirs = instants(&|row| !row.contains_key("collector"));
    assert_eq!(ours.len(), records.len(), "{ours:?}");
    assert!(ours.is_subset(&theirs), "Telegraf's own come every second: {ours:?} {theirs:?}");
    let hosts: BTreeSet<&str> = rows.iter().map(|row| text(row, "host")).collect();
    assert_eq!(hosts.len(), 1, "{hosts:?}");
    servers.insist_on_no_error();
    // The exporter's messages come out by their weight.
    let said = servers.said();
    assert!(said.contains(" I! [inputs.execd] conntrack-exporter "), "{said}");
}
