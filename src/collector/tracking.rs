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
    /// Whether the pass that goes on is the first, or the first after a gap.
    is_first: bool,
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
    /// Whether it was the first, and may have overlooked some that were there: those must not be new in the next.
    is_doubtful: bool,
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
        self.is_first = !self.last.as_ref().is_some_and(follows);
        let baseline = self.is_first || self.last.is_some_and(|last| last.is_doubtful);
        if self.is_first {
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
        self.last = Some(LastPass {
            boot,
            flows: tracked.tracked,
            untracked: tracked.untracked > 0,
            is_doubtful: self.is_first && grace == Grace::OnePass,
        });
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribution::owners::OwnerId;
    use crate::census::flow_tracker::Change;
    use crate::conntrack::flow::{Protocol, State};
    use crate::measurements::fixture::flow;

    /// What a pass tells of the flows from these ports.
    fn pass(tracking: &mut Tracking, second: u64, grace: Grace, ports: &[u16]) -> Vec<Change> {
        let boot = Duration::from_secs(3600 + second);
        let pass_interval = Duration::from_secs(10);
        tracking.expect(Conditions { count: None, boot, pass_interval, at_most: 9, history: false });
        let Memory { tracker, .. } = tracking.begin(Attempt::First, 3).unwrap();
        let of = |port: &u16| {
            let mut flow = flow(Protocol::TCP, State::Established);
            flow.original.source.port = *port;
            tracker.observe(&flow, OwnerId::ROUTER, &mut |_| ()).0
        };
        let told = ports.iter().map(of).collect();
        tracking.complete(Attempt::First, boot, grace, DueClocks::Both, |_| ());
        told
    }

    #[test]
    fn what_the_first_pass_may_have_overlooked_is_not_new_in_the_second() {
        let none = |change: &Change| matches!(change, Change::Baseline);
        let new = |change: &Change| matches!(change, Change::New(_));
        let mut tracking = Tracking::default();
        assert!(pass(&mut tracking, 0, Grace::OnePass, &[1, 2]).iter().all(none));
        assert!(pass(&mut tracking, 10, Grace::OnePass, &[1, 3]).iter().all(none), "3 was overlooked");
        let third = pass(&mut tracking, 20, Grace::OnePass, &[1, 2, 3, 4]);
        assert_eq!(third.iter().map(new).collect::<Vec<_>>(), [false, false, false, true], "2 was spared");
        let mut tracking = Tracking::default();
        pass(&mut tracking, 0, Grace::None, &[1]);
        assert!(pass(&mut tracking, 10, Grace::None, &[3]).iter().all(new), "nothing is overlooked");
    }
}
