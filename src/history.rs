//! What each owner had and did in the last hour, pass by pass: for whoever judges by more than the last report.
//!
//! It sees what measurements see, in the same walk over the table, and is there only while one of them needs it
//! ([`Needs::history`](crate::measurements::Needs::history)). A place of an owner's ring is 24 bytes and stands for one pass;
//! when that was is kept once for all. 360 places are an hour at 10 s, 8,640 bytes an owner. Faster passes share a place;
//! rarer ones need fewer. A ring begins where its owner turned up and takes memory as it fills.
//!
//! [`statistics`] sums up what [`History::recent`] gives.

mod interval;
mod passes;
mod ring;
pub mod statistics;
pub mod trend;

use std::collections::HashMap;
use std::ops::AddAssign;
use std::time::Duration;

use foldhash::fast::RandomState;

use crate::attribution::owners::OwnerId;
use crate::census::flow_tracker::{Change, TrackedFlow};
use crate::census::per_owner::PerOwner;
use crate::census::{Attempt, CompletedPass};
use crate::measurements::Observation;
use passes::Passes;
use ring::{Place, Ring};

pub use interval::{Bytes, Interval, Turnover};

/// How many owners are remembered at a time: at most 9 MB. Whoever comes when there are so many takes the ring of who
/// has had nothing for the longest; where all have something, nothing is remembered of the newcomer.
const RINGS_AT_MOST: usize = 1024;

/// The last hour of every owner.
#[derive(Debug, Default)]
pub struct History {
    /// What there is now.
    present: PerOwner<Present>,
    /// What flows did since the last complete pass.
    changed: PerOwner<Changed>,
    passes: Passes,
    /// Every ring ends with the last pass. Who is given the place of another is not that other: hence no table by place.
    rings: HashMap<OwnerId, Ring, RandomState>,
}

/// What one owner has now.
#[derive(Clone, Copy, Debug, Default)]
struct Present {
    entries: u32,
    /// Those of the entries whose bytes the kernel counts.
    accounted: u32,
    /// Those of the entries that are ESTABLISHED or ACTIVE.
    connections: u32,
}

/// What the flows of one owner did.
#[derive(Clone, Copy, Debug, Default)]
struct Changed {
    /// Bytes received and sent.
    bytes: [u64; 2],
    opened: u32,
    closed: u32,
}

impl AddAssign for Changed {
    fn add_assign(&mut self, other: Self) {
        let ([rx, tx], [more_rx, more_tx]) = (self.bytes, other.bytes);
        self.bytes = [rx.saturating_add(more_rx), tx.saturating_add(more_tx)];
        self.opened = self.opened.saturating_add(other.opened);
        self.closed = self.closed.saturating_add(other.closed);
    }
}

impl History {
    /// A reading of the table begins, with so many places of owners.
    pub fn begin(&mut self, attempt: Attempt, owners: usize) {
        self.present.begin(attempt, owners);
    }

    /// One flow.
    pub fn observe(&mut self, of: &Observation<'_>) {
        let owner = of.attribution.owner;
        self.present.update(owner, |present| {
            present.entries += 1;
            present.accounted += u32::from(of.is_accounted());
            present.connections += u32::from(of.flow.state.is_connection());
        });
        let (moved, is_new) = (of.moved(), matches!(of.change, Change::New(_)));
        if moved.is_some() || is_new {
            let bytes = moved.map_or([0, 0], |moved| [moved.rx.bytes, moved.tx.bytes]);
            let change = Changed { bytes, opened: u32::from(is_new), closed: 0 };
            self.changed.update(owner, |changed| *changed += change);
        }
    }

    /// A flow that the table doesn't hold any more.
    pub fn ended(&mut self, flow: &TrackedFlow) {
        let change = Changed { closed: 1, ..Changed::default() };
        self.changed.update(flow.owner, |changed| *changed += change);
    }

    /// The table was read to its end at `boot` (time since boot).
    pub fn complete(&mut self, pass: &CompletedPass, boot: Duration) {
        // Of what flows did up to the first pass it isn't known since when.
        let is_known = self.passes.len() > 0;
        let pass = CompletedPass { flows: pass.flows && is_known, bytes: pass.bytes && is_known, ..*pass };
        self.present.replace(pass.kept);
        self.changed.settle(pass.flows);
        let joins = self.passes.push(pass, boot);
        let Self { present, changed, passes, rings } = self;
        rings.retain(|owner, ring| {
            let found = found(present.of(*owner), changed.of(*owner), pass.bytes);
            ring.take_in(found, joins, passes.len());
            !ring.is_empty()
        });
        self.admit(pass.bytes);
        self.changed.clear();
    }

    /// Begins the rings of those who are new.
    fn admit(&mut self, bytes: bool) {
        let owners = self.present.all().map(|(owner, _)| owner);
        let owners = owners.chain(self.changed.all().map(|(owner, _)| owner));
        let mut new: Vec<OwnerId> = owners.filter(|owner| !self.rings.contains_key(owner)).collect();
        new.sort_unstable();
        new.dedup();
        self.make_room(new.len());
        for owner in new.into_iter().take(RINGS_AT_MOST.saturating_sub(self.rings.len())) {
            let found = found(self.present.of(owner), self.changed.of(owner), bytes);
            self.rings.insert(owner, Ring::new(found));
        }
    }

    /// Makes room for so many more, as far as there are rings of owners who have nothing now.
    fn make_room(&mut self, more: usize) {
        let missing = (self.rings.len() + more).saturating_sub(RINGS_AT_MOST);
        if missing == 0 {
            return;
        }
        let silent = self.rings.iter().map(|(owner, ring)| (ring.silent_for(), *owner));
        let mut silent: Vec<(usize, OwnerId)> = silent.filter(|(passes, _)| *passes > 0).collect();
        silent.sort_unstable();
        for (_, owner) in silent.into_iter().rev().take(missing) {
            self.rings.remove(&owner);
        }
    }

    /// What `owners`, who are one device, had and did within `window` before the last pass; the oldest comes first.
    ///
    /// An interval of which at least half lies within is among them, and the last always is. Before a device turned up, it
    /// had nothing. There is no interval at all if nothing is remembered of the owners: they have had nothing for an hour,
    /// or are more than there is room for.
    pub fn recent<'a>(
        &'a self,
        owners: &[OwnerId],
        window: Duration,
    ) -> impl Iterator<Item = Interval> + Clone + use<'a> {
        let rings: Vec<&Ring> = owners.iter().filter_map(|owner| self.rings.get(owner)).collect();
        let wanted = if rings.is_empty() { 0 } else { self.passes.within(window) };
        let passes = self.passes.last(wanted).zip((0..wanted).rev());
        passes.map(move |(pass, ago)| Interval::new(pass, rings.iter().filter_map(|ring| ring.at(ago))))
    }

    /// How much memory the rings hold, in bytes.
    pub fn bytes(&self) -> usize {
        let entry = size_of::<(OwnerId, Ring)>();
        self.passes.bytes()
            + self.rings.capacity() * entry
            + self.rings.values().map(Ring::bytes).sum::<usize>()
    }
}

/// What a pass has found of an owner. Without `bytes` it isn't known what anybody moved.
fn found(present: Option<&Present>, changed: Option<&Changed>, bytes: bool) -> Place {
    let present = present.copied().unwrap_or_default();
    let changed = changed.copied().unwrap_or_default();
    let is_counted = present.entries == 0 || present.accounted > 0 || changed.bytes != [0, 0];
    let bytes = match (bytes, is_counted) {
        (false, _) => [0.0; 2],
        (true, false) => Place::UNCOUNTED,
        (true, true) => changed.bytes.map(ring::rounded),
    };
    let Present { connections, entries, .. } = present;
    Place { bytes, connections, entries, opened: changed.opened, closed: changed.closed }
}

#[cfg(test)]
mod tests;
