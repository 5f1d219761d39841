//! Where names come from, and which goes before which.

use serde::{Deserialize, Serialize};

/// A source of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum NameSource {
    /// The owner's own file.
    Registry,
    /// Aliases given in GL.iNet's web interface.
    Gl,
    /// Static hosts of `/etc/config/dhcp`.
    Static,
    /// `/etc/ethers` and `/etc/hosts`.
    Hosts,
    /// dnsmasq's leases.
    Lease,
    /// odhcpd's leases.
    Odhcpd,
    /// The maker of the network interface.
    Vendor,
}

impl NameSource {
    /// All sources, in the order in which people expect them to be heard.
    pub const ALL: [Self; 7] =
        [Self::Registry, Self::Gl, Self::Static, Self::Hosts, Self::Lease, Self::Odhcpd, Self::Vendor];

    /// Its name in `devices.names`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Registry => "registry",
            Self::Gl => "gl",
            Self::Static => "static",
            Self::Hosts => "hosts",
            Self::Lease => "lease",
            Self::Odhcpd => "odhcpd",
            Self::Vendor => "vendor",
        }
    }
}
