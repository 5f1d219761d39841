//! `conntrack_exporter`: the daemon about itself.

use super::resident::Resident;
use super::router::Whole;
use super::wiggle::between;
use super::{DAY, HOST, Point, STEP, Value, float};

/// A run of the daemon.
#[derive(Debug)]
pub(super) struct Daemon {
    started: i64,
    sequence: i64,
    sent: i64,
    send_errors: i64,
    traffic_sequence: i64,
    cpu_ns: i64,
}

impl Daemon {
    /// One that has run for four days before `at`.
    pub(super) fn running(at: i64) -> Self {
        let sequence = 4 * DAY / STEP;
        let (started, sent, cpu_ns) = (at - 4 * DAY - 7, sequence * 26, sequence * 61_000_000);
        Self { started, sequence, sent, send_errors: 0, traffic_sequence: sequence * 3, cpu_ns }
    }

    /// One that was started just before `at`.
    pub(super) fn started(at: i64) -> Self {
        let (started, cpu_ns) = (at - 7, 40_000_000);
        Self { started, sequence: 0, sent: 0, send_errors: 0, traffic_sequence: -2, cpu_ns }
    }

    /// Makes a snapshot.
    pub(super) fn step(&mut self, at: i64) {
        self.sequence += 1;
        self.traffic_sequence += 3;
        self.cpu_ns += 55_000_000 + between(0, 9_000_000, [at, 100, 1]);
    }

    /// What it made was refused.
    pub(super) fn lose(&mut self) {
        self.send_errors += 1;
    }

    /// Its point, behind `points`, which it counts.
    pub(super) fn report(&mut self, points: &mut Vec<Point>, residents: &[Resident], whole: &Whole, at: i64) {
        let states = points.iter().filter(|point| point.measurement == "connection_state").count();
        let points_of = |count: usize| i64::try_from(count).unwrap_or_default();
        let shown = residents.iter().filter(|one| one.is_device() && one.now.all() > 0).count();
        let others = residents.iter().filter(|one| one.device.name == "other").map(|one| one.now.all()).sum();
        let mut fields = vec![
            ("sequence", Value::Integer(self.sequence)),
            ("started", self.started.into()),
            ("points", points_of(states).into()),
            ("entries_read", whole.count().into()),
            ("entries_loopback", 0.into()),
            ("entries_unattributed", Value::Integer(others)),
            ("entries_overflow", 0.into()),
            ("devices", points_of(shown).into()),
            ("duration_ns", between(9_000_000, 14_000_000, [at, 100, 2]).into()),
            ("resident_bytes", (3_900_000 + between(0, 90, [at / 3_600, 100, 3]) * 4_096).into()),
            ("lines_unreadable", 0.into()),
            ("datagrams_sent", self.sent.into()),
            ("send_errors", self.send_errors.into()),
            ("ticks_skipped", 0.into()),
            ("reload_errors", 0.into()),
            ("cpu_ns", self.cpu_ns.into()),
            ("traffic_sequence", self.traffic_sequence.into()),
            ("rereads", (self.sequence / 2_500).into()),
            ("series_overflow", 0.into()),
            ("sampling_ns", 10_000_000_000.into()),
            ("flows_tracked", whole.count().into()),
            ("flows_untracked", 0.into()),
            ("counter_resets", (self.sequence / 4_000).into()),
            ("accounting", 1.into()),
            ("offloaded", 0.into()),
        ];
        fields.extend((self.sequence > 1).then(|| coverage(whole)).flatten());
        fields.extend([("source", "netlink".into()), ("clock", "set".into()), ("version", "0.1.0".into())]);
        points.push(Point { measurement: "conntrack_exporter", tags: vec![("host", HOST)], fields, at });
        self.sent += points_of(points.len() / 11 + 1);
    }
}

/// What of the WAN's bytes the table shows, if there were enough.
fn coverage(whole: &Whole) -> Option<(&'static str, Value)> {
    let (shown, all) = (whole.bytes.iter().sum(), whole.wan_bytes().iter().sum());
    (all >= 125_000).then(|| ("coverage", Value::Float(float(shown) / float(all))))
}
