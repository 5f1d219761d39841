//! Known numbers of bytes, carried for real.

use std::io::{Read, copy, repeat, sink};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::thread;

use crate::connections::{at, udp};
use crate::namespace::Namespace;

/// How much one datagram holds: headers and all fit into an Ethernet frame.
const DATAGRAM: usize = 1200;

/// Carries bytes over an open connection: first up, from the client, then down.
pub(crate) fn exchange((near, far): &(TcpStream, TcpStream), up: u64, down: u64) {
    carry(near, far, up);
    carry(far, near, down);
}

fn carry(from: &TcpStream, to: &TcpStream, bytes: u64) {
    let (mut from, mut to) = (from, to);
    let received = thread::scope(|scope| {
        scope.spawn(move || copy(&mut repeat(b'.').take(bytes), &mut from).expect("an open connection"));
        copy(&mut Read::by_ref(&mut to).take(bytes), &mut sink())
    });
    assert_eq!(received.expect("an open connection"), bytes);
}

/// A client's socket and the server's, which answers it.
pub(crate) struct Datagrams {
    client: UdpSocket,
    server: UdpSocket,
}

impl Datagrams {
    pub(crate) fn between(client: &Namespace, server: &Namespace, address: SocketAddr) -> Self {
        let any = if address.is_ipv6() { at("::", 0) } else { at("0.0.0.0", 0) };
        let datagrams = Self { client: udp(client, any), server: udp(server, address) };
        datagrams.client.connect(address).expect("a way there");
        datagrams
    }

    /// Carries bytes both ways, each datagram once the one before it has arrived, so that none is lost.
    pub(crate) fn exchange(&self, up: u64, down: u64) {
        let mut left = [up, down].map(|bytes| usize::try_from(bytes).expect("no more than there is memory"));
        let mut buffer = [b'.'; DATAGRAM];
        while left != [0, 0] {
            let [there, back] = left.map(|bytes| bytes.min(DATAGRAM));
            self.client.send(part(&buffer, there)).expect("a way there");
            let (_, from) = self.server.recv_from(&mut buffer).expect("what was just sent");
            if back > 0 {
                self.server.send_to(part(&buffer, back), from).expect("a way back");
                self.client.recv(&mut buffer).expect("an answer");
            }
            let [up, down] = left;
            left = [up - there, down - back];
        }
    }
}

fn part(buffer: &[u8], length: usize) -> &[u8] {
    buffer.get(..length).expect("no more than a datagram holds")
}
