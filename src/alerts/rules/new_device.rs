//! `new_device`: somebody whom nobody has seen before.

use std::rc::Rc;
use std::time::Duration;

use crate::alerts::{Circumstances, Limits, Reading, Rule, config};
use crate::measurements::findings::Seen;

/// For how long somebody stays new, in seconds.
const DAY: u64 = 24 * 3600;

/// The rule.
#[derive(Debug)]
pub(super) struct NewDevice {
    config: config::NewDevice,
}

impl NewDevice {
    pub(super) fn new(config: &config::NewDevice) -> Self {
        Self { config: config.clone() }
    }

    /// Whether it is new, `now` being the time in seconds since 1970.
    fn is_new(&self, seen: Seen, now: u64) -> bool {
        let is_told = !seen.made_up || self.config.made_up_macs;
        seen.first.is_some_and(|first| now < first.saturating_add(DAY)) && is_told
    }
}

impl Rule for NewDevice {
    fn name(&self) -> &'static str {
        "new_device"
    }

    fn hold(&self) -> Duration {
        self.config.hold.duration()
    }

    fn judge(&mut self, of: &Circumstances<'_>) -> Vec<Reading> {
        let Some(local) = of.tick.local else { return Vec::new() };
        let reading = |(name, seen): (&Rc<str>, &Seen)| Reading {
            device: Rc::clone(name),
            value: f64::from(self.is_new(*seen, local.unix)),
            limits: Limits { warning: Some(0.0), critical: None },
            what: what(name, *seen, address(name, of)),
        };
        of.findings.seen.iter().map(reading).collect()
    }

    fn advice(&self) -> &'static str {
        "If it is yours, give it a name in your registry of devices. If nobody knows it, change the Wi-Fi password."
    }
}

fn what(name: &str, seen: Seen, address: Option<String>) -> String {
    let address = address.map_or_else(String::new, |address| format!(" ({address})"));
    let made_up = if seen.made_up {
        "; its MAC is a made-up one, as phones use, so it may be one that you know"
    } else {
        ""
    };
    format!("{name}{address} is new in this network{made_up}")
}

/// Its MAC, while it is shown.
fn address(name: &str, of: &Circumstances<'_>) -> Option<String> {
    let row = of.tick.owners.devices.iter().find(|row| row.name().is_some_and(|shown| **shown == *name));
    row?.label.as_ref()?.mac.map(|mac| mac.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::fixture::Judged;
    use crate::measurements::fixture::Fixture;

    /// The time of the fixture at first.
    const NOW: u64 = 1_796_040_000;

    fn judged(config: &config::NewDevice, seen: Seen) -> Option<f64> {
        let (mut fixture, mut judged) = (Fixture::new(), Judged::new(NewDevice::new(config)));
        fixture.found.seen.insert("Somebody".into(), seen);
        fixture.report(&mut judged);
        judged.reading("Somebody").map(|reading| reading.value)
    }

    #[test]
    fn it_is_new_for_a_day_unless_it_was_there_before_anybody_remembers() {
        let config = config::NewDevice::default();
        let seen = |first, made_up| Seen { first, made_up };
        let cases = [
            (seen(Some(NOW), false), 1.0),
            (seen(Some(NOW), true), 1.0),
            (seen(Some(NOW - DAY + 1), false), 1.0),
            (seen(Some(NOW - DAY), false), 0.0),
            (seen(None, false), 0.0),
        ];
        for (seen, expected) in cases {
            assert_eq!(judged(&config, seen), Some(expected), "{seen:?}");
        }
        let quiet = config::NewDevice { made_up_macs: false, ..config };
        assert_eq!(judged(&quiet, seen(Some(NOW), true)), Some(0.0));
        assert_eq!(judged(&quiet, seen(Some(NOW), false)), Some(1.0));
    }

    #[test]
    fn without_a_clock_nobody_is_judged() {
        let (mut fixture, mut judged) =
            (Fixture::new(), Judged::new(NewDevice::new(&config::NewDevice::default())));
        fixture.found.seen.insert("Somebody".into(), Seen { first: Some(NOW), made_up: false });
        fixture.report(&mut judged);
        assert_eq!(judged.readings.len(), 1);
        fixture.wall = None;
        fixture.report(&mut judged);
        assert!(judged.readings.is_empty());
    }

    #[test]
    fn it_says_when_the_address_is_made_up() {
        let seen = Seen { first: Some(1), made_up: true };
        assert_eq!(
            what("Phone-a1b2c3", seen, Some("02:00:00:a1:b2:c3".to_owned())),
            "Phone-a1b2c3 (02:00:00:a1:b2:c3) is new in this network; its MAC is a made-up one, as phones use, so it may \
             be one that you know"
        );
        assert_eq!(what("TV", Seen { made_up: false, ..seen }, None), "TV is new in this network");
    }
}
