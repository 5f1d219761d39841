//! `device_activity`: what each device is doing, and why that is thought.
//!
//! The rules are in [`crate::activity`]; here is what they go by. What was moved, opened and held comes from the last hour
//! ([`Needs::history`]); which flows and hosts there were, from a window of three minutes of this measurement's own.

mod gather;
mod hidden;
mod peaks;
mod row;
mod window;

use std::collections::HashMap;
use std::net::IpAddr;
use std::rc::Rc;
use std::time::Duration;

use foldhash::fast::RandomState;

use super::{Clock, Flows, Measurement, Needs, Observation, Tick};
use crate::activity::{ActivityConfig, Class, Evidence, Judgement, Peaks, Told, Verdict, WHY_AT_MOST, judge};
use crate::attribution::labels::OwnerTags;
use crate::attribution::owners::{OWNERS_AT_MOST, OwnerId};
use crate::census::{Attempt, CompletedPass};
use crate::config::Config;
use crate::history::statistics::{Sums, peak};
use crate::history::{History, Interval};
use crate::local_time::LocalTime;
use crate::series::Series;
use crate::series::point::{Tag, Value};
use crate::series::schema::{Schema, TagSchema, UserTags, count, float, text};
use crate::wording::counted;
use gather::Sources;
use hidden::Hidden;
use peaks::HourlyMaxima;
use window::{MINUTE, Window};

/// What it sends.
pub const SCHEMA: Schema = Schema {
    name: "device_activity",
    every: Clock::Interval,
    tags: &[TagSchema::DEVICE_NAME, TagSchema::DEVICE_TYPE, TagSchema::IP, TagSchema::MAC],
    fields: &[
        text("activity", 12),
        count("code", 2),
        float("confidence"),
        count("since", 11),
        text("why", WHY_AT_MOST),
    ],
    user_tags: UserTags::LeaveOut,
    // One that has gone ends with `idle`: 0 would be `unknown`.
    ends_with_zero: &[],
};

/// Looks that are rarer than this leave some rules out.
const FINE: Duration = Duration::from_secs(10);
/// A device that hasn't been seen for so long is forgotten.
const FORGOTTEN_AFTER: Duration = Duration::from_hours(24);

/// The measurement. One series for each device: `limits.max_devices` bounds them.
#[derive(Debug)]
pub struct DeviceActivity {
    config: ActivityConfig,
    window: Window,
    hidden: Hidden,
    /// What all devices together received at the most.
    line: Option<Received>,
    /// By name: a device stays itself with another address.
    devices: HashMap<Rc<str>, Device, RandomState>,
}

/// What is known of a device from one report to the next.
#[derive(Debug)]
struct Device {
    verdict: Verdict,
    received: Received,
    /// Since when it has been doing what it does, in seconds since 1970.
    since: Option<(Class, u64)>,
    /// When it last had entries, in time since boot.
    seen: Duration,
    /// With which tags its last point went out, unless that was its end.
    shown: Option<Rc<[Tag]>>,
}

/// What was received at the most, in Mbit/s.
#[derive(Clone, Copy, Debug)]
struct Received {
    /// In a minute.
    minute: HourlyMaxima,
    /// From one look to the next.
    look: HourlyMaxima,
}

impl Measurement for DeviceActivity {
    fn schema(&self) -> &'static Schema {
        &SCHEMA
    }

    fn needs(&self) -> Needs {
        Needs { flows: Flows::EveryPass, changes: true, interfaces: true, history: true, ..Needs::default() }
    }

    fn begin(&mut self, attempt: Attempt, _: usize) {
        self.window.begin(attempt);
    }

    fn observe(&mut self, of: &Observation<'_>) {
        self.window.observe(of);
    }

    fn complete(&mut self, pass: &CompletedPass) {
        self.window.complete(pass);
    }

    fn report(&mut self, tick: &Tick<'_>, out: &mut Series<'_>) {
        self.hidden.note(tick);
        self.note_line(tick);
        let Some(history) = tick.history else { return };
        for row in tick.owners.all() {
            let last = history.recent(&row.owners, Duration::ZERO).last();
            if last.is_some_and(|interval| interval.entries > 0) {
                self.report_row(row, history, tick, out);
            }
        }
        self.end_gone(tick, out);
    }

    fn remembers(&self, owner: OwnerId) -> bool {
        self.window.remembers(owner)
    }

    fn reconfigure(&mut self, config: &Config) {
        self.config = config.activity.clone();
    }
}

impl DeviceActivity {
    /// With the thresholds of `config`.
    pub fn new(config: &Config) -> Self {
        Self {
            config: config.activity.clone(),
            window: Window::default(),
            hidden: Hidden::default(),
            line: None,
            devices: HashMap::default(),
        }
    }

    /// How much memory the window holds, in bytes.
    pub fn bytes(&self) -> usize {
        self.window.bytes()
    }

    /// Takes note of what all devices together received.
    fn note_line(&mut self, tick: &Tick<'_>) {
        let Some(history) = tick.history else { return };
        let everybody: Vec<OwnerId> = tick.owners.all().flat_map(|row| &row.owners).copied().collect();
        let boot = tick.sample.boot;
        let line = self.line.get_or_insert_with(|| Received::new(boot));
        line.note(history.recent(&everybody, MINUTE), boot);
    }

    fn report_row(&mut self, row: &OwnerTags, history: &History, tick: &Tick<'_>, out: &mut Series<'_>) {
        let Some(name) = row.name() else { return };
        let boot = tick.sample.boot;
        let sources = Sources {
            window: &self.window,
            history,
            owners: &row.owners,
            is_coarse: tick.exporter.pass_interval > FINE,
        };
        let device = self.devices.entry(Rc::clone(name)).or_insert_with(|| Device::new(boot));
        device.seen = boot;
        device.received.note(sources.minute(), boot);
        let peaks = device.received.peaks(self.line.as_ref(), boot);
        let is_update = |address| tick.networks.find(address).is_some_and(|network| network.is_update);
        let evidence = evidence(&sources, peaks, self.hidden.coverage(&self.config), is_update);
        let told = device.verdict.hear(judge(&evidence, &self.config), boot, self.config.audio_pause());
        let since = device.since(&told, tick.local);
        out.findings().activities.insert(Rc::clone(name), told.class);
        let ended = device.shown.replace(Rc::clone(&row.tags)).filter(|tags| *tags != row.tags);
        out.push(out.tags(&row.tags, &[]), fields(&told, since));
        if let Some(tags) = ended {
            push_end(&tags, tick.local, out);
        }
    }

    /// Ends the series of those who have nothing any more, and forgets who has been away for long.
    fn end_gone(&mut self, tick: &Tick<'_>, out: &mut Series<'_>) {
        let boot = tick.sample.boot;
        for device in self.devices.values_mut().filter(|device| device.seen != boot) {
            if let Some(tags) = device.shown.take() {
                device.verdict.clear();
                device.since = None;
                push_end(&tags, tick.local, out);
            }
        }
        self.devices.retain(|_, device| boot.saturating_sub(device.seen) < FORGOTTEN_AFTER);
        if self.devices.len() > OWNERS_AT_MOST {
            self.devices.retain(|_, device| device.seen == boot);
        }
    }
}

impl Received {
    const fn new(boot: Duration) -> Self {
        Self { minute: HourlyMaxima::new(boot), look: HourlyMaxima::new(boot) }
    }

    /// Takes note of the last minute.
    fn note(&mut self, minute: impl Iterator<Item = Interval> + Clone, boot: Duration) {
        let fastest = peak(minute.clone(), Interval::rx_bits_per_second).unwrap_or_default() / 1e6;
        self.look.note(fastest, boot);
        let down = Sums::of(minute).bytes.per_second(|bytes| gather::mbits(bytes.rx));
        self.minute.note(down.unwrap_or_default(), boot);
    }

    fn peaks(&self, line: Option<&Self>, boot: Duration) -> Peaks {
        Peaks {
            own: self.minute.peak(boot),
            line: line.and_then(|line| line.minute.peak(boot)),
            own_look: self.look.so_far(),
            line_look: line.and_then(|line| line.look.so_far()),
        }
    }
}

impl Device {
    fn new(boot: Duration) -> Self {
        let received = Received::new(boot);
        Self { verdict: Verdict::default(), received, since: None, seen: boot, shown: None }
    }

    /// Since when that is so which is told, in seconds since 1970. It stays what it was first found to be: reports are not
    /// quite punctual. While the clock isn't set nobody knows.
    fn since(&mut self, told: &Told, local: Option<LocalTime>) -> Option<u64> {
        let before = local?.unix.saturating_sub(told.lasting.as_secs());
        let (class, since) =
            self.since.filter(|(class, _)| *class == told.class).unwrap_or((told.class, before));
        self.since = Some((class, since));
        Some(since)
    }
}

/// What is known of a device, and how well.
fn evidence(
    sources: &Sources<'_>,
    peaks: Peaks,
    coverage: Option<f64>,
    is_update: impl Fn(IpAddr) -> bool,
) -> Evidence {
    let still: u32 = sources.owners.iter().map(|owner| sources.window.still_for(*owner, MINUTE)).sum();
    if still > 0 {
        let flows = counted(still, "offloaded connection has", "offloaded connections have");
        return Evidence::Nothing(format!("{flows} stood still for a minute: what they carry isn't counted"));
    }
    let last = sources.minute().last();
    let connections = last.map_or(0, |interval| interval.connections);
    if sources.window.is_known() && last.is_some_and(|interval| interval.bytes.is_none()) {
        return Evidence::Connections(connections);
    }
    if let Some(share) = coverage.filter(|_| connections > 0) {
        let share = share * 100.0;
        return Evidence::Nothing(format!("connections account for {share:.0} % of what passes the WAN"));
    }
    match sources.facts(is_update) {
        Some(facts) => Evidence::Traffic(Box::new(crate::activity::Facts { peaks, ..facts })),
        None => Evidence::Nothing("nothing is known of what was moved in the last minute".to_owned()),
    }
}

fn fields(told: &Told, since: Option<u64>) -> Vec<(&'static str, Value)> {
    let fields = [
        ("activity", Some(Value::Text(told.class.name().into()))),
        ("code", Some(Value::count(told.class.code()))),
        ("confidence", Some(Value::Float(told.confidence))),
        ("since", since.map(Value::count)),
        ("why", Some(Value::Text(told.why.as_str().into()))),
    ];
    fields.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// The last point of a series.
fn push_end(tags: &[Tag], local: Option<LocalTime>, out: &mut Series<'_>) {
    let Judgement { class, confidence, why } = Judgement::new(Class::Idle, 0.0, "no connections");
    let told = Told { class, confidence, lasting: Duration::ZERO, why };
    out.push(out.tags(tags, &[]), fields(&told, local.map(|local| local.unix)));
}

#[cfg(test)]
mod tests;
