//! What a rule is, and what it is judged by.

use std::fmt;
use std::rc::Rc;

use crate::attribution::owners::OwnerId;
use crate::census::flow_tracker::TrackedFlow;
use crate::census::{Attempt, CompletedPass};
use crate::measurements::findings::Findings;
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
}

/// Above which value it fires.
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
    /// connections, and televisions here have had at most 22`.
    pub what: String,
}

/// One rule. It gives a reading for every device that it can judge at this instant, also for those of which nothing is
/// wrong; of whom it gives none it neither fires nor clears.
pub trait Rule: fmt::Debug {
    /// What it is called.
    fn name(&self) -> &'static str;

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
