mod history;
mod in_memory;
mod state;
mod traffic;

use std::cell::RefCell;
use std::fs;
use std::io;
use std::path::PathBuf;

use super::*;
use crate::census::per_owner::PerOwner;
use crate::census::{Attempt, CompletedPass};
use crate::conntrack::Progress;
use crate::conntrack::backend::TableBackend;
use crate::measurements::{Flows, Needs, Observation};
use crate::series::point::{Point, Value};
use crate::series::schema::{TagSchema, UserTags, integer};
use crate::test_directory::TestDirectory;

/// A router's files in a directory of the test's own.
struct Router(TestDirectory);

impl Router {
    fn new(test: &str) -> Self {
        let directory = TestDirectory::new(&format!("collector-{test}"));
        fs::create_dir_all(directory.join("proc/net")).unwrap();
        fs::write(directory.join("ip-address"), "1: br-lan: <UP>\n    link/none\n    inet 192.168.8.1/24\n")
            .unwrap();
        Self(directory)
    }

    fn table(&self) -> PathBuf {
        self.0.join("proc/net/nf_conntrack")
    }

    /// Writes a table in which 192.168.8.2, .3 … have so many connections each.
    fn write(&self, connections: &[usize]) {
        let line = |device: usize, number: usize| {
            format!(
                "ipv4 2 udp 17 9 src=192.168.8.{} dst=9.9.9.9 sport={number} dport=53 src=9.9.9.9 dst=1.1.1.1 \
                 sport=53 dport={number} use=2\n",
                device + 2
            )
        };
        let lines = connections.iter().enumerate();
        let text: String =
            lines.flat_map(|(device, count)| (0..*count).map(move |n| line(device, n))).collect();
        let _ = fs::remove_file(self.table());
        fs::write(self.table(), text).unwrap();
    }

    /// There is no table to be read any more.
    fn remove_table(&self) {
        fs::remove_file(self.table()).unwrap();
    }
}

/// A measurement of a test: the flows seen since its last report.
#[derive(Debug)]
struct Seen {
    schema: &'static Schema,
    seen: PerOwner<u64>,
}

const AT_INTERVAL: Schema = Schema {
    name: "at_interval",
    every: Clock::Interval,
    tags: &[TagSchema::name("device_name")],
    fields: &[integer("seen"), integer("seconds")],
    user_tags: UserTags::Refuse,
    ends_with_zero: &[],
};

const AT_TRAFFIC: Schema = Schema { name: "at_traffic", every: Clock::Traffic, ..AT_INTERVAL };

impl Seen {
    fn boxed(schema: &'static Schema) -> Box<dyn Measurement> {
        Box::new(Self { schema, seen: PerOwner::default() })
    }
}

impl Measurement for Seen {
    fn schema(&self) -> &'static Schema {
        self.schema
    }

    fn needs(&self) -> Needs {
        Needs { flows: Flows::EveryPass, ..Needs::default() }
    }

    fn begin(&mut self, attempt: Attempt, owners: usize) {
        self.seen.begin(attempt, owners);
    }

    fn observe(&mut self, of: &Observation<'_>) {
        self.seen.update(of.attribution.owner, |seen| *seen += 1);
    }

    fn complete(&mut self, pass: &CompletedPass) {
        self.seen.join(pass.kept);
    }

    fn report(&mut self, tick: &Tick<'_>, out: &mut Series<'_>) {
        let seconds = tick.since_last().map_or(0, |since| since.as_secs());
        for row in tick.owners.all() {
            let seen: u64 = self.seen.rows(&row.owners).sum();
            if seen > 0 {
                let fields = vec![("seen", Value::count(seen)), ("seconds", Value::count(seconds))];
                out.push(out.tags(&row.tags, &[]), fields);
            }
        }
        self.seen.clear();
    }

    fn remembers(&self, owner: OwnerId) -> bool {
        self.seen.of(owner).is_some()
    }
}

fn collector(router: &Router, measurements: Vec<Box<dyn Measurement>>) -> Collector {
    Collector::with_measurements(Config::default(), &Root::replay(&*router.0), 0, measurements)
}

async fn take(collector: &mut Collector, second: u64, due: DueClocks) -> Result<Snapshot, TableError> {
    let boot = Duration::from_secs(3600 + second);
    collector.snapshot(&Moment { boot, timestamp: None, wall: Some(boot), due }).await
}

fn shown(points: impl Iterator<Item = impl std::borrow::Borrow<Point>>) -> Vec<String> {
    points
        .map(|point| {
            let point = point.borrow();
            let [(_, Value::Integer(seen)), (_, Value::Integer(seconds))] = point.fields[..] else {
                panic!("other fields: {point:?}")
            };
            format!("{} {}: {seen} in {seconds} s", point.measurement, point.tags.own("device_name").unwrap())
        })
        .collect()
}

#[tokio::test]
async fn each_clock_reports_what_all_whole_passes_since_its_last_report_have_seen() {
    let router = Router::new("clocks");
    let mut collector = collector(&router, vec![Seen::boxed(&AT_INTERVAL), Seen::boxed(&AT_TRAFFIC)]);
    router.write(&[1]);
    let first = take(&mut collector, 0, DueClocks::Both).await.unwrap();
    assert_eq!(
        shown(first.points()),
        ["at_interval 192.168.8.2: 1 in 0 s", "at_traffic 192.168.8.2: 1 in 0 s"]
    );

    router.write(&[2]);
    let traffic = take(&mut collector, 10, DueClocks::TrafficOnly).await.unwrap();
    assert_eq!(shown(traffic.points()), ["at_traffic 192.168.8.2: 2 in 10 s"]);
    let is_of_interval = |part: &Part| part.schema.every == Clock::Interval;
    assert!(!traffic.parts.iter().any(is_of_interval), "what was not due has no part");

    router.remove_table();
    break_off(&mut collector).await;
    let broken = take(&mut collector, 20, DueClocks::TrafficOnly).await.unwrap_err();
    assert_eq!(broken.backend, TableBackend::Procfs, "{broken}");

    router.write(&[3, 5]);
    let both = take(&mut collector, 30, DueClocks::Both).await.unwrap();
    let expected = [
        "at_interval 192.168.8.2: 5 in 30 s",
        "at_interval 192.168.8.3: 5 in 30 s",
        "at_traffic 192.168.8.2: 3 in 20 s",
        "at_traffic 192.168.8.3: 5 in 20 s",
    ];
    assert_eq!(shown(both.points()), expected, "nothing twice, nothing lost");
}

/// A reading breaks off after it has handed out a flow.
async fn break_off(collector: &mut Collector) {
    let line = b"ipv4 2 udp 17 9 src=192.168.8.2 dst=9.9.9.9 sport=1 dport=2 src=9.9.9.9 dst=1.1.1.1 sport=2 dport=1 use=2";
    let mut steps = 0;
    let broken = collector
        .show(Attempt::First, DueClocks::TrafficOnly, |pass| {
            steps += 1;
            pass.see(&crate::conntrack::procfs::parse(line));
            if steps == 1 { Ok(Progress::More) } else { Err(io::ErrorKind::TimedOut.into()) }
        })
        .await;
    assert_eq!((steps, broken.unwrap_err().kind()), (2, io::ErrorKind::TimedOut));
}

#[tokio::test]
async fn a_new_address_becomes_no_name_before_the_neighbours_were_asked() {
    let router = Router::new("new-address");
    let interface = "1: br-lan: <UP>\n    link/ether x\n    inet 192.168.8.1/24\n";
    fs::write(router.0.join("ip-address"), interface).unwrap();
    let mut collector = collector(&router, vec![Seen::boxed(&AT_INTERVAL)]);
    let mut names = Vec::new();
    for (second, connections) in [(0, &[1][..]), (30, &[1]), (60, &[1, 1]), (90, &[1, 1])] {
        router.write(connections);
        if second == 60 {
            fs::write(
                router.0.join("ip-neigh"),
                "192.168.8.3 dev br-lan lladdr 02:00:00:00:00:03 REACHABLE\n",
            )
            .unwrap();
        }
        let snapshot = take(&mut collector, second, DueClocks::Both).await.unwrap();
        let name = |point: &Point| point.tags.own("device_name").unwrap().to_string();
        names.push(snapshot.points().map(name).collect::<Vec<_>>());
    }
    let (one, other) = (&["192.168.8.2"][..], &["192.168.8.2", "other"][..]);
    let known = &["02:00:00:00:00:03", "192.168.8.2"][..];
    assert_eq!(
        names,
        [one, one, other, known],
        "asked at the start, after 30 s about the first, then about the second"
    );
}

#[tokio::test]
async fn who_has_left_is_reported_all_the_same() {
    let router = Router::new("left");
    let mut collector = collector(&router, vec![Seen::boxed(&AT_INTERVAL)]);
    router.write(&[4]);
    assert!(take(&mut collector, 0, DueClocks::TrafficOnly).await.unwrap().points().next().is_none());
    router.write(&[]);
    let later = take(&mut collector, 10, DueClocks::Both).await.unwrap();
    assert_eq!(shown(later.points()), ["at_interval 192.168.8.2: 4 in 0 s"]);
    assert!(take(&mut collector, 40, DueClocks::Both).await.unwrap().points().next().is_none());
}

/// What is counted when a first reading of these connections falls short of the kernel's `count`, and a second finds
/// `second`; `None` if that can't be read.
async fn read_twice(test: &str, first: &[usize], second: Option<&[usize]>, count: u64) -> (u64, Vec<String>) {
    let router = Router::new(test);
    let mut collector = collector(&router, vec![Seen::boxed(&AT_INTERVAL)]);
    router.write(&[]);
    take(&mut collector, 0, DueClocks::Both).await.unwrap();
    router.write(first);
    let boot = Duration::from_hours(2);
    let moment = Moment { boot, timestamp: None, wall: Some(boot), due: DueClocks::Both };
    let (source, due) = (TableBackend::Procfs, DueClocks::Both);
    let first = collector.read(source, Attempt::First, due).await.unwrap();
    match second {
        Some(second) => router.write(second),
        None => router.remove_table(),
    }
    let (census, kept) = collector.fuller(first, source, Some(count), &moment).await;
    collector.complete(kept, source, &moment);
    let sample = collector.sample(Gauges::default(), &moment);
    (census.read, shown(collector.report(&moment, &sample, &census, Instant::now()).points()))
}

#[tokio::test]
async fn of_a_text_that_came_out_short_the_fuller_reading_counts() {
    let seen = |seen: u64| vec![format!("at_interval 192.168.8.2: {seen} in 3600 s")];
    assert_eq!(read_twice("fuller", &[60], Some(&[95]), 100).await, (95, seen(95)));
    assert_eq!(read_twice("emptier", &[60], Some(&[50]), 100).await, (60, seen(60)));
    assert_eq!(read_twice("broken", &[60], None, 100).await, (60, seen(60)));
    assert_eq!(read_twice("enough", &[90], Some(&[95]), 100).await, (90, seen(90)), "nothing is read again");
}

thread_local! {
    /// What happened to the measurement [`Order`], in order.
    static ORDER: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

#[derive(Debug)]
struct Order(Flows);

impl Order {
    fn note(what: impl Into<String>) {
        ORDER.with_borrow_mut(|order| order.push(what.into()));
    }
}

impl Measurement for Order {
    fn schema(&self) -> &'static Schema {
        &AT_INTERVAL
    }

    fn needs(&self) -> Needs {
        Needs { flows: self.0, ..Needs::default() }
    }

    fn begin(&mut self, attempt: Attempt, _owners: usize) {
        Self::note(format!("begin {attempt:?}"));
    }

    fn observe(&mut self, _: &Observation<'_>) {
        Self::note("observe");
    }

    fn complete(&mut self, pass: &CompletedPass) {
        Self::note(format!("complete {:?}", pass.kept));
    }

    fn report(&mut self, _: &Tick<'_>, _: &mut Series<'_>) {
        Self::note("report");
    }

    fn remembers(&self, _: OwnerId) -> bool {
        false
    }
}

#[tokio::test]
async fn a_measurement_is_shown_what_it_needs_and_no_more() {
    let router = Router::new("needs");
    router.write(&[1, 1]);
    let whole = ["begin First", "observe", "observe", "complete First"];
    for (needs, in_a_tick, between) in [
        (Flows::Unneeded, &[][..], &[][..]),
        (Flows::WhenDue, &whole[..], &[][..]),
        (Flows::EveryPass, &whole[..], &whole[..]),
    ] {
        let mut collector = collector(&router, vec![Box::new(Order(needs))]);
        take(&mut collector, 0, DueClocks::TrafficOnly).await.unwrap();
        assert_eq!(ORDER.take(), between, "{needs:?}");
        take(&mut collector, 10, DueClocks::Both).await.unwrap();
        assert_eq!(ORDER.take(), [in_a_tick, &["report"]].concat(), "{needs:?}");
    }
}

/// Gives the bytes that br-lan has received.
#[derive(Debug)]
struct Received(bool);

impl Measurement for Received {
    fn schema(&self) -> &'static Schema {
        &AT_INTERVAL
    }

    fn needs(&self) -> Needs {
        Needs { interfaces: self.0, ..Needs::default() }
    }

    fn report(&mut self, tick: &Tick<'_>, out: &mut Series<'_>) {
        let interfaces = tick.sample.interfaces.as_ref();
        let bytes = interfaces.and_then(|interfaces| Some(interfaces.get("br-lan")?.received.bytes));
        let fields = bytes.map(|bytes| ("seen", Value::count(bytes)));
        out.push(out.tags(&[tick.sample.host_tag()], &[]), fields.into_iter().collect());
    }

    fn remembers(&self, _: OwnerId) -> bool {
        false
    }
}

#[tokio::test]
async fn the_interfaces_counters_are_read_only_if_somebody_needs_them() {
    let router = Router::new("counters");
    router.write(&[1]);
    let text = "Inter-|   Receive\n face |bytes\nbr-lan: 1234 5 0 0 0 0 0 0 99 1 0 0 0 0 0 0\n";
    for (needed, file, expected) in [(true, true, 1), (false, true, 0), (true, false, 0)] {
        let path = router.0.join("proc/net/dev");
        if file {
            fs::write(&path, text).unwrap();
        } else {
            fs::remove_file(&path).unwrap();
        }
        let mut collector = collector(&router, vec![Box::new(Received(needed))]);
        let snapshot = take(&mut collector, 0, DueClocks::Both).await.unwrap();
        let figures: Vec<_> = snapshot.points().map(|point| point.fields.clone()).collect();
        assert_eq!(figures, vec![vec![("seen".into(), Value::Integer(1234))]; expected], "{needed} {file}");
    }
}

#[tokio::test]
async fn a_measurement_that_is_switched_off_has_an_empty_part_and_others_go_on() {
    let router = Router::new("switched");
    router.write(&[1]);
    let mut collector = Collector::new(Config::default(), &Root::replay(&*router.0), 0);
    let names = |snapshot: &Snapshot| -> Vec<(&str, usize)> {
        snapshot.parts.iter().map(|part| (part.schema.name, part.points.len())).collect()
    };
    let all = [("connection_state", 1), ("conntrack_exporter", 1)];
    let mut given = names(&take(&mut collector, 0, DueClocks::Both).await.unwrap());
    given.retain(|(name, _)| ["connection_state", "conntrack_exporter"].contains(name));
    assert_eq!(given, all);
    let off = Config::parse("measurements.connection_state = false").unwrap();
    collector.reconfigure(off);
    let snapshot = take(&mut collector, 30, DueClocks::Both).await.unwrap();
    assert!(names(&snapshot).contains(&("connection_state", 0)), "{snapshot:?}");
    let exporter = snapshot.points().last().unwrap();
    let figure = |name: &str| exporter.fields.iter().find(|(field, _)| *field == name).unwrap().1.clone();
    assert_eq!(figure("sequence"), Value::Integer(2));
    assert_eq!((figure("entries_read"), figure("devices")), (Value::Integer(1), Value::Integer(1)));
}
