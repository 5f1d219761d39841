//! What the program holds in memory, by the kernel's account of its peak: what files say is bounded, however long they
//! are.

#![expect(clippy::unwrap_used, reason = "a test's failure is a panic")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_conntrack-exporter");

/// As many lines as fit into what is read of one file.
const LINES: u32 = 45_000;

/// How many devices are known at most.
const KNOWN: u32 = 4_096;

/// What memory may differ by between two runs, in KiB: the kernel keeps its count of pages only roughly.
const SAME: u64 = 1_024;

/// What is read of one file at most, in KiB.
const TEXT: u64 = 2_048;

/// A router's files, of which a test writes one more.
struct Router(PathBuf);

impl Router {
    fn new(test: &str) -> Self {
        let root =
            std::env::temp_dir().join(format!("conntrack-exporter-memory-{}-{test}", std::process::id()));
        let router = Self(root);
        router.write("proc/net/nf_conntrack", "");
        router
            .write("ip-address", "6: br-lan: <UP>\n    link/ether 02:00:00:00:01:02\n    inet 10.0.0.1/8\n");
        router.write("config.toml", "interval = \"1s\"\n");
        router
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// The most memory that the daemon has held by the end of its first snapshot, in KiB.
    fn peak(&self) -> u64 {
        let mut command = Command::new(PROGRAM);
        command.arg("--root").arg(&self.0).arg("--config").arg(self.0.join("config.toml")).arg("--stdout");
        let daemon = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut daemon = Daemon(daemon.spawn().unwrap());
        let lines = BufReader::new(daemon.0.stdout.take().unwrap()).lines();
        let last = lines.map(Result::unwrap).find(|line| line.starts_with("conntrack_exporter,"));
        assert!(last.is_some(), "no snapshot");
        let status = fs::read_to_string(format!("/proc/{}/status", daemon.0.id())).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        peak.trim().strip_suffix(" kB").unwrap().parse().unwrap()
    }
}

impl Drop for Router {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Killed when dropped.
struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a lease file says of the devices with these numbers.
fn leases(devices: impl Iterator<Item = u32>) -> String {
    let lease = |number: u32| {
        let [_, a, b, c] = number.to_be_bytes();
        format!("1 02:00:00:{a:02x}:{b:02x}:{c:02x} 10.{a}.{b}.{c} host-{number:05} *\n")
    };
    devices.map(lease).collect()
}

#[test]
fn a_lease_file_costs_what_is_kept_of_it_however_long_it_is() {
    let router = Router::new("leases");
    let peak = |text: String| {
        router.write("tmp/dhcp.leases", &text);
        router.peak()
    };
    let ten = peak(leases(0..10));
    let full = peak(leases(0..KNOWN));
    let repeated = peak(leases((0..LINES).map(|line| line % 10)));
    let endless = peak("1".repeat(2_000_000) + "\n");
    let many = peak(leases(0..LINES));
    let found = format!("{ten} {repeated} {endless}, {full} {many} KiB");
    assert!(repeated <= ten + SAME, "{LINES} lines of ten devices: {found}");
    assert!(endless <= ten + SAME, "one line: {found}");
    assert!(many <= full + SAME, "{LINES} devices, of which {KNOWN} are known: {found}");
}

#[test]
fn a_file_of_names_costs_what_is_heard_of_it_and_its_text() {
    let host = |number: usize| format!("10.0.{}.{} h{number}.lan\n", number >> 8 & 255, number & 255);
    let ether = |number: usize| format!("02:00:00:00:{:02x}:{:02x} h{number}\n", number >> 8, number & 255);
    let lines = |line: &dyn Fn(usize) -> String, count: usize| (0..count).map(line).collect::<String>();
    for (path, line) in [("etc/hosts", &host as &dyn Fn(usize) -> String), ("etc/ethers", &ether)] {
        let router = Router::new("names");
        let peak = |text: String| {
            router.write(path, &text);
            router.peak()
        };
        let full = peak(lines(line, 4_097));
        let long = peak(lines(line, 60_000));
        let nonsense = peak("x\n".repeat(1_000_000));
        let found = format!("{path}: {full} {long} {nonsense} KiB");
        assert!(long <= full + TEXT + SAME, "60,000 names, of which 4,096 are heard: {found}");
        assert!(nonsense <= full + TEXT + SAME, "a million lines that say nothing: {found}");
    }
}
