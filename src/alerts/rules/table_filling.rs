//! `table_filling`: the router's table of connections is nearly full, or soon will be.
//!
//! A full table refuses new connections of everybody. The alert is of the device that had the largest share when it began,
//! and stays with it until it is over.

use std::rc::Rc;
use std::time::Duration;

use super::words;
use crate::alerts::{Circumstances, Limits, Reading, Rule, config};
use crate::attribution::labels::OwnerTags;
use crate::measurements::Needs;
use crate::measurements::findings::TableFindings;

/// The rule.
#[derive(Debug)]
pub(super) struct TableFilling {
    config: config::TableFilling,
    /// Who had the largest share when it began to fill.
    holder: Option<Rc<str>>,
}

impl TableFilling {
    pub(super) fn new(config: &config::TableFilling) -> Self {
        Self { config: config.clone(), holder: None }
    }

    /// How full it is, of a hundred, and the limits; if it will be full in time, it counts as if it were, for a warning.
    fn figures(&self, table: TableFindings) -> (f64, Limits) {
        let (percent, steps) = (100.0 * table.fill_ratio, self.config.percent);
        let (warning, critical) = (Some(steps.warning.get()), Some(steps.critical.get()));
        let within = self.config.full_within.duration().as_secs_f64();
        let is_soon_full = table.seconds_to_full.is_some_and(|seconds| seconds <= within);
        if is_soon_full && percent <= steps.warning.get() {
            return (100.0, Limits { warning, critical: None });
        }
        (percent, Limits { warning, critical })
    }

    /// Whose alert it is, while there is one, or about to be one.
    fn hold_on(&mut self, is_filling: bool, of: &Circumstances<'_>) {
        let firing = of.firing.iter().find(|(_, rules)| rules.contains(&self.name()));
        self.holder = match (firing, is_filling) {
            (Some((device, _)), _) => Some(Rc::clone(device)),
            (None, true) => self.holder.take().or_else(|| largest(of).map(|(name, _)| Rc::clone(name))),
            (None, false) => None,
        };
    }
}

impl Rule for TableFilling {
    fn name(&self) -> &'static str {
        "table_filling"
    }

    fn hold(&self) -> Duration {
        self.config.hold.duration()
    }

    fn needs(&self) -> Needs {
        Needs { history: true, ..Needs::default() }
    }

    fn judge(&mut self, of: &Circumstances<'_>) -> Vec<Reading> {
        let Some(table) = of.findings.table else { return Vec::new() };
        let (value, limits) = self.figures(table);
        self.hold_on(limits.warning.is_some_and(|limit| value > limit), of);
        let device = self.holder.clone().or_else(|| largest(of).map(|(name, _)| Rc::clone(name)));
        let reading = |device: Rc<str>| Reading { what: what(&device, table, of), device, value, limits };
        device.map(reading).into_iter().collect()
    }

    fn advice(&self) -> &'static str {
        "When it is full, nobody can connect any more. Restart that device, or raise net.netfilter.nf_conntrack_max."
    }
}

/// The row that has the most entries, and how many.
fn largest<'a>(of: &Circumstances<'a>) -> Option<(&'a Rc<str>, u32)> {
    let rows = of.tick.owners.all().filter_map(|row| Some((row.name()?, entries(row, of)?)));
    // Of equals the first, so that it is always the same.
    rows.reduce(|largest, other| if other.1 > largest.1 { other } else { largest })
}

fn entries(row: &OwnerTags, of: &Circumstances<'_>) -> Option<u32> {
    let now = of.tick.history?.recent(&row.owners, Duration::ZERO).last();
    Some(now.map_or(0, |now| now.entries))
}

fn what(device: &str, table: TableFindings, of: &Circumstances<'_>) -> String {
    let row = of.tick.owners.all().find(|row| row.name().is_some_and(|name| **name == *device));
    let entries = row.and_then(|row| entries(row, of)).unwrap_or_default();
    let minutes = |seconds: f64| words::number((seconds / 60.0).ceil());
    let soon = table.seconds_to_full.map(|seconds| format!(" and will be full in {} min", minutes(seconds)));
    let (percent, soon) = (100.0 * table.fill_ratio, soon.unwrap_or_default());
    format!("the table of connections is {percent:.0} % full{soon}; {device} has {entries} of its entries")
}

#[cfg(test)]
mod tests;
