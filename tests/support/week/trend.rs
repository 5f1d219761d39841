//! How many connections a device has had: `connection_trend`.

use std::collections::VecDeque;

use super::ledger::Sent;
use super::resident::{Figures, Resident};
use super::{DAY, ENTRIES_AT_MOST, HOST, Point, Value, float};

const HOUR: i64 = 3_600;
const QUARTER: i64 = 900;
/// Snapshots of an hour, and quarters of the six hours by which growth is judged.
const OF_HOUR: usize = 120;
const QUARTERS: usize = 24;

/// What is remembered of the connections of a device.
#[derive(Debug, Default)]
pub(super) struct Trend {
    /// Those of the last hour, the latest first.
    latest: VecDeque<i64>,
    /// The highest of each of the last 24 hours, the present one first.
    hours: VecDeque<i64>,
    /// The least of each quarter of an hour that is over, the oldest first.
    quarters: VecDeque<f64>,
    /// The least and the most of this one.
    least: i64,
    most: i64,
    /// By how many they grow in an hour.
    pub(super) growth: Option<f64>,
    /// What is normal, by hours of this day; 0 where that isn't known.
    pub(super) normal: [i64; 24],
}

impl Trend {
    /// As after a start: what is normal is kept in a file.
    pub(super) fn forget(&mut self) {
        *self = Self { normal: self.normal, ..Self::default() };
    }

    /// Hears of an instant.
    pub(super) fn step(&mut self, now: &Figures, at: i64) {
        let connections = now.connections();
        self.latest.push_front(connections);
        self.latest.truncate(OF_HOUR);
        if at % HOUR == 0 || self.hours.is_empty() {
            self.hours.push_front(0);
            self.hours.truncate(24);
        }
        self.hours.iter_mut().take(1).for_each(|most| *most = connections.max(*most));
        if at % QUARTER == 0 {
            self.turn_quarter();
            (self.least, self.most) = (connections, connections);
        } else {
            (self.least, self.most) = (connections.min(self.least), connections.max(self.most));
        }
    }

    fn turn_quarter(&mut self) {
        if self.most == 0 {
            self.quarters.clear();
        } else {
            self.quarters.push_back(float(self.least));
        }
        if self.quarters.len() > QUARTERS {
            self.quarters.pop_front();
        }
        self.growth = (self.quarters.len() >= QUARTERS / 2).then(|| self.slope());
    }

    /// The median of the slopes between any two quarters, in an hour (Theil and Sen).
    fn slope(&self) -> f64 {
        let mut slopes = Vec::with_capacity(QUARTERS * QUARTERS / 2);
        for (earlier, one) in (0_i32..).zip(&self.quarters) {
            for (later, other) in (0_i32..).zip(&self.quarters).filter(|(later, _)| *later > earlier) {
                slopes.push((other - one) * 4.0 / f64::from(later - earlier));
            }
        }
        let middle = slopes.len() / 2;
        slopes.sort_unstable_by(f64::total_cmp);
        slopes.get(middle).copied().unwrap_or_default()
    }

    /// The rise in six hours; `None` before these are over.
    pub(super) fn rise(&self) -> Option<f64> {
        self.growth.filter(|_| self.quarters.len() == QUARTERS).map(|growth| growth * 6.0)
    }

    /// What is normal at this hour.
    pub(super) fn normal_peak(&self, at: i64) -> Option<i64> {
        let hour = usize::try_from(at.rem_euclid(DAY) / HOUR).ok()?;
        self.normal.get(hour).copied().filter(|most| *most > 0)
    }

    /// The mean of so many snapshots.
    fn average(&self, snapshots: usize) -> f64 {
        let latest = self.latest.iter().take(snapshots);
        float(latest.clone().sum()) / float(latest.count().try_into().unwrap_or(1)).max(1.0)
    }
}

/// The point of a device, if it has one.
pub(super) fn report(of: &Resident, sent: &mut Sent, at: i64, into: &mut Vec<Point>) {
    let (trend, entries) = (&of.trend, of.now.all());
    let was_sent = std::mem::replace(&mut sent.trend, entries > 0);
    if entries == 0 && !was_sent {
        return;
    }
    let average = |snapshots| Value::Float(if entries > 0 { trend.average(snapshots) } else { 0.0 });
    let mut fields = vec![
        ("entries", entries.into()),
        ("share", (float(entries) / float(ENTRIES_AT_MOST)).into()),
        ("average_1m", average(2)),
        ("average_5m", average(10)),
        ("average_15m", average(30)),
    ];
    if entries > 0 {
        let most = |of: &VecDeque<i64>| of.iter().max().map_or(0.0, |most| float(*most));
        fields.push(("peak_1h", most(&trend.latest).into()));
        fields.push(("peak_24h", most(&trend.hours).into()));
        fields.extend(trend.growth.map(|growth| ("growth_per_hour", growth.into())));
        fields.extend(trend.normal_peak(at).map(|most| ("normal_peak", float(most).into())));
    }
    fields.push(("idle_entries", of.now.idle.into()));
    let tags = vec![("device_name", of.device.name), ("host", HOST)];
    into.push(Point { measurement: "connection_trend", tags, fields, at });
}
