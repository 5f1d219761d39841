//! The lease files: who is at an address, and what devices call themselves.
//!
//! They may be long, so they are read line by line, and of what they say only a bounded list is held. It is taken in when
//! the file has shown itself to be whole.

mod list;

use std::io::{self, BufRead};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::bindings::AddressBindings;
use super::formats::lines::{self, LineEnd};
use super::formats::{LineError, LineErrorKind, dnsmasq, odhcpd};
use super::identity::DeviceId;
use super::inventory::Inventory;
use super::last_seen::HELD_AT_MOST;
use super::name_source::NameSource;
use super::settings::Settings;
use super::source_file::{SourceFile, note};
use super::watched_file::{Look, Wholeness};
use crate::root::Root;
use list::{LeaseList, Leases};

/// The longest line of a lease file that is understood, in bytes. odhcpd's are the longest: a DUID of 260 digits, a name of
/// 1,020 characters when all of it is escaped, and some 45 for each address.
const LONGEST_LINE: usize = 16 * 1024;

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
    let source = file.source;
    let look = file.read_through(|text| read(source, text, inventory));
    let Some(Look::Taken((list, problems)) | Look::Cut((list, problems))) = look else { return false };
    learn(list, &file.path, inventory, bindings);
    file.report(&problems);
    true
}

/// Reads a lease file of `source`; gives what it says, and what could not be understood.
fn read(
    source: NameSource,
    text: &mut dyn BufRead,
    inventory: &Inventory,
) -> io::Result<(LeaseList, Vec<String>)> {
    let mut list = LeaseList::default();
    let problems = each_lease(source, text, |holder, addresses, name| {
        list.add(&inventory.known_as(holder), addresses, name);
    })?;
    Ok((list, problems))
}

/// Takes in what the lease file at `path` says.
fn learn(list: LeaseList, path: &Rc<Path>, inventory: &mut Inventory, bindings: &mut AddressBindings) {
    let Leases { holders, addresses, crowded } = list.finish();
    for (id, holder) in holders {
        let seen = inventory.next_line();
        let device = inventory.see(&id, seen);
        device.confirmed |= holder.confirmed;
        if let Some(name) = holder.name {
            device.claims.insert(path, name);
        }
        if inventory.len() > HELD_AT_MOST {
            inventory.forget_oldest(bindings);
        }
    }
    for (address, holder) in addresses {
        bindings.lease(address, &holder, inventory.next_line());
        if bindings.leases() > HELD_AT_MOST {
            inventory.forget_oldest(bindings);
        }
    }
    if crowded {
        inventory.warn_of_a_crowd();
    }
}

/// Hands out the leases in a file of `source`, line by line: who holds which addresses, and what the holder calls itself.
/// Gives what could not be understood. A last line without a newline is left out, since more of it may come.
pub(super) fn each_lease(
    source: NameSource,
    text: &mut dyn BufRead,
    mut each: impl FnMut(DeviceId, &[IpAddr], Option<&[u8]>),
) -> io::Result<Vec<String>> {
    let mut problems = Vec::new();
    let mut text_of_line = Vec::new();
    for line in 1.. {
        let understood = match lines::next(&mut *text, LONGEST_LINE, &mut text_of_line)? {
            None | Some(LineEnd::Text) => break,
            Some(LineEnd::TooLong) => Err(LineErrorKind::TooLong(LONGEST_LINE)),
            Some(LineEnd::Newline) => understand(source, &text_of_line, &mut each),
        };
        if let Err(kind) = understood {
            note(&mut problems, &LineError { line, kind });
        }
    }
    Ok(problems)
}

/// Hands out the lease in one line, if it has one.
fn understand(
    source: NameSource,
    line: &[u8],
    each: &mut impl FnMut(DeviceId, &[IpAddr], Option<&[u8]>),
) -> Result<(), LineErrorKind> {
    if source == NameSource::Odhcpd {
        if let Some(lease) = odhcpd::parse_line(line)? {
            each(lease.holder, &lease.addresses, lease.name.as_deref());
        }
    } else if let Some(lease) = dnsmasq::parse_line(line)? {
        each(lease.holder, &[lease.address], lease.name);
    }
    Ok(())
}

/// Learns a text as if it had been read from the file at `path`; gives whether it could be, as any text in memory can.
pub(super) fn learn_text(
    source: NameSource,
    path: &Rc<Path>,
    mut text: &[u8],
    inventory: &mut Inventory,
    bindings: &mut AddressBindings,
) -> bool {
    let Ok((list, _)) = read(source, &mut text, inventory) else { return false };
    learn(list, path, inventory, bindings);
    true
}
