//! What the panels must show, and whether they do.

use std::collections::{BTreeMap, BTreeSet};

use crate::grafana::{Dashboard, SECOND, View, rfc3339};
use crate::influx::{Row, text, time};
use crate::panels;
use crate::servers::Servers;
use crate::snapshot::Counts;
use crate::store::Store;

/// A panel's content: what a value is of (a line, or a row), which one it is (a time, or a column), and the value; a
/// window without a value has an empty one.
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

    /// Runs every query of these dashboards, and insists on what they return.
    pub(crate) fn check(&self, servers: &Servers, store: &Store, view: &View, pages: &[&str]) {
        for page in pages {
            check_page(servers, store, view, page);
        }
        if pages.contains(&"router") {
            for (title, figures) in [("Lost snapshots", &self.lost), ("Missing rows", &self.missing)] {
                self.insist_on_lost(servers, view, title, figures);
            }
        }
        if pages.contains(&"streaming") {
            self.insist_on_panel(servers, view);
        }
    }

    /// Insists that a panel tells of what was lost, all of it and nothing else, where it was.
    fn insist_on_lost(&self, servers: &Servers, view: &View, title: &str, figures: &BTreeMap<i64, i64>) {
        let dashboard = Dashboard::page("router");
        let asked = dashboard.queries().into_iter().find(|asked| asked.title == title).expect("a panel");
        let shown = shown(&servers.query_of(&dashboard.put_in(&asked.query, view), view), title);
        let told = shown
            .values()
            .filter(|value| !value.is_empty())
            .map(|value| value.parse::<i64>().expect("a number"));
        let expected = figures
            .iter()
            .filter(|(at, _)| view.holds(i128::from(**at) * SECOND) && self.snapshots.contains_key(at));
        let expected: i64 = expected.map(|(_, figure)| figure).sum();
        assert_eq!(told.sum::<i64>(), expected, "{title}, {view:?}");
    }

    /// Insists on the one panel that people put into dashboards of their own: sums in windows of 30 s, which are
    /// labelled by their ends.
    fn insist_on_panel(&self, servers: &Servers, view: &View) {
        let panel = Dashboard::read("panels/connection-states.json");
        let [asked] = &panel.queries()[..] else { panic!("one query") };
        let mut sums: BTreeMap<(String, i128), i64> = BTreeMap::new();
        for (at, counts) in &self.snapshots {
            let at = i128::from(*at) * SECOND;
            let streaming = |state: &str| ["ESTABLISHED", "ACTIVE"].contains(&state);
            for ((device, _, _), count) in
                counts.iter().filter(|((_, _, state), _)| view.holds(at) && streaming(state))
            {
                let end = (at - at.rem_euclid(30 * SECOND) + 30 * SECOND).min(view.stop);
                *sums.entry((device.clone(), end)).or_default() += count;
            }
        }
        let enough = sums.into_iter().filter(|(_, sum)| *sum > 5);
        let expected = enough.map(|((device, at), sum)| ((device, rfc3339(at)), sum.to_string())).collect();
        let shown = shown(&servers.query_of(&panel.put_in(&asked.query, view), view), &asked.title);
        insist_on(&shown, &expected, &format!("the panel alone, {view:?}"));
    }
}

/// Runs every query of a page. That of one device, of which several would make no sense, is asked for the first of all.
pub(crate) fn check_page(servers: &Servers, store: &Store, view: &View, page: &str) {
    let dashboard = Dashboard::page(page);
    if page != "device" || view.devices.len() == 1 {
        return check(servers, store, view, &dashboard);
    }
    let names: BTreeSet<&str> =
        store.series().iter().filter_map(|tags| tags.get("device_name").map(String::as_str)).collect();
    if let Some(first) = names.first() {
        check(servers, store, &view.clone().of(&[first]), &dashboard);
    }
}

/// Runs every query of a dashboard, and insists on what they return.
fn check(servers: &Servers, store: &Store, view: &View, dashboard: &Dashboard) {
    let mut wrong = Vec::new();
    for asked in dashboard.queries() {
        let view = &asked.view(view);
        let query = dashboard.put_in(&asked.query, view);
        let shown = shown(&servers.query_of(&query, view), &asked.title);
        let expected = panels::expected(store, &asked, view);
        let difference = difference(&shown, &expected);
        wrong.extend(difference.map(|it| format!("{} {}: {it}, by\n{query}\n", asked.title, asked.which)));
    }
    assert!(wrong.is_empty(), "{view:?}\n{}", wrong.join("\n"));
}

/// A count as a fraction; ours are small.
pub(crate) fn exact(count: impl TryInto<i32>) -> f64 {
    f64::from(count.try_into().unwrap_or(i32::MAX))
}

/// Insists that a panel shows what it must.
pub(crate) fn insist_on(shown: &Shown, expected: &Shown, what: &str) {
    let difference = difference(shown, expected);
    assert!(difference.is_none(), "{what} {}", difference.unwrap_or_default());
}

/// What a panel shows that it mustn't, and the other way round.
fn difference(shown: &Shown, expected: &Shown) -> Option<String> {
    let odd = |of: &Shown, other: &Shown| -> Vec<String> {
        let odd =
            of.iter().filter(|(key, value)| !other.get(*key).is_some_and(|other| is_same(value, other)));
        odd.take(10).map(|((of, which), value)| format!("{of}, {which}: {value:?}")).collect()
    };
    let [shown, expected] = [odd(shown, expected), odd(expected, shown)];
    let same = shown.is_empty() && expected.is_empty();
    (!same).then(|| format!("shows {shown:#?}\nbut should {expected:#?}"))
}

/// Whether two values are one: the last digits of fractions depend on the order of sums.
fn is_same(one: &str, other: &str) -> bool {
    match (one.parse::<f64>(), other.parse::<f64>()) {
        (Ok(one), Ok(other)) => (one - other).abs() <= 1e-9 * one.abs().max(other.abs()).max(1.0),
        _ => one == other,
    }
}

/// By which columns rows are told from one another.
fn keys(title: &str) -> &'static [&'static str] {
    match title {
        "What is wrong now" => &["Device", "Rule"],
        "Alerts of the chosen time" => &["Device", "Rule", "Severity", "Since"],
        "Where to" => &["Where", "Service"],
        "Services of the router" => &["Role", "Port"],
        "Open ports of the router" => &["Port", "Protocol", "Address"],
        "Interfaces" => &["Interface"],
        "Who sends" => &["Router"],
        "Devices" | "Names and addresses" => &["Device"],
        _ => &[],
    }
}

/// What an answer shows.
pub(crate) fn shown(rows: &[Row], title: &str) -> Shown {
    let keys = keys(title);
    if !keys.is_empty() {
        return table(rows, keys, title);
    }
    if rows.iter().any(|row| row.contains_key("device_name") && row.contains_key("_value")) {
        return lines(rows, title);
    }
    graph(rows, title)
}

/// Rows, of which some columns tell them from one another.
fn table(rows: &[Row], keys: &[&str], title: &str) -> Shown {
    let mut shown = Shown::new();
    for row in rows {
        let of: Vec<&str> = keys.iter().map(|key| text(row, key)).collect();
        for (column, value) in cells(row).filter(|(name, _)| !keys.contains(&name.as_str())) {
            let key = (of.join(" "), column.clone());
            assert!(shown.insert(key, value.clone()).is_none(), "{title}: twice: {row:?}");
        }
    }
    shown
}

/// A row for each value of a device.
fn lines(rows: &[Row], title: &str) -> Shown {
    let mut shown = Shown::new();
    for row in rows {
        let key = (text(row, "device_name").to_owned(), rfc3339(time(row, "_time")));
        let value = text(row, "_value").to_owned();
        assert!(shown.insert(key, value).is_none(), "{title}: twice: {row:?}");
    }
    shown
}

/// A row for each time, and in it a column for each line, which can be empty; or one row without a time.
fn graph(rows: &[Row], title: &str) -> Shown {
    let names: BTreeSet<&String> = rows.iter().flat_map(|row| cells(row).map(|(name, _)| name)).collect();
    let mut shown = Shown::new();
    for row in rows {
        let at = row.get("_time").map_or_else(String::new, |_| rfc3339(time(row, "_time")));
        for name in names.iter().filter(|name| **name != "_time") {
            let value = row.get(*name).cloned().unwrap_or_default();
            assert!(shown.insert(((*name).clone(), at.clone()), value).is_none(), "{title}: twice: {row:?}");
        }
    }
    shown
}

fn cells(row: &Row) -> impl Iterator<Item = (&String, &String)> {
    row.iter().filter(|(name, _)| !["", "result", "table"].contains(&name.as_str()))
}
