//! What is asked, in Flux.
//!
//! Rows are counted here and not there: InfluxDB hands out a day of them ten times as fast as it groups them by time.

use super::time::rfc3339;
use crate::influxdb::query::literal;

/// The column in which `distinct()` answers.
pub(super) const DISTINCT: &str = "_value";

/// The names of columns that answers are read by.
pub(super) struct Columns;

impl Columns {
    /// Of points of `conntrack_exporter`.
    pub(super) const fn of_records(tag: &str) -> [&str; 9] {
        ["_time", tag, "host", "output", "sequence", "started", "points", "traffic_sequence", "sampling_ns"]
    }

    /// Of the series of `conntrack_exporter`.
    pub(super) const fn of_series(tag: &str) -> [&str; 4] {
        [tag, "host", "output", "_value"]
    }

    /// Of rows that are counted.
    pub(super) const fn of_rows(tag: &str) -> [&str; 2] {
        ["_time", tag]
    }
}

/// The questions about a bucket.
#[derive(Clone, Debug)]
pub(super) struct Questions {
    bucket: String,
    tag: String,
}

impl Questions {
    /// About a bucket, in which `tag` tells routers apart.
    pub(super) fn new(bucket: &str, tag: &str) -> Self {
        Self { bucket: literal(bucket), tag: literal(tag) }
    }

    /// The newest number of each series of `conntrack_exporter`.
    pub(super) fn series(&self, start: i64, stop: i64) -> String {
        let filter = r#"r._measurement == "conntrack_exporter" and r._field == "sequence""#;
        let what = "  |> last()\n  |> drop(columns: [\"_start\", \"_stop\", \"_time\", \"_measurement\", \"_field\"])\n";
        self.from(start, stop, filter) + what
    }

    /// The points of `conntrack_exporter`, each in a row.
    pub(super) fn records(&self, start: i64, stop: i64) -> String {
        let [_, _, _, _, fields @ ..] = Columns::of_records("");
        let fields: Vec<_> = fields.iter().map(|field| format!("r._field == \"{field}\"")).collect();
        let filter = format!("r._measurement == \"conntrack_exporter\" and ({})", fields.join(" or "));
        let what = "  |> pivot(rowKey: [\"_time\"], columnKey: [\"_field\"], valueColumn: \"_value\")
  |> drop(columns: [\"_start\", \"_stop\", \"_measurement\"])\n";
        self.from(start, stop, &filter) + what
    }

    /// The rows of `connection_state`.
    pub(super) fn rows(&self, start: i64, stop: i64) -> String {
        let filter = r#"r._measurement == "connection_state" and r._field == "count""#;
        self.from(start, stop, filter) + &self.keep()
    }

    /// The instants of which there are rows of `bandwidth`.
    pub(super) fn looks(&self, start: i64, stop: i64) -> String {
        let filter = r#"r._measurement == "bandwidth" and r._field == "bytes""#;
        self.from(start, stop, filter) + &self.keep() + "  |> distinct(column: \"_time\")\n"
    }

    fn from(&self, start: i64, stop: i64, filter: &str) -> String {
        let (bucket, start, stop) = (&self.bucket, rfc3339(start), rfc3339(stop));
        format!(
            "from(bucket: {bucket})\n  |> range(start: {start}, stop: {stop})\n  |> filter(fn: (r) => {filter})\n"
        )
    }

    fn keep(&self) -> String {
        format!("  |> keep(columns: [\"_time\", {}])\n", self.tag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_put_as_texts() {
        let questions = Questions::new(r#"a" |> drop() //"#, "${si}te");
        let expected = r#"from(bucket: "a\" |> drop() //")
  |> range(start: 1970-01-01T00:00:00Z, stop: 1970-01-02T00:00:00Z)
  |> filter(fn: (r) => r._measurement == "connection_state" and r._field == "count")
  |> keep(columns: ["_time", "\${si}te"])
"#;
        assert_eq!(questions.rows(0, super::super::time::DAY), expected);
    }

    #[test]
    fn only_the_fields_that_are_read_are_asked_for() {
        let asked = Questions::new("b", "t").records(0, 0);
        assert_eq!(asked.matches("r._field == ").count(), 5);
        assert!(
            asked.contains("(r._field == \"sequence\" or ") && asked.contains("\"sampling_ns\")"),
            "{asked}"
        );
    }
}
