//! `buffering`: a film that stands still.
//!
//! A film is fetched in bursts, with pauses between them. It stands still if next to nothing comes in for longer than twice
//! the longest pause so far, and the player has given up connections or tries new ones meanwhile; or if it tries many at a
//! time and no more comes in. The figures are seconds.

mod spell;

use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use foldhash::fast::RandomState;

use crate::activity::Class;
use crate::alerts::{Circumstances, Limits, Reading, Rule, config};
use crate::attribution::labels::OwnerTags;
use crate::history::{History, Interval};
use crate::measurements::{Needs, Tick};
use spell::{Spell, Standing};

/// Slower passes can't tell a pause from a stall.
const SLOWEST: Duration = Duration::from_secs(10);

/// The rule. It is judged for devices of which it is known what they do, while passes are no slower than 10 s. Each that
/// plays a film has a spell of about 200 bytes.
#[derive(Debug, Default)]
pub(super) struct Buffering {
    config: config::Buffering,
    spells: HashMap<Rc<str>, Spell, RandomState>,
}

impl Buffering {
    /// With these thresholds.
    pub(super) fn new(config: &config::Buffering) -> Self {
        Self { config: config.clone(), ..Self::default() }
    }

    /// How a device stands, and its spell if it plays a film.
    fn reading(
        &self,
        row: &OwnerTags,
        class: Class,
        tick: &Tick<'_>,
        history: &History,
    ) -> Option<(Option<Spell>, Option<Reading>)> {
        let device = row.name()?;
        let now = tick.sample.boot;
        match class {
            Class::Unknown => None,
            Class::Video => {
                let known = self.spells.get(device).cloned();
                let mut spell = known.unwrap_or_else(|| Spell::new(now));
                let recent = history.recent(&row.owners, spell.wanted(now, &self.config));
                let standing = spell.walk(&recent.collect::<Vec<Interval>>(), &self.config);
                let reading =
                    standing.map(|standing| reading(device, &standing, Some(sentence(device, &standing))));
                Some((Some(spell), reading))
            }
            _ => Some((None, Some(reading(device, &Standing::default(), None)))),
        }
    }
}

impl Rule for Buffering {
    fn name(&self) -> &'static str {
        "buffering"
    }

    fn needs(&self) -> Needs {
        Needs { history: true, ..Needs::default() }
    }

    fn judge(&mut self, of: &Circumstances<'_>) -> Vec<Reading> {
        let history = of.tick.history.filter(|_| of.tick.exporter.pass_interval <= SLOWEST);
        let Some(history) = history else {
            self.spells.clear();
            return Vec::new();
        };
        let (mut spells, mut readings) = (HashMap::default(), Vec::new());
        for row in &of.tick.owners.devices {
            let class = row.name().and_then(|device| Some((device, *of.findings.activities.get(device)?)));
            let Some((device, class)) = class else { continue };
            let Some((spell, reading)) = self.reading(row, class, of.tick, history) else { continue };
            spells.extend(spell.map(|spell| (Rc::clone(device), spell)));
            readings.extend(reading);
        }
        self.spells = spells;
        readings
    }

    fn advice(&self) -> &'static str {
        "See whether others use up the line. If not, the Wi-Fi may be weak there, or the service is overloaded."
    }

    fn hold(&self) -> Duration {
        self.config.hold.duration()
    }
}

fn reading(device: &Rc<str>, standing: &Standing, what: Option<String>) -> Reading {
    Reading {
        device: Rc::clone(device),
        value: standing.stalled.as_secs_f64(),
        limits: Limits { warning: Some(standing.limit.as_secs_f64()), critical: None },
        what: what.unwrap_or_else(|| format!("{device} plays no film")),
    }
}

fn sentence(device: &str, standing: &Standing) -> String {
    let Standing { before, now, stalled, .. } = standing;
    let (rx, rx_before) = (now.rx / 1e6, before.rx / 1e6);
    let (connections, connections_before) = (now.connections, before.connections);
    let begin = if standing.is_stall() {
        format!("{device} has been waiting for its film for {} s: it", stalled.as_secs())
    } else {
        device.to_owned()
    };
    format!(
        "{begin} receives {rx:.1} Mbit/s by {connections:.0} connections, and received {rx_before:.1} by \
         {connections_before:.0} in the minutes before"
    )
}

#[cfg(test)]
mod tests;
