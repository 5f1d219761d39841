//! A recording, and where in it one is.

use std::ops::Range;
use std::time::Duration;

use super::model::{Model, Watcher};
use crate::cli::replay::Playback;
use crate::collector::Moment;
use crate::config::Config;
use crate::conntrack::TableError;
use crate::measurements::DueClocks;

/// How long the router had been up at the first instant, as far as anybody can tell.
const UP: Duration = Duration::from_hours(1);
/// What a device does is told by its last minutes: so much before an instant is looked at first, after a leap.
const BEFORE: Duration = Duration::from_mins(4);
/// But no more instants than that.
const BEFORE_AT_MOST: usize = 60;

/// A way through a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Back,
    Forward,
    First,
    Last,
}

/// A recording that is looked through.
pub(super) struct Player {
    playback: Playback,
    config: Config,
    /// Seconds since 1970, ascending.
    instants: Vec<u64>,
    /// Which of them is shown.
    pub(super) place: usize,
    watcher: Watcher,
}

impl Player {
    /// Nothing was looked at yet: [`show`](Self::show) the first.
    pub(super) fn new(playback: Playback, config: Config) -> Self {
        let instants = playback.instants(config.interval);
        let started = instants.first().copied().unwrap_or_default();
        let watcher = Watcher::new(config.clone(), playback.root(), started);
        Self { playback, config, instants, place: 0, watcher }
    }

    /// How many instants there are.
    pub(super) fn len(&self) -> usize {
        self.instants.len()
    }

    /// Whether the last is shown.
    pub(super) fn is_at_end(&self) -> bool {
        self.place + 1 >= self.instants.len()
    }

    /// Where a step leads from this place.
    pub(super) fn target(&self, place: usize, step: Step) -> usize {
        target(place, self.instants.len(), step)
    }

    /// Shows the instant in this place. The next is looked at as the program would have; before any other it begins anew, a
    /// few minutes earlier: what is told of an instant must not come from those behind it.
    pub(super) async fn show(&mut self, place: usize) -> Result<Model, TableError> {
        if place != self.place + 1 {
            let started = self.instants.first().copied().unwrap_or_default();
            self.watcher = Watcher::new(self.config.clone(), self.playback.root(), started);
            for before in before(&self.instants, place) {
                // An instant without a table is like one that is missing.
                let _ = self.look(before).await;
            }
        }
        self.place = place;
        self.look(place).await
    }

    async fn look(&mut self, place: usize) -> Result<Model, TableError> {
        self.playback.show(place);
        let first = self.instants.first().copied().unwrap_or_default();
        let instant = self.instants.get(place).copied().unwrap_or_default();
        let wall = Duration::from_secs(instant);
        let moment = Moment {
            boot: UP + Duration::from_secs(instant.saturating_sub(first)),
            timestamp: i64::try_from(wall.as_nanos()).ok(),
            wall: Some(wall),
            due: DueClocks::Both,
        };
        self.watcher.look(&moment).await
    }
}

fn target(place: usize, len: usize, step: Step) -> usize {
    let last = len.saturating_sub(1);
    match step {
        Step::Back => place.saturating_sub(1),
        Step::Forward => (place + 1).min(last),
        Step::First => 0,
        Step::Last => last,
    }
}

/// The places of the instants that are looked at before the one in `place`.
fn before(instants: &[u64], place: usize) -> Range<usize> {
    let instant = instants.get(place).copied().unwrap_or_default();
    let earliest = instant.saturating_sub(BEFORE.as_secs());
    let from = instants.partition_point(|instant| *instant < earliest);
    // At least one: what a connection has moved since is known by it.
    from.max(place.saturating_sub(BEFORE_AT_MOST)).min(place.saturating_sub(1))..place
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_lead_to_instants_that_there_are() {
        for (place, len, step, expected) in [
            (0, 3, Step::Back, 0),
            (2, 3, Step::Back, 1),
            (1, 3, Step::Forward, 2),
            (2, 3, Step::Forward, 2),
            (1, 3, Step::First, 0),
            (0, 3, Step::Last, 2),
            (0, 1, Step::Last, 0),
        ] {
            assert_eq!(target(place, len, step), expected, "{place} {step:?}");
        }
    }

    #[test]
    fn a_leap_looks_at_a_few_minutes_before() {
        let every =
            |seconds: u64, count: u64| (0..count).map(|place| 1_000 + place * seconds).collect::<Vec<_>>();
        assert_eq!(before(&every(10, 100), 0), 0..0);
        assert_eq!(before(&every(10, 100), 5), 0..5);
        assert_eq!(before(&every(10, 100), 90), 66..90);
        assert_eq!(before(&every(1, 1_000), 900), 840..900);
        assert_eq!(before(&every(3_600, 10), 5), 4..5);
    }
}
