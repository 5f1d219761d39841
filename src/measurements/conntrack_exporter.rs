//! `conntrack_exporter`: the exporter about itself, so that loss shows on a dashboard.

use std::rc::Rc;
use std::time::Duration;

use crate::series::point::{Point, Tags, Value};

/// What the exporter has done since it was started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Entries of the table that could not be understood.
    pub lines_unreadable: u64,
    /// Datagrams that the kernel took.
    pub datagrams_sent: u64,
    /// Datagrams that it refused, or said later that nobody took.
    pub send_errors: u64,
    /// Ticks without a snapshot.
    pub ticks_skipped: u64,
    /// Configurations that were refused.
    pub reload_errors: u64,
}

/// What one snapshot was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Its number since the start, from 1 on.
    pub sequence: u64,
    /// When the process was started, in seconds since 1970.
    pub started: u64,
    /// Lines of `connection_state`, zeros included.
    pub points: usize,
    /// Entries that were understood.
    pub entries_read: u64,
    /// Those of them that are the router's talk with itself.
    pub entries_loopback: u64,
    /// Those that are nobody's known.
    pub entries_unattributed: u64,
    /// Those for whose owner or series there was no room.
    pub entries_overflow: u64,
    /// Devices with a point of their own.
    pub devices: usize,
    /// How long it took, up to this point.
    pub duration: Duration,
    /// Memory that the process holds, in bytes.
    pub resident_bytes: u64,
    /// Processor time that the process has used since its start.
    pub cpu: Duration,
    /// Whether the clock was set.
    pub clock_set: bool,
    /// How the table was read.
    pub source: &'static str,
}

/// The point; the last line of the snapshot's last datagram.
pub fn point(figures: &Figures, totals: &Totals, host: &Rc<Tags>) -> Point {
    let clock = if figures.clock_set { "set" } else { "unset" };
    let fields = vec![
        ("sequence", Value::count(figures.sequence)),
        ("started", Value::count(figures.started)),
        ("points", Value::count(figures.points)),
        ("entries_read", Value::count(figures.entries_read)),
        ("entries_loopback", Value::count(figures.entries_loopback)),
        ("entries_unattributed", Value::count(figures.entries_unattributed)),
        ("entries_overflow", Value::count(figures.entries_overflow)),
        ("devices", Value::count(figures.devices)),
        ("duration_ns", Value::count(figures.duration.as_nanos())),
        ("resident_bytes", Value::count(figures.resident_bytes)),
        ("lines_unreadable", Value::count(totals.lines_unreadable)),
        ("datagrams_sent", Value::count(totals.datagrams_sent)),
        ("send_errors", Value::count(totals.send_errors)),
        ("ticks_skipped", Value::count(totals.ticks_skipped)),
        ("reload_errors", Value::count(totals.reload_errors)),
        ("cpu_ns", Value::count(figures.cpu.as_nanos())),
        ("source", Value::Text(figures.source.into())),
        ("clock", Value::Text(clock.into())),
        ("version", Value::Text(env!("CARGO_PKG_VERSION").into())),
    ];
    Point { measurement: "conntrack_exporter", tags: Rc::clone(host), fields }
}
