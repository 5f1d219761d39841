//! The columns of connections.

use std::time::Duration;

use super::column::{Column, What, short, time};
use super::model::Connection;
use crate::attribution::Direction;

/// The title of the column by which connections are sorted at first.
pub(super) const SORTED_BY: &str = "DOWN";

/// All of them, in the order in which they stand.
pub(super) const COLUMNS: [Column<Connection>; 17] = [
    Column { title: "DEVICE", width: (10, 40), rank: 10, what: What::Text(|of| Some(&of.listed.device)) },
    text("PROTO", (5, 7), 3, |of| Some(of.listed.flow.protocol.name())),
    text("STATE", (11, 11), 4, |of| Some(of.listed.flow.state.name())),
    Column { title: "LOCAL", width: (18, 47), rank: 1, what: What::End(|of| Some(of.listed.local())) },
    text("DIR", (3, 3), 14, |of| Some(direction(of.listed.direction))),
    Column { title: "REMOTE", width: (18, 47), rank: 0, what: What::End(|of| Some(of.listed.remote)) },
    text("SERVICE", (7, 16), 2, |of| Some(&of.listed.service)),
    seconds("AGE", 13, |of| of.progress.age.map(|age| age.as_secs_f64())),
    seconds("IDLE", 11, |of| of.listed.idle.map(f64::from)),
    figure("RECV", 8, |of| bytes(of.listed.received()?.bytes)),
    figure("SENT", 9, |of| bytes(of.listed.sent()?.bytes)),
    figure("DOWN", 5, |of| of.progress.rate.map(|rate| rate.rx)),
    figure("UP", 6, |of| of.progress.rate.map(|rate| rate.tx)),
    text("OFFL", (4, 4), 12, |of| of.listed.flow.flags.offloaded().then_some("yes")),
    text("PROCESS", (8, 15), 7, |of| of.socket.as_ref().and_then(|socket| socket.process.as_deref())),
    Column {
        title: "RTT",
        width: (5, 7),
        rank: 15,
        what: What::Figure(|of| of.socket.as_ref()?.rtt_us.map(f64::from), milliseconds),
    },
    Column {
        title: "RETR",
        width: (4, 6),
        rank: 16,
        what: What::Figure(
            |of| of.socket.as_ref()?.retransmitted.map(f64::from),
            |count| format!("{count:.0}"),
        ),
    },
];

/// Where the column with the device's name is, which is left out where all have the same.
pub(super) const DEVICE: usize = 0;

const fn text(
    title: &'static str,
    width: (u16, u16),
    rank: u8,
    of: for<'a> fn(&'a Connection) -> Option<&'a str>,
) -> Column<Connection> {
    Column { title, width, rank, what: What::Text(of) }
}

const fn figure(title: &'static str, rank: u8, of: fn(&Connection) -> Option<f64>) -> Column<Connection> {
    Column { title, width: (5, 6), rank, what: What::Figure(of, short) }
}

const fn seconds(title: &'static str, rank: u8, of: fn(&Connection) -> Option<f64>) -> Column<Connection> {
    Column { title, width: (4, 4), rank, what: What::Figure(of, in_words) }
}

const fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Outbound => "out",
        Direction::Inbound => "in",
    }
}

#[expect(clippy::unnecessary_wraps, reason = "one way of two to say what is known")]
#[expect(clippy::cast_precision_loss, reason = "shown to three digits")]
const fn bytes(bytes: u64) -> Option<f64> {
    Some(bytes as f64)
}

fn in_words(seconds: f64) -> String {
    time(Duration::try_from_secs_f64(seconds).unwrap_or_default().as_secs())
}

/// A round-trip time: `0.4ms`, `12ms`.
fn milliseconds(microseconds: f64) -> String {
    let milliseconds = microseconds / 1_000.0;
    if milliseconds < 9.95 { format!("{milliseconds:.1}ms") } else { format!("{milliseconds:.0}ms") }
}
