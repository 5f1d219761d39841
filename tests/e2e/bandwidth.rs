//! Panels that sum the bytes of devices in windows, with instants of the past: the queries that the documentation gives
//! and those of the dashboard must read the true bits per second.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use conntrack_exporter::measurements::DueClocks;

use crate::grafana::{Dashboard, SECOND, View, documented, rfc3339};
use crate::influx::{Row, number, text, time};
use crate::live::now;
use crate::movers::{Household, Moved};
use crate::oracle::{check_page, exact, insist_on, shown};
use crate::past::{Directory, Replay, alone, await_snapshots, send};
use crate::servers::Servers;
use crate::store::Store;

/// Between snapshots of everything, in seconds.
const INTERVAL: i64 = 30;

/// What nobody looks at here: so many lines at once might not all find room in Telegraf's socket.
const QUIET: &str = "measurements.device_activity = false\nmeasurements.connection_trend = false\n\
    measurements.connection_alert = false\nmeasurements.device = false";

/// For how long a series that moves nothing is sent as 0, in seconds.
const ZEROS: i64 = 60;

/// The sum of everything. As in all queries here, no field is named.
const ALL: &str = r#"from(bucket: "network") |> range(start: v.timeRangeStart, stop: v.timeRangeStop)
  |> filter(fn: (r) => r._measurement == "bandwidth") |> group() |> sum()"#;

/// Bits per second by two tags and the beginning of a window in seconds.
type Rates = BTreeMap<([String; 2], i64), f64>;

/// The queries that the documentation gives: by device and direction in windows of 10 s, and by service and direction
/// of one device in windows of 5 s.
fn queries() -> [String; 2] {
    documented("docs/from-router-to-panel.md")
}

/// A query in other windows, as the documentation says.
fn in_windows(query: &str, from: i64, to: i64) -> String {
    let changes = [("every: ", "s,"), ("/ ", ".0")];
    changes.iter().fold(query.to_owned(), |query, (before, after)| {
        let [from, to] = [from, to].map(|seconds| format!("{before}{seconds}{after}"));
        assert!(query.contains(&from), "no {from:?} in {query}");
        query.replace(&from, &to)
    })
}

/// A router of the past, whose devices have moved known numbers of bytes.
struct Past {
    servers: Servers,
    replay: Replay,
    household: Household,
    /// When the first pass was, in seconds since 1970.
    first: i64,
    /// Between passes, in seconds: a step.
    every: i64,
    sent: usize,
    snapshots: usize,
    _directory: Directory,
}

impl Past {
    /// Begins so many steps ago, or a little more, with the pass from which on bytes are known.
    fn begin(test: &str, every: i64, steps: i64, restless: bool) -> Self {
        let (servers, directory) = alone(test);
        let seconds = i64::try_from(now() / 1000).expect("a time");
        // At the beginning of a window of any width that is looked at.
        let first = (seconds - steps * every) / 600 * 600 - 600;
        let settings = format!("interval = \"{INTERVAL}s\"\ntraffic.interval = \"{every}s\"\n{QUIET}");
        let replay = Replay::new(&directory.0, &settings, first);
        let household = Household::new(restless);
        let mut past =
            Self { servers, replay, household, first, every, sent: 0, snapshots: 0, _directory: directory };
        past.live_through(0..=0);
        past.pass(0, DueClocks::Both);
        past
    }

    /// Lives through steps; says what was moved in them.
    fn live_through(&mut self, steps: RangeInclusive<i64>) -> Moved {
        let mut moved = Moved::new();
        for (key, bytes) in steps.flat_map(|step| self.household.live(step)) {
            *moved.entry(key).or_default() += bytes;
        }
        moved
    }

    /// Passes over the table at the end of a step.
    fn pass(&mut self, step: i64, due: DueClocks) {
        self.replay.write(&self.household.table());
        let boot = 3600 + u64::try_from(step * self.every).expect("not before the first");
        let lines = self.replay.snapshot(boot, Some(self.at(step)), due);
        self.sent += send(&self.servers, &lines, |_| false);
        self.snapshots += usize::from(due != DueClocks::TrafficOnly);
    }

    fn at(&self, step: i64) -> i64 {
        self.first + step * self.every
    }

    /// All that was before the end of a step, in windows of so many seconds.
    fn view(&self, step: i64, window: i64) -> View {
        View::new(self.first, self.at(step), window)
    }

    /// What a query returns: figures by two tags in windows of so many seconds, which are labelled by their ends.
    fn ask(&self, query: &str, view: &View, tags: [&str; 2], window: i64) -> Rates {
        let rows = self.servers.query(&Dashboard::page("device").put_in(query, view));
        let rate = |row: &Row| {
            let at = i64::try_from(time(row, "_time") / SECOND).expect("a time") - window;
            ((tags.map(|tag| text(row, tag).to_owned()), at), number(row, "_value"))
        };
        let rates: Rates = rows.iter().map(rate).collect();
        assert_eq!(rates.len(), rows.len(), "each once");
        rates
    }

    /// Insists that nothing was lost or refused on the way, and that all of it adds up.
    fn insist_on_all(&self, view: &View, moved: &BTreeMap<i64, Moved>) {
        let all = self.servers.query(&Dashboard::page("device").put_in(ALL, view));
        let all: Vec<&str> = all.iter().map(|row| text(row, "_value")).collect();
        let total: i64 = moved.values().flat_map(BTreeMap::values).sum();
        assert_eq!(all, [total.to_string()], "bytes of all devices");
        self.servers.insist_on_gathered(self.sent);
        self.servers.insist_on_no_error();
    }
}

/// What is to be seen of it: every series from its first byte on, and 0 for a minute after its last.
fn seen(moved: &BTreeMap<i64, Moved>) -> BTreeMap<i64, Moved> {
    let mut last: BTreeMap<[String; 3], i64> = BTreeMap::new();
    let mut seen = BTreeMap::new();
    for (at, moved) in moved {
        last.extend(moved.iter().filter(|(_, bytes)| **bytes > 0).map(|(key, _)| (key.clone(), *at)));
        let lately = last.iter().filter(|(_, last)| at - **last <= ZEROS);
        let bytes = |key: &[String; 3]| moved.get(key).copied().unwrap_or_default();
        seen.insert(*at, lately.map(|(key, _)| (key.clone(), bytes(key))).collect());
    }
    seen
}

/// What panels must read of it in windows of so many seconds.
fn rates(seen: &BTreeMap<i64, Moved>, window: i64, label: impl Fn(&[String; 3]) -> [String; 2]) -> Rates {
    let mut sums: BTreeMap<([String; 2], i64), i64> = BTreeMap::new();
    for (at, moved) in seen {
        for (key, bytes) in moved {
            *sums.entry((label(key), at - at % window)).or_default() += bytes;
        }
    }
    sums.into_iter().map(|(key, bytes)| (key, exact(bytes) * 8.0 / exact(window))).collect()
}

/// Insists that a query reads what is true; shows the first differences.
fn insist_on_rates(read: &Rates, expected: &Rates, what: &str) {
    let all: BTreeSet<_> = read.keys().chain(expected.keys()).collect();
    let odd = all.into_iter().filter(|key| read.get(key) != expected.get(key));
    let odd: Vec<_> = odd.map(|key| (key, read.get(key), expected.get(key))).take(20).collect();
    assert!(odd.is_empty(), "{what}: what is read, and what is true: {odd:#?}");
}

fn by_device([device, direction, _]: &[String; 3]) -> [String; 2] {
    [device.clone(), direction.clone()]
}

fn by_service([_, direction, service]: &[String; 3]) -> [String; 2] {
    [service.clone(), direction.clone()]
}

/// What is to be seen of one device.
fn of(name: &str, seen: &BTreeMap<i64, Moved>) -> BTreeMap<i64, Moved> {
    let of_device = |moved: &Moved| {
        let kept = moved.iter().filter(|([device, ..], _)| device == name);
        kept.map(|(key, bytes)| (key.clone(), *bytes)).collect()
    };
    seen.iter().map(|(at, moved)| (*at, of_device(moved))).collect()
}

/// A household that is passed over every so many seconds, looked at in windows of that width and in wider ones.
fn replayed(test: &str, every: i64) {
    let steps = 360;
    let mut past = Past::begin(test, every, steps, true);
    let mut moved = BTreeMap::new();
    for step in 1..=steps {
        let at = past.at(step);
        moved.insert(at, past.live_through(step..=step));
        past.pass(step, if at % INTERVAL == 0 { DueClocks::Both } else { DueClocks::TrafficOnly });
    }
    await_snapshots(&past.servers, past.snapshots);
    // What the last pass saw is in the window that begins then.
    let all = past.view(steps + 600, 10);
    let seen = seen(&moved);
    let of_laptop = of("laptop", &seen);
    let [by_devices, by_services] = queries();
    for window in [5, 10, 30, 60].into_iter().filter(|window| window % every == 0) {
        let ask = |query: &str, written: i64, tags| {
            past.ask(&in_windows(query, written, window), &all, tags, window)
        };
        let devices = ask(&by_devices, 10, ["device_name", "direction"]);
        insist_on_rates(&devices, &rates(&seen, window, by_device), &format!("windows of {window} s"));
        let services = ask(&by_services, 5, ["protocol", "direction"]);
        insist_on_rates(&services, &rates(&of_laptop, window, by_service), &format!("windows of {window} s"));
    }
    check_dashboard(&past, &all, &of_laptop);
    past.insist_on_all(&all, &moved);
}

/// The dashboard's panels of traffic in many zooms. In windows of 30 s they read what is true.
fn check_dashboard(past: &Past, all: &View, of_laptop: &BTreeMap<i64, Moved>) {
    let store = Store::read(&past.servers);
    let dashboard = Dashboard::page("device");
    let all = all.clone().every(INTERVAL);
    let zoomed_in = View::new(past.first + 601, past.first + 1207, 15).of(&["laptop", "a|b.*/(c)[d]{2}?^$"]);
    let wide = View { window: 600 * SECOND, ..all.clone() };
    for view in [&all, &wide, &zoomed_in.every(INTERVAL)] {
        check_page(&past.servers, &store, view, "overview");
        check_page(&past.servers, &store, &view.clone().of(&["laptop"]), "device");
    }
    for (title, direction) in [("Download by service", "rx"), ("Upload by service", "tx")] {
        let asked = dashboard.queries().into_iter().find(|asked| asked.title == title).expect("a panel");
        // An hour, in more steps than there are snapshots.
        let laptop = all.clone().of(&["laptop"]);
        let mut shown = shown(&past.servers.query_of(&dashboard.put_in(&asked.query, &laptop), &all), title);
        shown.retain(|_, value| !value.is_empty());
        let rates = rates(of_laptop, INTERVAL, by_service);
        let of_direction = rates.iter().filter(|(([_, of], _), _)| of == direction);
        let expected = of_direction.map(|(([service, _], at), rate)| {
            ((format!("bytes_{service}"), rfc3339(i128::from(*at) * SECOND)), rate.to_string())
        });
        insist_on(&shown, &expected.collect(), title);
    }
}

#[test]
fn an_hour_in_windows_of_10_s_is_what_devices_moved() {
    replayed("bandwidth-10s", 10);
}

#[test]
fn half_an_hour_in_windows_of_5_s_is_what_devices_moved() {
    replayed("bandwidth-5s", 5);
}

/// At the end of which step there was a pass, and which clocks were due: in time, after one that was skipped, after one
/// that was too late for traffic's clock, and then as rarely as every 30 s.
const PASSES: [(i64, DueClocks); 12] = [
    (1, DueClocks::TrafficOnly),
    (2, DueClocks::TrafficOnly),
    (3, DueClocks::Both),
    (5, DueClocks::TrafficOnly),
    (6, DueClocks::IntervalOnly),
    (7, DueClocks::TrafficOnly),
    (9, DueClocks::Both),
    (12, DueClocks::Both),
    (15, DueClocks::Both),
    (18, DueClocks::Both),
    (19, DueClocks::TrafficOnly),
    (21, DueClocks::Both),
];

/// What one of these steps gets of what was moved in all of them: an even share, and the last one the remainder.
fn share(moved: &Moved, of: i64, steps: &RangeInclusive<i64>) -> Moved {
    let count = steps.end() - steps.start() + 1;
    let bytes = |all: i64| all / count + if of == *steps.end() { all % count } else { 0 };
    moved.iter().map(|(key, all)| (key.clone(), bytes(*all))).collect()
}

#[test]
fn what_a_rare_pass_sees_is_shared_evenly_over_its_windows() {
    let mut past = Past::begin("bandwidth-rare", 10, 60, false);
    let mut seen = BTreeMap::new();
    let (mut lived, mut told, mut moved) = (0, 0, Moved::new());
    for (step, due) in PASSES {
        for (key, bytes) in past.live_through(lived + 1..=step) {
            *moved.entry(key).or_default() += bytes;
        }
        lived = step;
        past.pass(step, due);
        if due == DueClocks::IntervalOnly {
            continue;
        }
        let steps = told + 1..=step;
        seen.extend(steps.clone().map(|of| (past.at(of), share(&moved, of, &steps))));
        (told, moved) = (step, Moved::new());
    }
    await_snapshots(&past.servers, past.snapshots);
    let view = past.view(60, 10);
    let [by_devices, _] = queries();
    let shown = past.ask(&by_devices, &view, ["device_name", "direction"], 10);
    insist_on_rates(&shown, &rates(&seen, 10, by_device), "after passes that were rare");
    past.insist_on_all(&view, &seen);
}
