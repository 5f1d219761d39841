//! What is refused, and that it costs nobody else anything.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream};
use std::os::fd::AsRawFd as _;
use std::{fs, io};

use nix::sys::socket::{
    AddressFamily, SockFlag, SockType, SockaddrIn, bind, connect, setsockopt, socket, sockopt,
};

use crate::http_client::{self, ask, send};
use crate::served::{Served, until};

#[test]
fn only_who_calls_the_router_by_its_name_is_answered() {
    let served = Served::start("http-host", "http.names = [\"router.lan\"]");
    let (address, port) = (served.address, served.address.port());
    let get = |host: &str| ask(address, "GET", "/api/v1/devices", host, "").unwrap();
    for host in [
        "127.0.0.1",
        "localhost",
        "LocalHost:1",
        "router.lan",
        "ROUTER.lan.:80",
        "192.168.8.1",
        "[2001:db8:aa:10::1]:9",
        "[::1]",
    ] {
        assert_eq!(get(host).status, 200, "{host}");
    }
    let foreign = [
        "evil.example",
        "router.lan.evil.example",
        "198.51.100.7",
        "192.168.8.2",
        "a@127.0.0.1",
        "router.lan@evil",
        "",
    ];
    for host in foreign.into_iter().chain(["127.1", "2130706433", "localhost.evil.example"]) {
        let answer = get(host);
        assert!([400, 421].contains(&answer.status), "{host}: {}", answer.head);
        assert!(answer.body.len() < 200 && !answer.text().contains("evil"), "{answer:?}");
        assert!(answer.header("content-security-policy").is_some());
    }
    let lines = |lines: &str| {
        send(address, format!("{lines}\r\nConnection: close\r\n\r\n").as_bytes()).unwrap().status
    };
    let target = format!("127.0.0.1:{port}");
    assert_eq!(lines(&format!("GET http://evil.example/api/v1/status HTTP/1.1\r\nHost: {target}")), 421);
    assert_eq!(lines(&format!("GET http://{target}/api/v1/status HTTP/1.1\r\nHost: {target}")), 200);
    assert_eq!(lines("GET /api/v1/status HTTP/1.1"), 400);
    assert_eq!(lines("GET /api/v1/status HTTP/1.0"), 400);
    assert_eq!(lines(&format!("GET /api/v1/status HTTP/1.1\r\nHost: {target}\r\nHost: evil.example")), 400);
}

#[test]
fn nothing_but_get_and_head() {
    let served = Served::start("http-methods", "");
    let host = served.address.to_string();
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "PROPFIND", "BREW"] {
        for target in ["/", "/api/v1/status", "/nowhere"] {
            let answer = ask(served.address, method, target, &host, "").unwrap();
            assert_eq!(
                (answer.status, answer.header("allow")),
                (405, Some("GET, HEAD")),
                "{method} {target}"
            );
        }
    }
    let connect = send(served.address, format!("CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes());
    assert_eq!(connect.unwrap().status, 405);
    let body = ask(served.address, "GET", "/api/v1/status", &host, "Content-Length: 1000000000\r\n").unwrap();
    assert_eq!(body.status, 400);
    let post = ask(served.address, "POST", "/", &host, "Transfer-Encoding: chunked\r\n").unwrap();
    assert_eq!((post.status, post.header("connection")), (405, Some("close")));
}

#[test]
fn what_is_too_long_or_no_http_is_not_listened_to() {
    let served = Served::start("http-garbage", "");
    let host = served.address.to_string();
    let long = "x".repeat(20_000);
    let many = "X-Again: 1\r\n".repeat(200);
    for (what, answer) in [
        ("a huge header", ask(served.address, "GET", "/", &host, &format!("Cookie: {long}\r\n"))),
        ("many headers", ask(served.address, "GET", "/", &host, &many)),
        ("a huge target", ask(served.address, "GET", &format!("/{long}"), &host, "")),
        ("a long target", ask(served.address, "GET", &format!("/{}", &long[..3000]), &host, "")),
        ("a huge method", send(served.address, long.as_bytes())),
        ("no HTTP", send(served.address, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello\r\n\r\n")),
        ("another HTTP", send(served.address, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")),
        ("no line", send(served.address, b"\0\0\0\0\r\n\r\n")),
    ] {
        // Who is cut off in the midst of what he says may not hear why.
        assert!(
            answer.as_ref().is_none_or(|answer| (400..500).contains(&answer.status)),
            "{what}: {answer:?}"
        );
    }
    served.wait_for_snapshots(1);
}

/// A connection to the daemon from another loopback address.
fn connect_from(peer: Ipv4Addr, address: SocketAddr) -> io::Result<TcpStream> {
    let SocketAddr::V4(address) = address else { panic!("{address}") };
    let socket = socket(AddressFamily::Inet, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
    // Enough for a question, and for no long answer.
    setsockopt(&socket, sockopt::RcvBuf, &4096)?;
    bind(socket.as_raw_fd(), &SockaddrIn::from(SocketAddrV4::new(peer, 0)))?;
    connect(socket.as_raw_fd(), &SockaddrIn::from(address))?;
    Ok(socket.into())
}

/// How many descriptors a process has open.
fn descriptors(pid: u32) -> usize {
    fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count()
}

#[test]
fn who_says_little_for_long_keeps_nobody_out_for_long() {
    let served = Served::start("http-slow", "");
    let before = served.sequence();
    // Of each address eight are heard, and of all 64: these are more of both, and none says enough.
    let slow: Vec<TcpStream> = (0..160_u8)
        .filter_map(|number| {
            let mut stream = connect_from(Ipv4Addr::new(127, 0, 1, 1 + number % 10), served.address).ok()?;
            let _ = stream.write_all(b"GET /api/v1/status HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ");
            Some(stream)
        })
        .collect();
    assert!(slow.len() > 100, "{}", slow.len());
    let open = descriptors(served.pid());
    assert!(open < 64 + 32, "{open} descriptors");
    // However slowly they go on, they are closed, and who asks properly is served.
    let answer = until("an answer to somebody else", || {
        for mut stream in &slow {
            let _ = stream.write_all(b"x");
        }
        served.get("/api/v1/status").filter(|answer| answer.status == 200)
    });
    assert!(answer.json()["sequence"].as_i64().unwrap() >= before);
    served.wait_for_snapshots(2);
    drop(slow);
}

#[test]
fn of_one_address_eight_are_heard_and_others_have_room() {
    let served = Served::start("http-eight", "");
    let peer = Ipv4Addr::new(127, 0, 2, 1);
    let request =
        format!("GET /api/v1/status HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", served.address);
    let begin = |said: &str| {
        let mut stream = connect_from(peer, served.address).unwrap();
        let _ = stream.write_all(said.as_bytes());
        stream
    };
    // They are accepted in the order in which they came.
    let (first, rest) = request.split_at(20);
    let mut heard: Vec<TcpStream> = (0..8).map(|_| begin(first)).collect();
    assert!(http_client::read(&mut begin(&request)).is_none(), "the ninth is answered");
    assert_eq!(served.get("/api/v1/status").unwrap().status, 200, "of another address");
    heard[7].write_all(rest.as_bytes()).unwrap();
    assert_eq!(http_client::read(&mut heard[7]).unwrap().status, 200, "of the eight");
}

#[test]
fn who_never_reads_is_given_up() {
    let served = Served::start_without_waiting("http-unread", "", |sample| {
        // Enough that no buffer of a socket's holds an answer.
        let table = sample.root().join("proc/net/nf_conntrack");
        let line = |number: u32| {
            format!(
                "ipv4     2 tcp      6 7000 ESTABLISHED src=192.168.8.{} dst=198.51.100.7 sport={} dport=443 packets=1 bytes=100 \
                 src=198.51.100.7 dst=203.0.113.10 sport=443 dport={} packets=5 bytes=900 [ASSURED] mark=0 use=2\n",
                2 + number / 60_000,
                1024 + number % 60_000,
                1024 + number % 60_000
            )
        };
        fs::write(table, (0..20_000).map(line).collect::<String>()).unwrap();
    });
    served.wait_for_a_snapshot();
    until("flows", || Some(()).filter(|()| served.json("/api/v1/flows?limit=1")["left_out"] == 19_999));
    let request = format!("GET /api/v1/flows?limit=16384 HTTP/1.1\r\nHost: {}\r\n\r\n", served.address);
    let mut unread: Vec<TcpStream> = (0..8)
        .map(|_| {
            let mut stream = connect_from(Ipv4Addr::new(127, 0, 3, 1), served.address).unwrap();
            stream.write_all(request.as_bytes()).unwrap();
            stream
        })
        .collect();
    served.wait_for_snapshots(2);
    // All of its places are taken until it is given up.
    until("a place for the same address", || {
        let mut stream = connect_from(Ipv4Addr::new(127, 0, 3, 1), served.address).ok()?;
        let request =
            format!("GET /api/v1/status HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", served.address);
        stream.write_all(request.as_bytes()).ok()?;
        http_client::read(&mut stream)
    });
    // What the others get is cut off.
    let mut got = Vec::new();
    let _ = unread[0].read_to_end(&mut got);
    assert!(!got.ends_with(b"\r\n0\r\n\r\n"), "{} bytes, and it was whole", got.len());
    // Who reads gets all of it.
    let whole = served.json("/api/v1/flows?limit=16384");
    assert_eq!((whole["flows"].as_array().unwrap().len(), &whole["left_out"]), (16_384, &3616.into()));
}
