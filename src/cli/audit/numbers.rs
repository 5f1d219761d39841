//! The numbers of snapshots: which are missing, and on which day each would have been taken.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use super::interpolation::{Interpolation, Reading};
use super::time::{SECOND, day_of};

/// So many runs are remembered, and so many gaps of each. What is forgotten stays counted, and can't be filled any more.
const RUNS: usize = 8;
const GAPS: usize = 16;

/// Who has taken which numbers, on one way out of one router.
#[derive(Debug)]
pub(super) struct Numbers {
    /// Since when numbers are looked for.
    since: i64,
    /// The last one that was there.
    before: Option<i64>,
    /// The newest at the end.
    runs: Vec<Run>,
    /// How many there have been.
    begun: u64,
    missing: BTreeMap<i64, u64>,
}

/// What numbers from 1 on: a process, from its start to its end.
#[derive(Debug)]
struct Run {
    id: u64,
    started: u64,
    first: u64,
    last: Reading,
    gaps: Vec<Gap>,
}

/// Numbers between two that are there.
#[derive(Debug)]
struct Gap {
    numbers: RangeInclusive<u64>,
    line: Interpolation,
}

/// Where a number belongs, by the index of its run.
enum Match {
    /// It goes on from the run's last.
    Next(usize),
    /// It was missing so far: the clock was set back in between.
    Late(usize, usize),
    /// It was there before: its point was written twice.
    Repeated,
    /// A run's that wasn't met before.
    New,
}

impl Numbers {
    /// None yet. `since` is when the time begins that is looked at.
    pub(super) const fn new(since: i64) -> Self {
        Self { since, before: None, runs: Vec::new(), begun: 0, missing: BTreeMap::new() }
    }

    /// How many are missing on each day.
    pub(super) const fn missing(&self) -> &BTreeMap<i64, u64> {
        &self.missing
    }

    /// Takes a number, in order of time, and says which run it belongs to; `None` if it was there before.
    pub(super) fn take(&mut self, started: u64, reading: Reading) -> Option<u64> {
        let id = match self.find(started, reading) {
            Match::Next(run) => self.go_on(run, reading),
            Match::Late(run, gap) => self.fill(run, gap, reading.number),
            Match::Repeated => return None,
            Match::New => Some(self.begin(started, reading)),
        };
        self.before = Some(reading.at);
        id
    }

    fn find(&self, started: u64, reading: Reading) -> Match {
        let runs = || self.runs.iter().enumerate().rev().filter(|(_, run)| run.started == started);
        let next = runs().filter_map(|(index, run)| Some((run.skipped(reading)?, index)));
        // Of several that are as near, the newest.
        let next = next.min_by_key(|(skipped, _)| *skipped);
        let late = || {
            runs().find_map(|(index, run)| {
                let gap = run.gaps.iter().position(|gap| gap.numbers.contains(&reading.number))?;
                Some(Match::Late(index, gap))
            })
        };
        match next {
            Some((0, index)) => Match::Next(index),
            Some((_, index)) => late().unwrap_or(Match::Next(index)),
            None if runs().any(|(_, run)| run.has_had(reading)) => late().unwrap_or(Match::Repeated),
            None => late().unwrap_or(Match::New),
        }
    }

    fn go_on(&mut self, run: usize, reading: Reading) -> Option<u64> {
        let run = self.runs.get_mut(run)?;
        let gap = Gap::between(run.last, reading);
        run.last = reading;
        run.miss(gap, &mut self.missing);
        Some(run.id)
    }

    fn fill(&mut self, run: usize, gap: usize, number: u64) -> Option<u64> {
        let run = self.runs.get_mut(run)?;
        let gap = run.gaps.remove(gap);
        let [before, after] =
            [*gap.numbers.start()..=number.saturating_sub(1), number + 1..=*gap.numbers.end()];
        let rest = [before, after].into_iter().filter(|numbers| !numbers.is_empty());
        run.gaps.extend(rest.map(|numbers| Gap { numbers, line: gap.line }));
        if let Some(missing) = self.missing.get_mut(&day_of(gap.line.at(number))) {
            *missing = missing.saturating_sub(1);
        }
        Some(run.id)
    }

    fn begin(&mut self, started: u64, reading: Reading) -> u64 {
        self.begun += 1;
        let mut run = Run { id: self.begun, started, first: reading.number, last: reading, gaps: Vec::new() };
        let first = self.beginning(started, reading.at).map(|at| Reading { at, number: 0 });
        let first = first.filter(|first| first.leads_to(reading));
        run.miss(first.and_then(|first| Gap::between(first, reading)), &mut self.missing);
        if self.runs.len() == RUNS {
            self.runs.remove(0);
        }
        self.runs.push(run);
        self.begun
    }

    /// Since when a run that is met at `at` may have had numbers: since its start, if the clock was set then, and since
    /// another run's last. What was before the time that is looked at isn't missing in it.
    fn beginning(&self, started: u64, at: i64) -> Option<i64> {
        let started = i64::try_from(started).ok().and_then(|started| started.checked_mul(SECOND));
        let started = started.filter(|started| (self.since..=at).contains(started));
        started.max(self.before)
    }
}

impl Run {
    /// How many numbers lie between the last and this one, if it can be the run's.
    fn skipped(&self, reading: Reading) -> Option<u64> {
        let skipped = reading.number.checked_sub(self.last.number)?.checked_sub(1)?;
        self.last.leads_to(reading).then_some(skipped)
    }

    /// Whether the run has had this number, and nobody can have counted up to it anew since: a snapshot takes a second at
    /// least.
    fn has_had(&self, reading: Reading) -> bool {
        let seconds = (reading.at - self.last.at).max(0).unsigned_abs() / SECOND.unsigned_abs();
        (self.first..=self.last.number).contains(&reading.number) && seconds < reading.number
    }

    /// Counts what is missing, and keeps it for a number that comes late.
    fn miss(&mut self, gap: Option<Gap>, missing: &mut BTreeMap<i64, u64>) {
        let Some(gap) = gap else { return };
        for (day, numbers) in gap.line.by_day(&gap.numbers) {
            *missing.entry(day).or_default() += numbers;
        }
        if self.gaps.len() >= GAPS {
            self.gaps.remove(0);
        }
        self.gaps.push(gap);
    }
}

impl Gap {
    /// The numbers between two; none where one follows the other.
    fn between(from: Reading, to: Reading) -> Option<Self> {
        let numbers = from.number.saturating_add(1)..=to.number.saturating_sub(1);
        (!numbers.is_empty()).then_some(Self { numbers, line: Interpolation { from, to } })
    }
}

#[cfg(test)]
mod tests;
