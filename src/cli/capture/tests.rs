mod leaks;
mod network;
mod system;

use super::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, symlink};
use std::time::Duration;

use crate::collector::{Collector, Moment};
use crate::config::Config;
use crate::daemon::ConfigFile;
use crate::measurements::DueClocks;
use crate::measurements::switches::Switches;
use crate::root::Root;
use crate::series::point::{Point, Value};
use crate::test_directory::TestDirectory;

/// A router's files, and its configuration beside them.
struct Router {
    root: PathBuf,
    config: PathBuf,
}

impl Router {
    fn capture(&self, directory: &Path, anonymise: bool) -> CaptureReport {
        let config_file = ConfigFile { named: Some(self.config.clone()), root: Root::replay(&self.root) };
        let config = config_file.read().unwrap();
        let root = Root::replay(&self.root);
        let from = Source { root: &root, config: &config, config_file: &config_file };
        capture(from, directory, anonymise).unwrap()
    }
}

/// The household, and every golden case as it begins: copies of them.
fn routers(place: &TestDirectory) -> Vec<Router> {
    let [household, cases] = ["examples/household", "tests/cases"].map(|path| place.copy(path));
    let cases = fs::read_dir(cases).unwrap().map(|case| case.unwrap().path());
    let cases = cases.map(|case| Router { root: case.join("root"), config: case.join("config.toml") });
    let household =
        Router { root: household.join("root"), config: household.join("conntrack-exporter.toml") };
    std::iter::once(household).chain(cases).collect()
}

fn snapshot(root: &Path, config: &Path) -> Vec<Point> {
    let config = Config::parse(&fs::read_to_string(config).unwrap()).unwrap();
    // Whatever a router has switched off, its figures tell here whether the copy gives the same.
    let config = Config { measurements: Switches::default(), ..config };
    let mut collector = Collector::new(config, &Root::replay(root), 0);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let moment = Moment { boot: Duration::from_hours(1), timestamp: None, wall: None, due: DueClocks::Both };
    runtime.block_on(collector.snapshot(&moment)).unwrap().points().cloned().collect()
}

fn replayed(directory: &Path) -> Vec<Point> {
    let config = directory.join("etc/conntrack-exporter.toml");
    snapshot(directory, &config)
}

fn tag<'a>(point: &'a Point, wanted: &str) -> &'a str {
    point.tags.iter().find(|(key, _)| *key == wanted).map(|(_, value)| value).unwrap_or_default()
}

fn states(points: &[Point]) -> Vec<String> {
    let states = points.iter().filter(|point| point.measurement == "connection_state");
    states.map(|point| format!("{:?} {:?}", point.tags, point.fields)).collect()
}

/// How many devices have which counts, whatever they are called.
fn structure(points: &[Point]) -> Vec<(Option<String>, BTreeMap<String, String>)> {
    let mut devices: BTreeMap<&str, BTreeMap<String, String>> = BTreeMap::new();
    for point in points.iter().filter(|point| point.measurement == "connection_state") {
        let series = format!("{} {}", tag(point, "protocol"), tag(point, "state"));
        devices.entry(tag(point, "device_name")).or_default().insert(series, format!("{:?}", point.fields));
    }
    let of_its_own = |name: &str| matches!(name, "router" | "other").then(|| name.to_owned());
    let mut structure: Vec<_> =
        devices.into_iter().map(|(name, counts)| (of_its_own(name), counts)).collect();
    structure.sort();
    structure
}

fn figure(points: &[Point], name: &str) -> String {
    let exporter = points.iter().find(|point| point.measurement == "conntrack_exporter").unwrap();
    format!(
        "{:?}",
        exporter.fields.iter().find(|(field, _)| *field == name).map(|(_, value): &(_, Value)| value)
    )
}

#[test]
fn a_copy_gives_the_same_lines() {
    let place = TestDirectory::new("capture-copy");
    for (router, number) in routers(&place).iter().zip(1..) {
        let directory = place.join(number.to_string());
        let report = router.capture(&directory, false);
        assert!(report.is_complete(), "{:?}", report.omissions);
        let (old, new) = (snapshot(&router.root, &router.config), replayed(&directory));
        assert_eq!(states(&old), states(&new), "{}", router.root.display());
    }
}

#[test]
fn an_anonymised_copy_gives_the_same_structure() {
    let place = TestDirectory::new("capture-structure");
    for (router, number) in routers(&place).iter().zip(1..) {
        let directory = place.join(number.to_string());
        assert!(router.capture(&directory, true).is_complete());
        let (old, new) = (snapshot(&router.root, &router.config), replayed(&directory));
        // Whoever is beyond the limit is so by name.
        if !router.root.ends_with("18-limits/root") {
            assert_eq!(structure(&old), structure(&new), "{}", router.root.display());
        }
        for name in
            ["entries_read", "entries_loopback", "entries_unattributed", "entries_overflow", "devices"]
        {
            assert_eq!(figure(&old, name), figure(&new, name), "{name} of {}", router.root.display());
        }
    }
}

const CONFIG: &str = "# Anna's router\ntimestamps = \"always\"\n[telegraf]\naddress = \"annas-nas.example:8094\"\n\
    [tags]\nsite = \"Annas House\"\nannas_tag = \"x\"\n[lan]\nprefixes = [\"81.2.3.0/28\", \"fd12:3456:789a:20::/64\"]\n\
    [devices]\nleases = [\"/tmp/dhcp.leases\", \"/tmp/dhcp.leases\"]\n\
    [system]\nnstat = \"all\"\nrouter_stats = true\n";
const ADDRESSES: &str = "1: br-lan: <UP>\n    link/ether 28:6f:b9:00:00:01 brd ff:ff:ff:ff:ff:ff\n    inet 192.168.8.1/24\n\
    \x20   inet6 2a02:8106:21:9900::1/64\n    inet6 fe80::2a6f:b9ff:fe00:1/64\n2: eth0: <UP>\n    link/ether\n\
    \x20   inet 80.81.82.83/24\n    inet6 2a02:8106:21:1::77/128\n";
const NEIGHBOURS: &str = "192.168.8.20 dev br-lan lladdr 28:6f:b9:a1:b2:c3 STALE\n\
    2a02:8106:21:9900:5d1:1234:5678:9abc dev br-lan lladdr 28:6f:b9:a1:b2:c3 STALE\n\
    fe80::2a6f:b9ff:fea1:b2c3 dev br-lan lladdr 28:6f:b9:a1:b2:c3 STALE\n\
    80.81.82.1 dev eth0 lladdr 3c:61:05:de:ad:01 REACHABLE\n";
const LEASES: &str = "1795241374 28:6f:b9:a1:b2:c3 192.168.8.20 Anna's iPad 01:28:6f:b9:a1:b2:c3\n\
    1795241374 3c:61:05:12:34:56 192.168.8.21 Berta 01:3c:61:05:12:34:56\n\
    1795241374 3c:61:05:12:34:57 192.168.8.22 berta *\n\
    1795241374 68 2a02:8106:21:9900::1b1a Clara 00:01:00:01:32:93:49:85:3c:61:05:12:34:56\n\
    1795241374 69 2a02:8106:21:9900::1b1b Dora 00:04:fe:dc:ba:98:76:54:32:10\nsomething Anna said\n";
const ODHCPD: &str = "# br-lan 00030001286fb9a1b2c3 11 Emil 1795205714 14ff 128 2a02:8106:21:9900::14ff/128\n\
    2a02:8106:21:9900::14ff\temil.lan\temil\n";
const REGISTRY: &str = "# Frieda's\n3c:61:05:aa:bb:cc=Gustav\n|81.2.3.5|Heinrich|server\n";
const SERVICES: &str = "# Frieda's\n53 Gustav\n443/tcp HTTPS\n";
const GL: &str =
    "config client\n\toption mac '3c:61:05:12:34:58'\n\toption alias 'Ida'\n\toption note 'Ida'\n";
const DHCP: &str = "config dnsmasq\n\toption domain 'annas.home'\nconfig host\n\toption name 'Julius'\n\
    \toption mac '3c:61:05:12:34:59'\n\tlist duid '00030001286fb9a1b2c4'\n";
const TABLE_LINES: [&str; 11] = [
    "src=192.168.8.20 dst=9.9.9.9 sport=1 dport=53 src=9.9.9.9 dst=80.81.82.83 sport=53 dport=1 [ASSURED]",
    "src=192.168.8.21 dst=80.81.82.90 sport=1 dport=53 src=80.81.82.90 dst=80.81.82.83 sport=53 dport=1",
    "src=192.168.8.22 dst=8.8.4.4 sport=1 dport=53 src=8.8.4.4 dst=80.81.82.83 sport=53 dport=1",
    "src=81.2.3.5 dst=8.8.4.4 sport=1 dport=53 src=8.8.4.4 dst=81.2.3.5 sport=53 dport=1",
    "src=81.2.3.6 dst=8.8.4.4 sport=1 dport=53 src=8.8.4.4 dst=81.2.3.6 sport=53 dport=1",
    "src=80.81.82.83 dst=8.8.4.4 sport=1 dport=53 src=8.8.4.4 dst=80.81.82.83 sport=53 dport=1",
    "src=2a02:8106:21:9900:5d1:1234:5678:9abc dst=2620:fe::fe sport=1 dport=53 \
        src=2620:fe::fe dst=2a02:8106:21:9900:5d1:1234:5678:9abc sport=53 dport=1",
    "src=2a02:8106:21:9900:3e61:5ff:feaa:bbcc dst=2620:fe::fe sport=1 dport=53 \
        src=2620:fe::fe dst=2a02:8106:21:9900:3e61:5ff:feaa:bbcc sport=53 dport=1",
    "src=2a02:8106:21:9900::1b1b dst=2620:fe::fe sport=1 dport=53 src=2620:fe::fe dst=2a02:8106:21:9900::1b1b sport=53 dport=1",
    "src=fd12:3456:789a:20:3e61:5ff:fe12:3458 dst=ff02::1:ffa1:b2c3 sport=1 dport=53 \
        src=ff02::1:ffa1:b2c3 dst=fd12:3456:789a:20:3e61:5ff:fe12:3458 sport=53 dport=1",
    "src=2a02:8106:21:9900::14ff dst=2620:fe::fe sport=1 dport=53 src=2620:fe::fe dst=2a02:8106:21:9900::14ff sport=53 dport=1 secctx=anna",
];
/// What must not be found anywhere, in lower case.
const PERSONAL: [&str; 47] = [
    "anna",
    "berta",
    "clara",
    "dora",
    "emil",
    "frieda",
    "gustav",
    "heinrich",
    "ida",
    "julius",
    "rosenweg",
    "28:6f:b9",
    "286fb9",
    "2a6f:b9",
    "2a6f:00b9",
    "2a6fb9",
    "3c:61:05",
    "3c6105",
    "3e61:5ff",
    "3e61:05ff",
    "a1:b2:c3",
    "a1b2c3",
    "a1:b2c3",
    "12:34:5",
    "123456",
    "aa:bb:cc",
    "aabbcc",
    "aa:bbcc",
    "de:ad:01",
    "80.81.82",
    "525150",
    "81.2.3",
    "9.9.9.9",
    "8.8.4.4",
    "2a02",
    "8106",
    "2620",
    // Words of an address as /proc/net/tcp has them.
    "030251",
    "09090909",
    "04040808",
    "0681022a",
    "fe002026",
    "5678",
    "3456",
    "fe:dc:ba",
    "32:93:49:85",
    "1795",
];

/// A router with everything that could give its owner away.
fn personal(place: &Path) -> Router {
    let root = place.join("router");
    let family = |line: &str| {
        if line.starts_with("src=2") || line.starts_with("src=f") { "ipv6     10" } else { "ipv4     2" }
    };
    let is_v4 = |line: &str| line.split(' ').next().is_some_and(|source| source.contains('.'));
    let table = TABLE_LINES.map(|line| {
        let family = if is_v4(line) { "ipv4     2" } else { family(line) };
        format!("{family} udp      17 28 {line} mark=0 use=2\n")
    });
    for (path, text) in [
        ("ip-address", ADDRESSES),
        ("ip-neigh", NEIGHBOURS),
        ("tmp/dhcp.leases", LEASES),
        ("tmp/odhcpd.leases", ODHCPD),
        ("etc/conntrack-exporter.devices", REGISTRY),
        ("etc/conntrack-exporter.services", SERVICES),
        ("etc/conntrack-exporter.networks", "9.9.9.0/24 Annas Provider\n"),
        ("etc/config/gl-client", GL),
        ("etc/config/dhcp", DHCP),
        ("etc/hosts", "127.0.0.1 localhost\n192.168.8.22 rosenweg.annas.home rosenweg\n"),
        ("etc/ethers", "3c:61:05:12:34:57 Rosenweg-123457\n"),
        ("usr/share/nmap/nmap-mac-prefixes", "286FB9 Nokia\n"),
        ("proc/sys/kernel/hostname", "Rosenweg\n"),
        ("proc/sys/net/netfilter/nf_conntrack_count", "11\n"),
        ("proc/net/nf_conntrack", &table.concat()),
    ]
    .into_iter()
    .chain(network::FILES)
    .chain(system::FILES)
    {
        fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
        fs::write(root.join(path), text).unwrap();
    }
    let config = place.join("config.toml");
    fs::write(&config, CONFIG).unwrap();
    Router { root, config }
}

fn every_file(directory: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o700);
            every_file(&path, found);
        } else {
            assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
            found.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
}

#[test]
fn nothing_personal_is_left() {
    let place = TestDirectory::new("capture-personal");
    let router = personal(&place);
    // Replacements are random, so one may hold three digits of an original by accident: not in each of three.
    let mut left: Option<BTreeSet<String>> = None;
    for run in 0..3 {
        let directory = place.join(run.to_string());
        let report = router.capture(&directory, true);
        let mut files = BTreeMap::new();
        every_file(&directory, &mut files);
        assert_eq!(files.len(), 24 + system::WRITTEN, "{:?}", files.keys());
        let mut found = BTreeSet::new();
        for (path, content) in &files {
            let content = String::from_utf8_lossy(content).to_ascii_lowercase();
            let here = PERSONAL.iter().filter(|word| content.contains(**word));
            found.extend(here.map(|word| format!("{word} in {}", path.file_name().unwrap().display())));
        }
        left = Some(left.map_or_else(|| found.clone(), |left| left.intersection(&found).cloned().collect()));
        assert!(!report.to_string().to_ascii_lowercase().contains("anna"));

        let (old, new) = (snapshot(&router.root, &router.config), replayed(&directory));
        assert!(structure(&old).len() >= 8, "{:?}", structure(&old));
        assert_eq!(structure(&old), structure(&new));
        assert_eq!(figure(&old, "entries_unattributed"), figure(&new, "entries_unattributed"));
    }
    assert_eq!(left, Some(BTreeSet::new()));
}

#[test]
fn what_is_left_out_is_told() {
    let place = TestDirectory::new("capture-told");
    let router = personal(&place);
    let report = router.capture(&place.join("anonymised"), true);
    let told: Vec<String> = report.omissions().iter().map(ToString::to_string).collect();
    assert!(report.is_complete());
    assert_eq!(
        told,
        [
            "/proc/net/tcp6 lacks 1 record that can't be understood, which may hold anything",
            "/tmp/dhcp.leases lacks 1 record that can't be understood, which may hold anything",
            "/usr/share/nmap/nmap-mac-prefixes is left out: replaced MACs have no vendor",
        ]
    );
    let shown = report.to_string();
    assert!(shown.contains("anonymised/etc/config/dhcp\n") && shown.contains("once --root "), "{shown}");

    fs::remove_file(router.root.join("proc/net/nf_conntrack")).unwrap();
    fs::remove_file(router.root.join("etc/hosts")).unwrap();
    fs::create_dir(router.root.join("etc/hosts")).unwrap();
    fs::write(router.root.join("usr/share/nmap/nmap-mac-prefixes"), vec![b'x'; 8 << 20]).unwrap();
    let report = router.capture(&place.join("a"), false);
    assert!(!report.is_complete());
    let told: Vec<String> = report.omissions().iter().map(ToString::to_string).collect();
    let about =
        |path: &str, what: &str| told.iter().any(|said| said.starts_with(path) && said.contains(what));
    assert!(about("/proc/net/nf_conntrack is missing", "does not exist"), "{told:?}");
    assert!(about("/etc/hosts is missing", "not a regular file"), "{told:?}");
    assert!(about("/usr/share/nmap", "8 MB or more"), "{told:?}");
    assert!(place.join("a/etc/ethers").exists(), "what is written stays");
}

/// Anybody may make a file in `/tmp` that is larger than the disk, and holds nothing.
#[test]
fn no_more_is_copied_of_a_file_than_the_program_reads() {
    let place = TestDirectory::new("capture-large");
    let router = personal(&place);
    let root = &router.root;
    File::create(root.join("tmp/odhcpd.leases")).unwrap().set_len(40 << 20).unwrap();
    let line = LEASES.lines().next().unwrap().to_owned() + "\n";
    fs::write(root.join("tmp/dhcp.leases"), line.repeat((3 << 20) / line.len())).unwrap();
    let entry = "3c:61:05:aa:bb:cc=Gustav\n";
    fs::write(root.join("etc/conntrack-exporter.devices"), entry.repeat((3 << 19) / entry.len())).unwrap();
    let service = "3074 Gustav\n";
    fs::write(root.join("etc/conntrack-exporter.services"), service.repeat(70_000 / service.len())).unwrap();
    let directory = place.join("capture");
    let report = router.capture(&directory, false);
    for (path, line, read) in [
        ("tmp/odhcpd.leases", "", 0),
        ("tmp/dhcp.leases", &*line, 2 << 20),
        ("etc/conntrack-exporter.devices", entry, 1 << 20),
        ("etc/conntrack-exporter.services", service, 64 << 10),
    ] {
        let copied = fs::read(directory.join(path)).unwrap();
        let whole = read / line.len().max(1);
        assert!(copied == line.repeat(whole).as_bytes(), "{path}: {} of {read} bytes", copied.len());
        let told = format!("/{path} is too large: only its beginning is there, as the program reads it");
        assert!(report.omissions().iter().any(|omission| omission.to_string() == told), "{path}");
    }
    assert_eq!(report.omissions().len(), 4, "{:?}", report.omissions());
    assert_eq!(states(&snapshot(root, &router.config)), states(&replayed(&directory)));
}

#[test]
fn links_are_read_and_never_written_through() {
    let place = TestDirectory::new("capture-links");
    let router = personal(&place);
    fs::rename(router.root.join("tmp/dhcp.leases"), router.root.join("leases")).unwrap();
    symlink("/leases", router.root.join("tmp/dhcp.leases")).unwrap();
    fs::DirBuilder::new().mode(0o755).create(place.join("deep")).unwrap();
    let directory = place.join("deep/capture");
    let report = router.capture(&directory, false);
    assert_eq!(fs::read(directory.join("tmp/dhcp.leases")).unwrap(), LEASES.as_bytes());
    assert!(fs::symlink_metadata(directory.join("tmp/dhcp.leases")).unwrap().is_file());
    assert!(fs::read_dir(place.join("deep")).unwrap().count() == 1, "nothing beside it");
    assert_eq!(report.omissions().len(), 0, "{report}");
}
