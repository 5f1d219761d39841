//! Where snapshots go.
//!
//! An output is handed whole snapshots. What became of them is in its own [`ledger`]: nobody else needs to know.

mod influxdb;
pub mod ledger;
mod stdout;
pub mod telegraf;

use std::fmt;
use std::future::pending;
use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

use tracing::debug;

use crate::config::{Config, TelegrafConfig};
use crate::encode::line_protocol::Lines;
use crate::root::Root;
use crate::series::point::Point;
use crate::snapshot::Snapshot;
use influxdb::Influxdb;
use ledger::{Acknowledged, Ledger};
use telegraf::{Delivery, Telegraf};

/// By what the second output's figures are told from the first's.
const INFLUXDB: &str = "influxdb";

/// Every way out.
#[derive(Debug, Default)]
pub struct Outputs {
    /// The first is the one whose figures carry no tag of their own.
    list: Vec<Output>,
}

/// One way out, and what has gone that way.
#[derive(Debug)]
struct Output {
    transport: Transport,
    ledger: Ledger,
    lines: Lines,
}

#[derive(Debug)]
enum Transport {
    /// To Telegraf, by UDP, in datagrams of at most so many bytes.
    Telegraf(Box<Telegraf>, usize),
    /// To a server that acknowledges, by HTTP.
    Influxdb(Box<Influxdb>),
    /// To standard output, which Telegraf's `execd` input reads.
    Stdout(io::Stdout),
}

impl Outputs {
    /// Those of `config`; what they read is below `root`.
    pub fn new(config: &Config, root: &Root) -> Self {
        let mut outputs = Self::default();
        outputs.reconfigure(config, root);
        outputs
    }

    /// To standard output.
    pub fn stdout() -> Self {
        let transport = Transport::Stdout(io::stdout());
        Self { list: vec![Output::new(transport, None)] }
    }

    /// What has gone out by the first of them, if there is any.
    pub fn ledger(&self) -> Option<&Ledger> {
        self.list.first().map(|output| &output.ledger)
    }

    /// Takes over another configuration. Ledgers stay: whoever receives from now on is told what has gone.
    pub fn reconfigure(&mut self, config: &Config, root: &Root) {
        if self.list.iter().any(|output| matches!(output.transport, Transport::Stdout(_))) {
            return;
        }
        let (mut telegraf, mut influxdb) = (None, None);
        for output in self.list.drain(..) {
            match &output.transport {
                Transport::Influxdb(_) => influxdb = Some(output),
                Transport::Telegraf(..) | Transport::Stdout(_) => telegraf = Some(output),
            }
        }
        self.list.extend(Output::telegraf(telegraf, &config.telegraf));
        self.list.extend(Output::influxdb(influxdb, config, root));
        // Which of them is the second may have changed.
        for (output, is_first) in self.list.iter_mut().zip([true, false]) {
            let tag = (!is_first).then_some(INFLUXDB);
            output.ledger.tag(tag);
        }
    }

    /// Sees to what has to be done between snapshots, at `boot` (time since boot), and says within which time that
    /// has to be done again, if it is sooner than at the next snapshot.
    pub async fn attend(&mut self, boot: Duration) -> Option<Duration> {
        let mut within = None;
        for output in &mut self.list {
            let wanted = output.attend(boot).await;
            within = within.into_iter().chain(wanted).min();
        }
        within
    }

    /// Sends what waits to be sent once more. It never ends by itself; it may be dropped and called again.
    pub async fn work(&mut self) {
        for Output { transport, ledger, .. } in &mut self.list {
            if let Transport::Influxdb(influxdb) = transport {
                match influxdb.work(ledger).await {}
            }
        }
        pending::<()>().await;
    }

    /// Hands over a snapshot at `boot` (time since boot). Only standard output can fail for good; what a network refuses
    /// is counted.
    pub async fn deliver(&mut self, snapshot: &Snapshot, boot: Duration) -> io::Result<()> {
        for output in &mut self.list {
            output.deliver(snapshot, boot).await?;
        }
        Ok(())
    }

    /// The last to be called: what was not acknowledged is sent as far as that takes no time, and kept if there is a disk.
    pub async fn stop(&mut self) {
        for Output { transport, ledger, .. } in &mut self.list {
            if let Transport::Influxdb(influxdb) = transport {
                influxdb.stop(ledger).await;
            }
        }
    }
}

impl Output {
    fn new(transport: Transport, tag: Option<&'static str>) -> Self {
        Self { transport, ledger: Ledger::tagged(tag), lines: Lines::default() }
    }

    /// The output to Telegraf as `config` wants it, if it does: the one that there is, or a new one.
    fn telegraf(before: Option<Self>, config: &TelegrafConfig) -> Option<Self> {
        let (address, max_datagram) = (config.address.0.clone()?, config.max_datagram.bytes());
        let Some(mut output) = before else {
            let telegraf = Box::new(Telegraf::new(address));
            return Some(Self::new(Transport::Telegraf(telegraf, max_datagram), None));
        };
        if let Transport::Telegraf(telegraf, max) = &mut output.transport {
            *max = max_datagram;
            telegraf.redirect(&address);
        }
        Some(output)
    }

    /// The output to InfluxDB as `config` wants it, if it does: the one that there is, or a new one.
    fn influxdb(before: Option<Self>, config: &Config, root: &Root) -> Option<Self> {
        let Some(mut output) = before else {
            let influxdb = Box::new(Influxdb::new(config, root)?);
            let mut output = Self::new(Transport::Influxdb(influxdb), None);
            // The first snapshot has these figures as well.
            output.ledger.acknowledged = Some(Acknowledged::default());
            return Some(output);
        };
        if let Transport::Influxdb(influxdb) = &mut output.transport {
            config.influxdb.url.0.as_ref()?;
            influxdb.reconfigure(config);
        }
        Some(output)
    }

    async fn attend(&mut self, boot: Duration) -> Option<Duration> {
        match &mut self.transport {
            Transport::Stdout(_) | Transport::Influxdb(_) => None,
            Transport::Telegraf(telegraf, _) => {
                telegraf.resolve(boot).await;
                telegraf.attention_within()
            }
        }
    }

    async fn deliver(&mut self, snapshot: &Snapshot, boot: Duration) -> io::Result<()> {
        let points = self.ledger.complete(snapshot);
        self.lines.write(&points, snapshot.timestamp);
        match &mut self.transport {
            Transport::Stdout(stdout) => {
                stdout::write_all(stdout.as_fd(), self.lines.text()).await?;
                self.ledger.confirm(snapshot, &points, |_| true, false);
                debug!("snapshot of {} points written", points.len());
            }
            Transport::Influxdb(influxdb) => {
                if snapshot.addresses_changed {
                    influxdb.renew();
                }
                // The spool has it from here on, and says if it loses it.
                self.ledger.confirm(snapshot, &points, |_| true, false);
                influxdb.deliver(self.lines.text(), snapshot.timestamp.is_some(), &mut self.ledger).await;
                debug!("snapshot of {} points in the spool", points.len());
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

/// Where snapshots go, for the log.
impl fmt::Display for Outputs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.list.is_empty() {
            return f.write_str("nobody");
        }
        for (place, output) in self.list.iter().enumerate() {
            let separator = if place == 0 { "" } else { " and " };
            write!(f, "{separator}{output}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.transport {
            Transport::Telegraf(telegraf, _) => telegraf.fmt(f),
            Transport::Influxdb(influxdb) => influxdb.fmt(f),
            Transport::Stdout(_) => f.write_str("standard output"),
        }
    }
}
