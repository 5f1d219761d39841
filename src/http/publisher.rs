//! The daemon's side: takes in snapshots, publishes what they say, and has a server wherever it may listen.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tracing::{info, warn};

use super::config::HttpConfig;
use super::guard::Guard;
use super::permission::{audience, may_listen};
use super::published::{Hours, Published, Shared};
use super::server::Server;
use crate::config::Config;
use crate::edge_log::EdgeLog;
use crate::flow_list::ListedFlows;
use crate::lan::Lan;
use crate::outputs::ledger::Ledger;
use crate::overview::Latest;
#[cfg(feature = "prometheus")]
use crate::prometheus::families;
use crate::snapshot::Snapshot;

/// Publishes what snapshots say, if that is switched on; else it holds nothing.
#[derive(Debug)]
pub struct Publisher {
    on: Option<On>,
}

#[derive(Debug)]
struct On {
    config: HttpConfig,
    address: SocketAddr,
    /// Whether Prometheus is told the router's own figures, too.
    #[cfg_attr(not(feature = "prometheus"), expect(dead_code, reason = "nobody tells Prometheus anything"))]
    node_names: bool,
    latest: Latest,
    hours: Arc<Hours>,
    flows: Option<Arc<ListedFlows>>,
    shared: watch::Sender<Shared>,
    server: Option<Server>,
    unserved: EdgeLog,
}

impl Publisher {
    /// One that does as `config` says, if that `is_ours`: what another router's configuration names is not this machine's. It
    /// doesn't listen before somebody [attends](Self::attend) to it.
    pub fn new(config: &Config, is_ours: bool) -> Self {
        let mut publisher = Self { on: None };
        publisher.reconfigure(config, is_ours);
        publisher
    }

    /// Takes over another configuration. Whoever is connected stays so if the address is the same.
    pub fn reconfigure(&mut self, config: &Config, is_ours: bool) {
        let Some(address) = config.http.listen.address().filter(|_| is_ours) else {
            if self.on.take().is_some_and(|on| on.server.is_some()) {
                info!("nothing is served any more");
            }
            return;
        };
        match &mut self.on {
            Some(on) => on.reconfigure(config, address),
            None => self.on = Some(On::new(config, address)),
        }
    }

    /// Sees to it that it listens where and for whom it may, with the router's addresses as they are known now. Within a
    /// runtime.
    pub fn attend(&mut self, lan: &Lan) {
        let Some(on) = &mut self.on else { return };
        let guard = Guard::new(&on.config, lan);
        on.shared.send_if_modified(|shared| {
            let is_new = *shared.guard != guard;
            if is_new {
                shared.guard = Arc::new(guard);
            }
            is_new
        });
        on.listen(lan);
    }

    /// Publishes what is known with this snapshot of `boot` (time since boot), and with what became of it in `ledger`.
    pub fn publish(&mut self, snapshot: &Snapshot, boot: Duration, ledger: Option<&Ledger>) {
        if let Some(on) = &mut self.on {
            on.publish(snapshot, boot, ledger);
        }
    }
}

impl On {
    fn new(config: &Config, address: SocketAddr) -> Self {
        Self {
            config: config.http.clone(),
            address,
            node_names: config.prometheus.node_names,
            latest: Latest::new(config),
            hours: Arc::default(),
            flows: None,
            shared: watch::Sender::default(),
            server: None,
            unserved: EdgeLog::default(),
        }
    }

    fn reconfigure(&mut self, config: &Config, address: SocketAddr) {
        self.latest.reconfigure(config);
        self.config = config.http.clone();
        self.node_names = config.prometheus.node_names;
        self.unserved = EdgeLog::default();
        if self.address != address {
            (self.address, self.server) = (address, None);
        }
    }

    fn listen(&mut self, lan: &Lan) {
        if let Err(error) = may_listen(&self.config, lan) {
            // Before somebody has looked, no address is the router's.
            if !lan.interfaces().is_empty() {
                self.server = None;
                self.complain(&error.to_string());
            }
            return;
        }
        if self.server.is_some() {
            return;
        }
        match Server::start(self.address, self.shared.subscribe()) {
            Ok(server) => {
                self.server = Some(server);
                self.unserved.ends();
                info!("serving http://{} to {}", self.address, in_words(&self.config, lan));
            }
            Err(error) => self.complain(&why(self.address, &error)),
        }
    }

    fn complain(&mut self, why: &str) {
        if self.unserved.begins() {
            warn!("http.listen = \"{}\": {why}; tried again at each snapshot", self.address);
        }
    }

    fn publish(&mut self, snapshot: &Snapshot, boot: Duration, ledger: Option<&Ledger>) {
        self.latest.take(snapshot, boot);
        let overview = self.latest.overview();
        // Both are of the snapshots of `interval`, which alone have flows.
        if let Some(flows) = &snapshot.flows {
            self.flows = Some(Arc::clone(flows));
            let names = overview.devices.iter().map(|device| device.name.as_str());
            let hours = names.filter_map(|name| Some((name.to_owned(), self.latest.hour(name, boot)?)));
            self.hours = Arc::new(hours.collect());
        }
        let published = Published::new(overview, Arc::clone(&self.hours), self.flows.clone());
        #[cfg(feature = "prometheus")]
        let published = published.with_metrics(families(&self.latest, ledger, self.node_names));
        #[cfg(not(feature = "prometheus"))]
        let _ = ledger;
        self.shared.send_modify(|shared| shared.published = Some(Arc::new(published)));
    }
}

/// Who may look.
fn in_words(config: &HttpConfig, lan: &Lan) -> String {
    let prefixes: Vec<String> = audience(config, lan).iter().map(ToString::to_string).collect();
    if prefixes.is_empty() { "this machine itself".to_owned() } else { prefixes.join(", ") }
}

/// Why it can't listen there, and what would help.
fn why(address: SocketAddr, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied if address.port() < 1024 => {
            format!("{error}: a port above 1023 would be right, those below are root's")
        }
        io::ErrorKind::AddrInUse => format!("{error}: another program listens there"),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests;
