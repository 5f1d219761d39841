//! A week of a household of 23 devices, made up as the daemon would have sent it: to fill a database for dashboards, and to
//! know what a query over it must give. Nothing is random: the same week comes of the same end, on every machine.
//!
//! What happens when is in [`stories`]; days count from the first, hours are UTC. A week that is longer than seven days tells
//! the stories again, but nobody is new twice. Nothing here looks at how the program judges: what is said of a device comes
//! of its story.

mod alerts;
mod bandwidth;
mod connections;
mod daemon;
mod destinations;
mod devices;
mod house;
mod inventory;
mod ledger;
mod line;
pub(crate) mod looks;
mod resident;
mod router;
mod rules;
mod sockets;
mod stories;
mod trend;
mod verdict;
mod wiggle;

use std::borrow::Cow;

pub(crate) use devices::DEVICES;
pub(crate) use line::line;

/// Seconds between two snapshots, and of a day.
pub(crate) const STEP: i64 = 30;
pub(crate) const DAY: i64 = 86_400;
/// The tag `host` of every point: Telegraf's, or the daemon's own.
const HOST: &str = "GL-MT2500A";
/// How many entries the table holds.
const ENTRIES_AT_MOST: i64 = 4_096;

/// What is measured of somebody at an instant.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Point {
    /// The measurement.
    pub(crate) measurement: &'static str,
    /// In lexical order.
    pub(crate) tags: Vec<(&'static str, &'static str)>,
    /// At least one.
    pub(crate) fields: Vec<(&'static str, Value)>,
    /// In seconds since 1970.
    pub(crate) at: i64,
}

/// A figure.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// A whole number.
    Integer(i64),
    /// A number.
    Float(f64),
    /// A text.
    Text(Cow<'static, str>),
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl From<&'static str> for Value {
    fn from(value: &'static str) -> Self {
        Self::Text(Cow::Borrowed(value))
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(Cow::Owned(value))
    }
}

/// The points of one snapshot after the other: of each multiple of 30 s from `days` before `stop` on, and before `stop`.
/// Where none arrived, because the daemon did not run or the snapshot was lost, there are no points.
///
/// `bandwidth` is there for the last 24 hours: the three instants of a snapshot are among its points.
pub(crate) fn week(stop: i64, days: i64) -> impl Iterator<Item = Vec<Point>> {
    let snapshots = usize::try_from(days * DAY / STEP).unwrap_or(usize::MAX);
    week_and_on(stop, days).take(snapshots).map(|(_, points)| points)
}

/// The same, each snapshot with its instant, and without an end: the household lives on.
pub(crate) fn week_and_on(stop: i64, days: i64) -> impl Iterator<Item = (i64, Vec<Point>)> {
    let begin = stop - days * DAY;
    let first = begin + (-begin).rem_euclid(STEP);
    let mut house = house::House::new(first, stop);
    (first..).step_by(usize::try_from(STEP).unwrap_or(1)).map(move |at| (at, house.snapshot(at)))
}

/// A whole number as a float; what is made up here is never more than a float tells exactly.
fn float(number: i64) -> f64 {
    let high = i32::try_from(number >> 31).map_or(0.0, f64::from);
    let low = u32::try_from(number & 0x7fff_ffff).map_or(0.0, f64::from);
    high * 2_147_483_648.0 + low
}
