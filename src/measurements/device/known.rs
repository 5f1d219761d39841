//! When each device was first and last seen, also by earlier runs of the program.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::state::{KnownDevice, State};

/// A device is forgotten when it was not seen for so long, in seconds: somebody who comes once a year is no stranger.
const FORGOTTEN_AFTER: u64 = 400 * 86_400;
/// So long after remembering began, in seconds, nobody is new: most of a household comes home within a day.
const STRANGERS_AFTER: u64 = 86_400;

/// The devices that are remembered, by MAC, else by name. All times are in seconds since 1970.
#[derive(Clone, Debug, Default)]
pub(super) struct KnownDevices {
    /// Since when devices are remembered.
    since: Option<u64>,
    /// Whether they are from one run of the program to the next.
    is_kept: bool,
    devices: BTreeMap<Rc<str>, Times>,
}

/// What is remembered of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Times {
    /// What it is called.
    name: Rc<str>,
    /// When it was first told of.
    pub(super) first: u64,
    /// When it was last there; `None` if only a file has told of it.
    pub(super) last: Option<u64>,
}

impl KnownDevices {
    /// Makes ready for a report at `now`: forgets whom nobody has seen for long.
    pub(super) fn begin(&mut self, now: u64) {
        self.since = self.since.or(Some(now));
        self.devices.retain(|_, times| now.saturating_sub(times.newest()) < FORGOTTEN_AFTER);
    }

    /// Somebody is told of `now`, and was last there at `last`. Of more than `at_most` the one is forgotten that was seen
    /// longest ago.
    pub(super) fn meet(
        &mut self,
        key: &Rc<str>,
        name: &Rc<str>,
        now: u64,
        last: Option<u64>,
        at_most: usize,
    ) -> Times {
        if !self.devices.contains_key(key) && self.devices.len() >= at_most {
            self.forget_the_oldest();
        }
        let new = || Times { name: Rc::clone(name), first: now, last: None };
        let times = self.devices.entry(Rc::clone(key)).or_insert_with(new);
        times.last = times.last.max(last);
        times.name = Rc::clone(name);
        times.clone()
    }

    fn forget_the_oldest(&mut self) {
        let oldest = self.devices.iter().min_by_key(|(_, times)| times.newest());
        if let Some(key) = oldest.map(|(key, _)| Rc::clone(key)) {
            self.devices.remove(&key);
        }
    }

    /// When a device was first seen, if somebody remembers the time before, and will at the next start.
    pub(super) fn first_as_stranger(&self, times: &Times) -> Option<u64> {
        let begun = self.since?.saturating_add(STRANGERS_AFTER);
        (self.is_kept && times.first >= begun).then_some(times.first)
    }

    /// Takes up what an earlier run has remembered.
    pub(super) fn restore(&mut self, state: &mut State) {
        self.is_kept = true;
        self.since = state.began.take().or(self.since);
        self.devices.extend(std::mem::take(&mut state.devices).iter().map(|known| {
            let (first, last) = known.seen;
            let last = Some(last).filter(|last| *last > 0);
            (known.key.as_str().into(), Times { name: known.name.as_str().into(), first, last })
        }));
    }

    /// Adds what a later run is to remember.
    pub(super) fn keep(&self, state: &mut State) {
        state.began = self.since;
        let known = self.devices.iter().map(|(key, times)| KnownDevice {
            key: key.to_string(),
            name: times.name.to_string(),
            seen: (times.first, times.last.unwrap_or_default()),
        });
        state.devices = known.collect();
    }
}

impl Times {
    fn newest(&self) -> u64 {
        self.last.unwrap_or_default().max(self.first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 86_400;
    const START: u64 = 1_796_040_000;

    fn meet(known: &mut KnownDevices, key: &str, now: u64, last: Option<u64>) -> Times {
        known.begin(now);
        known.meet(&key.into(), &"tv".into(), now, last, 3)
    }

    #[test]
    fn who_was_there_within_the_first_day_is_no_stranger() {
        let mut known = KnownDevices::default();
        known.restore(&mut State::default());
        for (day, expected) in [(0, None), (1, Some(START + DAY)), (2, Some(START + 2 * DAY))] {
            let times = meet(&mut known, &format!("a{day}"), START + day * DAY, None);
            assert_eq!(known.first_as_stranger(&times), expected, "{day}");
        }
        let mut forgetful = KnownDevices::default();
        meet(&mut forgetful, "a0", START, None);
        let times = meet(&mut forgetful, "a2", START + 2 * DAY, None);
        assert_eq!(forgetful.first_as_stranger(&times), None, "after the next start all would be strangers");
        let times = meet(&mut known, "a0", START + 3 * DAY, Some(START + 3 * DAY));
        assert_eq!((times.first, times.last), (START, Some(START + 3 * DAY)));
        assert_eq!(known.first_as_stranger(&times), None);
    }

    #[test]
    fn another_run_goes_on_where_the_last_one_ended() {
        let mut known = KnownDevices::default();
        meet(&mut known, "a", START, Some(START + 5));
        meet(&mut known, "b", START + 9, None);
        let mut state = State::default();
        known.keep(&mut state);
        let mut next = KnownDevices::default();
        next.restore(&mut state.clone());
        let mut again = State::default();
        next.keep(&mut again);
        assert_eq!(again, state);
        let times = meet(&mut next, "a", START + 2 * DAY, None);
        assert_eq!((times.first, times.last), (START, Some(START + 5)));
        let times = meet(&mut next, "c", START + 2 * DAY, None);
        assert_eq!(next.first_as_stranger(&times), Some(START + 2 * DAY), "the day began with the first run");
    }

    #[test]
    fn whoever_was_seen_longest_ago_is_forgotten() {
        let mut known = KnownDevices::default();
        for (number, key) in ["a", "b", "c"].into_iter().enumerate() {
            meet(&mut known, key, START, Some(START + number as u64));
        }
        meet(&mut known, "d", START + 9, None);
        assert_eq!(known.devices.keys().map(|key| &**key).collect::<Vec<_>>(), ["b", "c", "d"]);
        known.begin(START + FORGOTTEN_AFTER + 2);
        assert_eq!(known.devices.len(), 1, "those of 400 days ago");
    }
}
