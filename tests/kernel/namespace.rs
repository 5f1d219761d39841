//! One network namespace, and how to do things in it.

use std::fs::{self, File};
use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::{env, panic, thread};

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, setns, unshare};
use nix::unistd::Uid;

/// Where `ip netns` keeps them.
const NAMED: &str = "/run/netns";

/// A named network namespace with its loopback up; deleted when dropped.
pub(crate) struct Namespace {
    name: String,
    file: File,
}

impl Namespace {
    /// Makes one whose name no other process or test uses.
    pub(crate) fn new(test: &str, role: &str) -> Self {
        require_what_it_takes();
        let name = format!("conntrack-exporter-{}-{test}-{role}", std::process::id());
        run(Command::new("ip").args(["netns", "add", &name]), "");
        let file = File::open(format!("{NAMED}/{name}")).expect("a namespace that was just made");
        let namespace = Self { name, file };
        namespace.ip("link set lo up");
        namespace
    }

    /// What `ip netns` knows it by.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Does something inside: sockets opened and processes started there stay there.
    pub(crate) fn enter<T: Send>(&self, action: impl FnOnce() -> T + Send) -> T {
        let inside = || {
            setns(&self.file, CloneFlags::CLONE_NEWNET).expect("entering a network namespace");
            action()
        };
        // Only the thread moves, so it must not be the test's own.
        thread::scope(|scope| scope.spawn(inside).join()).unwrap_or_else(|panic| panic::resume_unwind(panic))
    }

    /// Starts a process inside, where `/sys` shows the namespace's interfaces, as `ip netns exec` does.
    pub(crate) fn spawn(&self, command: &mut Command) -> Child {
        let inside = || {
            show_interfaces().expect("a mount of sysfs");
            command.spawn()
        };
        self.enter(inside).unwrap_or_else(|error| panic!("{command:?}: {error}"))
    }

    /// Gives `ip` commands, one per line and without the leading `ip`.
    pub(crate) fn ip(&self, commands: &str) {
        run(Command::new("ip").args(["-n", &self.name, "-batch", "-"]), commands);
    }

    /// Gives the firewall rules.
    pub(crate) fn nft(&self, rules: &str) {
        self.enter(|| run(Command::new("nft").args(["-f", "-"]), rules));
    }

    /// Sets what `sysctl` would set below `net`, by its path.
    pub(crate) fn set(&self, path: &str, value: &str) {
        let outcome = self.enter(|| fs::write(format!("/proc/sys/net/{path}"), value));
        outcome.unwrap_or_else(|error| panic!("/proc/sys/net/{path}: {error}"));
    }

    /// Bytes that the TCP sockets inside have sent once more, because no word of their arrival came in time.
    pub(crate) fn bytes_resent(&self) -> i64 {
        let output = self
            .enter(|| Command::new("ss").args(["-Htni"]).output())
            .expect("the command ss (Debian: iproute2)");
        assert!(output.status.success(), "{output:?}");
        let said = String::from_utf8_lossy(&output.stdout);
        let resent = said.split_whitespace().filter_map(|word| word.strip_prefix("bytes_retrans:"));
        resent.map(|bytes| bytes.parse::<i64>().expect("a number of bytes")).sum()
    }

    /// How many entries the connection table holds, as the kernel prints it.
    pub(crate) fn entries(&self) -> usize {
        // /proc/net is the whole process's namespace, not the thread's.
        let table = self.enter(|| fs::read_to_string("/proc/thread-self/net/nf_conntrack"));
        table.expect("reading the connection table").lines().count()
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        // Nothing helps if this fails, and the test's own outcome matters more.
        let _ = Command::new("ip").args(["netns", "delete", &self.name]).status();
    }
}

/// Mounts the `/sys` of this thread's network namespace, for this thread and the processes that it starts.
fn show_interfaces() -> nix::Result<()> {
    const NOTHING: Option<&str> = None;
    unshare(CloneFlags::CLONE_NEWNS)?;
    mount(NOTHING, "/", NOTHING, MsFlags::MS_SLAVE | MsFlags::MS_REC, NOTHING)?;
    let flags = MsFlags::MS_RDONLY | MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    mount(Some("sysfs"), "/sys", Some("sysfs"), flags, NOTHING)
}

/// Runs a command to its end with `input` and insists that it succeeds.
fn run(command: &mut Command, input: &str) {
    let mut child = command
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let written = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
    let output = child.wait_with_output().expect("a child that was just started");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && written.is_ok(), "{command:?} {}: {said}\n{input}", output.status);
}

/// These tests run only when asked for, so what is lacking is a failure.
fn require_what_it_takes() {
    let mut lacking = Vec::new();
    if !Uid::effective().is_root() {
        lacking.push("root (these tests make network namespaces)");
    }
    if !on_path("ip") {
        lacking.push("the command ip (Debian: iproute2)");
    }
    if !on_path("nft") {
        lacking.push("the command nft (Debian: nftables)");
    }
    if !fs::exists("/proc/net/nf_conntrack").unwrap_or(false) {
        lacking.push("/proc/net/nf_conntrack (kernel module nf_conntrack, NF_CONNTRACK_PROCFS)");
    }
    assert!(lacking.is_empty(), "the kernel tests lack: {}", lacking.join("; "));
}

/// Insists on a command that only some tests need.
pub(crate) fn require(command: &str, package: &str) {
    assert!(on_path(command), "this kernel test lacks the command {command} (Debian: {package})");
}

fn on_path(command: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|directory| directory.join(command).is_file())
}
