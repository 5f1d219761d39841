//! What devices are known by, whatever their names and addresses.

use std::net::IpAddr;

use super::mac::{Duid, Mac};
use super::name::Name;

/// What a device is known by.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DeviceId {
    /// Its link-layer address.
    Mac(Mac),
    /// Its DHCPv6 identifier, where that holds no link-layer address.
    Duid(Duid),
}

/// Whose an address is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// A device.
    Device(DeviceId),
    /// A device of which nothing but an address that it made of its MAC is known.
    Eui64Only(DeviceId),
    /// Nobody known, but the owner has given the address a name.
    Named(IpAddr),
    /// Nobody known: the address itself is the device.
    Address(IpAddr),
}

impl DeviceId {
    /// The device that calls itself `duid`: that with the MAC which the DUID carries, if it carries one.
    pub fn of_duid(duid: Duid) -> Self {
        duid.mac().map_or(Self::Duid(duid), Self::Mac)
    }

    /// Its link-layer address, if that is what it is known by.
    pub fn mac(&self) -> Option<Mac> {
        match self {
            Self::Mac(mac) => Some(*mac),
            Self::Duid(_) => None,
        }
    }

    /// Its last three octets, which tell devices of one name apart.
    pub(super) fn tail(&self) -> [u8; 3] {
        match self {
            Self::Mac(mac) => mac.tail(),
            Self::Duid(duid) => duid.tail(),
        }
    }

    /// The name of a device that nobody has named: its MAC. A DUID alone is none.
    pub(super) fn mac_as_name(&self) -> Option<Name> {
        self.mac().and_then(|mac| Name::clean(mac.to_string().as_bytes()))
    }

    /// The name of a device that has one which can't be told apart from others'.
    pub(super) fn as_name(&self) -> Option<Name> {
        match self {
            Self::Mac(_) => self.mac_as_name(),
            Self::Duid(duid) => Name::clean(duid.end().as_bytes()),
        }
    }
}
