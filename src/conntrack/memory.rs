//! A table in memory: flows that a program makes up, in the place of the kernel's. Tests, generators and benchmarks have
//! them counted without writing them as text first.

use std::cell::RefCell;
use std::rc::Rc;

use super::entry::{Entry, Progress};
use super::flow::Flow;

/// How many flows one step of a reading hands out: about as many as one `read()` of the kernel's text.
const PIECE: usize = 32;

/// A table that can be handed to a collector and filled anew between its ticks: clones are one table.
///
/// ```
/// # use conntrack_exporter::collector::Collector;
/// # use conntrack_exporter::config::Config;
/// # use conntrack_exporter::conntrack::memory::MemoryTable;
/// # use conntrack_exporter::root::Root;
/// let table = MemoryTable::default();
/// let collector = Collector::new(Config::default(), &Root::replay("nowhere"), 0).with_table(table.clone());
/// table.replace(Vec::new());
/// assert!(table.is_empty());
/// ```
#[derive(Clone, Debug, Default)]
pub struct MemoryTable(Rc<RefCell<Rc<Vec<Flow>>>>);

/// A reading of the table as it was when that began.
#[derive(Debug)]
pub struct Reading {
    flows: Rc<Vec<Flow>>,
    next: usize,
}

impl MemoryTable {
    /// A table of these flows.
    pub fn new(flows: Vec<Flow>) -> Self {
        Self(Rc::new(RefCell::new(Rc::new(flows))))
    }

    /// Puts these flows in the place of those before. A reading that has begun goes on with the old ones.
    pub fn replace(&self, flows: Vec<Flow>) {
        self.0.replace(Rc::new(flows));
    }

    /// How many flows there are.
    pub fn len(&self) -> usize {
        self.0.borrow().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Begins to read it.
    pub fn read(&self) -> Reading {
        Reading { flows: Rc::clone(&self.0.borrow()), next: 0 }
    }
}

impl Reading {
    /// Hands the next flows to `sink`.
    pub fn step(&mut self, sink: &mut impl FnMut(Entry<'_>)) -> Progress {
        let rest = self.flows.get(self.next..).unwrap_or_default();
        for flow in rest.iter().take(PIECE) {
            sink(Entry::Flow(*flow));
        }
        self.next += PIECE;
        if rest.len() > PIECE { Progress::More } else { Progress::Done }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conntrack::any_flow::any_flow;
    use crate::conntrack::procfs::print::Line;
    use crate::conntrack::{Reading as AnyReading, procfs};
    use proptest::collection::vec;
    use proptest::prelude::*;

    /// What a reading gives, to its end.
    fn all(mut step: impl FnMut(&mut dyn FnMut(Entry<'_>)) -> Progress) -> Vec<Flow> {
        let mut found = Vec::new();
        while step(&mut |entry| match entry {
            Entry::Flow(flow) => found.push(flow),
            Entry::Unreadable { bytes, why } => panic!("{why}: {}", String::from_utf8_lossy(bytes)),
        }) == Progress::More
        {}
        found
    }

    proptest! {
        #[test]
        fn it_gives_what_the_same_table_gives_as_text(flows in vec(any_flow(), 0..100)) {
            let text = flows.iter().map(|flow| Line(flow).to_string()).collect::<Vec<_>>().join("\n");
            let mut by_text = procfs::Reading::new(text.as_bytes());
            let by_text = all(|mut sink| by_text.step(&mut sink).unwrap());
            let mut reading = AnyReading::Memory(MemoryTable::new(flows).read());
            let from_memory = all(|mut sink| reading.step(&mut sink).unwrap());
            prop_assert_eq!(from_memory, by_text);
        }

        #[test]
        fn a_reading_that_has_begun_goes_on_with_the_old_flows(
            old in vec(any_flow(), 0..100),
            new in vec(any_flow(), 0..100),
        ) {
            let table = MemoryTable::new(old.clone());
            let mut reading = table.read();
            let mut found = Vec::new();
            let mut keep = |entry: Entry<'_>| if let Entry::Flow(flow) = entry { found.push(flow) };
            let mut progress = reading.step(&mut keep);
            table.clone().replace(new.clone());
            while progress == Progress::More {
                progress = reading.step(&mut keep);
            }
            prop_assert_eq!(found, old);
            prop_assert_eq!((table.len(), table.is_empty()), (new.len(), new.is_empty()));
            let mut reading = table.read();
            prop_assert_eq!(all(|mut sink| reading.step(&mut sink)), new);
        }
    }
}
