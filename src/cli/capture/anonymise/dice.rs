//! Replacements that nobody can work back from: rolled, not computed.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, Hash, RandomState};

/// How many things of one sort get a replacement of their own; those beyond share one, so that no table, however
/// large, takes more memory than this.
pub(super) const OF_THEIR_OWN: usize = 1 << 20;
/// How often a replacement is rolled again that somebody else has.
const TRIES: usize = 1000;

/// Rolls numbers. Their key is the system's, another in every run.
#[derive(Debug, Default)]
pub(super) struct Dice {
    key: RandomState,
    rolled: u64,
}

impl Dice {
    pub(super) fn roll(&mut self) -> u64 {
        self.rolled += 1;
        self.key.hash_one(self.rolled)
    }
}

/// Identity has which replacement: each thing always the same, no two things one.
#[derive(Debug)]
pub(super) struct Allotment<T> {
    given: HashMap<T, T>,
    taken: HashSet<T>,
}

impl<T> Default for Allotment<T> {
    fn default() -> Self {
        Self { given: HashMap::new(), taken: HashSet::new() }
    }
}

impl<T: Clone + Eq + Hash> Allotment<T> {
    /// What replaces `original`; where that is new, one of those that `propose` rolls.
    pub(super) fn replace(&mut self, original: &T, mut propose: impl FnMut() -> T) -> T {
        if let Some(known) = self.given.get(original) {
            return known.clone();
        }
        let free = (0..TRIES).map(|_| propose()).find(|proposed| !self.taken.contains(proposed));
        let replacement = free.unwrap_or_else(propose);
        if self.given.len() < OF_THEIR_OWN {
            self.given.insert(original.clone(), replacement.clone());
            self.taken.insert(replacement.clone());
        }
        replacement
    }
}
