//! The table of devices, as text and as JSON.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use serde::Serialize;

use crate::devices::device_type::DeviceType;
use crate::devices::listing::ListedDevice;
use crate::series::point::{Point, Value};

/// A row of the table.
#[derive(Debug, Serialize)]
struct Row {
    name: String,
    #[serde(rename = "type")]
    device_type: Option<&'static str>,
    macs: Vec<String>,
    addresses: Vec<IpAddr>,
    entries: i64,
    source: &'static str,
    overruled: Vec<Overruled>,
}

#[derive(Debug, Serialize)]
struct Overruled {
    source: &'static str,
    name: String,
}

/// The whole table.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(super) struct DeviceTable {
    rows: Vec<Row>,
}

impl DeviceTable {
    /// The known devices, with their entries in the snapshot of these points; then whatever else has entries.
    pub(super) fn new<'a>(devices: Vec<ListedDevice>, points: impl Iterator<Item = &'a Point>) -> Self {
        let mut entries = entries_by_name(points);
        let mut rows: Vec<Row> = devices
            .into_iter()
            .map(|device| {
                let entries = entries.remove(device.label.name.as_str()).unwrap_or_default();
                Row::new(device, entries)
            })
            .collect();
        rows.extend(entries.into_iter().map(|(name, entries)| Row::without_device(name, entries)));
        Self { rows }
    }

    /// The table as JSON: an array with one object for each row.
    pub(super) fn json(&self) -> Result<String, serde_json::Error> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }
}

impl Row {
    fn new(device: ListedDevice, entries: i64) -> Self {
        let overruled = device.overruled.iter();
        Self {
            name: device.label.name.to_string(),
            device_type: device.label.device_type.map(DeviceType::name),
            macs: device.macs.iter().map(ToString::to_string).collect(),
            addresses: device.addresses.into_iter().collect(),
            entries,
            source: device.source.map_or("mac", |source| source.name()),
            overruled: overruled
                .map(|(source, name)| Overruled { source: source.name(), name: name.to_string() })
                .collect(),
        }
    }

    /// The router, what is nobody's, and addresses that are no known device's.
    fn without_device(name: String, entries: i64) -> Self {
        let addresses: Vec<IpAddr> = name.parse().into_iter().collect();
        let source = if addresses.is_empty() { "-" } else { "address" };
        Self { name, device_type: None, macs: Vec::new(), addresses, entries, source, overruled: Vec::new() }
    }

    fn cells(&self) -> [String; 7] {
        let listed = |items: Vec<String>| if items.is_empty() { "-".to_owned() } else { items.join(" ") };
        let overruled = self.overruled.iter().map(|Overruled { source, name }| format!("{source}: {name}"));
        [
            self.name.clone(),
            self.device_type.unwrap_or("-").to_owned(),
            listed(self.macs.clone()),
            self.entries.to_string(),
            self.source.to_owned(),
            listed(
                vec![overruled.collect::<Vec<_>>().join(", ")]
                    .into_iter()
                    .filter(|all| !all.is_empty())
                    .collect(),
            ),
            listed(self.addresses.iter().map(ToString::to_string).collect()),
        ]
    }
}

const TITLES: [&str; 7] = ["NAME", "TYPE", "MAC", "ENTRIES", "NAMED BY", "OVERRULED", "ADDRESSES"];

impl fmt::Display for DeviceTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rows = vec![TITLES.map(str::to_owned)];
        rows.extend(self.rows.iter().map(Row::cells));
        let width = |column: usize| {
            rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max()
        };
        let widths: Vec<usize> = (0..TITLES.len()).map(|column| width(column).unwrap_or_default()).collect();
        for row in &rows {
            let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
            writeln!(f, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
        }
        Ok(())
    }
}

fn entries_by_name<'a>(points: impl Iterator<Item = &'a Point>) -> BTreeMap<String, i64> {
    let mut entries = BTreeMap::new();
    for point in points.filter(|point| point.measurement == "connection_state") {
        let name = point.tags.iter().find(|(key, _)| *key == "device_name").map(|(_, name)| name.to_owned());
        if let (Some(name), [(_, Value::Integer(count))]) = (name, point.fields.as_slice()) {
            *entries.entry(name).or_default() += count;
        }
    }
    entries
}
