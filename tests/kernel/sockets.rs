//! What `sockets` shows is what `ss` shows of the same kernel.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Output, Stdio};

use crate::connections::{at, established, finish, listen, udp};
use crate::exporter::PROGRAM;
use crate::least_privilege::{DAC_READ_SEARCH, nobody};
use crate::namespace::{Namespace, require};
use crate::wait::until;

const SYS_PTRACE: u64 = 1 << 19;

/// What both print as `word:value`, and what stands still while nothing is sent.
const STANDING: [&str; 15] = [
    "skmem",
    "rtt",
    "mss",
    "cwnd",
    "ssthresh",
    "retrans",
    "lost",
    "unacked",
    "bytes_sent",
    "bytes_retrans",
    "bytes_acked",
    "bytes_received",
    "busy",
    "rwnd_limited",
    "minrtt",
];

/// A socket by both its ends, and what is told of it.
type Sockets = BTreeMap<(String, String), BTreeMap<String, String>>;

/// Connections in several states, which nobody uses any more.
struct Connections {
    _listening: [TcpListener; 4],
    _open: [(TcpStream, TcpStream); 3],
    _half_closed: (TcpStream, TcpStream),
}

impl Connections {
    fn new(router: &Namespace) -> Self {
        let [four, six, mapped, unused] =
            [at("127.0.0.1", 443), at("::1", 443), at("::ffff:127.0.0.1", 8080), at("0.0.0.0", 22)]
                .map(|address| (address, listen(router, address)));
        let connect = |(address, server): &(SocketAddr, TcpListener)| established(router, *address, server);
        let mut open = [&four, &six, &mapped].map(connect);
        for (near, far) in &mut open {
            near.write_all(&vec![7; 40_000]).expect("an open connection");
            far.read_exact(&mut vec![0; 30_000]).expect("what was sent");
        }
        finish(connect(&four));
        let half_closed = connect(&six);
        half_closed.0.shutdown(std::net::Shutdown::Write).expect("an open connection");
        let listening = [four, six, mapped, unused].map(|(_, server)| server);
        Self { _listening: listening, _open: open, _half_closed: half_closed }
    }
}

#[test]
fn connections_fare_as_ss_has_it() {
    require("ss", "iproute2");
    let router = Namespace::new("sockets", "router");
    let _connections = Connections::new(&router);
    // Delayed acknowledgements are still under way; after that nothing is sent.
    let (ours, theirs) = until("what stands still", || {
        let before = of_ours(&shown(&router, &[]));
        let theirs = of_ss(&ss(&router, &["-tinopmaH"]));
        let after = of_ours(&shown(&router, &[]));
        // That end is acknowledged late as well.
        let ended = after.values().any(|socket| &*socket["state"] == "FIN-WAIT-2");
        (before == after && ended).then_some((after, theirs))
    });
    let states: BTreeSet<&str> = ours.values().map(|socket| &*socket["state"]).collect();
    assert_eq!(states, BTreeSet::from(["ESTAB", "TIME-WAIT", "CLOSE-WAIT", "FIN-WAIT-2"]));
    assert_eq!(ours, theirs);
    let told: BTreeSet<&str> = ours.values().flat_map(|socket| socket.keys().map(String::as_str)).collect();
    for word in ["rtt", "cwnd", "mss", "bytes_sent", "bytes_received", "skmem", "minrtt", "process"] {
        assert!(told.contains(word), "{word}: {told:?}");
    }
}

#[test]
fn open_ports_are_those_of_ss() {
    require("ss", "iproute2");
    let router = Namespace::new("ports", "router");
    let _listening = [at("0.0.0.0", 22), at("::", 80)].map(|address| listen(&router, address));
    let _udp = [at("0.0.0.0", 53), at("::1", 123)].map(|address| udp(&router, address));
    let ours = of_ours(&shown(&router, &["--listening"]));
    let theirs = of_ss(&ss(&router, &["-tulnpH"]));
    assert_eq!(ours.len(), 4);
    let mut cut = ours.clone();
    for (of, theirs) in cut.values_mut().zip(theirs.values()) {
        of.retain(|word, _| theirs.contains_key(word));
    }
    assert_eq!(cut, theirs);
    let own = format!("({})", std::process::id());
    assert!(ours.values().all(|socket| socket["process"].ends_with(&own)), "{ours:?}");
    let one = of_ours(&shown(&router, &["--listening", "--port", "53"]));
    assert_eq!(one.len(), 1);
}

#[test]
fn what_others_hold_is_seen_by_root_alone() {
    require("setpriv", "util-linux");
    let router = Namespace::new("unseen-sockets", "router");
    let _listening = listen(&router, at("127.0.0.1", 443));
    let mut user = Command::new("setpriv");
    user.args(["--reuid=4242", "--regid=4242", "--clear-groups", PROGRAM, "sockets", "--listening"]);
    let output = output(&router, &mut user);
    let (text, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
    assert!(text.lines().any(|line| line.contains("127.0.0.1:443") && line.ends_with("  -")), "{text}");
    assert_eq!(said.matches("CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH are missing").count(), 1, "{said}");
}

#[test]
fn root_keeps_what_shows_processes_and_no_more() {
    let router = Namespace::new("kept", "router");
    // More than fits into a pipe, so that it waits there for somebody to read.
    let _listening: Vec<TcpListener> =
        (1..500).map(|number| listen(&router, at("127.0.0.1", 10_000 + number))).collect();
    let mut command = Command::new(PROGRAM);
    let mut child = router.spawn(command.args(["sockets", "--listening", "--json"]).stdout(Stdio::piped()));
    let held = DAC_READ_SEARCH | SYS_PTRACE;
    let (user, held) = (format!("Uid:\t{0}\t{0}\t{0}\t{0}\n", nobody()), format!("CapEff:\t{held:016x}\n"));
    until("who it is while it writes", || {
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).expect("a running process");
        (status.contains("State:\tS") && status.contains(&user) && status.contains(&held)).then_some(())
    });
    // Whoever closes the pipe has read enough.
    drop(child.stdout.take());
    assert!(child.wait().expect("a child that was just started").success());
}

fn shown(router: &Namespace, options: &[&str]) -> String {
    let output = output(router, Command::new(PROGRAM).arg("sockets").args(options));
    assert_eq!((output.status.code(), &*String::from_utf8_lossy(&output.stderr)), (Some(0), ""));
    String::from_utf8(output.stdout).expect("text")
}

fn ss(router: &Namespace, options: &[&str]) -> String {
    let output = output(router, Command::new("ss").args(options));
    assert!(output.status.success());
    String::from_utf8(output.stdout).expect("text")
}

fn output(router: &Namespace, command: &mut Command) -> Output {
    let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    router.spawn(command).wait_with_output().expect("a child that was just started")
}

/// Each socket of a table: the line of `columns`, and the indented one below it.
fn of_ours(text: &str) -> Sockets {
    let mut sockets = Sockets::new();
    let mut last = None;
    // The first line has the titles; the last, which begins with a number, tells of all sockets.
    for line in text.lines().skip(1).filter(|line| !line.starts_with(|char: char| char.is_ascii_digit())) {
        let words: Vec<&str> = line.split_whitespace().collect();
        if line.starts_with(' ') {
            let socket = last.as_ref().and_then(|key| sockets.get_mut(key)).expect("a socket above");
            socket.extend(standing(&words));
            continue;
        }
        let Some((&[_, state, receive, send, local, remote], process @ [_, ..])) = words.split_first_chunk()
        else {
            panic!("not all columns: {line}")
        };
        let mut socket = columns(state, receive, send);
        if *process != ["-"] {
            socket.insert("process".to_owned(), process.join(" "));
        }
        let key = (local.to_owned(), remote.to_owned());
        sockets.insert(key.clone(), socket);
        last = Some(key);
    }
    sockets
}

/// Each socket of `ss`, which has what it tells more on the same line, or on one that is indented.
fn of_ss(text: &str) -> Sockets {
    let mut sockets = Sockets::new();
    let joined = text.replace("\n\t", " ");
    for line in joined.lines() {
        let all: Vec<&str> = line.split_whitespace().collect();
        let (["tcp" | "udp", words @ ..] | words) = all.as_slice();
        let [state, receive, send, local, remote, ..] = words else { panic!("not all columns: {line}") };
        if *state == "LISTEN" && joined.contains("skmem") {
            continue;
        }
        let mut socket = columns(state, receive, send);
        socket.extend(standing(words));
        if let Some(process) = words.iter().find_map(|word| word.strip_prefix("users:((\"")) {
            let (name, rest) = process.split_once("\",pid=").expect("a process");
            let pid = rest.split(',').next().expect("a number");
            socket.insert("process".to_owned(), format!("{name} ({pid})"));
        }
        // What is bound to nothing, `*`, is of IPv6 and takes IPv4 too.
        let end =
            |word: &str| if word.starts_with("*:") { word.replacen('*', "[::]", 1) } else { word.to_owned() };
        sockets.insert((end(local), end(remote)), socket);
    }
    sockets
}

fn columns(state: &str, receive_queue: &str, send_queue: &str) -> BTreeMap<String, String> {
    let columns = [("state", state), ("receive", receive_queue), ("send", send_queue)];
    columns.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// What stands still, and which timer runs.
fn standing(words: &[&str]) -> BTreeMap<String, String> {
    let pairs = words.iter().filter_map(|word| word.split_once(':'));
    let told = pairs.filter_map(|(word, value)| match word {
        "timer" => Some((word, value.split(',').next()?)),
        _ => STANDING.contains(&word).then_some((word, value)),
    });
    told.map(|(word, value)| (word.to_owned(), value.to_owned())).collect()
}
