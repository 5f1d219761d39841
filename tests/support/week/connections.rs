//! `connection_state`, `connection_rate` and `device_traffic`.

use super::ledger::Sent;
use super::looks::{Class, GROUPS, STATES};
use super::resident::Resident;
use super::wiggle::between;
use super::{HOST, Point, STEP, float};

/// Entries by protocol and state.
pub(super) fn states(of: &Resident, sent: &mut Sent, at: i64, into: &mut Vec<Point>) {
    for ((count, (protocol, state)), was_sent) in of.now.entries.into_iter().zip(STATES).zip(&mut sent.states)
    {
        if std::mem::replace(was_sent, count > 0) || count > 0 {
            let tags = vec![
                ("device_name", of.device.name),
                ("host", HOST),
                ("protocol", protocol),
                ("state", state),
            ];
            let fields = vec![("count", count.into())];
            into.push(Point { measurement: "connection_state", tags, fields, at });
        }
    }
}

/// What was opened and closed by protocols.
pub(super) fn rates(of: &Resident, sent: &mut Sent, at: i64, into: &mut Vec<Point>) {
    let now = &of.now;
    let figures = now.opened.into_iter().zip(now.closed).zip(now.unreplied);
    let series = GROUPS.into_iter().zip(&mut sent.rates).zip(now.of_groups());
    for (((group, was_sent), entries), ((opened, closed), unreplied)) in series.zip(figures) {
        let is_there = entries + opened + closed > 0;
        if std::mem::replace(was_sent, is_there) || is_there {
            let tags = vec![("device_name", of.device.name), ("host", HOST), ("protocol", group)];
            let fields = vec![
                ("opened", opened.into()),
                ("closed", closed.into()),
                ("unreplied", unreplied.into()),
                ("opened_per_second", (float(opened) / float(STEP)).into()),
                ("closed_per_second", (float(closed) / float(STEP)).into()),
            ];
            into.push(Point { measurement: "connection_rate", tags, fields, at });
        }
    }
}

/// What a device moved. At the first look after a start only its connections are known.
pub(super) fn traffic(of: &Resident, sent: &mut Sent, is_first: bool, at: i64, into: &mut Vec<Point>) {
    let (now, connections) = (&of.now, of.now.connections());
    let [rx, tx] = now.bytes;
    let is_there = connections > 0 || rx + tx > 0;
    if !std::mem::replace(&mut sent.traffic, is_there) && !is_there {
        return;
    }
    let tags = vec![("device_name", of.device.name), ("host", HOST)];
    let mut fields = Vec::with_capacity(11);
    if !is_first {
        let seconds = float(STEP);
        // Of many small packets a game is made.
        let size = if of.verdict.class == Class::Realtime { 160 } else { 900 };
        fields.extend([
            ("rx_bytes", rx.into()),
            ("tx_bytes", tx.into()),
            ("rx_packets", ((rx + size - 1) / size).into()),
            ("tx_packets", ((tx + rx / 4 + size - 1) / size).into()),
            ("rx_bits_per_second", (float(rx) * 8.0 / seconds).into()),
            ("tx_bits_per_second", (float(tx) * 8.0 / seconds).into()),
        ]);
    }
    fields.push(("connections", connections.into()));
    if !is_first {
        let active = (connections - now.idle).max(0);
        let active = between(active - active / 4, active, [of.number, at, 50]);
        fields.push(("active_connections", active.into()));
        if connections > 0 {
            let of_each = float(rx + tx) * 8.0 / float(STEP) / float(connections);
            fields.push(("bits_per_second_per_connection", of_each.into()));
        }
        fields.push(("remote_hosts", now.hosts.into()));
        if rx + tx > 0 {
            fields.push(("top_host_share", (float(now.share) / 1_000.0).into()));
        }
    }
    into.push(Point { measurement: "device_traffic", tags, fields, at });
}
