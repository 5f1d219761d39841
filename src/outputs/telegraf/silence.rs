//! For how long nothing has been refused.
//!
//! Over UDP nobody tells that something arrived, and of what did not arrive not all is told, nor at once. So only a
//! silence of some length shows that an address takes what is sent.

use std::time::Duration;

/// Of so many snapshots in a row nothing may have been refused. A kernel limits the rate of its ICMP
/// (`icmpv4_xrlim_allow`: six at once, then one a second), so that of one snapshot alone silence proves nothing.
const SNAPSHOTS: u32 = 3;

/// Nothing was refused since then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Silence {
    /// Time since boot.
    since: Duration,
    snapshots: u32,
}

impl Silence {
    /// It begins at `boot` (time since boot).
    pub(super) const fn since(boot: Duration) -> Self {
        Self { since: boot, snapshots: 0 }
    }

    /// Nothing was refused of one more snapshot, at `boot` (time since boot). Says whether it has been quiet for three
    /// snapshots, and at least for this time.
    pub(super) fn goes_on(&mut self, boot: Duration, at_least: Duration) -> bool {
        self.snapshots = self.snapshots.saturating_add(1);
        self.snapshots >= SNAPSHOTS && boot.saturating_sub(self.since) >= at_least
    }
}
