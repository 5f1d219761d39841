//! Which devices may be shown: bounds on new names, so that forged sources can't fill a database.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::rc::Rc;
use std::time::Duration;

use foldhash::fast::RandomState;

use crate::devices::mac::Mac;
use crate::devices::{Identity, Label};

/// How many bare addresses become names in the life of the process.
const BARE_AT_MOST: usize = 256;
const DAY: Duration = Duration::from_hours(24);

/// How often names not seen for a day are forgotten.
const FORGET_EVERY: Duration = Duration::from_hours(1);

/// The names admitted so far.
#[derive(Debug, Default)]
pub struct CardinalityLimit {
    /// Names of the last snapshot and of the last day.
    names: HashMap<Rc<str>, Admitted, RandomState>,
    /// Bare addresses and strangers that became names.
    bare: HashSet<Bare, RandomState>,
    /// The number of the latest snapshot.
    snapshot: u64,
    forgotten: Duration,
}

/// What a name is made of where nothing but an address is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Bare {
    Mac(Mac),
    Address(IpAddr),
}

#[derive(Debug)]
struct Admitted {
    /// When the name was new, since boot.
    first: Duration,
    /// When it was last in a snapshot, since boot.
    last: Duration,
    /// The latest snapshot in which it was.
    snapshot: u64,
}

impl CardinalityLimit {
    /// Says of each candidate whether it may be shown in the snapshot taken at `boot` (time since boot).
    ///
    /// Who was shown in the last snapshot stays; new ones enter in order of name while there are fewer than `max`,
    /// and while fewer than `max` names were new within a day.
    pub fn admit(&mut self, candidates: &[(&Identity, &Label)], max: usize, boot: Duration) -> Vec<bool> {
        self.snapshot += 1;
        if boot.saturating_sub(self.forgotten) >= FORGET_EVERY {
            self.forgotten = boot;
            self.names.retain(|_, name| boot.saturating_sub(name.last) < DAY);
        }
        let mut present = 0;
        let mut verdicts = vec![false; candidates.len()];
        let mut newcomers = Vec::new();
        for ((who, label), verdict) in candidates.iter().zip(&mut verdicts) {
            match self.stay(label, boot) {
                Some(first_of_the_name) => {
                    *verdict = true;
                    present += usize::from(first_of_the_name);
                }
                None => newcomers.push((*who, *label, verdict)),
            }
        }
        if !newcomers.is_empty() {
            self.admit_newcomers(newcomers, present, max, boot);
        }
        verdicts
    }

    /// Lets a name stay that was in the last snapshot; says whether this is the first device of that name now.
    fn stay(&mut self, label: &Label, boot: Duration) -> Option<bool> {
        let name = self.names.get_mut(label.name.as_str())?;
        let here_already = name.snapshot == self.snapshot;
        if !here_already && name.snapshot + 1 != self.snapshot {
            return None;
        }
        (name.snapshot, name.last) = (self.snapshot, boot);
        Some(!here_already)
    }

    fn admit_newcomers(
        &mut self,
        mut newcomers: Vec<(&Identity, &Label, &mut bool)>,
        mut present: usize,
        max: usize,
        boot: Duration,
    ) {
        newcomers.sort_by(|(_, a, _), (_, b, _)| a.name.cmp(&b.name));
        let mut new_today = self.names.values().filter(|name| boot.saturating_sub(name.first) < DAY).count();
        for (who, label, verdict) in newcomers {
            // Another device of the same name may have entered before.
            if self.stay(label, boot).is_some() {
                *verdict = true;
                continue;
            }
            let known =
                self.names.get(label.name.as_str()).is_some_and(|name| boot.saturating_sub(name.last) < DAY);
            *verdict = present < max && (known || new_today < max) && self.has_room_for(who);
            if *verdict {
                present += 1;
                new_today += usize::from(!known);
                self.enter(who, label, boot);
            }
        }
    }

    /// Whether `who`, of whom nothing but an address is known, was admitted.
    pub fn knows(&self, who: &Identity) -> bool {
        bare(who).is_some_and(|bare| self.bare.contains(&bare))
    }

    fn has_room_for(&self, who: &Identity) -> bool {
        bare(who).is_none_or(|bare| self.bare.len() < BARE_AT_MOST || self.bare.contains(&bare))
    }

    fn enter(&mut self, who: &Identity, label: &Label, boot: Duration) {
        self.bare.extend(bare(who));
        let fresh = || Admitted { first: boot, last: boot, snapshot: 0 };
        let name = self.names.entry(label.name.shared()).or_insert_with(fresh);
        (name.snapshot, name.last) = (self.snapshot, boot);
    }
}

/// What makes the name of one of whom nothing but an address is known.
fn bare(who: &Identity) -> Option<Bare> {
    match who {
        Identity::Device(_) | Identity::Named(_) => None,
        Identity::Eui64Only(key) => key.mac().map(Bare::Mac),
        Identity::Address(address) => Some(Bare::Address(*address)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::devices::DeviceId;
    use crate::devices::mac::Mac;
    use crate::devices::name::Name;

    fn label(name: &str) -> Label {
        Label { name: Name::clean(name.as_bytes()).unwrap(), ip: None, mac: None, device_type: None }
    }

    /// Who of `names` is admitted; those that are addresses are bare ones.
    fn admit(limit: &mut CardinalityLimit, names: &[&str], max: usize, hour: u64) -> Vec<String> {
        let who: Vec<Identity> = names
            .iter()
            .map(|name| name.parse().map_or(Identity::Device(DeviceId::Mac(Mac([0; 6]))), Identity::Address))
            .collect();
        let labels: Vec<Label> = names.iter().map(|name| label(name)).collect();
        let candidates: Vec<_> = who.iter().zip(&labels).collect();
        let verdicts = limit.admit(&candidates, max, Duration::from_hours(hour));
        names
            .iter()
            .zip(verdicts)
            .filter(|(_, admitted)| *admitted)
            .map(|(name, _)| (*name).to_owned())
            .collect()
    }

    #[test]
    fn new_ones_enter_in_order_of_name_and_those_present_stay() {
        let mut limit = CardinalityLimit::default();
        assert_eq!(admit(&mut limit, &["d", "c", "b"], 2, 1), ["c", "b"]);
        assert_eq!(admit(&mut limit, &["a", "c", "d"], 2, 30), ["a", "c"], "c stays, a goes before d");
        assert_eq!(admit(&mut limit, &["a", "c", "b"], 1, 31), ["a", "c"], "a lower limit turns nobody out");
    }

    #[test]
    fn no_more_than_the_limit_are_new_within_a_day() {
        let mut limit = CardinalityLimit::default();
        assert_eq!(admit(&mut limit, &["a", "b"], 2, 1), ["a", "b"]);
        assert!(admit(&mut limit, &["c", "d"], 2, 2).is_empty());
        assert_eq!(admit(&mut limit, &["a", "c"], 2, 3), ["a"], "a known one may come back");
        assert_eq!(admit(&mut limit, &["c", "d"], 2, 26), ["c", "d"]);
    }

    #[test]
    fn bare_addresses_are_256_in_the_life_of_the_process() {
        let mut limit = CardinalityLimit::default();
        let names: Vec<String> = (0..300).map(|n| format!("192.168.{}.{}", n / 250, n % 250)).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let admitted = admit(&mut limit, &names, 1000, 1);
        assert_eq!(admitted.len(), 256);
        assert_eq!(admit(&mut limit, &["10.0.0.1", &admitted[7], "tv"], 1000, 2000), [&admitted[7], "tv"]);
    }

    #[test]
    fn memory_of_names_ends_after_a_day() {
        let mut limit = CardinalityLimit::default();
        for day in 0..100 {
            let names: Vec<String> = (0..10).map(|n| format!("day{day}-{n}")).collect();
            admit(&mut limit, &names.iter().map(String::as_str).collect::<Vec<_>>(), 10, day * 25);
            assert!(limit.names.len() <= 20, "{}", limit.names.len());
        }
    }
}
