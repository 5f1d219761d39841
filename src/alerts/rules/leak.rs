//! `leak`: connections that become more and more for six hours, are not given back, and over which nothing passes.
//!
//! The least connections in each quarter of an hour are looked at: what comes and goes is not in them. Whether they rise is
//! the test of Mann and Kendall (Mann 1945, Kendall 1975), with the correction for equal values. By how much they rise is
//! the line of least squares, which sees a leak as well that has come to its end within the time: as many leave the table as
//! come. Use rises in an evening likewise, but what is used isn't idle: the idle ones have to rise as well.

use std::rc::Rc;
use std::time::Duration;

use super::words;
use crate::alerts::{Circumstances, Limits, Reading, Rule, config};
use crate::history::trend::Trend;

/// How many quarters of an hour are looked at: fewer are not judged.
const QUARTERS: usize = 24;
/// How certain it must still be that they rise, as a share of what it took to begin.
const STILL: f64 = 0.9;

/// The rule.
#[derive(Debug)]
pub(super) struct Leak {
    config: config::Leak,
}

/// What the minima of a device come to.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Line {
    /// The statistic of Mann and Kendall: 2.3 is passed by chance once in a hundred times.
    certainty: f64,
    /// Where the line begins.
    start: f64,
    /// By how much it rises in all.
    rise: f64,
}

impl Leak {
    pub(super) fn new(config: &config::Leak) -> Self {
        Self { config: config.clone() }
    }

    /// Nothing where it isn't known how many are idle: use would be taken for a leak.
    fn reading(&self, name: &Rc<str>, trend: &Trend, of: &Circumstances<'_>) -> Option<Reading> {
        let rise = Line::of(last_quarters(&trend.quarter_minima)?)?;
        let certainty = self.config.certainty.get();
        let certainty = if of.fires(self.name(), name) { STILL * certainty } else { certainty };
        let rises = rise.certainty > certainty && self.idle_ones_rise(trend)?;
        let limit = rises.then(|| self.needed(rise.start));
        let (from, to) = (rise.start.max(0.0), (rise.start + rise.rise).max(0.0));
        Some(Reading {
            device: Rc::clone(name),
            value: rise.rise,
            limits: Limits { warning: limit, critical: None },
            what: format!(
                "{name} has {}; those that it keeps went from {from:.0} to {to:.0} in six hours",
                words::connections(trend.connections)
            ),
        })
    }

    /// Whether enough of those are idle that have become more, if that is known.
    fn idle_ones_rise(&self, trend: &Trend) -> Option<bool> {
        let idle = Line::of(last_quarters(trend.quarter_idle.as_deref()?)?)?;
        Some(idle.rise >= self.config.idle_rise.get())
    }

    /// By how much it must rise, from this start: just below, for what is reached fires.
    fn needed(&self, start: f64) -> f64 {
        let share = start * self.config.rise_percent.get() / 100.0;
        self.config.rise.get().max(share.min(self.config.or_rise.get())).next_down()
    }
}

impl Rule for Leak {
    fn name(&self) -> &'static str {
        "leak"
    }

    fn hold(&self) -> Duration {
        self.config.hold.duration()
    }

    fn judge(&mut self, of: &Circumstances<'_>) -> Vec<Reading> {
        of.findings.trends.iter().filter_map(|(name, trend)| self.reading(name, trend, of)).collect()
    }

    fn advice(&self) -> &'static str {
        "A program on it opens connections and never closes them: update it, or restart it now and then."
    }
}

/// Those that are looked at; `None` of fewer.
fn last_quarters(values: &[u32]) -> Option<&[u32]> {
    values.get(values.len().checked_sub(QUARTERS)?..)
}

impl Line {
    /// `None` of fewer than two.
    fn of(minima: &[u32]) -> Option<Self> {
        let values: Vec<f64> = minima.iter().copied().map(f64::from).collect();
        let last = values.len().checked_sub(1).filter(|last| *last > 0)?;
        let pairs = (0..last).flat_map(|place| {
            let (early, later) = (values.get(place), values.iter().skip(place + 1));
            later.filter_map(move |late| Some(late - early?))
        });
        let sum: f64 = pairs.map(|rise| if rise == 0.0 { 0.0 } else { rise.signum() }).sum();
        // Places are counted from the middle, where the line passes the mean.
        let middle = count(&values).mul_add(0.5, -0.5);
        let places = (0_u32..).map(|place| f64::from(place) - middle);
        let mean = values.iter().sum::<f64>() / count(&values);
        let (up, along) = values.iter().zip(places).fold((0.0, 0.0), |(up, along), (value, place)| {
            (place.mul_add(value - mean, up), place.mul_add(place, along))
        });
        let rise = up / along * (2.0 * middle);
        Some(Self { certainty: certainty(sum, &values), start: mean - rise / 2.0, rise })
    }
}

/// The sum of signs as a multiple of what it would be off by chance, with the correction for continuity; 0 if all are equal.
fn certainty(sum: f64, values: &[f64]) -> f64 {
    let term = |count: f64| count * (count - 1.0) * (2.0 * count + 5.0);
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let groups = sorted.chunk_by(|one, other| one.total_cmp(other).is_eq()).map(|group| term(count(group)));
    let variance = (term(count(values)) - groups.sum::<f64>()) / 18.0;
    if variance <= 0.0 || sum == 0.0 { 0.0 } else { (sum - sum.signum()) / variance.sqrt() }
}

fn count(values: &[f64]) -> f64 {
    u32::try_from(values.len()).map_or(f64::INFINITY, f64::from)
}

#[cfg(test)]
mod tests;
