//! What was sent, counted as a database counts it.
//!
//! A row is one field of one series at one instant: that is what a query in Flux returns a row for, and what VictoriaMetrics
//! calls a sample. However often it is sent, it is stored once.

use std::collections::BTreeMap;
use std::time::Duration;

use conntrack_exporter::series::point::{Point, Value};

/// Rows by measurement and field.
pub(crate) type Rows = BTreeMap<(String, String), u64>;

/// All that a fleet has sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sent {
    /// By router.
    pub(crate) rows: BTreeMap<String, Rows>,
    /// The first and the last instant, in nanoseconds since 1970.
    pub(crate) instants: Option<(i64, i64)>,
    pub(crate) lines: u64,
    pub(crate) bytes: u64,
    pub(crate) datagrams: u64,
    /// Datagrams that the kernel did not take, as it does while nobody listens.
    pub(crate) refused: u64,
    /// The most datagrams of all routers at one instant.
    pub(crate) burst: u64,
    /// How long it took at most to send what was due at one instant, and how long after it was due that was.
    pub(crate) sending: Duration,
    pub(crate) late: Duration,
}

impl Sent {
    /// Takes note of points that a router sends at an instant.
    pub(crate) fn note(&mut self, router: &str, points: &[Point], instant: i64) {
        let (first, last) = self.instants.unwrap_or((instant, instant));
        self.instants = Some((first.min(instant), last.max(instant)));
        self.lines += points.len() as u64;
        let rows = self.rows.entry(router.to_owned()).or_default();
        for point in points {
            for (field, _) in point.fields.iter().filter(|(_, value)| is_sent(value)) {
                *rows.entry((point.measurement.to_owned(), field.to_string())).or_default() += 1;
            }
        }
    }

    /// The rows of each router.
    pub(crate) fn of_routers(&self) -> BTreeMap<String, u64> {
        self.rows.iter().map(|(router, rows)| (router.clone(), rows.values().sum())).collect()
    }

    /// The rows of all.
    pub(crate) fn total(&self) -> u64 {
        self.of_routers().values().sum()
    }
}

/// What isn't finite is left out of a line.
fn is_sent(value: &Value) -> bool {
    match value {
        Value::Float(value) => value.is_finite(),
        Value::Integer(_) | Value::Text(_) => true,
    }
}
