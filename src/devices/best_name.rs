//! The best name that anybody gives a device, by the order of `devices.names`.

use std::net::IpAddr;

use super::assignments::Assignments;
use super::identity::DeviceId;
use super::inventory::Device;
use super::mac::Mac;
use super::name::Name;
use super::name_source::NameSource;
use super::source_file::SourceFile;
use super::vendor_names::VendorNames;

/// A name, and what it is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum BestName {
    /// The owner assigned it: an identity.
    Assigned(NameSource, Name),
    /// The device took it, or it was made for it: a claim.
    Claimed(NameSource, Name),
}

impl BestName {
    /// Who gives it.
    pub(super) const fn source(&self) -> NameSource {
        match self {
            Self::Assigned(source, _) | Self::Claimed(source, _) => *source,
        }
    }

    /// The name, as it was given.
    pub(super) fn into_name(self) -> Name {
        match self {
            Self::Assigned(_, name) | Self::Claimed(_, name) => name,
        }
    }
}

/// All that gives names.
#[derive(Clone, Copy, Debug)]
pub(super) struct NameSources<'a> {
    /// The best first.
    pub(super) order: &'a [NameSource],
    pub(super) assignments: &'a Assignments,
    pub(super) leases: &'a [SourceFile],
    pub(super) vendors: &'a VendorNames,
}

impl NameSources<'_> {
    /// The best name that anybody gives a device at `addresses`.
    pub(super) fn best(&self, id: &DeviceId, device: &Device, addresses: &[IpAddr]) -> Option<BestName> {
        self.order.iter().find_map(|source| self.name_by(*source, id, device, addresses))
    }

    /// The name that `source` gives a device at `addresses`.
    pub(super) fn name_by(
        &self,
        source: NameSource,
        id: &DeviceId,
        device: &Device,
        addresses: &[IpAddr],
    ) -> Option<BestName> {
        match source {
            NameSource::Registry | NameSource::Gl | NameSource::Static | NameSource::Hosts => {
                let name = self.assignments.name_by(source, Some(id), addresses)?;
                Some(BestName::Assigned(source, name.clone()))
            }
            NameSource::Lease | NameSource::Odhcpd => {
                let mut files = self.leases.iter().filter(|file| file.source == source);
                let name = files.find_map(|file| device.claims.of(&file.path))?;
                Some(BestName::Claimed(source, name.clone()))
            }
            NameSource::Vendor => {
                let vendor = self.vendors.of(id.mac()?)?;
                Some(BestName::Claimed(source, vendor.with_suffix(id.tail())))
            }
        }
    }

    /// The MAC of a device whose vendor would name it, and wasn't looked up yet.
    pub(super) fn mac_to_look_up(&self, id: &DeviceId, device: &Device, addresses: &[IpAddr]) -> Option<Mac> {
        let vendor = self.order.iter().position(|source| *source == NameSource::Vendor)?;
        let mac = id.mac().filter(|mac| self.vendors.lacks(*mac))?;
        let mut better = self.order.iter().take(vendor);
        let named = better.any(|source| self.name_by(*source, id, device, addresses).is_some());
        (!named).then_some(mac)
    }
}
