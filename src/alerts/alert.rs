//! One alert: a rule and a device, from the first time that a limit is passed until that is over.

use std::rc::Rc;
use std::time::Duration;

use super::event::AlertEvent;
use super::message::{self, Age};
use super::switch::Switch;
use super::{Limits, Reading, Severity};
use crate::local_time::LocalTime;
use crate::series::point::Tag;
use crate::state::KnownAlert;

/// An alert that fires is told again after this time: who reads takes one that is silent for six minutes for over.
const AGAIN_AFTER: Duration = Duration::from_mins(5);
/// One that can't be judged for so long is over: nobody will ever clear it.
const GIVEN_UP_AFTER: Duration = Duration::from_hours(24);

/// What holds for everything that is judged at one instant.
#[derive(Clone, Copy, Debug)]
pub(super) struct Now {
    /// Time since boot.
    pub(super) boot: Duration,
    /// The time on the wall; `None` while the clock is not set.
    pub(super) local: Option<LocalTime>,
}

/// What a rule says to everything that it judges.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    pub(super) rule: &'static str,
    pub(super) hold: Duration,
    pub(super) advice: &'static str,
}

/// One alert, or what may become one.
#[derive(Clone, Debug)]
pub(super) struct Alert {
    device: Rc<str>,
    warning: Switch,
    critical: Switch,
    since: Since,
    /// The last reading; `None` until it is judged for the first time since a restart.
    last: Option<Reading>,
    /// The last limits that there were.
    limits: Limits,
    /// When there was a reading, or the program was started.
    judged: Duration,
    /// How grave it was when that was told last; `None` if nobody knows of it.
    told: Option<Severity>,
    /// As which series it was sent last as firing, and when.
    sent: Option<Sent>,
}

#[derive(Clone, Debug, PartialEq)]
struct Sent {
    tags: Rc<[Tag]>,
    severity: Severity,
    boot: Duration,
}

/// Since when it is so. The time since boot becomes one since 1970 as soon as the clock is set, and stays it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Since {
    Boot(Duration),
    Unix(u64),
    Unknown,
}

/// What is to be told at an instant.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// What goes out as points, with the tags of the device.
    pub(super) points: Vec<(Rc<[Tag]>, AlertEvent)>,
    /// What has changed.
    pub(super) change: Option<AlertEvent>,
}

impl Alert {
    /// One that a device may come to have.
    pub(super) fn new(device: &Rc<str>, now: Now) -> Self {
        Self {
            device: Rc::clone(device),
            warning: Switch::default(),
            critical: Switch::default(),
            since: Since::Boot(now.boot),
            last: None,
            limits: Limits::default(),
            judged: now.boot,
            told: None,
            sent: None,
        }
    }

    /// One that fired when the program ended.
    pub(super) fn restored(known: &KnownAlert) -> Self {
        let severity =
            if known.severity == Severity::Critical.name() { Severity::Critical } else { Severity::Warning };
        let critical = if severity == Severity::Critical { Switch::ON } else { Switch::default() };
        let since = if known.since == 0 { Since::Unknown } else { Since::Unix(known.since) };
        let now = Now { boot: Duration::ZERO, local: None };
        let new = Self::new(&known.device.as_str().into(), now);
        Self { warning: Switch::ON, critical, since, told: Some(severity), ..new }
    }

    /// What of it a later run is to know, if it fires.
    pub(super) fn known(&self, rule: &str) -> Option<KnownAlert> {
        let severity = self.told?.name().to_owned();
        let since = if let Since::Unix(since) = self.since { since } else { 0 };
        Some(KnownAlert { device: self.device.to_string(), rule: rule.to_owned(), severity, since })
    }

    /// Whether it is told as firing.
    pub(super) const fn fires(&self) -> bool {
        self.told.is_some()
    }

    /// Whether it neither fires nor is about to.
    pub(super) const fn is_idle(&self) -> bool {
        self.warning.is_idle() && self.critical.is_idle() && self.told.is_none()
    }

    /// Whether it was judged at this instant.
    pub(super) fn is_judged(&self, now: Now) -> bool {
        self.judged == now.boot && self.last.is_some()
    }

    /// Takes in a reading.
    pub(super) fn judge(&mut self, reading: Reading, terms: Terms, now: Now) {
        // What fired before a restart is over at once, if it is not so any more.
        let hold = if self.last.is_none() && self.fires() { Duration::ZERO } else { terms.hold };
        if self.is_idle() {
            self.since = Since::Boot(now.boot);
        }
        let Limits { warning, critical } = reading.limits;
        // Whatever is critical is worth a warning.
        let lower = warning.or(critical);
        self.warning.judge(reading.value, lower, hold, now.boot);
        self.critical.judge(reading.value, critical, hold, now.boot);
        self.limits =
            Limits { warning: warning.or(self.limits.warning), critical: critical.or(self.limits.critical) };
        self.judged = now.boot;
        self.last = Some(reading);
    }

    /// It can't be judged at this instant.
    pub(super) fn skip(&mut self, now: Now) {
        self.warning.interrupt();
        self.critical.interrupt();
        // What was restored has its first instant now.
        if self.judged.is_zero() {
            self.judged = now.boot;
        }
        if now.boot.saturating_sub(self.judged) >= GIVEN_UP_AFTER {
            self.give_up();
        }
    }

    /// The device isn't here any more: it has nothing of what was wrong.
    pub(super) fn leave(&mut self, terms: Terms, now: Now) {
        let what = format!("{} has no connections any more", self.device);
        let reading = Reading { device: Rc::clone(&self.device), value: 0.0, limits: self.limits, what };
        self.judge(reading, terms, now);
    }

    /// What the device is called.
    pub(super) const fn device(&self) -> &Rc<str> {
        &self.device
    }

    /// Nobody wants to hear of it any more, and this is how it is.
    pub(super) fn give_up_at(&mut self, reading: Reading, now: Now) {
        self.give_up();
        self.judged = now.boot;
        self.last = Some(reading);
    }

    /// Nobody judges it any more.
    pub(super) fn give_up(&mut self) {
        (self.warning, self.critical) = (Switch::default(), Switch::default());
    }

    fn severity(&self) -> Option<Severity> {
        let is_critical = self.critical.is_on();
        let severity = if is_critical { Severity::Critical } else { Severity::Warning };
        (is_critical || self.warning.is_on()).then_some(severity)
    }

    /// What is to be told now, of a device with these tags; without, with those that it had.
    pub(super) fn tell(&mut self, tags: Option<&Rc<[Tag]>>, terms: Terms, now: Now) -> Told {
        self.settle_since(now);
        let severity = self.severity();
        let before = std::mem::replace(&mut self.told, severity);
        match (before, self.told) {
            (before, Some(severity)) => self.tell_firing(before, severity, tags, terms, now),
            (Some(before), None) => self.tell_over(before, tags, terms, now),
            (None, None) => Told::default(),
        }
    }

    fn tell_firing(
        &mut self,
        before: Option<Severity>,
        severity: Severity,
        tags: Option<&Rc<[Tag]>>,
        terms: Terms,
        now: Now,
    ) -> Told {
        let mut told = Told::default();
        let sent = self.sent.as_ref();
        let tags = tags.or(sent.map(|sent| &sent.tags)).map_or_else(|| self.name_alone(), Rc::clone);
        let goes_on = sent.filter(|sent| sent.tags == tags && sent.severity == severity);
        if goes_on.is_some_and(|sent| now.boot.saturating_sub(sent.boot) < AGAIN_AFTER) {
            return told;
        }
        if let (None, Some(ended)) = (goes_on, sent) {
            told.points.push((Rc::clone(&ended.tags), self.event(ended.severity, false, terms, now)));
        }
        let event = self.event(severity, true, terms, now);
        told.change = (before != Some(severity)).then(|| event.clone());
        told.points.push((Rc::clone(&tags), event));
        self.sent = Some(Sent { tags, severity, boot: now.boot });
        told
    }

    fn tell_over(&mut self, before: Severity, tags: Option<&Rc<[Tag]>>, terms: Terms, now: Now) -> Told {
        let sent = self.sent.take();
        let tags = sent.as_ref().map(|sent| &sent.tags).or(tags).map_or_else(|| self.name_alone(), Rc::clone);
        let event = self.event(before, false, terms, now);
        Told { points: vec![(tags, event.clone())], change: Some(event) }
    }

    fn name_alone(&self) -> Rc<[Tag]> {
        [("device_name", Rc::clone(&self.device))].into()
    }

    fn event(&self, severity: Severity, firing: bool, terms: Terms, now: Now) -> AlertEvent {
        let age = Age { since: self.age(now), now: now.local };
        let unjudged = || format!("{} was in alert when this program was started again", self.device);
        let what = self.last.as_ref().map_or_else(unjudged, |last| last.what.clone());
        // On a change of severity the series that ends says what the other does.
        let is_over = self.severity().is_none();
        let Limits { warning, critical } = self.limits;
        let threshold = match severity {
            Severity::Critical => critical.or(warning),
            Severity::Warning => warning.or(critical),
        };
        AlertEvent {
            device: Rc::clone(&self.device),
            rule: terms.rule,
            severity,
            firing,
            value: self.last.as_ref().map(|last| last.value),
            threshold: threshold.map(rounded),
            since: if let Since::Unix(since) = self.since { Some(since) } else { None },
            message: if is_over {
                message::over(&what, age)
            } else {
                message::firing(&what, age, terms.advice)
            },
        }
    }

    fn settle_since(&mut self, now: Now) {
        if let (Since::Boot(since), Some(local)) = (self.since, now.local) {
            self.since = Since::Unix(local.ago(now.boot.saturating_sub(since)).unix);
        }
    }

    fn age(&self, now: Now) -> Option<Duration> {
        match self.since {
            Since::Boot(since) => Some(now.boot.saturating_sub(since)),
            Since::Unix(since) => Some(Duration::from_secs(now.local?.unix.saturating_sub(since))),
            Since::Unknown => None,
        }
    }
}

/// A limit without what the next lower number has behind the point.
fn rounded(limit: f64) -> f64 {
    (limit * 1e6).round() / 1e6
}
