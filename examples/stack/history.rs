//! A week before now, in which a household did everything that dashboards are made for, and which goes on:
//! `HISTORY=7d make stack`.

use std::time::SystemTime;

use crate::receivers::Receivers;
use crate::week::{Point, Value, line, week_and_on};

const DAY: i64 = 86_400;

/// At which time of the household's day it ends: a film is on.
const EVENING: i64 = 21 * 3600 + 30 * 60;

/// Fields that are times, in seconds since 1970.
const TIMES: [&str; 4] = ["first_seen", "last_seen", "since", "started"];

/// Lines in one request, in bytes.
const REQUEST: usize = 4_000_000;

/// How many days `HISTORY` asks for: `7d`; none if it isn't set.
pub(crate) fn asked() -> Result<Option<i64>, String> {
    let Ok(text) = std::env::var("HISTORY") else { return Ok(None) };
    let days =
        text.strip_suffix('d').and_then(|days| days.parse().ok()).filter(|days| (1..=31).contains(days));
    days.map(Some).ok_or_else(|| format!("HISTORY=\"{text}\" is no number of days from 1d to 31d"))
}

/// A household that lived through some days, and lives on.
pub(crate) struct History {
    /// Snapshots, each with its instant in the household's own time.
    snapshots: Box<dyn Iterator<Item = (i64, Vec<Point>)>>,
    /// The one that comes next.
    next: Option<(i64, Vec<Point>)>,
    /// How much later than the household's time it is.
    ahead: i64,
}

impl History {
    /// Of so many days, the last of which is in its evening now.
    pub(crate) fn new(days: i64) -> Self {
        let now = now() / 30 * 30;
        let evening = now - now.rem_euclid(DAY) + EVENING;
        let snapshots = Box::new(week_and_on(evening, days));
        Self { snapshots, next: None, ahead: now - evening }
    }

    /// Writes all that has happened by now.
    pub(crate) fn write(&mut self, receivers: &Receivers) {
        let now = now() - self.ahead;
        let mut lines = String::new();
        while let Some((at, snapshot)) = self.next.take().or_else(|| self.snapshots.next()) {
            if at > now {
                self.next = Some((at, snapshot));
                break;
            }
            for mut point in snapshot {
                shift(&mut point, self.ahead);
                line(&point, &mut lines);
            }
            if lines.len() > REQUEST {
                receivers.write(&lines);
                lines.clear();
            }
        }
        if !lines.is_empty() {
            receivers.write(&lines);
        }
    }
}

fn now() -> i64 {
    let since = SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_secs());
    i64::try_from(since).unwrap_or(i64::MAX)
}

/// Moves a point, and all times that it tells of.
fn shift(point: &mut Point, seconds: i64) {
    point.at += seconds;
    for (_, value) in point.fields.iter_mut().filter(|(name, _)| TIMES.contains(name)) {
        if let Value::Integer(time) = value {
            *time += seconds;
        }
    }
}
