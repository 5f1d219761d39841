//! Shows what Telegraf would get: prints every UDP datagram that arrives, under a line that says how large it is.
//!
//! `receiver [ADDRESS]`, by default 127.0.0.1:8094; Ctrl-C ends it.

use std::io::{self, Write};
use std::net::UdpSocket;
use std::process::ExitCode;

const DEFAULT: &str = "127.0.0.1:8094";
/// UDP carries no more.
const LARGEST: usize = 65_535;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| DEFAULT.to_owned());
    if address.starts_with('-') || arguments.next().is_some() {
        eprintln!("usage: receiver [ADDRESS]    (default {DEFAULT})");
        return ExitCode::from(64);
    }
    let outcome = match UdpSocket::bind(&address) {
        Ok(socket) => receive(&socket, &mut io::stdout().lock()),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            Err(io::Error::other("another program has this port already (Telegraf, or a second receiver?)"))
        }
        Err(error) => Err(error),
    };
    match outcome {
        // Whoever closed the pipe has seen enough.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            eprintln!("receiver: {address}: {error}");
            ExitCode::FAILURE
        }
        _ => ExitCode::SUCCESS,
    }
}

/// Prints datagrams until something fails.
fn receive(socket: &UdpSocket, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "receiver: listening on {}", socket.local_addr()?)?;
    let mut buffer = vec![0; LARGEST];
    for number in 1_u64.. {
        let length = socket.recv(&mut buffer)?;
        let datagram = String::from_utf8_lossy(buffer.get(..length).unwrap_or_default());
        let lines = datagram.lines().count();
        let plural = if lines == 1 { "" } else { "s" };
        writeln!(out, "datagram {number}: {length} bytes, {lines} line{plural}")?;
        for line in datagram.lines() {
            // Anybody may send here: nothing that arrives may steer the terminal.
            writeln!(out, "  {}", line.replace(char::is_control, "?"))?;
        }
    }
    Ok(())
}
