//! What each panel must show, by its title: made of plain points by the shapes that [`crate::shapes`] has.

use std::collections::BTreeMap;

use crate::grafana::{Asked, SECOND, View, rfc3339};
use crate::oracle::{Shown, exact};
use crate::shapes::Function::{Last, Max, Mean, Min, Sum};
use crate::shapes::{Picked, told};
use crate::store::{Store, Tags, Value};

/// How long an alert without a point still fires.
const ALERT: i128 = 360 * SECOND;

/// What a panel's query must return; the panels of what was lost are for those who know what was lost.
pub(crate) fn expected(store: &Store, asked: &Asked, view: &View) -> Shown {
    let ask = Ask { store, view };
    let Asked { title, which, .. } = asked;
    if let Some(shown) = ask.now(title).or_else(|| ask.of_device(title, which)) {
        return shown;
    }
    ask.of_router(title, which).unwrap_or_else(|| panic!("nobody knows what {title} must show"))
}

/// What is asked of which points.
struct Ask<'a> {
    store: &'a Store,
    view: &'a View,
}

/// The text of a tag.
fn tag(name: &'static str) -> impl Fn(&Tags) -> String + Copy {
    move |tags| tags.get(name).cloned().unwrap_or_default()
}

/// What a column is called.
fn named(field: &str, all: &Tags, tags: &[&str]) -> String {
    let tags = tags.iter().map(|tag| all.get(*tag).map_or("", String::as_str));
    std::iter::once(field).chain(tags).collect::<Vec<_>>().join("_")
}

fn text(text: &'static str) -> impl Fn(&Tags) -> String {
    move |_| text.to_owned()
}

impl<'a> Ask<'a> {
    /// A field of the devices that were chosen.
    fn chosen(&self, measurement: &str, field: &str, label: impl Fn(&Tags) -> String) -> Picked<'a> {
        let shows = |tags: &Tags| tags.get("device_name").is_some_and(|name| self.view.shows(name));
        Picked::new(self.store, self.view, [measurement, field], shows, label)
    }

    fn by_device(&self, measurement: &str, field: &str) -> Picked<'a> {
        self.chosen(measurement, field, tag("device_name"))
    }

    /// The same as columns, which are called by the field and the tags.
    fn columns(&self, measurement: &str, field: &str, tags: &[&str]) -> Picked<'a> {
        self.chosen(measurement, field, |all| named(field, all, tags))
    }

    fn columns_of_all(&self, measurement: &str, field: &str, tags: &[&str]) -> Picked<'a> {
        self.all(measurement, field, |all| named(field, all, tags))
    }

    /// A field of whatever there is.
    fn all(&self, measurement: &str, field: &str, label: impl Fn(&Tags) -> String) -> Picked<'a> {
        Picked::new(self.store, self.view, [measurement, field], |_| true, label)
    }

    /// Several fields of whatever there is, each with a label of its own.
    fn fields(
        &self,
        measurement: &str,
        fields: &[&str],
        label: impl Fn(&Tags, &str) -> String,
    ) -> Picked<'a> {
        let none = Picked::new(self.store, self.view, ["", ""], |_| true, text(""));
        fields
            .iter()
            .fold(none, |all, field| all.and(self.all(measurement, field, |tags| label(tags, field))))
    }

    fn snapshot(&self, picked: &Picked<'_>) -> Vec<(String, Value)> {
        picked.at(self.store.newest(self.view))
    }

    /// One number of the newest snapshot.
    fn figure(&self, picked: &Picked<'_>, function: impl Fn(Vec<f64>) -> f64) -> Shown {
        let values: Vec<f64> = self.snapshot(picked).iter().map(|(_, value)| value.number()).collect();
        if values.is_empty() { Shown::new() } else { one(function(values)) }
    }

    /// What is told of now.
    fn now(&self, title: &str) -> Option<Shown> {
        let sum = |values: Vec<f64>| values.iter().sum();
        let most = |values: Vec<f64>| values.into_iter().fold(f64::MIN, f64::max);
        Some(match title {
            "Open connections" => self.figure(&self.by_device("device_traffic", "connections"), sum),
            "Download now" => self.figure(&self.by_device("device_traffic", "rx_bits_per_second"), sum),
            "Upload now" => self.figure(&self.by_device("device_traffic", "tx_bits_per_second"), sum),
            "Table full" => self.figure(&self.all("conntrack", "fill_ratio", text("")), most),
            "Usual at this hour" => self.figure(&self.by_device("connection_trend", "normal_peak"), most),
            "Devices online" => added(&self.by_device("device", "online").last(660 * SECOND)),
            "Alerts" => added(&self.by_device("connection_alert", "firing").last(ALERT)),
            "Age of the data" => self.age(),
            "Doing now" => self.only("_value", &self.by_device("device_activity", "code")),
            "Why" => self.only("Why", &self.by_device("device_activity", "why")),
            _ => return None,
        })
    }

    /// The chosen time in so many steps, each of whole seconds.
    fn whole(&self, steps: i128) -> i128 {
        ((self.view.stop - self.view.start) / steps / SECOND + 1) * SECOND
    }

    fn only(&self, column: &str, picked: &Picked<'_>) -> Shown {
        let value = self.snapshot(picked).pop();
        value.map(|(_, value)| ((column.to_owned(), String::new()), told(&value, 1.0))).into_iter().collect()
    }

    fn age(&self) -> Shown {
        let seen = self.all("conntrack_exporter", "sequence", text("")).last(7 * 86_400 * SECOND);
        let newest = seen.iter().map(|(_, at, _)| *at).max();
        newest.map_or_else(Shown::new, |newest| one(seconds(self.view.now - newest)))
    }

    /// What is told of devices.
    fn of_device(&self, title: &str, which: &str) -> Option<Shown> {
        let traffic = |field| self.columns("device_traffic", field, &["device_name"]);
        let of = |measurement, field, what| self.chosen(measurement, field, text(what));
        let mean = |picked: Picked<'_>| picked.rate(seconds(self.view.interval), Max);
        let trends = [
            ("average_15m", "mean of 15 minutes"),
            ("peak_1h", "most in an hour"),
            ("normal_peak", "its normal"),
        ];
        Some(match (title, which) {
            ("Devices", "A") => self.table(&["connections", "rx_bits_per_second", "tx_bits_per_second"]),
            ("Devices", "B") => self.doing(),
            ("Devices", "C") => self.sparks(),
            ("Devices", _) => self.firing_by_device(),
            ("What is wrong now", _) => self.firing(),
            ("What everybody is doing" | "What it is doing" | "What it was doing", _) => {
                self.columns("device_activity", "code", &["device_name"]).each(Last)
            }
            ("Download by device", _) => traffic("rx_bytes").rate(8.0, Max),
            ("Upload by device", _) => traffic("tx_bytes").rate(8.0, Max),
            ("Open connections by device", _) => traffic("connections").each(Max),
            ("Connection States (Streaming Devices)", _) => traffic("connections").above(self.view.minimum),
            ("Download, highest of each step", _) => traffic("rx_bits_per_second").each(Max),
            ("Upload, highest of each step", _) => traffic("tx_bits_per_second").each(Max),
            ("Bits per second per connection", _) => traffic("bits_per_second_per_connection").each(Max),
            ("Buffering", _) => self.buffering().each(Max),
            ("New connections per second", _) => self.opened().rate(1.0, Sum),
            ("Connections by protocol and state", _) => {
                mean(self.columns("connection_state", "count", &["protocol", "state"]))
            }
            ("Opened and closed per second", _) => {
                let [opened, closed] =
                    ["opened", "closed"].map(|field| self.columns("connection_rate", field, &["protocol"]));
                opened.and(closed).rate(1.0, Max)
            }
            ("Unanswered, per minute", _) => {
                self.columns("connection_rate", "unreplied", &["protocol"]).rate(60.0, Max)
            }
            ("Down and up", _) => {
                let [down, up] = [("rx_bytes", "down"), ("tx_bytes", "up")]
                    .map(|(field, what)| of("device_traffic", field, what));
                down.and(up).rate(8.0, Max)
            }
            ("Download by service", _) => self.services("rx").rate(8.0, Max),
            ("Upload by service", _) => self.services("tx").rate(8.0, Max),
            ("Remote hosts", _) => of("device_traffic", "remote_hosts", "hosts").each(Max),
            ("Share of the busiest host", _) => of("device_traffic", "top_host_share", "busiest").each(Mean),
            ("Connections, against its own normal", _) => {
                let [average, peak, normal] = trends.map(|(field, what)| of("connection_trend", field, what));
                average.and(peak).and(normal).each(Max)
            }
            ("Growth per hour", _) => of("connection_trend", "growth_per_hour", "an hour").each(Last),
            ("Kept open for nothing", _) => {
                of("connection_trend", "idle_entries", "nothing for ten minutes").each(Max)
            }
            ("Where to", "A") => self.destinations("rx_bytes", "Down"),
            ("Where to", _) => self.destinations("tx_bytes", "Up"),
            ("Names and addresses", _) => self.inventory(),
            ("Alerts of the chosen time", _) => self.alerts_of_the_time(),
            _ => return None,
        })
    }

    /// What is told of the router and the exporter.
    fn of_router(&self, title: &str, which: &str) -> Option<Shown> {
        let host = |measurement, field| self.columns_of_all(measurement, field, &["host"]);
        let by_field = |_: &Tags, field: &str| field.to_owned();
        let service = |tags: &Tags| format!("{} {}", tag("role")(tags), tag("port")(tags));
        let of_service = |field| self.columns_of_all("tcp_service", field, &["role", "port"]);
        let damage = |tags: &Tags, field: &str| named(field, tags, &["interface"]);
        let interface = |field| self.columns_of_all("network_interface", field, &["interface"]);
        let averages = ["1m", "5m", "15m"].map(|time| format!("retransmitted_per_second_{time}"));
        Some(match (title, which) {
            ("How full the table is", _) => host("conntrack", "fill_ratio").each(Max),
            ("Time until it is full", _) => host("conntrack", "seconds_to_full").each(Min),
            ("Refused by the table", _) => self
                .fields("conntrack", &["drop", "early_drop", "insert_failed", "invalid"], by_field)
                .rises(),
            ("Who holds the table", _) => {
                let share = self.columns_of_all("connection_trend", "share", &["device_name"]);
                share.rate(seconds(self.view.interval), Max)
            }
            ("Sent again, per second", _) => {
                let averages = averages.each_ref().map(String::as_str);
                self.fields("tcp_health", &averages, |_, field| average_of(field)).each(Max)
            }
            ("Sent again, in percent", _) => host("tcp_health", "retransmitted_percent").each(Max),
            ("Other trouble of its TCP, per second", _) => {
                self.fields("tcp_health", &TROUBLE, by_field).each(Mean)
            }
            ("Round-trip time by service", _) => of_service("rtt_us_median").each(Max),
            ("The router's own connections", _) => of_service("connections").each(Max),
            ("Services of the router", _) => self.rows("tcp_service", &SERVICES, service),
            ("Open ports of the router", _) => self.listeners(),
            ("Received by interface", _) => interface("rx_bits_per_second").each(Mean),
            ("Sent by interface", _) => interface("tx_bits_per_second").each(Mean),
            ("How busy the hardware is", _) => interface("utilisation_percent").each(Max),
            ("Errors and drops", _) => self.fields("network_interface", &DAMAGE, damage).each(Max),
            ("Interfaces", _) => self.interfaces(),
            ("Errors", _) => self.fields("conntrack_exporter", &ERRORS, by_field).rises(),
            ("Entries of nobody known", _) => {
                let fields = ["entries_unattributed", "entries_overflow"];
                self.fields("conntrack_exporter", &fields, by_field).each(Max)
            }
            ("How much of the line it sees", _) => host("conntrack_exporter", "coverage").each(Min),
            ("Waiting in the spool", _) => host("conntrack_exporter", "spool_snapshots").each(Max),
            ("Duration of a snapshot", _) => host("conntrack_exporter", "duration_ns").each(Max),
            ("Memory", _) => host("conntrack_exporter", "resident_bytes").each(Max),
            ("Clock", _) => host("conntrack_exporter", "clock").each(Last),
            ("Processor time per snapshot", _) => self.processor(),
            ("Who sends", _) => self.senders(),
            ("Lost snapshots", _) => self.lost(),
            ("Missing rows", _) => self.missing(),
            _ => return None,
        })
    }

    /// A field of the chosen devices whose series have a certain tag as well.
    fn with(
        &self,
        [measurement, field]: [&str; 2],
        (name, value): (&str, &str),
        tags: &[&str],
    ) -> Picked<'a> {
        let meant = |all: &Tags| {
            all.get(name).is_some_and(|of| of == value)
                && all.get("device_name").is_some_and(|name| self.view.shows(name))
        };
        Picked::new(self.store, self.view, [measurement, field], meant, |all| named(field, all, tags))
    }

    fn buffering(&self) -> Picked<'a> {
        self.with(["connection_alert", "firing"], ("rule", "buffering"), &["device_name"])
    }

    fn services(&self, direction: &str) -> Picked<'a> {
        self.with(["bandwidth", "bytes"], ("direction", direction), &["protocol"])
    }

    fn opened(&self) -> Picked<'a> {
        let [tcp, udp] = ["tcp", "udp"].map(|protocol| {
            self.with(["connection_rate", "opened"], ("protocol", protocol), &["device_name"])
        });
        tcp.and(udp)
    }

    /// Rows of the newest snapshot: a label, and a column for each field.
    fn rows(
        &self,
        measurement: &str,
        fields: &[(&str, &str)],
        label: impl Fn(&Tags) -> String + Copy,
    ) -> Shown {
        let mut shown = Shown::new();
        for (field, column) in fields {
            for (label, value) in self.snapshot(&self.all(measurement, field, label)) {
                shown.insert((label, (*column).to_owned()), told(&value, 1.0));
            }
        }
        shown
    }

    fn table(&self, fields: &[&str]) -> Shown {
        let columns = [("connections", "Open"), ("rx_bits_per_second", "Down"), ("tx_bits_per_second", "Up")];
        let columns: BTreeMap<_, _> = columns.into_iter().collect();
        let mut shown = Shown::new();
        for field in fields {
            for (device, value) in self.snapshot(&self.by_device("device_traffic", field)) {
                // Rates aren't known where bytes aren't counted, and show as nothing moved.
                for column in ["Down", "Up"] {
                    shown.entry((device.clone(), column.to_owned())).or_insert_with(|| "0".to_owned());
                }
                let column = columns.get(field).expect("a column").to_string();
                shown.insert((device, column), told(&value, 1.0));
            }
        }
        shown
    }

    fn doing(&self) -> Shown {
        let mut shown = Shown::new();
        for (field, column) in [("code", "Doing"), ("why", "Why")] {
            for (device, value) in self.snapshot(&self.by_device("device_activity", field)) {
                shown.insert((device, column.to_owned()), told(&value, 1.0));
            }
        }
        shown
    }

    /// The download of the chosen time in 20 signs or, where windows don't begin with it, 21.
    fn sparks(&self) -> Shown {
        let step = self.whole(20).max(self.view.interval);
        let view = View { window: step, ..self.view.clone() };
        let ask = Ask { store: self.store, view: &view };
        let means = ask.by_device("device_traffic", "rx_bits_per_second").each(Mean);
        let mut shown = Shown::new();
        for ((device, _), mean) in means {
            shown.entry((device, "Download".to_owned())).or_default().push(sign(&mean));
        }
        shown
    }

    fn firing_by_device(&self) -> Shown {
        let mut firing: BTreeMap<String, f64> = BTreeMap::new();
        for (device, _, value) in self.by_device("connection_alert", "firing").last(ALERT) {
            *firing.entry(device).or_default() += value.number();
        }
        firing.retain(|_, count| *count > 0.0);
        firing.into_iter().map(|(device, count)| ((device, "Alerts".to_owned()), count.to_string())).collect()
    }

    fn firing(&self) -> Shown {
        let label = |tags: &Tags| format!("{} {}", tag("device_name")(tags), tag("rule")(tags));
        let severity = |tags: &Tags| format!("{}\0{}", label(tags), tag("severity")(tags));
        let last = |field| self.chosen("connection_alert", field, severity).last(ALERT);
        let mut shown = Shown::new();
        let [messages, since] = ["message", "since"].map(|field| by_label(last(field)));
        for (of, at, value) in last("firing") {
            if value.number() == 0.0 {
                continue;
            }
            let (label, severity) = of.split_once('\0').expect("both");
            let began = since.get(&of).map_or(at, |since| nanoseconds(since.number()));
            shown.insert((label.to_owned(), "Severity".to_owned()), severity.to_owned());
            shown.insert((label.to_owned(), "Since".to_owned()), rfc3339(began));
            let message = messages.get(&of).expect("a message");
            shown.insert((label.to_owned(), "What".to_owned()), told(message, 1.0));
        }
        shown
    }

    /// Of every alert that was told of in the chosen time, the last that was told.
    fn alerts_of_the_time(&self) -> Shown {
        let label = |tags: &Tags| {
            let of = ["device_name", "rule", "severity"].map(|name| tag(name)(tags));
            of.join(" ")
        };
        let told_of = |field| self.chosen("connection_alert", field, label).within();
        let since: BTreeMap<_, _> =
            told_of("since").into_iter().map(|(of, at, value)| ((of, at), value)).collect();
        let mut shown = Shown::new();
        for (of, at, message) in told_of("message") {
            let began = since.get(&(of.clone(), at)).expect("a beginning").number();
            let key = format!("{of} {}", rfc3339(nanoseconds(began)));
            shown.insert((key.clone(), "What".to_owned()), told(&message, 1.0));
            shown.insert((key, "Told".to_owned()), rfc3339(at));
        }
        shown
    }

    fn destinations(&self, field: &str, column: &str) -> Shown {
        let label = |tags: &Tags| format!("{} {}", tag("destination")(tags), tag("service")(tags));
        let mut sums: BTreeMap<String, f64> = BTreeMap::new();
        for (of, _, value) in self.chosen("destination", field, label).within() {
            *sums.entry(of).or_default() += value.number();
        }
        sums.into_iter().map(|(of, sum)| ((of, column.to_owned()), sum.to_string())).collect()
    }

    fn inventory(&self) -> Shown {
        let mut shown = Shown::new();
        let text = ["ip", "mac", "device_type", "named_by"];
        for (field, column) in text.into_iter().zip(["Address", "MAC", "Type", "Named by"]) {
            for (device, value) in by_label(self.by_device("device", field).within()) {
                shown.insert((device, column.to_owned()), told(&value, 1.0));
            }
        }
        for (field, column) in [("first_seen", "First seen"), ("last_seen", "Last seen")] {
            for (device, value) in by_label(self.by_device("device", field).within()) {
                shown.insert((device, column.to_owned()), rfc3339(nanoseconds(value.number())));
            }
        }
        for (device, value) in by_label(self.by_device("device", "online").within()) {
            let word = if value.number() > 0.0 { "yes" } else { "no" };
            shown.insert((device, "Online".to_owned()), word.to_owned());
        }
        shown
    }

    fn listeners(&self) -> Shown {
        let label = |tags: &Tags| ["port", "protocol", "address"].map(|name| tag(name)(tags)).join(" ");
        let open = self.rows("listening_port", &[("sockets", "sockets")], label);
        let columns = [("queue", "Waiting"), ("backlog", "Room"), ("uid", "User"), ("process", "Program")];
        let mut shown = self.rows("listening_port", &columns, label);
        shown.retain(|(of, _), _| {
            open.get(&(of.clone(), "sockets".to_owned())).is_some_and(|count| count != "0")
        });
        shown
    }

    fn interfaces(&self) -> Shown {
        let columns = [
            ("speed_mbps", "Speed"),
            ("duplex", "Duplex"),
            ("mtu", "MTU"),
            ("carrier_changes", "Changes"),
            ("addresses", "Addresses"),
        ];
        let mut shown = self.rows("network_interface", &columns, tag("interface"));
        let words = self.rows(
            "network_interface",
            &[("operstate", ""), ("up", "up"), ("carrier", "carrier")],
            tag("interface"),
        );
        for ((interface, _), up) in words.iter().filter(|((_, column), _)| column == "up") {
            let of = |column: &str| words.get(&(interface.clone(), column.to_owned()));
            let state = match (up.as_str(), of("carrier").map(String::as_str)) {
                ("0", _) => "off".to_owned(),
                (_, Some("0")) => "no cable".to_owned(),
                _ => of("").cloned().unwrap_or_default(),
            };
            if !state.is_empty() {
                shown.insert((interface.clone(), "State".to_owned()), state);
            }
        }
        shown
    }

    fn processor(&self) -> Shown {
        let cpu = |tags: &Tags| named("cpu", tags, &["host"]);
        let rises = |field| self.all("conntrack_exporter", field, cpu).differences();
        let snapshots = rises("sequence");
        let mut windows = BTreeMap::new();
        for (key, used) in rises("cpu_ns") {
            if let Some(taken) = snapshots.get(&key).filter(|taken| **taken > 0.0) {
                windows.insert(key, used / taken);
            }
        }
        crate::shapes::told_where_known(&windows)
    }

    fn senders(&self) -> Shown {
        let mut shown = Shown::new();
        let columns = [
            ("version", "Version"),
            ("source", "Source"),
            ("devices", "Devices"),
            ("entries_read", "Entries"),
            ("sequence", "Snapshots"),
        ];
        for (field, column) in columns {
            for (host, value) in by_label(self.all("conntrack_exporter", field, tag("host")).within()) {
                shown.insert((host, column.to_owned()), told(&value, 1.0));
            }
        }
        for (host, at, value) in self.all("conntrack_exporter", "started", tag("host")).within() {
            shown.insert((host.clone(), "Started".to_owned()), rfc3339(nanoseconds(value.number())));
            shown.insert((host, "Seen".to_owned()), rfc3339(at));
        }
        shown
    }

    /// Gaps in the numbers of snapshots, shown at the first one behind a gap. They begin anew with each start.
    fn lost(&self) -> Shown {
        let view = View { start: self.view.start - 7200 * SECOND, ..self.view.clone() };
        let ask = Ask { store: self.store, view: &view };
        let column = |tags: &Tags| named("lost", tags, &["host"]);
        let mut before: BTreeMap<String, f64> = BTreeMap::new();
        let mut windows: BTreeMap<(String, i128), f64> = BTreeMap::new();
        for (host, at, sequence) in ask.all("conntrack_exporter", "sequence", column).within() {
            let now = sequence.number();
            let Some(last) = before.insert(host.clone(), now) else { continue };
            let gap = if now > last { now - last - 1.0 } else { now - 1.0 };
            if self.view.holds(at) && gap > 0.0 {
                *windows.entry((host, self.view.window_of(at))).or_default() += gap;
            }
        }
        crate::shapes::told_where_known(&windows)
    }

    /// What snapshots say that they had, without the rows that are there, in 24 steps.
    fn missing(&self) -> Shown {
        let step = self.whole(24).max(self.view.window);
        let view = View { window: step, ..self.view.clone() };
        let ask = Ask { store: self.store, view: &view };
        let mut windows: BTreeMap<(String, i128), f64> = BTreeMap::new();
        let mut add = |at: i128, rows: f64| {
            *windows.entry(("missing rows".to_owned(), at)).or_default() += rows;
        };
        let said = ask.all("conntrack_exporter", "points", text("")).within();
        for (_, at, points) in &said {
            add(view.window_of(*at), points.number());
        }
        for (at, rows) in ask.all("connection_state", "count", text("")).counted() {
            add(at, -exact(rows));
        }
        for rows in windows.values_mut() {
            *rows = rows.max(0.0);
        }
        crate::shapes::told_where_known(&windows)
    }
}

const TROUBLE: [&str; 9] = [
    "listen_drops_per_second",
    "listen_overflows_per_second",
    "timeouts_per_second",
    "pruned_per_second",
    "failed_per_second",
    "resets_in_per_second",
    "resets_out_per_second",
    "syn_retransmitted_per_second",
    "syncookies_per_second",
];
const DAMAGE: [&str; 4] = ["rx_error_percent", "tx_error_percent", "rx_drop_percent", "tx_drop_percent"];
const ERRORS: [&str; 5] = ["send_errors", "ticks_skipped", "lines_unreadable", "reload_errors", "spool_lost"];
const SERVICES: [(&str, &str); 7] = [
    ("connections", "Open"),
    ("half_open", "Half open"),
    ("time_wait", "Closed"),
    ("close_wait", "Close wait"),
    ("rtt_us_median", "Round trip"),
    ("retransmitted_percent", "Sent again"),
    ("rwnd_limited_percent", "Waits for the other"),
];

fn one(value: f64) -> Shown {
    Shown::from([(("_value".to_owned(), String::new()), value.to_string())])
}

/// The sum of what was told last; nothing where nothing was told.
fn added(last: &[(String, i128, Value)]) -> Shown {
    if last.is_empty() { Shown::new() } else { one(last.iter().map(|(_, _, value)| value.number()).sum()) }
}

/// The last value of each label, of values in order of time.
fn by_label(last: Vec<(String, i128, Value)>) -> BTreeMap<String, Value> {
    last.into_iter().map(|(label, _, value)| (label, value)).collect()
}

/// What an average is called.
fn average_of(field: &str) -> String {
    match field.rsplit('_').next() {
        Some("1m") => "1 minute",
        Some("5m") => "5 minutes",
        _ => "15 minutes",
    }
    .to_owned()
}

/// How much a sign of the table of devices stands for, in bits per second.
fn sign(mean: &str) -> char {
    let Ok(mean) = mean.parse::<f64>() else { return ' ' };
    let levels = [(1e4, '▁'), (1e5, '▂'), (1e6, '▃'), (3e6, '▄'), (1e7, '▅'), (3e7, '▆'), (1e8, '▇')];
    levels.into_iter().find(|(level, _)| mean < *level).map_or('█', |(_, sign)| sign)
}

#[expect(clippy::cast_precision_loss, reason = "times of a test")]
fn seconds(nanoseconds: i128) -> f64 {
    nanoseconds as f64 / 1e9
}

#[expect(clippy::cast_possible_truncation, reason = "whole seconds")]
fn nanoseconds(seconds: f64) -> i128 {
    seconds as i128 * SECOND
}
