//! Whether an address that refused would take datagrams again.
//!
//! Another address is in use meanwhile, and may be swallowing everything in silence. One that refused has shown that
//! there is a way to it, so when it no longer does, it is the better one. It is asked by an empty line, which means
//! nothing in line protocol: should it be refused, no snapshot is lost. It is asked with every snapshot, since each that
//! goes elsewhere until then may be lost.

use std::net::SocketAddr;
use std::time::Duration;

use super::connection::Connection;
use super::silence::Silence;

/// Probes must not have been refused for so long: that a machine of the LAN is dead, the kernel says after three seconds
/// (`neigh_timer_handler`).
const QUIET_AT_LEAST: Duration = Duration::from_secs(5);

/// An address that is probed.
#[derive(Debug)]
pub(super) struct Probe {
    connection: Connection,
    silence: Silence,
}

impl Probe {
    /// Sends the first one, at `boot` (time since boot); none if even that is not possible.
    pub(super) async fn begin(to: SocketAddr, boot: Duration) -> Option<Self> {
        let probe = Self { connection: Connection::open(to).ok()?, silence: Silence::since(boot) };
        probe.send().await.then_some(probe)
    }

    /// Where it goes.
    pub(super) const fn to(&self) -> SocketAddr {
        self.connection.to()
    }

    /// Looks what has become of the last one, and sends the next, at `boot` (time since boot). Says whether enough of
    /// them were taken.
    pub(super) async fn go_on(&mut self, boot: Duration) -> bool {
        if self.connection.late_errors().is_empty() {
            if self.silence.goes_on(boot, QUIET_AT_LEAST) {
                return true;
            }
        } else {
            self.silence = Silence::since(boot);
        }
        if !self.send().await {
            self.silence = Silence::since(boot);
        }
        false
    }

    async fn send(&self) -> bool {
        self.connection.send(b"\n").await.is_ok()
    }
}
