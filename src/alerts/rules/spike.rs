//! `spike`: a device that opens far more connections than it did in the hour before.

use std::rc::Rc;
use std::time::Duration;

use crate::alerts::{Circumstances, Limits, Reading, Rule, config};
use crate::attribution::labels::OwnerTags;
use crate::history::statistics::Sums;
use crate::history::{History, Interval, Turnover};
use crate::measurements::{Needs, Tick};

/// How far back it is looked.
const HOUR: Duration = Duration::from_hours(1);
/// For how long it must be known what was opened before: less says nothing of what is usual.
const LEARNT: Duration = Duration::from_mins(10);

/// The rule. What is judged is what was opened since the last report. The average is that of the rest of the last hour: who
/// goes on and on opens no more than usual after a while.
#[derive(Debug, Default)]
pub(super) struct Spike {
    config: config::Spike,
}

impl Spike {
    /// With these thresholds.
    pub(super) fn new(config: &config::Spike) -> Self {
        Self { config: config.clone() }
    }

    fn reading(&self, row: &OwnerTags, tick: &Tick<'_>, history: &History) -> Option<Reading> {
        let device = Rc::clone(row.name()?);
        let (value, average) = opened_per_second(history.recent(&row.owners, HOUR), tick.since_last()?)?;
        // Above the one, and from the other on.
        let limit = (self.config.factor.get() * average).max(self.config.per_second.get().next_down());
        Some(Reading {
            value,
            limits: Limits { warning: Some(limit), critical: None },
            what: format!(
                "{device} opens {value:.1} connections a second, and {average:.1} on average in the hour before"
            ),
            device,
        })
    }
}

impl Rule for Spike {
    fn name(&self) -> &'static str {
        "spike"
    }

    fn needs(&self) -> Needs {
        Needs { history: true, ..Needs::default() }
    }

    fn judge(&mut self, of: &Circumstances<'_>) -> Vec<Reading> {
        let Some(history) = of.tick.history else { return Vec::new() };
        let rows = of.tick.owners.devices.iter().chain([&of.tick.owners.router]);
        rows.filter_map(|row| self.reading(row, of.tick, history)).collect()
    }

    fn advice(&self) -> &'static str {
        "An app that searches, a download from many or a virus does that. If it doesn't end, restart the device."
    }

    fn hold(&self) -> Duration {
        self.config.hold.duration()
    }
}

/// How many connections were opened in a second of the last `window`, and of the time before; `None` where one of the two
/// isn't known.
fn opened_per_second(hour: impl Iterator<Item = Interval>, window: Duration) -> Option<(f64, f64)> {
    let mut hour: Vec<Interval> = hour.collect();
    let now = hour.last()?.boot;
    let is_earlier = |interval: &Interval| {
        now.saturating_sub(interval.boot).saturating_add(interval.covered / 2) >= window
    };
    let judged = hour.split_off(hour.partition_point(is_earlier));
    let (before, judged) = (Sums::of(hour).turnover, Sums::of(judged).turnover);
    let opened = |turnover: &Turnover| f64::from(turnover.opened);
    let average = before.per_second(opened).filter(|_| before.covered >= LEARNT)?;
    Some((judged.per_second(opened)?, average))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::fixture::Judged;
    use crate::attribution::Direction;
    use crate::attribution::owners::OwnerId;
    use crate::conntrack::flow::{Flow, Protocol, State};
    use crate::measurements::fixture::{Fixture, flow};

    /// A device that opens connections, which are gone by the next pass.
    struct Opening {
        fixture: Fixture,
        owner: OwnerId,
        judged: Judged<Spike>,
        number: u32,
    }

    impl Opening {
        fn new() -> Self {
            let mut fixture = Fixture::new();
            let owner = fixture.device("Laptop");
            Self { fixture, owner, judged: Judged::new(Spike::default()), number: 0 }
        }

        /// So many reports of three passes each, each of which finds so many new connections.
        fn reports(&mut self, reports: u32, opened: u32) -> Option<(f64, bool)> {
            for _ in 0..reports {
                for _ in 0..3 {
                    let flows: Vec<_> = (0..opened).map(|_| self.next()).collect();
                    self.fixture.pass(&mut self.judged, &flows);
                }
                self.fixture.report(&mut self.judged);
            }
            let reading = self.judged.reading("Laptop")?;
            Some((reading.value, reading.limits.warning.is_some_and(|limit| reading.value > limit)))
        }

        fn next(&mut self) -> (OwnerId, Direction, Flow) {
            self.number += 1;
            let mut flow = flow(Protocol::TCP, State::Established);
            flow.original.source.address = self.number.to_be_bytes().into();
            (self.owner, Direction::Outbound, flow)
        }
    }

    #[test]
    fn ten_a_second_and_more_than_five_times_as_many_as_before() {
        // Opened in each pass of 10 s before, and then.
        for (before, then, fires) in [
            (1, 99, false),
            (1, 100, true),
            (20, 100, false),
            (19, 100, true),
            (30, 150, false),
            (30, 151, true),
            (0, 100, true),
        ] {
            let mut opening = Opening::new();
            opening.reports(25, before);
            let expected = (f64::from(then) / 10.0, fires);
            let actual = opening.reports(1, then);
            // Who has had nothing for an hour is not remembered, and is judged from the next pass on.
            assert_eq!(actual, Some(expected), "{before}, then {then}");
        }
    }

    #[test]
    fn what_is_usual_must_be_known_first() {
        let mut opening = Opening::new();
        assert_eq!(opening.reports(5, 100), None);
        assert_eq!(opening.reports(20, 1), Some((0.1, false)));
        assert_eq!(opening.reports(1, 200).map(|(_, fires)| fires), Some(true));
        let what = &opening.judged.reading("Laptop").unwrap().what;
        assert!(what.starts_with("Laptop opens 20.0 connections a second, and 2.0 on average"), "{what}");
        assert_eq!(opening.reports(1, 1), Some((0.1, false)));
    }
}
