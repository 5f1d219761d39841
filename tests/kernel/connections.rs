//! Known connections of every kind, made for real.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, SockaddrStorage, bind, connect, recv, sendto,
    setsockopt, socket, sockopt,
};
use nix::sys::time::{TimeVal, TimeValLike};

use crate::namespace::Namespace;
use crate::wait::PATIENCE;

/// An address and port in text, as they are written in URLs.
pub(crate) fn at(address: &str, port: u16) -> SocketAddr {
    SocketAddr::new(address.parse().expect("an address"), port)
}

pub(crate) fn listen(host: &Namespace, address: SocketAddr) -> TcpListener {
    host.enter(|| TcpListener::bind(address)).expect("a free port of the host's")
}

/// A TCP connection, open at both ends: the client's and the server's.
pub(crate) fn established(
    client: &Namespace,
    address: SocketAddr,
    server: &TcpListener,
) -> (TcpStream, TcpStream) {
    let near = client.enter(|| TcpStream::connect_timeout(&address, PATIENCE));
    accepted(near.unwrap_or_else(|error| panic!("connecting to {address}: {error}")), server)
}

/// A TCP connection like [`established`], from an address of the client's choice.
pub(crate) fn established_from(
    client: &Namespace,
    from: SocketAddr,
    address: SocketAddr,
    server: &TcpListener,
) -> (TcpStream, TcpStream) {
    let near = connect_from(client, from, address, TimeVal::seconds(10));
    accepted(near.unwrap_or_else(|error| panic!("connecting from {from} to {address}: {error}")), server)
}

/// Connects from an address of the client's choice, and waits no longer than so long.
pub(crate) fn connect_from(
    client: &Namespace,
    from: SocketAddr,
    address: SocketAddr,
    patience: TimeVal,
) -> Result<TcpStream, Errno> {
    let family = if from.is_ipv6() { AddressFamily::Inet6 } else { AddressFamily::Inet };
    client.enter(|| {
        let near = socket(family, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
        // This holds for connecting, too.
        setsockopt(&near, sockopt::SendTimeout, &patience)?;
        bind(near.as_raw_fd(), &SockaddrStorage::from(from))?;
        connect(near.as_raw_fd(), &SockaddrStorage::from(address))?;
        Ok(TcpStream::from(near))
    })
}

/// Both ends of a connection that was just made.
fn accepted(near: TcpStream, server: &TcpListener) -> (TcpStream, TcpStream) {
    let (far, _) = server.accept().expect("a connection that was just made");
    for end in [&near, &far] {
        end.set_read_timeout(Some(PATIENCE)).expect("a timeout above zero");
    }
    (near, far)
}

/// Ends a connection from both sides, the client first; it stays in the table in state `TIME_WAIT`.
pub(crate) fn finish((near, mut far): (TcpStream, TcpStream)) {
    drop(near);
    assert_eq!(far.read(&mut [0; 1]).expect("the client's end"), 0);
}

/// Resets a connection, which stays in the table in state `CLOSE`: a socket closed with unread data does that.
pub(crate) fn reset((near, mut far): (TcpStream, TcpStream)) {
    far.write_all(b"!").expect("an open connection");
    near.peek(&mut [0; 1]).expect("what was just sent");
    drop(near);
    let error = far.read(&mut [0; 1]).expect_err("a reset");
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

/// Tries to connect to where nothing answers: the entry stays in state `SYN_SENT`.
pub(crate) fn half_open(client: &Namespace, address: SocketAddr) {
    let outcome = client.enter(|| TcpStream::connect_timeout(&address, Duration::from_millis(50)));
    assert_eq!(outcome.expect_err("nobody is there").kind(), ErrorKind::TimedOut, "{address}");
}

/// Tries to connect to a port where nobody listens. The kernel drops an entry whose only reply is a reset.
pub(crate) fn refused(client: &Namespace, address: SocketAddr) {
    let outcome = client.enter(|| TcpStream::connect_timeout(&address, PATIENCE));
    assert_eq!(outcome.expect_err("nobody listens").kind(), ErrorKind::ConnectionRefused, "{address}");
}

/// A UDP socket of `host`'s at `address`.
pub(crate) fn udp(host: &Namespace, address: SocketAddr) -> UdpSocket {
    let socket = host.enter(|| UdpSocket::bind(address)).expect("a free port of the host's");
    socket.set_read_timeout(Some(PATIENCE)).expect("a timeout above zero");
    socket
}

/// Asks by UDP and is answered.
pub(crate) fn asked(client: &Namespace, server: &UdpSocket) {
    drop(answered(client, server));
}

/// The same. While the socket is open nobody else asks from its port.
pub(crate) fn answered(client: &Namespace, server: &UdpSocket) -> UdpSocket {
    let address = server.local_addr().expect("a bound socket");
    let question = unanswered(client, address);
    let (_, from) = server.recv_from(&mut [0; 8]).expect("a question");
    server.send_to(b"!", from).expect("a way back");
    question.recv(&mut [0; 8]).expect("an answer");
    question
}

/// Asks by UDP and is not answered.
pub(crate) fn unanswered(client: &Namespace, address: SocketAddr) -> UdpSocket {
    let any = if address.is_ipv6() { at("::", 0) } else { at("0.0.0.0", 0) };
    let question = udp(client, any);
    question.send_to(b"?", address).expect("a way there");
    question
}

/// Sends an echo request and gets the reply.
pub(crate) fn pinged(client: &Namespace, address: SocketAddr) {
    client.set("ipv4/ping_group_range", "0 0");
    let (family, protocol, request) = if address.is_ipv6() {
        (AddressFamily::Inet6, SockProtocol::IcmpV6, 128)
    } else {
        (AddressFamily::Inet, SockProtocol::Icmp, 8)
    };
    let echo = client.enter(|| socket(family, SockType::Datagram, SockFlag::SOCK_CLOEXEC, protocol));
    let echo: OwnedFd = echo.expect("a ping socket");
    setsockopt(&echo, sockopt::ReceiveTimeout, &TimeVal::seconds(10)).expect("a timeout above zero");
    // The kernel fills in identifier and checksum.
    let message = [request, 0, 0, 0, 0, 0, 0, 1];
    sendto(echo.as_raw_fd(), &message, &SockaddrStorage::from(address), MsgFlags::empty())
        .expect("a way there");
    recv(echo.as_raw_fd(), &mut [0; 64], MsgFlags::empty()).expect("an echo");
}
