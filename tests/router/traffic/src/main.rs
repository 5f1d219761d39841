//! Real connections for a router to track, and nothing else.
//!
//! `traffic serve PORT` answers every byte by TCP and every datagram by UDP, until it is ended.
//! `traffic hold ADDRESS:PORT TCP UDP` opens so many connections of each kind there, keeps something going back and
//! forth on each every second, and closes them in good order when its standard input ends.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// How long an answer may take: emulated machines are slow.
const PATIENCE: Duration = Duration::from_secs(20);

/// Every address of this machine, of both families.
const EVERYWHERE: IpAddr = IpAddr::V6(Ipv6Addr::UNSPECIFIED);

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["serve", port] => port.parse().map_err(io::Error::other).and_then(serve),
        ["hold", address, tcp, udp] => {
            parsed(address, tcp, udp).and_then(|(at, tcp, udp)| hold(at, tcp, udp))
        }
        _ => {
            eprintln!("usage: traffic serve PORT | traffic hold ADDRESS:PORT TCP UDP");
            return ExitCode::from(64);
        }
    };
    if let Err(error) = outcome {
        eprintln!("traffic: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn parsed(address: &str, tcp: &str, udp: &str) -> io::Result<(SocketAddr, usize, usize)> {
    let number = |text: &str| text.parse().map_err(io::Error::other);
    Ok((address.parse().map_err(io::Error::other)?, number(tcp)?, number(udp)?))
}

fn serve(port: u16) -> io::Result<()> {
    let udp = UdpSocket::bind((EVERYWHERE, port))?;
    thread::spawn(move || -> io::Result<()> {
        let mut buffer = [0; 64];
        loop {
            let (length, from) = udp.recv_from(&mut buffer)?;
            udp.send_to(buffer.get(..length).unwrap_or_default(), from)?;
        }
    });
    for stream in TcpListener::bind((EVERYWHERE, port))?.incoming() {
        let stream = stream?;
        thread::spawn(move || io::copy(&mut &stream, &mut &stream));
    }
    Ok(())
}

fn hold(at: SocketAddr, tcp: usize, udp: usize) -> io::Result<()> {
    let streams: Vec<TcpStream> =
        (0..tcp).map(|_| TcpStream::connect_timeout(&at, PATIENCE)).collect::<Result<_, _>>()?;
    let sockets: Vec<UdpSocket> = (0..udp).map(|_| connected(at)).collect::<Result<_, _>>()?;
    for stream in &streams {
        stream.set_read_timeout(Some(PATIENCE))?;
    }
    let ended = Arc::new(AtomicBool::new(false));
    let watched = Arc::clone(&ended);
    thread::spawn(move || {
        // Whatever ends standard input ends the connections.
        let _ = io::stdin().read_to_end(&mut Vec::new());
        watched.store(true, Ordering::Relaxed);
    });
    while !ended.load(Ordering::Relaxed) {
        let mut answer = [0; 1];
        for mut stream in &streams {
            stream.write_all(b"?")?;
            stream.read_exact(&mut answer)?;
        }
        for socket in &sockets {
            socket.send(b"?")?;
            socket.recv(&mut answer)?;
        }
        thread::sleep(Duration::from_secs(1));
    }
    Ok(())
}

fn connected(at: SocketAddr) -> io::Result<UdpSocket> {
    let any = if at.is_ipv4() { IpAddr::V4(Ipv4Addr::UNSPECIFIED) } else { EVERYWHERE };
    let socket = UdpSocket::bind((any, 0))?;
    socket.connect(at)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    Ok(socket)
}
