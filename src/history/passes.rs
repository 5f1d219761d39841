//! When the passes of the last hour were, and what they could tell.

use std::collections::VecDeque;
use std::time::Duration;

use crate::census::CompletedPass;

/// How long a pass is remembered.
const KEPT: Duration = Duration::from_hours(1);
/// How many places an hour has: one for every 10 s.
pub(super) const PLACES: usize = 360;
/// A place that covers less takes in the next pass as well. Passes every 10 s have one each, though none is quite punctual.
const SHORTEST: Duration = Duration::from_millis(9500);

/// The time of one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pass {
    /// When it was, in time since boot.
    pub(super) boot: Duration,
    /// The time since the pass of the place before; nothing for the first.
    pub(super) covered: Duration,
    /// Whether what was opened and closed meanwhile is known.
    pub(super) flows: bool,
    /// Whether what was moved meanwhile is known.
    pub(super) bytes: bool,
}

/// The passes of the last hour that came to their end.
#[derive(Debug, Default)]
pub(super) struct Passes(VecDeque<Pass>);

impl Passes {
    /// One more, at `boot` (time since boot). Whether it joins the last place rather than having one of its own: together
    /// they know the same, and there would be too many otherwise.
    pub(super) fn push(&mut self, pass: CompletedPass, boot: Duration) -> bool {
        let CompletedPass { flows, bytes, .. } = pass;
        let since = |last: &Pass| boot.saturating_sub(last.boot);
        let covered = self.0.back().map(since).unwrap_or_default();
        let is_short = |last: &&mut Pass| !last.covered.is_zero() && last.covered < SHORTEST;
        let last = self.0.back_mut().filter(is_short);
        let joined = last.filter(|last| (last.flows, last.bytes) == (flows, bytes));
        let joins = joined.is_some();
        match joined {
            Some(last) => *last = Pass { boot, covered: last.covered + covered, ..*last },
            None => self.0.push_back(Pass { boot, covered, flows, bytes }),
        }
        let over = self.0.partition_point(|pass| boot.saturating_sub(pass.boot) >= KEPT);
        self.0.drain(..over.max(self.0.len().saturating_sub(PLACES)));
        joins
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// How many of the last have at least half of their time within `window` before the very last. That one always is.
    pub(super) fn within(&self, window: Duration) -> usize {
        let now = self.0.back().map(|last| last.boot).unwrap_or_default();
        let middle_ago = |pass: &Pass| now.saturating_sub(pass.boot).saturating_add(pass.covered / 2);
        let within = self.0.iter().rev().take_while(|pass| middle_ago(pass) < window).count();
        within.max(1).min(self.0.len())
    }

    /// So many of the last, the oldest first.
    pub(super) fn last(&self, passes: usize) -> impl Iterator<Item = &Pass> + Clone {
        self.0.range(self.0.len().saturating_sub(passes)..)
    }

    /// How much memory is held, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.0.capacity() * size_of::<Pass>()
    }
}
