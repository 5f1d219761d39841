//! Every alert there is: what becomes of what rules say.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use super::alert::{Alert, Now, Terms, Told};
use super::config::AlertsConfig;
use super::event::AlertEvent;
use super::{Circumstances, Limits, Reading, Rule, rules};
use crate::attribution::labels::OwnerTags;
use crate::measurements::findings::{ByDevice, Findings};
use crate::measurements::{Flows, Needs, Tick};
use crate::series::point::Tag;
use crate::state::KnownAlert;

/// So many alerts there can be at a time, those that are about to fire among them. What is beyond is not begun.
pub const ALERTS_AT_MOST: usize = 1024;

/// The rules that are judged, and the alerts that have come of them.
#[derive(Debug)]
pub(crate) struct Board {
    config: AlertsConfig,
    rules: Vec<Box<dyn Rule>>,
    /// Which of the rules watch flows, in their order: asked for each flow.
    watches: Vec<bool>,
    needs: Needs,
    alerts: BTreeMap<(&'static str, Rc<str>), Alert>,
    /// Whether what is learned is kept from one run of the program to the next.
    is_kept: bool,
}

/// What one judgement gives.
#[derive(Debug, Default)]
pub(crate) struct Judgement {
    /// What goes out, with the tags of the device.
    pub(crate) points: Vec<(Rc<[Tag]>, AlertEvent)>,
    /// What has begun, changed or ended.
    pub(crate) events: Vec<AlertEvent>,
    /// Which rules fire, by the device.
    pub(crate) firing: ByDevice<Vec<&'static str>>,
    /// Alerts for which there was no room.
    pub(crate) overflow: u64,
}

impl Board {
    /// The rules that `config` has judged, and no alert yet. It `is_kept` or not what is learned from one run of the program to
    /// the next.
    pub(crate) fn new(config: &AlertsConfig, is_kept: bool) -> Self {
        Self { is_kept, ..Self::with_rules(config, rules::enabled(config, is_kept)) }
    }

    /// The same with these rules, until another configuration is taken over.
    pub(crate) fn with_rules(config: &AlertsConfig, rules: Vec<Box<dyn Rule>>) -> Self {
        let needs = rules.iter().map(|rule| rule.needs()).fold(Needs::default(), Needs::and);
        let watches = rules.iter().map(|rule| rule.needs().flows != Flows::Unneeded).collect();
        Self { config: config.clone(), rules, watches, needs, alerts: BTreeMap::new(), is_kept: false }
    }

    /// What the rules need together.
    pub(crate) const fn needs(&self) -> Needs {
        self.needs
    }

    /// All rules.
    pub(crate) fn rules(&self) -> &[Box<dyn Rule>] {
        &self.rules
    }

    /// Those rules that watch flows.
    pub(crate) fn watching(&mut self) -> impl Iterator<Item = &mut Box<dyn Rule>> {
        self.rules.iter_mut().zip(&self.watches).filter(|(_, watches)| **watches).map(|(rule, _)| rule)
    }

    /// Takes over another configuration. What fires goes on if its rule does; rules with other limits begin to watch anew.
    pub(crate) fn reconfigure(&mut self, config: &AlertsConfig, is_kept: bool) {
        if self.config == *config && self.is_kept == is_kept {
            return;
        }
        *self = Self { alerts: std::mem::take(&mut self.alerts), ..Self::new(config, is_kept) };
    }

    /// Takes up what fired when the program ended.
    pub(crate) fn restore(&mut self, known: &[KnownAlert]) {
        for known in known.iter().take(ALERTS_AT_MOST) {
            if let Some(rule) = rules::NAMES.iter().find(|name| **name == known.rule) {
                self.alerts.insert((rule, known.device.as_str().into()), Alert::restored(known));
            }
        }
    }

    /// What a later run is to know.
    pub(crate) fn keep(&self) -> Vec<KnownAlert> {
        self.alerts.iter().filter_map(|((rule, _), alert)| alert.known(rule)).collect()
    }

    /// Has every rule judge.
    pub(crate) fn judge(&mut self, tick: &Tick<'_>, findings: &Findings) -> Judgement {
        let now = Now { boot: tick.sample.boot, local: tick.local };
        let rows: ByDevice<&OwnerTags> =
            tick.owners.all().filter_map(|row| Some((Rc::clone(row.name()?), row))).collect();
        let (firing, mut judgement) = (self.firing(), Judgement::default());
        let circumstances = Circumstances { tick, findings, firing: &firing };
        for place in 0..self.rules.len() {
            let Some(rule) = self.rules.get_mut(place) else { continue };
            let terms = Terms { rule: rule.name(), hold: rule.hold(), advice: rule.advice() };
            let readings = rule.judge(&circumstances);
            let is_judged = !readings.is_empty();
            judgement.overflow += self.take_in(readings, terms, now);
            for alert in self.of_rule(terms.rule).filter(|alert| !alert.is_judged(now)) {
                // Where nobody is judged, it isn't the device that is missing.
                if is_judged && !rows.contains_key(alert.device()) {
                    alert.leave(terms, now);
                } else {
                    alert.skip(now);
                }
            }
            let told = self.of_rule(terms.rule).map(|alert| {
                let tags = rows.get(alert.device()).map(|row| &row.tags);
                alert.tell(tags, terms, now)
            });
            told.for_each(|told| judgement.add(told));
        }
        self.end_what_is_not_judged(now, &mut judgement);
        self.alerts.retain(|_, alert| !alert.is_idle());
        judgement.firing = self.firing();
        judgement
    }

    /// Takes in what a rule says, and gives for how many alerts there was no room.
    fn take_in(&mut self, readings: Vec<Reading>, terms: Terms, now: Now) -> u64 {
        let mut overflow = 0;
        for reading in readings.into_iter().filter(|reading| reading.value.is_finite()) {
            let is_muted = self.config.mute.iter().any(|mute| mute.holds(terms.rule, &reading.device));
            let key = (terms.rule, Rc::clone(&reading.device));
            let is_full = self.alerts.len() >= ALERTS_AT_MOST;
            match self.alerts.get_mut(&key) {
                Some(alert) if is_muted => alert.give_up_at(reading, now),
                Some(alert) => alert.judge(reading, terms, now),
                None if is_muted || !passes(&reading) => {}
                None if is_full => overflow += 1,
                None => {
                    let mut alert = Alert::new(&reading.device, now);
                    alert.judge(reading, terms, now);
                    self.alerts.insert(key, alert);
                }
            }
        }
        overflow
    }

    /// Alerts of rules that are switched off.
    fn end_what_is_not_judged(&mut self, now: Now, judgement: &mut Judgement) {
        let Self { alerts, rules, .. } = self;
        for ((rule, _), alert) in alerts {
            if !rules.iter().any(|one| one.name() == *rule) {
                alert.give_up();
                let terms = Terms { rule, hold: Duration::ZERO, advice: "" };
                judgement.add(alert.tell(None, terms, now));
            }
        }
    }

    fn of_rule(&mut self, rule: &'static str) -> impl Iterator<Item = &mut Alert> {
        self.alerts.iter_mut().filter(move |((of, _), _)| *of == rule).map(|(_, alert)| alert)
    }

    fn firing(&self) -> ByDevice<Vec<&'static str>> {
        let mut firing: ByDevice<Vec<&'static str>> = ByDevice::default();
        for ((rule, device), _) in self.alerts.iter().filter(|(_, alert)| alert.fires()) {
            firing.entry(Rc::clone(device)).or_default().push(rule);
        }
        firing
    }
}

impl Judgement {
    fn add(&mut self, told: Told) {
        self.points.extend(told.points);
        self.events.extend(told.change);
    }
}

fn passes(reading: &Reading) -> bool {
    let Limits { warning, critical } = reading.limits;
    [warning, critical].into_iter().flatten().any(|limit| reading.value > limit)
}
