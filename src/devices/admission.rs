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
