//! A known number of bytes each way over one connection.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};

use crate::{EVERYWHERE, PATIENCE, connected, start};

/// A datagram that asks, in bytes.
const QUESTION: usize = 600;
/// The one that answers it.
const ANSWER: usize = 1200;

/// How many bytes the side that asks by TCP receives and sends. A connection begins with it.
#[derive(Clone, Copy)]
pub struct Amount {
    pub receive: u64,
    pub send: u64,
}

impl Amount {
    fn write(self, mut to: impl Write) -> io::Result<()> {
        to.write_all(&self.receive.to_be_bytes())?;
        to.write_all(&self.send.to_be_bytes())
    }

    fn read(mut from: impl Read) -> io::Result<Self> {
        let mut number = || {
            let mut bytes = [0; 8];
            from.read_exact(&mut bytes)?;
            io::Result::Ok(u64::from_be_bytes(bytes))
        };
        Ok(Self { receive: number()?, send: number()? })
    }
}

/// Gives what is asked for, by TCP and UDP, until it is ended.
pub fn give(port: u16) -> io::Result<()> {
    let udp = UdpSocket::bind((EVERYWHERE, port))?;
    start(move || answer_questions(&udp))?;
    for stream in TcpListener::bind((EVERYWHERE, port))?.incoming() {
        let stream = stream?;
        start(move || answer(&stream))?;
    }
    Ok(())
}

fn answer(mut stream: &TcpStream) -> io::Result<()> {
    let asked = Amount::read(stream)?;
    receive(stream, asked.send)?;
    send(stream, asked.receive)?;
    // Who asked ends the connection.
    io::copy(&mut stream, &mut io::sink()).map(drop)
}

fn answer_questions(socket: &UdpSocket) -> io::Result<()> {
    loop {
        let (_, from) = socket.recv_from(&mut [0; QUESTION])?;
        socket.send_to(&[0; ANSWER], from)?;
    }
}

/// Receives and sends so much; `hold` is called before the connection ends.
pub fn fetch(at: SocketAddr, amount: Amount, hold: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
    let stream = TcpStream::connect_timeout(&at, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    amount.write(&stream)?;
    send(&stream, amount.send)?;
    receive(&stream, amount.receive)?;
    hold()
}

/// Asks so many questions, each once the one before is answered.
pub fn ask(at: SocketAddr, questions: u32, hold: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
    let socket = connected(at)?;
    for _ in 0..questions {
        socket.send(&[0; QUESTION])?;
        if socket.recv(&mut [0; ANSWER])? != ANSWER {
            return Err(io::Error::other("a short answer"));
        }
    }
    hold()
}

fn send(mut stream: &TcpStream, bytes: u64) -> io::Result<()> {
    io::copy(&mut io::repeat(0).take(bytes), &mut stream).map(drop)
}

fn receive(stream: &TcpStream, bytes: u64) -> io::Result<()> {
    let received = io::copy(&mut stream.take(bytes), &mut io::sink())?;
    if received == bytes {
        Ok(())
    } else {
        Err(io::Error::other(format!("only {received} bytes of {bytes} came")))
    }
}
