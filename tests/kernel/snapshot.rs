//! What the exporter sent at one instant, and the socket that receives it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::connections::udp;
use crate::lines::{Line, Value, parse};
use crate::namespace::Namespace;
use crate::wait::PATIENCE;

/// Counts by device, protocol and state.
pub(crate) type Counts = BTreeMap<(String, String, String), i64>;

/// Counts from rows.
pub(crate) fn counts(rows: &[(&str, &str, &str, i64)]) -> Counts {
    let key = |device: &str, protocol: &str, state: &str| (device.into(), protocol.into(), state.into());
    rows.iter().map(|&(device, protocol, state, count)| (key(device, protocol, state), count)).collect()
}

/// A whole snapshot, for which all that must hold of any was checked.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
    lines: Vec<Line>,
}

impl Snapshot {
    /// Takes the lines of one snapshot.
    pub(crate) fn new(lines: Vec<Line>) -> Self {
        let snapshot = Self { lines };
        snapshot.check();
        snapshot
    }

    fn check(&self) {
        let names: Vec<_> = self.lines.iter().map(|line| line.measurement.as_str()).collect();
        // What is in between is of the router itself.
        let is_whole = names.contains(&"conntrack") && names.last() == Some(&"conntrack_exporter");
        assert!(is_whole, "not a whole snapshot: {names:?}");
        let states = self.states().count();
        assert!(names.iter().take(states).all(|name| *name == "connection_state"), "{names:?}");
        // After a pause, `bandwidth` shares what was moved among the instants of the pause.
        let of_now = self.lines.iter().filter(|line| line.measurement != "bandwidth");
        let stamped: BTreeSet<_> = of_now.map(|line| line.timestamp).collect();
        assert_eq!(stamped.len(), 1, "one instant");
        let series: BTreeSet<_> = self.lines.iter().map(identity).collect();
        assert_eq!(series.len(), self.lines.len(), "each series once");
        assert_eq!(self.figure("points"), i64::try_from(states).unwrap_or(i64::MAX), "none lost");
        let counted: i64 = self.states().map(count).sum();
        let expected = self.figure("entries_read") - self.figure("entries_loopback");
        assert_eq!(counted, expected, "each entry counted once");
        assert_eq!(self.figure("lines_unreadable"), 0);
    }

    /// The lines of `connection_state`.
    pub(crate) fn states(&self) -> impl Iterator<Item = &Line> {
        self.of("connection_state")
    }

    /// The lines of a measurement.
    pub(crate) fn of(&self, measurement: &str) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(move |line| line.measurement == measurement)
    }

    /// All lines.
    pub(crate) fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The counts, zeros included.
    pub(crate) fn counts(&self) -> Counts {
        let tag = |line: &Line, key: &str| line.tags.get(key).cloned().unwrap_or_default();
        let key = |line: &Line| (tag(line, "device_name"), tag(line, "protocol"), tag(line, "state"));
        let counts: Counts = self.states().map(|line| (key(line), count(line))).collect();
        assert_eq!(counts.len(), self.states().count(), "no series differ by other tags alone");
        counts
    }

    /// What the exporter says of itself.
    pub(crate) fn own(&self) -> &Line {
        self.lines.last().expect("a whole snapshot")
    }

    /// One of the exporter's figures about itself.
    pub(crate) fn figure(&self, name: &str) -> i64 {
        match self.own().fields.get(name) {
            Some(Value::Integer(figure)) => *figure,
            other => panic!("{name} is {other:?}"),
        }
    }

    /// One of the exporter's words about itself.
    pub(crate) fn text(&self, name: &str) -> &str {
        match self.own().fields.get(name) {
            Some(Value::Text(text)) => text,
            other => panic!("{name} is {other:?}"),
        }
    }

    /// How many entries the kernel says its table has.
    pub(crate) fn gauge(&self) -> f64 {
        let table = self.lines.iter().find(|line| line.measurement == "conntrack");
        match table.and_then(|line| line.fields.get("ip_conntrack_count")) {
            Some(Value::Float(count)) => *count,
            other => panic!("ip_conntrack_count is {other:?}"),
        }
    }

    /// When it was taken, in nanoseconds since 1970.
    pub(crate) fn instant(&self) -> i64 {
        self.own().timestamp.expect("a timestamp")
    }
}

/// What no two lines of a snapshot have in common.
fn identity(line: &Line) -> (&str, &BTreeMap<String, String>, Option<i64>) {
    (&line.measurement, &line.tags, line.timestamp)
}

/// What a line of `connection_state` counts.
pub(crate) fn count(line: &Line) -> i64 {
    match line.fields.get("count") {
        Some(Value::Integer(count)) => *count,
        other => panic!("count is {other:?}"),
    }
}

/// The time, in nanoseconds since 1970.
pub(crate) fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    i64::try_from(now.as_nanos()).expect("a time before 2262")
}

/// An empty line, which means nothing to Telegraf: sent to an address that has refused.
const PROBE: &[u8] = b"\n";

/// Telegraf's place.
pub(crate) struct Receiver {
    socket: UdpSocket,
}

impl Receiver {
    /// Listens at `address` of `host`.
    pub(crate) fn new(host: &Namespace, address: SocketAddr) -> Self {
        Self::over(udp(host, address))
    }

    /// Listens at a socket of one's own.
    pub(crate) fn over(socket: UdpSocket) -> Self {
        socket.set_read_timeout(Some(Duration::from_millis(50))).expect("a timeout above zero");
        Self { socket }
    }

    /// The next snapshot.
    pub(crate) fn next(&self) -> Snapshot {
        self.within(PATIENCE).expect("a snapshot")
    }

    /// The next snapshot for which something holds.
    pub(crate) fn next_where(&self, what: &str, holds: impl Fn(&Snapshot) -> bool) -> Snapshot {
        let begun = Instant::now();
        loop {
            let snapshot = self.next();
            if holds(&snapshot) {
                return snapshot;
            }
            assert!(begun.elapsed() < PATIENCE, "{what}: not in any snapshot; the last: {snapshot:#?}");
        }
    }

    /// The first snapshot taken from now on, without those that have arrived in the meantime.
    pub(crate) fn fresh(&self) -> Snapshot {
        let now = now();
        self.next_where("a snapshot from now on", |snapshot| snapshot.instant() >= now)
    }

    /// The next snapshot, if one comes within `time`.
    pub(crate) fn within(&self, time: Duration) -> Option<Snapshot> {
        let begun = Instant::now();
        let mut lines = Vec::new();
        while begun.elapsed() < time {
            lines.extend(self.datagram());
            if lines.last().is_some_and(|line| line.measurement == "conntrack_exporter") {
                return Some(Snapshot::new(lines));
            }
        }
        assert!(lines.is_empty(), "a snapshot without end: {lines:#?}");
        None
    }

    /// The lines of the next datagram; none if it doesn't come soon.
    pub(crate) fn datagram(&self) -> Vec<Line> {
        let mut datagram = vec![0; 65_536];
        let length = match self.socket.recv(&mut datagram) {
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
                return Vec::new();
            }
            length => length.expect("receiving"),
        };
        assert!(length <= 1432, "a datagram of {length} bytes");
        let datagram = datagram.get(..length).unwrap_or_default();
        if datagram == PROBE {
            return Vec::new();
        }
        parse(datagram).unwrap_or_else(|why| panic!("{why}"))
    }
}
