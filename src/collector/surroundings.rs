//! What is looked at before each pass: interfaces, the LAN, devices and their names, labels of services,
//! names of networks.

use std::time::Duration;

use tracing::{info, warn};

use crate::config::Config;
use crate::destinations::watched::WatchedNetworks;
use crate::devices::{Devices, Settings};
use crate::edge_log::EdgeLog;
use crate::lan::{Lan, interfaces};
use crate::local_time::TimeZone;
use crate::root::Root;
use crate::services::watched::WatchedServices;

/// How often the time zone is read: somebody may have moved.
const TIME_ZONE_EVERY: Duration = Duration::from_mins(10);

/// Where flows come from and go to.
#[derive(Debug)]
pub(super) struct Surroundings {
    root: Root,
    pub(super) lan: Lan,
    pub(super) devices: Devices,
    /// What connections are for.
    pub(super) services: WatchedServices,
    /// Names for networks.
    pub(super) networks: WatchedNetworks,
    time_zone: TimeZone,
    /// When the time zone was last read, in time since boot.
    time_zone_read: Option<Duration>,
    /// Whether the router's interfaces or addresses have changed since somebody asked.
    addresses_changed: bool,
    interfaces: EdgeLog,
    no_lan: EdgeLog,
}

impl Surroundings {
    pub(super) fn new(root: &Root, config: &Config) -> Self {
        Self {
            lan: Lan::new(&config.lan.patterns(), &config.lan.prefixes()),
            devices: Devices::new(root, device_settings(config)),
            services: WatchedServices::new(root, &config.traffic),
            networks: WatchedNetworks::new(root, &config.destinations),
            time_zone: TimeZone::default(),
            time_zone_read: None,
            addresses_changed: false,
            interfaces: EdgeLog::default(),
            no_lan: EdgeLog::default(),
            root: root.clone(),
        }
    }

    /// Takes over another configuration and keeps all that was learned.
    pub(super) fn reconfigure(&mut self, old: &Config, new: &Config) {
        if new.lan.interfaces != old.lan.interfaces {
            self.devices.forget_neighbours();
        }
        self.lan.reconfigure(&new.lan.patterns(), &new.lan.prefixes());
        self.devices.reconfigure(device_settings(new));
        self.services.reconfigure(&new.traffic);
        self.networks.reconfigure(&new.destinations);
    }

    /// Whether the router's interfaces or addresses have changed since this was last asked.
    pub(super) const fn take_addresses_changed(&mut self) -> bool {
        std::mem::replace(&mut self.addresses_changed, false)
    }

    /// Reads everything but the table, at `boot` (time since boot).
    pub(super) fn look(&mut self, boot: Duration) {
        match interfaces::read(&self.root) {
            Ok(found) => {
                self.addresses_changed |= self.lan.observe(found, boot);
                if self.interfaces.ends() {
                    info!("the interfaces can be read again");
                }
            }
            Err(error) => {
                if self.interfaces.begins() {
                    warn!("the interfaces can't be read, the LAN stays as it was: {error}");
                }
            }
        }
        self.tell_of_the_lan();
        self.devices.refresh(&self.lan, boot);
        self.services.look();
        self.networks.look();
        let is_due = |read| boot.saturating_sub(read) >= TIME_ZONE_EVERY;
        if self.time_zone_read.is_none_or(is_due) {
            self.time_zone = TimeZone::read(&self.root);
            self.time_zone_read = Some(boot);
        }
    }

    /// How far the router's local time is from universal time.
    pub(super) const fn time_zone(&self) -> &TimeZone {
        &self.time_zone
    }

    fn tell_of_the_lan(&mut self) {
        if self.lan.exists() {
            if self.no_lan.ends() {
                info!("there is a LAN interface now");
            }
        } else if self.no_lan.begins() {
            let names: Vec<_> = self.lan.interfaces().iter().map(|found| found.name.as_str()).collect();
            let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            let patterns = self.lan.patterns();
            warn!(
                "no interface matches lan.interfaces = {patterns:?}, so no device can be told; there are: {names}"
            );
        }
    }
}

fn device_settings(config: &Config) -> Settings {
    config.devices.settings(config.lan.router_name.name())
}
