//! Where devices and names are found, and how long what was learned is kept.

use std::path::PathBuf;
use std::time::Duration;

use super::name::Name;
use super::name_source::NameSource;

/// GL.iNet's aliases.
pub const GL_CLIENT: &str = "/etc/config/gl-client";
/// OpenWrt's static hosts.
pub const DHCP: &str = "/etc/config/dhcp";
/// Names of MACs.
pub const ETHERS: &str = "/etc/ethers";
/// Names of addresses.
pub const HOSTS: &str = "/etc/hosts";

/// What the configuration says of devices.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// dnsmasq's lease files.
    pub leases: Vec<PathBuf>,
    /// odhcpd's lease files.
    pub odhcpd: Vec<PathBuf>,
    /// The owner's own file.
    pub registry: PathBuf,
    /// Files of vendors; the first that exists is read.
    pub vendors: Vec<PathBuf>,
    /// The sources of names, the best first; one that is not among them names nobody.
    pub names: Vec<NameSource>,
    /// How long an address learned from the neighbours is kept after they last showed it.
    pub remember: Duration,
    /// What the router is called.
    pub router: Option<Name>,
}

impl Settings {
    /// Every file that is read for names and addresses, as the router has them.
    pub fn paths(&self) -> Vec<PathBuf> {
        let fixed = [GL_CLIENT, DHCP, ETHERS, HOSTS].map(PathBuf::from);
        let lists = [&self.leases, &self.odhcpd, &self.vendors];
        std::iter::once(self.registry.clone())
            .chain(fixed)
            .chain(lists.into_iter().flatten().cloned())
            .collect()
    }
}
