//! Work for callgrind to count: `instructions WHAT TIMES` does WHAT that many times. The difference between two runs
//! of different TIMES is WHAT alone.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a benchmark that can't run says so by a panic"
)]

#[path = "../tests/support/fill.rs"]
mod fill;
#[expect(dead_code, reason = "nobody asks here what the household really did")]
#[path = "../tests/support/household/mod.rs"]
mod household;
#[path = "support/router.rs"]
mod router;

use std::collections::HashMap;
use std::fs::File;
use std::hint::black_box;
use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use conntrack_exporter::attribution::Direction;
use conntrack_exporter::attribution::labels::OwnerLabels;
use conntrack_exporter::attribution::owners::{OwnerId, OwnerTable};
use conntrack_exporter::census::Attempt;
use conntrack_exporter::census::flow_tracker::{Expected, FlowTracker, Grace};
use conntrack_exporter::collector::{Collector, Moment};
use conntrack_exporter::config::Config;
use conntrack_exporter::conntrack::backend::BackendChoice;
use conntrack_exporter::conntrack::flow::{Counters, Flow};
use conntrack_exporter::conntrack::memory::MemoryTable;
use conntrack_exporter::conntrack::netlink;
use conntrack_exporter::conntrack::procfs::{self, Reading, line};
use conntrack_exporter::conntrack::{Entry, Progress, Table};
use conntrack_exporter::devices::{Devices, Settings};
use conntrack_exporter::encode::line_protocol::Lines;
use conntrack_exporter::lan::{Lan, interfaces};
use conntrack_exporter::measurements::connection_state::ConnectionState;
use conntrack_exporter::measurements::device_activity::{self, DeviceActivity};
use conntrack_exporter::measurements::fixture::Fixture;
use conntrack_exporter::measurements::{DueClocks, Flows, Measurement, Needs, Tick};
use conntrack_exporter::netlink::Dump;
use conntrack_exporter::outputs::ledger::Ledger;
use conntrack_exporter::recorder::{FlightRecorder, PassTime};
use conntrack_exporter::root::Root;
use conntrack_exporter::series::Series;
use conntrack_exporter::series::schema::Schema;
use foldhash::fast::RandomState;
use household::Household;
use household::scenario::{EVERY, Scenario};
use nix::sched::{CloneFlags, unshare};
use nix::sys::socket::SockProtocol;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let [what, entries, times] = arguments.as_slice() else {
        println!(
            "usage: instructions parse|decode|scrape|track|track-turnover|map|map-turnover|record|activity|activity-idle|history|history-idle|tick|tick-destinations|evening|devices|listing|lan|names|points|lines|gauges ENTRIES TIMES; \
             tools/bench runs it under callgrind"
        );
        return;
    };
    let (entries, times) = (entries.parse().unwrap(), times.parse().unwrap());
    let devices = if matches!(what.as_str(), "devices" | "listing") { entries } else { 50 };
    let root = router::write(entries, devices).unwrap();
    match what.as_str() {
        "parse" => parse(entries, times),
        "decode" => decode(entries, times),
        "scrape" => (0..times).for_each(|_| scrape(&root.join("proc/net/nf_conntrack"), entries)),
        "track" => track(entries, 0, times),
        "track-turnover" => track(entries, entries / 5, times),
        "map" => map(entries, 0, times),
        "map-turnover" => map(entries, entries / 5, times),
        "activity" => watch(&mut DeviceActivity::new(&Config::default()), entries, 1000, times),
        "activity-idle" => watch(&mut DeviceActivity::new(&Config::default()), entries, 0, times),
        "history" => watch(&mut History, entries, 1000, times),
        "history-idle" => watch(&mut History, entries, 0, times),
        "record" => record(entries, times),
        "tick" => tick(&root, Config::default(), times),
        "tick-destinations" => tick(&root, destinations(&root), times),
        "evening" => evening(&root, entries, times),
        "lan" => lan(times),
        "names" => names(&root, times),
        "points" => points(devices, times),
        "lines" => lines(&root, times),
        "gauges" => gauges(&root, times),
        "listing" => listing(&root, times),
        "devices" => name(&root, devices, times),
        other => panic!("{other} is nothing to measure"),
    }
    router::remove(&root);
}

fn parse(entries: usize, times: usize) {
    let text = router::table(entries, 50);
    let lines: Vec<&[u8]> = text.lines().map(str::as_bytes).collect();
    for line in (0..times).flat_map(|_| &lines) {
        assert!(matches!(black_box(procfs::parse(line)), Entry::Flow(_)));
    }
}

/// The messages of a real table, in a network namespace of its own.
fn decode(entries: usize, times: usize) {
    unshare(CloneFlags::CLONE_NEWNET).unwrap();
    fill::fill(0..entries.try_into().unwrap()).unwrap();
    let mut dump = Dump::request(SockProtocol::NetlinkNetFilter, 0x101, &[0; 4]).unwrap();
    let mut messages = Vec::new();
    while dump.step(&mut |_, payload| messages.push(payload.to_vec())).unwrap() {}
    assert_eq!(messages.len(), entries);
    for message in (0..times).flat_map(|_| &messages) {
        assert!(matches!(black_box(netlink::parse(message)), Entry::Flow(_)));
    }
}

fn scrape(table: &Path, entries: usize) {
    let mut reading = Reading::new(File::open(table).unwrap());
    let mut flows = 0;
    let mut count = |entry: Entry<'_>| flows += usize::from(matches!(black_box(entry), Entry::Flow(_)));
    while reading.step(&mut count).unwrap() == Progress::More {}
    assert_eq!(flows, entries);
}

/// The flows of some passes, of each of which `turnover` are gone in the next. Always as many passes, so that making them
/// makes no difference between two runs.
fn passes(entries: usize, turnover: usize) -> [Vec<Flow>; 4] {
    let text = router::table(2 * entries, 50);
    let flow = |line: &str| match procfs::parse(line.as_bytes()) {
        Entry::Flow(flow) => flow,
        Entry::Unreadable { why, .. } => panic!("{line}: {why}"),
    };
    let flows: Vec<Flow> = text.lines().map(flow).collect();
    std::array::from_fn(|pass| flows.iter().skip(pass * turnover).take(entries).copied().collect())
}

/// What has become of the flows since the last pass.
fn track(entries: usize, turnover: usize, times: usize) {
    let mut tracker = FlowTracker::default();
    for (pass, flows) in passes(entries, turnover).iter().take(times).enumerate() {
        tracker.begin(Expected { flows: entries, at_most: 2 * entries, baseline: pass == 0 });
        for flow in flows {
            black_box(tracker.observe(flow, OwnerId::ROUTER, &mut |_| ()));
        }
        let outcome = tracker.complete(Grace::None, true, |flow| _ = black_box(flow));
        assert_eq!(outcome.tracked, entries);
    }
}

/// The same by a map of tuples: when each was seen, and what it had carried.
fn map(entries: usize, turnover: usize, times: usize) {
    let mut known: HashMap<_, (usize, [Option<Counters>; 2]), RandomState> = HashMap::default();
    for (pass, flows) in passes(entries, turnover).iter().take(times).enumerate() {
        for flow in flows {
            let key = (flow.original.source, flow.original.destination, flow.protocol, flow.zone);
            let now = (pass, [flow.original.counters, flow.reply.counters]);
            black_box(known.insert(key, now));
        }
        known.retain(|_, (seen, _)| *seen == pass);
        assert_eq!(known.len(), entries);
    }
}

/// What `measurement` takes of passes over flows of 250 devices that receive so many bytes from one to the next.
fn watch(measurement: &mut dyn Measurement, entries: usize, bytes: u64, times: usize) {
    let mut fixture = Fixture::new();
    let owners: Vec<_> = (0..250).map(|number| fixture.device(&format!("host-{number}"))).collect();
    let [flows, ..] = passes(entries, 0);
    let at = |pass: u64| {
        let flows = flows.iter().zip(owners.iter().cycle()).map(|(flow, owner)| {
            let mut flow = *flow;
            flow.reply.counters = Some(Counters { packets: pass * bytes.min(1), bytes: pass * bytes });
            (*owner, Direction::Outbound, flow)
        });
        flows.collect::<Vec<_>>()
    };
    // Always as many, so that making them makes no difference between two runs.
    let passes: Vec<_> = (0..8).map(at).collect();
    passes.iter().take(times).for_each(|flows| fixture.pass(measurement, flows));
}

/// Something that needs the last hour and does nothing.
#[derive(Debug)]
struct History;

impl Measurement for History {
    fn schema(&self) -> &'static Schema {
        &device_activity::SCHEMA
    }

    fn needs(&self) -> Needs {
        Needs { flows: Flows::EveryPass, changes: true, history: true, ..Needs::default() }
    }

    fn report(&mut self, _: &Tick<'_>, _: &mut Series<'_>) {}

    fn remembers(&self, _: OwnerId) -> bool {
        false
    }
}

fn moment(second: usize) -> Moment {
    let boot = Duration::from_secs(second as u64);
    Moment { boot, timestamp: Some(1_795_241_400_000_000_000), wall: Some(boot), due: DueClocks::Both }
}

/// All of a tick but sending.
fn tick(root: &Path, config: Config, times: usize) {
    let mut collector = Collector::new(config, &Root::replay(root), 0);
    let mut ledger = Ledger::default();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut lines = Lines::default();
    for second in 0..times {
        let snapshot = runtime.block_on(collector.snapshot(&moment(second))).unwrap();
        let points = ledger.complete(&snapshot);
        lines.write(&points, snapshot.timestamp);
        ledger.confirm(&snapshot, &points, |_| true, false);
    }
}

/// With where connections go to, by a list that names half of the hosts.
fn destinations(root: &Path) -> Config {
    let list = "0.0.0.0/1 Lower\n198.51.100.0/24 Example\n2001:db8:7::/48 Example\n";
    std::fs::create_dir_all(root.join("etc")).unwrap();
    std::fs::write(root.join("etc/conntrack-exporter.networks"), list).unwrap();
    Config::parse("destinations.mode = \"network\"").unwrap()
}

/// All of so many ticks but reading and sending: looks at the table of a household in the evening, none of which is the same.
/// They are always made as often as is needed once.
fn evening(root: &Path, looks: usize, times: usize) {
    const SCENARIO: &str = include_str!("../tests/recordings/10-an-evening/scenario.toml");
    let scenario = Scenario { length: looks as u64 * EVERY, ..toml::from_str(SCENARIO).unwrap() };
    let mut household = Household::new(&scenario);
    let tables = scenario.instants().map(|instant| {
        household.live_until(instant);
        household.table()
    });
    let tables: Vec<Vec<Flow>> = tables.collect();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for _ in 0..times {
        let table = MemoryTable::default();
        let mut collector =
            Collector::new(Config::default(), &Root::replay(root), 0).with_table(table.clone());
        for (look, flows) in tables.iter().enumerate() {
            table.replace(flows.clone());
            black_box(runtime.block_on(collector.snapshot(&moment(look * 10))).unwrap());
        }
    }
}

/// Keeping passes in the flight recorder. One flow in five is another each time, in the place of the old one as in the
/// kernel's table.
fn record(entries: usize, times: usize) {
    let config = Config::parse("recorder.memory = \"64MiB\"").unwrap();
    let mut recorder = FlightRecorder::new(config.recorder);
    let [flows, others, ..] = passes(entries, entries);
    let passes: [Vec<Flow>; 5] = std::array::from_fn(|turn| {
        let places = flows.iter().zip(&others).enumerate();
        places.map(|(place, (flow, other))| *if place % 5 == turn { other } else { flow }).collect()
    });
    for (pass, second) in passes.iter().cycle().zip((0..).step_by(10)).take(times) {
        let boot = Duration::from_secs(second);
        recorder.expect(PassTime { boot, wall: None, count: None });
        recorder.begin(Attempt::First);
        for flow in pass {
            recorder.see(Attempt::First, flow);
        }
        recorder.complete(Attempt::First);
    }
    black_box(recorder.bytes());
}

/// The inventory of every device that is known.
fn listing(root: &Path, times: usize) {
    let config = Config::default();
    let mut lan = Lan::new(&["br-lan".into()], &[]);
    lan.observe(interfaces::read(&Root::replay(root)).unwrap(), Duration::ZERO);
    let mut known = Devices::new(&Root::replay(root), device_settings(&config));
    known.refresh(&lan, Duration::ZERO);
    for _ in 0..times {
        black_box(known.listing(&lan).len());
    }
}

/// Looking at this machine's interfaces.
fn lan(times: usize) {
    let mut lan = Lan::new(&["br-lan".into()], &[]);
    for _ in 0..times {
        black_box(lan.observe(interfaces::read(&Root::live()).unwrap(), Duration::ZERO));
    }
}

/// Looking whether files of names have changed.
fn names(root: &Path, times: usize) {
    let mut lan = Lan::new(&["br-lan".into()], &[]);
    lan.observe(interfaces::read(&Root::replay(root)).unwrap(), Duration::ZERO);
    let mut known = Devices::new(&Root::replay(root), device_settings(&Config::default()));
    (0..times).for_each(|_| known.refresh(&lan, Duration::ZERO));
}

/// Making points of what was counted: of every device two series.
fn points(devices: usize, times: usize) {
    let flows = [b"tcp      6 9 ESTABLISHED", &b"udp      17 9"[..]].map(|protocol| {
        let tuple = &b" src=192.168.8.2 dst=9.9.9.9 sport=1 dport=2"[..];
        line::parse(&[b"ipv4     2 ", protocol, tuple, tuple].concat()).unwrap()
    });
    let mut fixture = Fixture::new();
    let seen: Vec<_> = (0..devices)
        .map(|number| fixture.device(&format!("host-{number}")))
        .flat_map(|owner| flows.map(|flow| (owner, Direction::Outbound, flow)))
        .collect();
    let mut measurement = ConnectionState::default();
    for _ in 0..times {
        fixture.pass(&mut measurement, &seen);
        assert_eq!(fixture.report(&mut measurement).points.len(), 2 * devices);
    }
}

/// Writing the lines of one snapshot.
fn lines(root: &Path, times: usize) {
    let mut collector = Collector::new(Config::default(), &Root::replay(root), 0);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let snapshot = runtime.block_on(collector.snapshot(&moment(0))).unwrap();
    let points = Ledger::default().complete(&snapshot);
    let mut lines = Lines::default();
    for _ in 0..times {
        lines.write(&points, snapshot.timestamp);
        assert!(black_box(&lines).datagrams(1432).count() > 1);
    }
}

/// Reading what the kernel says of its table.
fn gauges(root: &Path, times: usize) {
    let table = Table::new(&Root::replay(root), BackendChoice::Procfs);
    for _ in 0..times {
        assert!(black_box(table.gauges()).0.max.is_some());
    }
}

/// What names cost in a tick in which nothing has changed: every device is met at two addresses, and shown.
fn name(root: &Path, devices: usize, times: usize) {
    let config = Config::default();
    let mut lan = Lan::new(&["br-lan".into()], &[]);
    lan.observe(interfaces::read(&Root::replay(root)).unwrap(), Duration::ZERO);
    let addresses: Vec<IpAddr> = (0..devices)
        .flat_map(|device| [format!("192.168.8.{}", device + 2), format!("2001:db8:aa:10::{device:x}01")])
        .map(|address| address.parse().unwrap())
        .collect();
    let mut known = Devices::new(&Root::replay(root), device_settings(&config));
    let (mut table, mut labels) = (OwnerTable::default(), OwnerLabels::default());
    for _ in 0..times {
        known.refresh(&lan, Duration::ZERO);
        table.begin((known.generation(), lan.generation()), |_| false);
        for address in &addresses {
            if table.owner_at(*address).is_none() {
                table.enter(*address, known.identify(*address, true), false);
            }
        }
        let present: Vec<_> = table.ids().collect();
        let shown = labels.show(&present, &table, &known, &config, Duration::ZERO);
        assert_eq!(black_box(shown).devices.len(), devices);
    }
}

fn device_settings(config: &Config) -> Settings {
    config.devices.settings(config.lan.router_name.name())
}
