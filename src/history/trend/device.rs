//! What is remembered of one device.

use std::rc::Rc;
use std::time::Duration;

use super::day::Day;
use super::memory::Now;
use super::normal::Normal;
use super::quarters::Quarters;
use super::{Found, Trend};
use crate::local_time::LocalTime;
use crate::state::KnownHabit;

/// What is remembered of one device, beside its last hour.
#[derive(Clone, Debug, Default)]
pub struct DeviceTrend {
    /// What it was last called; unknown of one that was not seen since the start.
    name: Option<Rc<str>>,
    day: Day,
    quarters: Quarters,
    normal: Option<Normal>,
    connections: u32,
    last: LastSeen,
}

/// When a device was last seen. The earlier comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LastSeen {
    /// By the clock that never steps, in time since boot; `None` before the start.
    boot: Option<Duration>,
    /// In seconds since 1970; `None` if never while the clock was set.
    unix: Option<u64>,
}

impl DeviceTrend {
    /// It has entries now.
    pub(super) fn note(&mut self, name: &Rc<str>, now: Now, found: &Found) {
        self.name = Some(Rc::clone(name));
        self.connections = found.connections;
        self.day.note(now.boot, found.most);
        self.quarters.note(now.boot, found.least, found.idle);
        self.last.boot = Some(now.boot);
        self.last.unix = now.local.map(|local| local.unix).or(self.last.unix);
        if let Some(local) = now.local {
            let normal = self.normal.get_or_insert_with(|| Normal::new(local));
            if found.is_usual {
                normal.learn(local, found.most);
            } else {
                normal.unlearn(local);
            }
        }
    }

    /// It has none now.
    pub(super) fn note_absent(&mut self, now: Now) {
        self.connections = 0;
        self.day.note(now.boot, 0);
        self.quarters.note_absent(now.boot);
    }

    pub(super) const fn name(&self) -> Option<&Rc<str>> {
        self.name.as_ref()
    }

    pub(super) const fn last_seen(&self) -> LastSeen {
        self.last
    }

    /// Whether it had entries at this instant, in time since boot.
    pub(super) fn is_here(&self, boot: Duration) -> bool {
        self.last.boot == Some(boot)
    }

    /// Whether it was seen less than so many seconds ago; unless that is known, it was.
    pub(super) fn was_seen_within(&self, seconds: u64, local: LocalTime) -> bool {
        self.last.unix.is_none_or(|unix| local.unix.saturating_sub(unix) < seconds)
    }

    /// Whether it had entries lately.
    pub(super) fn was_here_lately(&self) -> bool {
        self.quarters.is_of_use()
    }

    /// The most connections in a day: in 23 hours and what has passed of this one.
    pub fn peak_24h(&self) -> u32 {
        self.day.peak()
    }

    /// By how many connections in an hour it grows, by the minima of the last six hours; `None` before there are three hours.
    pub const fn growth_per_hour(&self) -> Option<f64> {
        self.quarters.growth_per_hour()
    }

    /// How it stands.
    pub fn trend(&self, local: Option<LocalTime>) -> Trend {
        let normal = self.normal.as_ref().zip(local);
        Trend {
            connections: self.connections,
            normal_peak: normal.and_then(|(normal, local)| normal.peak_at(local)).map(f64::from),
            quarter_minima: self.quarters.minima(),
            quarter_idle: self.quarters.idle(),
        }
    }

    /// What a later run is to know of it, by this key; `None` if nothing was learned.
    pub(super) fn keep(&self, key: &str) -> Option<KnownHabit> {
        let (peaks, hour, now) = self.normal.as_ref()?.keep();
        Some(KnownHabit { key: key.to_owned(), seen: self.last.unix?, hour, now, peaks })
    }

    /// What an earlier run has known of it; `None` if that can't be.
    pub(super) fn restore(known: &KnownHabit) -> Option<Self> {
        let normal = Normal::restore(&known.peaks, known.hour, known.now)?;
        let last = LastSeen { boot: None, unix: Some(known.seen) };
        Some(Self { normal: Some(normal), last, ..Self::default() })
    }

    /// How much memory it holds beside itself, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.normal.as_ref().map(Normal::bytes).unwrap_or_default()
    }
}
