//! What it costs to read the router's own sockets, beside what it must cost: the kernel's own work, by messages and as
//! text, with what it gives thrown away. One run, interleaved, in processor time; Markdown on standard output.
//!
//! Needs root: the sockets are made in a network namespace of its own.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark that can't run says so by a panic")]

#[path = "support/cost.rs"]
mod cost;

use std::fs::File;
use std::hint::black_box;
use std::io::Read;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::process::{Command, ExitCode};

use conntrack_exporter::measurements::Measurement;
use conntrack_exporter::measurements::fixture::Fixture;
use conntrack_exporter::measurements::netstat::Netstat;
use conntrack_exporter::measurements::tcp_service::TcpService;
use conntrack_exporter::proc_net::sockets::{
    Socket, SocketReader, SocketSource, TCP, TCP6, Transport, UDP, UDP6, Wanted, text,
};
use conntrack_exporter::root::Root;
use nix::sched::{CloneFlags, unshare};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, recv, send, setsockopt, socket, sockopt,
};
use nix::sys::time::{TimeVal, TimeValLike};
use nix::unistd::geteuid;

use cost::{median, own};

/// How many connections, each of two sockets; half of them of IPv6.
const CONNECTIONS: u16 = 4_000;
const ROUNDS: usize = 31;
/// What reading may cost beside what the kernel's own work does.
const AT_MOST: f64 = 1.3;

fn main() -> ExitCode {
    if !geteuid().is_root() {
        println!("sockets: needs root, to make them in a network namespace of its own; nothing was measured");
        return ExitCode::SUCCESS;
    }
    let _held = sockets();
    let mut samples: [Vec<f64>; 6] = Default::default();
    let (mut by_states, mut by_details, mut by_text) = (Observers::new(), Observers::new(), Observers::new());
    // The first round warms up.
    for round in 0..=ROUNDS {
        let costs = [
            own(|| discard(0)),
            own(|| by_states.messages(Wanted::States)),
            own(|| discard(0b100_0010)),
            own(|| by_details.messages(Wanted::Details)),
            own(discard_text),
            own(|| by_text.text()),
        ];
        if round > 0 {
            samples.iter_mut().zip(costs).for_each(|(samples, cost)| samples.push(cost));
        }
    }
    report(samples.map(median))
}

fn report([states, by_states, details, by_details, text, by_text]: [f64; 6]) -> ExitCode {
    println!("## The router's own sockets");
    println!();
    println!(
        "{} sockets of TCP, half of them of IPv6. Processor time (user + system) in µs, medians of {ROUNDS} interleaved \
         rounds. \"Discarded\": the kernel hands out its sockets, and nobody looks at them; \"read\": they are read, \
         and `netstat` and `tcp_service` made of them.",
        2 * CONNECTIONS
    );
    println!();
    println!("| | discarded | read | read ÷ discarded |");
    println!("|---|--:|--:|--:|");
    let mut is_cheap = true;
    for (what, floor, ours) in [
        ("messages, states alone", states, by_states),
        ("messages, how connections fare", details, by_details),
        ("text", text, by_text),
    ] {
        println!("| {what} | {floor:.0} | {ours:.0} | {:.3} |", ours / floor);
        is_cheap &= ours / floor <= AT_MOST;
    }
    println!();
    if is_cheap {
        return ExitCode::SUCCESS;
    }
    eprintln!("sockets: reading takes more than {AT_MOST} times as long as the kernel's own work");
    ExitCode::FAILURE
}

/// Goes into a new namespace, and opens connections from there to itself.
fn sockets() -> ([TcpListener; 2], Vec<(TcpStream, TcpStream)>) {
    unshare(CloneFlags::CLONE_NEWNET).expect("a network namespace");
    let up = Command::new("ip").args(["link", "set", "lo", "up"]).status();
    assert!(up.is_ok_and(|status| status.success()), "ip link set lo up");
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, most.min(65_536), most).expect("more open files");
    let local = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    let listeners = local.map(|local| TcpListener::bind(SocketAddr::new(local, 443)).expect("a free port"));
    let pair = |number: u16| {
        let listener = if number.is_multiple_of(2) { &listeners[0] } else { &listeners[1] };
        let near = TcpStream::connect(listener.local_addr().unwrap()).expect("a connection");
        (near, listener.accept().expect("a connection").0)
    };
    let pairs = (0..CONNECTIONS).map(pair).collect();
    (listeners, pairs)
}

/// What is made of sockets.
struct Observers {
    reader: SocketReader,
    netstat: Netstat,
    services: TcpService,
    fixture: Fixture,
}

impl Observers {
    fn new() -> Self {
        Self {
            reader: SocketReader::default(),
            netstat: Netstat::default(),
            services: TcpService::default(),
            fixture: Fixture::new(),
        }
    }

    fn messages(&mut self, wanted: Wanted) {
        let reader = &mut self.reader;
        let (netstat, services) = (&mut self.netstat, &mut self.services);
        let source = observed(netstat, services, |each| reader.read(&Root::live(), wanted, each).unwrap());
        assert_eq!(source, SocketSource::Diag, "this kernel has no INET_DIAG");
        self.report(source);
    }

    fn text(&mut self) {
        let (netstat, services) = (&mut self.netstat, &mut self.services);
        observed(netstat, services, |each| {
            for (path, transport) in
                [(TCP6, Transport::Tcp), (TCP, Transport::Tcp), (UDP6, Transport::Udp), (UDP, Transport::Udp)]
            {
                assert_eq!(text::read(File::open(path).expect(path), transport, each).unwrap(), 0);
            }
        });
        self.report(SocketSource::Text);
    }

    fn report(&mut self, source: SocketSource) {
        self.fixture.sample.sockets = Some(source);
        let measurements: [&mut dyn Measurement; 2] = [&mut self.netstat, &mut self.services];
        let points: usize = measurements.into_iter().map(|one| self.fixture.report(one).points.len()).sum();
        assert_eq!(points, 3, "the sockets are those of one service, from both sides");
    }
}

/// Shows both measurements what `read` hands out.
fn observed<T>(
    netstat: &mut Netstat,
    services: &mut TcpService,
    read: impl FnOnce(&mut dyn FnMut(&Socket)) -> T,
) -> T {
    netstat.begin_sockets();
    services.begin_sockets();
    let mut shown = 0;
    let read = read(&mut |socket| {
        shown += 1;
        netstat.observe_socket(socket);
        services.observe_socket(socket);
    });
    assert!(shown >= 2 * usize::from(CONNECTIONS));
    read
}

/// Reads the kernel's text, and looks at nothing of it.
fn discard_text() {
    [TCP6, TCP, UDP6, UDP].into_iter().for_each(discard_file);
}

fn discard_file(path: &str) {
    let (mut file, mut buffer) = (File::open(path).expect(path), [0; 8 * 1024]);
    while file.read(&mut buffer).expect(path) > 0 {
        black_box(&buffer);
    }
}

/// Has the kernel dump its sockets of TCP with what is `wanted` of each, and looks only for the end; UDP as text.
fn discard(wanted: u8) {
    for family in [10, 2] {
        discard_dump(family, wanted);
    }
    [UDP6, UDP].into_iter().for_each(discard_file);
}

/// `struct nlmsghdr` (`NLM_F_REQUEST | NLM_F_DUMP` of `SOCK_DIAG_BY_FAMILY`) and `struct inet_diag_req_v2`, in words of
/// this machine.
fn discard_dump(family: u8, wanted: u8) {
    let netlink = SockProtocol::NetlinkSockDiag;
    let socket =
        socket(AddressFamily::Netlink, SockType::Raw, SockFlag::SOCK_CLOEXEC, netlink).expect("netlink");
    setsockopt(&socket, sockopt::ReceiveTimeout, &TimeVal::seconds(10)).expect("a timeout");
    let mut question = [72_u32.to_ne_bytes(), [0; 4], 1_u32.to_ne_bytes(), [0; 4]].concat();
    question.splice(4..8, [20_u16.to_ne_bytes(), 0x301_u16.to_ne_bytes()].concat());
    question.extend([family, 6, wanted, 0]);
    question.extend(0x1ffe_u32.to_ne_bytes());
    question.resize(72, 0);
    send(socket.as_raw_fd(), &question, MsgFlags::empty()).expect("a dump");
    // NLMSG_DONE, behind its length and before its flags.
    let (last, mut buffer) = ([&20_u32.to_ne_bytes()[..], &3_u16.to_ne_bytes()].concat(), vec![0; 32 * 1024]);
    loop {
        let length = recv(socket.as_raw_fd(), &mut buffer, MsgFlags::empty()).expect("a dump");
        let datagram = black_box(&buffer).get(..length).unwrap_or_default();
        if length >= 20 && datagram.get(length - 20..length - 14) == Some(&*last) {
            return;
        }
    }
}
