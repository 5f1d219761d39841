//! What was published last, as it is served.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use axum::body::Bytes;
use serde::Serialize;

use super::guard::Guard;
use super::response::written;
#[cfg(feature = "prometheus")]
use crate::encode::prometheus::Family;
use crate::flow_list::ListedFlows;
use crate::overview::{Alert, Device, Hour, Overview, Status};

/// How many numbers a sparkline has at most.
const SPARKLINE_AT_MOST: usize = 60;

/// The last hour of every device, by name.
pub(super) type Hours = BTreeMap<String, Hour>;

/// What the server's tasks know.
#[derive(Clone, Debug, Default)]
pub(super) struct Shared {
    /// Who is answered.
    pub(super) guard: Arc<Guard>,
    /// What the last snapshots say; `None` before the first.
    pub(super) published: Option<Arc<Published>>,
}

/// What the last snapshots say. What takes long to write is written when somebody asks first, and then kept: however many
/// ask at once, it is there once.
#[derive(Debug)]
pub(super) struct Published {
    /// All at one look.
    pub(super) overview: Arc<Overview>,
    /// The last hour of every device.
    hours: Arc<Hours>,
    /// Single flows, as the last snapshot of `interval` found them.
    pub(super) flows: Option<Arc<ListedFlows>>,
    /// What Prometheus is told.
    #[cfg(feature = "prometheus")]
    pub(super) metrics: Vec<Family>,
    written_overview: OnceLock<Bytes>,
    written_devices: OnceLock<Bytes>,
}

impl Published {
    /// What there is to tell.
    pub(super) fn new(overview: Arc<Overview>, hours: Arc<Hours>, flows: Option<Arc<ListedFlows>>) -> Self {
        Self {
            overview,
            hours,
            flows,
            #[cfg(feature = "prometheus")]
            metrics: Vec::new(),
            written_overview: OnceLock::new(),
            written_devices: OnceLock::new(),
        }
    }

    /// The same with what Prometheus is told.
    #[cfg(feature = "prometheus")]
    pub(super) fn with_metrics(self, metrics: Vec<Family>) -> Self {
        Self { metrics, ..self }
    }

    /// Everything, for the page.
    pub(super) fn overview(&self) -> Bytes {
        let Overview { status, alerts, .. } = &*self.overview;
        let write = || written(&OverviewObject { status, devices: self.device_objects(), alerts });
        self.written_overview.get_or_init(write).clone()
    }

    /// All devices.
    pub(super) fn devices(&self) -> Bytes {
        let write = || written(&DevicesObject { devices: self.device_objects() });
        self.written_devices.get_or_init(write).clone()
    }

    /// One device and its last hour.
    pub(super) fn device(&self, name: &str) -> Option<Bytes> {
        let device = self.overview.devices.iter().find(|device| device.name == name)?;
        Some(written(&DeviceWithHour { device, hour: self.hours.get(name) }))
    }

    /// The router and its table.
    pub(super) fn status(&self) -> Bytes {
        written(&self.overview.status)
    }

    /// What is wrong now.
    pub(super) fn alerts(&self) -> Bytes {
        written(&AlertsObject { alerts: &self.overview.alerts })
    }

    fn device_objects(&self) -> Vec<DeviceObject<'_>> {
        let devices = self.overview.devices.iter();
        let sparkline = |name: &str| self.hours.get(name).map(|hour| thin_out(&hour.connections));
        devices.map(|device| DeviceObject { device, sparkline: sparkline(&device.name) }).collect()
    }
}

#[derive(Serialize)]
struct OverviewObject<'a> {
    status: &'a Status,
    devices: Vec<DeviceObject<'a>>,
    alerts: &'a [Alert],
}

#[derive(Serialize)]
struct DevicesObject<'a> {
    devices: Vec<DeviceObject<'a>>,
}

#[derive(Serialize)]
struct AlertsObject<'a> {
    alerts: &'a [Alert],
}

#[derive(Serialize)]
struct DeviceObject<'a> {
    #[serde(flatten)]
    device: &'a Device,
    sparkline: Option<Vec<Option<u32>>>,
}

#[derive(Serialize)]
struct DeviceWithHour<'a> {
    #[serde(flatten)]
    device: &'a Device,
    hour: Option<&'a Hour>,
}

/// No more numbers than a sparkline has room for: of several the greatest, so that no peak is lost. The last number is that of
/// the latest.
fn thin_out(numbers: &[Option<u32>]) -> Vec<Option<u32>> {
    let together = numbers.len().div_ceil(SPARKLINE_AT_MOST).max(1);
    let mut thin: Vec<_> = numbers.rchunks(together).map(|few| few.iter().copied().flatten().max()).collect();
    thin.reverse();
    thin
}

#[cfg(test)]
mod tests;
