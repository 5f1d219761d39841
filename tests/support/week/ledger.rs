//! Which series have gone out, so that each that goes is ended by one 0.

use super::looks::SERVICES;

/// What of a device was in the last snapshot that arrived.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sent {
    /// By the order of the states, of the groups of protocols, and of the parts.
    pub(super) states: [bool; 8],
    pub(super) rates: [bool; 4],
    pub(super) parts: [bool; 9],
    pub(super) traffic: bool,
    pub(super) trend: bool,
    pub(super) activity: bool,
    /// Of received and sent bytes, by services.
    pub(super) bandwidth: [[Silence; SERVICES.len()]; 2],
}

impl Sent {
    /// As after a start.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }
}

/// For how many looks a series of `bandwidth` has been silent.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Silence(Option<u8>);

impl Silence {
    /// Whether a look with so many bytes has a point: any, or a 0 for a minute.
    pub(super) fn is_told(&mut self, bytes: i64) -> bool {
        self.0 = if bytes > 0 { Some(0) } else { self.0.map(|looks| looks + 1).filter(|looks| *looks <= 6) };
        self.0.is_some()
    }
}
