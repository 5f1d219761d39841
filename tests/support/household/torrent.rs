//! A torrent: many hosts at high ports, some of which call in, and uploads to those that give most.

use std::net::Ipv4Addr;

use conntrack_exporter::conntrack::flow::Protocol;

use super::activity::Activity;
use super::device::{Datagrams, Device};
use super::router::{Connection, Server};

/// Fewer than Transmission's 50: together with strangers they stay below the 64 hosts that are told exactly.
const PEERS: usize = 44;
/// How many of them send to us, and to how many we send.
const SENDING: usize = 15;
const UPLOADS: usize = 4;
/// How often it is decided anew who gets anything, in seconds.
const RECHOKED: u64 = 10;
const BLOCK: u64 = 16 * 1024;
const HANDSHAKE_AND_BITFIELD: u64 = 68 + 600;
const HAVE: u64 = 9;
/// Where we are called.
const PORT: u16 = 51_413;
/// What a datagram of uTP carries, and its header.
const UTP: u64 = 1_380;
const UTP_HEADER: u64 = 20;

#[derive(Default)]
pub(crate) struct Torrent {
    peers: Vec<Peer>,
    met: u64,
    /// Where the list of peers turns at each choking.
    turn: usize,
}

struct Peer {
    connection: Connection,
    speaks_tcp: bool,
    called_us: bool,
}

impl Torrent {
    /// Another peer, at an address and port that nobody had.
    fn stranger(&mut self, protocol: Protocol) -> Server {
        self.met += 1;
        let host = u8::try_from(1 + self.met % 250).unwrap();
        let port = u16::try_from(10_000 + self.met * 7_919 % 50_000).unwrap();
        Server { protocol, address: Ipv4Addr::new(192, 0, 2, host), port }
    }

    /// One in three doesn't answer, one in three calls us.
    fn meet(&mut self, device: &mut Device<'_>) {
        let speaks_tcp = device.random.one_in(2);
        let stranger = self.stranger(if speaks_tcp { Protocol::TCP } else { Protocol::UDP });
        let (connection, called_us) = match device.random.among(0..=2) {
            0 => return device.knock(Server { protocol: Protocol::TCP, ..stranger }),
            1 => (device.router.accept(stranger, device.party, PORT), true),
            _ => (device.connect(stranger), false),
        };
        let peer = Peer { connection, speaks_tcp, called_us };
        peer.exchange(device, HANDSHAKE_AND_BITFIELD, HANDSHAKE_AND_BITFIELD);
        self.peers.push(peer);
    }

    /// Asks a node of the distributed table where more peers are.
    fn ask_node(&mut self, device: &mut Device<'_>) {
        let node = self.stranger(Protocol::UDP);
        let query = device.router.call_from(device.party, PORT, node);
        let answer = if device.random.one_in(4) { Datagrams::default() } else { Datagrams(1, 300) };
        device.udp(query, Datagrams(1, 100), answer);
    }

    fn leave(&mut self, device: &mut Device<'_>, place: usize) {
        let Peer { connection, speaks_tcp, .. } = self.peers.swap_remove(place);
        match (speaks_tcp, device.random.one_in(2)) {
            (true, true) => device.router.finish(connection),
            (true, false) => device.router.reset(connection),
            (false, _) => {}
        }
    }
}

impl Peer {
    /// So many bytes are sent and received.
    fn exchange(&self, device: &mut Device<'_>, sent: u64, received: u64) {
        let (original, reply) = if self.called_us { (received, sent) } else { (sent, received) };
        if self.speaks_tcp {
            device.tcp(self.connection, original, reply);
            return;
        }
        let datagrams = |bytes: u64, acknowledged: u64| {
            let count = bytes.div_ceil(UTP) + acknowledged.div_ceil(UTP).div_ceil(2);
            Datagrams(count, bytes / count.max(1) + UTP_HEADER)
        };
        device.udp(self.connection, datagrams(original, reply), datagrams(reply, original));
    }
}

impl Activity for Torrent {
    fn second(&mut self, device: &mut Device<'_>) {
        if self.peers.len() < PEERS {
            self.meet(device);
        }
        if device.random.one_in(8) {
            self.ask_node(device);
        }
        if device.now().is_multiple_of(RECHOKED) && !self.peers.is_empty() {
            self.turn = usize::try_from(device.random.next() % self.peers.len() as u64).unwrap();
        }
        let turned = self.peers.iter().cycle().skip(self.turn).take(self.peers.len());
        for (place, peer) in turned.enumerate() {
            let sent = if place < UPLOADS { device.random.among(2..=6) * BLOCK } else { 0 };
            let received = if place < SENDING { device.random.among(1..=8) * BLOCK } else { 0 };
            let have = if device.random.one_in(5) { HAVE } else { 0 };
            if sent + received + have > 0 {
                peer.exchange(device, sent + have, received + have);
            }
        }
        if device.random.one_in(10) && self.peers.len() > PEERS / 2 {
            let place = usize::try_from(device.random.next() % self.peers.len() as u64).unwrap();
            self.leave(device, place);
        }
    }

    fn end(&mut self, device: &mut Device<'_>) {
        while !self.peers.is_empty() {
            self.leave(device, 0);
        }
    }
}
