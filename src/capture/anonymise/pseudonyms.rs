//! Replacements that nobody can work back from: random, not computed.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, Hash, RandomState};

/// How many things of one sort get a replacement of their own; those beyond share one, so that no table, however
/// large, takes more memory than this.
pub(super) const MAX_PSEUDONYMS: usize = 1 << 20;
/// How often a replacement is tried again that somebody else has.
const TRIES: usize = 1000;

/// Random numbers. Their key is the system's, another in every run.
#[derive(Debug, Default)]
pub(super) struct Rng {
    key: RandomState,
    count: u64,
}

impl Rng {
    pub(super) fn next_u64(&mut self) -> u64 {
        self.count += 1;
        self.key.hash_one(self.count)
    }
}

/// Which original has which replacement: each always the same, no two of them one.
#[derive(Debug)]
pub(super) struct Pseudonyms<T> {
    given: HashMap<T, T>,
    taken: HashSet<T>,
}

impl<T> Default for Pseudonyms<T> {
    fn default() -> Self {
        Self { given: HashMap::new(), taken: HashSet::new() }
    }
}

impl<T: Clone + Eq + Hash> Pseudonyms<T> {
    /// What replaces `original`; where that is new, one of those that `propose` gives.
    pub(super) fn replace(&mut self, original: &T, mut propose: impl FnMut() -> T) -> T {
        if let Some(known) = self.given.get(original) {
            return known.clone();
        }
        let free = (0..TRIES).map(|_| propose()).find(|proposed| !self.taken.contains(proposed));
        let replacement = free.unwrap_or_else(propose);
        if self.given.len() < MAX_PSEUDONYMS {
            self.given.insert(original.clone(), replacement.clone());
            self.taken.insert(replacement.clone());
        }
        replacement
    }
}
