//! How many, how often and for how long: small where nobody says otherwise, large in `make fleet-test`.

use std::env;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use crate::fleet::{Fleet, Pace, recorded};

/// The numbers of a run, each from the environment variable of its name.
#[derive(Clone, Debug)]
pub(crate) struct Numbers {
    pub(crate) routers: u32,
    /// From one snapshot to the next, in seconds.
    pub(crate) interval: u64,
    /// For how long, in seconds.
    pub(crate) seconds: u64,
    /// How long of that what is to be away is away.
    pub(crate) away: u64,
    recording: String,
    spread: Duration,
}

impl Numbers {
    pub(crate) fn read() -> Self {
        Self {
            routers: u32::try_from(number("FLEET_ROUTERS", 50)).expect("some routers"),
            interval: number("FLEET_INTERVAL", 1),
            seconds: number("FLEET_SECONDS", 90),
            away: number("FLEET_AWAY", 60),
            recording: env::var("FLEET_RECORDING").unwrap_or_else(|_| "02-a-film".to_owned()),
            spread: Duration::from_millis(number("FLEET_SPREAD_MS", 500)),
        }
    }

    /// How many snapshots each router sends.
    pub(crate) const fn snapshots(&self) -> u64 {
        self.seconds / self.interval
    }

    /// After how many snapshots something goes away, and after how many it is back: what is left is before and after.
    pub(crate) const fn outage(&self) -> (u64, u64) {
        let away = self.away / self.interval;
        let before = (self.snapshots() - away) / 2;
        (before, before + away)
    }

    /// The fleet that sends to these.
    pub(crate) fn fleet(&self, receivers: Vec<SocketAddr>) -> Fleet {
        Fleet {
            routers: self.routers,
            first_address: FIRST_ROUTER,
            recording: recorded(&self.recording),
            interval: self.interval,
            snapshots: self.snapshots(),
            spread: self.spread,
            pace: Pace::Real,
            receivers,
        }
    }
}

/// The address of the first router.
pub(crate) const FIRST_ROUTER: Ipv4Addr = Ipv4Addr::new(10, 77, 1, 1);

/// A number from the environment.
pub(crate) fn number(name: &str, usual: u64) -> u64 {
    match env::var(name) {
        Ok(given) => given.parse().unwrap_or_else(|error| panic!("{name}={given}: {error}")),
        Err(_) => usual,
    }
}
