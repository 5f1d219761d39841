//! What one owner had and did, place by place.

use std::collections::VecDeque;

use super::passes::PLACES;

/// By how many places a ring grows at least.
const GROWTH: usize = 6;

/// What an owner had and did in the time of one place.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Place {
    /// Received and sent. A float holds them to one part in 16 million, however many there are.
    pub(super) bytes: [f32; 2],
    /// At its end.
    pub(super) connections: u32,
    /// At its end.
    pub(super) entries: u32,
    pub(super) opened: u32,
    pub(super) closed: u32,
}

const _: () = assert!(size_of::<Place>() == 24);

impl Place {
    /// The bytes of who has entries of which the kernel counts none. What is added to them isn't known either.
    pub(super) const UNCOUNTED: [f32; 2] = [f32::NAN; 2];

    /// Bytes received and sent, unless the kernel counts none.
    pub(super) fn counted(&self) -> Option<[f64; 2]> {
        (!self.bytes.iter().any(|bytes| bytes.is_nan())).then(|| self.bytes.map(f64::from))
    }

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Bytes as a place has them.
#[expect(clippy::cast_precision_loss, reason = "one part in 16 million is lost")]
pub(super) const fn rounded(bytes: u64) -> f32 {
    bytes as f32
}

/// The places of one owner: the last is that of the last pass, and the first isn't empty.
#[derive(Debug, Default)]
pub(super) struct Ring(VecDeque<Place>);

impl Ring {
    /// A ring that begins with the last pass.
    pub(super) fn new(place: Place) -> Self {
        let mut ring = Self::default();
        ring.push(place);
        ring
    }

    /// Takes in what the last pass has found: it `joins` the last place, or has one of its own. There are so many `places`.
    pub(super) fn take_in(&mut self, found: Place, joins: bool, places: usize) {
        let earlier = if joins { places } else { places.saturating_sub(1) };
        self.0.drain(..self.0.len().saturating_sub(earlier));
        if joins {
            self.join(found);
        } else {
            self.push(found);
        }
        let before_all = self.0.iter().take_while(|place| place.is_empty()).count();
        self.0.drain(..before_all);
    }

    fn join(&mut self, found: Place) {
        let Some(last) = self.0.back_mut() else { return };
        let ([rx, tx], [more_rx, more_tx]) = (last.bytes, found.bytes);
        *last = Place {
            bytes: [rx + more_rx, tx + more_tx],
            opened: last.opened.saturating_add(found.opened),
            closed: last.closed.saturating_add(found.closed),
            ..found
        };
    }

    fn push(&mut self, place: Place) {
        let len = self.0.len();
        if len == self.0.capacity() {
            // By half as much again, but not for more than an hour.
            let more = (len / 2).max(GROWTH).min(PLACES.saturating_sub(len));
            self.0.reserve_exact(more);
        }
        self.0.push_back(place);
    }

    /// Whether nothing is remembered.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// For how many places up to the last there has been nothing.
    pub(super) fn silent_for(&self) -> usize {
        self.0.iter().rev().take_while(|place| place.is_empty()).count()
    }

    /// The place so many before the last.
    pub(super) fn at(&self, ago: usize) -> Option<&Place> {
        self.0.get(self.0.len().checked_sub(ago)?.checked_sub(1)?)
    }

    /// How much memory is held, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.0.capacity() * size_of::<Place>()
    }
}
