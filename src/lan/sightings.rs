//! What interfaces have shown of the router, now or a while ago: its addresses, and the parts of its LAN.
//!
//! A router may have thousands of addresses, so everything here takes time in proportion to their number.

use std::net::IpAddr;
use std::time::Duration;

use indexmap::IndexMap;
use ipnet::IpNet;

/// How long an address or prefix that the router had still counts as its own: entries outlive a reconnect.
const REMEMBERED: Duration = Duration::from_hours(2);
/// How many that it has no more are remembered at most.
const REMEMBERED_AT_MOST: usize = 64;

/// One thing that an interface has shown.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Sighting {
    /// An address of the router's.
    Address(IpAddr),
    /// A part of the LAN, and the interface behind which it is.
    Segment(Segment, String),
}

/// A part of the LAN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Segment {
    pub(super) prefix: IpNet,
    /// Whether hosts there have link-layer addresses.
    pub(super) link_layer: bool,
}

/// When something was last seen.
#[derive(Clone, Copy, Debug)]
struct LastSeen {
    /// Since boot.
    boot: Duration,
    /// The look at the interfaces, counted.
    look: u64,
}

/// Everything seen, in the order in which it was first.
#[derive(Debug, Default)]
pub(super) struct Sightings {
    seen: IndexMap<Sighting, LastSeen, foldhash::fast::RandomState>,
    look: u64,
}

impl Sightings {
    /// Takes note of all that the interfaces show at `boot` (time since boot), and forgets what is too long ago or too
    /// much, the oldest first.
    pub(super) fn observe(&mut self, shown: impl IntoIterator<Item = Sighting>, boot: Duration) {
        self.look += 1;
        let now = LastSeen { boot, look: self.look };
        // What is known keeps its place.
        self.seen.extend(shown.into_iter().map(|sighting| (sighting, now)));
        let look = self.look;
        let fresh = |seen: &LastSeen| seen.look == look || boot.saturating_sub(seen.boot) < REMEMBERED;
        self.seen.retain(|_, seen| fresh(seen));
        self.forget_oldest();
    }

    fn forget_oldest(&mut self) {
        let ranks = self.seen.values().enumerate().map(|(place, seen)| (seen.look, place));
        let mut gone: Vec<_> = ranks.filter(|(look, _)| *look != self.look).collect();
        let surplus = gone.len().saturating_sub(REMEMBERED_AT_MOST);
        let Some(last_to_go) = surplus.checked_sub(1) else { return };
        let last_to_go = *gone.select_nth_unstable(last_to_go).1;
        let mut places = 0..;
        self.seen.retain(|_, seen| places.next().is_some_and(|place| (seen.look, place) > last_to_go));
    }

    /// Keeps only those that `keep` says.
    pub(super) fn retain(&mut self, keep: impl Fn(&Sighting) -> bool) {
        self.seen.retain(|sighting, _| keep(sighting));
    }

    /// Everything that is remembered, in the order in which it was first seen.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Sighting> {
        self.seen.keys()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> Sighting {
        Sighting::Address(IpAddr::from([203, 0, 113, last]))
    }

    #[test]
    fn of_those_that_went_together_the_first_go_first() {
        let mut sightings = Sightings::default();
        sightings.observe((0..100).map(address), Duration::ZERO);
        sightings.observe([address(200), address(200)], Duration::from_secs(1));
        let left = (36..100).chain([200]).map(address);
        assert_eq!(sightings.iter().cloned().collect::<Vec<_>>(), left.collect::<Vec<_>>());
    }

    #[test]
    fn what_is_seen_again_keeps_its_place() {
        let mut sightings = Sightings::default();
        sightings.observe([1, 2, 3].map(address), Duration::ZERO);
        sightings.observe([4, 3, 1].map(address), Duration::from_secs(1));
        assert_eq!(sightings.iter().cloned().collect::<Vec<_>>(), [1, 2, 3, 4].map(address));
        sightings.retain(|sighting| *sighting != address(3));
        sightings.observe([address(4)], REMEMBERED);
        assert_eq!(sightings.iter().cloned().collect::<Vec<_>>(), [1, 4].map(address));
    }
}
