//! What has been since the start. Measurements tell what was added since their last point.

use std::collections::HashMap;
use std::hash::Hash;
use std::rc::Rc;

use foldhash::fast::RandomState;

use crate::measurements::{connection_rate, device_traffic};
use crate::snapshot::Part;

/// So many devices are remembered, those that have done something last; and of each so many protocols as there are groups.
const DEVICES_AT_MOST: usize = 1024;
const PROTOCOLS: usize = 4;

/// What every device has done since the start.
#[derive(Debug, Default)]
pub struct Totals {
    turnover: Bounded<(Rc<str>, Rc<str>), Turnover>,
    moved: Bounded<Rc<str>, [i64; 2]>,
}

/// Connections of a device and a protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Turnover {
    /// Opened since the start.
    pub opened: i64,
    /// Closed since the start.
    pub closed: i64,
}

/// A map that forgets what has not changed for longest.
#[derive(Debug)]
struct Bounded<K, V> {
    /// With the number of the change.
    entries: HashMap<K, (u64, V), RandomState>,
    changes: u64,
}

impl<K, V> Default for Bounded<K, V> {
    fn default() -> Self {
        Self { entries: HashMap::default(), changes: 0 }
    }
}

impl<K: Clone + Eq + Hash + Ord, V: Copy + Default> Bounded<K, V> {
    fn change(&mut self, key: K, at_most: usize, change: impl FnOnce(&mut V)) {
        self.changes += 1;
        if !self.entries.contains_key(&key) && self.entries.len() >= at_most {
            let oldest = self.entries.iter().min_by_key(|(_, (changed, _))| *changed);
            if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                self.entries.remove(&oldest);
            }
        }
        let (changed, value) = self.entries.entry(key).or_default();
        *changed = self.changes;
        change(value);
    }

    fn sorted(&self) -> Vec<(&K, V)> {
        let mut all: Vec<_> = self.entries.iter().map(|(key, (_, value))| (key, *value)).collect();
        all.sort_unstable_by_key(|(key, _)| *key);
        all
    }
}

impl Totals {
    /// Adds what a measurement tells.
    pub(super) fn add(&mut self, part: &Part) {
        let is = |name: &str| part.schema.name == name;
        if is(connection_rate::SCHEMA.name) {
            self.add_turnover(part);
        } else if is(device_traffic::SCHEMA.name) {
            self.add_moved(part);
        }
    }

    fn add_turnover(&mut self, part: &Part) {
        for point in &part.points {
            let (Some(device), Some(protocol)) = (point.tags.own("device_name"), point.tags.own("protocol"))
            else {
                continue;
            };
            let more = |name: &str| point.integer(name).unwrap_or_default();
            let key = (Rc::clone(device), Rc::clone(protocol));
            self.turnover.change(key, DEVICES_AT_MOST * PROTOCOLS, |of| {
                of.opened = of.opened.saturating_add(more("opened"));
                of.closed = of.closed.saturating_add(more("closed"));
            });
        }
    }

    fn add_moved(&mut self, part: &Part) {
        for point in &part.points {
            let Some(device) = point.tags.own("device_name") else { continue };
            let (Some(more_rx), Some(more_tx)) = (point.integer("rx_bytes"), point.integer("tx_bytes"))
            else {
                continue;
            };
            self.moved.change(Rc::clone(device), DEVICES_AT_MOST, |[rx, tx]| {
                *rx = rx.saturating_add(more_rx);
                *tx = tx.saturating_add(more_tx);
            });
        }
    }

    /// Connections of every device and protocol, in the order of their names.
    pub fn turnover(&self) -> Vec<(&str, &str, Turnover)> {
        let all = self.turnover.sorted().into_iter();
        all.map(|((device, protocol), turnover)| (&**device, &**protocol, turnover)).collect()
    }

    /// Bytes received and sent by every device, in the order of their names.
    pub fn moved(&self) -> Vec<(&str, [i64; 2])> {
        self.moved.sorted().into_iter().map(|(device, moved)| (&**device, moved)).collect()
    }
}
