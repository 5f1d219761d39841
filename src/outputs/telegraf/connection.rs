//! A UDP socket to one address, and what the network says of what went there.

use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::time::Duration;

use nix::cmsg_space;
use nix::errno::Errno;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg, setsockopt, sockopt};
use tokio::net::UdpSocket;
use tokio::time::timeout;

use super::route;

/// How long the kernel may take to accept one datagram.
const ACCEPTING_AT_MOST: Duration = Duration::from_secs(1);
/// As many errors are read at once: more than a receive buffer holds of them.
const ERRORS_AT_ONCE: usize = 1024;
/// `SO_EE_ORIGIN_ICMP` and `SO_EE_ORIGIN_ICMP6` of `linux/errqueue.h`: the error came as a message.
const FROM_THE_NETWORK: [u8; 2] = [2, 3];

/// Connected, so that the kernel matches errors to it; and with the errors in a queue (`IP_RECVERR`). Without the queue
/// it keeps one only, and none of those that it takes for passing (`icmp_err_convert`), such as that a neighbour does
/// not answer.
#[derive(Debug)]
pub(super) struct Connection {
    socket: UdpSocket,
    to: SocketAddr,
}

impl Connection {
    /// Connects; within a runtime. Nothing is sent.
    pub(super) fn open(to: SocketAddr) -> io::Result<Self> {
        let socket = route::connected(to)?;
        match to {
            SocketAddr::V4(_) => setsockopt(&socket, sockopt::Ipv4RecvErr, &true)?,
            SocketAddr::V6(_) => setsockopt(&socket, sockopt::Ipv6RecvErr, &true)?,
        }
        socket.set_nonblocking(true)?;
        Ok(Self { socket: UdpSocket::from_std(socket)?, to })
    }

    /// Where it leads.
    pub(super) const fn to(&self) -> SocketAddr {
        self.to
    }

    /// Where it comes from, by which one socket can be told from the next.
    #[cfg(test)]
    pub(super) fn from(&self) -> SocketAddr {
        self.socket.local_addr().unwrap()
    }

    /// Hands a datagram to the kernel. An error may speak of one before, and has then kept this one from going out;
    /// [`Connection::late_errors`] has it, too.
    pub(super) async fn send(&self, datagram: &[u8]) -> io::Result<()> {
        match timeout(ACCEPTING_AT_MOST, self.socket.send(datagram)).await {
            Ok(sent) => sent.map(|_| ()),
            Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "the kernel does not accept the datagram")),
        }
    }

    /// What the network has said since the last call, an error for each datagram that it lost (`ip_recv_error`).
    pub(super) fn late_errors(&self) -> Vec<Errno> {
        let errors = std::iter::from_fn(|| self.next_error().ok());
        errors.take(ERRORS_AT_ONCE).flatten().collect()
    }

    /// Takes the next error from the queue; none in it if it is of the kernel's own, which `send` has returned.
    fn next_error(&self) -> Result<Option<Errno>, Errno> {
        // Of the datagram that comes back with the error nothing is needed.
        let mut datagram = [0; 1];
        // An error and the address of whoever tells of it, as of IPv6.
        let mut space = cmsg_space!([u8; 64]);
        let mut parts = [IoSliceMut::new(&mut datagram)];
        let message =
            recvmsg::<()>(self.socket.as_raw_fd(), &mut parts, Some(&mut space), MsgFlags::MSG_ERRQUEUE)?;
        let error = message.cmsgs()?.find_map(|part| match part {
            ControlMessageOwned::Ipv4RecvErr(error, _) | ControlMessageOwned::Ipv6RecvErr(error, _) => {
                Some(error)
            }
            _ => None,
        });
        let from_the_network = error.filter(|error| FROM_THE_NETWORK.contains(&error.ee_origin));
        Ok(from_the_network.map(|error| Errno::from_raw(error.ee_errno.cast_signed())))
    }
}
