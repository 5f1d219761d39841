//! What the panels must show, worked out from what the household did.

use std::collections::BTreeMap;

use crate::grafana::{Dashboard, SECOND, View, rfc3339};
use crate::influx::{Row, number, text, time};
use crate::rates;
use crate::records::Record;
use crate::servers::Servers;
use crate::snapshot::Counts;

/// A panel's content: what a value is of (a line, or a row), which one it is (a time, or a column), and the value.
pub(crate) type Shown = BTreeMap<(String, String), String>;

/// Everything that arrived, by instants in seconds.
pub(crate) struct Truth {
    /// Rows of `connection_state`, zeros included.
    pub(crate) snapshots: BTreeMap<i64, Counts>,
    /// How many snapshots were lost just before one.
    pub(crate) lost: BTreeMap<i64, i64>,
    /// How many rows of a snapshot were lost.
    pub(crate) missing: BTreeMap<i64, i64>,
}

impl Truth {
    pub(crate) fn new(snapshots: BTreeMap<i64, Counts>) -> Self {
        Self { snapshots, lost: BTreeMap::new(), missing: BTreeMap::new() }
    }

    /// Runs every query of the dashboard and of the panel, and insists on what they return.
    pub(crate) fn check(&self, servers: &Servers, view: &View) {
        for file in ["conntrack.json", "panels/connection-states.json"] {
            let dashboard = Dashboard::read(file);
            for (title, query) in dashboard.queries() {
                let query = dashboard.put_in(&query, view);
                let shown = shown(&servers.query(&query), &title);
                let of_traffic = rates::expected(servers, &title, view);
                let expected =
                    of_traffic.unwrap_or_else(|| self.expected(&title, view, &Record::all(servers)));
                insist_on(&shown, &expected, &format!("{title}, {view:?}, by\n{query}\n"));
            }
        }
    }

    /// What a panel must show.
    pub(crate) fn expected(&self, title: &str, view: &View, records: &[Record]) -> Shown {
        match title {
            "Devices now" => self.devices_now(view, records),
            "Connection States (Streaming Devices)" => self.streaming(view),
            "Top devices" => self.top(view),
            "Every state" => self.highest(view, |_, _, state| Some(state.to_owned())),
            "Half-open" => {
                self.with_zeros(view, |state| ["SYN_SENT", "SYN_SENT2", "SYN_RECV"].contains(&state))
            }
            "TIME_WAIT" | "CLOSE_WAIT" => self.with_zeros(view, |state| state == title),
            "TCP, UDP and others over time" => {
                self.highest(view, |_, protocol, _| Some(kind(protocol).to_owned()))
            }
            "TCP, UDP and others per device" => self.per_device(view),
            "Lost snapshots" => self.summed(view, &self.lost, records),
            "Missing rows" => self.summed(view, &self.missing, &[]),
            _ => Record::expected(title, view, records),
        }
    }

    fn within<'a>(&'a self, view: &'a View) -> impl Iterator<Item = (i128, &'a Counts)> {
        let snapshots = self.snapshots.iter().map(|(at, counts)| (i128::from(*at) * SECOND, counts));
        snapshots.filter(|(at, _)| view.holds(*at))
    }

    /// Counts at each instant by whatever label a row has.
    fn by_label(
        &self,
        view: &View,
        label: impl Fn(&str, &str, &str) -> Option<String>,
    ) -> Vec<(String, i128, i64)> {
        let mut found = BTreeMap::new();
        for (at, counts) in self.within(view) {
            for ((device, protocol, state), count) in counts {
                if let Some(label) = label(device, protocol, state).filter(|_| view.shows(device)) {
                    *found.entry((label, at)).or_default() += *count;
                }
            }
        }
        found.into_iter().map(|((label, at), count)| (label, at, count)).collect()
    }

    fn highest(&self, view: &View, label: impl Fn(&str, &str, &str) -> Option<String>) -> Shown {
        highest(view, self.by_label(view, label))
    }

    fn with_zeros(&self, view: &View, is_meant: impl Fn(&str) -> bool) -> Shown {
        let mut found = self.by_label(view, |device, _, state| is_meant(state).then(|| device.to_owned()));
        let together = self.by_label(view, |_, _, state| is_meant(state).then(|| "together".to_owned()));
        let zeros = self.within(view).map(|(at, _)| ("together".to_owned(), at, 0));
        found.extend(together.into_iter().chain(zeros));
        highest(view, found)
    }

    /// The stock query: sums in windows of 30 s, which are labelled by their ends.
    fn streaming(&self, view: &View) -> Shown {
        let mut sums: BTreeMap<(String, i128), i64> = BTreeMap::new();
        for (device, at, count) in self.by_label(&view.clone().of(&[]), streaming) {
            let end = (at - at.rem_euclid(30 * SECOND) + 30 * SECOND).min(view.stop);
            *sums.entry((device, end)).or_default() += count;
        }
        let enough = sums.into_iter().filter(|(_, sum)| exact(*sum) > view.minimum);
        enough.map(|((device, at), sum)| ((device, rfc3339(at)), sum.to_string())).collect()
    }

    fn top(&self, view: &View) -> Shown {
        let mut highest = BTreeMap::new();
        for (device, _, count) in self.by_label(view, streaming) {
            let seen: &mut i64 = highest.entry(device).or_default();
            *seen = count.max(*seen);
        }
        let mut ranking: Vec<_> = highest.into_iter().collect();
        ranking.sort_by_key(|(_, count)| -count);
        let shown = ranking.get(..10).unwrap_or(&ranking);
        let last = shown.last().map(|(_, count)| *count);
        assert!(
            ranking.get(10).is_none_or(|(_, next)| Some(*next) < last),
            "no two may be tenth: {ranking:?}"
        );
        self.highest(view, |device, protocol, state| {
            streaming(device, protocol, state).filter(|device| shown.iter().any(|(name, _)| name == device))
        })
    }

    fn devices_now(&self, view: &View, records: &[Record]) -> Shown {
        let newest = records.iter().map(|record| record.at).max().unwrap_or_default();
        let counts = self.snapshots.get(&i64::try_from(newest / SECOND).unwrap_or_default());
        let mut shown: BTreeMap<(String, String), i64> = BTreeMap::new();
        for ((device, protocol, state), count) in counts.into_iter().flatten() {
            if view.shows(device) && *count > 0 {
                for column in ["All".to_owned(), format!("{protocol} {state}")] {
                    *shown.entry((device.clone(), column)).or_default() += count;
                }
            }
        }
        shown.into_iter().map(|(key, count)| (key, count.to_string())).collect()
    }

    fn per_device(&self, view: &View) -> Shown {
        let mut shown: BTreeMap<(String, String), i64> = BTreeMap::new();
        for ((device, protocol, _), count) in self.within(view).last().into_iter().flat_map(|(_, it)| it) {
            if view.shows(device) {
                *shown.entry((device.clone(), kind(protocol).to_owned())).or_default() += count;
            }
        }
        assert!(shown.len() <= 40, "the panel ends at twenty devices");
        shown.into_iter().map(|(key, count)| (key, count.to_string())).collect()
    }

    /// Figures per snapshot, summed in each window, with zeros for the rest.
    fn summed(&self, view: &View, figures: &BTreeMap<i64, i64>, records: &[Record]) -> Shown {
        let host = records.first().map_or("missing rows", |record| &record.host);
        let mut sums: BTreeMap<i128, i64> = BTreeMap::new();
        for (at, _) in self.within(view) {
            let figure = i64::try_from(at / SECOND).ok().and_then(|at| figures.get(&at));
            *sums.entry(view.window_of(at)).or_default() += figure.copied().unwrap_or_default();
        }
        sums.into_iter().map(|(at, sum)| ((host.to_owned(), rfc3339(at)), sum.to_string())).collect()
    }
}

fn streaming(device: &str, _: &str, state: &str) -> Option<String> {
    ["ESTABLISHED", "ACTIVE"].contains(&state).then(|| device.to_owned())
}

fn kind(protocol: &str) -> &str {
    match protocol {
        "tcp" => "TCP",
        "udp" => "UDP",
        _ => "other",
    }
}

/// The highest of each label in each window.
pub(crate) fn highest(view: &View, found: impl IntoIterator<Item = (String, i128, i64)>) -> Shown {
    let mut highest: BTreeMap<(String, i128), i64> = BTreeMap::new();
    for (label, at, count) in found {
        let seen = highest.entry((label, view.window_of(at))).or_insert(count);
        *seen = count.max(*seen);
    }
    highest.into_iter().map(|((label, at), count)| ((label, rfc3339(at)), count.to_string())).collect()
}

/// Insists that a panel shows what it must.
pub(crate) fn insist_on(shown: &Shown, expected: &Shown, what: &str) {
    let same = shown == expected;
    let [shown, expected] = [shown, expected].map(|it| difference(it, shown, expected));
    assert!(same, "{what} shows {shown:#?}\nbut should {expected:#?}");
}

/// What an answer shows.
pub(crate) fn shown(rows: &[Row], title: &str) -> Shown {
    let label = ["device_name", "state", "kind", "host", "what", "Device", "Router"];
    let mut shown = Shown::new();
    for row in rows {
        let label = label.into_iter().find(|column| row.contains_key(*column));
        let label = label.unwrap_or_else(|| panic!("{title}: nothing tells this row from others: {row:?}"));
        let of = text(row, label).to_owned();
        if row.contains_key("_time") {
            let at = rfc3339(time(row, "_time"));
            assert!(shown.insert((of, at), rounded(row, "_value")).is_none(), "{title}: twice: {row:?}");
            continue;
        }
        for (column, _) in row.iter().filter(|(column, _)| !["result", "table", label].contains(&&***column))
        {
            let value = rounded(row, column);
            let twice = shown.insert((of.clone(), column.clone()), value);
            assert!(twice.is_none(), "{title}: twice: {row:?}");
        }
    }
    shown
}

/// A value as text; fractions are cut where the last digits depend on the order of the sums.
fn rounded(row: &Row, column: &str) -> String {
    let value = text(row, column);
    if value.contains('.') && value.parse::<f64>().is_ok() {
        return cut(number(row, column));
    }
    value.to_owned()
}

/// A number without its last digits.
pub(crate) fn cut(value: f64) -> String {
    let text = format!("{value:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// An integer as a fraction; ours are small.
pub(crate) fn exact(value: i64) -> f64 {
    f64::from(i32::try_from(value).unwrap_or(i32::MAX))
}

/// What of `it` is not in both.
fn difference(it: &Shown, one: &Shown, other: &Shown) -> Vec<String> {
    let odd = it.iter().filter(|(key, _)| one.get(*key) != other.get(*key));
    odd.map(|((of, which), value)| format!("{of}, {which}: {value}")).collect()
}
