//! Without root: group 0 is enough, and less is not.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::sys::signal::Signal;
use nix::unistd::User;

use crate::connections::{at, established, listen};
use crate::exporter::{Exporter, PROGRAM, command, configure};
use crate::household::{Household, INTERNET};
use crate::least_privilege::threads;
use crate::lines::parse;
use crate::namespace::{Namespace, require};
use crate::snapshot::{Receiver, Snapshot, counts};
use crate::wait::until;

const TABLE: &str = "/proc/thread-self/net/nf_conntrack";

/// An ordinary user's, who may not be able to reach the directory in which the program was built.
pub(crate) fn program(home: &Household) -> PathBuf {
    let copy = home.file("conntrack-exporter");
    // By another process: a file that a child of this one might hold open for writing can't be executed.
    let copied = Command::new("cp").arg(PROGRAM).arg(&copy).status();
    assert!(copied.is_ok_and(|status| status.success()), "copying the program");
    copy
}

pub(crate) fn unprivileged(program: &Path, config: &Path, group: Option<u32>) -> Command {
    let nobody = User::from_name("nobody").ok().flatten();
    let (user, own) = nobody.map_or((65_534, 65_534), |user| (user.uid.as_raw(), user.gid.as_raw()));
    let mut command = command(program, config);
    command.uid(user).gid(group.unwrap_or(own));
    command
}

fn permit(router: &Namespace, mode: u32) {
    let outcome = router.enter(|| fs::set_permissions(TABLE, Permissions::from_mode(mode)));
    outcome.expect("changing who may read the table");
}

#[test]
fn an_ordinary_user_of_group_0_reads_the_table() {
    let home = Household::new("group0");
    let server = listen(&home.internet, at(INTERNET, 443));
    let _connection = established(&home.laptop, at(INTERNET, 443), &server);
    let telegraf = at("127.0.0.1", 8094);
    let config = configure(&home, &telegraf.to_string(), "");
    let program = program(&home);
    let expected = counts(&[("laptop", "tcp", "ESTABLISHED", 1)]);

    let mut once = unprivileged(&program, &config, Some(0));
    let once = home.router.spawn(once.arg("once").stdout(Stdio::piped())).wait_with_output();
    let lines = parse(&once.expect("a child that was just started").stdout);
    assert_eq!(Snapshot::new(lines.unwrap_or_else(|why| panic!("{why}"))).counts(), expected);

    let receiver = Receiver::new(&home.router, telegraf);
    let exporter = Exporter::run(&home, &mut unprivileged(&program, &config, Some(0)));
    assert_eq!(receiver.next().counts(), expected);
    let said = exporter.errors();
    assert!(said.contains("CAP_NET_ADMIN is missing, so the table can't be read by netlink"), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    exporter.end(Signal::SIGTERM);
}

#[test]
fn without_group_0_it_says_so_and_waits() {
    let home = Household::new("nobody");
    let server = listen(&home.internet, at(INTERNET, 443));
    let _connection = established(&home.laptop, at(INTERNET, 443), &server);
    let telegraf = at("127.0.0.1", 8094);
    let config = configure(&home, &telegraf.to_string(), "");
    let program = program(&home);
    let remedy = "permission denied reading /proc/net/nf_conntrack: run as root or with group 0";

    let mut once = unprivileged(&program, &config, None);
    let once = home.router.spawn(once.arg("once").stdout(Stdio::piped()).stderr(Stdio::piped()));
    let once = once.wait_with_output().expect("a child that was just started");
    assert_eq!((once.status.code(), once.stdout), (Some(1), Vec::new()));
    assert!(String::from_utf8_lossy(&once.stderr).contains(remedy));

    let receiver = Receiver::new(&home.router, telegraf);
    let exporter = Exporter::run(&home, &mut unprivileged(&program, &config, None));
    exporter.await_error(&format!("{remedy}; no snapshots until that changes"));
    assert!(receiver.within(std::time::Duration::from_millis(2500)).is_none(), "no snapshot");
    assert_eq!(exporter.errors().matches(remedy).count(), 1, "said once, not at every tick");

    permit(&home.router, 0o444);
    let first = receiver.next();
    assert_eq!(first.counts(), counts(&[("laptop", "tcp", "ESTABLISHED", 1)]));
    assert_eq!(first.figure("sequence"), 1);
    let skipped = first.figure("ticks_skipped");
    assert!((2..=5).contains(&skipped), "{skipped} skipped");
    until("the end of it in the log", || exporter.output().contains("can be read again").then_some(()));

    permit(&home.router, 0o440);
    until("refused again", || (exporter.errors().matches(remedy).count() == 2).then_some(()));
    permit(&home.router, 0o444);
    let again = receiver.next_where("ticks skipped again", |it| it.figure("ticks_skipped") > skipped);
    assert_eq!(again.counts(), first.counts(), "a tick that was skipped makes no zeros");
    exporter.end(Signal::SIGTERM);
}

#[test]
fn capabilities_that_an_ordinary_user_was_given_are_kept_if_they_are_needed() {
    require("setpriv", "util-linux");
    let home = Household::new("ambient");
    let server = listen(&home.internet, at(INTERNET, 443));
    let _connection = established(&home.laptop, at(INTERNET, 443), &server);
    let telegraf = at("127.0.0.1", 8094);
    let config = configure(&home, &telegraf.to_string(), "source = \"netlink\"\nuser = \"no-such-user\"");
    let receiver = Receiver::new(&home.router, telegraf);
    let mut command = Command::new("setpriv");
    command.args(["--reuid=1234", "--regid=1234", "--clear-groups"]);
    command.args(["--inh-caps=+net_admin,+net_raw", "--ambient-caps=+net_admin,+net_raw"]);
    let exporter = Exporter::run(&home, command.arg(program(&home)).arg("--config").arg(config));
    assert_eq!(receiver.next().counts(), counts(&[("laptop", "tcp", "ESTABLISHED", 1)]));
    for thread in threads(&exporter) {
        let field = |key: &str| thread.get(key).map(String::as_str);
        assert_eq!((field("Uid"), field("NoNewPrivs")), (Some("1234\t1234\t1234\t1234"), Some("1")));
        assert_eq!([field("CapEff"), field("CapPrm")], [Some("0000000000001000"); 2]);
        assert_eq!([field("CapInh"), field("CapAmb")], [Some("0000000000000000"); 2]);
    }
    assert_eq!(exporter.errors(), "", "nothing is missing, and user is for a start as root");
    exporter.end(Signal::SIGTERM);
}
