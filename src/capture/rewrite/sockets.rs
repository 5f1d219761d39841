//! The router's own sockets, as `/proc/net/tcp` and its like show them.

use std::io::{self, BufWriter, Read, Write};
use std::net::{IpAddr, SocketAddr};

use super::super::anonymise::Anonymiser;
use super::super::omission::OmissionError;
use crate::proc_net::sockets::{Socket, Transport, text};

/// Writes the sockets of `from` anew, one by one: what the program understands of each, with other addresses. Gives the
/// number of rows that it doesn't understand, which are left out.
pub(in crate::capture) fn sockets(
    from: impl Read,
    to: impl Write,
    anonymiser: &mut Anonymiser,
) -> Result<u64, OmissionError> {
    let (mut to, mut number, mut written) = (BufWriter::new(to), 0_u64, Ok(()));
    let heading =
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
    to.write_all(heading.as_bytes()).map_err(OmissionError::Unwritable)?;
    // Rows of TCP and UDP look alike.
    let read = text::read(from, Transport::Tcp, &mut |socket| {
        if written.is_ok() {
            written = row(number, socket, anonymiser, &mut to);
            number += 1;
        }
    });
    written.and_then(|()| to.flush()).map_err(OmissionError::Unwritable)?;
    read.map_err(|error| OmissionError::CutShort(error.to_string()))
}

/// Of the timer, which the program doesn't read, nothing is left.
fn row(number: u64, socket: &Socket, anonymiser: &mut Anonymiser, to: &mut impl Write) -> io::Result<()> {
    let Socket { state, local, remote, receive_queue, send_queue, uid, inode, .. } = socket;
    let state = *state as u8;
    let [local, remote] = [local, remote].map(|end| hexadecimal(&anonymised(end, anonymiser)));
    writeln!(
        to,
        "{number:4}: {local} {remote} {state:02X} {send_queue:08X}:{receive_queue:08X} 00:00000000 00000000 {uid:5} 0 \
         {inode}"
    )
}

fn anonymised(end: &SocketAddr, anonymiser: &mut Anonymiser) -> SocketAddr {
    SocketAddr::new(anonymiser.address(end.ip()), end.port())
}

/// An address in words of 32 bits, each as the number that this machine takes it for (`get_tcp4_sock()`), and its port.
fn hexadecimal(end: &SocketAddr) -> String {
    let words: String = match end.ip() {
        IpAddr::V4(v4) => word(v4.octets()),
        IpAddr::V6(v6) => v6.octets().as_chunks().0.iter().copied().map(word).collect(),
    };
    format!("{words}:{:04X}", end.port())
}

fn word(octets: [u8; 4]) -> String {
    format!("{:08X}", u32::from_ne_bytes(octets))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn understood(text: &[u8]) -> Vec<Socket> {
        let mut found = Vec::new();
        let skipped = text::read(text, Transport::Tcp, &mut |socket| found.push(*socket)).unwrap();
        assert_eq!(skipped, 0);
        found
    }

    fn rewritten(text: &[u8], anonymiser: &mut Anonymiser) -> (Vec<u8>, u64) {
        let mut new = Vec::new();
        let skipped = sockets(text, &mut new, anonymiser).unwrap();
        (new, skipped)
    }

    fn text(rows: &[(&str, &str, &str)]) -> Vec<u8> {
        let mut text = b"  sl  local_address rem_address st\n".to_vec();
        for (number, (local, remote, state)) in rows.iter().enumerate() {
            let [local, remote] = [local, remote].map(|end| hexadecimal(&end.parse().unwrap()));
            let row = format!(
                "{number:4}: {local} {remote} {state} 00000007:00000009 02:000000A0 00000003  1000        0 4711 1 \
                 ffff8880deadbeef 20 4 0 10 -1\n"
            );
            text.extend(row.into_bytes());
        }
        text
    }

    #[test]
    fn addresses_are_others_and_the_rest_is_as_it_was() {
        let rows = [
            ("0.0.0.0:22", "0.0.0.0:0", "0A"),
            ("192.168.8.1:22", "192.168.8.20:5000", "01"),
            ("80.81.82.83:40000", "9.9.9.9:853", "01"),
            ("80.81.82.83:40001", "9.9.9.9:853", "06"),
        ];
        let mut anonymiser = Anonymiser::new(&["80.81.82.83/24".parse().unwrap()]);
        let old = text(&rows);
        let (new, skipped) = rewritten(&old, &mut anonymiser);
        assert_eq!(skipped, 0);
        let expected = understood(&old).into_iter().map(|socket| Socket {
            local: anonymised(&socket.local, &mut anonymiser),
            remote: anonymised(&socket.remote, &mut anonymiser),
            ..socket
        });
        let new_sockets = understood(&new);
        assert_eq!(new_sockets, expected.collect::<Vec<_>>());
        assert_eq!(new_sockets[1].remote.to_string(), "192.168.8.20:5000", "as in the table");
        assert_eq!(new_sockets[3].remote.ip(), anonymiser.address([9, 9, 9, 9].into()));
        let new = String::from_utf8(new).unwrap();
        for left in ["09090909", "deadbeef", "00000003"] {
            assert!(!new.contains(left), "{left}: {new}");
        }
    }

    #[test]
    fn ipv6_and_what_is_mapped_into_it() {
        let rows = [
            ("[::]:53", "[::]:0", "0A"),
            ("[2a02:8106:21:1::77]:443", "[2620:fe::fe]:5000", "01"),
            ("[::ffff:80.81.82.83]:443", "[::ffff:9.9.9.9]:5001", "01"),
        ];
        let mut anonymiser = Anonymiser::new(&["2a02:8106:21:1::77/64".parse().unwrap()]);
        let (new, _) = rewritten(&text(&rows), &mut anonymiser);
        let new = understood(&new);
        assert_eq!(
            (new[0].local.to_string(), new[0].remote.to_string()),
            ("[::]:53".into(), "[::]:0".into())
        );
        for (socket, (local, remote, _)) in new.iter().zip(&rows).skip(1) {
            for (end, old) in [(socket.local, local), (socket.remote, remote)] {
                let old: SocketAddr = old.parse().unwrap();
                assert_eq!((end.ip(), end.port()), (anonymiser.address(old.ip()), old.port()));
                assert_ne!(end.ip(), old.ip());
            }
        }
        let mapped = anonymiser.address([9, 9, 9, 9].into()).to_string();
        assert!(new[2].remote.to_string().ends_with(&format!("{mapped}]:5001")), "one with IPv4: {new:?}");
    }

    #[test]
    fn what_is_not_understood_is_left_out_and_counted() {
        let mut old = text(&[("192.168.8.1:22", "192.168.8.20:5000", "01")]);
        old.extend(b"   1: Anna 09090909:0035 01\n   2: 0109A8C0:0016 09090909:0035 FF 0:0 0 0 0 0 0\n");
        old.extend([b'9'; 2000]);
        let (new, skipped) = rewritten(&old, &mut Anonymiser::new(&[]));
        assert_eq!((understood(&new).len(), skipped), (1, 3));
        let new = String::from_utf8(new).unwrap();
        assert!(!new.contains("Anna") && !new.contains("0909"), "{new}");
    }

    proptest! {
        #[test]
        fn whatever_it_is_what_is_written_is_understood(old: Vec<u8>) {
            let (new, _) = rewritten(&old, &mut Anonymiser::new(&[]));
            understood(&new);
        }
    }
}
