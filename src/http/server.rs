//! The server: accepts connections, as many as it may have.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use axum::Router;
use nix::sys::resource::{Resource, getrlimit};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::{Id, JoinSet};
use tokio::time::sleep;
use tracing::{info, warn};

use super::connection;
use super::guard::Ends;
use super::routes::{Last, router};
use crate::edge_log::EdgeLog;

/// How many connections there may be at once.
const CONNECTIONS_AT_MOST: usize = 64;
/// How many of them from one address, so that nobody keeps others out.
const CONNECTIONS_OF_ONE_AT_MOST: usize = 8;
/// Descriptors that are left to the rest of the program: a snapshot must never lack one.
const DESCRIPTORS_OF_OTHERS: u64 = 64;
/// How many connections the kernel keeps that were not accepted yet.
const BACKLOG: u32 = 128;
/// What the kernel keeps of a connection, in bytes.
const SEND_BUFFER: u32 = 64 * 1024;
const RECEIVE_BUFFER: u32 = 16 * 1024;
/// How long nobody is accepted after that has failed.
const PAUSE: Duration = Duration::from_secs(1);

/// A server. Dropped, it stops, and all of its connections end.
#[derive(Debug)]
pub(super) struct Server {
    _accepting: JoinSet<()>,
}

impl Server {
    /// Begins to listen. Within a runtime.
    pub(super) fn start(address: SocketAddr, last: Last) -> io::Result<Self> {
        let at_most = connections_at_most()?;
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        // After a restart connections of the last run may still be ending.
        socket.set_reuseaddr(true)?;
        // Connections inherit both. The kernel would give each megabytes, for whoever doesn't read.
        socket.set_send_buffer_size(SEND_BUFFER)?;
        socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
        socket.bind(address)?;
        let listener = socket.listen(BACKLOG)?;
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(listener, last, at_most));
        Ok(Self { _accepting: accepting })
    }
}

/// So many that descriptors are left for everything else.
fn connections_at_most() -> io::Result<usize> {
    // What isn't known is as usual.
    let limit = getrlimit(Resource::RLIMIT_NOFILE).map_or(u64::MAX, |(soft, _)| soft);
    let left = usize::try_from(limit.saturating_sub(DESCRIPTORS_OF_OTHERS)).unwrap_or(usize::MAX);
    if left == 0 {
        let text = format!("the limit of descriptors ({limit}) leaves none for connections");
        return Err(io::Error::other(text));
    }
    Ok(left.min(CONNECTIONS_AT_MOST))
}

async fn accept(listener: TcpListener, last: Last, at_most: usize) {
    let mut connections = Connections {
        router: router(last.clone()),
        last,
        at_most,
        tasks: JoinSet::new(),
        peers: HashMap::new(),
    };
    let mut failing = EdgeLog::default();
    loop {
        tokio::select! {
            Some(ended) = connections.tasks.join_next_with_id() => connections.forget(ended.map_or_else(|error| error.id(), |(id, ())| id)),
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    if failing.ends() {
                        info!("connections are accepted again");
                    }
                    connections.begin(stream);
                }
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    if failing.begins() {
                        warn!("no connection can be accepted: {error}");
                    }
                    sleep(PAUSE).await;
                }
            },
        }
    }
}

/// Whether it is over already, and nothing is wrong here (`accept(2)`).
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

/// Those that there are.
struct Connections {
    router: Router,
    last: Last,
    at_most: usize,
    tasks: JoinSet<()>,
    peers: HashMap<Id, IpAddr>,
}

impl Connections {
    /// Serves whoever may look. Others, and who is too much, are closed at once, before anything of theirs is read: in the
    /// backlog they would keep others waiting.
    fn begin(&mut self, stream: TcpStream) {
        let (Ok(peer), Ok(local)) = (stream.peer_addr(), stream.local_addr()) else { return };
        let ends = Ends { peer: peer.ip().to_canonical(), local: local.ip().to_canonical() };
        let household = household(ends.peer);
        let of_peer = self.peers.values().filter(|peer| **peer == household).count();
        let has_room = self.tasks.len() < self.at_most && of_peer < CONNECTIONS_OF_ONE_AT_MOST;
        if !has_room || !self.last.borrow().guard.admits(ends.peer) {
            return;
        }
        // Answers are short, and nobody is to wait for the kernel to gather more.
        let _ = stream.set_nodelay(true);
        let task = self.tasks.spawn(connection::serve(stream, ends, self.router.clone(), self.last.clone()));
        self.peers.insert(task.id(), household);
    }

    fn forget(&mut self, id: Id) {
        self.peers.remove(&id);
    }
}

/// Who is counted as one: of IPv6 whoever has the same /64, in which a host has as many addresses as it likes.
fn household(peer: IpAddr) -> IpAddr {
    match peer {
        IpAddr::V4(_) => peer,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_one_however_many_addresses_it_has() {
        let same =
            |one: &str, other: &str| household(one.parse().unwrap()) == household(other.parse().unwrap());
        assert!(same("fd00:8::1", "fd00:8::ffff:1") && !same("fd00:8::1", "fd00:8:0:1::1"));
        assert!(same("192.168.8.2", "192.168.8.2") && !same("192.168.8.2", "192.168.8.3"));
    }

    #[test]
    fn descriptors_are_left_for_the_table() {
        assert!((1..=CONNECTIONS_AT_MOST).contains(&connections_at_most().unwrap()));
    }
}
