//! Takes entries out of the connection table of the calling thread's network namespace.

use std::io;
use std::ops::Range;

use crate::fill::{CTA_TUPLE_ORIG, Ctnetlink, Request, ends, tuple};

/// `IPCTNL_MSG_CT_DELETE` of `linux/netfilter/nfnetlink_conntrack.h`; without a tuple it means every entry.
const IPCTNL_MSG_CT_DELETE: u16 = 2;

/// What `conntrack -F` does: takes out all.
pub(crate) fn flush() -> io::Result<()> {
    Ctnetlink::open()?.request(&[delete(0, Vec::new())])
}

/// Takes out what [`crate::fill::fill`] put there under these numbers.
pub(crate) fn drain(numbers: Range<u32>) -> io::Result<()> {
    let family = u8::try_from(nix::libc::AF_INET).unwrap_or_default();
    let one = |number| {
        let (client, server) = ends(number);
        delete(family, tuple(CTA_TUPLE_ORIG, client, server))
    };
    Ctnetlink::open()?.request_all(numbers.map(one))
}

fn delete(family: u8, attributes: Vec<u8>) -> Request {
    Request { message: IPCTNL_MSG_CT_DELETE, flags: 0, family, attributes }
}
