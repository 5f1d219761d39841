//! As much of HTTP as asking servers takes.
//!
//! Version 1.0: the answer ends where the connection does.

use std::io::{self, Read, Write};
use std::net::TcpStream;

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The line that says so, and the headers.
    pub(crate) head: String,
    pub(crate) body: String,
}

/// Asks over a fresh connection; `headers` are whole lines, each with its end.
pub(crate) fn ask(mut stream: TcpStream, what: &str, headers: &str, body: &str) -> io::Result<Answer> {
    let (host, length) = (stream.peer_addr()?, body.len());
    let head = format!("{what} HTTP/1.0\r\nHost: {host}\r\n{headers}Content-Length: {length}\r\n\r\n");
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let answer = String::from_utf8(answer).map_err(io::Error::other)?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(|| io::Error::other("no head"))?;
    let status = head.split_whitespace().nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| io::Error::other(format!("no status: {head}")))?;
    Ok(Answer { status, head: head.to_owned(), body: body.to_owned() })
}
