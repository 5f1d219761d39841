//! `connection_trend`: how many connections each device has, against what it had and what is normal for it.

use std::ops::AddAssign;
use std::time::Duration;

use super::findings::Findings;
use super::{Clock, Flows, Measurement, Needs, Observation, Tick};
use crate::attribution::labels::OwnerTags;
use crate::attribution::owners::OwnerId;
use crate::census::per_owner::{PerOwner, sum};
use crate::census::{Attempt, CompletedPass};
use crate::conntrack::flow::{Flow, Protocol, State as FlowState};
use crate::history::statistics::{mean, peak};
use crate::history::trend::{DeviceTrend, Found, Now, TrendMemory};
use crate::history::{History, Interval};
use crate::series::Series;
use crate::series::point::{Field, Value};
use crate::series::schema::{Schema, TagSchema, UserTags, float, integer};
use crate::state::State;

/// What it sends.
pub const SCHEMA: Schema = Schema {
    name: "connection_trend",
    every: Clock::Interval,
    tags: &[TagSchema::DEVICE_NAME, TagSchema::DEVICE_TYPE, TagSchema::IP, TagSchema::MAC],
    fields: &[
        integer("entries"),
        float("share"),
        float("average_1m"),
        float("average_5m"),
        float("average_15m"),
        float("peak_1h"),
        float("peak_24h"),
        float("growth_per_hour"),
        float("normal_peak"),
        integer("idle_entries"),
    ],
    user_tags: UserTags::LeaveOut,
    // Peaks, growth and what is normal are of the past, and stay true.
    ends_with_zero: &["entries", "share", "average_1m", "average_5m", "average_15m", "idle_entries"],
};

/// Rules that say that a device does what isn't normal for it: nothing is learned while one of them fires.
const UNUSUAL: [&str; 3] = ["above_normal", "spike", "scan"];
/// For how long a connection has been silent that is idle, in seconds.
pub const IDLE_AFTER: u32 = 600;
const HOUR: Duration = Duration::from_hours(1);
/// The averages, and of how much time they are.
const AVERAGES: [(&str, Duration); 3] = [
    ("average_1m", Duration::from_mins(1)),
    ("average_5m", Duration::from_mins(5)),
    ("average_15m", Duration::from_mins(15)),
];

/// The measurement. One series for each device: `limits.max_devices` bounds them.
#[derive(Debug, Default)]
pub struct ConnectionTrend {
    /// What there is now.
    present: PerOwner<Present>,
    memory: TrendMemory,
    /// How many seconds the kernel keeps silent TCP connections.
    established_timeout: Option<u32>,
}

/// What one owner has now.
#[derive(Clone, Copy, Debug, Default)]
struct Present {
    /// Entries of the table.
    entries: u32,
    /// Those that are ESTABLISHED or ACTIVE.
    connections: u32,
    /// Those of the connections that have been silent for long.
    idle: u32,
}

impl AddAssign for Present {
    fn add_assign(&mut self, other: Self) {
        self.entries = self.entries.saturating_add(other.entries);
        self.connections = self.connections.saturating_add(other.connections);
        self.idle = self.idle.saturating_add(other.idle);
    }
}

impl Measurement for ConnectionTrend {
    fn schema(&self) -> &'static Schema {
        &SCHEMA
    }

    fn needs(&self) -> Needs {
        Needs { flows: Flows::WhenDue, history: true, established_timeout: true, ..Needs::default() }
    }

    fn note_established_timeout(&mut self, seconds: Option<u32>) {
        self.established_timeout = seconds;
    }

    fn begin(&mut self, attempt: Attempt, owners: usize) {
        self.present.begin(attempt, owners);
    }

    fn observe(&mut self, of: &Observation<'_>) {
        let is_idle = self.idle_below().is_some_and(|below| has_at_most(of.flow, below));
        self.present.update(of.attribution.owner, |present| {
            present.entries += 1;
            present.connections += u32::from(of.flow.state.is_connection());
            present.idle += u32::from(is_idle);
        });
    }

    fn complete(&mut self, pass: &CompletedPass) {
        self.present.replace(pass.kept);
    }

    fn report(&mut self, tick: &Tick<'_>, out: &mut Series<'_>) {
        for row in tick.owners.all() {
            let present: Present = sum(self.present.rows(&row.owners));
            if present.entries > 0 {
                let fields = self.of_device(row, present, tick, out.findings());
                out.push(out.tags(&row.tags, &[]), fields);
            }
        }
        for (name, trend) in self.memory.others(now(tick)) {
            // Somebody else may have the name by now.
            out.findings().trends.entry(name).or_insert(trend);
        }
    }

    fn remembers(&self, _: OwnerId) -> bool {
        false
    }

    fn restore(&mut self, state: &mut State) {
        self.memory.restore(&std::mem::take(&mut state.habits));
    }

    fn keep(&self, state: &mut State) {
        state.habits = self.memory.keep();
    }
}

impl ConnectionTrend {
    /// How many seconds at most are left of a connection that is idle; `None` where that can't be told.
    fn idle_below(&self) -> Option<u32> {
        self.established_timeout?.checked_sub(IDLE_AFTER).filter(|below| *below > 0)
    }

    /// The fields of a device that has entries; tells its trend to others.
    fn of_device(
        &mut self,
        row: &OwnerTags,
        present: Present,
        tick: &Tick<'_>,
        findings: &mut Findings,
    ) -> Vec<Field> {
        let idle = self.idle_below().map(|_| Value::count(present.idle));
        let mut fields =
            vec![("entries", Some(Value::count(present.entries))), ("share", share(present, tick))];
        if let Some(history) = tick.history {
            fields.extend(of_history(row, history));
        }
        if let Some((name, device)) = row.name().zip(self.remember(row, present, tick)) {
            let trend = device.trend(tick.local);
            fields.extend([
                ("peak_24h", Some(Value::Float(device.peak_24h().into()))),
                ("growth_per_hour", device.growth_per_hour().map(Value::Float)),
                ("normal_peak", trend.normal_peak.map(Value::Float)),
            ]);
            findings.trends.insert(name.clone(), trend);
        }
        fields.push(("idle_entries", idle));
        fields.into_iter().filter_map(|(name, value)| Some((name.into(), value?))).collect()
    }

    /// Remembers what a device has had since the last report.
    fn remember(&mut self, row: &OwnerTags, present: Present, tick: &Tick<'_>) -> Option<&DeviceTrend> {
        let name = row.name()?;
        let since = tick.since_last().unwrap_or(HOUR);
        let passes = tick.history.map(|history| history.recent(&row.owners, since));
        let had = passes.into_iter().flatten().map(|interval| interval.connections);
        let had = had.chain([present.connections]);
        let found = Found {
            connections: present.connections,
            least: had.clone().min().unwrap_or_default(),
            most: had.max().unwrap_or_default(),
            idle: self.idle_below().map(|_| present.idle),
            is_usual: is_usual(name, tick.before),
        };
        let mac = row.label.as_ref().and_then(|label| label.mac).map(|mac| mac.to_string());
        self.memory.note(mac.as_deref().unwrap_or(name), name, now(tick), &found)
    }
}

/// What the last hour tells of a device; nothing if there was no room for it.
fn of_history(row: &OwnerTags, history: &History) -> Vec<(&'static str, Option<Value>)> {
    let connections = |interval: &Interval| Some(f64::from(interval.connections));
    let averages = AVERAGES.map(|(name, window)| {
        let passes = history.recent(&row.owners, window);
        // The first pass of all covers no time: it counts only where there is no other.
        let covering = passes.clone().filter(|pass| !pass.covered.is_zero());
        (name, mean(covering, connections).or_else(|| mean(passes, connections)))
    });
    let peak = ("peak_1h", peak(history.recent(&row.owners, HOUR), connections));
    averages.into_iter().chain([peak]).map(|(name, value)| (name, value.map(Value::Float))).collect()
}

/// How much of the table the device takes.
fn share(present: Present, tick: &Tick<'_>) -> Option<Value> {
    let max = tick.sample.table.max.filter(|max| *max > 0)?;
    #[expect(clippy::cast_precision_loss, reason = "no table has 2^53 entries")]
    Some(Value::Float(f64::from(present.entries) / max as f64))
}

/// Whether nothing says that the device does what isn't normal for it.
fn is_usual(name: &str, before: &Findings) -> bool {
    let firing = before.firing.get(name).into_iter().flatten();
    firing.copied().all(|rule| !UNUSUAL.contains(&rule))
}

/// Whether a flow is an established TCP connection with at most so many seconds left. The kernel tells none of those that it
/// has offloaded, and doesn't see their packets.
fn has_at_most(flow: &Flow, seconds: u32) -> bool {
    let is_established = flow.protocol == Protocol::TCP && flow.state == FlowState::Established;
    is_established && !flow.flags.offloaded() && flow.timeout.is_some_and(|left| left <= seconds)
}

const fn now(tick: &Tick<'_>) -> Now {
    Now { boot: tick.sample.boot, local: tick.local }
}

#[cfg(test)]
mod tests;
