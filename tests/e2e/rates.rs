//! What panels of traffic must show, worked out from the points as they are in the database.

use std::collections::BTreeMap;

use crate::grafana::{SECOND, View, rfc3339};
use crate::influx::{number, text, time};
use crate::oracle::{Shown, cut};
use crate::servers::Servers;

/// One field of all series of a measurement, plainly.
const RAW: &str = r#"
from(bucket: "network")
  |> range(start: -90d, stop: 1h)
  |> filter(fn: (r) => r._measurement == "MEASUREMENT" and r._field == "FIELD")
  |> group()
"#;

/// The dashboard's default of `traffic.interval`.
const LOOK: i128 = 10 * SECOND;

/// The panels of traffic.
pub(crate) const TITLES: [&str; 4] =
    ["Received by device", "Sent by device", "New connections per second", "Bits per second per connection"];

/// What a panel must show, if it is one of these.
pub(crate) fn expected(servers: &Servers, title: &str, view: &View) -> Option<Shown> {
    let figures = |measurement, field| Figures::read(servers, view, measurement, field);
    Some(match title {
        "Received by device" => figures("bandwidth", "bytes").of("rx").summed(view, LOOK).highest(view, 0.8),
        "Sent by device" => figures("bandwidth", "bytes").of("tx").summed(view, LOOK).highest(view, 0.8),
        "New connections per second" => {
            figures("connection_rate", "opened_per_second").summed(view, SECOND).highest(view, 1.0)
        }
        "Bits per second per connection" => {
            figures("device_traffic", "bits_per_second_per_connection").highest(view, 1.0)
        }
        _ => return None,
    })
}

/// Figures of devices at instants.
struct Figures(Vec<Figure>);

struct Figure {
    device: String,
    direction: Option<String>,
    at: i128,
    value: f64,
}

impl Figures {
    fn read(servers: &Servers, view: &View, measurement: &str, field: &str) -> Self {
        let rows = servers.query(&RAW.replace("MEASUREMENT", measurement).replace("FIELD", field));
        let figures = rows.iter().map(|row| Figure {
            device: text(row, "device_name").to_owned(),
            direction: row.get("direction").cloned(),
            at: time(row, "_time"),
            value: number(row, "_value"),
        });
        Self(figures.filter(|figure| view.holds(figure.at) && view.shows(&figure.device)).collect())
    }

    /// Those of one direction.
    fn of(mut self, direction: &str) -> Self {
        self.0.retain(|figure| figure.direction.as_deref() == Some(direction));
        self
    }

    /// The sums of each device in windows of a width.
    fn summed(self, view: &View, width: i128) -> Self {
        let view = View { window: width, ..view.clone() };
        let mut sums: BTreeMap<(String, i128), f64> = BTreeMap::new();
        for figure in self.0 {
            *sums.entry((figure.device, view.window_of(figure.at))).or_default() += figure.value;
        }
        let figure = |((device, at), value)| Figure { device, direction: None, at, value };
        Self(sums.into_iter().map(figure).collect())
    }

    /// The highest of each device in each window, so many times.
    fn highest(self, view: &View, times: f64) -> Shown {
        let mut highest: BTreeMap<(String, i128), f64> = BTreeMap::new();
        for figure in self.0 {
            let seen = highest.entry((figure.device, view.window_of(figure.at))).or_default();
            *seen = figure.value.max(*seen);
        }
        let shown = |((device, at), value)| ((device, rfc3339(at)), cut(value * times));
        highest.into_iter().map(shown).collect()
    }
}
