//! Which devices may be shown: bounds on new names, so that forged sources can't fill a database.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::rc::Rc;
use std::time::Duration;

use super::{Label, Who};

/// How many bare addresses become names in the life of the process.
const BARE_AT_MOST: usize = 256;
const DAY: Duration = Duration::from_hours(24);

/// The names admitted so far.
#[derive(Debug, Default)]
pub struct Admission {
    /// Names of the last snapshot and of the last day.
    names: HashMap<Rc<str>, Admitted>,
    bare: HashSet<IpAddr>,
}

#[derive(Debug)]
struct Admitted {
    /// When the name was new, since boot.
    first: Duration,
    /// When it was last in a snapshot, since boot.
    last: Duration,
    /// Whether it was in the latest snapshot.
    present: bool,
}

impl Admission {
    /// Says of each candidate whether it may be shown in the snapshot taken at `boot` (time since boot).
    ///
    /// Who was shown in the last snapshot stays; new ones enter in order of name while there are fewer than `max`,
    /// and while fewer than `max` names were new within a day.
    pub fn admit(&mut self, candidates: &[(&Who, Label)], max: usize, boot: Duration) -> Vec<bool> {
        self.names.retain(|_, name| boot.saturating_sub(name.last) < DAY);
        let mut new_today = self.names.values().filter(|name| boot.saturating_sub(name.first) < DAY).count();
        let mut verdicts = vec![false; candidates.len()];
        let mut order: Vec<_> = candidates.iter().zip(&mut verdicts).collect();
        order.sort_by(|((_, a), _), ((_, b), _)| {
            let newcomer = |label: &Label| !self.was_present(label);
            (newcomer(a), &a.name).cmp(&(newcomer(b), &b.name))
        });
        let mut present = HashSet::new();
        for ((who, label), verdict) in order {
            let name = label.name.shared();
            let known = self.names.contains_key(&name);
            let stays = self.was_present(label) || present.contains(&name);
            *verdict = stays || (present.len() < max && (known || new_today < max) && self.has_room_for(who));
            if !*verdict {
                continue;
            }
            new_today += usize::from(!known);
            self.enter(who, &name, boot);
            present.insert(name);
        }
        for (name, admitted) in &mut self.names {
            admitted.present = present.contains(name);
        }
        verdicts
    }

    fn was_present(&self, label: &Label) -> bool {
        self.names.get(label.name.as_str()).is_some_and(|name| name.present)
    }

    fn has_room_for(&self, who: &Who) -> bool {
        match who {
            Who::Device(_) => true,
            Who::Address(address) => self.bare.len() < BARE_AT_MOST || self.bare.contains(address),
        }
    }

    fn enter(&mut self, who: &Who, name: &Rc<str>, boot: Duration) {
        if let Who::Address(address) = who {
            self.bare.insert(*address);
        }
        let fresh = || Admitted { first: boot, last: boot, present: false };
        self.names.entry(Rc::clone(name)).or_insert_with(fresh).last = boot;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::devices::Key;
    use crate::devices::mac::Mac;
    use crate::devices::name::Name;

    fn label(name: &str) -> Label {
        Label { name: Name::clean(name.as_bytes()).unwrap(), ip: None, mac: None }
    }

    /// Who of `names` is admitted; those that are addresses are bare ones.
    fn admit(admission: &mut Admission, names: &[&str], max: usize, hour: u64) -> Vec<String> {
        let who: Vec<Who> = names
            .iter()
            .map(|name| name.parse().map_or(Who::Device(Key::Mac(Mac([0; 6]))), Who::Address))
            .collect();
        let candidates: Vec<_> = who.iter().zip(names.iter().map(|name| label(name))).collect();
        let verdicts = admission.admit(&candidates, max, Duration::from_hours(hour));
        names
            .iter()
            .zip(verdicts)
            .filter(|(_, admitted)| *admitted)
            .map(|(name, _)| (*name).to_owned())
            .collect()
    }

    #[test]
    fn new_ones_enter_in_order_of_name_and_those_present_stay() {
        let mut admission = Admission::default();
        assert_eq!(admit(&mut admission, &["d", "c", "b"], 2, 1), ["c", "b"]);
        assert_eq!(admit(&mut admission, &["a", "c", "d"], 2, 30), ["a", "c"], "c stays, a goes before d");
        assert_eq!(
            admit(&mut admission, &["a", "c", "b"], 1, 31),
            ["a", "c"],
            "a lower limit turns nobody out"
        );
    }

    #[test]
    fn no_more_than_the_limit_are_new_within_a_day() {
        let mut admission = Admission::default();
        assert_eq!(admit(&mut admission, &["a", "b"], 2, 1), ["a", "b"]);
        assert!(admit(&mut admission, &["c", "d"], 2, 2).is_empty());
        assert_eq!(admit(&mut admission, &["a", "c"], 2, 3), ["a"], "a known one may come back");
        assert_eq!(admit(&mut admission, &["c", "d"], 2, 26), ["c", "d"]);
    }

    #[test]
    fn bare_addresses_are_256_in_the_life_of_the_process() {
        let mut admission = Admission::default();
        let names: Vec<String> = (0..300).map(|n| format!("192.168.{}.{}", n / 250, n % 250)).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let admitted = admit(&mut admission, &names, 1000, 1);
        assert_eq!(admitted.len(), 256);
        assert_eq!(
            admit(&mut admission, &["10.0.0.1", &admitted[7], "tv"], 1000, 2000),
            [&admitted[7], "tv"]
        );
    }

    #[test]
    fn memory_of_names_ends_after_a_day() {
        let mut admission = Admission::default();
        for day in 0..100 {
            let names: Vec<String> = (0..10).map(|n| format!("day{day}-{n}")).collect();
            admit(&mut admission, &names.iter().map(String::as_str).collect::<Vec<_>>(), 10, day * 25);
            assert!(admission.names.len() <= 20, "{}", admission.names.len());
        }
    }
}
