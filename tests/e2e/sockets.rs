//! Connections over a bad line, and a router whose sockets are in every state that they can be in.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::thread;

use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, SockaddrStorage, bind, connect, listen as listen_at,
    setsockopt, socket, sockopt,
};

use crate::connections::{at, established, listen, refused, unanswered};
use crate::kernel_files::{counter, kernel};
use crate::line::{INTERNET, INTERNET_V6, Line, ROUTER, ROUTER_V6};
use crate::namespace::Namespace;
use crate::wait::{PATIENCE, until};

/// What each end of each connection sends.
const BYTES: usize = 400_000;

/// How often a question is asked, and answered, over each connection: the last packet of many is lost, which only a probe
/// finds out soon.
const QUESTIONS: usize = 30;

/// Ports of the router and the internet alike: where connections are accepted, where not enough are, and where none.
const OPEN: u16 = 443;
const CROWDED: u16 = 7001;
const CLOSED: u16 = 7002;

/// One connection.
struct Connection {
    router: TcpStream,
    internet: TcpStream,
}

/// All that is open.
pub(crate) struct Sockets {
    connections: Vec<Connection>,
    /// What nothing is done with any more.
    kept: Vec<OwnedFd>,
}

impl Sockets {
    /// Opens eight connections, half of them from each side and half of them over IPv6, and sends over all at once.
    pub(crate) fn exchange(line: &Line) -> Self {
        let mut connections = Vec::new();
        let mut listening = Vec::new();
        for (v4, v6, is_the_routers) in [(ROUTER, ROUTER_V6, true), (INTERNET, INTERNET_V6, false)] {
            let (server, client) =
                if is_the_routers { (&line.router, &line.internet) } else { (&line.internet, &line.router) };
            for address in [v4, v6] {
                let listener = listen(server, at(address, OPEN));
                for _ in 0..2 {
                    let (near, far) = established(client, at(address, OPEN), &listener);
                    let (router, internet) = if is_the_routers { (far, near) } else { (near, far) };
                    connections.push(Connection { router, internet });
                }
                listening.push(OwnedFd::from(listener));
            }
        }
        thread::scope(|scope| {
            for connection in &connections {
                for end in [&connection.router, &connection.internet] {
                    scope.spawn(|| (&*end).write_all(&vec![b'x'; BYTES]).expect("an open connection"));
                    scope.spawn(|| (&*end).read_exact(&mut vec![0; BYTES]).expect("an open connection"));
                }
            }
        });
        thread::scope(|scope| {
            for connection in &connections {
                scope.spawn(|| (0..QUESTIONS).for_each(|_| ask(connection)));
            }
        });
        for address in [INTERNET, INTERNET_V6] {
            refused(&line.router, at(address, CLOSED));
        }
        for address in [ROUTER, ROUTER_V6] {
            refused(&line.internet, at(address, CLOSED));
        }
        let mut sockets = Self { connections, kept: listening };
        sockets.crowd(line);
        sockets.send_datagrams(line);
        until("the last acknowledgements", || (queued(&line.router) == 0).then_some(()));
        sockets
    }

    /// More connections than anybody accepts: those that find no room are turned away.
    fn crowd(&mut self, line: &Line) {
        let full = line.router.enter(|| {
            let full = socket(AddressFamily::Inet, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
            bind(full.as_raw_fd(), &SockaddrStorage::from(at(ROUTER, CROWDED)))?;
            listen_at(&full, Backlog::new(1)?)?;
            Ok::<_, Errno>(full)
        });
        self.kept.push(full.expect("a free port of the router's"));
        for _ in 0..2 {
            // The kernel has room for one more than it was told.
            let waiting = line.internet.enter(|| TcpStream::connect_timeout(&at(ROUTER, CROWDED), PATIENCE));
            self.kept.push(waiting.expect("room for two").into());
        }
        self.kept.extend((0..3).map(|_| begin_connecting(&line.internet, at(ROUTER, CROWDED))));
        until("a crowd", || {
            let turned_away = counter(&kernel(&line.router), "TcpExtListenOverflows");
            turned_away.filter(|turned_away| *turned_away > 0.0)
        });
    }

    /// Datagrams to where somebody listens, and to where nobody does.
    fn send_datagrams(&mut self, line: &Line) {
        for (from, address) in
            [(&line.router, INTERNET), (&line.internet, ROUTER), (&line.internet, ROUTER_V6)]
        {
            self.kept.extend((0..5).map(|_| unanswered(from, at(address, CLOSED)).into()));
        }
    }

    /// Brings sockets of the router's into every state that `/proc/net/tcp` knows but for `CLOSE`, in which none is listed,
    /// and takes the line away.
    pub(crate) fn stand_still(mut self, line: &Line) -> Self {
        let router = &line.router;
        let reached = |state: &str, count: usize| {
            until(&format!("state {state}"), || (states(router).get(state) == Some(&count)).then_some(()));
        };
        let mut next = || self.connections.pop().expect("enough connections");
        let [closing, finishing, last, left, half, over] = [next(), next(), next(), next(), next(), next()];
        // TIME_WAIT
        drop(over.router);
        drop(over.internet);
        reached("06", 1);
        // FIN_WAIT2
        half.router.shutdown(Shutdown::Write).expect("an open connection");
        reached("05", 1);
        // CLOSE_WAIT
        drop((left.internet, last.internet));
        reached("08", 2);
        Line::cut(&line.internet);
        // LAST_ACK, FIN_WAIT1, CLOSING
        drop(last.router);
        finishing.router.shutdown(Shutdown::Write).expect("an open connection");
        closing.router.shutdown(Shutdown::Write).expect("an open connection");
        closing.internet.shutdown(Shutdown::Write).expect("an open connection");
        reached("0B", 1);
        // SYN_RECV: the answer doesn't arrive.
        self.kept.push(begin_connecting(&line.internet, at(ROUTER, OPEN)));
        until("a half-open connection", || states(router).contains_key("03").then_some(()));
        // SYN_SENT
        self.kept.push(begin_connecting(router, at(INTERNET, OPEN)));
        Line::cut(router);
        let kept = [closing, finishing, half].into_iter().flat_map(|one| [one.router, one.internet]);
        self.kept.extend(kept.chain([left.router]).map(OwnedFd::from));
        let states = states(router);
        let counted = ["02", "04", "05", "06", "08", "09", "0B"].map(|state| states.get(state).copied());
        assert_eq!(counted, [Some(1); 7], "{states:?}");
        assert!(["01", "03", "0A"].iter().all(|state| states.contains_key(*state)), "{states:?}");
        self
    }
}

/// What Telegraf counts in another way: two datagram sockets of one address, and sockets that belong to no network.
pub(crate) struct Oddities {
    _twins: [OwnedFd; 2],
    _datagrams: [UnixDatagram; 2],
    _streams: (UnixStream, UnixStream),
}

impl Oddities {
    pub(crate) fn open(router: &Namespace) -> Self {
        let twin = || {
            let twin = socket(AddressFamily::Inet, SockType::Datagram, SockFlag::SOCK_CLOEXEC, None)?;
            setsockopt(&twin, sockopt::ReusePort, &true)?;
            bind(twin.as_raw_fd(), &SockaddrStorage::from(at(ROUTER, 5353)))?;
            Ok::<_, Errno>(twin)
        };
        router.enter(|| Self {
            _twins: [(); 2].map(|()| twin().expect("a port for two")),
            _datagrams: [(); 2].map(|()| UnixDatagram::unbound().expect("a socket")),
            _streams: UnixStream::pair().expect("two sockets"),
        })
    }
}

/// The router asks, and is answered.
fn ask(connection: &Connection) {
    let (mut near, mut far) = (&connection.router, &connection.internet);
    near.write_all(b"?").expect("an open connection");
    far.read_exact(&mut [0; 1]).expect("a question");
    far.write_all(b"!").expect("an open connection");
    near.read_exact(&mut [0; 1]).expect("an answer");
}

/// How many sockets of TCP are in which state, by the kernel's own numbers.
pub(crate) fn states(host: &Namespace) -> BTreeMap<String, usize> {
    let mut states = BTreeMap::new();
    for row in rows(host) {
        *states.entry(row.get(3).expect("a state").clone()).or_default() += 1;
    }
    states
}

/// How many connections have sent what was not acknowledged yet.
fn queued(host: &Namespace) -> usize {
    // What a listening socket has there is no data, and the kernel prints 0.
    rows(host).iter().filter(|row| row.get(4).is_none_or(|queues| !queues.starts_with("00000000:"))).count()
}

/// What the kernel prints of each socket of TCP.
fn rows(host: &Namespace) -> Vec<Vec<String>> {
    let texts = host
        .enter(|| ["tcp", "tcp6"].map(|file| fs::read_to_string(format!("/proc/thread-self/net/{file}"))));
    let texts = texts.map(|text| text.expect("the kernel's list of sockets"));
    let lines = texts.iter().flat_map(|text| text.lines().skip(1));
    lines.map(|line| line.split_whitespace().map(str::to_owned).collect()).collect()
}

/// Sends the first packet of a connection and doesn't wait.
fn begin_connecting(host: &Namespace, address: SocketAddr) -> OwnedFd {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let begun = host.enter(|| {
        let begun = socket(AddressFamily::Inet, SockType::Stream, flags, None)?;
        match connect(begun.as_raw_fd(), &SockaddrStorage::from(address)) {
            Err(Errno::EINPROGRESS) | Ok(()) => Ok(begun),
            Err(error) => Err(error),
        }
    });
    begun.unwrap_or_else(|error| panic!("connecting to {address}: {error}"))
}
