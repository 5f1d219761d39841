//! A server that is written to by HTTP, and acknowledges.
//!
//! A snapshot is handed to the [`Spool`], and goes out of it once the server has taken it. One request is under way at a
//! time. It goes on by itself while a snapshot is taken; what became of it is seen to between snapshots.

mod delivery;
mod gzip;
mod retry;

use std::convert::Infallible;
use std::fmt;
use std::future::pending;
use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout};
use tracing::{debug, info, warn};

use super::ledger::{Acknowledged, Ledger};
use crate::config::Config;
use crate::edge_log::EdgeLog;
use crate::influxdb::client::Client;
use crate::influxdb::config::InfluxdbConfig;
use crate::influxdb::url::Url;
use crate::root::Root;
use crate::spool::config::SpoolConfig;
use crate::spool::{DiskChange, Number, Spool};
use crate::wording::counted;
use delivery::{Delivery, Outcome};
use retry::Retry;

/// A daemon that stops waits for so long for what is under way.
const STOPPING: Duration = Duration::from_millis(500);

/// A server that acknowledges, and what it has not acknowledged yet.
#[derive(Debug)]
pub(super) struct Influxdb {
    config: InfluxdbConfig,
    root: Root,
    url: Url,
    /// `None` while a request is under way, which has it.
    client: Option<Client>,
    under_way: Option<Delivery>,
    spool: Spool,
    /// From one snapshot that has waited to the next.
    pace: Duration,
    /// When the next of them may go.
    next_of_backlog: Instant,
    retry: Retry,
    away: EdgeLog,
    refusing: EdgeLog,
    losing: EdgeLog,
    figures: Acknowledged,
    /// Requests that were not acknowledged.
    errors: u64,
    /// The router's addresses have changed while a request was under way.
    renew: bool,
}

impl Influxdb {
    /// Writes to the server of `config`, if there is one; files are read below `root`. On the disk it keeps something only of
    /// this machine's own.
    pub(super) fn new(config: &Config, root: &Root) -> Option<Self> {
        let client = Client::new(&config.influxdb)?;
        let mut influxdb = Self {
            config: config.influxdb.clone(),
            root: root.clone(),
            url: client.url().clone(),
            client: Some(client),
            under_way: None,
            spool: Spool::new(&spool_config(config, root)),
            pace: config.spool.pace.interval(),
            next_of_backlog: Instant::now(),
            retry: Retry::default(),
            away: EdgeLog::default(),
            refusing: EdgeLog::default(),
            losing: EdgeLog::default(),
            figures: Acknowledged::default(),
            errors: 0,
            renew: false,
        };
        influxdb.tell_disk();
        if !influxdb.spool.is_empty() {
            let waiting = counted(influxdb.spool.len() as u64, "snapshot waits", "snapshots wait");
            info!("{waiting} in spool.directory to be sent to {}", influxdb.url);
        }
        Some(influxdb)
    }

    /// Takes over another configuration, which has a server too. What waits goes to that.
    pub(super) fn reconfigure(&mut self, config: &Config) {
        self.spool.reconfigure(&spool_config(config, &self.root));
        self.pace = config.spool.pace.interval();
        self.config = config.influxdb.clone();
        // Whatever the file of the token holds now.
        if let Some(client) = Client::new(&self.config) {
            self.url = client.url().clone();
            (self.client, self.under_way) = (Some(client), None);
        }
        self.retry = Retry::default();
        self.tell_disk();
    }

    /// The router's addresses have changed: a connection from one that is gone leads nowhere.
    pub(super) fn renew(&mut self) {
        match &mut self.client {
            Some(client) => client.renew(),
            None => self.renew = true,
        }
    }

    /// Takes in a snapshot: its lines and, in `ledger`, what it has ended.
    pub(super) async fn deliver(&mut self, lines: &[u8], stamped: bool, ledger: &mut Ledger) {
        let body = gzip::compress(lines).await;
        for zeros in self.spool.push(body, ledger.zeros(), stamped) {
            ledger.restore(zeros);
        }
        self.tell_disk();
        self.tell_losses();
        self.enter_figures(ledger);
    }

    /// Sends what waits as long as there is anything. It never ends; whoever drops it may call it again.
    pub(super) async fn work(&mut self, ledger: &mut Ledger) -> Infallible {
        loop {
            if self.under_way.is_none() {
                match self.next_at() {
                    Some(at) => sleep_until(at).await,
                    None => pending().await,
                }
            }
            self.step(ledger).await;
        }
    }

    /// Sends what it can in a moment, and has the rest kept on the disk, if there is one.
    pub(super) async fn stop(&mut self, ledger: &mut Ledger) {
        let _ = timeout(STOPPING, async {
            while self.under_way.is_some() || self.next_at().is_some_and(|at| at <= Instant::now()) {
                self.step(ledger).await;
            }
        })
        .await;
        self.spool.store(&mut Vec::new());
        self.tell_disk();
        let lost = self.spool.only_in_memory() as u64;
        if lost > 0 {
            let snapshots = counted(lost, "snapshot is", "snapshots are");
            warn!("{snapshots} lost: {} has not acknowledged them, and they are in memory alone", self.url);
        }
    }

    /// When the next request may go; `None` if nothing waits.
    fn next_at(&self) -> Option<Instant> {
        let next = self.spool.next()?;
        let paced = if next.is_backlog { self.next_of_backlog } else { Instant::now() };
        Some(self.retry.not_before().map_or(paced, |at| at.max(paced)))
    }

    fn start(&mut self, ledger: &mut Ledger) {
        let (Some(next), Some(mut client)) = (self.spool.next(), self.client.take()) else { return };
        if let Err(error) = client.prepare(&self.root) {
            let outcome = Outcome::NotTaken { why: error.to_string(), retry_after: None };
            return self.settle(next.number, client, outcome, ledger);
        }
        match self.spool.body(next.number) {
            Ok(body) => {
                if next.is_backlog {
                    self.next_of_backlog = Instant::now() + self.pace;
                }
                self.under_way = Some(Delivery::begin(client, &self.config, next.number, body));
            }
            Err(zeros) => {
                self.client = Some(client);
                ledger.restore(zeros);
                self.tell_losses();
            }
        }
    }

    /// Whatever was under way has ended.
    fn settle(&mut self, number: Number, mut client: Client, outcome: Outcome, ledger: &mut Ledger) {
        self.under_way = None;
        if std::mem::take(&mut self.renew) {
            client.renew();
        }
        match outcome {
            Outcome::Taken => self.taken(number),
            Outcome::Refused(words) => {
                ledger.restore(self.spool.remove(number));
                self.figures.refused += 1;
                self.errors += 1;
                self.retry.succeeded();
                if self.refusing.begins() {
                    warn!(
                        "{} refuses what it is sent: {words}; that snapshot is dropped, and more are counted in refused",
                        self.url
                    );
                }
            }
            Outcome::NotTaken { why, retry_after } => {
                client.forget_token();
                for zeros in self.spool.keep(number) {
                    ledger.restore(zeros);
                }
                self.errors += 1;
                self.retry.failed(retry_after);
                debug!("writing to {}: {why}", self.url);
                if self.away.begins() {
                    warn!("writing to {} fails: {why}; snapshots are kept, and sent later", self.url);
                }
                self.tell_disk();
                self.tell_losses();
            }
        }
        self.client = Some(client);
        self.enter_figures(ledger);
    }

    fn taken(&mut self, number: Number) {
        self.spool.remove(number);
        self.figures.snapshots += 1;
        self.retry.succeeded();
        self.refusing.ends();
        if self.away.ends() {
            let waiting = match self.spool.len() as u64 {
                0 => String::new(),
                waiting => format!("; {} to be sent", counted(waiting, "snapshot waits", "snapshots wait")),
            };
            info!("writing to {} works again{waiting}", self.url);
        }
        if self.spool.is_empty() {
            self.losing.ends();
        }
    }

    /// Begins with the next, or waits for what is under way. It may be dropped and called again.
    async fn step(&mut self, ledger: &mut Ledger) {
        match &mut self.under_way {
            Some(delivery) => {
                let (client, outcome) = delivery.outcome().await;
                let number = delivery.number();
                self.settle(number, client, outcome, ledger);
            }
            None => self.start(ledger),
        }
    }

    fn enter_figures(&mut self, ledger: &mut Ledger) {
        self.figures = Acknowledged {
            lost: self.spool.lost,
            waiting: self.spool.len() as u64,
            waiting_bytes: self.spool.bytes(),
            disk_errors: self.spool.disk_errors(),
            ..self.figures
        };
        (ledger.acknowledged, ledger.send_errors) = (Some(self.figures), self.errors);
    }

    fn tell_losses(&mut self) {
        if self.spool.lost > self.figures.lost && self.losing.begins() {
            warn!("the spool is full: the oldest snapshots go, and are counted in spool_lost");
        }
        self.figures.lost = self.spool.lost;
    }

    fn tell_disk(&mut self) {
        match self.spool.take_disk_change() {
            Some(DiskChange::Fails(path, error)) => {
                warn!(
                    "spool.directory: {}: {error}; snapshots wait in memory, which a restart loses",
                    path.display()
                );
            }
            Some(DiskChange::Works(path)) => {
                info!("spool.directory: {} can be written again", path.display());
            }
            None => {}
        }
    }
}

/// A replayed router's directory is not this machine's.
fn spool_config(config: &Config, root: &Root) -> SpoolConfig {
    let mut spool = config.spool.clone();
    if !root.is_live() {
        spool.directory = crate::influxdb::config::FilePath::default();
    }
    spool
}

impl fmt::Display for Influxdb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.url.fmt(f)
    }
}

#[cfg(test)]
mod tests;
