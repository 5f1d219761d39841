//! The memory of flows between two passes over the table: what is new, what each has carried since, what is gone.
//!
//! One [`FlowTracker`] serves all measurements. It keeps 24 bytes for a flow's slot (8 where the kernel counts nothing) and
//! is at most three quarters full: 36 bytes a flow where few come and go.
//!
//! A flow is known by a secret hash of its original tuple, protocol and zone. The kernel's own number of an entry is none of
//! its identity: the text doesn't show it, and `nf_ct_get_id` gives a tuple that is used again the number it had before.
//!
//! What [`FlowTracker::observe`] tells is told once: the slot has taken it over. So it stays valid if the reading breaks off,
//! and a second reading of the same pass tells only what has been carried since the first. What was seen in any reading since
//! the last complete pass counts as seen in this one; at worst an ended flow is told a pass later.

mod owner_counts;
mod slot;
mod table;
#[cfg(test)]
mod tests;
mod tracked_flow;

use std::hash::{BuildHasher, Hasher};
use std::net::IpAddr;

use foldhash::quality::SeedableRandomState;

use self::owner_counts::OwnerCounts;
use self::slot::{Carried, Generation, Head};
use self::table::{Table, room_for};
use crate::attribution::owners::OwnerId;
use crate::conntrack::flow::{Counters, Flow, State};

pub use self::tracked_flow::{ProtocolGroup, TrackedFlow};

/// How many flows there are slots for at most, whatever is asked for: a place in the table has 32 bits.
const FLOWS_AT_MOST: usize = 1 << 28;

/// What a flow has carried since it was last seen, by direction of the connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// From who began the connection.
    pub original: Counters,
    /// The answers.
    pub reply: Counters,
}

impl Traffic {
    /// Bytes both ways.
    pub const fn bytes(&self) -> u64 {
        self.original.bytes.saturating_add(self.reply.bytes)
    }
}

/// What an entry tells beyond what was known of its flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// There is no room for the flow: nothing will be known of it.
    Untracked,
    /// The flow is known from now on. What it has carried before is nobody's delta.
    Baseline,
    /// The flow has begun since the last complete pass, and has carried this since.
    New(Traffic),
    /// The flow was known, and has carried this since it was last seen.
    Delta(Traffic),
}

/// What a reading is expected to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    /// How many entries the table has, or had: `nf_conntrack_count`. Only memory and time depend on it.
    pub flows: usize,
    /// How many flows may be tracked at a time, those that are gone but not yet told included. A bound that is lower than
    /// before takes no flow away; it lets none in.
    pub at_most: usize,
    /// Whether nothing can be said of what was since the last pass.
    pub baseline: bool,
}

/// What a complete pass has come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tracked {
    /// Flows that are tracked now.
    pub tracked: usize,
    /// Entries for which there was no room, of the reading since the last complete pass that had the most.
    pub untracked: u64,
    /// Known flows of which a counter fell, since the last complete pass.
    pub fallen: u64,
    /// Flows known from the last complete pass that were seen again. Neither they nor those fallen are counted in a
    /// reading that is a baseline.
    pub known: u64,
}

impl Tracked {
    /// Whether another program sets the counters to zero: so many don't fall by themselves.
    pub const fn zeroed(&self) -> bool {
        self.fallen >= 20 && self.fallen.saturating_mul(20) > self.known
    }
}

/// For how long a flow that isn't seen is believed to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grace {
    /// Not at all.
    None,
    /// For one complete pass. Before kernel 6.16 `ct_get_next` could leave out an entry of the text that was there.
    OnePass,
}

/// All flows known from earlier passes.
#[derive(Debug)]
pub struct FlowTracker {
    table: Table,
    owners: OwnerCounts,
    /// A search goes on from slot to slot, so keys must lie evenly, whatever ports outsiders choose: hence the better and
    /// seeded of the two hashes.
    secret: SeedableRandomState,
    generation: Generation,
    at_most: usize,
    baseline: bool,
    untracked: u64,
    /// The same of an earlier reading since the last complete pass.
    most_untracked: u64,
    fallen: u64,
    known: u64,
    /// How many slots the last complete pass needed, those of ended flows included.
    peak: usize,
}

impl Default for FlowTracker {
    fn default() -> Self {
        Self {
            table: Table::default(),
            owners: OwnerCounts::default(),
            secret: SeedableRandomState::random(),
            generation: Generation::FIRST,
            at_most: 0,
            baseline: true,
            untracked: 0,
            most_untracked: 0,
            fallen: 0,
            known: 0,
            peak: 0,
        }
    }
}

impl FlowTracker {
    /// A reading begins: the first or second of a pass, or one after another that broke off.
    pub fn begin(&mut self, expected: Expected) {
        self.at_most = expected.at_most.min(FLOWS_AT_MOST);
        self.baseline = expected.baseline;
        // What one reading had to leave out isn't known, whichever of them is kept.
        self.most_untracked = self.most_untracked.max(std::mem::take(&mut self.untracked));
        let flows = expected.flows.max(self.peak).min(self.at_most).max(self.table.used());
        let room = room_for((flows + flows / 8).min(self.at_most).max(flows));
        if self.table.room() < room_for(flows) || self.table.room() / 2 > room {
            self.table.resize(room);
        }
    }

    /// Takes one entry. Gives what it tells beyond what was known, and what is known now. `ended` is told of the flow
    /// whose tuple the entry has taken over.
    pub fn observe(
        &mut self,
        flow: &Flow,
        owner: OwnerId,
        ended: &mut impl FnMut(&TrackedFlow),
    ) -> (Change, TrackedFlow) {
        let seen = Head::of(self.hash(flow), flow, owner, self.generation);
        let (change, head) = match self.table.find(seen) {
            Some((at, last)) if !last.is_empty() => self.observe_known(at, last, seen, (flow, owner), ended),
            found => self.observe_unknown(found.map(|(at, _)| at), seen, flow, owner),
        };
        (change, head.tracked(owner))
    }

    fn observe_unknown(
        &mut self,
        free: Option<usize>,
        seen: Head,
        flow: &Flow,
        owner: OwnerId,
    ) -> (Change, Head) {
        if self.table.used() >= self.at_most {
            self.untracked += 1;
            return (Change::Untracked, seen);
        }
        let at = match free {
            Some(at) if self.table.has_room() => at,
            _ => self.table.grow(seen, self.at_most),
        };
        let (change, head) = if self.baseline { (Change::Baseline, seen) } else { begun(seen, flow) };
        self.owners.add(owner);
        self.table.set(at, head);
        let now = Carried::default().by_now(flow);
        if now != Carried::default() {
            self.table.set_carried(at, now);
        }
        (change, head)
    }

    fn observe_known(
        &mut self,
        at: usize,
        last: Head,
        seen: Head,
        (flow, owner): (&Flow, OwnerId),
        ended: &mut impl FnMut(&TrackedFlow),
    ) -> (Change, Head) {
        let before = self.table.carried(at);
        let now = before.by_now(flow);
        // Most flows are idle between two passes.
        let (traffic, fell) = if now == before { Default::default() } else { before.step(flow) };
        let (change, head) = if self.baseline {
            (Change::Baseline, seen)
        } else if last.is_closing() && is_open(flow) && (fell || matches!(carried(flow), [None, None])) {
            ended(&last.tracked(self.owners.at(last.place())));
            begun(seen, flow)
        } else {
            self.known += u64::from(last.generation() != self.generation);
            self.fallen += u64::from(fell);
            (Change::Delta(traffic), seen.carrying_on(last).moved_by(traffic))
        };
        if last.place() != head.place() {
            self.owners.remove(last.place());
            self.owners.add(owner);
        }
        self.table.set(at, head);
        if now != before {
            self.table.set_carried(at, now);
        }
        (change, head)
    }

    /// The table was read to its end. `ended` is told of every flow that wasn't seen and has no more `grace`; after a
    /// baseline, of none. With `reported`, a report is made of what this pass has given, and
    /// [`TrackedFlow::recent`] and [`TrackedFlow::moved`] begin anew.
    pub fn complete(&mut self, grace: Grace, reported: bool, mut ended: impl FnMut(&TrackedFlow)) -> Tracked {
        self.peak = self.table.used();
        let Self { table, owners, generation, baseline, .. } = self;
        let spared = (grace == Grace::OnePass).then(|| generation.last());
        table.sweep(|head| {
            if head.generation() == *generation || Some(head.generation()) == spared {
                return Some(if reported { head.reported() } else { head });
            }
            if !*baseline {
                ended(&head.tracked(owners.at(head.place())));
            }
            owners.remove(head.place());
            None
        });
        self.generation = self.generation.next();
        Tracked {
            tracked: self.table.used(),
            untracked: std::mem::take(&mut self.untracked).max(std::mem::take(&mut self.most_untracked)),
            fallen: std::mem::take(&mut self.fallen),
            known: std::mem::take(&mut self.known),
        }
    }

    /// Forgets all flows and gives their memory back.
    pub fn clear(&mut self) {
        *self = Self { secret: self.secret.clone(), ..Self::default() };
    }

    /// Whether a flow of this owner is tracked. As long as one is, nobody else may have the owner's place.
    pub fn remembers(&self, owner: OwnerId) -> bool {
        self.owners.of(owner) > 0
    }

    /// How much memory is held, in bytes.
    pub const fn bytes(&self) -> usize {
        self.table.bytes() + self.owners.bytes()
    }

    fn hash(&self, flow: &Flow) -> u64 {
        let (from, to) = (flow.original.source, flow.original.destination);
        let ports = u64::from(from.port) << 16 | u64::from(to.port);
        let rest = ports << 32 | u64::from(flow.zone) << 8 | u64::from(flow.protocol.0);
        let mut hasher = self.secret.build_hasher();
        match (from.address, to.address) {
            (IpAddr::V4(from), IpAddr::V4(to)) => {
                hasher.write_u64(u64::from(from.to_bits()) << 32 | u64::from(to.to_bits()));
                // Each of both ends by itself: the compiler then knows how much was written.
                hasher.write_u64(rest);
                hasher.finish()
            }
            (from, to) => {
                [from, to].map(bits).into_iter().for_each(|address| hasher.write_u128(address));
                hasher.write_u64(rest);
                hasher.finish()
            }
        }
    }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

const fn carried(flow: &Flow) -> [Option<Counters>; 2] {
    [flow.original.counters, flow.reply.counters]
}

/// A flow that has begun: all it has carried is new.
fn begun(seen: Head, flow: &Flow) -> (Change, Head) {
    let [original, reply] = carried(flow).map(Option::unwrap_or_default);
    let traffic = Traffic { original, reply };
    (Change::New(traffic), seen.as_recent().moved_by(traffic))
}

/// Whether a TCP connection is at its beginning, or open by what packets have said. An offloaded one is open by its flag
/// alone.
fn is_open(flow: &Flow) -> bool {
    matches!(flow.state, State::SynSent | State::SynRecv | State::Established) && !flow.flags.offloaded()
}
