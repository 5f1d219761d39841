//! The kernel's messages about sockets: whatever their bytes, what is understood of one stands where the kernel puts it.

#![no_main]

use std::net::IpAddr;

use conntrack_exporter::proc_net::sockets::diag::parse;
use conntrack_exporter::proc_net::sockets::{TcpInfo, TcpState, tcp_info};
use conntrack_exporter_fuzz::messages::attributes;
use libfuzzer_sys::fuzz_target;

/// `struct inet_diag_msg`.
const MESSAGE: usize = 72;
/// `INET_DIAG_INFO` and `INET_DIAG_SKMEMINFO`.
const INFO: u16 = 2;
const MEMORY: u16 = 7;

fuzz_target!(|payload: &[u8]| {
    let Some(socket) = parse(payload) else { return };
    let (details, word) =
        (socket.details.expect("they are told by messages"), |at: usize| number(payload, at));
    assert_eq!(TcpState::of(payload[1]), Some(socket.state));
    let width = if payload[0] == 2 { 4 } else { 16 };
    for (side, port, address) in [(socket.local, 4, 8), (socket.remote, 6, 24)] {
        assert_eq!(side.port(), u16::from(payload[port]) << 8 | u16::from(payload[port + 1]));
        let bytes = match side.ip() {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        };
        assert_eq!(bytes, payload[address..address + width]);
    }
    assert_eq!(details.cookie, u64::from(word(44)) | u64::from(word(48)) << 32);
    assert_eq!([socket.receive_queue, socket.send_queue, socket.uid], [56, 60, 64].map(word));
    assert_eq!(socket.inode, u64::from(word(68)));
    assert_eq!(details.timer.is_some(), (1..=4).contains(&payload[2]));
    let attributes = attributes(&payload[MESSAGE..]).expect("whole ones");
    let last = |kind| attributes.iter().rev().find(|(number, _)| *number == kind).map(|(_, value)| *value);
    let info = last(INFO).filter(|_| socket.state != TcpState::Listen);
    assert_eq!(details.tcp.is_some(), info.is_some_and(|info| info.len() >= 104));
    if let (Some(found), Some(info)) = (details.tcp, info) {
        check(&found, info);
    }
    assert_eq!(details.memory.is_some(), last(MEMORY).is_some_and(|memory| memory.len() >= 32));
});

/// What a longer structure has at its end changes nothing of its beginning.
fn check(found: &TcpInfo, info: &[u8]) {
    assert_eq!((found.rtt_us, found.congestion_window), (number(info, 68), number(info, 80)));
    assert_eq!(found.bytes_retransmitted.is_some(), info.len() >= 216);
    let longer = tcp_info::parse(&[info, &[7; 64]].concat()).expect("it is longer");
    assert!(found.bytes_acked.is_none() || found.bytes_acked == longer.bytes_acked);
    assert_eq!((found.lost, found.total_retransmitted), (longer.lost, longer.total_retransmitted));
}

fn number(bytes: &[u8], at: usize) -> u32 {
    u32::from_ne_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}
