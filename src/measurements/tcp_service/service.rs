//! Which service a socket is of, and how many sockets each has.

use std::cmp::Reverse;
use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::proc_net::sockets::{Socket, TcpState};

/// Of so many services at most sockets are counted.
pub(super) const SERVICES_AT_MOST: usize = 8_192;

/// A service: that of the router at a port of its own, or one that it uses at a port of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Service {
    pub(super) role: Role,
    pub(super) port: u16,
}

/// Which side the router is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Role {
    Server,
    Client,
}

impl Role {
    /// The value of the tag.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Client => "client",
        }
    }
}

/// A set of ports: a bit for each.
#[derive(Clone, Debug)]
struct Ports(Box<[u64]>);

impl Default for Ports {
    fn default() -> Self {
        Self(vec![0; 1 << (16 - 6)].into_boxed_slice())
    }
}

impl Ports {
    fn clear(&mut self) {
        self.0.fill(0);
    }

    /// Whether it wasn't in it before.
    fn insert(&mut self, port: u16) -> bool {
        let bit = 1 << (port & 63);
        let Some(word) = self.0.get_mut(usize::from(port >> 6)) else { return false };
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }

    fn contains(&self, port: u16) -> bool {
        self.0.get(usize::from(port >> 6)).is_some_and(|word| word >> (port & 63) & 1 == 1)
    }
}

/// How many sockets of one service there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) connections: u64,
    pub(super) half_open: u64,
    pub(super) time_wait: u64,
    pub(super) close_wait: u64,
    /// In whatever state.
    pub(super) sockets: u64,
    /// Segments that are taken for lost, of connections.
    pub(super) lost: u64,
    /// Segments on their way, of connections.
    pub(super) unacked: u64,
}

/// The services of one reading. Its memory is that of [`SERVICES_AT_MOST`], and 24 KiB of bits.
#[derive(Clone, Debug, Default)]
pub(super) struct Services {
    /// At which ports of the router somebody waits.
    listening: Ports,
    /// Which services there are, whether there was room for them or not.
    servers: Ports,
    clients: Ports,
    met: usize,
    counts: HashMap<Service, Counts, RandomState>,
}

impl Services {
    /// Nothing was shown yet.
    pub(super) fn clear(&mut self) {
        for ports in [&mut self.listening, &mut self.servers, &mut self.clients] {
            ports.clear();
        }
        self.met = 0;
        self.counts.clear();
    }

    /// Counts a socket of TCP, and says which service it is of. One that listens is of none: whoever waits at its port
    /// is a server, and those that listen are shown before.
    pub(super) fn count(&mut self, socket: &Socket) -> Option<Service> {
        let local = socket.local.port();
        if socket.state == TcpState::Listen {
            self.listening.insert(local);
            return None;
        }
        let (role, port, met) = if self.listening.contains(local) {
            (Role::Server, local, &mut self.servers)
        } else {
            (Role::Client, socket.remote.port(), &mut self.clients)
        };
        self.met += usize::from(met.insert(port));
        let service = Service { role, port };
        let room = self.counts.len() < SERVICES_AT_MOST;
        let counts =
            if room { self.counts.entry(service).or_default() } else { self.counts.get_mut(&service)? };
        counts.sockets += 1;
        match socket.state {
            TcpState::Established => counts.connections += 1,
            TcpState::SynSent | TcpState::SynRecv => counts.half_open += 1,
            TcpState::TimeWait => counts.time_wait += 1,
            TcpState::CloseWait => counts.close_wait += 1,
            _ => {}
        }
        let info = socket.details.and_then(|details| details.tcp);
        if let Some(info) = info.filter(|_| socket.state == TcpState::Established) {
            counts.lost += u64::from(info.lost);
            counts.unacked += u64::from(info.unacked);
        }
        Some(service)
    }

    /// How many services there are.
    pub(super) const fn met(&self) -> usize {
        self.met
    }

    /// At most so many services: those with the most connections first, of these those with the most sockets.
    pub(super) fn busiest(&self, at_most: usize) -> Vec<(Service, Counts)> {
        let mut services: Vec<_> = self.counts.iter().map(|(service, counts)| (*service, *counts)).collect();
        services.sort_unstable_by_key(|(service, counts)| {
            (Reverse(counts.connections), Reverse(counts.sockets), *service)
        });
        services.truncate(at_most);
        services
    }
}
