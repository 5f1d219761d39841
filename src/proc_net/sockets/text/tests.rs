use std::io::Write;

use proptest::prelude::*;

use super::*;

/// As Linux 6.18 prints them on a machine that has its lowest byte first.
const LISTENING: &str = "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000002 00:00000000 00000000   101        0 22 1 0000000000000000 100 0 0 10 0";
const TIME_WAIT: &str = "   1: 0A08A8C0:0016 0208A8C0:C350 06 00000000:00000000 03:000017B5 00000000     0        0 0 3 0000000000000000";
const MAPPED: &str = "  12: 0000000000000000FFFF00000A08A8C0:0016 0000000000000000FFFF00000208A8C0:D2F0 01 00000024:00000010 01:00000014 00000000  1000        0 4294967296 4 0000000000000000 20 4 30 10 -1";

fn parsed(row: &str) -> Option<Socket> {
    parse_row(row.trim().as_bytes(), Transport::Tcp)
}

/// An address as this machine's kernel prints it.
pub(in crate::proc_net::sockets) fn printed(address: SocketAddr) -> String {
    let bytes = match address.ip() {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    };
    let word = |word: &[u8]| format!("{:08X}", u32::from_ne_bytes(word.try_into().unwrap()));
    bytes.chunks(4).map(word).collect::<String>() + &format!(":{:04X}", address.port())
}

/// A socket as this machine's kernel prints it.
fn row(socket: &Socket) -> String {
    let Socket { state, receive_queue, send_queue, uid, inode, .. } = socket;
    format!(
        "{:>4}: {} {} {:02X} {send_queue:08X}:{receive_queue:08X} 00:00000000 00000000 {uid:>5} {:>8} {inode} 1 0",
        7,
        printed(socket.local),
        printed(socket.remote),
        *state as u8,
        0
    )
}

#[cfg(target_endian = "little")]
#[test]
fn rows_as_the_kernel_prints_them() {
    let listening = parsed(LISTENING).unwrap();
    let expected = Socket {
        transport: Transport::Tcp,
        state: TcpState::Listen,
        local: "127.0.0.1:8080".parse().unwrap(),
        remote: "0.0.0.0:0".parse().unwrap(),
        receive_queue: 2,
        send_queue: 0,
        uid: 101,
        inode: 22,
        details: None,
    };
    assert_eq!(listening, expected);
    let time_wait = parsed(TIME_WAIT).unwrap();
    assert_eq!((time_wait.state, time_wait.inode), (TcpState::TimeWait, 0));
    assert_eq!(time_wait.remote, "192.168.8.2:50000".parse().unwrap());
    let mapped = parsed(MAPPED).unwrap();
    assert_eq!(mapped.local, "[::ffff:192.168.8.10]:22".parse().unwrap());
    assert_eq!((mapped.send_queue, mapped.receive_queue, mapped.inode), (0x24, 0x10, 1 << 32));
}

#[test]
fn what_is_not_a_row_is_none() {
    for broken in [
        "",
        "sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
        // cut
        &LISTENING[..90],
        &LISTENING[..20],
        // no number, no state, another state
        &LISTENING.replace("0:", "0"),
        &LISTENING.replace(" 0A ", " 0G "),
        &LISTENING.replace(" 0A ", " 00 "),
        &LISTENING.replace(" 0A ", " 0D "),
        &LISTENING.replace(" 0A ", " A "),
        // addresses of two families, or of none
        &LISTENING.replace("00000000:0000 ", "00000000000000000000000000000000:0000 "),
        &LISTENING.replace("0100007F", "0100007"),
        &LISTENING.replace("0100007F", "+100007F"),
        &LISTENING.replace(":1F90", ":11F90"),
        // numbers that don't fit
        &LISTENING.replace("  101 ", " 4294967296 "),
        &LISTENING.replace(" 22 ", " 18446744073709551616 "),
        &LISTENING.replace(" 22 ", " -2 "),
    ] {
        assert_eq!(parsed(broken), None, "{broken}");
    }
    assert_eq!(parsed(&LISTENING.replace(" 0A ", " 0C ")).unwrap().state, TcpState::SynRecv);
}

/// The ports of the sockets in a text, and how many rows were left out.
fn ports(text: &[u8]) -> (Vec<u16>, u64) {
    let mut ports = Vec::new();
    let skipped = read(text, Transport::Tcp, &mut |socket| ports.push(socket.local.port())).unwrap();
    (ports, skipped)
}

#[test]
fn a_bad_row_costs_no_other() {
    let heading =
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";
    let long = "x".repeat(3 * ROW_AT_MOST);
    let nearly = "y".repeat(ROW_AT_MOST);
    let text = [heading, LISTENING, "garbage", &long, &nearly, TIME_WAIT, "", MAPPED].join("\n");
    assert_eq!(ports(text.as_bytes()), (vec![8080, 22, 22], 3));
    assert_eq!(ports((text + "\n").as_bytes()), (vec![8080, 22, 22], 3));
    assert_eq!(ports(b""), (vec![], 0));
    assert_eq!(ports(LISTENING.as_bytes()), (vec![8080], 0), "without a heading");
    let mut broken = LISTENING.as_bytes().to_vec();
    broken.write_all(b"\n\xff\xfe\0\n").unwrap();
    assert_eq!(ports(&broken), (vec![8080], 1));
    let cut = [&TIME_WAIT[..60], "\n"].concat();
    assert_eq!(ports(cut.as_bytes()), (vec![], 1));
}

prop_compose! {
    fn socket()(
        mapped: bool,
        addresses: [[u8; 16]; 2],
        ports: [u16; 2],
        state in 1..12_u8,
        queues: [u32; 2],
        uid: u32,
        inode: u64,
    ) -> Socket {
        let [local, remote] = addresses.map(|bytes| match bytes.first_chunk::<4>() {
            Some(bytes) if mapped => IpAddr::from(*bytes),
            _ => IpAddr::from(bytes),
        });
        let state = TcpState::of(state).unwrap();
        Socket {
            transport: Transport::Tcp,
            state,
            local: SocketAddr::new(local, ports[0]),
            remote: SocketAddr::new(remote, ports[1]),
            receive_queue: queues[0],
            send_queue: if state == TcpState::Listen { 0 } else { queues[1] },
            uid,
            inode,
            details: None,
        }
    }
}

proptest! {
    #[test]
    fn what_is_printed_is_read_again(socket in socket()) {
        let row = row(&socket);
        prop_assert!(row.len() < ROW_AT_MOST);
        prop_assert_eq!(parsed(&row), Some(socket));
    }

    #[test]
    fn never_panics(text: Vec<u8>, row in "[ 0-9A-F:]{0,200}") {
        let _ = parse_row(&text, Transport::Udp);
        let _ = parsed(&row);
        let _ = ports(&text);
    }
}
