//! The lease files: who is at an address, and what devices call themselves.

use std::collections::HashSet;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::bindings::AddressBindings;
use super::formats::{dnsmasq, odhcpd};
use super::identity::DeviceId;
use super::inventory::Inventory;
use super::last_seen::KNOWN_AT_MOST;
use super::name::Name;
use super::name_source::NameSource;
use super::settings::Settings;
use super::source_file::{SourceFile, note};
use super::watched_file::{Look, Wholeness};
use crate::root::Root;

/// The lease files, in the order in which their names count.
pub(super) fn files(root: &Root, settings: &Settings) -> Vec<SourceFile> {
    let file = |source| move |path: &PathBuf| SourceFile::new(root, source, path, Wholeness::EndsInNewline);
    let dnsmasq = settings.leases.iter().map(file(NameSource::Lease));
    dnsmasq.chain(settings.odhcpd.iter().map(file(NameSource::Odhcpd))).collect()
}

/// Learns what a lease file says if that is new; gives whether it was. A file that is gone takes nothing with it.
pub(super) fn refresh(
    file: &mut SourceFile,
    inventory: &mut Inventory,
    bindings: &mut AddressBindings,
) -> bool {
    let Some(Look::Taken(text) | Look::Cut(text)) = file.new_content() else { return false };
    let problems = learn(file.source, &file.path, &text, inventory, bindings);
    file.report(&problems);
    true
}

/// Learns what the lease file at `path` says; gives what could not be understood.
pub(super) fn learn(
    source: NameSource,
    path: &Rc<Path>,
    text: &[u8],
    inventory: &mut Inventory,
    bindings: &mut AddressBindings,
) -> Vec<String> {
    // Whom this reading has named already: of several names of one device the first counts.
    let mut named = HashSet::new();
    each_lease(source, text, |holder, addresses, name| {
        let id = inventory.known_as(holder);
        let seen = inventory.next_line();
        for address in addresses {
            bindings.lease(*address, &id, seen);
        }
        let device = inventory.see(&id, seen);
        device.confirmed |= addresses.iter().any(IpAddr::is_ipv4);
        if let Some(name) = name.and_then(Name::clean)
            && named.insert(id)
        {
            device.claims.insert(Rc::clone(path), name);
        }
        if bindings.leases() > 2 * KNOWN_AT_MOST || inventory.len() > 2 * KNOWN_AT_MOST {
            inventory.forget_oldest(bindings);
        }
    })
}

/// Hands out the leases in a file of `source`: who holds which addresses, and what the holder calls itself. Gives what
/// could not be understood.
pub(super) fn each_lease(
    source: NameSource,
    text: &[u8],
    mut each: impl FnMut(DeviceId, &[IpAddr], Option<&[u8]>),
) -> Vec<String> {
    let mut problems = Vec::new();
    if source == NameSource::Odhcpd {
        for lease in odhcpd::parse(text) {
            match lease {
                Ok(lease) => each(lease.holder, &lease.addresses, lease.name.as_deref()),
                Err(error) => note(&mut problems, &error),
            }
        }
        return problems;
    }
    for lease in dnsmasq::parse(text) {
        match lease {
            Ok(lease) => each(lease.holder, &[lease.address], lease.name),
            Err(error) => note(&mut problems, &error),
        }
    }
    problems
}
