//! What the last hour of every device was like, snapshot by snapshot.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde::Serialize;

use super::Device;

const HOUR: Duration = Duration::from_hours(1);
/// Snapshots that are nearer to each other than this share a place, so that an hour has at most 145. It is less than the
/// usual interval, of which one may be a little shorter than another.
const APART: Duration = Duration::from_secs(25);

/// The last hour of every device. A device's figures end with the last snapshot, as the times do; 24 bytes a place.
#[derive(Debug, Default)]
pub(super) struct Hours {
    /// Since boot.
    times: VecDeque<Duration>,
    devices: BTreeMap<Box<str>, VecDeque<Place>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Place {
    connections: Option<u32>,
    rx: Option<f32>,
    tx: Option<f32>,
}

/// The last hour of a device, the earliest first. Where nothing is known stands `null`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Hour {
    /// How long ago each was, in seconds.
    pub seconds_ago: Vec<u64>,
    /// ESTABLISHED or ACTIVE.
    pub connections: Vec<Option<u32>>,
    /// Received, in bits per second.
    pub rx_bits_per_second: Vec<Option<f32>>,
    /// Sent, in bits per second.
    pub tx_bits_per_second: Vec<Option<f32>>,
}

impl Hours {
    /// Adds what devices have at `boot` (time since boot).
    pub(super) fn add(&mut self, now: &[Device], boot: Duration) {
        self.begin_place(boot);
        for device in now {
            let name = device.name.as_str().into();
            let places = self.devices.entry(name).or_insert_with(|| VecDeque::from([Place::default()]));
            if let Some(last) = places.back_mut() {
                *last = Place::of(device);
            }
        }
        let gone = |place: &Place| place.connections.is_none() && place.rx.is_none();
        self.devices.retain(|_, places| !places.iter().all(gone));
    }

    /// Begins a place for `boot`, or the last one anew if that is near to the one before; drops those that are too old.
    fn begin_place(&mut self, boot: Duration) {
        let mut latest = self.times.iter().rev();
        if let (Some(last), Some(before)) = (latest.next(), latest.next())
            && last.saturating_sub(*before) < APART
        {
            self.times.pop_back();
            for places in self.devices.values_mut() {
                places.pop_back();
            }
        }
        self.times.push_back(boot);
        self.devices.values_mut().for_each(|places| places.push_back(Place::default()));
        while self.times.front().is_some_and(|first| boot.saturating_sub(*first) > HOUR) {
            self.times.pop_front();
        }
        let kept = self.times.len();
        for places in self.devices.values_mut() {
            places.drain(..places.len().saturating_sub(kept));
        }
    }

    /// The last hour of a device, as seen at `boot`.
    pub(super) fn of(&self, device: &str, boot: Duration) -> Option<Hour> {
        let places = self.devices.get(device)?;
        let times = self.times.iter().skip(self.times.len().saturating_sub(places.len()));
        Some(Hour {
            seconds_ago: times.map(|time| boot.saturating_sub(*time).as_secs()).collect(),
            connections: places.iter().map(|place| place.connections).collect(),
            rx_bits_per_second: places.iter().map(|place| place.rx).collect(),
            tx_bits_per_second: places.iter().map(|place| place.tx).collect(),
        })
    }
}

impl Place {
    fn of(device: &Device) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "seven digits are more than a line shows")]
        let rate = |bits: Option<f64>| bits.map(|bits| bits as f32);
        Self {
            connections: device.connections.and_then(|connections| u32::try_from(connections).ok()),
            rx: rate(device.rx_bits_per_second),
            tx: rate(device.tx_bits_per_second),
        }
    }
}
