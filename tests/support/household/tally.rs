//! What really was: the household's own account, beside which the program's figures are held.

use conntrack_exporter::conntrack::flow::Counters;
use conntrack_exporter::measurements::Moved;

/// Of one owner, since the household began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// What went through the router.
    pub(crate) moved: Moved,
    /// What the kernel was told of that: hardware that forwards by itself tells later.
    pub(crate) told: Moved,
    /// Connections opened, by protocol as in `connection_rate`.
    pub(crate) opened: [u64; 4],
    /// Entries that have left the table.
    pub(crate) closed: [u64; 4],
}

impl Tally {
    /// What has been since `before`.
    pub(crate) fn since(&self, before: &Self) -> Self {
        let fewer = |now: [u64; 4], then: [u64; 4]| std::array::from_fn(|place| now[place] - then[place]);
        Self {
            moved: moved_since(self.moved, before.moved),
            told: moved_since(self.told, before.told),
            opened: fewer(self.opened, before.opened),
            closed: fewer(self.closed, before.closed),
        }
    }
}

fn moved_since(now: Moved, then: Moved) -> Moved {
    let counters = |now: Counters, then: Counters| Counters {
        packets: now.packets - then.packets,
        bytes: now.bytes - then.bytes,
    };
    Moved { rx: counters(now.rx, then.rx), tx: counters(now.tx, then.tx) }
}
