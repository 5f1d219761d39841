//! Rights that are missing, or go while the program runs.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use conntrack_exporter::collector::{Collector, Moment};
use conntrack_exporter::config::Config;
use conntrack_exporter::conntrack::TableError;
use conntrack_exporter::measurements::DueClocks;
use conntrack_exporter::root::Root;
use conntrack_exporter::series::point::{Point, Value};
use nix::sys::signal::Signal;
use nix::unistd::{Uid, seteuid};
use tokio::runtime::{Builder, Runtime};

use crate::connections::at;
use crate::exporter::{Exporter, configure};
use crate::fill::fill;
use crate::household::Household;
use crate::limit::Limit;
use crate::namespace::Namespace;
use crate::privileges::{program, unprivileged};
use crate::snapshot::Receiver;
use crate::stress::huge;

const REMEDY: &str = "permission denied reading the table by netlink: it takes CAP_NET_ADMIN, or root";

/// What `check` says, and how it ends, for a user who has group 0 and no capability.
fn check(home: &Household, program: &Path, config: &Path) -> Output {
    let mut check = unprivileged(program, config, Some(0));
    let child = home.router.spawn(check.arg("check").stdout(Stdio::piped()));
    child.wait_with_output().expect("a child that was just started")
}

#[test]
fn started_without_the_right_to_ask_by_netlink() {
    let home = Household::new("incapable");
    let entries = huge();
    let _room = Limit::at_least(entries);
    home.router.enter(|| fill(0..entries)).expect("room in the table");
    let telegraf = at("127.0.0.1", 8094);
    let receiver = Receiver::new(&home.router, telegraf);
    let program = program(&home);

    // The right would be of use: for a table of this size messages are the cheaper way.
    let auto = configure(&home, &telegraf.to_string(), "source = \"auto\"");
    let said = check(&home, &program, &auto);
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    assert_eq!(said.status.code(), Some(0), "{text}");
    assert!(text.contains(&format!("procfs, whatever the table costs that way: {REMEDY}")), "{text}");
    let exporter = Exporter::run(&home, &mut unprivileged(&program, &auto, Some(0)));
    for number in 1..=4 {
        let snapshot = receiver.next();
        assert_eq!((snapshot.figure("sequence"), snapshot.text("source")), (number, "procfs"));
        let counted = snapshot.figure("entries_read") - snapshot.figure("entries_loopback");
        assert_eq!(counted, i64::from(entries));
    }
    let log = exporter.output() + &exporter.errors();
    assert_eq!(log.matches(REMEDY).count(), 1, "said once: {log}");
    assert!(log.contains(&format!("{REMEDY}; the table is read by procfs instead")), "{log}");
    assert!(!log.contains("no snapshots"), "{log}");
    exporter.end(Signal::SIGTERM);

    let named = configure(&home, &telegraf.to_string(), "source = \"netlink\"");
    let said = check(&home, &program, &named);
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    assert_eq!(said.status.code(), Some(1), "{text}");
    assert!(text.lines().any(|line| line.starts_with("error") && line.contains(REMEDY)), "{text}");
    let exporter = Exporter::run(&home, &mut unprivileged(&program, &named, Some(0)));
    exporter.await_error(&format!("{REMEDY}; no snapshots until that changes"));
    assert!(receiver.within(Duration::from_millis(2500)).is_none(), "no snapshot");
    assert_eq!(exporter.errors().matches(REMEDY).count(), 1, "said once, not at every tick");
    exporter.end(Signal::SIGTERM);
}

/// Tells a process that it may lose its rights, and how many entries there are.
const MARK: &str = "CONNTRACK_EXPORTER_LOSES_ITS_RIGHTS";

/// A capability is taken from a whole process, and `/proc/net` is a whole process's: this test is one of its own.
#[test]
fn the_right_goes_and_comes_back_while_it_runs() {
    match std::env::var(MARK) {
        Ok(entries) => lose_the_right(entries.parse().expect("a number")),
        Err(_) => start_a_process_that_loses_the_right(),
    }
}

fn start_a_process_that_loses_the_right() {
    let entries = huge();
    let _room = Limit::at_least(entries);
    let router = Namespace::new("rights", "router");
    router.ip("link add br-lan type bridge\naddr add 192.168.8.1/24 dev br-lan\nlink set br-lan up");
    router.enter(|| fill(0..entries)).expect("room in the table");
    let this = "faults::the_right_goes_and_comes_back_while_it_runs";
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args(["--exact", this]).env(MARK, entries.to_string()).stdout(Stdio::piped());
    let output = router.spawn(&mut command).wait_with_output().expect("a process like this one");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

fn lose_the_right(entries: i64) {
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    let (mut auto, mut named) = (collector("auto"), collector("netlink"));
    let (start, second, hour) = (Duration::from_secs(100), Duration::from_secs(1), Duration::from_hours(1));
    let (by_text, by_messages) = (("procfs".into(), entries), ("netlink".into(), entries));

    assert_eq!(taken(&runtime, &mut auto, start), by_messages);
    assert_eq!(taken(&runtime, &mut named, start), by_messages);
    without_capabilities(|| {
        for tick in 1..=3 {
            // The other one within the same tick.
            assert_eq!(taken(&runtime, &mut auto, start + second * tick), by_text);
        }
        let refused = snapshot(&runtime, &mut named, start + second).expect_err("there is no other one");
        assert_eq!(refused.to_string(), REMEDY);
    });
    assert_eq!(taken(&runtime, &mut named, start + second * 4), by_messages);
    let soon = taken(&runtime, &mut auto, start + second * 4);
    assert_eq!(soon, by_text, "what was refused isn't asked for again so soon");
    assert_eq!(taken(&runtime, &mut auto, start + second + hour), by_messages);
}

/// Does something as nobody; a process with group 0 may read the text all the same.
fn without_capabilities(action: impl FnOnce()) {
    let root = Uid::effective();
    seteuid(Uid::from_raw(65_534)).expect("root may be anybody");
    action();
    seteuid(root).expect("root may come back");
}

fn collector(source: &str) -> Collector {
    let config = Config::parse(&format!("source = \"{source}\"")).expect("a configuration");
    Collector::new(config, &Root::live(), 0)
}

fn snapshot(runtime: &Runtime, collector: &mut Collector, boot: Duration) -> Result<Vec<Point>, TableError> {
    let moment = Moment { boot, timestamp: None, wall: Some(boot), due: DueClocks::Both };
    let snapshot = runtime.block_on(collector.snapshot(&moment))?;
    Ok(snapshot.points().cloned().collect())
}

/// By which source a snapshot was taken, and how many entries it counted.
fn taken(runtime: &Runtime, collector: &mut Collector, boot: Duration) -> (String, i64) {
    let points = snapshot(runtime, collector, boot).unwrap_or_else(|error| panic!("{error}"));
    let field = |point: &Point, name: &str| {
        let found = point.fields.iter().find(|(field, _)| *field == name);
        found.map_or_else(|| panic!("no {name}: {point:?}"), |(_, value)| value.clone())
    };
    let states = points.iter().filter(|point| point.measurement == "connection_state");
    let counts = states.map(|point| match field(point, "count") {
        Value::Integer(count) => count,
        other => panic!("count is {other:?}"),
    });
    let counted = counts.sum();
    match field(points.last().expect("points"), "source") {
        Value::Text(source) => (source.to_string(), counted),
        other => panic!("source is {other:?}"),
    }
}
