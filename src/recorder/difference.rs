//! What a pass over the table was like, told by the one after it.
//!
//! The newest pass is there in full, and each older one as what makes it of the next. So the oldest is forgotten by dropping
//! it, and nothing is coded twice. The kernel shows its table in the order of its hash, in which what stays keeps its place
//! (`ct_get_next()`, `ctnetlink_dump_table()`): the two are gone through side by side, and only a few flows are held.

use std::collections::VecDeque;

use super::code::{
    LONGEST, of_status, put_difference, put_flow, put_number, status, take_byte, take_difference, take_flow,
    take_number,
};
use crate::conntrack::flow::{Counters, Flow, Tuple};

/// So many flows of the older pass are searched for one of the newer: as many may have gone in a row.
const WINDOW: usize = 64;

/// What is shorter than any flow, in bytes.
const SHORTEST: usize = 8;

/// So many flows of the newer pass were the same in the older, but for the time that went by.
const SAME: u8 = 0;
/// So many flows of the newer pass were not in the older.
const NEW: u8 = 1;
/// A flow of the older pass, in full, which the newer lacks.
const GONE: u8 = 2;
/// A flow was otherwise; the other bits say in what.
const CHANGED: u8 = 1 << 7;
const TIMEOUT: u8 = 1;
const STATUS: u8 = 1 << 1;
const ORIGINAL: u8 = 1 << 2;
const REPLY: u8 = 1 << 3;

/// The difference in the making.
#[derive(Debug, Default)]
pub(super) struct Difference {
    pub(super) code: Vec<u8>,
    /// How much of the older pass was looked at.
    taken: usize,
    /// The flows of the older pass that come next.
    window: VecDeque<Flow>,
    /// Flows in a row of which the same is to be said.
    run: Run,
    /// Seconds from the older pass to the newer.
    elapsed: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Run {
    of: u8,
    length: u64,
}

impl Difference {
    /// Nothing of either was seen yet; they are so many seconds apart.
    pub(super) fn new(elapsed: u32) -> Self {
        Self { elapsed, ..Self::default() }
    }

    /// The next flow of the newer pass; `older` is the code of all of the older.
    pub(super) fn see(&mut self, flow: &Flow, older: &[u8]) {
        self.look_ahead(older);
        let Some(place) = self.window.iter().position(|old| is_same_flow(old, flow)) else {
            return self.extend_run(NEW);
        };
        for _ in 0..place {
            self.next_has_gone();
        }
        if let Some(old) = self.window.pop_front() {
            self.compare(&old, flow);
        }
    }

    /// The newer pass is at its end: whatever else the older had has gone. Gives the code.
    pub(super) fn finish(mut self, older: &[u8]) -> Vec<u8> {
        loop {
            self.look_ahead(older);
            if self.window.is_empty() {
                break;
            }
            self.next_has_gone();
        }
        self.end_run();
        self.code
    }

    /// What is at most still to be written of an older pass whose code has this length.
    pub(super) fn rest(&self, older: usize) -> usize {
        // Each is told by one byte more than it takes itself.
        let unseen = older.saturating_sub(self.taken);
        unseen + unseen / SHORTEST + self.window.len() * (LONGEST + 1) + LONGEST
    }

    fn look_ahead(&mut self, older: &[u8]) {
        while self.window.len() < WINDOW {
            let mut rest = older.get(self.taken..).unwrap_or_default();
            let Some(flow) = take_flow(&mut rest) else { break };
            self.taken = older.len() - rest.len();
            self.window.push_back(flow);
        }
    }

    fn next_has_gone(&mut self) {
        if let Some(old) = self.window.pop_front() {
            self.end_run();
            self.code.push(GONE);
            put_flow(&old, &mut self.code);
        }
    }

    fn compare(&mut self, old: &Flow, new: &Flow) {
        if !is_alike(old, new) {
            // Rare: told as another flow.
            self.extend_run(NEW);
            self.end_run();
            self.code.push(GONE);
            return put_flow(old, &mut self.code);
        }
        let timeout = timeout_difference(old, new, self.elapsed);
        let set = |is_set, bit| if is_set { bit } else { 0 };
        let bits = set(timeout != 0, TIMEOUT)
            | set(status(old) != status(new), STATUS)
            | set(old.original.counters != new.original.counters, ORIGINAL)
            | set(old.reply.counters != new.reply.counters, REPLY);
        if bits == 0 {
            return self.extend_run(SAME);
        }
        self.end_run();
        self.code.push(CHANGED | bits);
        if bits & TIMEOUT != 0 {
            put_difference(timeout, &mut self.code);
        }
        if bits & STATUS != 0 {
            self.code.push(status(old));
        }
        put_counters(&old.original, &new.original, &mut self.code);
        put_counters(&old.reply, &new.reply, &mut self.code);
    }

    fn extend_run(&mut self, of: u8) {
        if self.run.of != of {
            self.end_run();
            self.run.of = of;
        }
        self.run.length += 1;
    }

    fn end_run(&mut self) {
        if self.run.length > 0 {
            self.code.push(self.run.of);
            put_number(self.run.length, &mut self.code);
            self.run.length = 0;
        }
    }
}

/// Makes the code of the older pass of that of the `newer` and of their difference; `None` if they don't belong together.
pub(super) fn undo(newer: &[u8], difference: &[u8], elapsed: u32) -> Option<Vec<u8>> {
    let (mut newer, mut difference) = (newer, difference);
    let mut older = Vec::with_capacity(newer.len());
    while let Some(operation) = take_byte(&mut difference) {
        match operation {
            SAME | NEW => {
                for _ in 0..take_number(&mut difference)? {
                    let flow = take_flow(&mut newer)?;
                    if operation == SAME {
                        put_flow(&with_timeout(flow, 0, elapsed), &mut older);
                    }
                }
            }
            GONE => put_flow(&take_flow(&mut difference)?, &mut older),
            bits => put_flow(&changed(take_flow(&mut newer)?, bits, elapsed, &mut difference)?, &mut older),
        }
    }
    Some(older)
}

/// A flow as it was in the older pass.
fn changed(mut flow: Flow, bits: u8, elapsed: u32, difference: &mut &[u8]) -> Option<Flow> {
    let timeout = if bits & TIMEOUT != 0 { take_difference(difference)? } else { 0 };
    flow = with_timeout(flow, timeout, elapsed);
    if bits & STATUS != 0 {
        (flow.state, flow.flags) = of_status(take_byte(difference)?);
    }
    for (bit, tuple) in [(ORIGINAL, &mut flow.original), (REPLY, &mut flow.reply)] {
        if bits & bit != 0 {
            let Counters { packets, bytes } = tuple.counters?;
            let packets = packets.wrapping_sub(take_difference(difference)?.cast_unsigned());
            let bytes = bytes.wrapping_sub(take_difference(difference)?.cast_unsigned());
            tuple.counters = Some(Counters { packets, bytes });
        }
    }
    Some(flow)
}

/// Whether two entries are of one connection.
fn is_same_flow(one: &Flow, other: &Flow) -> bool {
    let ends = |tuple: &Tuple| (tuple.source, tuple.destination);
    one.protocol == other.protocol
        && ends(&one.original) == ends(&other.original)
        && ends(&one.reply) == ends(&other.reply)
        && one.zone == other.zone
}

/// Whether they have the same parts, so that differences can tell one by the other.
fn is_alike(one: &Flow, other: &Flow) -> bool {
    one.mark == other.mark
        && one.timeout.is_some() == other.timeout.is_some()
        && one.original.counters.is_some() == other.original.counters.is_some()
        && one.reply.counters.is_some() == other.reply.counters.is_some()
}

/// By how much the timeout was otherwise than it is, and has been running down since.
fn timeout_difference(old: &Flow, new: &Flow, elapsed: u32) -> i64 {
    let expected = new.timeout.map_or(0, i64::from) + i64::from(elapsed);
    old.timeout.map_or(0, |old| i64::from(old) - expected)
}

fn with_timeout(flow: Flow, difference: i64, elapsed: u32) -> Flow {
    let was =
        |timeout| u32::try_from(i64::from(timeout) + i64::from(elapsed) + difference).unwrap_or(u32::MAX);
    Flow { timeout: flow.timeout.map(was), ..flow }
}

fn put_counters(old: &Tuple, new: &Tuple, to: &mut Vec<u8>) {
    if let (Some(old), Some(new)) = (old.counters, new.counters)
        && old != new
    {
        // Counters can fall; whatever they do, the same is undone.
        put_difference(new.packets.wrapping_sub(old.packets).cast_signed(), to);
        put_difference(new.bytes.wrapping_sub(old.bytes).cast_signed(), to);
    }
}
