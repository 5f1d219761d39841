//! Names of devices over several readings: nobody gets another's name, whoever claims what.
//!
//! The input is a name to be claimed, and behind the first newline records of four bytes: what, who, where, which name.

#![no_main]

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use conntrack_exporter::config::Config;
use conntrack_exporter::devices::listing::ListedDevice;
use conntrack_exporter::devices::mac::{Duid, Mac};
use conntrack_exporter::devices::name::Name;
use conntrack_exporter::devices::name_source::NameSource;
use conntrack_exporter_fuzz::cast;
use conntrack_exporter_fuzz::household::{Exporter, Household};
use conntrack_exporter_fuzz::protocol::{self, Sums};
use libfuzzer_sys::fuzz_target;

const INTERFACES: &[u8] = b"2: br-lan: <UP>\n    link/ether 02:00:00:00:00:01\n    inet 192.168.8.1/24\n    \
    inet6 2001:db8:aa:10::1/64\n";
const READINGS_AT_MOST: usize = 4;
/// How many intervals lie between the readings: more than five minutes, so that each begins with asking the neighbours.
const READINGS_APART: u32 = 11;
const RECORDS_AT_MOST: usize = 48;

/// What the files say in one reading.
#[derive(Clone, Default)]
struct Reading {
    leases: Vec<u8>,
    odhcpd: Vec<u8>,
    neighbours: Vec<u8>,
    registry: Vec<u8>,
    ethers: Vec<u8>,
    hosts: Vec<u8>,
}

thread_local! {
    static HOUSEHOLD: RefCell<Household> = RefCell::new(Household::new());
    static TABLE: Vec<u8> = table();
}

fuzz_target!(|input: &[u8]| {
    let end = input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len());
    let (own, records) = input.split_at(end);
    let readings = readings(own, records.get(1..).unwrap_or_default());
    HOUSEHOLD.with_borrow_mut(|household| {
        let mut exporters = [household.exporter(config()), household.exporter(config())];
        let mut number = 0;
        for reading in &readings {
            let (listed, _) = observe(household, &mut exporters, reading, number);
            check(&listed, reading);
            // dnsmasq empties its file before it writes it anew.
            let empty = Reading { leases: Vec::new(), odhcpd: Vec::new(), ..reading.clone() };
            let (later, sums) = observe(household, &mut exporters, &empty, number + 1);
            assert_eq!(names(&listed), names(&later), "silence changes no name");
            counted(&later, &sums);
            number += READINGS_APART;
        }
    });
});

fn config() -> Config {
    Config::parse(&format!("[lan]\nrouter_name = {:?}\n", cast::ROUTER)).expect("a configuration")
}

/// One UDP connection of every address.
fn table() -> Vec<u8> {
    let lines = (0..cast::ADDRESSES).map(cast::address).map(|source| {
        let (family, remote) = if source.is_ipv4() { ("ipv4     2", "198.51.100.7") } else { ("ipv6     10", "2001:db8:ff::7") };
        format!(
            "{family} udp      17 28 src={source} dst={remote} sport=5353 dport=53 src={remote} dst={source} sport=53 \
             dport=5353 use=2\n"
        )
    });
    lines.collect::<String>().into_bytes()
}

fn readings(own: &[u8], records: &[u8]) -> Vec<Reading> {
    let (mut readings, mut reading) = (Vec::new(), Reading::default());
    for record in records.as_chunks().0.iter().take(RECORDS_AT_MOST) {
        let [what, who, place, name] = *record;
        let (mac, address, name) = (cast::mac(who), cast::address(place), cast::name(name, own));
        let name = name.iter().copied().filter(|byte| *byte != b'\n').collect::<Vec<u8>>();
        match what % 9 {
            0 | 1 if address.is_ipv4() => {
                add(&mut reading.leases, &format!("1 {mac} {address} "), &name, " *");
            }
            0 => add(&mut reading.leases, &format!("1 9 {address} "), &name, &format!(" 00:03:00:01:{mac}")),
            1 => {
                add(&mut reading.leases, &format!("1 9 {address} "), &name, &format!(" {}", cast::duid(who)));
            }
            2 if address.is_ipv4() => {
                add(
                    &mut reading.odhcpd,
                    &format!("# br-lan {mac} ipv4 "),
                    &name,
                    &format!(" 1 1 32 {address}/32"),
                );
            }
            2 => {
                let holder = cast::duid(who).replace(':', "");
                add(
                    &mut reading.odhcpd,
                    &format!("# br-lan {holder} 7 "),
                    &name,
                    &format!(" 1 1 128 {address}/128"),
                );
            }
            3 | 4 => {
                add(
                    &mut reading.neighbours,
                    &format!("{address} dev br-lan lladdr {mac} REACHABLE"),
                    b"",
                    "",
                );
            }
            5 => add(&mut reading.registry, &format!("{mac}="), &name, ""),
            6 => add(&mut reading.ethers, &format!("{mac} "), &name, ""),
            7 => add(&mut reading.hosts, &format!("{address} "), &name, ""),
            _ if readings.len() < READINGS_AT_MOST => {
                readings.push(reading.clone());
                // Bits of `who` say what the next reading begins without.
                let Reading { leases, odhcpd, neighbours, registry, ethers, hosts } = &mut reading;
                for (bit, file) in
                    [leases, odhcpd, neighbours, registry, ethers, hosts].into_iter().enumerate()
                {
                    if who >> bit & 1 == 1 {
                        file.clear();
                    }
                }
            }
            _ => {}
        }
    }
    readings.push(reading);
    readings
}

fn add(file: &mut Vec<u8>, before: &str, name: &[u8], behind: &str) {
    file.extend([before.as_bytes(), name, behind.as_bytes(), b"\n"].concat());
}

/// Both exporters see the same, whatever the seeds of their tables; gives who is known then.
fn observe(
    household: &mut Household,
    exporters: &mut [Exporter; 2],
    reading: &Reading,
    number: u32,
) -> (Vec<ListedDevice>, Sums) {
    let files: [(&str, &[u8]); 8] = [
        ("/ip-address", INTERFACES),
        ("/ip-neigh", &reading.neighbours),
        ("/tmp/dhcp.leases", &reading.leases),
        ("/tmp/odhcpd.leases", &reading.odhcpd),
        ("/etc/conntrack-exporter.devices", &reading.registry),
        ("/etc/ethers", &reading.ethers),
        ("/etc/hosts", &reading.hosts),
        ("/usr/share/nmap/nmap-mac-prefixes", cast::MAKERS),
    ];
    let [mut one, mut other] = TABLE.with(|table| {
        household.furnish(files.into_iter().chain([("/proc/net/nf_conntrack", table.as_slice())]));
        exporters.each_mut().map(|exporter| exporter.snapshot(number))
    });
    let sums = protocol::snapshot(&one, None, 1432);
    assert_eq!(sums.read, i64::from(cast::ADDRESSES));
    one.pop();
    other.pop();
    assert_eq!(one, other, "but for the exporter's own figures");
    let listed = exporters[0].collector.listing();
    assert_eq!(listed, exporters[1].collector.listing());
    (listed, sums)
}

/// Every connection of a device counts for it.
fn counted(listed: &[ListedDevice], sums: &Sums) {
    for device in listed {
        let here =
            (0..cast::ADDRESSES).map(cast::address).filter(|address| device.addresses.contains(address));
        let counted = sums.by_name.get(device.label.name.as_str()).copied().unwrap_or_default();
        assert_eq!(counted, i64::try_from(here.count()).expect("few"), "{device:?}");
    }
}

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
            Some(_) if reading.hosts.is_empty() => {
                assert!(
                    !device.macs.is_empty() && device.macs.iter().all(|mac| is_given(*mac, reading)),
                    "{device:?}"
                );
            }
            Some(_) => {}
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

/// Whether the registry or ethers name this MAC.
fn is_given(mac: Mac, reading: &Reading) -> bool {
    let mac = mac.to_string();
    let lines =
        reading.registry.split(|byte| *byte == b'\n').chain(reading.ethers.split(|byte| *byte == b'\n'));
    lines.into_iter().any(|line| line.starts_with(mac.as_bytes()))
}
