//! The pairs of an owner that have the most of something, in a bounded room.
//!
//! That is the algorithm "space-saving" (Metwally, Agrawal and El Abbadi, "Efficient computation of frequent and top-k
//! elements in data streams", 2005): while there is room all is exact; from then on a newcomer takes the place of the pair
//! with the least weight, and begins with that weight besides its own. So whoever is heavy stays. Its inherited weight is
//! for ranking alone: what is told of a pair is what it had since it came, and what those had who left goes to the rest.
//! The sum of all therefore is exact, and a pair is told with too little rather than with too much.

use std::ops::AddAssign;

use foldhash::fast::RandomState;
use indexmap::IndexMap;

use super::Pair;

/// What pairs have of `S`.
#[derive(Clone, Debug, Default)]
pub(super) struct Busiest<S> {
    counters: IndexMap<Pair, Counter<S>, RandomState>,
    /// What pairs had that are no longer told apart.
    rest: S,
    /// How many pairs are told apart.
    at_most: usize,
}

/// What is known of one pair.
#[derive(Clone, Debug)]
struct Counter<S> {
    weight: u64,
    /// What it had since it came.
    amount: S,
}

impl<S: AddAssign + Copy + Default> Busiest<S> {
    /// A pair has so much more. Of more pairs than `at_most` (one at least) the lightest makes room.
    pub(super) fn add(&mut self, at_most: usize, pair: &Pair, weight: u64, amount: S) {
        self.at_most = at_most;
        if let Some(counter) = self.counters.get_mut(pair) {
            counter.weight = counter.weight.saturating_add(weight);
            counter.amount += amount;
            return;
        }
        let inherited = if self.counters.len() < at_most { 0 } else { self.make_room() };
        self.counters.insert(pair.clone(), Counter { weight: inherited.saturating_add(weight), amount });
    }

    /// Takes the lightest pair away, and gives its weight.
    fn make_room(&mut self) -> u64 {
        let weights = self.counters.values().map(|counter| counter.weight).enumerate();
        let Some((place, weight)) = weights.min_by_key(|(_, weight)| *weight) else { return 0 };
        if let Some((_, counter)) = self.counters.swap_remove_index(place) {
            self.rest += counter.amount;
        }
        weight
    }

    /// The pairs that are told apart, with what they have.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&Pair, &S)> {
        self.counters.iter().map(|(pair, counter)| (pair, &counter.amount))
    }

    /// What all pairs have together.
    pub(super) fn total(&self) -> S {
        self.counters.values().fold(self.rest, |mut total, counter| {
            total += counter.amount;
            total
        })
    }
}

impl<S: AddAssign + Copy + Default> AddAssign for Busiest<S> {
    fn add_assign(&mut self, other: Self) {
        let at_most = self.at_most.max(other.at_most);
        for (pair, counter) in other.counters {
            self.add(at_most, &pair, counter.weight, counter.amount);
        }
        self.rest += other.rest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measurements::destination::Remote;
    use crate::services::ServiceId;
    use proptest::prelude::*;

    fn pair(number: u32) -> Pair {
        Pair { remote: Remote::Address(std::net::IpAddr::V4(number.into())), service: ServiceId::UNLISTED }
    }

    #[test]
    fn who_is_heavy_stays_and_is_told_with_no_more_than_it_had() {
        let mut busiest = Busiest::default();
        for number in 100..1000 {
            busiest.add(4, &pair(number), 1, 1_u64);
            busiest.add(4, &pair(7), 5, 5);
        }
        let heavy = busiest.pairs().find(|(found, _)| **found == pair(7)).map(|(_, amount)| *amount);
        assert_eq!(heavy, Some(4500));
        assert!(
            busiest.pairs().all(|(found, amount)| *found == pair(7) || *amount == 1),
            "not what was inherited"
        );
        assert_eq!((busiest.counters.len(), busiest.total()), (4, 5400));
    }

    proptest! {
        #[test]
        fn the_sum_is_exact_and_nobody_has_too_much(
            adds in prop::collection::vec((0..12_u32, 0..100_u64, any::<bool>()), 0..80),
            at_most in 1..16_usize,
        ) {
            let (mut one, mut other) = (Busiest::default(), Busiest::default());
            for (number, amount, is_other) in &adds {
                let busiest = if *is_other { &mut other } else { &mut one };
                busiest.add(at_most, &pair(*number), *amount, *amount);
            }
            one += other;
            prop_assert!(one.counters.len() <= at_most);
            prop_assert_eq!(one.total(), adds.iter().map(|(_, amount, _)| amount).sum::<u64>());
            for (found, amount) in one.pairs() {
                let had: u64 = adds.iter().filter(|(number, ..)| pair(*number) == *found).map(|add| add.1).sum();
                prop_assert!(*amount <= had);
                prop_assert!(at_most < 12 || *amount == had, "exact while there is room");
            }
        }
    }
}
