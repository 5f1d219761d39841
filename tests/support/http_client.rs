//! As much of HTTP as a test needs: what is sent is written out, so that it can be wrong.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Longer than any answer takes, and than any silence is suffered.
const PATIENCE: Duration = Duration::from_secs(60);

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// A header, by its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    pub(crate) fn text(&self) -> &str {
        str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

pub(crate) fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// Sends these bytes and reads to the end; what is no answer is `None`, as when the connection is closed at once.
pub(crate) fn send(address: SocketAddr, bytes: &[u8]) -> Option<Answer> {
    let mut stream = connect(address).ok()?;
    // Who is refused may not be heard to the end.
    let _ = stream.write_all(bytes);
    read(&mut stream)
}

/// Reads to the end.
pub(crate) fn read(stream: &mut TcpStream) -> Option<Answer> {
    let (mut all, mut some) = (Vec::new(), [0; 8192]);
    loop {
        match stream.read(&mut some) {
            Ok(0) => break,
            Ok(count) => all.extend_from_slice(&some[..count]),
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => break,
            Err(error) => panic!("{error}"),
        }
    }
    let place = all.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8(all[..place].to_vec()).unwrap();
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let body = all[place + 4..].to_vec();
    let is_chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
    Some(Answer { status, head, body: if is_chunked { unchunked(&body) } else { body } })
}

/// The pieces put together (RFC 9112, section 7.1).
fn unchunked(mut rest: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some(end) = rest.windows(2).position(|two| two == b"\r\n") {
        let length = usize::from_str_radix(str::from_utf8(&rest[..end]).unwrap(), 16).unwrap();
        if length == 0 {
            break;
        }
        whole.extend_from_slice(&rest[end + 2..end + 2 + length]);
        rest = &rest[end + 2 + length + 2..];
    }
    whole
}

/// Asks for a path, and closes.
pub(crate) fn get(address: SocketAddr, target: &str) -> Option<Answer> {
    ask(address, "GET", target, &address.to_string(), "")
}

/// Asks as it is told; `more` are whole lines of headers.
pub(crate) fn ask(address: SocketAddr, method: &str, target: &str, host: &str, more: &str) -> Option<Answer> {
    let text = format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{more}\r\n");
    send(address, text.as_bytes())
}
