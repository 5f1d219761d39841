//! The router and its table, at one look.

use serde::Serialize;

use super::{Alert, Device, Latest};
use crate::measurements::{conntrack, conntrack_exporter, device};

/// What is known of the router. A figure whose measurement is switched off is absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Status {
    /// The router's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The program's version.
    pub version: String,
    /// Of when this is, in seconds since 1970; absent while the router's clock is not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<i64>,
    /// When the program was started, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started: Option<i64>,
    /// How many snapshots there were since then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence: Option<i64>,
    /// How many devices are there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub devices_online: Option<usize>,
    /// Connections of all, ESTABLISHED or ACTIVE.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connections: Option<i64>,
    /// Entries of the table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entries: Option<f64>,
    /// How many there can be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entries_limit: Option<f64>,
    /// The one by the other, from 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fill_ratio: Option<f64>,
    /// In how many seconds it is full, if it is filling.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds_to_full: Option<f64>,
    /// What devices receive, in bits per second. The router's own is left out: it may be a tunnel that theirs goes through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rx_bits_per_second: Option<f64>,
    /// What devices send, in bits per second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tx_bits_per_second: Option<f64>,
    /// How many alerts fire.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alerts: Option<usize>,
}

/// The router as `latest` knows it.
pub(super) fn of(latest: &Latest, devices: &[Device], alerts: Option<&[Alert]>) -> Status {
    let first = |measurement: &str| latest.points(measurement).and_then(|points| points.first());
    let (table, exporter) = (first(conntrack::SCHEMA.name), first(conntrack_exporter::SCHEMA.name));
    let in_table = |name: &str| table.and_then(|point| point.number(name));
    let of_exporter = |name: &str| exporter.and_then(|point| point.integer(name));
    let moved = |figure: fn(&Device) -> Option<f64>| {
        let known = devices.iter().filter(|device| *device.name != *latest.router).filter_map(figure);
        known.fold(None, |sum, figure| Some(sum.unwrap_or(0.0) + figure))
    };
    Status {
        host: table.or(exporter).and_then(|point| point.tags.own("host").map(ToString::to_string)),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        time: latest.timestamp.map(|nanoseconds| nanoseconds / 1_000_000_000),
        started: of_exporter("started"),
        sequence: of_exporter("sequence"),
        devices_online: latest.points(device::SCHEMA.name).map(<[_]>::len),
        connections: devices.iter().filter_map(|device| device.connections).reduce(|sum, more| sum + more),
        entries: in_table("ip_conntrack_count"),
        entries_limit: in_table("ip_conntrack_max"),
        fill_ratio: in_table("fill_ratio"),
        seconds_to_full: in_table("seconds_to_full"),
        rx_bits_per_second: moved(|device| device.rx_bits_per_second),
        tx_bits_per_second: moved(|device| device.tx_bits_per_second),
        alerts: alerts.map(<[_]>::len),
    }
}
