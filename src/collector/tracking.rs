//! What flows have done since: the tracker, and for how long what it tells adds up to something that may be sent.

use std::time::Duration;

use tracing::{info, warn};

use crate::census::flow_tracker::{Expected, FlowTracker, Grace, Tracked, TrackedFlow};
use crate::census::outside::OutsideTraffic;
use crate::census::{Attempt, CompletedPass, Memory};
use crate::edge_log::EdgeLog;
use crate::history::History;
use crate::measurements::{Clock, Covered, DueClocks, TrackingFigures};
use crate::wording::counted;

/// After so long without a pass that came to its end the next is a baseline, however rare passes are.
const LONGEST_GAP: Duration = Duration::from_secs(90);

/// The memory of flows, for all measurements.
#[derive(Debug, Default)]
pub(super) struct Tracking {
    pub(super) tracker: FlowTracker,
    /// The last hour, while somebody needs it.
    history: Option<History>,
    expected: Option<Expected>,
    last: Option<LastPass>,
    /// What the passes since the last one that came to its end have told.
    told: OutsideTraffic,
    /// What flows carried to and from the world outside since the last report of `interval`.
    outside: OutsideTraffic,
    /// For how long that is known.
    covered: Covered,
    pub(super) figures: TrackingFigures,
    zeroed: EdgeLog,
    full: EdgeLog,
}

/// The last pass that came to its end.
#[derive(Clone, Copy, Debug)]
struct LastPass {
    boot: Duration,
    flows: usize,
    /// Whether it had to leave flows untracked: of those that turn up it isn't known then whether they are new.
    untracked: bool,
}

/// What decides about the next pass.
#[derive(Clone, Copy, Debug)]
pub(super) struct Conditions {
    /// Entries of the table, as the kernel says.
    pub(super) count: Option<u64>,
    /// Time since boot.
    pub(super) boot: Duration,
    /// The time from one pass to the next.
    pub(super) pass_interval: Duration,
    /// `limits.max_flows`.
    pub(super) at_most: usize,
    /// Whether the last hour is to be remembered.
    pub(super) history: bool,
}

impl Tracking {
    /// A pass is about to begin.
    pub(super) fn expect(&mut self, conditions: Conditions) {
        let Conditions { count, boot, pass_interval, at_most, history } = conditions;
        self.history = history.then(|| self.history.take().unwrap_or_default());
        let longest_gap = LONGEST_GAP.max(3 * pass_interval);
        let follows = |last: &LastPass| !last.untracked && boot.saturating_sub(last.boot) <= longest_gap;
        let last_flows = self.last.map_or(0, |last| last.flows);
        let flows = count.and_then(|count| usize::try_from(count).ok()).unwrap_or(last_flows);
        let baseline = !self.last.as_ref().is_some_and(follows);
        if baseline {
            // Nothing is told of what was known: it would only take up room.
            self.tracker.clear();
        }
        self.expected = Some(Expected { flows, at_most, baseline });
    }

    /// No measurement needs to know what flows did.
    pub(super) fn rest(&mut self) {
        if self.expected.take().is_some() || self.last.is_some() {
            let counter_resets = self.figures.counter_resets;
            *self =
                Self { figures: TrackingFigures { counter_resets, ..Default::default() }, ..Self::default() };
        }
    }

    /// What is known of earlier passes, for a reading that begins, with so many places of owners; `None` if nobody needs it.
    pub(super) fn begin(&mut self, attempt: Attempt, owners: usize) -> Option<Memory<'_>> {
        let expected = self.expected?;
        self.tracker.begin(expected);
        if let Some(history) = &mut self.history {
            history.begin(attempt, owners);
        }
        let history = self.history.as_mut();
        Some(Memory { tracker: &mut self.tracker, outside: &mut self.told, history })
    }

    /// The table was read to its end at `boot`; `ended` is told of the flows that have gone.
    pub(super) fn complete(
        &mut self,
        kept: Attempt,
        boot: Duration,
        grace: Grace,
        due: DueClocks,
        mut ended: impl FnMut(&TrackedFlow),
    ) -> CompletedPass {
        let Some(expected) = self.expected else {
            return CompletedPass { kept, flows: false, bytes: false, since_last: Duration::ZERO };
        };
        let Self { tracker, history, .. } = self;
        let tracked = tracker.complete(grace, due.includes(Clock::Interval), |flow| {
            ended(flow);
            if let Some(history) = history {
                history.ended(flow);
            }
        });
        let flows = !expected.baseline && tracked.untracked == 0;
        let bytes = flows && !tracked.zeroed();
        let since_last = self.last.map_or(Duration::ZERO, |last| boot.saturating_sub(last.boot));
        let pass = CompletedPass { kept, flows, bytes, since_last };
        self.covered.add(&pass);
        let told = std::mem::take(&mut self.told);
        if bytes {
            self.outside += told;
        }
        self.last = Some(LastPass { boot, flows: tracked.tracked, untracked: tracked.untracked > 0 });
        self.note(&tracked, expected.at_most);
        if let Some(history) = &mut self.history {
            history.complete(&pass, boot);
        }
        pass
    }

    fn note(&mut self, tracked: &Tracked, at_most: usize) {
        self.figures.tracked = tracked.tracked;
        self.figures.untracked = tracked.untracked;
        self.figures.counter_resets += tracked.fallen;
        if tracked.untracked > 0 && self.full.begins() {
            let beyond = counted(tracked.untracked, "connection is", "connections are");
            warn!(
                "{beyond} beyond limits.max_flows = {at_most} and not tracked: bytes, and what was opened and closed, \
                 are left out until there are fewer"
            );
        } else if tracked.untracked == 0 && self.full.ends() {
            info!("all connections are tracked again");
        }
        if tracked.zeroed() && self.zeroed.begins() {
            warn!(
                "the counters of {} of {} connections fell at once: another program, such as nlbwmon or `conntrack -z`, \
                 sets them to zero. What they had counted since the last look is left out, and counter_resets grows",
                tracked.fallen, tracked.known
            );
        }
    }

    /// The last hour, if somebody needs it.
    pub(super) const fn history(&self) -> Option<&History> {
        self.history.as_ref()
    }

    /// What a measurement may tell of the time that it has `covered`: nothing while there are more flows than are tracked.
    pub(super) const fn settled(&self, covered: Covered) -> Covered {
        if self.figures.untracked > 0 { Covered::NOTHING } else { covered }
    }

    /// What flows carried to and from the world outside since the last report of `interval`, if all of it is known.
    pub(super) fn outside(&self) -> Option<OutsideTraffic> {
        (self.covered.whole && !self.covered.bytes.is_zero()).then_some(self.outside)
    }

    /// The clocks that were due have reported.
    pub(super) fn reported(&mut self, due: DueClocks) {
        if due.includes(Clock::Interval) {
            (self.outside, self.covered) = (OutsideTraffic::default(), Covered::default());
        }
    }
}
