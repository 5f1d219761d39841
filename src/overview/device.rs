//! One device, at one look.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde::Serialize;

use super::Latest;
use crate::conntrack::flow::State;
use crate::measurements::{
    connection_rate, connection_state, connection_trend, destination, device, device_activity, device_traffic,
};
use crate::series::point::Point;

/// What is known of a device. A figure whose measurement is switched off, or that the kernel doesn't tell, is absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Device {
    /// What it is called.
    pub name: String,
    /// What sort of thing it is.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub device_type: Option<String>,
    /// Its leading address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// Its MAC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mac: Option<String>,
    /// Who has named it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub named_by: Option<String>,
    /// When it was seen first, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_seen: Option<i64>,
    /// Whether it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub online: Option<bool>,
    /// What it is doing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activity: Option<Activity>,
    /// Its entries in the table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entries: Option<i64>,
    /// Those of them that are ESTABLISHED or ACTIVE.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connections: Option<i64>,
    /// How many entries it has of each protocol in each state.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub states: BTreeMap<String, BTreeMap<String, i64>>,
    /// Connections opened per second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opened_per_second: Option<f64>,
    /// Connections closed per second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_per_second: Option<f64>,
    /// What it receives, in bits per second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rx_bits_per_second: Option<f64>,
    /// What it sends, in bits per second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tx_bits_per_second: Option<f64>,
    /// Both, by connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bits_per_second_per_connection: Option<f64>,
    /// With how many hosts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote_hosts: Option<i64>,
    /// Which part of it with the busiest of them, from 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_host_share: Option<f64>,
    /// Its connections against the last hours, and against what is normal for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trend: Option<Trend>,
    /// Where its connections go to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub destinations: Vec<Destination>,
}

/// What a device is doing.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Activity {
    /// `video`, `call` and so on.
    pub activity: String,
    /// How sure that is, from 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
    /// Since when, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<i64>,
    /// By which figures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// The connections of a device over time.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Trend {
    /// The most that it had in the last hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peak_1h: Option<f64>,
    /// The most that it had in the last 24 hours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peak_24h: Option<f64>,
    /// How many more it has every hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub growth_per_hour: Option<f64>,
    /// The most that is normal for it at this hour of the week.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub normal_peak: Option<f64>,
    /// Established TCP over which nothing has passed for ten minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_entries: Option<i64>,
}

/// Where connections go to, and what for.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Destination {
    /// The other end, as `destinations.mode` has it told.
    pub destination: String,
    /// What for.
    pub service: String,
    /// How many connections.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connections: Option<i64>,
    /// What was received since the last snapshot, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rx_bytes: Option<i64>,
    /// What was sent since the last snapshot, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tx_bytes: Option<i64>,
}

/// How a point of a measurement is taken into the device that it is of.
type TakeIn = fn(&mut Device, &Point);

/// What is known of devices, by measurement.
const TAKE_IN: [(&str, TakeIn); 7] = [
    (device::SCHEMA.name, inventory),
    (connection_state::SCHEMA.name, states),
    (connection_rate::SCHEMA.name, rate),
    (device_traffic::SCHEMA.name, traffic),
    (device_activity::SCHEMA.name, activity),
    (connection_trend::SCHEMA.name, trend),
    (destination::SCHEMA.name, destinations),
];

/// Every device that has a point, in the order of their names.
pub(super) fn all(latest: &Latest) -> Vec<Device> {
    let mut devices: BTreeMap<Rc<str>, Device> = BTreeMap::new();
    for (measurement, take_in) in TAKE_IN {
        for point in latest.points(measurement).unwrap_or_default() {
            let Some(name) = point.tags.own("device_name") else { continue };
            let device = devices
                .entry(Rc::clone(name))
                .or_insert_with(|| Device { name: name.to_string(), ..Device::default() });
            take_in(device, point);
        }
    }
    devices.into_values().collect()
}

fn inventory(device: &mut Device, point: &Point) {
    device.device_type = point.text("device_type").map(str::to_owned);
    device.ip = point.text("ip").map(str::to_owned);
    device.mac = point.text("mac").map(str::to_owned);
    device.named_by = point.text("named_by").map(str::to_owned);
    device.first_seen = point.integer("first_seen");
    device.online = point.integer("online").map(|online| online == 1);
}

fn states(device: &mut Device, point: &Point) {
    let tag = |key: &str| point.tags.own(key).map(ToString::to_string);
    let (Some(protocol), Some(state), Some(count)) = (tag("protocol"), tag("state"), point.integer("count"))
    else {
        return;
    };
    let is_connection = [State::Established, State::Active].iter().any(|is| is.name() == state);
    *device.entries.get_or_insert(0) += count;
    *device.connections.get_or_insert(0) += if is_connection { count } else { 0 };
    *device.states.entry(protocol).or_default().entry(state).or_default() += count;
}

fn rate(device: &mut Device, point: &Point) {
    // Of each protocol there is a point.
    let add =
        |sum: &mut Option<f64>, more: Option<f64>| *sum = more.map(|more| sum.unwrap_or(0.0) + more).or(*sum);
    add(&mut device.opened_per_second, point.number("opened_per_second"));
    add(&mut device.closed_per_second, point.number("closed_per_second"));
}

fn traffic(device: &mut Device, point: &Point) {
    device.rx_bits_per_second = point.number("rx_bits_per_second");
    device.tx_bits_per_second = point.number("tx_bits_per_second");
    device.bits_per_second_per_connection = point.number("bits_per_second_per_connection");
    device.remote_hosts = point.integer("remote_hosts");
    device.top_host_share = point.number("top_host_share");
    if device.connections.is_none() {
        device.connections = point.integer("connections");
    }
}

fn activity(device: &mut Device, point: &Point) {
    device.activity = point.text("activity").map(|activity| Activity {
        activity: activity.to_owned(),
        confidence: point.number("confidence"),
        since: point.integer("since"),
        why: point.text("why").map(str::to_owned),
    });
}

fn trend(device: &mut Device, point: &Point) {
    device.trend = Some(Trend {
        peak_1h: point.number("peak_1h"),
        peak_24h: point.number("peak_24h"),
        growth_per_hour: point.number("growth_per_hour"),
        normal_peak: point.number("normal_peak"),
        idle_entries: point.integer("idle_entries"),
    });
}

fn destinations(device: &mut Device, point: &Point) {
    let (Some(destination), Some(service)) = (
        point.tags.own("destination").map(ToString::to_string),
        point.tags.own("service").map(ToString::to_string),
    ) else {
        return;
    };
    device.destinations.push(Destination {
        destination,
        service,
        connections: point.integer("connections"),
        rx_bytes: point.integer("rx_bytes"),
        tx_bytes: point.integer("tx_bytes"),
    });
}
