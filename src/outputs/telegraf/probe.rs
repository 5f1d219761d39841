//! Whether an address that refused would take datagrams again.
//!
//! Another address is in use meanwhile, and may be swallowing everything in silence. One that refused has shown that
//! there is a way to it, so when it no longer does, it is the better one. It is asked by an empty line, which means
//! nothing in line protocol: should it be refused, no snapshot is lost.

use std::net::SocketAddr;

use super::connection::Connection;

/// So many snapshots lie between two probes: an error has ample time to come back, and a probe is nothing beside them.
const PROBE_EVERY: u64 = 20;
/// So many probes in a row must not be refused, for refusals may be limited in their rate.
const PROBES: u32 = 3;

/// An address that is probed.
#[derive(Debug)]
pub(super) struct Probe {
    connection: Connection,
    /// How many in a row have not been refused.
    taken: u32,
}

impl Probe {
    /// Whether a probe is due after this snapshot.
    pub(super) const fn is_due(snapshot: u64) -> bool {
        snapshot.is_multiple_of(PROBE_EVERY)
    }

    /// Sends the first one; none if even that is not possible.
    pub(super) async fn begin(to: SocketAddr) -> Option<Self> {
        let probe = Self { connection: Connection::open(to).ok()?, taken: 0 };
        probe.send().await.then_some(probe)
    }

    /// Where it goes.
    pub(super) const fn to(&self) -> SocketAddr {
        self.connection.to()
    }

    /// Looks what has become of the last one, and sends the next. Says whether enough of them were taken.
    pub(super) async fn go_on(&mut self) -> bool {
        let refused = !self.connection.late_errors().is_empty();
        self.taken = if refused { 0 } else { self.taken + 1 };
        if self.taken < PROBES && !self.send().await {
            self.taken = 0;
        }
        self.taken >= PROBES
    }

    async fn send(&self) -> bool {
        self.connection.send(b"\n").await.is_ok()
    }
}
