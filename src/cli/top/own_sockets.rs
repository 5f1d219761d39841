//! The router's own connections have a socket: which process holds it, and how it fares.

use std::collections::{BTreeSet, HashMap};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use foldhash::fast::RandomState;

use crate::conntrack::flow::{Endpoint, Protocol};
use crate::flow_list::ListedFlow;
use crate::proc_net::sockets::processes::ProcessFinder;
use crate::proc_net::sockets::{Socket, SocketReader, TcpInfo, Transport, Wanted};
use crate::root::Root;

/// What the socket of a connection tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct OwnSocket {
    /// Who holds it, if that may be seen.
    pub(super) process: Option<Rc<str>>,
    /// The smoothed round-trip time, in microseconds, where the kernel has `INET_DIAG`.
    pub(super) rtt_us: Option<u32>,
    /// Segments that were sent again so far, likewise.
    pub(super) retransmitted: Option<u32>,
}

/// Both ends of a connection over TCP: the own one, and the other.
pub(super) type Ends = (SocketAddr, SocketAddr);

/// Reads sockets, and remembers who holds them.
#[derive(Debug, Default)]
pub(super) struct OwnSockets {
    reader: SocketReader,
    processes: ProcessFinder,
}

impl OwnSockets {
    /// The sockets of those of the connections that are over TCP and `router`'s own, at `boot` (time since boot). Where
    /// sockets can't be read there are none: what is shown of the table doesn't depend on them.
    pub(super) fn find(
        &mut self,
        root: &Root,
        flows: &[ListedFlow],
        router: &str,
        boot: Duration,
    ) -> HashMap<Ends, OwnSocket, RandomState> {
        let wanted: BTreeSet<Ends> = flows.iter().filter_map(|flow| ends(flow, router)).collect();
        let mut found: HashMap<Ends, Socket, RandomState> = HashMap::default();
        if wanted.is_empty() {
            return HashMap::default();
        }
        let read = self.reader.read(root, Wanted::Details, &mut |socket| {
            let ends = (plain(socket.local), plain(socket.remote));
            if socket.transport == Transport::Tcp && wanted.contains(&ends) {
                found.insert(ends, *socket);
            }
        });
        if read.is_err() {
            return HashMap::default();
        }
        let inodes: Vec<u64> = found.values().map(|socket| socket.inode).collect();
        let holders = self.processes.holders(root, &inodes, boot);
        let told = found.into_iter().map(|(ends, socket)| {
            let process = holders.get(&socket.inode).map(|process| Rc::clone(&process.name));
            (ends, OwnSocket::of(&socket, process))
        });
        told.collect()
    }
}

impl OwnSocket {
    fn of(socket: &Socket, process: Option<Rc<str>>) -> Self {
        let info: Option<TcpInfo> = socket.details.and_then(|details| details.tcp);
        Self {
            process,
            // Nothing was measured yet.
            rtt_us: info.map(|info| info.rtt_us).filter(|rtt| *rtt > 0),
            retransmitted: info.map(|info| info.total_retransmitted),
        }
    }
}

/// The ends of a connection that has a socket here, if it is one.
pub(super) fn ends(listed: &ListedFlow, router: &str) -> Option<Ends> {
    let is_own = listed.flow.protocol == Protocol::TCP && *listed.device == *router;
    is_own.then(|| (address(listed.local()), address(listed.remote)))
}

const fn address(Endpoint { address, port }: Endpoint) -> SocketAddr {
    SocketAddr::new(address, port)
}

/// IPv4 that came in on a socket of IPv6 is IPv4 in the table.
fn plain(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow_list::fixture::{flow, inbound};
    use crate::test_directory::TestDirectory;

    /// In the form of `/proc/net/tcp6`: SSH from 198.51.100.7:5000 to 203.0.113.10:22, over a socket of IPv6.
    const MAPPED: &str = "\
  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0000000000000000FFFF00000A7100CB:0016 0000000000000000FFFF0000076433C6:1388 01 00000000:00000000 02:0009 00000000     0        0 4711 2 0000000000000000 20 4 30 10 -1
";

    #[test]
    fn a_connection_of_the_routers_own_is_found_by_its_ends() {
        let place = TestDirectory::new("top-own-sockets");
        std::fs::create_dir_all(place.join("proc/net")).unwrap();
        for (name, text) in [("tcp6", MAPPED), ("tcp", "  sl\n"), ("udp", "  sl\n")] {
            std::fs::write(place.join("proc/net").join(name), text).unwrap();
        }
        let root = Root::replay(&*place);
        let ssh = inbound("router", "203.0.113.10:22", "198.51.100.7:5000");
        let same_of_another = inbound("nas", "203.0.113.10:22", "198.51.100.7:5000");
        let other = flow("router", "203.0.113.10:40000", "198.51.100.7:443");
        let mut sockets = OwnSockets::default();
        let found = sockets.find(&root, &[ssh.clone(), other.clone()], "router", Duration::ZERO);
        let of = |flow| ends(flow, "router").and_then(|ends| found.get(&ends));
        assert_eq!(of(&ssh), Some(&OwnSocket::default()), "files tell neither process nor round-trip time");
        assert_eq!((of(&other), of(&same_of_another)), (None, None));
        assert!(sockets.find(&root, &[same_of_another], "router", Duration::ZERO).is_empty());
        let nothing = Root::replay(place.join("nowhere"));
        assert!(sockets.find(&nothing, &[ssh], "router", Duration::ZERO).is_empty());
    }
}
