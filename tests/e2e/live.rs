//! A household whose every change is booked, so that the true counts of every instant are known.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nix::sys::signal::Signal;

use crate::device::{Device, Ledger, keep_entries};
use crate::exporter::Exporter;
use crate::flush::flush;
use crate::grafana::SECOND;
use crate::household::Household;
use crate::influx::{number, text, time};
use crate::oracle::Truth;
use crate::past::{await_snapshots, look};
use crate::place::Place;
use crate::servers::{Servers, TELEGRAF_PORT};
use crate::snapshot::Counts;
use crate::wait::until;

/// How long after an instant the household begins to change something, in milliseconds: the snapshot is taken by then.
const AFTER: u64 = 150;

/// How often the table is passed over at most, in milliseconds: the default of `traffic.interval`.
const PASS: u64 = 10_000;

/// How often an evening is told until nothing in it lasted for longer than it could be told apart.
const ATTEMPTS: u32 = 5;

/// What was to happen between two instants took longer, so that nobody knows what the snapshot between them saw.
#[derive(Debug)]
pub(crate) struct TooBusy;

/// Tells it once more, in new namespaces and on new servers, if the machine was too busy for it.
pub(crate) fn patiently(tell: impl Fn() -> Result<(), TooBusy>) {
    for attempt in 1..=ATTEMPTS {
        match tell() {
            Ok(()) => return,
            Err(TooBusy) => println!("this machine is too busy: attempt {attempt} of {ATTEMPTS} given up"),
        }
    }
    panic!("this machine was too busy every time");
}

/// Everything, live.
pub(crate) struct Live {
    pub(crate) servers: Servers,
    pub(crate) devices: Vec<Device>,
    pub(crate) ledger: Ledger,
    /// Between instants, in milliseconds.
    interval: u64,
    exporter: Option<Exporter>,
    config: PathBuf,
    /// What held from when on.
    phases: Vec<(u64, Counts)>,
    /// When the exporter was started, and when it was stopped.
    runs: Vec<(u64, u64)>,
    /// When the table was emptied.
    flushes: Vec<u64>,
    pub(crate) home: Household,
}

impl Live {
    /// Devices of these names, and a receiver, at the bridge of a router that takes a snapshot every so many seconds.
    pub(crate) fn new(test: &str, interval: u64, names: &[&'static str], more: &str) -> Self {
        let home = Household::new(test);
        let devices: Vec<Device> =
            (21..).zip(names).map(|(number, name)| Device::plug(&home, test, name, number)).collect();
        Device::lease(&home, &devices);
        let receiver = Device::plug(&home, test, "receiver", 94);
        let (address, leases) = (receiver.v4(), home.leases());
        let settings = format!(
            "interval = \"{interval}s\"\ntimestamps = \"always\"\ndevices.leases = [\"{}\"]\n\
             telegraf.address = \"{address}:{TELEGRAF_PORT}\"\nlog.level = \"debug\"\n{more}\n",
            leases.display()
        );
        let config = home.file("conntrack-exporter.toml");
        fs::write(&config, settings).expect("writing the configuration");
        keep_entries(&home);
        let ledger = Ledger::new(&home);
        let servers = Servers::new(Place::Inside(receiver.host), &home.file(""));
        let (phases, runs, flushes) = (Vec::new(), Vec::new(), Vec::new());
        Self {
            servers,
            devices,
            ledger,
            interval: interval * 1000,
            exporter: None,
            config,
            phases,
            runs,
            flushes,
            home,
        }
    }

    /// Starts the exporter, or starts it again, not too close to an instant.
    pub(crate) fn start(&mut self) {
        if self.interval - now() % self.interval < 500 {
            self.ticks(1);
        }
        self.exporter = Some(Exporter::start(&self.home, &self.config));
        self.runs.push((now(), u64::MAX));
    }

    /// Stops the exporter.
    pub(crate) fn stop(&mut self) -> Result<(), TooBusy> {
        self.await_snapshot();
        let begun = now();
        let exporter = self.exporter.take().expect("a running exporter");
        let is_whole = exporter.ticks() == self.passes(begun);
        exporter.end(Signal::SIGTERM);
        let (_, until) = self.runs.last_mut().expect("a start before");
        *until = now();
        if is_whole && begun / self.interval == *until / self.interval { Ok(()) } else { Err(TooBusy) }
    }

    /// Lets so many instants pass.
    pub(crate) fn ticks(&self, count: u64) {
        let next = now() / self.interval * self.interval + count * self.interval + AFTER;
        sleep(Duration::from_millis(next.saturating_sub(now())));
        self.await_snapshot();
    }

    /// Waits until the exporter, if it runs, has taken the snapshot of the last instant.
    fn await_snapshot(&self) {
        if let Some(exporter) = &self.exporter {
            let due = self.passes(now());
            until("the snapshot of the last instant", || (exporter.ticks() >= due).then_some(()));
        }
    }

    /// How often the table was to be passed over from the exporter's start on, until `time`. Every pass has a snapshot,
    /// if only of the traffic.
    fn passes(&self, time: u64) -> usize {
        let every = self.interval.min(PASS);
        let (from, _) = self.runs.last().expect("a start before");
        usize::try_from(time / every - from / every).expect("a few")
    }

    /// Changes something, all of it between two instants if there are snapshots of them.
    pub(crate) fn change(&mut self, change: impl FnOnce(&mut Ledger, &[Device])) -> Result<(), TooBusy> {
        self.between_instants(|live| change(&mut live.ledger, &live.devices))
    }

    /// Empties the router's table, as far as it is booked.
    pub(crate) fn flush(&mut self) -> Result<(), TooBusy> {
        self.between_instants(|live| {
            live.home.router.enter(flush).expect("flushing the table");
            live.flushes.push(now());
            live.ledger.forget();
        })
    }

    fn between_instants(&mut self, act: impl FnOnce(&mut Self)) -> Result<(), TooBusy> {
        let begun = now() / self.interval;
        act(self);
        self.phases.push((now(), self.ledger.counts.clone()));
        if self.exporter.is_none() || begun == now() / self.interval { Ok(()) } else { Err(TooBusy) }
    }

    /// The true counts of every instant at which the exporter ran, zeros included.
    pub(crate) fn booked(&self) -> BTreeMap<i64, Counts> {
        let mut booked = BTreeMap::new();
        for (from, until) in &self.runs {
            let mut last = Counts::new();
            let ticks = (from / self.interval + 1)..=(until.min(&now()) / self.interval);
            for tick in ticks.map(|tick| tick * self.interval) {
                let held = self.phases.iter().rfind(|(since, _)| *since < tick);
                let mut counts = held.map(|(_, counts)| counts.clone()).unwrap_or_default();
                let own = self.own_datagrams(tick);
                if own > 0 {
                    counts.insert(("router".into(), "udp".into(), "UNREPLIED".into()), own);
                }
                let here = counts.clone();
                for key in last.into_keys() {
                    counts.entry(key).or_insert(0);
                }
                booked.insert(i64::try_from(tick / 1000).expect("a time"), counts);
                last = here;
            }
        }
        booked
    }

    /// How many entries are there of the exporter's own datagrams: one of each start that has sent since the table was
    /// last emptied.
    fn own_datagrams(&self, tick: u64) -> i64 {
        let since = self.flushes.iter().rfind(|flushed| **flushed < tick).copied().unwrap_or_default();
        let has_sent = |(from, until): &&(u64, u64)| {
            let next = (from.max(&since) / self.interval + 1) * self.interval;
            next < tick && next < *until
        };
        i64::try_from(self.runs.iter().filter(has_sent).count()).expect("a few")
    }

    /// Insists that at every instant there is the router's table, and that of the receiver's own host, which it wrote
    /// into the same measurement.
    fn insist_on_both_tables(&self, truth: &Truth) {
        let rows = self.servers.query(TABLES);
        for at in truth.snapshots.keys() {
            let here = rows.iter().filter(|row| time(row, "_time") == i128::from(*at) * SECOND);
            let mut hosts: Vec<&str> = here.map(|row| text(row, "host")).collect();
            hosts.sort_by_key(|host| *host != "receiver");
            assert_eq!((hosts.len(), hosts.first()), (2, Some(&"receiver")), "at {at}: {hosts:?}");
        }
    }

    /// Stops, and insists that everything in the database is as it was booked, and all that the panels show of it.
    pub(crate) fn finish(&mut self) -> Result<Truth, TooBusy> {
        self.stop()?;
        let truth = Truth::new(self.booked());
        await_snapshots(&self.servers, truth.snapshots.len());
        insist_on(&stored(&self.servers), &truth.snapshots);
        self.insist_on_both_tables(&truth);
        look(&self.servers, &truth, i64::try_from(self.interval / 1000).expect("seconds"));
        self.servers.insist_on_no_error();
        Ok(truth)
    }
}

/// Everything of `conntrack`, which Telegraf's own input writes as well.
const TABLES: &str = r#"from(bucket: "network") |> range(start: -1h)
  |> filter(fn: (r) => r._measurement == "conntrack" and r._field == "ip_conntrack_count") |> group()"#;

/// Milliseconds since 1970.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    u64::try_from(since.as_millis()).expect("a time")
}

/// Every row of `connection_state` as it is in the database, each of which must be a series of its own.
pub(crate) fn stored(servers: &Servers) -> BTreeMap<i64, Counts> {
    let rows = servers.query(
        r#"from(bucket: "network") |> range(start: -90d, stop: 1h)
           |> filter(fn: (r) => r._measurement == "connection_state") |> group()"#,
    );
    let mut stored: BTreeMap<i64, Counts> = BTreeMap::new();
    for row in rows {
        let tag = |name: &str| text(&row, name).to_owned();
        let at = i64::try_from(time(&row, "_time") / SECOND).expect("a time");
        #[expect(clippy::cast_possible_truncation, reason = "counts of a test")]
        let count = number(&row, "_value") as i64;
        assert_eq!(text(&row, "_field"), "count");
        let counts = stored.entry(at).or_default();
        let twice = counts.insert((tag("device_name"), tag("protocol"), tag("state")), count);
        assert_eq!(twice, None, "{row:?}");
    }
    stored
}

/// Insists that what is in the database is what was done.
pub(crate) fn insist_on(stored: &BTreeMap<i64, Counts>, done: &BTreeMap<i64, Counts>) {
    let instants: BTreeSet<&i64> = stored.keys().chain(done.keys()).collect();
    for at in instants {
        assert_eq!(stored.get(at), done.get(at), "at {at}: what is in the database, against what was done");
    }
}

const NAMES: [&str; 4] = ["tv", "laptop", "phone, the \"old\" one", "camera"];

/// An evening: somebody streams, somebody downloads, a camera knocks at strangers' doors, a phone leaves.
pub(crate) fn evening(live: &mut Live) -> Result<(), TooBusy> {
    live.change(|ledger, devices| {
        let [tv, laptop, phone, camera] = devices else { panic!("four devices") };
        ledger.open(tv, [5, 2]);
        ledger.ask(tv, [2, 1]);
        ledger.open(laptop, [9, 8]);
        ledger.open(phone, [4, 3]);
        ledger.ask(laptop, [1, 0]);
        ledger.knock(camera, [2, 1]);
    })?;
    live.start();
    live.ticks(2);
    live.change(|ledger, devices| {
        let [_, laptop, phone, camera] = devices else { panic!("four devices") };
        ledger.open(laptop, [30, 10]);
        ledger.finish(phone, 2);
        ledger.open(camera, [6, 0]);
    })?;
    live.ticks(2);
    Ok(())
}

#[test]
fn an_evening_at_10_s_is_shown_as_it_was() {
    patiently(|| {
        let mut live = Live::new("live-10s", 10, &NAMES, "");
        evening(&mut live)?;
        // A device that leaves falls to 0 once, and ends.
        live.change(|ledger, devices| ledger.leave(devices.get(1).expect("the laptop")))?;
        live.ticks(3);
        let truth = live.finish()?;
        let of_laptop =
            |counts: &Counts| counts.get(&("laptop".into(), "tcp".into(), "ESTABLISHED".into())).copied();
        let mut fall: Vec<_> = truth.snapshots.values().map(of_laptop).collect();
        fall.dedup();
        assert_eq!(fall, [Some(17), Some(57), Some(0), None]);
        Ok(())
    });
}

#[test]
fn an_evening_at_1_s_is_shown_as_it_was() {
    patiently(|| {
        let mut live = Live::new("live-1s", 1, &NAMES, "");
        evening(&mut live)?;
        live.flush()?;
        live.ticks(3);
        let truth = live.finish()?;
        let mut sums: Vec<i64> = truth.snapshots.values().map(|counts| counts.values().sum()).collect();
        sums.dedup();
        // All that there was falls to 0 at once; the exporter's own datagram is there again.
        assert_eq!(sums.iter().rev().take(2).collect::<Vec<_>>(), [&1, &0], "{sums:?}");
        Ok(())
    });
}
