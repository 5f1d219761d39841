//! What is told of an alert.

use std::rc::Rc;

use super::Severity;

/// An alert at an instant, as it is told.
#[derive(Clone, Debug, PartialEq)]
pub struct AlertEvent {
    /// What the device is called.
    pub device: Rc<str>,
    /// Which rule.
    pub rule: &'static str,
    /// How grave it is, or was.
    pub severity: Severity,
    /// Whether it fires.
    pub firing: bool,
    /// The figure; `None` if it has not been judged since the start.
    pub value: Option<f64>,
    /// The limit that it passed.
    pub threshold: Option<f64>,
    /// Since when it is so, in seconds since 1970; `None` while the clock is not set.
    pub since: Option<u64>,
    /// What is wrong, since when, and what to do, in sentences: at most [`super::MESSAGE_AT_MOST`] bytes without quotes,
    /// backslashes and control characters.
    pub message: Rc<str>,
}
