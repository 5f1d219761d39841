//! `churn`: a device that opens and closes connections all the time, and has no more of them for it.

use std::rc::Rc;
use std::time::Duration;

use crate::alerts::{Circumstances, Limits, Reading, Rule, config};
use crate::attribution::labels::OwnerTags;
use crate::history::statistics::{Sums, mean};
use crate::history::{History, Interval};
use crate::measurements::Needs;

/// What is judged.
const WINDOW: Duration = Duration::from_mins(1);
/// For how long connections must be level.
const LEVEL_FOR: Duration = Duration::from_mins(5);
/// Connections are level if the mean of the later half of that time differs from that of the earlier by no more than this
/// share of it, or by no more than so many connections: single ones come and go all the time.
const LEVEL_WITHIN: (f64, f64) = (0.25, 5.0);

/// The rule. The router is not judged: it asks name servers for all the others.
#[derive(Debug, Default)]
pub(super) struct Churn {
    config: config::Churn,
}

impl Churn {
    /// With this threshold.
    pub(super) fn new(config: &config::Churn) -> Self {
        Self { config: config.clone() }
    }

    fn reading(&self, row: &OwnerTags, history: &History) -> Option<Reading> {
        let device = Rc::clone(row.name()?);
        let [opened, closed] = turnover(history, row)?;
        let level = level(history.recent(&row.owners, LEVEL_FOR))?;
        let (value, connections) = match level {
            Level::Level(connections) => (opened.min(closed), connections),
            Level::Changing(connections) => (0.0, connections),
        };
        Some(Reading {
            value,
            limits: Limits { warning: Some(self.config.per_second.get()), critical: None },
            what: format!(
                "{device} opens {opened:.1} connections a second and closes {closed:.1}, and has had {connections:.0} at \
                 a time on average"
            ),
            device,
        })
    }
}

impl Rule for Churn {
    fn name(&self) -> &'static str {
        "churn"
    }

    fn needs(&self) -> Needs {
        Needs { history: true, ..Needs::default() }
    }

    fn judge(&mut self, of: &Circumstances<'_>) -> Vec<Reading> {
        let Some(history) = of.tick.history else { return Vec::new() };
        of.tick.owners.devices.iter().filter_map(|row| self.reading(row, history)).collect()
    }

    fn advice(&self) -> &'static str {
        "An app on it may try again and again what fails: see which of its services doesn't work. Torrents do that, too."
    }

    fn hold(&self) -> Duration {
        self.config.hold.duration()
    }
}

/// How many connections a device opened and closed in a second of the last minute; `None` if that isn't known.
fn turnover(history: &History, row: &OwnerTags) -> Option<[f64; 2]> {
    let sums = Sums::of(history.recent(&row.owners, WINDOW)).turnover;
    let opened = sums.per_second(|turnover| turnover.opened.into())?;
    Some([opened, sums.per_second(|turnover| turnover.closed.into())?])
}

/// Whether connections are level, and how many they are.
enum Level {
    Level(f64),
    Changing(f64),
}

/// `None` if it isn't known of the whole time.
fn level(intervals: impl Iterator<Item = Interval>) -> Option<Level> {
    let intervals: Vec<Interval> = intervals.collect();
    let (first, last) = (intervals.first()?, intervals.last()?);
    let is_short = last.boot.saturating_sub(first.boot) + first.covered < LEVEL_FOR.mul_f64(0.9);
    let middle = last.boot.saturating_sub(LEVEL_FOR / 2);
    let (earlier, later) = intervals.split_at(intervals.partition_point(|interval| interval.boot <= middle));
    let connections = |half: &[Interval]| {
        mean(half.iter().copied(), |interval| Some(interval.connections.into())).filter(|_| !is_short)
    };
    let (before, after) = (connections(earlier)?, connections(later)?);
    let (share, count) = LEVEL_WITHIN;
    let is_level = (after - before).abs() <= (share * before).max(count);
    let both = f64::midpoint(before, after);
    Some(if is_level { Level::Level(both) } else { Level::Changing(both) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::fixture::Judged;
    use crate::attribution::Direction;
    use crate::conntrack::flow::{Flow, Protocol, State};
    use crate::measurements::fixture::{Fixture, flow};

    /// What a device's value is after so many passes, in each of which so many connections are opened and closed.
    fn judge(passes: u32, opened: u32, closed: u32) -> Option<f64> {
        let mut fixture = Fixture::new();
        let owner = fixture.device("Bulb");
        let mut judged = Judged::new(Churn::default());
        for pass in 0..passes {
            let (begin, end) = (pass * closed, pass * opened + 21);
            let flows: Vec<_> =
                (begin..end).map(|number| (owner, Direction::Outbound, numbered(number))).collect();
            fixture.pass(&mut judged, &flows);
        }
        fixture.report(&mut judged);
        judged.reading("Bulb").map(|reading| reading.value)
    }

    fn numbered(number: u32) -> Flow {
        let mut flow = flow(Protocol::UDP, State::Active);
        flow.original.source.address = number.to_be_bytes().into();
        flow
    }

    #[test]
    fn what_comes_and_goes_while_connections_stay_level() {
        for (passes, opened, closed, expected) in [
            (40, 21, 21, Some(2.1)),
            (40, 20, 20, Some(2.0)),
            (40, 0, 0, Some(0.0)),
            // They become more.
            (40, 35, 21, Some(0.0)),
            // Not for long enough to be level.
            (20, 21, 21, None),
            (1, 21, 21, None),
        ] {
            assert_eq!(judge(passes, opened, closed), expected, "{passes} passes: +{opened} -{closed}");
        }
    }

    #[test]
    fn a_few_more_or_less_are_level() {
        let intervals = |connections: &dyn Fn(u32) -> u32| {
            let interval = |pass: u32| Interval {
                boot: Duration::from_secs(u64::from(pass) * 10),
                covered: Duration::from_secs(10),
                bytes: None,
                turnover: None,
                connections: connections(pass),
                entries: 0,
            };
            level((1..=30).map(interval)).map(|level| matches!(level, Level::Level(_)))
        };
        assert_eq!(intervals(&|pass| 20 + pass % 2 * 20), Some(true), "to and fro");
        assert_eq!(intervals(&|pass| if pass > 15 { 104 } else { 100 }), Some(true));
        assert_eq!(intervals(&|pass| if pass > 15 { 6 } else { 1 }), Some(true));
        assert_eq!(intervals(&|pass| if pass > 15 { 7 } else { 1 }), Some(false));
        assert_eq!(intervals(&|pass| if pass > 15 { 126 } else { 100 }), Some(false));
        assert_eq!(intervals(&|pass| 200 - pass * 5), Some(false));
    }
}
