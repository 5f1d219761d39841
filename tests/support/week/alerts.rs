//! `connection_alert`: what is wrong, since when, and when it is over.

use super::resident::Resident;
use super::router::Whole;
use super::rules::{RULES, Reading, Rule};
use super::{DAY, HOST, Point, Value};

/// How often what fires is told again.
const EVERY: i64 = 300;

/// A limit: above it for long enough it is on, at 90 % of it or below for as long off again.
#[derive(Clone, Copy, Debug, Default)]
struct Switch {
    is_on: bool,
    /// Since when the value is on the other side.
    since: Option<i64>,
}

impl Switch {
    fn hear(&mut self, value: f64, limit: f64, hold: i64, at: i64) {
        let turns = if self.is_on { value <= limit * 0.9 } else { value > limit };
        self.since = turns.then(|| self.since.unwrap_or(at));
        if self.since.is_some_and(|since| at - since >= hold) {
            *self = Self { is_on: !self.is_on, since: None };
        }
    }
}

/// How one device stands with one rule.
#[derive(Clone, Copy, Debug, Default)]
struct Alert {
    warning: Switch,
    critical: Switch,
    severity: Option<&'static str>,
    since: i64,
    told: i64,
}

/// All alerts: of each device those of all rules.
#[derive(Debug)]
pub(super) struct Board {
    alerts: Vec<[Alert; RULES.len()]>,
}

impl Board {
    /// Of so many devices.
    pub(super) fn new(devices: usize) -> Self {
        Self { alerts: vec![[Alert::default(); RULES.len()]; devices] }
    }

    /// Has every rule judge, and gives what is to be told.
    pub(super) fn judge(&mut self, residents: &[Resident], whole: &Whole, at: i64, into: &mut Vec<Point>) {
        for (of, alerts) in residents.iter().zip(&mut self.alerts) {
            for (rule, alert) in RULES.iter().zip(alerts) {
                alert.judge(of, rule, &(rule.read)(of, whole, at), at, into);
            }
        }
    }
}

impl Alert {
    fn judge(&mut self, of: &Resident, rule: &Rule, reading: &Reading, at: i64, into: &mut Vec<Point>) {
        let began = self.warning.since;
        self.warning.hear(reading.value, reading.warning, rule.hold, at);
        self.critical.hear(reading.value, reading.critical.unwrap_or(f64::INFINITY), rule.hold, at);
        let before = self.severity;
        self.severity = match (self.critical.is_on, self.warning.is_on) {
            (true, _) => Some("critical"),
            (false, true) => Some("warning"),
            (false, false) => None,
        };
        if before.is_none() && self.severity.is_some() {
            self.since = began.unwrap_or(at);
        }
        let has_changed = before != self.severity;
        if let Some(severity) = before.filter(|_| has_changed) {
            into.push(self.point(of, rule, reading, (severity, self.severity.is_none(), false), at));
        }
        if let Some(severity) = self.severity.filter(|_| has_changed || at - self.told >= EVERY) {
            self.told = at;
            into.push(self.point(of, rule, reading, (severity, false, true), at));
        }
    }

    fn point(
        &self,
        of: &Resident,
        rule: &Rule,
        reading: &Reading,
        (severity, is_over, is_firing): (&'static str, bool, bool),
        at: i64,
    ) -> Point {
        let threshold = reading.critical.filter(|_| severity == "critical").unwrap_or(reading.warning);
        let what = what(of, rule.name, reading, threshold);
        let (minutes, since) = ((at - self.since) / 60, self.since.rem_euclid(DAY) / 60);
        let message = if is_over {
            format!("It is over after {minutes} minutes: {what}.")
        } else if minutes >= 1_440 {
            format!("{what}. For {} hours. {}", minutes / 60, rule.advice)
        } else {
            format!("{what}. Since {:02}:{:02}. {}", since / 60, since % 60, rule.advice)
        };
        let message = message.replace('"', "'");
        let fields = vec![
            ("firing", Value::Integer(is_firing.into())),
            ("value", reading.value.into()),
            ("threshold", threshold.into()),
            ("since", self.since.into()),
            ("message", message.into()),
        ];
        let tags = vec![
            ("device_name", of.device.name),
            ("host", HOST),
            ("rule", rule.name),
            ("severity", severity),
        ];
        Point { measurement: "connection_alert", tags, fields, at }
    }
}

/// What is wrong with a device.
fn what(of: &Resident, rule: &str, reading: &Reading, limit: f64) -> String {
    let (name, value, connections) = (of.device.name, reading.value, of.now.connections());
    match rule {
        "connections_high" => {
            format!("{name} has {value:.0} connections; more than {limit:.0} are unusual for such a device")
        }
        "above_normal" => {
            format!(
                "{name} has {value:.0} connections, more than the {limit:.0} that are normal at this hour"
            )
        }
        "leak" => format!(
            "{name} has {connections} connections; those that it keeps went from {:.0} to {connections} in six hours",
            (super::float(connections) - value).max(0.0)
        ),
        "too_many_for_type" => {
            format!("{name} has {value:.0} connections; such devices need at most {limit:.0}")
        }
        "half_open" => format!("{name} has begun {value:.0} TCP connections that haven't come about"),
        "scan" if value > 0.0 => {
            format!("{name} asks {value:.0} hosts at TCP port 23, and 97 % don't answer")
        }
        "scan" => format!("{name} no longer tries many hosts or ports"),
        "table_filling" => {
            format!(
                "the table of connections is {value:.0} % full; {name} has {} of its entries",
                of.now.all()
            )
        }
        "new_device" => format!(
            "{name} ({}) is new in this network; its MAC is a made-up one, as phones use, so it may be one that you know",
            of.device.mac
        ),
        "upload_high" => {
            format!("{name} sends {value:.0} Mbit/s; such devices rarely send more than {limit:.0} for long")
        }
        "buffering" if value > 0.0 => format!(
            "{name} has been waiting for its film for {value:.0} s: it receives 1.3 Mbit/s by {connections} connections, and received 9.0 by 7 in the minutes before"
        ),
        "buffering" => format!("{name} plays on"),
        _ => format!("{name} opens {value:.1} connections a second and closes as many"),
    }
}
