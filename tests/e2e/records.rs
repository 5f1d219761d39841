//! The exporter's points about itself as they are in the database.

use crate::influx::{Row, text, time};
use crate::servers::Servers;

/// All points, plainly.
const RAW: &str = r#"
from(bucket: "network")
  |> range(start: -90d, stop: 1h)
  |> filter(fn: (r) => r._measurement == "conntrack_exporter")
  |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")
  |> group()
  |> sort(columns: ["_time"])
"#;

/// One point of `conntrack_exporter`.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) at: i128,
    row: Row,
}

impl Record {
    /// All of them, in order of time.
    pub(crate) fn all(servers: &Servers) -> Vec<Self> {
        let rows = servers.query(RAW);
        rows.into_iter().map(|row| Self { at: time(&row, "_time"), row }).collect()
    }

    pub(crate) fn figure(&self, name: &str) -> i64 {
        text(&self.row, name).parse().unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn text(&self, name: &str) -> &str {
        text(&self.row, name)
    }
}
