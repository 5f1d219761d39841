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

/// What a hostile LAN may add at most, in KiB. docs/limits.md tells it.
const HOSTILE: u64 = 20 * 1_024;

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
        self.peak_after(1, |_| {})
    }

    /// The most memory that the daemon has held by the end of so many snapshots, in KiB. After each `change` may write
    /// files; it is told the snapshot's number.
    fn peak_after(&self, snapshots: usize, change: impl Fn(u32)) -> u64 {
        let mut command = Command::new(PROGRAM);
        command.arg("--root").arg(&self.0).arg("--config").arg(self.0.join("config.toml")).arg("--stdout");
        let daemon = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut daemon = Daemon(daemon.spawn().unwrap());
        let lines = BufReader::new(daemon.0.stdout.take().unwrap()).lines();
        let last_lines = lines.map(Result::unwrap).filter(|line| line.starts_with("conntrack_exporter,"));
        let taken = (1..).zip(last_lines).inspect(|(number, _)| change(*number)).take(snapshots);
        assert_eq!(taken.count(), snapshots, "it has ended");
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
    assert!(full > ten + SAME, "{KNOWN} devices: {found}");
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
        let ten = peak(lines(line, 10));
        let full = peak(lines(line, 4_097));
        let long = peak(lines(line, 60_000));
        let nonsense = peak("x\n".repeat(1_000_000));
        let found = format!("{path}: {ten}, {full} {long} {nonsense} KiB");
        assert!(full > ten + SAME, "4,096 names: {found}");
        assert!(long <= full + TEXT + SAME, "60,000 names, of which 4,096 are heard: {found}");
        assert!(nonsense <= full + TEXT + SAME, "a million lines that say nothing: {found}");
    }
}

#[test]
fn a_hostile_lan_costs_no_more_than_is_told() {
    let router = Router::new("hostile");
    let nobody = router.peak();
    router.write("config.toml", "interval = \"1s\"\ndevices.odhcpd = [\"/tmp/odhcpd.leases\"]\n");
    hostile(&router, 0);
    let found = router.peak_after(5, |snapshot| hostile(&router, snapshot));
    assert!(found <= nobody + HOSTILE, "{found} KiB instead of {nobody}");
    assert!(found > nobody + HOSTILE / 2, "{found} KiB and {nobody}: what was told was not heard");
}

/// Fills every table and every file to what is read of it, by names and identifiers as long as they may be. With another
/// `round` it is all of other devices.
fn hostile(router: &Router, round: u32) {
    let numbers = |count: u32| (0..count).map(move |number| round << 16 | number);
    let device = |number: u32| {
        let [a, b, c, d] = number.to_be_bytes();
        (format!("02:00:{a:02x}:{b:02x}:{c:02x}:{d:02x}"), format!("10.{b}.{c}.{d}"))
    };
    let lease = |number: u32| {
        let (mac, address) = device(number);
        format!("1 {mac} {address} {number:0>64} *\n")
    };
    let duid = |number: u32| {
        let octets = format!("{number:08x}").repeat(32);
        format!(
            "# br-lan 0002{octets} 1 {number:0>63}x 1 2 128 2001:db8::{:x}:{:x}/128\n",
            number >> 16,
            number & 0xffff
        )
    };
    let neighbour = |number: u32| {
        let (mac, address) = device(number ^ 0x8000);
        format!("{address} dev br-lan lladdr {mac} REACHABLE\n")
    };
    let entry = |number: u32| {
        let (_, address) = device(number ^ 0x4000);
        let (there, back) = (format!("src={address} dst=9.9.9.9"), format!("src=9.9.9.9 dst={address}"));
        format!("ipv4     2 udp      17 9 {there} sport=1 dport=2 {back} sport=2 dport=1 use=2\n")
    };
    router.write("tmp/dhcp.leases", &numbers(19_000).map(lease).collect::<String>());
    router.write("tmp/odhcpd.leases", &numbers(5_500).map(duid).collect::<String>());
    router.write("ip-neigh", &numbers(17_000).map(neighbour).collect::<String>());
    router.write("proc/net/nf_conntrack", &numbers(20_000).map(entry).collect::<String>());
}
