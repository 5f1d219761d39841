//! Owners over several readings: every connection of a device counts for it, whatever it is called, and whatever the
//! seeds of the program's tables.
//!
//! The input is that of `naming`.

#![no_main]

use std::collections::BTreeMap;
use std::net::IpAddr;

use conntrack_exporter::attribution::labels::OwnerLabels;
use conntrack_exporter::attribution::owners::OwnerTable;
use conntrack_exporter::census::Pass;
use conntrack_exporter::config::Config;
use conntrack_exporter::conntrack::Entry;
use conntrack_exporter::conntrack::flow::Flow;
use conntrack_exporter::conntrack::procfs::line;
use conntrack_exporter::destinations::networks::Networks;
use conntrack_exporter::devices::listing::ListedDevice;
use conntrack_exporter::lan::config::{LanConfig, RouterName};
use conntrack_exporter::services::ServiceTable;
use conntrack_exporter_fuzz::cast;
use conntrack_exporter_fuzz::readings::{Home, Observer, Reading};
use libfuzzer_sys::fuzz_target;

struct Street {
    home: Home,
    config: Config,
    /// One connection of every address.
    table: Vec<Flow>,
}

/// Somebody who counts.
struct Counter {
    observer: Observer,
    owners: OwnerTable,
    labels: OwnerLabels,
}

thread_local! {
    static STREET: Street = Street { home: Home::new(), config: config(), table: table() };
}

fuzz_target!(|input: &[u8]| {
    let end = input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len());
    let (own, records) = input.split_at(end);
    STREET.with(|street| {
        let mut counters = [street.counter(), street.counter()];
        for reading in Reading::all(own, records.get(1..).unwrap_or_default()) {
            street.count(&mut counters, &reading);
        }
    });
});

fn config() -> Config {
    let router_name = RouterName::try_from(cast::ROUTER.to_owned()).expect("a name");
    Config { lan: LanConfig { router_name, ..LanConfig::default() }, ..Config::default() }
}

fn table() -> Vec<Flow> {
    let flow = |source: IpAddr| {
        let (family, remote) =
            if source.is_ipv4() { ("ipv4     2", "198.51.100.7") } else { ("ipv6     10", "2001:db8:ff::7") };
        let text = format!(
            "{family} udp      17 28 src={source} dst={remote} sport=5353 dport=53 src={remote} dst={source} sport=53 \
             dport=5353 use=2"
        );
        line::parse(text.as_bytes()).expect("a line of the table")
    };
    (0..cast::ADDRESSES).map(cast::address).map(flow).collect()
}

impl Street {
    fn counter(&self) -> Counter {
        Counter {
            observer: self.home.observer(),
            owners: OwnerTable::default(),
            labels: OwnerLabels::default(),
        }
    }

    /// Both see the same, and count every connection once.
    fn count(&self, counters: &mut [Counter; 2], reading: &Reading) {
        let [one, other] = counters.each_mut().map(|counter| counter.count(self, reading));
        assert_eq!(one, other);
        let listed = counters.each_ref().map(|counter| counter.observer.devices.listing(&self.home.lan));
        assert_eq!(listed[0], listed[1]);
        assert_eq!(one.values().sum::<u64>(), u64::from(cast::ADDRESSES));
        counted(&listed[0], &one);
    }
}

impl Counter {
    /// Learns a reading and passes over the table; gives the connections of each name.
    fn count(&mut self, street: &Street, reading: &Reading) -> BTreeMap<String, u64> {
        let Self { observer, owners, labels } = self;
        observer.learn(&street.home, reading);
        let (devices, lan) = (&observer.devices, &street.home.lan);
        owners.begin((devices.generation(), lan.generation()), |_| false);
        let (services, networks) = (ServiceTable::built_in(), Networks::default());
        let mut pass = Pass::new(lan, devices, owners, labels, &services, &networks);
        for flow in &street.table {
            pass.see(&Entry::Flow(*flow));
        }
        let census = pass.end();
        let present: Vec<_> = owners.ids().filter(|owner| census.entries(*owner) > 0).collect();
        let shown = labels.show(&present, owners, devices, &street.config, observer.boot);
        let mut counts = BTreeMap::new();
        for row in shown.all() {
            let [("device_name", name)] = &*row.tags else { panic!("other tags than the name: {row:?}") };
            let count = row.owners.iter().map(|owner| census.entries(*owner)).sum();
            assert!(counts.insert(name.to_string(), count).is_none(), "a name twice: {row:?}");
        }
        counts
    }
}

/// Every connection of a device counts for it.
fn counted(listed: &[ListedDevice], counts: &BTreeMap<String, u64>) {
    for device in listed {
        let here =
            (0..cast::ADDRESSES).map(cast::address).filter(|address| device.addresses.contains(address));
        let counted = counts.get(device.label.name.as_str()).copied().unwrap_or_default();
        assert_eq!(counted, u64::try_from(here.count()).expect("few"), "{device:?}");
    }
}
