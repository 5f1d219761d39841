//! Browsing: every so often a page, in a burst of new connections to many hosts.

use conntrack_exporter::conntrack::flow::Protocol;

use super::activity::Activity;
use super::device::{Datagrams, Device};
use super::router::Connection;

/// Bytes of a page.
const PAGE: u64 = 2_650_000;
/// How long a server waits for another request before it closes, in seconds.
const KEPT_ALIVE: u64 = 75;
const REQUEST: u64 = 600;
/// What a datagram of QUIC carries.
const QUIC: u64 = 1_250;

#[derive(Default)]
pub(crate) struct Browsing {
    next_page: u64,
    open: Vec<Open>,
}

struct Open {
    connection: Connection,
    is_quic: bool,
    /// Bytes that are still to come.
    left: u64,
    /// When it is closed.
    closes: u64,
}

impl Browsing {
    fn turn_to_a_page(&mut self, device: &mut Device<'_>) {
        let hosts = device.random.among(8..=14);
        for _ in 0..hosts {
            let is_quic = device.random.one_in(4);
            let protocol = if is_quic { Protocol::UDP } else { Protocol::TCP };
            let server = device.server(protocol, 443);
            device.resolve();
            let connection = device.connect(server);
            let left = PAGE / hosts * device.random.among(50..=150) / 100;
            self.open.push(Open { connection, is_quic, left, closes: device.now() + KEPT_ALIVE });
        }
        self.next_page = device.now() + device.random.among(15..=60);
    }
}

impl Open {
    fn fetch(&mut self, device: &mut Device<'_>) {
        let fetched = self.left.min(device.random.among(50_000..=250_000));
        self.left -= fetched;
        if self.is_quic {
            let count = fetched.div_ceil(QUIC);
            device.udp(self.connection, Datagrams(1 + count / 10, 60), Datagrams(count, QUIC));
        } else {
            device.tcp(self.connection, REQUEST, fetched);
        }
        self.closes = device.now() + KEPT_ALIVE;
    }
}

impl Activity for Browsing {
    fn second(&mut self, device: &mut Device<'_>) {
        if device.now() >= self.next_page {
            self.turn_to_a_page(device);
        }
        for open in self.open.iter_mut().filter(|open| open.left > 0) {
            open.fetch(device);
        }
        self.open.retain(|open| {
            let stays = device.now() < open.closes;
            // QUIC falls silent.
            if !stays && !open.is_quic {
                device.router.finish(open.connection);
            }
            stays
        });
    }

    fn end(&mut self, device: &mut Device<'_>) {
        let of_tcp = self.open.drain(..).filter(|open| !open.is_quic);
        of_tcp.for_each(|open| device.router.finish(open.connection));
    }
}
