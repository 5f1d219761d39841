use std::net::TcpListener;

use proptest::prelude::*;

use super::*;
use crate::netlink::test_message::attribute;

/// `struct inet_diag_msg` of a socket, as the kernel writes it.
fn message(socket: &Socket, timer: u8) -> Vec<u8> {
    let details = socket.details.unwrap();
    let family = if socket.local.is_ipv4() { INET } else { INET6 };
    let (expires, retransmits) = details.timer.map_or((0, 0), |timer| (timer.expires_ms, timer.retransmits));
    let address = |address: SocketAddr| {
        let mut bytes = match address.ip() {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        };
        bytes.resize(16, 0);
        bytes
    };
    let mut message = vec![family, socket.state as u8, timer, retransmits];
    message.extend(socket.local.port().to_be_bytes());
    message.extend(socket.remote.port().to_be_bytes());
    message.extend([address(socket.local), address(socket.remote)].concat());
    message.extend(3_u32.to_ne_bytes());
    let halves = [details.cookie & 0xffff_ffff, details.cookie >> 32];
    message.extend(halves.iter().flat_map(|half| u32::try_from(*half).unwrap().to_ne_bytes()));
    let inode = u32::try_from(socket.inode).unwrap();
    for number in [expires, socket.receive_queue, socket.send_queue, socket.uid, inode] {
        message.extend(number.to_ne_bytes());
    }
    message
}

fn words(words: impl IntoIterator<Item = u32>) -> Vec<u8> {
    words.into_iter().flat_map(u32::to_ne_bytes).collect()
}

fn connection() -> Socket {
    Socket {
        transport: Transport::Tcp,
        state: TcpState::Established,
        local: "192.0.2.1:22".parse().unwrap(),
        remote: "192.0.2.9:50000".parse().unwrap(),
        receive_queue: 5,
        send_queue: 6,
        uid: 1000,
        inode: 77,
        details: Some(Details {
            cookie: 0x0123_4567_89ab_cdef,
            timer: Some(Timer { kind: TimerKind::Retransmit, expires_ms: 210, retransmits: 2 }),
            ..Details::default()
        }),
    }
}

#[test]
fn a_message_and_its_attributes() {
    let connection = connection();
    let message = message(&connection, 1);
    assert_eq!(parse(&message), Some(connection));
    let info = attribute(INET_DIAG_INFO, &words(0..70));
    let memory = attribute(INET_DIAG_SKMEMINFO, &words(1..=9));
    let unknown = attribute(22, &[1; 7]);
    let found = parse(&[message.clone(), unknown, info.clone(), memory].concat()).unwrap();
    let details = found.details.unwrap();
    assert_eq!(details.tcp.unwrap().rtt_us, 17);
    let expected = SocketMemory {
        receive: 1,
        receive_limit: 2,
        transmit: 3,
        transmit_limit: 4,
        forward: 5,
        queued: 6,
        options: 7,
        backlog: 8,
        drops: 9,
    };
    assert_eq!(details.memory, Some(expected));
    let older = attribute(INET_DIAG_SKMEMINFO, &words(1..=8));
    let older = parse(&[message.clone(), older].concat()).unwrap().details.unwrap().memory;
    assert_eq!(older, Some(SocketMemory { drops: 0, ..expected }));
    let short = attribute(INET_DIAG_INFO, &[0; 100]);
    assert_eq!(parse(&[message.clone(), short].concat()).unwrap().details.unwrap().tcp, None);
    let mut listening = message;
    listening[1] = 10;
    let listening = parse(&[listening, info].concat()).unwrap();
    assert_eq!((listening.state, listening.details.unwrap().tcp), (TcpState::Listen, None));
}

#[test]
fn what_is_broken_is_none() {
    let whole = message(&connection(), 1);
    for length in 0..MESSAGE {
        assert_eq!(parse(&whole[..length]), None, "{length}");
    }
    for (place, byte) in [(0, 3), (1, 0), (1, 13)] {
        let mut broken = whole.clone();
        broken[place] = byte;
        assert_eq!(parse(&broken), None, "{place} {byte}");
    }
    let mut lying = attribute(INET_DIAG_INFO, &[0; 104]);
    lying[0] = 200;
    assert_eq!(parse(&[whole.clone(), lying].concat()), None);
    for timer in [0, 5, 255] {
        let mut other = whole.clone();
        other[2] = timer;
        assert_eq!(parse(&other).unwrap().details.unwrap().timer, None);
    }
}

#[test]
fn the_request_is_the_kernels_structure() {
    let [family, protocol, wanted, _, states @ ..] =
        *request(INET6, Ask::Everything).first_chunk::<8>().unwrap();
    assert_eq!((family, protocol, wanted), (10, 6, 0b100_0010));
    assert_eq!(u32::from_ne_bytes(states), 0x1ffe);
    assert_eq!(request(INET, Ask::Plain)[..3], [2, 6, 0]);
}

#[test]
fn only_refusals_mean_that_the_kernel_can_not() {
    let refused = |errno| is_unknown_to_the_kernel(&io::Error::from_raw_os_error(errno));
    assert!(refused(libc::ENOENT) && refused(libc::EPROTONOSUPPORT) && refused(libc::EINVAL));
    assert!(!refused(libc::ENOBUFS) && !refused(libc::ENOMEM));
    assert!(!is_unknown_to_the_kernel(&crate::netlink::DumpError::TimedOut.into()));
}

#[test]
fn this_kernel_shows_a_listener_of_ours_or_refuses() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut found = Vec::new();
    let mut each = |socket: &Socket| found.extend((socket.local == address).then_some(*socket));
    match read(Ask::Everything, &mut each) {
        Ok(skipped) => {
            let states: Vec<_> = found.iter().map(|socket| (socket.state, socket.receive_queue)).collect();
            assert_eq!((skipped, states), (0, vec![(TcpState::Listen, 0)]));
            // `listen(fd, 128)` of the standard library, or what the kernel allows.
            assert!(found[0].send_queue > 0 && found[0].details.unwrap().cookie != 0);
        }
        Err(DiagError::Unavailable(_)) => assert!(found.is_empty()),
        Err(DiagError::Broken(error)) => panic!("{error}"),
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(
        family: bool,
        addresses: [[u8; 16]; 2],
        ports: [u16; 2],
        state in 1..12_u8,
        numbers: [u32; 4],
        cookie: u64,
        timer in 1..5_u8,
    ) {
        let [local, remote] = addresses.map(|bytes| match bytes.first_chunk::<4>() {
            Some(bytes) if family => IpAddr::from(*bytes),
            _ => IpAddr::from(bytes),
        });
        let kind = TimerKind::of(timer).unwrap();
        let timer_runs = Timer { kind, expires_ms: numbers[0], retransmits: 255 };
        let socket = Socket {
            state: TcpState::of(state).unwrap(),
            local: SocketAddr::new(local, ports[0]),
            remote: SocketAddr::new(remote, ports[1]),
            receive_queue: numbers[1],
            send_queue: numbers[2],
            uid: numbers[3],
            inode: u64::from(numbers[0] ^ numbers[1]),
            details: Some(Details { cookie, timer: Some(timer_runs), ..Details::default() }),
            ..connection()
        };
        prop_assert_eq!(parse(&message(&socket, timer)), Some(socket));
    }

    #[test]
    fn never_panics(noise: Vec<u8>, attributes: Vec<u8>) {
        let _ = parse(&noise);
        let _ = parse(&[message(&connection(), 1), attributes].concat());
    }
}
