//! The flight recorder: the last passes over the table, in memory, to be written as a recording when something happens.
//!
//! The newest pass is kept in full, and each older one as what makes it of the next, in a few bytes. All of it stays within
//! `recorder.memory`: the oldest pass is dropped first. A pass that finds no room beside the one before begins anew, and one
//! that finds none at all is not kept.

mod code;
pub mod config;
mod difference;
mod directory;
mod estimate;
mod rewind;
mod writer;

use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use tracing::warn;

use crate::census::Attempt;
use crate::conntrack::flow::Flow;
use crate::edge_log::EdgeLog;
use code::{LONGEST, put_flow};
use config::RecorderConfig;
use difference::Difference;

pub use estimate::Estimate;
pub use rewind::Rewind;
pub(crate) use writer::{Now, Progress, WriteError, Writer, Written};

/// By how much a code grows at once, in bytes: twice the room would have to be there if it doubled.
const PIECE: usize = 16 * 1024;

/// When a pass was, and what is known of it besides flows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PassTime {
    /// Time since boot.
    pub boot: Duration,
    /// Time since 1970; `None` while the clock was not set.
    pub wall: Option<Duration>,
    /// Entries of the table, as the kernel counts them.
    pub count: Option<u64>,
}

/// Remembers the last passes.
#[derive(Debug)]
pub struct FlightRecorder {
    config: RecorderConfig,
    newest: Option<Rc<NewestPass>>,
    /// The one before the newest first.
    older: VecDeque<Rc<OlderPass>>,
    /// What [`FlightRecorder::older`] takes, in bytes.
    older_bytes: usize,
    /// The readings of the pass that goes on.
    readings: [Reading; 2],
    now: PassTime,
    no_room: EdgeLog,
}

/// The newest pass: all of its flows, in the order of the table.
#[derive(Debug)]
pub struct NewestPass {
    time: PassTime,
    code: Vec<u8>,
}

/// An older pass: what makes it of the one after it.
#[derive(Debug)]
pub struct OlderPass {
    time: PassTime,
    difference: Box<[u8]>,
    /// Seconds to the one after it.
    elapsed: u32,
}

/// A reading of the table, while it goes on.
#[derive(Debug, Default)]
struct Reading {
    code: Vec<u8>,
    /// What the pass before was like; `None` if that isn't there.
    difference: Option<Difference>,
    is_lost: bool,
}

impl FlightRecorder {
    /// Remembers nothing yet.
    pub fn new(config: RecorderConfig) -> Self {
        Self {
            config,
            newest: None,
            older: VecDeque::new(),
            older_bytes: 0,
            readings: Default::default(),
            now: PassTime::default(),
            no_room: EdgeLog::default(),
        }
    }

    /// Takes over another configuration. What is too much for it goes with the next pass.
    pub fn reconfigure(&mut self, config: RecorderConfig) {
        self.config = config;
    }

    /// A pass is about to begin.
    pub const fn expect(&mut self, now: PassTime) {
        self.now = now;
    }

    /// A reading of the table begins.
    pub fn begin(&mut self, attempt: Attempt) {
        let elapsed = self.newest.as_ref().map(|newest| self.since(newest.time));
        let reading = Reading { difference: elapsed.map(Difference::new), ..Reading::default() };
        match (attempt, &mut self.readings) {
            // What an earlier pass has left that broke off is void.
            (Attempt::First, readings) => *readings = [reading, Reading::default()],
            (Attempt::Second, [_, second]) => *second = reading,
        }
    }

    /// One flow of the reading that began last.
    pub fn see(&mut self, attempt: Attempt, flow: &Flow) {
        self.make_room(attempt);
        let newest = self.newest.as_deref();
        let [first, second] = &mut self.readings;
        let reading = if attempt == Attempt::First { first } else { second };
        if reading.is_lost {
            return;
        }
        put_flow(flow, &mut reading.code);
        if let Some((difference, newest)) = reading.difference.as_mut().zip(newest) {
            difference.see(flow, &newest.code);
        }
    }

    /// The table was read to its end; of two readings this one counts.
    pub fn complete(&mut self, kept: Attempt) {
        self.make_room_for_the_end(kept);
        let [first, second] = std::mem::take(&mut self.readings);
        let Reading { mut code, difference, is_lost } = if kept == Attempt::First { first } else { second };
        self.note(is_lost);
        if is_lost {
            return self.forget();
        }
        if let Some((difference, newest)) = difference.zip(self.newest.take()) {
            let elapsed = self.since(newest.time);
            let difference = difference.finish(&newest.code).into_boxed_slice();
            self.older_bytes += size_of_older(&difference);
            self.older.push_front(Rc::new(OlderPass { time: newest.time, difference, elapsed }));
        } else {
            self.forget();
        }
        code.shrink_to_fit();
        self.newest = Some(Rc::new(NewestPass { time: self.now, code }));
        let boot = self.now.boot;
        let keep = self.config.keep.duration();
        while self.bytes() > self.config.memory.as_usize()
            || self.older.back().is_some_and(|oldest| boot.saturating_sub(oldest.time.boot) > keep)
        {
            if !self.drop_oldest() {
                break;
            }
        }
    }

    /// The passes that are there, to be gone through from the newest to the oldest; `None` if there are none.
    pub fn rewind(&self) -> Option<Rewind> {
        let newest = self.newest.as_ref()?;
        Some(Rewind::new(Rc::clone(newest), self.older.iter().cloned().collect()))
    }

    /// How many passes are there.
    pub fn passes(&self) -> usize {
        usize::from(self.newest.is_some()) + self.older.len()
    }

    /// What it takes in memory, in bytes, but for the fields of its own and some flows in a window.
    pub fn bytes(&self) -> usize {
        let newest = self.newest.as_ref().map_or(0, |newest| newest.code.capacity());
        newest + self.older_bytes + self.readings.iter().map(Reading::bytes).sum::<usize>()
    }

    /// Makes room for another flow: drops the oldest passes, then the one before, then gives the reading up.
    fn make_room(&mut self, attempt: Attempt) {
        let place = usize::from(attempt == Attempt::Second);
        let wanted = self.readings.get(place).map_or(0, Reading::wanted);
        if wanted == 0 {
            return;
        }
        while self.bytes() + wanted > self.config.memory.as_usize() {
            if self.drop_oldest() {
                continue;
            }
            if self.newest.take().is_none() {
                return self.readings.get_mut(place).into_iter().for_each(Reading::lose);
            }
            self.readings.iter_mut().for_each(|reading| reading.difference = None);
        }
        self.readings.get_mut(place).into_iter().for_each(Reading::reserve);
    }

    /// Makes room for what is yet to be told of the pass before, which may be all of it.
    fn make_room_for_the_end(&mut self, kept: Attempt) {
        let (place, newest) = (usize::from(kept == Attempt::Second), self.newest.clone());
        // The other reading is void.
        self.readings.get_mut(1 - place).into_iter().for_each(|reading| *reading = Reading::default());
        let Some(newest) = newest else { return };
        let reading = self.readings.get(place);
        let Some(difference) = reading.and_then(|reading| reading.difference.as_ref()) else { return };
        let rest = difference.rest(newest.code.len());
        while self.bytes() + rest > self.config.memory.as_usize() {
            if !self.drop_oldest() {
                self.readings.iter_mut().for_each(|reading| reading.difference = None);
                return;
            }
        }
        if let Some(difference) = self.readings.get_mut(place).and_then(|reading| reading.difference.as_mut())
        {
            difference.code.reserve_exact(rest);
        }
    }

    fn drop_oldest(&mut self) -> bool {
        let oldest = self.older.pop_back();
        self.older_bytes -= oldest.as_ref().map_or(0, |oldest| size_of_older(&oldest.difference));
        oldest.is_some()
    }

    fn forget(&mut self) {
        self.newest = None;
        self.older = VecDeque::new();
        self.older_bytes = 0;
    }

    fn note(&mut self, is_lost: bool) {
        if is_lost && self.no_room.begins() {
            let memory = self.config.memory;
            warn!(
                "recorder.memory = \"{memory}\" has no room for a single look at the table: nothing is kept"
            );
        } else if !is_lost {
            self.no_room.ends();
        }
    }

    /// Whole seconds from an earlier pass to the one that goes on.
    fn since(&self, earlier: PassTime) -> u32 {
        let passed = self.now.boot.saturating_sub(earlier.boot) + Duration::from_millis(500);
        u32::try_from(passed.as_secs()).unwrap_or(u32::MAX)
    }
}

/// What an older pass takes, in bytes.
fn size_of_older(difference: &[u8]) -> usize {
    difference.len() + size_of::<OlderPass>() + 4 * size_of::<usize>()
}

impl Reading {
    fn bytes(&self) -> usize {
        self.code.capacity() + self.difference.as_ref().map_or(0, |difference| difference.code.capacity())
    }

    /// By how much its codes have to grow before another flow, in bytes.
    fn wanted(&self) -> usize {
        // What has gone is told before a flow is: a window of them.
        let difference = self.difference.as_ref().map_or(0, |difference| wanted(&difference.code, PIECE));
        if self.is_lost { 0 } else { wanted(&self.code, LONGEST) + difference }
    }

    fn reserve(&mut self) {
        reserve(&mut self.code, LONGEST);
        if let Some(difference) = &mut self.difference {
            reserve(&mut difference.code, PIECE);
        }
    }

    fn lose(&mut self) {
        *self = Self { is_lost: true, ..Self::default() };
    }
}

/// By how much a code has to grow so that it has so much room.
const fn wanted(code: &Vec<u8>, room: usize) -> usize {
    if code.capacity() - code.len() < room { PIECE } else { 0 }
}

fn reserve(code: &mut Vec<u8>, room: usize) {
    let wanted = wanted(code, room);
    if wanted > 0 {
        code.reserve_exact(code.capacity() - code.len() + wanted);
    }
}

#[cfg(test)]
mod tests;
