//! `/proc/net/tcp`: every row stands for itself, none is lost, and what was understood is understood again when written.

#![no_main]

use std::net::{IpAddr, SocketAddr};

use conntrack_exporter::proc_net::sockets::text::{ROW_AT_MOST, parse_row, read};
use conntrack_exporter::proc_net::sockets::{Socket, TcpState, Transport};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let mut found = Vec::new();
    let skipped = read(text, Transport::Tcp, &mut |socket| found.push(*socket)).expect("it is in memory");
    let (mut sockets, mut broken) = (Vec::new(), 0);
    for line in text.split(|byte| *byte == b'\n') {
        let beginning = line.get(..ROW_AT_MOST).unwrap_or(line).trim_ascii();
        if beginning.is_empty() || beginning.starts_with(b"sl ") {
            continue;
        }
        match parse_row(line.trim_ascii(), Transport::Tcp).filter(|_| line.len() < ROW_AT_MOST) {
            Some(socket) => sockets.push(socket),
            None => broken += 1,
        }
    }
    assert_eq!((&found, skipped), (&sockets, broken));
    for socket in &sockets {
        let row = written(socket);
        assert_eq!(parse_row(row.as_bytes(), Transport::Tcp).as_ref(), Some(socket), "{row}");
    }
});

/// A socket as the kernel writes it.
fn written(socket: &Socket) -> String {
    let Socket { local, remote, receive_queue, send_queue, uid, inode, .. } = *socket;
    assert!(socket.state != TcpState::Listen || send_queue == 0);
    let (local, remote, state) = (address(local), address(remote), socket.state as u8);
    format!(
        "0: {local} {remote} {state:02X} {send_queue:08X}:{receive_queue:08X} 00:00000000 00000000 {uid} 0 {inode}"
    )
}

fn address(address: SocketAddr) -> String {
    let bytes = match address.ip() {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    };
    let word = |word: &[u8]| format!("{:08X}", u32::from_ne_bytes(word.try_into().expect("four bytes")));
    format!("{}:{:04X}", bytes.chunks(4).map(word).collect::<String>(), address.port())
}
