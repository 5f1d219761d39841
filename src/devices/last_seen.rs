//! When things were last seen, so that the oldest can be forgotten first.

/// How many devices, and how many leased addresses of theirs, are known at most.
pub const KNOWN_AT_MOST: usize = 4096;

/// How many are held for a moment, until the oldest are forgotten: to find those takes a pass over all.
pub(super) const HELD_AT_MOST: usize = KNOWN_AT_MOST + KNOWN_AT_MOST / 4;

/// The reading of the files, and the line counted over all readings, in which something was last seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LastSeen {
    pub(super) reading: u64,
    pub(super) line: u64,
}

/// From when on things must have been seen to be among the newest [`KNOWN_AT_MOST`]; `None` if all are.
pub(super) fn oldest_to_keep(seen: impl Iterator<Item = LastSeen>) -> Option<LastSeen> {
    let mut seen: Vec<LastSeen> = seen.collect();
    let surplus = seen.len().checked_sub(KNOWN_AT_MOST).filter(|surplus| *surplus > 0)?;
    Some(*seen.select_nth_unstable(surplus).1)
}
