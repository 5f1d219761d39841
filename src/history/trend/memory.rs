//! What is remembered of all devices.

use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use foldhash::fast::RandomState;

use super::device::DeviceTrend;
use super::{Found, Trend};
use crate::devices::name;
use crate::local_time::LocalTime;
use crate::state::KnownHabit;

/// How many devices are remembered at a time. Each takes at most [`BYTES_AT_MOST`]: 2 MB all together.
pub const REMEMBERED_AT_MOST: usize = 1024;
/// How much memory one device takes at most, in bytes, with its place in the table: 1,344 are what is normal for it.
pub const BYTES_AT_MOST: usize = 2048;
/// Who was not seen for four weeks is forgotten, in seconds: so long is remembered what is normal.
const FORGOTTEN_AFTER: u64 = 28 * 24 * 3600;

/// The instant of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Time since boot.
    pub boot: Duration,
    /// The time of the week; `None` while the clock is not set.
    pub local: Option<LocalTime>,
}

/// What is remembered of all devices, by their MAC, else by their name.
#[derive(Debug, Default)]
pub struct TrendMemory {
    /// Outsiders choose MACs and names: the hash needs a secret.
    devices: HashMap<Rc<str>, DeviceTrend, RandomState>,
}

impl TrendMemory {
    /// The device of this key, now called `name`, has entries. What is known of it now; `None` if there is no room for it: all
    /// the others are here as well.
    pub fn note(&mut self, key: &str, name: &Rc<str>, now: Now, found: &Found) -> Option<&DeviceTrend> {
        if !self.devices.contains_key(key) {
            self.make_room(now.boot)?;
            self.devices.insert(key.into(), DeviceTrend::default());
        }
        let device = self.devices.get_mut(key)?;
        device.note(name, now, found);
        Some(device)
    }

    /// Has the one leave who was not seen for the longest, if there are as many as there may be. `None` if all are here.
    fn make_room(&mut self, boot: Duration) -> Option<()> {
        if self.devices.len() < REMEMBERED_AT_MOST {
            return Some(());
        }
        let gone = self.devices.iter().filter(|(_, device)| !device.is_here(boot));
        let longest = gone.min_by_key(|(_, device)| device.last_seen()).map(|(key, _)| Rc::clone(key))?;
        self.devices.remove(&longest).map(drop)
    }

    /// Whoever was not told at this instant has no entry. How those stand who had any in the last six hours, by their names.
    pub fn others(&mut self, now: Now) -> Vec<(Rc<str>, Trend)> {
        if let Some(local) = now.local {
            self.devices.retain(|_, device| device.was_seen_within(FORGOTTEN_AFTER, local));
        }
        let gone = self.devices.values_mut().filter(|device| !device.is_here(now.boot));
        let stand = gone.filter_map(|device| {
            device.note_absent(now);
            let name = device.name().filter(|_| device.was_here_lately())?;
            Some((Rc::clone(name), device.trend(now.local)))
        });
        stand.collect()
    }

    /// Takes up what an earlier run has learned; what can't be is left out.
    pub fn restore(&mut self, known: &[KnownHabit]) {
        let room = REMEMBERED_AT_MOST.saturating_sub(self.devices.len());
        for habit in known.iter().filter(|habit| habit.key.len() <= name::LONGEST).take(room) {
            let restored = DeviceTrend::restore(habit);
            restored.map(|device| self.devices.entry(habit.key.as_str().into()).or_insert(device));
        }
    }

    /// What a later run is to know, in the order of the keys.
    pub fn keep(&self) -> Vec<KnownHabit> {
        let mut kept: Vec<_> = self.devices.iter().filter_map(|(key, device)| device.keep(key)).collect();
        kept.sort_unstable_by(|one, other| one.key.cmp(&other.key));
        kept
    }

    /// How many devices are remembered.
    pub fn len(&self) -> usize {
        self.devices.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.devices.is_empty()
    }

    /// How much memory is held, in bytes.
    pub fn bytes(&self) -> usize {
        let place = size_of::<(Rc<str>, DeviceTrend)>();
        let held = self.devices.iter().map(|(key, device)| key.len() + device.bytes());
        self.devices.capacity() * place + held.sum::<usize>()
    }
}

#[cfg(test)]
mod tests;
