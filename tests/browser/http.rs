//! As much of HTTP as asking a browser's driver and the daemon takes.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};

use super::wait::PATIENCE;

/// Asks on this machine for `what`, a method and a path; the status and the body of what came back. A body whose length
/// isn't told before it is not read.
pub(crate) fn ask(port: u16, what: &str, body: &str) -> io::Result<(u16, String)> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(2 * PATIENCE))?;
    let length = body.len();
    let of_body = if length == 0 { String::new() } else { format!("Content-Length: {length}\r\n") };
    let head = format!("{what} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n{of_body}\r\n");
    stream.write_all((head + body).as_bytes())?;
    let mut answer = BufReader::new(stream);
    let mut line = String::new();
    answer.read_line(&mut line)?;
    let status = line.split_whitespace().nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| io::Error::other(format!("no status: {line}")))?;
    let mut length = 0;
    while line != "\r\n" {
        line.clear();
        if answer.read_line(&mut line)? == 0 {
            return Err(io::Error::other("no end of the head"));
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
    }
    let mut body = vec![0; length];
    answer.read_exact(&mut body)?;
    Ok((status, String::from_utf8(body).map_err(io::Error::other)?))
}
