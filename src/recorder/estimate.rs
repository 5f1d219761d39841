//! For how long the memory holds what happens here, as far as one look at the table tells.

use std::time::Duration;

use super::code::put_flow;
use crate::conntrack::flow::Flow;

/// What is taken for usual from one look to the next, ten seconds apart: of so many flows one has moved something, and of so
/// many one has gone. `docs/limits.md` says what made-up households come to.
const ONE_MOVES_OF: usize = 4;
const ONE_GOES_OF: usize = 16;
/// What a flow takes that has moved something, in bytes, with what tells of those up to the next one.
const MOVED: usize = 13;

/// A look at the table, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Estimate {
    flows: usize,
    bytes: usize,
}

impl Estimate {
    /// Takes note of one more flow.
    pub fn see(&mut self, flow: &Flow) {
        let mut code = Vec::new();
        put_flow(flow, &mut code);
        self.flows += 1;
        self.bytes += code.len();
    }

    /// How many passes so much memory (in bytes) holds, as a rule. While one is read, two are there in full.
    pub const fn passes(&self, memory: usize) -> usize {
        if memory < self.bytes {
            return 0;
        }
        let Some(room) = memory.checked_sub(2 * self.bytes) else { return 1 };
        2 + room / self.difference()
    }

    /// For how long that is, with so much time from one pass to the next.
    pub fn lasts(&self, memory: usize, every: Duration) -> Duration {
        let passes = u32::try_from(self.passes(memory)).unwrap_or(u32::MAX);
        every.saturating_mul(passes.saturating_sub(1))
    }

    /// What one more pass takes.
    const fn difference(&self) -> usize {
        self.flows * MOVED / ONE_MOVES_OF + self.bytes / ONE_GOES_OF + 100
    }
}
