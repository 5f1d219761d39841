//! What a device is found to do: `device_activity`.

use super::ledger::Sent;
use super::looks::{CLASSES, Class};
use super::resident::Resident;
use super::wiggle::between;
use super::{HOST, Point, STEP, float};

/// What was told last, and whether that still holds.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) class: Class,
    since: i64,
    /// How many judgements in a row said something else.
    doubts: i64,
}

impl Default for Verdict {
    fn default() -> Self {
        Self { class: Class::Unknown, since: 0, doubts: 0 }
    }
}

impl Verdict {
    /// Hears what the device does; `None` if it isn't there. Of another class two judgements have to say it.
    pub(super) fn step(&mut self, class: Option<Class>, at: i64) {
        let stands = self.class == Class::Unknown || self.doubts == 1 || class.is_none();
        match class.unwrap_or(Class::Idle) {
            class if class == self.class => self.doubts = 0,
            class if stands => *self = Self { class, since: at - STEP * self.doubts, doubts: 0 },
            _ => self.doubts += 1,
        }
    }

    /// Knows nothing, as after a start.
    pub(super) fn forget(&mut self, at: i64) {
        *self = Self { class: Class::Unknown, since: at, doubts: 0 };
    }
}

/// The point of a device, if it has one.
pub(super) fn report(of: &Resident, sent: &mut Sent, at: i64, into: &mut Vec<Point>) {
    let is_there = of.now.all() > 0;
    let was_sent = std::mem::replace(&mut sent.activity, is_there);
    if !is_there && !was_sent {
        return;
    }
    let (class, since) = if is_there { (of.verdict.class, of.verdict.since) } else { (Class::Idle, at) };
    let told = (0..).zip(CLASSES).find_map(|(code, (one, name))| (one == class).then_some((code, name)));
    let (code, name): (i64, &'static str) = told.unwrap_or((0, "unknown"));
    let fields = vec![
        ("activity", name.into()),
        ("code", code.into()),
        ("confidence", confidence(of, is_there, at).into()),
        ("since", since.into()),
        ("why", if is_there { why(of, at).into() } else { "no connections".into() }),
    ];
    let tags = vec![("device_name", of.device.name), ("host", HOST)];
    into.push(Point { measurement: "device_activity", tags, fields, at });
}

fn confidence(of: &Resident, is_there: bool, at: i64) -> f64 {
    if !is_there || of.verdict.class == Class::Unknown {
        return 0.0;
    }
    let sure = float(between(60, 100, [of.number, at / 120, 40])) / 100.0;
    if of.verdict.doubts > 0 { sure / 2.0 } else { sure }
}

/// The figures that decided.
fn why(of: &Resident, at: i64) -> String {
    let [rx, tx] = of.now.bytes;
    let (down, up, share) = (rate(rx), rate(tx), of.now.share / 10);
    let (connections, hosts) = (of.now.connections(), of.now.hosts);
    let opened = float(of.now.opened.iter().sum()) / float(STEP);
    let packets = of.now.rx.iter().sum::<i64>() / 700 / STEP;
    let why = match of.verdict.class {
        Class::Unknown => return "nothing is known of what was moved in the last minute".to_owned(),
        Class::Idle => format!("{} in all, {opened:.2} connections opened a second", rate(rx + tx)),
        Class::P2p => {
            format!(
                "{hosts} hosts at {hosts} ports, {down} down, {up} up, 92 % of the connections to unlisted ports"
            )
        }
        Class::Call | Class::Realtime | Class::CloudGaming => {
            format!("{packets} packets of UDP a second each way by one flow, {down} down, {up} up")
        }
        Class::Upload => format!("{up} up, {down} down, {share} % with one host"),
        Class::Browsing => format!("{hosts} hosts, {opened:.1} connections opened a second, {down} down"),
        Class::Audio => {
            format!("{down} down, {share} % from one host, {connections} connections in three minutes")
        }
        Class::Update => {
            format!("{down} down, {share} % from one host, {connections} connections in a network of updates")
        }
        Class::Video => format!("{down} down, {share} % from one host, {connections} connections, in pulses"),
        Class::Download => format!("{down} down, {share} % from one host, {connections} connections, steady"),
        Class::Mixed => {
            format!(
                "{down} down, {share} % from one host, {connections} connections, {up} up, as nothing known"
            )
        }
    };
    format!("{why}, for {}", lasting(at - of.verdict.since))
}

fn rate(bytes: i64) -> String {
    let megabits = float(bytes) * 8.0 / 30e6;
    if megabits >= 0.0995 {
        format!("{megabits:.1} Mbit/s")
    } else {
        format!("{:.0} kbit/s", megabits * 1_000.0)
    }
}

fn lasting(seconds: i64) -> String {
    match (seconds / 3_600, seconds / 60 % 60) {
        (0, 0) => format!("{seconds} s"),
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}
