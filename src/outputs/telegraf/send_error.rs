//! Why something was not sent, or did not arrive.

use std::io;
use std::net::SocketAddr;

use nix::errno::Errno;

use super::resolver::ResolveError;

/// Why something was not sent, or did not arrive.
#[derive(Debug, thiserror::Error)]
pub(super) enum SendError {
    /// There is no address.
    #[error(transparent)]
    Unresolved(#[from] ResolveError),
    /// At the address that was configured, which every message names.
    #[error("{0}")]
    There(io::Error),
    /// At this address of the name that was configured.
    #[error("{0}: {1}")]
    At(SocketAddr, io::Error),
}

/// Whether this is of the address and the way there, so that another may do better. A datagram that is too large, a full
/// queue (`udp_send_skb`) or too few descriptors are not.
pub(super) fn speaks_of_the_way(error: &io::Error) -> bool {
    let of_the_router = [
        Errno::EMSGSIZE,
        Errno::ENOBUFS,
        Errno::ENOMEM,
        Errno::EAGAIN,
        Errno::EINTR,
        Errno::EMFILE,
        Errno::ENFILE,
    ];
    error.raw_os_error().is_some_and(|errno| !of_the_router.contains(&Errno::from_raw(errno)))
}
