//! `above_normal`: more connections than the device has had at this hour of the week.

use std::rc::Rc;
use std::time::Duration;

use super::words;
use crate::alerts::{Circumstances, Limits, Reading, Rule, config};
use crate::history::trend::Trend;

/// The rule.
#[derive(Debug)]
pub(super) struct AboveNormal {
    config: config::AboveNormal,
}

impl AboveNormal {
    pub(super) fn new(config: &config::AboveNormal) -> Self {
        Self { config: config.clone() }
    }

    /// Nothing, as long as it isn't known what is normal.
    fn reading(&self, name: &Rc<str>, trend: &Trend) -> Option<Reading> {
        let normal = trend.normal_peak?;
        let more = (normal + self.config.more.get()).next_down();
        let limit = |percent: config::Threshold| Some((normal * percent.get() / 100.0).max(more));
        let percent = self.config.percent;
        let now = words::connections(trend.connections);
        Some(Reading {
            device: Rc::clone(name),
            value: f64::from(trend.connections),
            limits: Limits { warning: limit(percent.warning), critical: limit(percent.critical) },
            what: format!("{name} has {now}; at this hour of the week it usually has at most {normal:.0}"),
        })
    }
}

impl Rule for AboveNormal {
    fn name(&self) -> &'static str {
        "above_normal"
    }

    fn hold(&self) -> Duration {
        self.config.hold.duration()
    }

    fn judge(&mut self, of: &Circumstances<'_>) -> Vec<Reading> {
        of.findings.trends.iter().filter_map(|(name, trend)| self.reading(name, trend)).collect()
    }

    fn advice(&self) -> &'static str {
        "If nobody is using it differently today, look at what is running on it."
    }
}

#[cfg(test)]
mod tests;
