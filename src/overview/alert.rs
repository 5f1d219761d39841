//! Alerts that fire.

use serde::Serialize;

use super::Latest;
use crate::measurements::connection_alert;

/// An alert that fires.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Alert {
    /// Whose it is.
    pub device: String,
    /// Which rule.
    pub rule: String,
    /// `warning` or `critical`.
    pub severity: String,
    /// Since when, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<i64>,
    /// The figure that was judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// The limit that it passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// What is wrong, since when, and what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// Those that fire, the gravest first; `None` if nobody judges.
pub(super) fn all(latest: &Latest) -> Option<Vec<Alert>> {
    let points = latest.points(connection_alert::SCHEMA.name)?;
    let mut alerts: Vec<Alert> = points
        .iter()
        .filter_map(|point| {
            Some(Alert {
                device: point.tags.own("device_name").map(ToString::to_string)?,
                rule: point.tags.own("rule").map(ToString::to_string)?,
                severity: point.tags.own("severity").map(ToString::to_string)?,
                since: point.integer("since"),
                value: point.number("value"),
                threshold: point.number("threshold"),
                message: point.text("message").map(str::to_owned),
            })
        })
        .collect();
    // `critical` is before `warning` in the alphabet, too.
    alerts.sort_by(|one, other| {
        let key = |alert: &Alert| (alert.severity.clone(), alert.device.clone(), alert.rule.clone());
        key(one).cmp(&key(other))
    });
    Some(alerts)
}
