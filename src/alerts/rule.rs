//! What a rule is, and what it is judged by.

use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use crate::attribution::labels::OwnerTags;
use crate::attribution::owners::OwnerId;
use crate::census::flow_tracker::TrackedFlow;
use crate::census::{Attempt, CompletedPass};
use crate::measurements::findings::{ByDevice, Findings};
use crate::measurements::{Needs, Observation, Tick};

/// How grave an alert is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Look at it when there is time.
    Warning,
    /// Look at it now.
    Critical,
}

impl Severity {
    /// The word that goes out.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// What a rule is judged by.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances<'a> {
    /// This report.
    pub tick: &'a Tick<'a>,
    /// What the measurements before have found.
    pub findings: &'a Findings,
    /// Which rules fire, by the device, before this judgement.
    pub firing: &'a ByDevice<Vec<&'static str>>,
}

impl Circumstances<'_> {
    /// Whether a rule fires for a device.
    pub fn fires(&self, rule: &str, device: &str) -> bool {
        self.firing.get(device).is_some_and(|rules| rules.contains(&rule))
    }

    /// How many connections a device has: entries that are ESTABLISHED or ACTIVE. Needs [`Needs::history`].
    pub fn connections(&self, of: &OwnerTags) -> Option<u32> {
        let now = self.tick.history?.recent(&of.owners, Duration::ZERO).last();
        // Of whom nothing is remembered has had nothing for an hour.
        Some(now.map_or(0, |now| now.connections))
    }
}

/// Above which value it fires. It clears at 90 % of that. With neither, nothing is wrong, whatever the value is. Where it is
/// to fire at a value already, the limit is the next lower number ([`f64::next_down`]): it is told rounded.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Limits {
    /// As a warning.
    pub warning: Option<f64>,
    /// As a critical one.
    pub critical: Option<f64>,
}

/// How one device stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// What it is called.
    pub device: Rc<str>,
    /// The figure.
    pub value: f64,
    /// Its limits.
    pub limits: Limits,
    /// What is wrong, against which normal: a whole sentence without a full stop, such as `Living Room TV has 143
    /// connections, and televisions here have had at most 22`. It must be true of any value, for it is sent when the alert
    /// clears, too.
    pub what: String,
}

/// One rule. It gives a reading for every device that it can judge at this instant, also for those of which nothing is
/// wrong; of whom it gives none it neither fires nor clears.
pub trait Rule: fmt::Debug {
    /// What it is called.
    fn name(&self) -> &'static str;

    /// For how long a limit must be passed before it fires, and be kept before it clears.
    fn hold(&self) -> Duration;

    /// What it needs to be shown.
    fn needs(&self) -> Needs {
        Needs::default()
    }

    /// A reading of the table begins, as for a measurement.
    fn begin(&mut self, attempt: Attempt, owners: usize) {
        let _ = (attempt, owners);
    }

    /// One flow.
    fn observe(&mut self, of: &Observation<'_>) {
        let _ = of;
    }

    /// A flow that the table doesn't hold any more.
    fn ended(&mut self, flow: &TrackedFlow) {
        let _ = flow;
    }

    /// The table was read to its end.
    fn complete(&mut self, pass: &CompletedPass) {
        let _ = pass;
    }

    /// How every device stands that can be judged.
    fn judge(&mut self, of: &Circumstances<'_>) -> Vec<Reading>;

    /// What to do about it: a sentence, or several.
    fn advice(&self) -> &'static str;

    /// Whether anything is kept for this owner that it judges by later.
    fn remembers(&self, owner: OwnerId) -> bool {
        let _ = owner;
        false
    }
}
