//! What became of the lines of a file that the owner writes, an entry in each.

/// How many lines that can't be understood are kept, to be shown.
pub(crate) const PROBLEMS_AT_MOST: usize = 64;

/// A line that can't be understood, and so is passed over.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {kind}")]
pub struct LineError<K> {
    /// The line, counted from 1.
    pub line: usize,
    /// Why.
    pub kind: K,
}

/// What became of the lines of the owner's file; `K` says what can be wrong with one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnersLines<K> {
    /// How many count.
    pub heard: usize,
    /// How many could not be understood, or don't count.
    pub bad: usize,
    /// The first of these.
    pub problems: Vec<LineError<K>>,
}

impl<K> Default for OwnersLines<K> {
    fn default() -> Self {
        Self { heard: 0, bad: 0, problems: Vec::new() }
    }
}

impl<K> OwnersLines<K> {
    /// Has every entry of `found`, each with its line, taken in by `add`. There may be `at_most` so many; with the first that
    /// is `too_many` it ends.
    pub fn hear<E>(
        found: impl Iterator<Item = (usize, Result<E, K>)>,
        at_most: usize,
        too_many: K,
        mut add: impl FnMut(E) -> Result<(), K>,
    ) -> Self {
        let (mut lines, mut room) = (Self::default(), 0..at_most);
        for (line, found) in found {
            if found.is_ok() && room.next().is_none() {
                lines.note(line, too_many);
                break;
            }
            match found.and_then(&mut add) {
                Ok(()) => lines.heard += 1,
                Err(kind) => lines.note(line, kind),
            }
        }
        lines
    }

    fn note(&mut self, line: usize, kind: K) {
        self.bad += 1;
        if self.problems.len() < PROBLEMS_AT_MOST {
            self.problems.push(LineError { line, kind });
        }
    }
}
