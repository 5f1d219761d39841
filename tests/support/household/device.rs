//! A device at what it does: connections, and what goes over them.

use std::net::Ipv4Addr;

use conntrack_exporter::conntrack::flow::{Counters, Protocol};

use super::random::Random;
use super::router::{Connection, LAN_ADDRESS, Party, Router, Server, WAN_ADDRESS, packets};

/// What a segment of TCP carries over Ethernet, with timestamps; and its headers of layers 3 and 4.
const SEGMENT: u64 = 1448;
const TCP_HEADERS: u64 = 52;
const UDP_HEADERS: u64 = 28;

pub(crate) struct Device<'a> {
    pub(crate) router: &'a mut Router,
    pub(crate) random: &'a mut Random,
    pub(crate) party: Party,
    /// Whose the router's own connections are.
    pub(crate) router_owner: usize,
}

/// So many datagrams of so many bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Datagrams(pub(crate) u64, pub(crate) u64);

impl Device<'_> {
    pub(crate) const fn now(&self) -> u64 {
        self.router.now
    }

    /// A server of some service.
    pub(crate) fn server(&mut self, protocol: Protocol, port: u16) -> Server {
        let host = u8::try_from(self.random.among(1..=254)).unwrap();
        Server { protocol, address: Ipv4Addr::new(198, 51, 100, host), port }
    }

    /// A connection that is answered. A first packet of UDP is what is sent first.
    pub(crate) fn connect(&mut self, server: Server) -> Connection {
        let connection = self.router.call(self.party, server);
        if server.protocol == Protocol::TCP {
            self.router.carry(connection, packets(1, TCP_HEADERS), packets(1, 60));
        }
        connection
    }

    /// Asks the router for a name, which has two of three in its cache.
    pub(crate) fn resolve(&mut self) {
        let dns = |address| Server { protocol: Protocol::UDP, address, port: 53 };
        let query = self.connect(dns(LAN_ADDRESS));
        self.udp(query, Datagrams(1, 40), Datagrams(1, 120));
        if self.random.one_in(3) {
            let router = Party { owner: self.router_owner, address: WAN_ADDRESS };
            let query = self.router.call(router, dns(Ipv4Addr::new(9, 9, 9, 9)));
            self.udp(query, Datagrams(1, 51), Datagrams(1, 131));
        }
    }

    /// So many bytes go and come over TCP. Every second segment is acknowledged.
    pub(crate) fn tcp(&mut self, connection: Connection, sent: u64, received: u64) {
        let segments = [sent, received].map(|bytes| bytes.div_ceil(SEGMENT));
        let direction = |bytes: u64, data: u64, acknowledged: u64| {
            let all = data + acknowledged.div_ceil(2);
            packets(all, bytes + all * TCP_HEADERS)
        };
        let original = direction(sent, segments[0], segments[1]);
        let reply = direction(received, segments[1], segments[0]);
        self.router.carry(connection, original, reply);
    }

    /// Datagrams go and come.
    pub(crate) fn udp(&mut self, connection: Connection, sent: Datagrams, received: Datagrams) {
        let direction = |Datagrams(count, bytes)| packets(count, count * (bytes + UDP_HEADERS));
        self.router.carry(connection, direction(sent), direction(received));
    }

    /// A question and its answer over a new connection, which is closed at once.
    pub(crate) fn exchange(&mut self, server: Server, sent: u64, received: u64) {
        self.resolve();
        let connection = self.connect(server);
        self.tcp(connection, sent, received);
        self.router.finish(connection);
    }

    /// Nobody answers.
    pub(crate) fn knock(&mut self, server: Server) {
        let connection = self.router.call(self.party, server);
        // SYNs after one, three and seven seconds, told at once.
        self.router.carry(connection, packets(3, 180), Counters::default());
    }
}
