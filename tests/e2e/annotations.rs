//! Alerts in Grafana, with instants of the past: the queries that the documentation gives must mark each beginning and
//! each end once, and show what fires now and nothing else.

use conntrack_exporter::measurements::DueClocks;

use crate::grafana::{Dashboard, SECOND, View, documented, rfc3339};
use crate::influx::{Row, text, time};
use crate::live::now;
use crate::past::{Directory, Replay, alone, await_snapshots, line, send};
use crate::servers::Servers;

/// Between snapshots, in seconds: a step.
const INTERVAL: i64 = 30;

/// The last step.
const LAST: i64 = 72;

/// At which step the exporter is started again, and knows nothing of what fired.
const RESTART: i64 = 50;

/// Three devices of [`crate::past::CALLED`], and how many connections each has from which step on. More than 100 for
/// four steps fire, no more than 90 for four steps clear. The third is at the limit, and never above it.
const DEVICES: [(&str, &[(i64, u32)]); 3] = [
    ("laptop", &[(0, 20), (4, 143), (31, 20)]),
    ("Living Room TV", &[(0, 10), (12, 120), (20, 10), (40, 120), (50, 10), (60, 120), (66, 10)]),
    ("a,b=c \"d\"", &[(0, 100)]),
];

/// What becomes of that. The second alert of the television has no end, for the exporter was started again.
const CHANGES: [Change; 7] = [
    Change { step: 8, device: "laptop", is_begin: true, since: 4, connections: 143 },
    Change { step: 16, device: "Living Room TV", is_begin: true, since: 12, connections: 120 },
    Change { step: 24, device: "Living Room TV", is_begin: false, since: 12, connections: 10 },
    Change { step: 35, device: "laptop", is_begin: false, since: 4, connections: 20 },
    Change { step: 44, device: "Living Room TV", is_begin: true, since: 40, connections: 120 },
    Change { step: 64, device: "Living Room TV", is_begin: true, since: 60, connections: 120 },
    Change { step: 70, device: "Living Room TV", is_begin: false, since: 60, connections: 10 },
];

/// At which step what fires. The television's second alert is told of at step 44 for the last time, and is over six
/// minutes later.
const FIRING: [(i64, &[&str]); 12] = [
    (7, &[]),
    (8, &["laptop"]),
    (16, &["Living Room TV", "laptop"]),
    (23, &["Living Room TV", "laptop"]),
    (24, &["laptop"]),
    (34, &["laptop"]),
    (35, &[]),
    (44, &["Living Room TV"]),
    (55, &["Living Room TV"]),
    (56, &[]),
    (64, &["Living Room TV"]),
    (70, &[]),
];

/// A beginning or an end.
struct Change {
    step: i64,
    device: &'static str,
    is_begin: bool,
    since: i64,
    connections: u32,
}

/// A mark as Grafana takes it: when, title, text and tags.
type Mark = (i128, [String; 3]);

/// A router of the past, and what has come of it.
struct Past {
    servers: Servers,
    /// When the first step was, in seconds since 1970.
    first: i64,
    directory: Directory,
}

impl Past {
    /// Lives through all steps.
    fn new() -> Self {
        let (servers, directory) = alone("annotations");
        let seconds = i64::try_from(now() / 1000).expect("a time");
        let past = Self { servers, first: (seconds / 600 - 6) * 600, directory };
        let mut replay = past.exporter(0);
        let mut sent = 0;
        for step in 0..=LAST {
            if step == RESTART {
                replay = past.exporter(step);
            }
            replay.write(&table(step));
            let boot = 3600 + u64::try_from(step * INTERVAL).expect("not before the first");
            let lines = replay.snapshot(boot, Some(past.at(step)), DueClocks::Both);
            sent += send(&past.servers, &lines, |_| false);
        }
        await_snapshots(&past.servers, usize::try_from(LAST + 1).expect("a few"));
        past.servers.insist_on_gathered(sent);
        past.servers.insist_on_no_error();
        past
    }

    /// An exporter that is started at a step.
    fn exporter(&self, step: i64) -> Replay {
        Replay::new(&self.directory.0, &format!("interval = \"{INTERVAL}s\""), self.at(step))
    }

    fn at(&self, step: i64) -> i64 {
        self.first + step * INTERVAL
    }

    /// From one step to another, that one exclusively.
    fn view(&self, from: i64, to: i64) -> View {
        View::new(self.at(from), self.at(to), INTERVAL)
    }

    /// What must be marked.
    fn expected(&self, view: &View) -> Vec<Mark> {
        let marks = CHANGES.iter().filter(|change| view.shows(change.device)).map(|change| self.mark(change));
        marks.filter(|(at, _)| view.holds(*at)).collect()
    }

    fn mark(&self, change: &Change) -> Mark {
        let Change { step, device, is_begin, since, connections } = change;
        let at = |step: &i64| i128::from(self.at(*step)) * SECOND;
        let what =
            format!("{device} has {connections} connections; more than 100 are unusual for such a device");
        let (word, text) = if *is_begin {
            let since = rfc3339(at(since));
            let clock = since.get(11..16).expect("hours and minutes");
            ("begins", format!("{what}. Since {clock}. Restart it; if they come back, look at its apps."))
        } else {
            let minutes = (step - since) * INTERVAL / 60;
            ("is over", format!("It is over after {minutes} minutes: {what}."))
        };
        let title = format!("connections_high of {device} {word}");
        (at(step), [title, text, format!("{device},connections_high,warning")])
    }

    /// What a query marks.
    fn marks(&self, query: &str, view: &View) -> Vec<Mark> {
        let query = Dashboard::page("overview").put_in(query, view);
        let mark =
            |row: &Row| (time(row, "time"), ["title", "text", "tags"].map(|name| text(row, name).into()));
        self.servers.query(&query).iter().map(mark).collect()
    }

    /// Which devices a query says are in alert just after a step.
    fn firing(&self, query: &str, step: i64) -> Vec<String> {
        let at = rfc3339(i128::from(self.at(step) + 1) * SECOND);
        let rows = self.servers.query(&format!("option now = () => {at}\n{query}"));
        let device = |row: &Row| {
            let device = text(row, "Device");
            assert_eq!([text(row, "Rule"), text(row, "Severity")], ["connections_high", "warning"]);
            assert!(text(row, "Message").starts_with(&format!("{device} has 1")), "{row:?}");
            device.to_owned()
        };
        rows.iter().map(device).collect()
    }
}

/// The table of a step.
fn table(step: i64) -> String {
    let mut table = String::new();
    for (device, (_, counts)) in DEVICES.iter().enumerate() {
        let (_, count) = counts.iter().rfind(|(from, _)| *from <= step).expect("from step 0 on");
        for port in 0..*count {
            table += &line(20 + device, "tcp", "ESTABLISHED", 1024 + port);
        }
    }
    table
}

#[test]
fn each_alert_is_marked_where_it_begins_and_where_it_ends() {
    let past = Past::new();
    let [annotation, firing] = documented("docs/alerts.md");
    let of_dashboard = Dashboard::page("overview").annotation("Alerts");
    let all = past.view(0, LAST + 1);
    assert_eq!(past.expected(&all).len(), CHANGES.len());
    // From a beginning on, just after it, repetitions alone, up to an end and from it on.
    let parts = [(8, 36), (9, 36), (17, 24), (28, 30), (30, 35), (35, 36), (45, 60)];
    for view in parts.map(|(from, to)| past.view(from, to)).iter().chain([&all]) {
        for query in [&annotation, &of_dashboard] {
            assert_eq!(past.marks(query, view), past.expected(view), "{view:?}");
        }
    }
    let chosen = all.of(&["laptop"]);
    assert_eq!(past.marks(&of_dashboard, &chosen), past.expected(&chosen));
    for (step, expected) in FIRING {
        assert_eq!(past.firing(&firing, step), expected, "at step {step}");
    }
}
