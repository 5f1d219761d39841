//! The router's own sockets: what is told of them is what `ss` of iproute2 tells.

mod loss;
mod two_sources;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use nix::sys::signal::Signal;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, SockaddrStorage, connect, socket};

use crate::connections::{at, established, finish, listen, udp};
use crate::exporter::{Exporter, PROGRAM, configure, once};
use crate::household::Household;
use crate::lines::{Line, Value, parse};
use crate::namespace::{Namespace, require};
use crate::snapshot::{Receiver, Snapshot};
use crate::wait::until;

/// What `ss` prints of the sockets of TCP, one to a line, by these options.
fn ss(router: &Namespace, options: &str) -> Vec<String> {
    require("ss", "iproute2");
    let mut command = Command::new("ss");
    command.args(["-H", "-n", "-t", "-O", options]).stdin(Stdio::null()).stdout(Stdio::piped());
    let output = router.spawn(&mut command).wait_with_output().expect("a child that was just started");
    assert!(output.status.success(), "ss: {}", output.status);
    String::from_utf8(output.stdout).expect("text").lines().map(str::to_owned).collect()
}

/// One connection, as `ss -i` tells it.
#[derive(Clone, Debug)]
struct Told {
    local: u16,
    remote: u16,
    figures: BTreeMap<String, String>,
}

impl Told {
    fn figure(&self, name: &str) -> i64 {
        self.figures.get(name).map_or(0, |figure| figure.parse().expect("a number"))
    }

    /// The smoothed round-trip time in microseconds, of which `ss` prints milliseconds.
    fn rtt_us(&self) -> i64 {
        let (milliseconds, _) = self.figures.get("rtt").and_then(|rtt| rtt.split_once('/')).expect("a time");
        let digits = format!("{:.3}", milliseconds.parse::<f64>().expect("milliseconds")).replace('.', "");
        digits.parse().expect("digits")
    }
}

/// The open connections, as `ss` tells them.
fn told(router: &Namespace) -> Vec<Told> {
    let port = |word: &str| word.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).expect("a port");
    let lines = ss(router, "-ti");
    let open = lines.iter().filter(|line| line.starts_with("ESTAB"));
    let told = open.map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, _, _, local, remote, info @ ..] = words.as_slice() else { panic!("{line}") };
        let figures = info.iter().filter_map(|word| word.split_once(':'));
        let figures = figures.map(|(name, figure)| (name.to_owned(), figure.to_owned())).collect();
        Told { local: port(local), remote: port(remote), figures }
    });
    told.collect()
}

/// The same once nothing moves any more: what is acknowledged late has been.
fn told_at_rest(router: &Namespace) -> Vec<Told> {
    let still = |told: &[Told]| told.iter().map(|one| format!("{:?}", moving(one))).collect::<Vec<_>>();
    until("connections at rest", || {
        let before = told(router);
        std::thread::sleep(std::time::Duration::from_millis(300));
        let after = told(router);
        (still(&before) == still(&after)).then_some(after)
    })
}

/// What moves while anything is sent or acknowledged.
fn moving(told: &Told) -> [&str; 6] {
    ["bytes_acked", "bytes_received", "rtt", "cwnd", "unacked", "segs_in"]
        .map(|name| told.figures.get(name).map_or("", String::as_str))
}

/// The lines of `tcp_service`, by role and port.
fn services(snapshot: &Snapshot) -> BTreeMap<(String, u16), Line> {
    let tag = |line: &Line, key: &str| line.tags.get(key).cloned().expect("a tag");
    let key = |line: &Line| (tag(line, "role"), tag(line, "port").parse().expect("a port"));
    snapshot.of("tcp_service").map(|line| (key(line), line.clone())).collect()
}

fn integer(line: &Line, name: &str) -> Option<i64> {
    line.fields.get(name).map(|value| match value {
        Value::Integer(figure) => *figure,
        other => panic!("{name} is {other:?}"),
    })
}

fn send(from: &mut TcpStream, to: &mut TcpStream, bytes: usize) {
    from.write_all(&vec![7; bytes]).expect("an open connection");
    to.read_exact(&mut vec![0; bytes]).expect("what was just sent");
}

/// Connections of three services, one of IPv6 and one of both families, that have moved something.
fn connections(router: &Namespace) -> ([TcpListener; 3], Vec<(TcpStream, TcpStream)>) {
    let listeners = [at("127.0.0.1", 8080), at("::1", 9090), at("::", 7070)].map(|at| listen(router, at));
    let [four, six, both] = &listeners;
    let mut pairs = Vec::new();
    for (listener, address, count) in [
        (four, at("127.0.0.1", 8080), 5),
        (six, at("::1", 9090), 2),
        (both, at("127.0.0.1", 7070), 3),
        (both, at("::1", 7070), 1),
    ] {
        for number in 1..=count {
            let (mut near, mut far) = established(router, address, listener);
            for _ in 0..number {
                send(&mut near, &mut far, 1000 * number);
                send(&mut far, &mut near, 30_000 * number);
            }
            pairs.push((near, far));
        }
    }
    (listeners, pairs)
}

#[test]
fn services_are_as_ss_tells_them() {
    let home = Household::new("own-services");
    let (listeners, _pairs) = connections(&home.router);
    let listening: BTreeSet<u16> =
        listeners.iter().map(|listener| listener.local_addr().expect("an address").port()).collect();
    let told = told_at_rest(&home.router);
    let config = configure(&home, "127.0.0.1:8094", "");
    let found = services(&once(&home, &config));
    let mut expected: BTreeMap<(String, u16), Vec<Told>> = BTreeMap::new();
    for one in &told {
        let is_server = listening.contains(&one.local);
        let (role, port) = if is_server { ("server", one.local) } else { ("client", one.remote) };
        expected.entry((role.to_owned(), port)).or_default().push(one.clone());
    }
    assert_eq!(told.len(), 22, "both ends of each");
    assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    for (key, told) in expected {
        let line = &found[&key];
        let sorted = |figure: &dyn Fn(&Told) -> i64| {
            let mut figures: Vec<_> = told.iter().map(figure).collect();
            figures.sort_unstable();
            figures
        };
        let (rtt, windows) = (sorted(&Told::rtt_us), sorted(&|one| one.figure("cwnd")));
        let middle = (told.len() - 1) / 2;
        for (name, figure) in [
            ("connections", i64::try_from(told.len()).expect("a few")),
            ("half_open", 0),
            ("time_wait", 0),
            ("close_wait", 0),
            ("rtt_us_min", rtt[0]),
            ("rtt_us_median", rtt[middle]),
            ("rtt_us_max", rtt[told.len() - 1]),
            ("cwnd_median", windows[middle]),
            ("lost", told.iter().map(|one| one.figure("lost")).sum()),
            ("unacked", told.iter().map(|one| one.figure("unacked")).sum()),
        ] {
            assert_eq!(integer(line, name), Some(figure), "{key:?} {name}");
        }
        assert_eq!(integer(line, "bytes_acked"), None, "since when?");
    }
}

/// The figures of the connections of port 8080, all together, as `ss` tells them: of the server and of the client.
fn sums(told: &[Told], name: &str) -> [i64; 2] {
    let sum = |is_of: &dyn Fn(&&Told) -> bool| told.iter().filter(is_of).map(|one| one.figure(name)).sum();
    [sum(&|one| one.local == 8080), sum(&|one| one.remote == 8080)]
}

#[test]
fn what_a_service_did_is_the_difference_that_ss_tells() {
    let home = Household::new("own-deltas");
    let (listeners, mut pairs) = connections(&home.router);
    let before = told_at_rest(&home.router);
    let telegraf = at("127.0.0.1", 8094);
    let receiver = Receiver::new(&home.router, telegraf);
    let exporter = Exporter::sending_to(&home, telegraf);
    let first = services(&receiver.next());
    assert!(first.values().all(|line| integer(line, "bytes_acked").is_none()), "since when?");

    let (near, far) = &mut pairs[0];
    send(far, near, 200_000);
    // One that has come since counts wholly.
    let mut new = established(&home.router, at("127.0.0.1", 8080), &listeners[0]);
    send(&mut new.1, &mut new.0, 77_000);
    let after = told_at_rest(&home.router);
    let wanted = |name: &str| {
        let [before, after] = [sums(&before, name), sums(&after, name)];
        [after[0] - before[0], after[1] - before[1]]
    };
    let names = ["bytes_acked", "bytes_received"];
    let wanted = names.map(wanted);
    // No more comes: whatever is in a report is so in none of the others.
    let mut found = [[0; 2]; 2];
    until("all that was done", || {
        let services = services(&receiver.next());
        for (place, role) in ["server", "client"].iter().enumerate() {
            let line = &services[&((*role).to_owned(), 8080)];
            for (sums, name) in found.iter_mut().zip(names) {
                sums[place] += integer(line, name).expect("it is known since when");
            }
            assert_eq!(integer(line, "retransmitted"), Some(0));
        }
        (found == wanted).then_some(())
    });
    let last = services(&receiver.next());
    assert_eq!(integer(&last[&("server".to_owned(), 8080)], "bytes_acked"), Some(0));
    // They end from here: the server's side has nothing left but TIME_WAIT of the client's.
    drop(listeners);
    pairs.push(new);
    drop(pairs);
    let ended = receiver.next_where("the end of the connections", |snapshot| {
        let of_server = services(snapshot).remove(&("server".to_owned(), 9090));
        of_server.is_some_and(|line| integer(&line, "connections") == Some(0))
    });
    assert!(!ended.lines().is_empty());
    exporter.end(Signal::SIGTERM);
}

/// Sockets in as many states as can be held, so that they stay.
fn states(router: &Namespace) -> Vec<Box<dyn std::any::Any>> {
    let mut held: Vec<Box<dyn std::any::Any>> = Vec::new();
    let server = listen(router, at("127.0.0.1", 8080));
    held.push(Box::new(established(router, at("127.0.0.1", 8080), &server)));
    finish(established(router, at("127.0.0.1", 8080), &server));
    // Closed by the client alone: FIN_WAIT2 there, CLOSE_WAIT here.
    let half = established(router, at("127.0.0.1", 8080), &server);
    half.0.shutdown(Shutdown::Write).expect("an open connection");
    held.push(Box::new(half));
    // That end is acknowledged late (`tcp_send_delayed_ack()`).
    until("FIN_WAIT2", || ss(router, "-ta").iter().find(|line| line.starts_with("FIN-WAIT-2")).map(drop));
    // What is asked doesn't arrive, and what is answered doesn't.
    router.nft(
        "table inet drops {
            chain out {
                type filter hook output priority 0
                tcp dport 6001 drop
                tcp sport 6002 tcp flags & (syn | ack) == (syn | ack) drop
            }
        }",
    );
    let half_open = listen(router, at("127.0.0.1", 6002));
    for port in [6001, 6002] {
        held.push(Box::new(connecting(router, port)));
    }
    let (any, local) = (listen(router, at("::", 7070)), udp(router, at("::1", 5353)));
    let connected = udp(router, at("127.0.0.1", 0));
    connected.connect(at("127.0.0.1", 53)).expect("a way there");
    held.push(Box::new((server, half_open, any, local, connected, udp(router, at("0.0.0.0", 67)))));
    held
}

/// A socket that goes on trying to connect.
fn connecting(router: &Namespace, port: u16) -> OwnedFd {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let socket = router.enter(|| socket(AddressFamily::Inet, SockType::Stream, flags, None));
    let socket = socket.expect("a socket");
    let _ = connect(socket.as_raw_fd(), &SockaddrStorage::from(at("127.0.0.1", port)));
    socket
}

/// How many sockets of TCP are in each state, by the names that `netstat` has for them.
fn by_ss(router: &Namespace) -> BTreeMap<String, i64> {
    let mut counts = BTreeMap::new();
    for line in ss(router, "-ta") {
        let state = line.split_whitespace().next().unwrap_or_default();
        let name = match state {
            "ESTAB" => "established".to_owned(),
            "FIN-WAIT-1" => "fin_wait1".to_owned(),
            "FIN-WAIT-2" => "fin_wait2".to_owned(),
            other => other.to_lowercase().replace('-', "_"),
        };
        *counts.entry(format!("tcp_{name}")).or_default() += 1;
    }
    counts
}

/// What is in the kernel's text in that namespace.
fn text(router: &Namespace, name: &str) -> String {
    // /proc/net is the whole process's namespace, not the thread's.
    router.enter(|| fs::read_to_string(format!("/proc/thread-self/net/{name}"))).expect("the kernel's text")
}

/// The only line of `netstat`, without the states in which nobody is.
fn netstat(snapshot: &[Line]) -> BTreeMap<String, i64> {
    let lines: Vec<_> = snapshot.iter().filter(|line| line.measurement == "netstat").collect();
    let [line] = lines.as_slice() else { panic!("not one line: {lines:#?}") };
    assert_eq!(line.fields.len(), 13);
    let fields = line.fields.keys().map(|name| (name.clone(), integer(line, name).expect("a count")));
    fields.filter(|(_, count)| *count != 0).collect()
}

/// The router's files, copied from its kernel: the text alone.
fn copied(home: &Household) -> PathBuf {
    let root = home.file("root");
    let net = root.join("proc/net");
    fs::create_dir_all(&net).expect("a directory");
    for name in ["tcp", "tcp6", "udp", "udp6", "nf_conntrack"] {
        fs::write(net.join(name), text(&home.router, name)).expect("a copy");
    }
    root
}

#[test]
fn states_are_counted_as_the_kernel_and_ss_count_them() {
    let home = Household::new("own-states");
    let _held = states(&home.router);
    let rows = |name: &str| text(&home.router, name).lines().count() - 1;
    let half_open =
        || text(&home.router, "tcp").lines().any(|row| row.split_whitespace().nth(3) == Some("03"));
    until("a half-open connection", || half_open().then_some(()));
    let mut expected = by_ss(&home.router);
    assert_eq!(
        expected.keys().map(String::as_str).collect::<Vec<_>>(),
        [
            "tcp_close_wait",
            "tcp_established",
            "tcp_fin_wait2",
            "tcp_listen",
            "tcp_syn_recv",
            "tcp_syn_sent",
            "tcp_time_wait"
        ]
    );
    assert_eq!((expected["tcp_syn_recv"], expected["tcp_syn_sent"]), (1, 2));
    assert_eq!(expected.values().sum::<i64>(), i64::try_from(rows("tcp") + rows("tcp6")).expect("a few"));
    expected.insert("udp_socket".to_owned(), i64::try_from(rows("udp") + rows("udp6")).expect("a few"));
    assert!(expected["udp_socket"] >= 3);
    let config = configure(&home, "127.0.0.1:8094", "");
    assert_eq!(netstat(once(&home, &config).lines()), expected, "by messages");

    let mut replayed = Command::new(PROGRAM);
    replayed.arg("--root").arg(copied(&home)).arg("--config").arg(&config).arg("once");
    let output = replayed.output().expect("the program");
    let lines = parse(&output.stdout).unwrap_or_else(|why| panic!("{why}"));
    assert_eq!(netstat(&lines), expected, "by text");
    let services: Vec<_> = lines.iter().filter(|line| line.measurement == "tcp_service").collect();
    let of = |role: &str, port: &str| {
        let mut of = services.iter().filter(|line| line.tags["role"] == role && line.tags["port"] == port);
        of.next().unwrap_or_else(|| panic!("{role} {port}: {services:#?}"))
    };
    let counts =
        |line: &Line| ["connections", "half_open", "time_wait", "close_wait"].map(|name| integer(line, name));
    assert_eq!(counts(of("server", "8080")), [1, 0, 0, 1].map(Some));
    assert_eq!(counts(of("client", "8080")), [1, 0, 1, 0].map(Some));
    assert_eq!(counts(of("server", "6002")), [0, 1, 0, 0].map(Some));
    assert_eq!(counts(of("client", "6001")), [0, 1, 0, 0].map(Some));
    assert!(services.iter().all(|line| line.fields.len() == 4), "the text tells no more");
}
