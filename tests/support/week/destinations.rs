//! `destination`, by the mode `network`. All but four devices are excluded.

use super::ledger::Sent;
use super::looks::PARTS;
use super::resident::{Resident, parts};
use super::{HOST, Point};

const SHOWN: [&str; 4] = ["tv", "laptop-anna", "console", "kids tablet"];

/// Where the connections of a device go to.
pub(super) fn report(of: &Resident, sent: &mut Sent, is_first: bool, at: i64, into: &mut Vec<Point>) {
    if !SHOWN.contains(&of.device.name) {
        return;
    }
    let now = &of.now;
    let [rx, _] = now.bytes;
    // Connections are shared out as bytes are.
    let percent = now.rx.map(|bytes| bytes * 100 / rx.max(1));
    let missing = 100 - percent.iter().sum::<i64>();
    let mut percent = percent;
    percent.iter_mut().take(1).for_each(|first| *first += missing);
    let connections = parts(now.connections(), &percent);
    let opened = parts(now.opened.iter().sum(), &percent);
    let figures = connections.into_iter().zip(opened).zip(now.rx.into_iter().zip(now.tx));
    for (((destination, service), was_sent), ((connections, opened), (rx, tx))) in
        PARTS.into_iter().zip(&mut sent.parts).zip(figures)
    {
        let is_there = connections + opened + rx + tx > 0;
        if !std::mem::replace(was_sent, is_there) && !is_there {
            continue;
        }
        let tags = vec![
            ("destination", destination),
            ("device_name", of.device.name),
            ("host", HOST),
            ("service", service),
        ];
        let mut fields = vec![("connections", connections.into())];
        if !is_first {
            fields.extend([("opened", opened.into()), ("rx_bytes", rx.into()), ("tx_bytes", tx.into())]);
        }
        into.push(Point { measurement: "destination", tags, fields, at });
    }
}
