//! Where snapshots go.
//!
//! An output is handed whole snapshots. What became of them is in its own [`ledger`]: nobody else needs to know.

pub mod ledger;
mod stdout;
pub mod telegraf;

use std::fmt;
use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

use tracing::debug;

use crate::config::TelegrafConfig;
use crate::encode::line_protocol::Lines;
use crate::series::point::Point;
use crate::snapshot::Snapshot;
use ledger::Ledger;
use telegraf::{Delivery, Telegraf};

/// One way out, and what has gone that way.
#[derive(Debug)]
pub struct Output {
    transport: Transport,
    ledger: Ledger,
    lines: Lines,
}

#[derive(Debug)]
enum Transport {
    /// To Telegraf, by UDP, in datagrams of at most so many bytes.
    Telegraf(Box<Telegraf>, usize),
    /// To standard output, which Telegraf's `execd` input reads.
    Stdout(io::Stdout),
}

impl Output {
    /// By UDP to Telegraf.
    pub fn telegraf(config: &TelegrafConfig) -> Self {
        Self::new(Transport::to(config))
    }

    /// To standard output.
    pub fn stdout() -> Self {
        Self::new(Transport::Stdout(io::stdout()))
    }

    /// What has gone that way.
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    fn new(transport: Transport) -> Self {
        Self { transport, ledger: Ledger::default(), lines: Lines::default() }
    }

    /// Takes over another configuration. The ledger stays: whoever receives from now on is told what has gone.
    pub fn reconfigure(&mut self, config: &TelegrafConfig) {
        match &mut self.transport {
            Transport::Stdout(_) => {}
            Transport::Telegraf(telegraf, max) => {
                *max = config.max_datagram.bytes();
                telegraf.redirect(&config.address);
            }
        }
    }

    /// Sees to what has to be done between snapshots, at `boot` (time since boot), and says within which time that
    /// has to be done again, if it is sooner than at the next snapshot.
    pub async fn attend(&mut self, boot: Duration) -> Option<Duration> {
        match &mut self.transport {
            Transport::Stdout(_) => None,
            Transport::Telegraf(telegraf, _) => {
                telegraf.resolve(boot).await;
                telegraf.attention_within()
            }
        }
    }

    /// Hands over a snapshot at `boot` (time since boot). Only standard output can fail for good; what a network refuses
    /// is counted.
    pub async fn deliver(&mut self, snapshot: &Snapshot, boot: Duration) -> io::Result<()> {
        let points = self.ledger.complete(snapshot);
        self.lines.write(&points, snapshot.timestamp);
        match &mut self.transport {
            Transport::Stdout(stdout) => {
                stdout::write_all(stdout.as_fd(), self.lines.text()).await?;
                self.ledger.confirm(snapshot, &points, |_| true, false);
                debug!("snapshot of {} points written", points.len());
            }
            Transport::Telegraf(telegraf, max) => {
                if snapshot.addresses_changed {
                    telegraf.renew();
                }
                let max = *max;
                let delivery =
                    telegraf.send(self.lines.datagrams(max).map(|(_, datagram)| datagram), boot).await;
                self.confirm(snapshot, &points, &delivery, max);
            }
        }
        Ok(())
    }

    /// Takes note of which points were in datagrams that were taken.
    fn confirm(&mut self, snapshot: &Snapshot, points: &[Point], delivery: &Delivery, max: usize) {
        self.ledger.datagrams_sent += delivery.taken;
        self.ledger.send_errors += delivery.errors;
        let mut delivered = vec![false; points.len()];
        for ((lines, _), arrived) in self.lines.datagrams(max).zip(&delivery.delivered) {
            if let Some(lines) = delivered.get_mut(lines) {
                lines.fill(*arrived);
            }
        }
        self.ledger.confirm(snapshot, points, |place| delivered.get(place) == Some(&true), delivery.doubt);
        debug!("snapshot of {} points: {} datagrams taken", points.len(), delivery.taken);
    }
}

impl Transport {
    fn to(config: &TelegrafConfig) -> Self {
        let telegraf = Telegraf::new(config.address.clone());
        Self::Telegraf(Box::new(telegraf), config.max_datagram.bytes())
    }
}

/// Where snapshots go, for the log.
impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.transport {
            Transport::Telegraf(telegraf, _) => telegraf.fmt(f),
            Transport::Stdout(_) => f.write_str("standard output"),
        }
    }
}
