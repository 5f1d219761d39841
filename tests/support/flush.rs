//! What `conntrack -F` does: empties the connection table of the calling thread's network namespace.

use std::io;

use crate::fill::{Ctnetlink, Request};

/// `IPCTNL_MSG_CT_DELETE` of `linux/netfilter/nfnetlink_conntrack.h`; without a tuple it means every entry.
const IPCTNL_MSG_CT_DELETE: u16 = 2;

pub(crate) fn flush() -> io::Result<()> {
    let everything = Request { message: IPCTNL_MSG_CT_DELETE, flags: 0, family: 0, attributes: Vec::new() };
    Ctnetlink::open()?.request(&[everything])
}
