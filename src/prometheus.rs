//! What Prometheus is told: the figures of the last snapshots, by the conventions of its world.
//!
//! A figure of a measurement is a metric by one line of a table. What a measurement tells as "added since the last
//! point" is summed up from the start on, and what it tells in words is a label. Nothing has a label `device`, which means an
//! interface there; devices are `device_name`.

mod figures;
mod node;

use crate::encode::prometheus::{Family, Kind, Sample};
use crate::measurements::{connection_alert, conntrack_exporter, device_activity};
use crate::outputs::ledger::{Acknowledged, Ledger};
use crate::overview::{Latest, Totals, Turnover};

/// A figure of a measurement, as a metric.
#[derive(Clone, Copy, Debug)]
struct Figure {
    measurement: &'static str,
    field: &'static str,
    name: &'static str,
    help: &'static str,
    kind: Kind,
    /// Its labels, each after a tag of the measurement.
    labels: &'static [(&'static str, &'static str)],
    /// By what the figure is multiplied: Prometheus counts in seconds and bytes.
    factor: f64,
}

/// All that is known. `ledger` is of the output that sends them. With `node_names` the router's own figures are there too, as
/// `node_exporter` calls them.
pub fn families(latest: &Latest, ledger: Option<&Ledger>, node_names: bool) -> Vec<Family> {
    let mut families: Vec<Family> = figures::ALL.iter().map(|figure| figure.family(latest)).collect();
    families.extend(turnover(latest.totals()));
    families.extend(moved(latest.totals()));
    families.push(activities(latest));
    families.push(alerts(latest));
    families.extend(ledger.into_iter().flat_map(|ledger| sent(latest, ledger)));
    families.push(build(latest));
    if node_names {
        families.extend(node::families(latest));
    }
    families
}

impl Figure {
    fn family(&self, latest: &Latest) -> Family {
        let points = latest.points(self.measurement).unwrap_or_default();
        let samples = points.iter().filter_map(|point| {
            let value = point.number(self.field)? * self.factor;
            let labels = self
                .labels
                .iter()
                .filter_map(|(label, tag)| Some((*label, point.tags.own(tag)?.to_string())));
            Some(Sample { labels: labels.collect(), value })
        });
        Family::new(self.name, self.help, self.kind, samples)
    }
}

fn turnover(totals: &Totals) -> [Family; 2] {
    let all = totals.turnover();
    let family = |name: &str, help, count: fn(&Turnover) -> i64| {
        let samples = all.iter().map(|(device, protocol, turnover)| Sample {
            labels: vec![("device_name", (*device).to_owned()), ("protocol", (*protocol).to_owned())],
            value: float(count(turnover)),
        });
        Family::new(name, help, Kind::Counter, samples)
    };
    [
        family("conntrack_opened_total", "Connections that were opened since the start.", |turnover| {
            turnover.opened
        }),
        family("conntrack_closed_total", "Connections that were closed since the start.", |turnover| {
            turnover.closed
        }),
    ]
}

fn moved(totals: &Totals) -> [Family; 2] {
    let all = totals.moved();
    let family = |name: &str, help, direction: fn([i64; 2]) -> i64| {
        let samples = all.iter().map(|(device, bytes)| Sample {
            labels: vec![("device_name", (*device).to_owned())],
            value: float(direction(*bytes)),
        });
        Family::new(name, help, Kind::Counter, samples)
    };
    [
        family("conntrack_receive_bytes_total", "What the device received since the start.", |[rx, _]| rx),
        family("conntrack_transmit_bytes_total", "What the device sent since the start.", |[_, tx]| tx),
    ]
}

fn activities(latest: &Latest) -> Family {
    let points = latest.points(device_activity::SCHEMA.name).unwrap_or_default().iter();
    let samples = points.filter_map(|point| {
        let activity = ("activity", point.text("activity")?.to_owned());
        Some(Sample {
            labels: vec![("device_name", point.tags.own("device_name")?.to_string()), activity],
            value: 1.0,
        })
    });
    Family::new("conntrack_device_activity_info", "What the device is doing.", Kind::Gauge, samples)
}

fn alerts(latest: &Latest) -> Family {
    let points = latest.points(connection_alert::SCHEMA.name).unwrap_or_default().iter();
    let samples = points.map(|point| {
        let label = |key: &'static str| Some((key, point.tags.own(key)?.to_string()));
        Sample {
            labels: ["device_name", "rule", "severity"].into_iter().filter_map(label).collect(),
            value: 1.0,
        }
    });
    Family::new("conntrack_alert_firing", "Alerts that fire.", Kind::Gauge, samples)
}

/// What only an output knows.
fn sent(latest: &Latest, ledger: &Ledger) -> Vec<Family> {
    if latest.points(conntrack_exporter::SCHEMA.name).is_none() {
        return Vec::new();
    }
    let counter = |name: &str, help, value: u64| {
        let value = float(i64::try_from(value).unwrap_or(i64::MAX));
        let sample = Sample { labels: Vec::new(), value };
        Family::new(format!("conntrack_exporter_{name}_total"), help, Kind::Counter, [sample])
    };
    let errors = "Datagrams to Telegraf that were refused, or requests to InfluxDB that were not acknowledged, since the start.";
    let errors = counter("send_errors", errors, ledger.send_errors);
    let Some(acknowledged) = ledger.acknowledged else {
        let sent = "Datagrams to Telegraf that the kernel took since the start.";
        return vec![counter("datagrams_sent", sent, ledger.datagrams_sent), errors];
    };
    let gauge = |name: &str, help, value: u64| {
        let value = float(i64::try_from(value).unwrap_or(i64::MAX));
        let sample = Sample { labels: Vec::new(), value };
        Family::new(format!("conntrack_exporter_{name}"), help, Kind::Gauge, [sample])
    };
    let Acknowledged { snapshots, refused, lost, waiting, waiting_bytes, disk_errors } = acknowledged;
    vec![
        errors,
        counter("acknowledged", "Snapshots that the server has acknowledged since the start.", snapshots),
        counter("refused", "Snapshots that the server has refused for good since the start.", refused),
        counter("spool_lost", "Snapshots that were thrown out of the spool since the start.", lost),
        counter("spool_errors", "Snapshots that the spool's disk did not take since the start.", disk_errors),
        gauge("spool_snapshots", "Snapshots that wait to be acknowledged.", waiting),
        gauge("spool_bytes", "What these take, compressed.", waiting_bytes),
    ]
}

/// The program itself, and how it reads the table.
fn build(latest: &Latest) -> Family {
    let point = latest.points(conntrack_exporter::SCHEMA.name).and_then(<[_]>::first);
    let samples = point.map(|point| {
        let labels = ["clock", "source", "version"];
        let labels = labels.into_iter().filter_map(|key| Some((key, point.text(key)?.to_owned()))).collect();
        Sample { labels, value: 1.0 }
    });
    Family::new(
        "conntrack_exporter_build_info",
        "The program, how it reads the table, and whether the router's clock is set.",
        Kind::Gauge,
        samples,
    )
}

/// Prometheus knows no other numbers. Beyond 2^53 the last digits are lost, which is 9 petabytes.
#[expect(clippy::cast_precision_loss, reason = "every number there is a double")]
const fn float(integer: i64) -> f64 {
    integer as f64
}

#[cfg(test)]
mod tests;
