//! Real connections for a router to track, and nothing else.
//!
//! `traffic serve PORT` answers every byte by TCP and every datagram by UDP, until it is ended.
//! `traffic hold ADDRESS:PORT TCP UDP` opens so many connections of each kind there, keeps something going back and
//! forth on each every second, and closes them in good order when its standard input ends.
//!
//! `traffic give PORT` gives what the next two ask for, until it is ended.
//! `traffic fetch ADDRESS:PORT RECEIVE SEND` moves so many bytes each way over one TCP connection, and 16 more that say so.
//! `traffic ask ADDRESS:PORT QUESTIONS` sends so many datagrams of 600 bytes, each of which is answered by one of 1200.
//! Both say `moved` when that has been done, and end once their standard input does.

mod transfer;

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use transfer::Amount;

/// How long an answer may take: emulated machines are slow.
const PATIENCE: Duration = Duration::from_secs(20);

/// Every address of this machine, of both families.
const EVERYWHERE: IpAddr = IpAddr::V6(Ipv6Addr::UNSPECIFIED);

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let Some(outcome) = done(&words) else {
        eprintln!("usage: traffic serve PORT | hold ADDRESS:PORT TCP UDP");
        eprintln!("     | give PORT | fetch ADDRESS:PORT RECEIVE SEND | ask ADDRESS:PORT QUESTIONS");
        return ExitCode::from(64);
    };
    if let Err(error) = outcome {
        eprintln!("traffic: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// Does what these words ask for; `None` if they ask for nothing known.
fn done(words: &[&str]) -> Option<io::Result<()>> {
    Some(match words {
        ["serve", port] => serve(port.parse().ok()?),
        ["hold", at, tcp, udp] => hold(at.parse().ok()?, tcp.parse().ok()?, udp.parse().ok()?),
        ["give", port] => transfer::give(port.parse().ok()?),
        ["fetch", at, receive, send] => {
            let amount = Amount { receive: receive.parse().ok()?, send: send.parse().ok()? };
            transfer::fetch(at.parse().ok()?, amount, moved)
        }
        ["ask", at, questions] => transfer::ask(at.parse().ok()?, questions.parse().ok()?, moved),
        _ => return None,
    })
}

/// Says that all has been moved, and waits for the end of standard input.
fn moved() -> io::Result<()> {
    writeln!(io::stdout(), "moved")?;
    end_of_input()
}

/// Waits for it.
fn end_of_input() -> io::Result<()> {
    io::copy(&mut io::stdin(), &mut io::sink()).map(drop)
}

/// Does this beside everything else.
fn start(work: impl FnOnce() -> io::Result<()> + Send + 'static) -> io::Result<()> {
    thread::Builder::new().spawn(work).map(drop)
}

fn serve(port: u16) -> io::Result<()> {
    let udp = UdpSocket::bind((EVERYWHERE, port))?;
    start(move || {
        let mut buffer = [0; 64];
        loop {
            let (length, from) = udp.recv_from(&mut buffer)?;
            udp.send_to(buffer.get(..length).unwrap_or_default(), from)?;
        }
    })?;
    for stream in TcpListener::bind((EVERYWHERE, port))?.incoming() {
        let stream = stream?;
        start(move || io::copy(&mut &stream, &mut &stream).map(drop))?;
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
    start(move || {
        // Whatever ends standard input ends the connections.
        let read = end_of_input();
        watched.store(true, Ordering::Relaxed);
        read
    })?;
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
