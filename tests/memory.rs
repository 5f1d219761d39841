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

/// How many devices are shown at most, by default.
const SHOWN: u32 = 1_024;

/// What memory may differ by between two runs, in KiB: the kernel keeps its count of pages only roughly.
const SAME: u64 = 1_024;

/// What is read of one file at most, in KiB.
const TEXT: u64 = 2_048;

/// What a LAN that fills every table may add at most, in KiB. docs/limits.md tells it.
const HOSTILE: u64 = 52 * 1_024;

/// A router's files, of which a test writes one more.
struct Router(PathBuf);

impl Router {
    fn new(test: &str) -> Self {
        let root =
            std::env::temp_dir().join(format!("conntrack-exporter-memory-{}-{test}", std::process::id()));
        let router = Self(root);
        router.write("proc/net/nf_conntrack", "");
        router
            .write("ip-address", "6: br-lan: <UP>\n    link/ether 02:00:00:00:01:02\n    inet 10.0.0.1/8\n    inet6 2001:db8::1/32\n");
        router.write("config.toml", "interval = \"1s\"\n");
        router
    }

    /// Puts a file there, whole at once: the daemon may be reading.
    fn write(&self, path: &str, text: &str) {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let aside = self.0.join("aside");
        fs::write(&aside, text).unwrap();
        fs::rename(aside, path).unwrap();
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
fn sockets_cost_no_more_the_more_there_are() {
    let router = Router::new("sockets");
    let listening = row(0, "00000000:0016", "00000000:0000", "0A");
    router.write("proc/net/udp", "");
    let peak = |sockets: u32| {
        // Of a service of the router's, and as a client of as many others as there are ports.
        let accepted = |number: u32| row(number, "0108A8C0:0016", &format!("{number:08X}:C350"), "01");
        let opened = |number: u32| {
            row(number, "0108A8C0:9C40", &format!("09090909:{:04X}", (number * 7) & 0xffff), "01")
        };
        let rows: String = (0..sockets / 2).map(|number| accepted(number) + &opened(number)).collect();
        router.write("proc/net/tcp", &(listening.clone() + &rows));
        router.peak()
    };
    let (few, many) = (peak(16_500), peak(165_000));
    assert!(many <= few + SAME, "165,000 sockets take {many} KiB, 16,500 {few} KiB");
}

/// A socket of TCP, as the kernel prints it.
fn row(number: u32, local: &str, remote: &str, state: &str) -> String {
    format!(
        "{number:>4}: {local} {remote} {state} 00000000:00000000 00:00000000 00000000     0        0 {number}\n"
    )
}

#[test]
fn a_lan_that_fills_every_table_costs_no_more_than_is_told() {
    let router = Router::new("hostile");
    let nobody = router.peak();
    router.write("config.toml", "interval = \"1s\"\ndevices.odhcpd = [\"/tmp/odhcpd.leases\"]\n");
    hostile(&router, 0);
    let found = router.peak_after(8, |snapshot| hostile(&router, snapshot));
    assert!(found <= nobody + HOSTILE, "{found} KiB instead of {nobody}");
    assert!(found > nobody + HOSTILE / 2, "{found} KiB and {nobody}: what was told was not heard");
}

/// Fills every table: names and identifiers are as long as they may be, and each name is given to two devices. Both lease
/// files tell of the same devices, by two names. Connections in every state come from the addresses of all these, and of
/// half as many neighbours as devices may be shown. With another `round` all leases are of other devices; of neighbours the
/// daemon doesn't ask that often, so the same ones stay in use.
fn hostile(router: &Router, round: u32) {
    let devices = || (0..KNOWN + 1_000).map(move |number| round << 16 | number);
    let dnsmasq = |number: u32| {
        let duid = std::iter::once("00:02".to_owned()).chain(std::iter::repeat_n(colons(number), 32));
        let duid = duid.collect::<Vec<_>>().join(":");
        format!("1 {number} {} DNSMASQ{:0>57} {duid}\n", leased(number), number / 2)
    };
    let odhcpd = |number: u32| {
        let duid = format!("{number:08x}").repeat(32);
        format!("# br-lan 0002{duid} 1 ODHCPD{:0>58} 1 2 128 {}/128\n", number / 2, leased(number))
    };
    let neighbour = |(number, address): (u32, String)| {
        format!("{address} dev br-lan lladdr 06:00:{} REACHABLE\n", colons(number))
    };
    router.write("tmp/dhcp.leases", &devices().map(dnsmasq).collect::<String>());
    router.write("tmp/odhcpd.leases", &devices().map(odhcpd).collect::<String>());
    let neighbours = (0..KNOWN).map(|number| (number, shown(number)));
    let neighbours = neighbours.chain(devices().skip(1_000).map(|number| (1 << 24 | number, leased(number))));
    router.write("ip-neigh", &neighbours.map(neighbour).collect::<String>());
    let of_neighbours = (0..SHOWN / 2).map(|number| ("ipv4     2", shown(number), "9.9.9.9"));
    let of_devices = devices().map(|number| ("ipv6     10", leased(number), "2001:db9::9"));
    let entries = of_neighbours.chain(of_devices).flat_map(|(family, here, there)| {
        let ports = format!("src={here} dst={there} sport=1 dport=2");
        let back = format!("src={there} dst={here} sport=2 dport=1");
        STATES.map(|state| format!("{family} {state} {ports} {back} mark=0 use=2\n"))
    });
    router.write("proc/net/nf_conntrack", &entries.collect::<String>());
}

/// Two protocols, and states of both.
const STATES: [&str; 8] = [
    "tcp      6 9 ESTABLISHED",
    "tcp      6 9 SYN_SENT",
    "tcp      6 9 SYN_RECV",
    "tcp      6 9 FIN_WAIT",
    "tcp      6 9 CLOSE_WAIT",
    "tcp      6 9 LAST_ACK",
    "tcp      6 9 TIME_WAIT",
    "udp      17 9",
];

/// The address that is leased to the device with this number.
fn leased(number: u32) -> String {
    format!("2001:db8::{:x}:{:x}", number >> 16, number & 0xffff)
}

/// The address of the neighbour with this number.
fn shown(number: u32) -> String {
    let [_, a, b, c] = number.to_be_bytes();
    format!("10.{a}.{b}.{c}")
}

fn colons(number: u32) -> String {
    let [a, b, c, d] = number.to_be_bytes();
    format!("{a:02x}:{b:02x}:{c:02x}:{d:02x}")
}
