//! The router's own TCP: `tcp_health`, `tcp_service` and `listening_port`.

use super::wiggle::between;
use super::{HOST, Point, STEP, Value, float};

/// Port, role, connections and round-trip time in microseconds.
const SERVICES: [(&str, &str, i64, i64); 4] = [
    ("22", "server", 1, 900),
    ("53", "server", 2, 700),
    ("80", "server", 1, 1_100),
    ("8086", "client", 1, 14_000),
];

/// Address, port, protocol, backlog and user.
const PORTS: [(&str, &str, &str, i64, i64); 6] = [
    ("0.0.0.0", "22", "tcp", 128, 0),
    ("0.0.0.0", "53", "tcp", 32, 453),
    ("0.0.0.0", "53", "udp", 0, 453),
    ("0.0.0.0", "67", "udp", 0, 453),
    ("0.0.0.0", "80", "tcp", 128, 0),
    ("::", "22", "tcp", 128, 0),
];

/// `tcp_health`, all of it shares and rates.
pub(super) fn health(at: i64) -> Point {
    let some = |most, salt| float(between(0, most, [at, salt, 80]));
    let (resent, seconds) = (some(6, 1), float(STEP));
    let mut fields = vec![("retransmitted_percent", Value::Float(resent / (400.0 + some(300, 2)) * 100.0))];
    if resent > 0.0 {
        let fast = some(50, 3);
        fields.extend([
            ("fast_percent", fast.into()),
            ("slow_start_percent", (some(50, 4) / 2.0).into()),
            ("loss_probe_percent", some(60, 5).into()),
            ("lost_percent", 0.0.into()),
        ]);
    }
    let rates = [
        ("retransmitted_per_second", resent),
        ("timeouts_per_second", some(2, 6)),
        ("listen_drops_per_second", 0.0),
        ("listen_overflows_per_second", 0.0),
        ("pruned_per_second", 0.0),
        ("opened_active_per_second", some(9, 7)),
        ("opened_passive_per_second", some(6, 8)),
        ("failed_per_second", some(1, 9)),
        ("resets_in_per_second", some(2, 10)),
        ("resets_out_per_second", some(8, 11)),
        ("syn_retransmitted_per_second", some(1, 12)),
        ("syncookies_per_second", 0.0),
    ];
    fields.extend(rates.map(|(name, count)| (name, Value::Float(count / seconds))));
    let mean = |snapshots: i64| {
        let sum: i64 = (0..snapshots).map(|one| between(0, 6, [at - one * STEP, 1, 80])).sum();
        Value::Float(float(sum) / float(snapshots * STEP))
    };
    let means = [2, 10, 30].map(mean).into_iter();
    let names =
        ["retransmitted_per_second_1m", "retransmitted_per_second_5m", "retransmitted_per_second_15m"];
    fields.extend(names.into_iter().zip(means));
    Point { measurement: "tcp_health", tags: vec![("host", HOST)], fields, at }
}

/// `tcp_service`: four.
pub(super) fn services(is_first: bool, at: i64, into: &mut Vec<Point>) {
    for ((port, role, connections, rtt), salt) in SERVICES.into_iter().zip(90..) {
        let some = |most, number| between(0, most, [at, salt, number]);
        let mut fields = vec![
            ("connections", connections.into()),
            ("half_open", Value::Integer(0)),
            ("time_wait", some(2, 1).into()),
            ("close_wait", 0.into()),
            ("rtt_us_min", (rtt * 4 / 5).into()),
            ("rtt_us_median", (rtt + some(rtt / 5, 2)).into()),
            ("rtt_us_max", (rtt * 2 + some(rtt, 3)).into()),
            ("cwnd_median", 10.into()),
            ("lost", 0.into()),
            ("unacked", some(1, 4).into()),
        ];
        if !is_first {
            let (acked, resent) = (4_000 + some(9_000, 5), some(1, 6));
            fields.extend([
                ("retransmitted", resent.into()),
                ("bytes_acked", acked.into()),
                ("bytes_received", (900 + some(2_000, 7)).into()),
                ("retransmitted_percent", Value::Float(float(resent * 900) / float(acked))),
                ("rwnd_limited_percent", 0.0.into()),
                ("sndbuf_limited_percent", 0.0.into()),
            ]);
        }
        let tags = vec![("host", HOST), ("port", port), ("role", role)];
        into.push(Point { measurement: "tcp_service", tags, fields, at });
    }
}

/// `listening_port`: six.
pub(super) fn ports(at: i64, into: &mut Vec<Point>) {
    for (address, port, protocol, backlog, uid) in PORTS {
        let tags = vec![("address", address), ("host", HOST), ("port", port), ("protocol", protocol)];
        let mut fields = vec![("queue", Value::Integer(0))];
        fields.extend((protocol == "tcp").then_some(("backlog", backlog.into())));
        fields.extend([("uid", uid.into()), ("sockets", Value::Integer(1))]);
        into.push(Point { measurement: "listening_port", tags, fields, at });
    }
}
