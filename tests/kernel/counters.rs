//! What `check` tells of the kernel's counters of bytes. Flowtables in use are a matter of `tests/router`, whose kernels
//! have them.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use crate::exporter::PROGRAM;
use crate::namespace::{Namespace, require};
use crate::wait::until;

/// Who may see nothing that others may not.
const SOMEBODY: [&str; 3] = ["--reuid=4242", "--regid=4242", "--clear-groups"];

#[test]
fn accounting_is_told_on_and_off() {
    let router = Namespace::new("accounting", "router");
    for (value, told) in [
        ("0", "warning  counters       accounting is off:"),
        ("1", "ok       counters       accounting is on:"),
    ] {
        router.set("netfilter/nf_conntrack_acct", value);
        let report = report(&router);
        assert!(report.starts_with(told), "{report}");
    }
}

#[test]
fn a_program_that_sets_counters_back_is_told_while_it_runs() {
    let router = Namespace::new("zeroing", "router");
    let nlbwmon = Impostor::start(&router, "nlbwmon", "/bin/sleep", &["600"]);
    let told = nlbwmon.finding("nlbwmon");
    until("nlbwmon in the report", || report(&router).contains(&told).then_some(()));
    drop(nlbwmon);
    let after = report(&router);
    assert!(!after.contains(&told), "{after}");
}

#[test]
fn conntrack_is_told_only_with_its_option() {
    let router = Namespace::new("zero-option", "router");
    let [listening, zeroing] = ["-E", "-z"].map(|option| {
        // What stands behind the name is for the script to use, and this one doesn't.
        let arguments = ["-c", "read -r line; exit", "conntrack", option];
        Impostor::start(&router, "conntrack", "/bin/sh", &arguments)
    });
    let told = zeroing.finding("conntrack -z");
    let report =
        until("conntrack in the report", || Some(report(&router)).filter(|text| text.contains(&told)));
    assert!(!report.contains(&format!("process {}", listening.child.id())), "{report}");
}

#[test]
fn the_kernel_is_asked_for_flowtables_with_what_was_kept() {
    let router = Namespace::new("flowtables", "router");
    router.nft("table inet filter { }");
    let report = report(&router);
    assert!(report.contains("\nok       counters       no flowtable is in use\n"), "{report}");
}

#[test]
fn what_a_user_may_not_see_is_not_guessed() {
    require("setpriv", "util-linux");
    let router = Namespace::new("unseen", "router");
    let directory = Directory::new("unseen");
    // By another process: a file that a child of this one might hold open for writing can't be executed.
    let copied = Command::new("cp").arg(PROGRAM).arg(directory.file("program")).status();
    assert!(copied.is_ok_and(|status| status.success()), "copying the program");
    // Its first process stays root's, and the /proc there shows each user only what is theirs.
    let mut hidden = Command::new("unshare");
    let hide = "mount -o remount,hidepid=2 /proc && \"$@\"; exit";
    hidden.args(["--mount-proc", "--pid", "--fork", "sh", "-c", hide, "sh", "setpriv"]).args(SOMEBODY);
    let report = report_by(&router, hidden.arg(directory.file("program")));
    for what in ["flowtables count what they forward", "a program sets counters back"] {
        assert!(report.contains(&format!("warning  counters       can't tell whether {what}")), "{report}");
    }
}

#[test]
fn hnat_is_told_where_it_can_be_seen() {
    let router = Namespace::new("hnat", "router");
    for (mode, expected) in [("0755", true), ("0700", false)] {
        // In a mount namespace: what debugfs shows on such a router, which has it for root alone.
        let hnat = format!(
            "mount -t tmpfs tmpfs /sys/kernel && mkdir -p /sys/kernel/debug/hnat && chmod {mode} /sys/kernel/debug && \"$@\""
        );
        let mut command = Command::new("unshare");
        let report = report_by(&router, command.args(["--mount", "sh", "-c", &hnat, "sh", PROGRAM]));
        assert_eq!(
            report.contains("warning  counters       MediaTek's HNAT is there"),
            expected,
            "{mode}: {report}"
        );
    }
}

/// What `check` says under this heading.
fn report(router: &Namespace) -> String {
    report_by(router, &mut Command::new(PROGRAM))
}

/// The same, by a command that ends in the program.
fn report_by(router: &Namespace, program: &mut Command) -> String {
    let command = program.arg("check").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let output = router.spawn(command).wait_with_output();
    let Output { status, stdout, stderr } = output.expect("a child that was just started");
    let report = String::from_utf8(stdout).expect("text");
    assert!(report.contains(" counters "), "{status}: {report}{}", String::from_utf8_lossy(&stderr));
    report
        .lines()
        .filter(|line| line.contains(" counters "))
        .fold(String::new(), |text, line| text + line + "\n")
}

/// A directory for the files of a test, gone when dropped.
struct Directory(PathBuf);

impl Directory {
    fn new(test: &str) -> Self {
        let directory =
            Self(std::env::temp_dir().join(format!("conntrack-exporter-{}-{test}", std::process::id())));
        fs::create_dir_all(&directory.0).expect("a directory");
        directory
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A process that bears another program's name; ended when dropped.
struct Impostor {
    child: Child,
    _directory: Directory,
}

impl Impostor {
    /// Starts `program` as `name`. It reads from a pipe that stays open.
    fn start(router: &Namespace, name: &str, program: &str, arguments: &[&str]) -> Self {
        let directory = Directory::new(&format!("{name}{}", arguments.join("")).replace(['/', ' ', ';'], ""));
        let link = directory.file(name);
        // The kernel calls a process by the last name of what was executed (`begin_new_exec()`), a link's own.
        symlink(Path::new(program), &link).expect("a link");
        let child = router.spawn(Command::new(&link).args(arguments).stdin(Stdio::piped()));
        Self { child, _directory: directory }
    }

    /// How the report begins to tell of it.
    fn finding(&self, program: &str) -> String {
        format!("warning  counters       {program} runs (process {}),", self.child.id())
    }
}

impl Drop for Impostor {
    fn drop(&mut self) {
        // Both fail if it has ended, which is all right.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
