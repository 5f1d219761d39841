//! The table as a whole, and the router's interfaces.

use std::collections::VecDeque;

use super::wiggle::between;
use super::{ENTRIES_AT_MOST, HOST, Point, STEP, Value, float};

/// Snapshots of the ten minutes by which it is said when the table is full.
const TEN_MINUTES: usize = 20;

/// What is known of the household as a whole.
#[derive(Debug, Default)]
pub(super) struct Whole {
    /// Entries at the last snapshots, the latest first.
    pub(super) entries: VecDeque<i64>,
    /// Bytes received and sent by all devices in the last 30 s.
    pub(super) bytes: [i64; 2],
}

impl Whole {
    /// Hears of an instant.
    pub(super) fn step(&mut self, entries: i64, bytes: [i64; 2]) {
        self.entries.push_front(entries);
        self.entries.truncate(TEN_MINUTES + 1);
        self.bytes = bytes;
    }

    /// How many entries there are.
    pub(super) fn count(&self) -> i64 {
        self.entries.front().copied().unwrap_or_default()
    }

    /// In how many seconds the table is full; `None` while it doesn't rise, and before two minutes are known.
    pub(super) fn seconds_to_full(&self) -> Option<f64> {
        let (now, before) = (self.count(), *self.entries.back()?);
        let snapshots = i64::try_from(self.entries.len()).ok()? - 1;
        let rises = snapshots >= 4 && now > before;
        rises.then(|| float(ENTRIES_AT_MOST - now) * float(snapshots * STEP) / float(now - before))
    }

    /// `conntrack`.
    pub(super) fn table(&self, since_boot: i64, at: i64) -> Point {
        let (count, most) = (float(self.count()), float(ENTRIES_AT_MOST));
        let mut fields = vec![
            ("ip_conntrack_count", count.into()),
            ("ip_conntrack_max", most.into()),
            ("ip_conntrack_buckets", 1_024.0.into()),
            ("fill_ratio", (count / most).into()),
        ];
        fields.extend(self.seconds_to_full().map(|seconds| ("seconds_to_full", seconds.into())));
        fields.extend([
            ("drop", Value::Integer(0)),
            ("early_drop", 0.into()),
            ("insert_failed", (since_boot / 5_400).into()),
            ("invalid", (since_boot / 240).into()),
        ]);
        Point { measurement: "conntrack", tags: vec![("host", HOST)], fields, at }
    }

    /// `network_interface` and `network_interface_total`. The WAN has the headers of layer 2 besides, and three fifths of the
    /// household are behind `lan1`. At the first look after a start there are no rates.
    pub(super) fn interfaces(&self, is_first: bool, at: i64, into: &mut Vec<Point>) {
        let [down, up] = self.wan_bytes();
        let (near, far) = ([up * 3 / 5, down * 3 / 5], [up - up * 3 / 5, down - down * 3 / 5]);
        let ports = [
            ("br-lan", "192.168.8.1/24,fe80::1/64", "192.168.8.255", [up, down], false),
            ("lan1", "", "", near, true),
            ("lan2", "", "", far, true),
            ("wan", "203.0.113.10/24", "203.0.113.255", [down, up], true),
        ];
        for (interface, addresses, broadcast, bytes, is_physical) in ports {
            let tags = vec![("host", HOST), ("interface", interface)];
            let mut fields = nature(addresses, broadcast, is_physical);
            if !is_first {
                fields.extend(rates(bytes));
                fields.extend(is_physical.then(|| ("utilisation_percent", utilisation(bytes))));
            }
            into.push(Point { measurement: "network_interface", tags, fields, at });
        }
        let mut fields = vec![("interfaces", Value::Integer(3)), ("up", Value::Integer(3))];
        if !is_first {
            fields.extend(rates([down + up, up + down]));
        }
        into.push(Point { measurement: "network_interface_total", tags: vec![("host", HOST)], fields, at });
    }

    /// What passed the WAN in the last 30 s, in and out.
    pub(super) fn wan_bytes(&self) -> [i64; 2] {
        self.bytes.map(|bytes| bytes + bytes / 50)
    }
}

fn nature(addresses: &'static str, broadcast: &'static str, is_physical: bool) -> Vec<(&'static str, Value)> {
    let mut fields = vec![
        ("up", Value::Integer(1)),
        ("carrier", 1.into()),
        ("speed_mbps", 1_000.into()),
        ("mtu", 1_500.into()),
        ("operstate", "up".into()),
        ("carrier_changes", 2.into()),
    ];
    fields.extend(is_physical.then(|| ("duplex", "full".into())));
    if !addresses.is_empty() {
        fields.extend([("addresses", addresses.into()), ("broadcast", broadcast.into())]);
    }
    fields
}

fn rates([rx, tx]: [i64; 2]) -> [(&'static str, Value); 6] {
    let bits = |bytes| Value::Float(float(bytes) * 8.0 / float(STEP));
    [
        ("rx_bits_per_second", bits(rx)),
        ("tx_bits_per_second", bits(tx)),
        ("rx_error_percent", 0.0.into()),
        ("tx_error_percent", 0.0.into()),
        ("rx_drop_percent", (float(between(0, 3, [rx, tx, 70])) / 1_000.0).into()),
        ("tx_drop_percent", 0.0.into()),
    ]
}

fn utilisation([rx, tx]: [i64; 2]) -> Value {
    Value::Float(float(rx.max(tx)) * 8.0 / float(STEP) / 1e9 * 100.0)
}
