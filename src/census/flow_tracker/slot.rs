//! What a slot of the table holds: one word about the flow, and a word for what each direction has carried.

use super::{ProtocolGroup, TrackedFlow, Traffic};
use crate::attribution::owners::{OWNERS_AT_MOST, OwnerId};
use crate::conntrack::flow::{Counters, Flow, State};

/// Everything known of a flow but its counters: key 43 bits, owner's place 13, group 2, four flags, generation 2. The
/// generation of a flow is 1, 2 or 3, so that 0 is an empty slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Head(u64);

/// In which pass a flow was last seen. Three can be told apart, and no flow outlives the third.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Generation(u64);

const MOVED: u64 = 1 << 2;
const RECENT: u64 = 1 << 3;
const UNREPLIED: u64 = 1 << 4;
const CLOSING: u64 = 1 << 5;
const GROUP_AT: u32 = 6;
const PLACE_AT: u32 = 8;
const KEY_AT: u32 = 21;
const GENERATION: u64 = 3;
const PLACE: u64 = OWNERS_AT_MOST as u64 - 1;
const _: () = assert!(OWNERS_AT_MOST.is_power_of_two() && PLACE >> (KEY_AT - PLACE_AT) == 0);

impl Generation {
    pub(super) const FIRST: Self = Self(1);

    pub(super) const fn next(self) -> Self {
        Self(self.0 % 3 + 1)
    }

    pub(super) const fn last(self) -> Self {
        self.next().next()
    }
}

impl Head {
    pub(super) const EMPTY: Self = Self(0);

    /// A flow as it is seen, of which nothing is known from before. Of its hash the upper 43 bits are the key.
    pub(super) fn of(hash: u64, flow: &Flow, owner: OwnerId, generation: Generation) -> Self {
        let closing = matches!(flow.state, State::TimeWait | State::Close);
        // A half-open TCP connection was answered by nothing yet, whatever else is shown.
        let unreplied = flow.state == State::SynSent || !flow.flags.seen_reply();
        Self(
            hash >> KEY_AT << KEY_AT
                | (owner.place() as u64 & PLACE) << PLACE_AT
                | (ProtocolGroup::of(flow.protocol) as u64) << GROUP_AT
                | if closing { CLOSING } else { 0 }
                | if unreplied { UNREPLIED } else { 0 }
                | generation.0,
        )
    }

    pub(super) fn is_empty(self) -> bool {
        self == Self::EMPTY
    }

    /// Whether both are the same flow, if neither is empty.
    pub(super) const fn has_key_of(self, other: Self) -> bool {
        (self.0 ^ other.0) >> KEY_AT == 0
    }

    /// The slot at which the search for this flow begins. The upper 32 bits of the key decide: of a room below 2^32,
    /// their product fits.
    pub(super) const fn home(self, room: usize) -> usize {
        (((self.0 >> 32) * room as u64) >> 32) as usize
    }

    pub(super) const fn place(self) -> usize {
        (self.0 >> PLACE_AT & PLACE) as usize
    }

    pub(super) const fn is_closing(self) -> bool {
        self.0 & CLOSING != 0
    }

    pub(super) const fn generation(self) -> Generation {
        Generation(self.0 & GENERATION)
    }

    pub(super) const fn as_recent(self) -> Self {
        Self(self.0 | RECENT)
    }

    /// Remembers whether it has moved, if `traffic` says so.
    pub(super) fn moved_by(self, traffic: Traffic) -> Self {
        Self(if traffic == Traffic::default() { self.0 } else { self.0 | MOVED })
    }

    /// What `last` says of the time since the last report holds here as well.
    pub(super) const fn carrying_on(self, last: Self) -> Self {
        Self(self.0 | last.0 & (RECENT | MOVED))
    }

    /// As after a report.
    pub(super) const fn reported(self) -> Self {
        Self(self.0 & !(RECENT | MOVED))
    }

    pub(super) const fn tracked(self, owner: OwnerId) -> TrackedFlow {
        TrackedFlow {
            owner,
            protocol: match self.0 >> GROUP_AT & 3 {
                0 => ProtocolGroup::Tcp,
                1 => ProtocolGroup::Udp,
                2 => ProtocolGroup::Icmp,
                _ => ProtocolGroup::Other,
            },
            unreplied: self.0 & UNREPLIED != 0,
            recent: self.0 & RECENT != 0,
            moved: self.0 & MOVED != 0,
        }
    }
}

/// What both directions have carried: original and reply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Carried([CounterWord; 2]);

impl Carried {
    /// What a flow has carried by now. A direction that shows no counters keeps those last seen.
    pub(super) fn by_now(self, flow: &Flow) -> Self {
        let [original, reply] = self.0;
        let word = |last, now: Option<Counters>| now.map_or(last, CounterWord::of);
        Self([word(original, flow.original.counters), word(reply, flow.reply.counters)])
    }

    /// What a flow has carried since, and whether a counter fell meanwhile. A direction that shows no counters has carried
    /// nothing.
    pub(super) fn step(self, flow: &Flow) -> (Traffic, bool) {
        let [original, reply] = self.0;
        let step =
            |last: CounterWord, now: Option<Counters>| now.map(|now| last.step(now)).unwrap_or_default();
        let (original, original_fell) = step(original, flow.original.counters);
        let (reply, reply_fell) = step(reply, flow.reply.counters);
        (Traffic { original, reply }, original_fell || reply_fell)
    }
}

/// What one direction has carried: bytes modulo 2^38, packets modulo 2^26.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct CounterWord(u64);

const BYTES_BITS: u32 = 38;
const BYTES: u64 = (1 << BYTES_BITS) - 1;
const PACKETS: u64 = u64::MAX >> BYTES_BITS;
/// Nothing carries 128 GiB between two passes.
const BYTES_STEP_AT_MOST: u64 = BYTES >> 1;

impl CounterWord {
    const fn of(counters: Counters) -> Self {
        Self(counters.packets << BYTES_BITS | counters.bytes & BYTES)
    }

    /// What was carried since, and whether the counters fell meanwhile: then it is what they have now.
    ///
    /// What is added to a counter is never more than what it has: a step that would be is one across 0. That also tells
    /// of packets when the bytes have caught up with where they were.
    const fn step(self, now: Counters) -> (Counters, bool) {
        let bytes = now.bytes.wrapping_sub(self.0) & BYTES;
        let packets = now.packets.wrapping_sub(self.0 >> BYTES_BITS) & PACKETS;
        if bytes > now.bytes || bytes > BYTES_STEP_AT_MOST || packets > now.packets {
            (now, true)
        } else {
            (Counters { packets, bytes }, false)
        }
    }
}
