//! The passes that are remembered, from the newest to the oldest.

use std::collections::VecDeque;
use std::rc::Rc;

use super::code::take_flow;
use super::difference::undo;
use super::{NewestPass, OlderPass, PassTime};
use crate::conntrack::flow::Flow;

/// Goes back pass by pass. It holds what it needs, whatever is forgotten meanwhile.
#[derive(Debug)]
pub struct Rewind {
    time: PassTime,
    newest: Option<Rc<NewestPass>>,
    /// The pass that it is at, if that isn't the newest.
    code: Vec<u8>,
    older: VecDeque<Rc<OlderPass>>,
    /// How much of the pass was handed out.
    taken: usize,
}

impl Rewind {
    pub(super) fn new(newest: Rc<NewestPass>, older: VecDeque<Rc<OlderPass>>) -> Self {
        Self { time: newest.time, newest: Some(newest), code: Vec::new(), older, taken: 0 }
    }

    /// When the pass was that it is at.
    pub const fn time(&self) -> PassTime {
        self.time
    }

    /// The next flow of this pass; `None` after the last one.
    pub fn next_flow(&mut self) -> Option<Flow> {
        let code = self.newest.as_ref().map_or(&self.code, |newest| &newest.code);
        let mut rest = code.get(self.taken..)?;
        let flow = take_flow(&mut rest)?;
        self.taken = code.len() - rest.len();
        Some(flow)
    }

    /// Goes to the pass before; `false` if there is none.
    pub fn back(&mut self) -> bool {
        let Some(older) = self.older.pop_front() else { return false };
        let code = self.newest.as_ref().map_or(&self.code, |newest| &newest.code);
        let Some(code) = undo(code, &older.difference, older.elapsed) else { return false };
        *self =
            Self { time: older.time, newest: None, code, older: std::mem::take(&mut self.older), taken: 0 };
        true
    }
}
