//! What is counted of each owner.

use std::ops::AddAssign;

use super::Attempt;
use crate::attribution::owners::OwnerId;

/// A row for each owner: what the reading that goes on counts, and what complete passes have counted.
///
/// A reading may break off, and a text that came out short is read once more. So what is counted is staged, and holds
/// only when [`PerOwner::replace`] or [`PerOwner::join`] says so. A row is `size_of::<R>()` bytes for each place in use,
/// three times over at most.
#[derive(Clone, Debug, Default)]
pub struct PerOwner<R> {
    stages: [Vec<(OwnerId, R)>; 2],
    attempt: usize,
    held: Vec<(OwnerId, R)>,
}

impl<R: Default + Clone> PerOwner<R> {
    /// A reading begins, with so many places of owners: its stage is empty, and keeps no memory for more than twice as many.
    pub fn begin(&mut self, attempt: Attempt, owners: usize) {
        self.attempt = attempt as usize;
        if let Some(stage) = self.stages.get_mut(self.attempt) {
            stage.clear();
            stage.shrink_to(2 * owners);
        }
    }

    /// Changes the row of `owner` in the reading that goes on.
    pub fn update(&mut self, owner: OwnerId, change: impl FnOnce(&mut R)) {
        if let Some(stage) = self.stages.get_mut(self.attempt) {
            row(stage, owner, change);
        }
    }

    /// What the reading `kept` has counted takes the place of what was held: for what there is now.
    pub fn replace(&mut self, kept: Attempt) {
        if let Some(stage) = self.stages.get_mut(kept as usize) {
            std::mem::swap(&mut self.held, stage);
        }
    }

    /// What the reading `kept` has counted joins what was held: for what has been since the last report, which
    /// [`PerOwner::clear`] ends.
    pub fn join(&mut self, kept: Attempt)
    where
        R: AddAssign,
    {
        let Some(stage) = self.stages.get_mut(kept as usize) else { return };
        for (owner, counted) in stage.drain(..).filter(|(owner, _)| *owner != OwnerId::UNUSED) {
            row(&mut self.held, owner, |sum| *sum += counted);
        }
    }

    /// A pass has come to its end: what all readings since the one before have counted joins what was held if it `holds`,
    /// and is void if it doesn't.
    ///
    /// For what [`flow_tracker`](super::flow_tracker) tells: each reading tells only what none has told before, so its sums
    /// go on until a pass comes to its end. Nobody calls [`PerOwner::begin`] then, and there is one stage.
    pub fn settle(&mut self, holds: bool)
    where
        R: AddAssign,
    {
        if holds {
            self.join(Attempt::First);
        } else {
            self.stages.iter_mut().for_each(Vec::clear);
        }
    }

    /// Whether anything is counted of `owner` that was not cleared or discarded.
    pub fn remembers(&self, owner: OwnerId) -> bool {
        let has_row = |rows: &Vec<(OwnerId, R)>| rows.get(owner.place()).is_some_and(|(of, _)| *of == owner);
        has_row(&self.held) || self.stages.iter().any(has_row)
    }

    /// What complete passes have counted of `owner`.
    pub fn of(&self, owner: OwnerId) -> Option<&R> {
        let (of, row) = self.held.get(owner.place())?;
        (*of == owner).then_some(row)
    }

    /// The rows of several owners.
    pub fn rows<'a>(&'a self, owners: &'a [OwnerId]) -> impl Iterator<Item = &'a R> {
        owners.iter().filter_map(|owner| self.of(*owner))
    }

    /// Forgets what complete passes have counted: it was reported.
    pub fn clear(&mut self) {
        self.held.clear();
    }
}

/// The rows of several owners together.
pub fn sum<'a, R: AddAssign + Default + Clone + 'a>(rows: impl Iterator<Item = &'a R>) -> R {
    rows.cloned().fold(R::default(), |mut sum, row| {
        sum += row;
        sum
    })
}

/// Changes a row, which begins empty for an owner who is new at this place.
fn row<R: Default + Clone>(rows: &mut Vec<(OwnerId, R)>, owner: OwnerId, change: impl FnOnce(&mut R)) {
    if rows.len() <= owner.place() {
        rows.resize(owner.place() + 1, (OwnerId::UNUSED, R::default()));
    }
    if let Some((of, row)) = rows.get_mut(owner.place()) {
        if *of != owner {
            (*of, *row) = (owner, R::default());
        }
        change(row);
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;
    use crate::attribution::owners::OwnerTable;
    use crate::devices::Identity;

    fn owners() -> [OwnerId; 2] {
        let mut table = OwnerTable::default();
        [1, 2].map(|last| {
            let address = IpAddr::from([10, 0, 0, last]);
            table.enter(address, Some(Identity::Address(address)), false)
        })
    }

    fn count(rows: &mut PerOwner<u64>, attempt: Attempt, counts: &[(OwnerId, u64)]) {
        rows.begin(attempt, 3);
        for (owner, count) in counts {
            rows.update(*owner, |sum| *sum += count);
        }
    }

    #[test]
    fn only_complete_readings_hold() {
        let [one, other] = owners();
        let mut rows = PerOwner::default();
        count(&mut rows, Attempt::First, &[(one, 1), (one, 2)]);
        assert_eq!(rows.of(one), None);
        rows.replace(Attempt::First);
        assert_eq!((rows.of(one), rows.of(other)), (Some(&3), None));
        count(&mut rows, Attempt::First, &[(other, 7)]);
        assert_eq!((rows.of(one), rows.of(other)), (Some(&3), None), "it broke off");
        count(&mut rows, Attempt::First, &[(one, 1)]);
        rows.replace(Attempt::First);
        assert_eq!((rows.of(one), rows.of(other)), (Some(&1), None));
    }

    #[test]
    fn of_two_readings_the_one_that_is_kept_holds() {
        let [one, _] = owners();
        for (kept, expected) in [(Attempt::First, 5), (Attempt::Second, 9)] {
            let mut rows = PerOwner::default();
            count(&mut rows, Attempt::First, &[(one, 5)]);
            count(&mut rows, Attempt::Second, &[(one, 9)]);
            rows.replace(kept);
            assert_eq!(rows.of(one), Some(&expected));
            count(&mut rows, Attempt::First, &[]);
            rows.replace(Attempt::First);
            assert_eq!(rows.of(one), None);
        }
    }

    #[test]
    fn what_joins_adds_up_until_it_was_reported() {
        let [one, other] = owners();
        let mut rows = PerOwner::default();
        for pass in 1..=3 {
            count(&mut rows, Attempt::First, &[(one, pass)]);
            rows.join(Attempt::First);
            count(&mut rows, Attempt::First, &[(one, 100), (other, 100)]);
        }
        assert_eq!((rows.of(one), rows.of(other)), (Some(&6), None));
        assert_eq!(rows.rows(&[one, other]).sum::<u64>(), 6);
        rows.clear();
        assert_eq!(rows.of(one), None);
    }

    #[test]
    fn what_is_told_once_is_summed_until_a_pass_settles_it() {
        let [one, other] = owners();
        let mut rows = PerOwner::default();
        let tell = |rows: &mut PerOwner<u64>, owner, count: u64| rows.update(owner, |sum| *sum += count);
        tell(&mut rows, one, 1);
        // That reading broke off.
        tell(&mut rows, one, 2);
        assert!(rows.remembers(one) && !rows.remembers(other));
        rows.settle(true);
        tell(&mut rows, one, 10);
        tell(&mut rows, other, 10);
        rows.settle(false);
        tell(&mut rows, one, 4);
        rows.settle(true);
        assert_eq!((rows.of(one), rows.of(other)), (Some(&7), None));
        rows.clear();
        assert!(!rows.remembers(one));
    }

    #[test]
    fn who_comes_to_a_place_has_nothing_of_who_was_there_before() {
        let mut table = OwnerTable::default();
        let mut enter = |last: u32| {
            table.begin((0, 0), |_| false);
            let address = IpAddr::V4((0x0a00_0000 + last).into());
            table.enter(address, Some(Identity::Address(address)), false)
        };
        let before: Vec<OwnerId> = (0..1025).map(&mut enter).collect();
        let mut rows = PerOwner::default();
        count(&mut rows, Attempt::First, &[(before[0], 5)]);
        rows.replace(Attempt::First);
        let after = before[1024];
        assert_eq!(rows.of(after), None);
        let same_place =
            before.iter().find(|owner| owner.place() == after.place() && **owner != after).unwrap();
        count(&mut rows, Attempt::First, &[(*same_place, 5)]);
        rows.join(Attempt::First);
        count(&mut rows, Attempt::First, &[(after, 2)]);
        rows.join(Attempt::First);
        assert_eq!((rows.of(after), rows.of(*same_place)), (Some(&2), None));
    }
}
