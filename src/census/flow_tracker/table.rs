//! The slots: open addressing with linear probing, without tombstones.

use super::slot::{Carried, Head};

/// Slots of 24 bytes; of 8 as long as no flow has counters.
#[derive(Debug, Default)]
pub(super) struct Table {
    heads: Vec<Head>,
    /// Slot by slot; empty as long as no flow has counters.
    carried: Vec<Carried>,
    used: usize,
}

/// For how many flows more there is room at least once it has become too small.
const LEAST: usize = 16;

/// The smallest room that so many flows fill by no more than three quarters.
pub(super) const fn room_for(flows: usize) -> usize {
    flows + flows.div_ceil(3) + 1
}

impl Table {
    pub(super) const fn used(&self) -> usize {
        self.used
    }

    pub(super) const fn room(&self) -> usize {
        self.heads.len()
    }

    pub(super) const fn has_room(&self) -> bool {
        room_for(self.used + 1) <= self.room()
    }

    pub(super) const fn bytes(&self) -> usize {
        self.heads.capacity() * size_of::<Head>() + self.carried.capacity() * size_of::<Carried>()
    }

    /// The slot of a flow, or the empty one that a flow would take; `None` only without any room.
    pub(super) fn find(&self, of: Head) -> Option<(usize, Head)> {
        let stops = |head: &Head| head.has_key_of(of) || head.is_empty();
        let mut at = of.home(self.room());
        while let Some(head) = self.heads.get(at) {
            if stops(head) {
                return Some((at, *head));
            }
            at += 1;
        }
        // From the end it goes on at the beginning.
        self.heads.iter().copied().enumerate().find(|(_, head)| stops(head))
    }

    /// What a flow had carried when it was last seen.
    pub(super) fn carried(&self, at: usize) -> Carried {
        self.carried.get(at).copied().unwrap_or_default()
    }

    /// Takes over what a flow is now.
    pub(super) fn set(&mut self, at: usize, head: Head) {
        if let Some(slot) = self.heads.get_mut(at) {
            self.used += usize::from(slot.is_empty());
            *slot = head;
        }
    }

    /// Takes over what a flow has carried until now.
    pub(super) fn set_carried(&mut self, at: usize, carried: Carried) {
        if self.carried.is_empty() {
            self.carried = vec![Carried::default(); self.heads.len()];
        }
        if let Some(slot) = self.carried.get_mut(at) {
            *slot = carried;
        }
    }

    /// Makes room for one flow more, but not for more than `at_most`: a quarter more than is used, so that a pass that needs
    /// so much leaves little unused. Gives the slot that the flow would take.
    pub(super) fn grow(&mut self, of: Head, at_most: usize) -> usize {
        self.resize(room_for((self.used + self.used / 4 + LEAST).min(at_most)));
        self.find(of).map_or(0, |(at, _)| at)
    }

    /// Takes another room, which must hold what is used.
    pub(super) fn resize(&mut self, room: usize) {
        let carried = if self.carried.is_empty() { 0 } else { room };
        let mut larger =
            Self { heads: vec![Head::EMPTY; room], carried: vec![Carried::default(); carried], used: 0 };
        for (at, head) in self.heads.iter().enumerate().filter(|(_, head)| !head.is_empty()) {
            larger.put(*head, self.carried(at));
        }
        *self = larger;
    }

    /// Puts a flow into the first slot from its home on that is free.
    fn put(&mut self, head: Head, carried: Carried) {
        let Some((at, _)) = self.find(head) else { return };
        self.set(at, head);
        if let Some(slot) = self.carried.get_mut(at) {
            *slot = carried;
        }
    }

    fn take(&mut self, at: usize) -> Carried {
        if let Some(slot) = self.heads.get_mut(at) {
            *slot = Head::EMPTY;
            self.used -= 1;
        }
        self.carried.get_mut(at).map(std::mem::take).unwrap_or_default()
    }

    /// Asks of every flow what it is from now on; `None` takes it out.
    ///
    /// Begins behind an empty slot, so that every cluster is gone through from its first slot on. Once a flow was taken out
    /// of a cluster, those behind it move down towards their homes: a search stops at an empty slot.
    pub(super) fn sweep(&mut self, mut from_now_on: impl FnMut(Head) -> Option<Head>) {
        let room = self.room();
        let first = self.heads.iter().position(|head| head.is_empty()).unwrap_or_default();
        let mut has_gap = false;
        for slots in [first..room, 0..first] {
            for at in slots {
                let Some(slot) = self.heads.get_mut(at) else { return };
                if slot.is_empty() {
                    has_gap = false;
                    continue;
                }
                match from_now_on(*slot) {
                    Some(head) if !has_gap => *slot = head,
                    Some(head) => {
                        let carried = self.take(at);
                        self.put(head, carried);
                    }
                    None => {
                        self.take(at);
                        has_gap = true;
                    }
                }
            }
        }
    }
}
