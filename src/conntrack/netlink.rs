//! The table as messages: a dump over ctnetlink, as the kernel's `ctnetlink_dump_table()` sends it.
//!
//! One request for both families, `IPCTNL_MSG_CT_GET`: the kind that resets no counter. An entry is a message of
//! nested attributes, decoded where it lies in the receive buffer: [`usual`] knows the layout that the kernel sends
//! nearly always, [`attributes`] understands every other, and both give the same.

pub mod attributes;
pub mod usual;

use std::io;

use nix::sys::socket::SockProtocol;

use super::entry::{Entry, Progress};
use crate::netlink::Dump;

/// `NFNL_SUBSYS_CTNETLINK` of `linux/netfilter/nfnetlink.h`, as message types have it.
const CTNETLINK: u16 = 1 << 8;
/// `IPCTNL_MSG_CT_NEW` of `linux/netfilter/nfnetlink_conntrack.h`: an entry of a dump.
const ENTRY: u16 = CTNETLINK;
/// `IPCTNL_MSG_CT_GET`; the next number would zero every counter that it shows.
const GET: u16 = CTNETLINK | 1;
/// `struct nfgenmsg` with `AF_UNSPEC`: every family.
const ANY_FAMILY: [u8; 4] = [0; 4];

/// A reading of the table, from its first entry to its last.
#[derive(Debug)]
pub struct Reading {
    dump: Dump,
}

impl Reading {
    /// Asks the kernel; it refuses whoever lacks `CAP_NET_ADMIN` (`EPERM`).
    pub fn begin() -> io::Result<Self> {
        Ok(Self { dump: Dump::request(SockProtocol::NetlinkNetFilter, GET, &ANY_FAMILY)? })
    }

    /// Receives once and hands every entry to `sink`. An error means that the reading is not whole.
    pub fn step(&mut self, sink: &mut impl FnMut(Entry<'_>)) -> io::Result<Progress> {
        let more = self.dump.step(&mut |kind, payload| {
            if kind == ENTRY {
                sink(parse(payload));
            }
        })?;
        Ok(if more { Progress::More } else { Progress::Done })
    }
}

/// Understands the payload of one message: `struct nfgenmsg` and attributes.
#[inline]
pub fn parse(payload: &[u8]) -> Entry<'_> {
    if let Some(flow) = usual::parse(payload) {
        return Entry::Flow(flow);
    }
    match attributes::parse(payload) {
        Ok(flow) => Entry::Flow(flow),
        Err(why) => Entry::Unreadable { bytes: payload, why },
    }
}

#[cfg(test)]
pub(crate) mod tests;
