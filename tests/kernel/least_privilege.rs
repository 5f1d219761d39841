//! Started as root, it becomes an ordinary user with what it needs and no more, and everything works all the same.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::sys::signal::Signal;

use crate::connections::{at, established, established_from, listen};
use crate::exporter::{Exporter, PROGRAM, command, configure};
use crate::household::{Household, INTERNET, INTERNET_V6, LAPTOP_MAC};
use crate::lines::parse;
use crate::name_server::{NameServer, inside};
use crate::namespace::require;
use crate::snapshot::{Receiver, Snapshot, counts};
use crate::wait::until;

pub(crate) const NONE: u64 = 0;
pub(crate) const DAC_READ_SEARCH: u64 = 1 << 2;
const NET_ADMIN: u64 = 1 << 12;

/// An address of the laptop's that no lease tells; the neighbours do.
const PRIVATE: &str = "2001:db8:aa:10::abcd";

/// What the kernel says of one thread, by key.
pub(crate) type Status = BTreeMap<String, String>;

/// What the kernel says of every thread of the daemon.
pub(crate) fn threads(exporter: &Exporter) -> Vec<Status> {
    let tasks = fs::read_dir(format!("/proc/{}/task", exporter.pid())).expect("a running process").flatten();
    let status = |text: String| {
        let fields = text.lines().filter_map(|line| line.split_once(':'));
        fields.map(|(key, value)| (key.to_owned(), value.trim().to_owned())).collect()
    };
    // A thread may end while it is looked at.
    tasks.filter_map(|task| fs::read_to_string(task.path().join("status")).ok()).map(status).collect()
}

/// Insists on who every thread is, and on its capabilities.
pub(crate) fn insist(exporter: &Exporter, uid: u32, capabilities: u64) {
    let threads = threads(exporter);
    assert!(!threads.is_empty());
    for thread in threads {
        let field = |key: &str| thread.get(key).map(String::as_str);
        let (uids, held) = (format!("{uid}\t{uid}\t{uid}\t{uid}"), format!("{capabilities:016x}"));
        assert_eq!(field("Uid"), Some(&*uids));
        assert_eq!((field("Gid"), field("Groups")), (Some("0\t0\t0\t0"), Some("")));
        assert_eq!([field("CapEff"), field("CapPrm")], [Some(&*held); 2]);
        let none = format!("{NONE:016x}");
        assert_eq!([field("CapInh"), field("CapAmb"), field("CapBnd")], [Some(&*none); 3]);
        assert_eq!(field("NoNewPrivs"), Some("1"));
    }
}

pub(crate) fn nobody() -> u32 {
    let nobody = nix::unistd::User::from_name("nobody").ok().flatten();
    nobody.map_or(65534, |user| user.uid.as_raw())
}

fn allow(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("changing who may read a file");
}

/// Writes a file that only root may read.
fn write_closed(path: &Path, text: &str) {
    fs::write(path, text).expect("writing a file");
    allow(path, 0o600);
}

pub(crate) fn reload(exporter: &Exporter, times: usize) {
    exporter.signal(Signal::SIGHUP);
    let read = || exporter.output().matches("configuration read again").count() == times;
    until("the reload in the log", || read().then_some(()));
}

#[test]
fn root_becomes_nobody_without_capabilities() {
    let home = Household::new("reduced");
    home.laptop.ip(&format!("addr add {PRIVATE}/64 dev eth0 nodad"));
    let servers = [INTERNET, INTERNET_V6].map(|address| listen(&home.internet, at(address, 443)));
    let _v4 = established(&home.laptop, at(INTERNET, 443), &servers[0]);
    let _v6 = established_from(&home.laptop, at(PRIVATE, 0), at(INTERNET_V6, 443), &servers[1]);
    let receiver = Receiver::new(&home.router, at("127.0.0.1", 8094));
    // By name: it takes a thread to resolve it, which is looked at where it has to wait.
    // Not localhost, which has an IPv6 address on some machines and then is refused there first.
    let _hosts = NameServer::none_but_a_host(&home, "127.0.0.1", "telegraf");
    let config = configure(&home, "telegraf:8094", "source = \"procfs\"");
    allow(&config, 0o640);
    let exporter = Exporter::run(&home, &mut inside(&home, &config));
    let expected = counts(&[("laptop", "tcp", "ESTABLISHED", 2)]);
    assert_eq!(receiver.next().counts(), expected, "table, lease and neighbours");
    insist(&exporter, nobody(), NONE);
    assert!(exporter.output().contains("(started as root: user = \"nobody\""), "{}", exporter.output());

    // Its configuration is for group 0 to read, and its leases for everybody.
    reload(&exporter, 1);
    home.lease(&[(LAPTOP_MAC, crate::household::LAPTOP, crate::household::LAPTOP_V6, b"notebook")]);
    let renamed = counts(&[("laptop", "tcp", "ESTABLISHED", 0), ("notebook", "tcp", "ESTABLISHED", 2)]);
    receiver.next_where("the new name", |snapshot| snapshot.counts() == renamed);
    insist(&exporter, nobody(), NONE);
    assert_eq!(exporter.errors(), "");
    exporter.end(Signal::SIGTERM);
}

#[test]
fn files_for_root_alone_are_read_all_the_same() {
    let home = Household::new("closed");
    let server = listen(&home.internet, at(INTERNET, 443));
    let _connection = established(&home.laptop, at(INTERNET, 443), &server);
    let telegraf = at("127.0.0.1", 8094);
    let receiver = Receiver::new(&home.router, telegraf);
    let registry = home.file("devices");
    write_closed(&registry, &format!("{LAPTOP_MAC}=Anna's Laptop\n"));
    let key = format!("devices.registry = {registry:?}\nuser = \"12345\"\nsource = \"procfs\"");
    let config = configure(&home, &telegraf.to_string(), &key);
    let exporter = Exporter::start(&home, &config);
    assert_eq!(receiver.next().counts(), counts(&[("Anna's Laptop", "tcp", "ESTABLISHED", 1)]));
    insist(&exporter, 12345, DAC_READ_SEARCH);

    write_closed(&registry, &format!("{LAPTOP_MAC}=Bert's Laptop\n"));
    let named =
        |snapshot: &Snapshot| snapshot.states().any(|line| line.tags["device_name"] == "Bert's Laptop");
    receiver.next_where("the new name", named);
    allow(&config, 0o600);
    reload(&exporter, 1);
    insist(&exporter, 12345, DAC_READ_SEARCH);
    assert_eq!(exporter.errors(), "");
    exporter.end(Signal::SIGTERM);
}

#[test]
fn netlink_is_asked_with_one_capability() {
    let home = Household::new("asking");
    let server = listen(&home.internet, at(INTERNET, 443));
    let _connection = established(&home.laptop, at(INTERNET, 443), &server);
    let telegraf = at("127.0.0.1", 8094);
    let receiver = Receiver::new(&home.router, telegraf);
    let registry = home.file("devices");
    write_closed(&registry, &format!("{LAPTOP_MAC}=laptop\n"));
    let closed = format!("source = \"netlink\"\ndevices.registry = {registry:?}");
    for (keys, held) in [
        ("source = \"netlink\"", NET_ADMIN),
        ("source = \"auto\"", NET_ADMIN),
        (&closed, NET_ADMIN | DAC_READ_SEARCH),
    ] {
        let exporter = Exporter::start(&home, &configure(&home, &telegraf.to_string(), keys));
        let snapshot = receiver.fresh();
        assert_eq!(snapshot.counts(), counts(&[("laptop", "tcp", "ESTABLISHED", 1)]), "{keys}");
        insist(&exporter, nobody(), held);
        assert_eq!(exporter.errors(), "", "{keys}");
        exporter.end(Signal::SIGTERM);
    }
}

#[test]
fn what_was_given_up_takes_a_restart() {
    let home = Household::new("restart");
    let server = listen(&home.internet, at(INTERNET, 443));
    let _connection = established(&home.laptop, at(INTERNET, 443), &server);
    let telegraf = at("127.0.0.1", 8094);
    let receiver = Receiver::new(&home.router, telegraf);
    let text = "source = \"procfs\"\n";
    let config = configure(&home, &telegraf.to_string(), text);
    let exporter = Exporter::start(&home, &config);
    let expected = counts(&[("laptop", "tcp", "ESTABLISHED", 1)]);
    assert_eq!(receiver.next().counts(), expected);

    let registry = home.file("devices");
    write_closed(&registry, &format!("{LAPTOP_MAC}=Anna's Laptop\n"));
    let closed = format!("restart needed: {} can't be opened", registry.display());
    let refusals = [
        (format!("{text}devices.registry = {registry:?}"), closed),
        (format!("{text}user = \"root\""), "restart needed: user = \"root\"".to_owned()),
        ("source = \"auto\"".to_owned(), "restart needed: netlink takes CAP_NET_ADMIN".to_owned()),
    ];
    for (key, message) in &refusals {
        configure(&home, &telegraf.to_string(), key);
        exporter.signal(Signal::SIGHUP);
        let said = exporter.await_error(message);
        assert!(said.contains("the running configuration is kept"), "{said}");
    }
    configure(&home, &telegraf.to_string(), text);
    allow(&config, 0o600);
    exporter.signal(Signal::SIGHUP);
    exporter.await_error(&format!("restart needed: {} can't be opened", config.display()));
    let refused = receiver.next_where("the refusals", |snapshot| snapshot.figure("reload_errors") == 4);
    assert_eq!(refused.counts(), expected);

    // What anybody may read takes none.
    allow(&config, 0o644);
    allow(&registry, 0o644);
    configure(&home, &telegraf.to_string(), &refusals[0].0);
    reload(&exporter, 1);
    let named =
        |snapshot: &Snapshot| snapshot.states().any(|line| line.tags["device_name"] == "Anna's Laptop");
    assert_eq!(receiver.next_where("the name", named).figure("reload_errors"), 4);
    insist(&exporter, nobody(), NONE);
    exporter.end(Signal::SIGTERM);
}

#[test]
fn a_user_that_cannot_be_ends_it_before_anything_is_sent() {
    require("setpriv", "util-linux");
    let home = Household::new("nouser");
    let telegraf = at("127.0.0.1", 8094);
    let receiver = Receiver::new(&home.router, telegraf);
    let run = |user: &str, command: &mut Command| {
        let config = configure(&home, &telegraf.to_string(), &format!("user = {user:?}"));
        let command = command.arg("--config").arg(config).stdin(Stdio::null());
        let child = home.router.spawn(command.stdout(Stdio::piped()).stderr(Stdio::piped()));
        child.wait_with_output().expect("a child that was just started")
    };
    let ended = run("no-such-user", &mut Command::new(PROGRAM));
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(said.contains("/etc/passwd knows no such user") && said.contains("no-such-user"), "{said}");
    assert_eq!((ended.status.code(), ended.stdout), (Some(78), Vec::new()));

    let mut check = Command::new(PROGRAM);
    let checked = run("no-such-user", check.args(["check", "--config-only"]));
    let said = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert!(said.contains("error    privileges     user = \"no-such-user\""), "{said}");
    assert_eq!(checked.status.code(), Some(78));

    // Where root may not become anybody else, it doesn't go on as root, unless that is what is wanted.
    let confined = |user: &str, arguments: &[&str]| {
        let mut command = Command::new("setpriv");
        run(user, command.arg("--bounding-set=-setuid,-setgid").arg(PROGRAM).args(arguments))
    };
    let refused = confined("nobody", &[]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        said.contains("not allowed to become user \"nobody\"") && said.contains("user = \"root\""),
        "{said}"
    );
    assert_eq!(refused.status.code(), Some(78));
    let accepted = confined("root", &["once"]);
    let said = String::from_utf8_lossy(&accepted.stderr).into_owned();
    assert_eq!(accepted.status.code(), Some(0), "{said}");
    assert!(receiver.within(std::time::Duration::from_millis(1200)).is_none(), "nothing was sent");
}

#[test]
fn root_that_stays_root_loses_its_capabilities() {
    let home = Household::new("stays");
    let telegraf = at("127.0.0.1", 8094);
    let receiver = Receiver::new(&home.router, telegraf);
    let exporter = Exporter::start(&home, &configure(&home, &telegraf.to_string(), "user = \"root\""));
    receiver.next();
    insist(&exporter, 0, NET_ADMIN);
    exporter.end(Signal::SIGTERM);
}

#[test]
fn what_a_replay_needs_is_found_out_too() {
    let home = Household::new("replay");
    let server = listen(&home.internet, at(INTERNET, 443));
    let _connection = established(&home.laptop, at(INTERNET, 443), &server);
    let config = configure(&home, "127.0.0.1:8094", "");
    // Only root may look into it, and it stays who writes it.
    let captured = home.file("captured");
    let mut capture = command(Path::new(PROGRAM), &config);
    let capture = home
        .router
        .spawn(capture.arg("capture").arg(&captured).stdout(Stdio::piped()).stderr(Stdio::piped()));
    let capture = capture.wait_with_output().expect("a child that was just started");
    let said = String::from_utf8_lossy(&capture.stderr).into_owned();
    assert!(capture.status.success() && said.contains("it was started as: uid 0"), "{said}");
    configure(&home, "127.0.0.1:8094", "user = \"another-routers-user\"");

    let replay = |word: &str| {
        let mut replay = command(Path::new(PROGRAM), &config);
        let replay = replay.arg(word).arg("--root").arg(&captured);
        let replay = replay.output().expect("a program that was just built");
        assert!(replay.status.success(), "{}", String::from_utf8_lossy(&replay.stderr));
        replay.stdout
    };
    let lines = parse(&replay("once")).unwrap_or_else(|why| panic!("{why}"));
    assert_eq!(Snapshot::new(lines).counts(), counts(&[("laptop", "tcp", "ESTABLISHED", 1)]));
    let check = String::from_utf8(replay("check")).expect("text");
    assert!(
        check.contains("uid 65534, gid 0") && check.contains("CAP_DAC_READ_SEARCH: can't be opened"),
        "{check}"
    );
}
