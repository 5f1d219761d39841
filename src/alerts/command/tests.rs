use std::fs;
use std::io::Write as _;
use std::process;

use tokio::time::{sleep, timeout};

use super::*;
use crate::alerts::Severity;
use crate::test_directory::TestDirectory;

/// Longer than anything here takes, and shorter than anybody waits.
const PATIENCE: Duration = Duration::from_secs(60);

/// A directory with a program. It is written by another process: one that this one held open for writing could not be run
/// while another test starts a process, which inherits that for an instant.
fn program(test: &str, script: &str) -> (TestDirectory, PathBuf) {
    let directory = TestDirectory::new(&format!("alert-command-{test}"));
    let path = directory.join("program");
    let mut shell = process::Command::new("/bin/sh")
        .args(["-c", "cat >\"$0\" && chmod 755 \"$0\""])
        .arg(&path)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let script = script.replace("HERE", directory.to_str().unwrap());
    shell.stdin.take().unwrap().write_all(format!("#!/bin/sh\n{script}\n").as_bytes()).unwrap();
    assert!(shell.wait().unwrap().success());
    (directory, path)
}

fn event(device: &str) -> AlertEvent {
    AlertEvent {
        device: device.into(),
        rule: "connections_high",
        severity: Severity::Warning,
        firing: true,
        value: Some(143.0),
        threshold: Some(100.5),
        since: Some(1_796_040_000),
        message: "TV has 143 connections. Since 12:00.".into(),
    }
}

/// Has the runner work until this holds.
async fn until(runner: &mut CommandRunner, what: &str, mut holds: impl FnMut(&mut CommandRunner) -> bool) {
    let begun = std::time::Instant::now();
    while !holds(runner) {
        assert!(begun.elapsed() < PATIENCE, "{what} never came");
        let _ = timeout(Duration::from_millis(5), runner.attend()).await;
    }
}

fn is_idle(runner: &mut CommandRunner) -> bool {
    runner.running.is_none() && runner.waiting.is_empty()
}

fn block_on(future: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future);
}

#[test]
fn it_finds_in_its_environment_what_happened_and_nothing_else() {
    let (directory, path) = program("environment", "env >HERE/out.new; mv HERE/out.new HERE/out");
    block_on(async {
        let mut runner = CommandRunner::new(Some(&path), PATIENCE);
        // Nothing of it is for a shell.
        runner.push(vec![event("TV $(touch HERE) `id`; rm -rf / & \"'*")]);
        until(&mut runner, "an end", is_idle).await;
    });
    let text = fs::read_to_string(directory.join("out")).unwrap();
    let own =
        |line: &&str| !["PWD=", "SHLVL=", "_=", "OLDPWD="].iter().any(|shells| line.starts_with(shells));
    let mut lines: Vec<_> = text.lines().filter(own).collect();
    lines.sort_unstable();
    let expected = [
        "CONNTRACK_EXPORTER_DEVICE=TV $(touch HERE) `id`; rm -rf / & \"'*",
        "CONNTRACK_EXPORTER_FIRING=1",
        "CONNTRACK_EXPORTER_MESSAGE=TV has 143 connections. Since 12:00.",
        "CONNTRACK_EXPORTER_RULE=connections_high",
        "CONNTRACK_EXPORTER_SEVERITY=warning",
        "CONNTRACK_EXPORTER_SINCE=1796040000",
        "CONNTRACK_EXPORTER_THRESHOLD=100.5",
        "CONNTRACK_EXPORTER_VALUE=143",
        "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn what_is_not_known_is_not_there() {
    let unjudged = AlertEvent { value: None, threshold: None, since: None, firing: false, ..event("TV") };
    let names: Vec<_> = environment(&unjudged).map(|(name, _)| name).collect();
    assert!(["VALUE", "THRESHOLD", "SINCE"].iter().all(|end| !names.iter().any(|name| name.ends_with(end))));
    assert_eq!(names.len(), 5);
}

#[test]
fn one_runs_at_a_time_in_the_order_of_what_happened() {
    let text = "mkdir HERE/alone || echo two >>HERE/out\necho \"$CONNTRACK_EXPORTER_DEVICE\" >>HERE/out\nrmdir HERE/alone";
    let (directory, path) = program("order", text);
    block_on(async {
        let mut runner = CommandRunner::new(Some(&path), PATIENCE);
        runner.push(["a", "b", "c"].map(event).to_vec());
        until(&mut runner, "an end", is_idle).await;
        assert!(!runner.failing.ends());
    });
    assert_eq!(fs::read_to_string(directory.join("out")).unwrap(), "a\nb\nc\n");
}

#[test]
fn what_takes_too_long_is_killed_with_all_that_it_has_started() {
    let text = "sleep 1000 & echo $! >HERE/pid.new; mv HERE/pid.new HERE/pid; wait";
    let (directory, path) = program("slow", text);
    let pid = |()| fs::read_to_string(directory.join("pid")).ok()?.trim().parse().ok().map(Pid::from_raw);
    block_on(async {
        let mut runner = CommandRunner::new(Some(&path), PATIENCE);
        runner.push(vec![event("TV"), event("NAS")]);
        until(&mut runner, "a process", |_| pid(()).is_some()).await;
        let first = pid(()).unwrap();
        fs::remove_file(directory.join("pid")).unwrap();
        // Its time is up now.
        runner.running.as_mut().unwrap().ends = Some(Instant::now());
        until(&mut runner, "the process of the next", |_| pid(()).is_some()).await;
        assert!(runner.failing.present(), "it is told that the first was killed");
        until_gone(first).await;
        // Whoever stops doesn't leave the second behind.
        drop(runner);
        until_gone(pid(()).unwrap()).await;
    });
}

/// A process that has ended is a zombie until somebody asks for it, which in a container may be nobody.
async fn until_gone(pid: Pid) {
    let begun = std::time::Instant::now();
    loop {
        let status = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let state = status.rsplit(") ").next().and_then(|rest| rest.chars().next());
        if status.is_empty() || state == Some('Z') {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "{pid} still runs: {status}");
        sleep(Duration::from_millis(5)).await;
    }
}

#[test]
fn what_fails_and_what_is_not_there_do_no_harm() {
    let (directory, path) = program("fails", "test -e HERE/good");
    block_on(async {
        let mut runner = CommandRunner::new(Some(&path), PATIENCE);
        runner.push(vec![event("a"), event("b")]);
        until(&mut runner, "an end", is_idle).await;
        assert!(runner.failing.present());
        fs::write(directory.join("good"), "").unwrap();
        runner.push(vec![event("c")]);
        until(&mut runner, "an end", is_idle).await;
        assert!(!runner.failing.present(), "it works again");
        for absent in ["/nonexistent/program", "/", "/etc/passwd"] {
            runner.reconfigure(Some(Path::new(absent)));
            runner.push(vec![event("d"), event("e")]);
            until(&mut runner, "an end", is_idle).await;
            assert!(runner.failing.present(), "{absent}");
        }
        runner.reconfigure(None);
        runner.push(vec![event("f")]);
        assert!(is_idle(&mut runner));
    });
}

#[test]
fn those_that_wait_are_bounded_and_the_oldest_goes() {
    let mut runner = CommandRunner::new(Some(Path::new("/bin/true")), PATIENCE);
    let events = |range: std::ops::Range<usize>| range.map(|number| event(&number.to_string())).collect();
    runner.push(events(0..60));
    assert_eq!((runner.waiting.len(), runner.lost), (60, 0));
    runner.push(events(60..100));
    assert_eq!((runner.waiting.len(), runner.lost), (WAITING_AT_MOST, 36));
    assert_eq!(runner.waiting.front().map(|event| &*event.device), Some("36"));
    assert_eq!(runner.waiting.back().map(|event| &*event.device), Some("99"));
}
