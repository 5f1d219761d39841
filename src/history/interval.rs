//! What a device had and did from one place to the next.

use std::ops::AddAssign;
use std::time::Duration;

use super::passes::Pass;
use super::ring::Place;

/// What a device had and did in the time from one pass over the table to another: as a rule the next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// When it ended, in time since boot.
    pub boot: Duration,
    /// How long it was. Nothing for the first pass of all, of which it isn't known since when.
    pub covered: Duration,
    /// What was moved; `None` where that isn't known, or the kernel counts nothing of this device.
    pub bytes: Option<Bytes>,
    /// What was opened and closed; `None` where that isn't known.
    pub turnover: Option<Turnover>,
    /// Entries at its end that were ESTABLISHED or ACTIVE.
    pub connections: u32,
    /// Entries at its end.
    pub entries: u32,
}

/// Bytes that a device received and sent. Each place of its owners is right to one part in 16 million.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bytes {
    /// What it received (download).
    pub rx: f64,
    /// What it sent (upload).
    pub tx: f64,
}

impl AddAssign for Bytes {
    fn add_assign(&mut self, other: Self) {
        self.rx += other.rx;
        self.tx += other.tx;
    }
}

/// How many connections came and went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Turnover {
    /// Those that came.
    pub opened: u32,
    /// Those that went.
    pub closed: u32,
}

impl AddAssign for Turnover {
    fn add_assign(&mut self, other: Self) {
        self.opened = self.opened.saturating_add(other.opened);
        self.closed = self.closed.saturating_add(other.closed);
    }
}

impl Interval {
    /// The places of a device's owners together. As with one owner's flows, what was moved is known if the kernel counts
    /// any of them, or there are none.
    pub(super) fn new<'a>(pass: &Pass, places: impl Iterator<Item = &'a Place>) -> Self {
        let (mut connections, mut entries) = (0_u32, 0_u32);
        let (mut bytes, mut turnover) = (Bytes::default(), Turnover::default());
        let (mut counted, mut uncounted) = (false, false);
        for place in places {
            connections = connections.saturating_add(place.connections);
            entries = entries.saturating_add(place.entries);
            turnover += Turnover { opened: place.opened, closed: place.closed };
            if let Some([rx, tx]) = place.counted() {
                bytes += Bytes { rx, tx };
                counted |= place.entries > 0 || rx + tx > 0.0;
            } else {
                uncounted = true;
            }
        }
        let is_known = pass.bytes && (counted || !uncounted);
        Self {
            boot: pass.boot,
            covered: pass.covered,
            bytes: is_known.then_some(bytes),
            turnover: pass.flows.then_some(turnover),
            connections,
            entries,
        }
    }

    /// Bits received in a second; `None` where that isn't known.
    pub fn rx_bits_per_second(&self) -> Option<f64> {
        self.per_second(8.0 * self.bytes?.rx)
    }

    /// Bits sent in a second; `None` where that isn't known.
    pub fn tx_bits_per_second(&self) -> Option<f64> {
        self.per_second(8.0 * self.bytes?.tx)
    }

    /// Connections opened in a second; `None` where that isn't known.
    pub fn opened_per_second(&self) -> Option<f64> {
        self.per_second(self.turnover?.opened.into())
    }

    /// Connections closed in a second; `None` where that isn't known.
    pub fn closed_per_second(&self) -> Option<f64> {
        self.per_second(self.turnover?.closed.into())
    }

    fn per_second(&self, amount: f64) -> Option<f64> {
        (!self.covered.is_zero()).then(|| amount / self.covered.as_secs_f64())
    }
}
