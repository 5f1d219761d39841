//! `connection_alert`: what is wrong, by the rules of [`crate::alerts`].
//!
//! A series says of one device and one rule whether it fires: when that changes, and every five minutes while it does. At
//! other ticks there is no point, so this measurement ends its series itself.

use tracing::{info, warn};

use super::{Clock, Measurement, Needs, Observation, Tick};
use crate::alerts::{AlertEvent, Board, MESSAGE_AT_MOST};
use crate::attribution::owners::OwnerId;
use crate::census::flow_tracker::TrackedFlow;
use crate::census::{Attempt, CompletedPass};
use crate::config::Config;
use crate::series::Series;
use crate::series::point::Value;
use crate::series::schema::{Schema, TagSchema, UserTags, count, float, integer, text};
use crate::state::State;
use crate::state::config::StateDirectory;

/// What it sends.
pub const SCHEMA: Schema = Schema {
    name: "connection_alert",
    every: Clock::Interval,
    tags: &[
        TagSchema::DEVICE_NAME,
        TagSchema::DEVICE_TYPE,
        TagSchema::IP,
        TagSchema::MAC,
        TagSchema::of_ours("rule", 17),
        TagSchema::of_ours("severity", 8),
    ],
    fields: &[
        count("firing", 1),
        float("value"),
        float("threshold"),
        integer("since"),
        text("message", MESSAGE_AT_MOST),
    ],
    user_tags: UserTags::LeaveOut,
    ends_with_zero: &[],
};

/// The measurement. At most [`crate::alerts::ALERTS_AT_MOST`] series fire at a time.
#[derive(Debug)]
pub struct ConnectionAlert {
    board: Board,
}

impl ConnectionAlert {
    /// With the rules that `config` has judged.
    pub fn new(config: &Config) -> Self {
        Self { board: Board::new(&config.alerts, is_kept(config)) }
    }
}

impl Measurement for ConnectionAlert {
    fn schema(&self) -> &'static Schema {
        &SCHEMA
    }

    fn needs(&self) -> Needs {
        self.board.needs()
    }

    fn begin(&mut self, attempt: Attempt, owners: usize) {
        self.board.watching().for_each(|rule| rule.begin(attempt, owners));
    }

    fn observe(&mut self, of: &Observation<'_>) {
        self.board.watching().for_each(|rule| rule.observe(of));
    }

    fn ended(&mut self, flow: &TrackedFlow) {
        self.board.watching().for_each(|rule| rule.ended(flow));
    }

    fn complete(&mut self, pass: &CompletedPass) {
        self.board.watching().for_each(|rule| rule.complete(pass));
    }

    fn report(&mut self, tick: &Tick<'_>, out: &mut Series<'_>) {
        let judgement = self.board.judge(tick, out.findings());
        for (tags, event) in &judgement.points {
            let more = [("rule", event.rule), ("severity", event.severity.name())];
            out.push(out.tags(tags, &more), fields(event));
        }
        judgement.events.iter().for_each(log);
        let findings = out.findings();
        findings.series_overflow += judgement.overflow;
        findings.firing = judgement.firing;
        findings.events = judgement.events;
    }

    fn remembers(&self, owner: OwnerId) -> bool {
        self.board.rules().iter().any(|rule| rule.remembers(owner))
    }

    fn restore(&mut self, state: &mut State) {
        self.board.restore(&std::mem::take(&mut state.alerts));
    }

    fn keep(&self, state: &mut State) {
        state.alerts = self.board.keep();
    }

    fn reconfigure(&mut self, config: &Config) {
        self.board.reconfigure(&config.alerts, is_kept(config));
    }
}

/// Whether what is learned may be kept from one run of the program to the next: whether there is a place for it, who keeps it
/// knows.
fn is_kept(config: &Config) -> bool {
    config.state.directory != StateDirectory::Nowhere
}

fn fields(event: &AlertEvent) -> Vec<(&'static str, Value)> {
    let fields = [
        ("firing", Some(Value::Integer(event.firing.into()))),
        ("value", event.value.map(Value::Float)),
        ("threshold", event.threshold.map(Value::Float)),
        ("since", event.since.map(Value::count)),
        ("message", Some(Value::Text(event.message.clone()))),
    ];
    fields.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

fn log(event: &AlertEvent) {
    let AlertEvent { device, rule, severity, firing, message, .. } = event;
    if *firing {
        warn!("alert {rule} ({}) of {device}: {message}", severity.name());
    } else {
        info!("alert {rule} of {device}: {message}");
    }
}

#[cfg(test)]
mod tests;
