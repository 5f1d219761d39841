//! Which ports are open, and who answers there: as `ss` has it, and by which capabilities.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Permissions};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use nix::sys::signal::Signal;
use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, SockaddrStorage, bind, listen, setsockopt, socket, sockopt,
};

use crate::connections::{at, established, listen as listener, udp, unanswered};
use crate::exporter::{Exporter, PROGRAM, command, configure};
use crate::household::{Household, INTERNET, LAPTOP, LAPTOP_MAC, ROUTER, ROUTER_V6};
use crate::least_privilege::{DAC_READ_SEARCH, NONE, insist, nobody, reload};
use crate::lines::{Line, Value, parse};
use crate::namespace::{Namespace, require};
use crate::privileges::{program, unprivileged};
use crate::snapshot::{Receiver, Snapshot, counts};

const SYS_PTRACE: u64 = 1 << 19;
const BOTH: [&str; 2] = ["sys_ptrace", "dac_read_search"];
const WANTED: &str = "source = \"procfs\"\nsystem.processes = true";

/// A process that holds what it was given, and does nothing; killed when dropped.
struct Holder(Child);

impl Holder {
    fn of(socket: OwnedFd) -> Self {
        let child = Command::new("sleep").arg("600").stdin(Stdio::from(socket)).spawn();
        Self(child.expect("the command sleep"))
    }

    fn pid(&self) -> i64 {
        self.0.id().into()
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A socket at which many may listen, and so many may wait.
fn twin(host: &Namespace, address: SocketAddr, backlog: i32) -> OwnedFd {
    host.enter(|| {
        let family = if address.is_ipv6() { AddressFamily::Inet6 } else { AddressFamily::Inet };
        let twin = socket(family, SockType::Stream, SockFlag::SOCK_CLOEXEC, None).expect("a socket");
        setsockopt(&twin, sockopt::ReusePort, &true).expect("a port for several");
        bind(twin.as_raw_fd(), &SockaddrStorage::from(address)).expect("a free port");
        listen(&twin, Backlog::new(backlog).expect("a backlog")).expect("a socket of TCP");
        twin
    })
}

/// What is told of one port.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Port {
    queue: i64,
    backlog: Option<i64>,
    sockets: i64,
    holder: Option<(i64, String)>,
}

/// By protocol, address and port.
type Ports = BTreeMap<(String, String, String), Port>;

fn figure(line: &Line, name: &str) -> Option<i64> {
    line.fields.get(name).map(|value| match value {
        Value::Integer(figure) => *figure,
        other => panic!("{name} is {other:?}"),
    })
}

fn holder_of(line: &Line) -> Option<(i64, String)> {
    match (figure(line, "pid"), line.fields.get("process")) {
        (Some(pid), Some(Value::Text(name))) => Some((pid, name.clone())),
        (None, None) => None,
        other => panic!("half of a holder: {other:?}"),
    }
}

fn ours(lines: &[Line]) -> Ports {
    let ports = lines.iter().filter(|line| line.measurement == "listening_port").map(|line| {
        let tag = |key: &str| line.tags.get(key).cloned().expect("a tag");
        let port = Port {
            queue: figure(line, "queue").expect("a queue"),
            backlog: figure(line, "backlog"),
            sockets: figure(line, "sockets").expect("how many"),
            holder: holder_of(line),
        };
        ((tag("protocol"), tag("address"), tag("port")), port)
    });
    ports.collect()
}

/// What `ss` says, which knows no more than the kernel tells root.
fn theirs(router: &Namespace) -> Ports {
    let mut ports = Ports::new();
    for (option, protocol) in [("-ltnpH", "tcp"), ("-lunpH", "udp")] {
        let ss = router.spawn(Command::new("ss").arg(option).stdout(Stdio::piped())).wait_with_output();
        let text = String::from_utf8(ss.expect("a child that was just started").stdout).expect("text");
        for row in text.lines() {
            let words: Vec<&str> = row.split_whitespace().collect();
            let [_, queue, backlog, local, _, users @ ..] = words.as_slice() else { panic!("{row}") };
            let (address, port) = local.rsplit_once(':').expect("address:port");
            let address = address.trim_matches(['[', ']']).replace('*', "::");
            let of = ports.entry((protocol.to_owned(), address, port.to_owned())).or_default();
            of.queue += queue.parse::<i64>().expect("Recv-Q");
            if protocol == "tcp" {
                of.backlog = Some(of.backlog.unwrap_or_default() + backlog.parse::<i64>().expect("Send-Q"));
            }
            of.sockets += 1;
            let holders = users.first().into_iter().flat_map(|users| holders(users));
            of.holder = of.holder.take().into_iter().chain(holders).min();
        }
    }
    ports
}

/// Reads `users:(("sleep",pid=12,fd=0),("sleep",pid=13,fd=0))`.
fn holders(users: &str) -> Vec<(i64, String)> {
    let users = users.split("(\"").skip(1).map(|user| {
        let (name, rest) = user.split_once("\",pid=").expect("a process");
        (rest.split(',').next().and_then(|pid| pid.parse().ok()).expect("a number"), name.to_owned())
    });
    users.collect()
}

fn run(home: &Household, command: &mut Command) -> Output {
    let child = home.router.spawn(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()));
    child.wait_with_output().expect("a child that was just started")
}

fn lines(output: &Output) -> Vec<Line> {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    parse(&output.stdout).unwrap_or_else(|why| panic!("{why}"))
}

#[test]
fn ports_are_those_that_ss_shows() {
    require("ss", "iproute2");
    let home = Household::new("listening");
    let router = &home.router;
    let any = twin(router, at("0.0.0.0", 22), 5);
    let _waiting: Vec<TcpStream> = (0..2)
        .map(|_| home.laptop.enter(|| TcpStream::connect(at(ROUTER, 22))).expect("room in the queue"))
        .collect();
    let _both = router.enter(|| TcpListener::bind(at("::", 80))).expect("a free port");
    let _v6 = router.enter(|| TcpListener::bind(at(ROUTER_V6, 8080))).expect("a free port");
    let _twins = [twin(router, at("0.0.0.0", 443), 100), twin(router, at("0.0.0.0", 443), 200)];
    let third = Holder::of(twin(router, at("0.0.0.0", 443), 300));
    // Several that hold one socket, as workers do, and none of them is this process.
    let shared = twin(router, at("127.0.0.1", 5000), 7);
    let workers = [shared.try_clone().expect("it once more"), shared].map(Holder::of);
    let names = udp(router, at("0.0.0.0", 53));
    let _question = unanswered(&home.laptop, at(ROUTER, 53));
    let _v6_names = udp(router, at("::", 547));
    let connected = udp(router, at(ROUTER, 5353));
    connected.connect(at(LAPTOP, 9)).expect("a way there");

    let config = configure(&home, "127.0.0.1:8094", WANTED);
    let look = || ours(&lines(&run(&home, command(Path::new(PROGRAM), &config).arg("once"))));
    let (mut found, mut expected) = (look(), theirs(router));
    // A process of another test's that is being made has for a moment what this one has.
    for _ in 0..5 {
        if found != expected {
            (found, expected) = (look(), theirs(router));
        }
    }
    assert_eq!(found, expected);

    let at_port = |protocol: &str, address: &str, port: u16| {
        found[&(protocol.to_owned(), address.to_owned(), port.to_string())].clone()
    };
    assert_eq!(found.len(), 7, "{found:#?}");
    let own = i64::from(std::process::id());
    let pid = |port: &Port| port.holder.as_ref().map(|(pid, _)| *pid);
    let ssh = at_port("tcp", "0.0.0.0", 22);
    assert_eq!((ssh.queue, ssh.backlog, ssh.sockets, pid(&ssh)), (2, Some(5), 1, Some(own)));
    let https = at_port("tcp", "0.0.0.0", 443);
    // The kernel begins anew with low numbers when they are used up.
    assert_eq!((https.backlog, https.sockets, pid(&https)), (Some(600), 3, Some(own.min(third.pid()))));
    let worker = at_port("tcp", "127.0.0.1", 5000);
    let first = workers.iter().map(Holder::pid).min();
    assert_eq!(worker.holder, first.map(|pid| (pid, "sleep".to_owned())));
    let dns = at_port("udp", "0.0.0.0", 53);
    assert!(dns.queue > 0 && dns.backlog.is_none(), "{dns:?}");
    drop((any, names));
}

/// The program as an ordinary user of group 0 who was given these capabilities.
fn given(home: &Household, config: &Path, capabilities: &[&str]) -> Command {
    let listed: Vec<String> = capabilities.iter().map(|one| format!("+{one}")).collect();
    let listed = listed.join(",");
    let mut command = Command::new("setpriv");
    command.args(["--reuid=1234", "--regid=0", "--clear-groups"]);
    if !capabilities.is_empty() {
        command.args([format!("--inh-caps={listed}"), format!("--ambient-caps={listed}")]);
    }
    command.arg(program(home)).arg("--config").arg(config);
    command
}

#[test]
fn who_listens_takes_both_capabilities() {
    require("setpriv", "util-linux");
    let home = Household::new("holders");
    let holder = Holder::of(twin(&home.router, at("0.0.0.0", 22), 5));
    let config = configure(&home, "127.0.0.1:8094", WANTED);
    let told = |command: &mut Command| {
        let lines = lines(&run(&home, command.arg("once")));
        let ports: Vec<_> = lines.iter().filter(|line| line.measurement == "listening_port").collect();
        assert_eq!(ports.len(), 1, "{lines:#?}");
        assert_eq!((figure(ports[0], "uid"), figure(ports[0], "sockets")), (Some(0), Some(1)));
        holder_of(ports[0])
    };
    let checked =
        |command: &mut Command| String::from_utf8(run(&home, command.arg("check")).stdout).expect("text");
    let sleep = Some((holder.pid(), "sleep".to_owned()));
    assert_eq!(told(&mut command(Path::new(PROGRAM), &config)), sleep, "started as root");
    assert_eq!(told(&mut given(&home, &config, &BOTH)), sleep);
    let check = checked(&mut given(&home, &config, &BOTH));
    assert!(check.contains("CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH: system.processes = true"), "{check}");
    for (has, lacking) in [
        (&["sys_ptrace"][..], "CAP_DAC_READ_SEARCH is missing, so listening_port"),
        (&["dac_read_search"][..], "CAP_SYS_PTRACE is missing, so listening_port"),
        (&[][..], "CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH are missing, so listening_port"),
    ] {
        assert_eq!(told(&mut given(&home, &config, has)), None, "{has:?}");
        let check = checked(&mut given(&home, &config, has));
        assert!(check.contains(lacking) && check.contains("no capabilities"), "{check}");
    }
    // Nobody is looked for, and no capability missed, where that isn't wanted.
    let config = configure(&home, "127.0.0.1:8094", "source = \"procfs\"");
    assert_eq!(told(&mut command(Path::new(PROGRAM), &config)), None);
    let check = checked(&mut given(&home, &config, &BOTH));
    assert!(check.contains("no capabilities") && !check.contains("missing"), "{check}");
}

#[test]
fn both_are_kept_as_long_as_the_daemon_runs_and_a_restart_is_needed_for_them() {
    let home = Household::new("seeing");
    let holder = Holder::of(twin(&home.router, at("0.0.0.0", 22), 5));
    let telegraf = at("127.0.0.1", 8094);
    let receiver = Receiver::new(&home.router, telegraf);
    let config = configure(&home, &telegraf.to_string(), "source = \"procfs\"");
    let exporter = Exporter::start(&home, &config);
    let ports = ours(receiver.next().lines());
    assert!(ports.values().all(|port| port.holder.is_none()), "{ports:#?}");
    insist(&exporter, nobody(), NONE);
    configure(&home, &telegraf.to_string(), WANTED);
    exporter.signal(Signal::SIGHUP);
    exporter.await_error("restart needed: system.processes takes CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH");
    exporter.end(Signal::SIGTERM);

    let exporter = Exporter::start(&home, &config);
    let listens = |pid: i64, lines: &[Line]| {
        let sleeps = Some((pid, "sleep".to_owned()));
        ours(lines).iter().any(|((_, _, port), told)| port == "22" && told.holder == sleeps)
    };
    let first = receiver.fresh();
    assert!(listens(holder.pid(), first.lines()), "{:#?}", ours(first.lines()));
    insist(&exporter, nobody(), SYS_PTRACE | DAC_READ_SEARCH);
    // Another takes its place.
    let port = || twin(&home.router, at("0.0.0.0", 22), 5);
    let next = Holder::of(port());
    drop(holder);
    receiver.next_where("the next holder", |snapshot| listens(next.pid(), snapshot.lines()));
    drop(next);
    receiver.next_where("its end as a zero", |snapshot| {
        let ports = ours(snapshot.lines());
        ports.iter().any(|((_, _, port), told)| {
            let gone = told.backlog.is_none_or(|backlog| backlog == 0) && told.holder.is_none();
            port == "22" && (told.queue, told.sockets) == (0, 0) && gone
        })
    });

    // Not to look for processes takes less: it is kept until the next start.
    configure(&home, &telegraf.to_string(), "source = \"procfs\"");
    reload(&exporter, 1);
    insist(&exporter, nobody(), SYS_PTRACE | DAC_READ_SEARCH);
    assert_eq!(exporter.errors(), "");
    exporter.end(Signal::SIGTERM);
}

#[test]
fn what_they_are_kept_for_opens_no_file_of_somebody_elses() {
    let home = Household::new("unread");
    let server = listener(&home.internet, at(INTERNET, 443));
    let _connection = established(&home.laptop, at(INTERNET, 443), &server);
    let registry = home.file("devices");
    fs::write(&registry, format!("{LAPTOP_MAC}=from a closed file\n")).expect("a new file");
    fs::set_permissions(&registry, Permissions::from_mode(0o600)).expect("a file of ours");
    let config = configure(&home, "127.0.0.1:8094", &format!("{WANTED}\ndevices.registry = {registry:?}"));
    let output = |owner: u32| {
        chown(&registry, Some(owner), Some(owner)).expect("root may give it away");
        let once = run(&home, command(Path::new(PROGRAM), &config).arg("once"));
        (Snapshot::new(lines(&once)).counts(), String::from_utf8_lossy(&once.stderr).into_owned())
    };
    let (named, said) = output(4242);
    assert_eq!(named, counts(&[("laptop", "tcp", "ESTABLISHED", 1)]), "{said}");
    assert!(said.contains("devices can't be read: it takes root's power"), "{said}");
    let (named, said) = output(0);
    assert_eq!(named, counts(&[("from a closed file", "tcp", "ESTABLISHED", 1)]), "{said}");
}

/// The figures of each series, however many lines they take. Types of ICMP are told from the first message on
/// (`icmpmsg_put()`), which may come at any time.
fn shape(lines: &[Line]) -> BTreeMap<(String, BTreeMap<String, String>), BTreeSet<String>> {
    let mut series: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
    for line in lines.iter().filter(|line| line.tags.contains_key("host")) {
        let figures = line.fields.keys().filter(|name| !(name.starts_with("Icmp") && name.contains("Type")));
        series.entry((line.measurement.clone(), line.tags.clone())).or_default().extend(figures.cloned());
    }
    series
}

#[test]
fn all_but_who_listens_takes_no_capability() {
    let home = Household::new("plain");
    let _holder = Holder::of(twin(&home.router, at("0.0.0.0", 22), 5));
    let config = configure(&home, "127.0.0.1:8094", "source = \"procfs\"\nsystem.nstat = \"all\"");
    let of_root = lines(&run(&home, command(Path::new(PROGRAM), &config).arg("once")));
    let of_nobody = lines(&run(&home, unprivileged(&program(&home), &config, Some(0)).arg("once")));
    assert!(of_root.iter().any(|line| line.measurement == "listening_port"), "{of_root:#?}");
    assert_eq!(shape(&of_nobody), shape(&of_root));
}
