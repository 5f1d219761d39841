//! How many tracked flows each owner has.

use crate::attribution::owners::OwnerId;

/// By place: who was last met there, and how many flows are tracked of it. A place goes to another owner only once
/// no flow of the one before is left.
#[derive(Debug, Default)]
pub(super) struct OwnerCounts(Vec<(OwnerId, usize)>);

impl OwnerCounts {
    /// Who is at a place.
    pub(super) fn at(&self, place: usize) -> OwnerId {
        self.0.get(place).map_or(OwnerId::UNUSED, |(owner, _)| *owner)
    }

    /// How many flows are tracked of an owner.
    pub(super) fn of(&self, owner: OwnerId) -> usize {
        self.0.get(owner.place()).filter(|(at, _)| *at == owner).map_or(0, |(_, flows)| *flows)
    }

    /// One flow more.
    pub(super) fn add(&mut self, owner: OwnerId) {
        if self.0.len() <= owner.place() {
            self.0.resize(owner.place() + 1, (OwnerId::UNUSED, 0));
        }
        if let Some((at, flows)) = self.0.get_mut(owner.place()) {
            *at = owner;
            *flows += 1;
        }
    }

    /// One flow less.
    pub(super) fn remove(&mut self, place: usize) {
        if let Some((_, flows)) = self.0.get_mut(place) {
            *flows = flows.saturating_sub(1);
        }
    }

    pub(super) const fn bytes(&self) -> usize {
        self.0.capacity() * size_of::<(OwnerId, usize)>()
    }
}
