//! Sockets as text: `/proc/net/tcp` and its like, as the kernel's `tcp4_seq_show()`, `tcp6_seq_show()` and their
//! counterparts of UDP print them.
//!
//! The rows are understood here, and not by the procfs crate: that collects a whole file before it gives anything, eight
//! thousand sockets at once, and a single row that it can't understand costs it all the others. Here a file is streamed
//! through one fixed buffer, and nothing is allocated for a row.

use std::io::{self, BufRead, BufReader, Read};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::{Socket, TcpState, Transport};

/// How long a row may be. The kernel's longest, of IPv6 with every number at its largest, has less than 300 bytes.
pub const ROW_AT_MOST: usize = 512;
/// Of a file longer than this not all is read: more than a million sockets.
const FILE_AT_MOST: u64 = 256 << 20;
/// One `read()` gives a page of the kernel's text (`seq_read_iter()`).
const BUFFER: usize = 8 * 1024;

/// Hands every socket in the text of one file to `each`, and gives the number of rows that can't be understood.
pub fn read(source: impl Read, transport: Transport, each: &mut dyn FnMut(&Socket)) -> io::Result<u64> {
    let mut rows = BufReader::with_capacity(BUFFER, source.take(FILE_AT_MOST));
    let (mut row, mut skipped) = (Vec::with_capacity(ROW_AT_MOST), 0);
    loop {
        row.clear();
        let length = rows.by_ref().take(ROW_AT_MOST as u64).read_until(b'\n', &mut row)?;
        if length == 0 {
            break;
        }
        let is_whole = row.ends_with(b"\n") || length < ROW_AT_MOST;
        if !is_whole {
            rows.skip_until(b'\n')?;
        }
        let text = row.trim_ascii();
        match Some(text).filter(|_| is_whole).and_then(|row| parse_row(row, transport)) {
            Some(socket) => each(&socket),
            None => skipped += u64::from(!is_heading(text)),
        }
    }
    if rows.get_ref().limit() == 0 {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(skipped)
}

/// Whether this is what stands above the rows, or nothing.
fn is_heading(row: &[u8]) -> bool {
    row.is_empty() || row.starts_with(b"sl ")
}

/// Understands one row: `sl local remote st tx:rx tr:when retrnsmt uid timeout inode`, and what may follow.
///
/// ```
/// # use conntrack_exporter::proc_net::sockets::{TcpState, Transport, text::parse_row};
/// let row = b"   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1234 1 0";
/// let socket = parse_row(row, Transport::Tcp).unwrap();
/// assert_eq!((socket.state, socket.local.port(), socket.inode), (TcpState::Listen, 22, 1234));
/// ```
pub fn parse_row(row: &[u8], transport: Transport) -> Option<Socket> {
    let mut words = Words(row);
    words.next().filter(|number| number.ends_with(b":"))?;
    let (local, remote) = (address(words.next()?)?, address(words.next()?)?);
    if local.is_ipv4() != remote.is_ipv4() {
        return None;
    }
    let state = TcpState::of(hexadecimal(words.next()?, 2)?)?;
    let (send_queue, receive_queue) = pair(words.next()?)?;
    // The timer and how often it has fired: INET_DIAG tells both more exactly.
    let (_timer, _retransmits) = (words.next()?, words.next()?);
    let uid = decimal(words.next()?)?.try_into().ok()?;
    let _timeout = words.next()?;
    let inode = decimal(words.next()?)?;
    Some(Socket {
        transport,
        state,
        local,
        remote,
        receive_queue: hexadecimal(receive_queue, 8)?,
        // Of one that listens the kernel prints what `write_seq` happens to be ahead, not its backlog.
        send_queue: if state == TcpState::Listen { 0 } else { hexadecimal(send_queue, 8)? },
        uid,
        inode,
        details: None,
    })
}

/// The words of a row, between spaces.
struct Words<'a>(&'a [u8]);

impl<'a> Words<'a> {
    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.0.trim_ascii_start();
        let end = rest.iter().position(|byte| *byte == b' ').unwrap_or(rest.len());
        let (word, rest) = rest.split_at(end);
        self.0 = rest;
        Some(word).filter(|word| !word.is_empty())
    }
}

/// `address:port`. The address is in words of 32 bits, each printed as the number that this machine takes it for: so
/// its bytes in memory are those of the address.
fn address(word: &[u8]) -> Option<SocketAddr> {
    let (address, port) = pair(word)?;
    let port = hexadecimal(port, 4)?;
    let address = match address.as_chunks::<8>() {
        ([word], []) => IpAddr::V4(Ipv4Addr::from(memory(*word)?)),
        ([first, second, third, fourth], []) => {
            let mut bytes = [0; 16];
            for (place, word) in bytes.chunks_exact_mut(4).zip([first, second, third, fourth]) {
                place.copy_from_slice(&memory(*word)?);
            }
            IpAddr::V6(Ipv6Addr::from(bytes))
        }
        _ => return None,
    };
    Some(SocketAddr::new(address, port))
}

/// A word of 32 bits, as it lies in memory.
fn memory(word: [u8; 8]) -> Option<[u8; 4]> {
    hexadecimal::<u32>(&word, 8).map(u32::to_ne_bytes)
}

/// What is before the colon and what is behind it.
fn pair(word: &[u8]) -> Option<(&[u8], &[u8])> {
    let (before, behind) = word.split_at(memchr::memchr(b':', word)?);
    Some((before, behind.get(1..)?))
}

/// A number of exactly so many digits.
fn hexadecimal<T: TryFrom<u32>>(word: &[u8], digits: usize) -> Option<T> {
    if word.len() != digits || digits > 8 {
        return None;
    }
    let mut number = 0;
    for byte in word {
        number = number << 4 | char::from(*byte).to_digit(16)?;
    }
    number.try_into().ok()
}

fn decimal(word: &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for byte in word {
        let digit = Some(byte.wrapping_sub(b'0')).filter(|digit| *digit <= 9)?;
        number = number.checked_mul(10)?.checked_add(digit.into())?;
    }
    Some(number)
}

#[cfg(test)]
mod tests;
