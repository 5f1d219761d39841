//! The slots: open addressing with linear probing, without tombstones.

use super::slot::{CounterWord, Head};
use crate::conntrack::flow::Counters;

/// Slots of 24 bytes; of 8 as long as no flow has counters.
#[derive(Debug, Default)]
pub(super) struct Table {
    heads: Vec<Head>,
    /// Original and reply, slot by slot; empty as long as no flow has any.
    counters: Vec<[CounterWord; 2]>,
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
        self.heads.capacity() * size_of::<Head>() + self.counters.capacity() * size_of::<[CounterWord; 2]>()
    }

    /// The slot of a flow, or the empty one that a flow would take; `None` only without any room.
    pub(super) fn find(&self, of: Head) -> Option<(usize, Head)> {
        let home = of.home(self.room());
        let (before, after) = self.heads.split_at_checked(home)?;
        let search = |heads: &[Head], first: usize| {
            let stops = |(_, head): &(usize, &Head)| head.is_same_flow(of) || head.is_empty();
            heads.iter().enumerate().find(stops).map(|(at, head)| (first + at, *head))
        };
        search(after, home).or_else(|| search(before, 0))
    }

    /// What each direction had carried when the flow of a slot was last seen.
    pub(super) fn carried(&self, at: usize) -> [CounterWord; 2] {
        self.counters.get(at).copied().unwrap_or_default()
    }

    /// Takes over how a flow is now. A direction that shows no counters keeps those last seen.
    pub(super) fn set(&mut self, at: usize, head: Head, carried: [Option<Counters>; 2]) {
        let Some(slot) = self.heads.get_mut(at) else { return };
        self.used += usize::from(slot.is_empty());
        *slot = head;
        if matches!(carried, [None, None]) {
            return;
        }
        if self.counters.is_empty() {
            self.counters = vec![Default::default(); self.heads.len()];
        }
        if let Some(words) = self.counters.get_mut(at) {
            for (word, counters) in words.iter_mut().zip(carried) {
                *word = counters.map_or(*word, CounterWord::of);
            }
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
        let counters = if self.counters.is_empty() { 0 } else { room };
        let mut larger =
            Self { heads: vec![Head::EMPTY; room], counters: vec![Default::default(); counters], used: 0 };
        for (at, head) in self.heads.iter().enumerate().filter(|(_, head)| !head.is_empty()) {
            if let Some((to, _)) = larger.find(*head) {
                larger.put(to, *head, self.carried(at));
            }
        }
        *self = larger;
    }

    fn put(&mut self, at: usize, head: Head, carried: [CounterWord; 2]) {
        if let Some(slot) = self.heads.get_mut(at) {
            *slot = head;
            self.used += 1;
        }
        if let Some(words) = self.counters.get_mut(at) {
            *words = carried;
        }
    }

    fn take(&mut self, at: usize) -> [CounterWord; 2] {
        if let Some(slot) = self.heads.get_mut(at) {
            *slot = Head::EMPTY;
            self.used -= 1;
        }
        self.counters.get_mut(at).map(std::mem::take).unwrap_or_default()
    }

    /// Asks of every flow what it is from now on; `None` takes it out.
    ///
    /// Begins behind an empty slot, so that every cluster is gone through from its first slot on. Once a flow was taken out
    /// of a cluster, those behind it move down towards their homes: a search stops at an empty slot.
    pub(super) fn sweep(&mut self, mut from_now_on: impl FnMut(Head) -> Option<Head>) {
        let room = self.room();
        let first = self.heads.iter().position(|head| head.is_empty()).unwrap_or_default();
        let mut has_gap = false;
        for at in (first..room).chain(0..first) {
            let Some(slot) = self.heads.get_mut(at) else { return };
            if slot.is_empty() {
                has_gap = false;
                continue;
            }
            match from_now_on(*slot) {
                Some(head) if !has_gap => *slot = head,
                Some(head) => self.settle(at, head),
                None => {
                    self.take(at);
                    has_gap = true;
                }
            }
        }
    }

    /// Moves a flow to the first slot from its home on that is free.
    fn settle(&mut self, at: usize, head: Head) {
        let carried = self.take(at);
        if let Some((to, _)) = self.find(head) {
            self.put(to, head, carried);
        }
    }
}
