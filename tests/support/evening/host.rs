//! A device at what it does: it opens connections and lets bytes go over them.

use std::net::Ipv4Addr;
use std::ops::RangeInclusive;

use conntrack_exporter::conntrack::flow::Protocol;

use super::line::{Both, Line, MEGABIT};
use super::stream::{Far, Stream, Transport};
use super::streams::{StreamId, Streams};
use crate::household::device::{Datagrams, Device};
use crate::household::router::Server;

pub(crate) struct Host<'a> {
    pub(crate) device: Device<'a>,
    pub(crate) streams: &'a mut Streams,
    pub(crate) line: Line,
}

impl Host<'_> {
    pub(crate) const fn now(&self) -> u64 {
        self.device.now()
    }

    /// By chance, one of a range.
    pub(crate) const fn among(&mut self, range: RangeInclusive<u64>) -> u64 {
        self.device.random.among(range)
    }

    /// By chance, one of a list.
    pub(crate) fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[usize::try_from(self.device.random.next() % choices.len() as u64).unwrap()]
    }

    pub(crate) const fn one_in(&mut self, times: u64) -> bool {
        self.device.random.one_in(times)
    }

    /// A server of some service, anywhere: half of the addresses that RFC 2544 keeps for benchmarks.
    pub(crate) fn server(&mut self, transport: Transport, port: u16) -> Server {
        let [network, host] =
            [self.among(0..=255), self.among(1..=254)].map(|part| u8::try_from(part).unwrap());
        Server { protocol: transport.protocol(), address: Ipv4Addr::new(198, 19, network, host), port }
    }

    /// Somebody's home: the other half, any port above those of services.
    pub(crate) fn stranger(&mut self, protocol: Protocol) -> Server {
        let [network, host] =
            [self.among(0..=255), self.among(1..=254)].map(|part| u8::try_from(part).unwrap());
        let port = u16::try_from(self.among(1_025..=65_535)).unwrap();
        Server { protocol, address: Ipv4Addr::new(198, 18, network, host), port }
    }

    /// Another server of the same network.
    pub(crate) fn neighbour(&mut self, server: Server) -> Server {
        let [a, b, c, _] = server.address.octets();
        let host = u8::try_from(self.among(1..=254)).unwrap();
        Server { address: Ipv4Addr::new(a, b, c, host), ..server }
    }

    /// A well-connected server's side: 10 to 40 ms away, hundreds of Mbit/s.
    pub(crate) const fn far(&mut self) -> Far {
        Far { ceiling: Both::each(self.among(200..=900) * MEGABIT), distance: self.among(8..=40) }
    }

    /// A connection to a server whose name is asked for first.
    pub(crate) fn call(&mut self, server: Server, transport: Transport, far: Far) -> StreamId {
        self.device.resolve();
        self.connect(server, transport, far)
    }

    /// The same to an address that is known.
    pub(crate) fn connect(&mut self, server: Server, transport: Transport, far: Far) -> StreamId {
        let connection = self.device.connect(server);
        let id = self.streams.join(connection, self.device.party.owner, far, transport, false);
        // The greeting of TLS 1.3, with a certificate.
        self.queue(id, Both { down: 4_000, up: 700 });
        id
    }

    /// A flow of datagrams on a clock: nothing goes over it but what is said.
    pub(crate) fn media(&mut self, server: Server) -> StreamId {
        let connection = self.device.connect(server);
        self.streams.join(connection, self.device.party.owner, UNBOUNDED, QUIC, false)
    }

    /// The same from a port of one's own choice, which other flows may use as well.
    pub(crate) fn media_from(&mut self, port: u16, server: Server) -> StreamId {
        let connection = self.device.router.call_from(self.device.party, port, server);
        self.streams.join(connection, self.device.party.owner, UNBOUNDED, QUIC, false)
    }

    /// A new service: any server of it, by TCP or QUIC, at port 443.
    pub(crate) fn service(&mut self, transport: Transport) -> StreamId {
        let (server, far) = (self.server(transport, 443), self.far());
        self.call(server, transport, far)
    }

    /// So many bytes wait to come and to go.
    pub(crate) fn queue(&mut self, id: StreamId, bytes: Both) {
        if let Some(stream) = self.streams.get_mut(id) {
            stream.left += bytes;
        }
    }

    /// Asks for so many bytes.
    pub(crate) fn fetch(&mut self, id: StreamId, down: u64) {
        self.queue(id, Both { down, up: REQUEST });
    }

    pub(crate) fn say(&mut self, id: StreamId, sent: Datagrams, received: Datagrams) {
        self.streams.say(id, sent, received);
    }

    pub(crate) fn left(&self, id: StreamId) -> Both {
        self.streams.get(id).map_or(Both::default(), |stream| stream.left)
    }

    pub(crate) fn stream(&self, id: StreamId) -> Option<&Stream> {
        self.streams.get(id)
    }

    pub(crate) fn finish(&mut self, id: StreamId) {
        self.streams.finish(self.device.router, id);
    }

    pub(crate) fn reset(&mut self, id: StreamId) {
        self.streams.reset(self.device.router, id);
    }

    /// A question to any server over a new connection of TCP, which is closed after its answer.
    pub(crate) fn exchange(&mut self, sent: u64, received: u64) {
        let server = self.server(Transport::Tcp, 443);
        self.device.exchange(server, 700 + sent, 4_000 + received);
    }
}

/// Whoever sends on a clock is bounded by that alone.
const UNBOUNDED: Far = Far { ceiling: Both::each(1_000 * MEGABIT), distance: 20 };
/// Bytes of a request of HTTP with its cookies.
pub(crate) const REQUEST: u64 = 700;
/// Datagrams of QUIC as Chromium sends them at first (RFC 9000 wants 1200 at least).
pub(crate) const QUIC: Transport = Transport::Quic(1_250);
