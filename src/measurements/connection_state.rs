//! `connection_state`: how many connections each device has, by protocol and state.
//!
//! One point per device, protocol and state, with exactly one field: users' panels sum over the measurement without
//! naming a field. A series that was sent and is gone is sent once more as 0, so that no graph hangs at its last value.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::rc::Rc;

use crate::conntrack::flow::{Flow, Protocol, State};
use crate::devices::Label;
use crate::devices::present::Owner;
use crate::point::{GlobalTags, Point, Tags, Value};

/// TCP's ten states, and two for every other protocol.
const TCP_CELLS: usize = 10;
const CELLS: usize = TCP_CELLS + 2 * (Protocol::NAMES.len() - 1);

/// What one owner has, by protocol and state.
type Row = [u64; CELLS];

/// A whole tag set.
type Series = Rc<Tags>;

/// The measurement, over the life of the process.
#[derive(Debug, Default)]
pub struct ConnectionState {
    /// By [`Owner::index`].
    rows: Vec<Row>,
    /// What the last snapshot held, in order: these keep their place when there is no room for all.
    last: Vec<Series>,
    /// What the receiver holds above zero, as far as is known, in order.
    held: Vec<Series>,
    /// The zeros of the last snapshot that were handed over.
    zeros: Vec<Series>,
}

/// How points are to be made.
#[derive(Debug)]
pub struct Manner<'a> {
    /// What the router is called.
    pub router: &'a Rc<str>,
    /// The optional tags.
    pub tags: OptionalTags,
    /// The user's own tags.
    pub global: &'a GlobalTags,
    /// How many series there may be, those of the router and of `other` not counted.
    pub max_series: usize,
}

/// Which optional tags devices carry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OptionalTags {
    /// What sort of thing it is.
    pub device_type: bool,
    /// The leading address.
    pub ip: bool,
    /// The lowest MAC.
    pub mac: bool,
}

/// The points of one snapshot, and what became of its entries.
#[derive(Debug)]
pub struct Counted {
    /// The points in order of their tags.
    pub points: Vec<Point>,
    /// Entries whose owner nobody knows.
    pub unattributed: u64,
    /// Entries for whose owner or series there was no room.
    pub overflow: u64,
    /// Devices that have a point of their own.
    pub devices: usize,
}

impl ConnectionState {
    /// Counts one flow.
    pub fn see(&mut self, owner: Owner, flow: &Flow) {
        if self.rows.len() <= owner.index() {
            self.rows.resize(owner.index() + 1, [0; CELLS]);
        }
        let cell = cell(flow.protocol, flow.state);
        if let Some(count) = self.rows.get_mut(owner.index()).and_then(|row| row.get_mut(cell)) {
            *count += 1;
        }
    }

    /// Whether anything was counted of `owner` since the last snapshot.
    pub fn has_entries(&self, owner: Owner) -> bool {
        self.rows.get(owner.index()).is_some_and(|row| row.iter().any(|count| *count > 0))
    }

    /// Makes the points of what was counted since the last call, and begins anew. `labels` has one place for every
    /// device present; `None` where there is no room for it.
    pub fn points<'a>(
        &mut self,
        labels: impl Iterator<Item = Option<&'a Label>>,
        manner: &Manner<'_>,
    ) -> Counted {
        let rows = std::mem::take(&mut self.rows);
        let row = |owner: Owner| rows.get(owner.index()).copied().unwrap_or([0; CELLS]);
        let unattributed: u64 = row(Owner::UNATTRIBUTED).iter().sum();
        let mut other = row(Owner::UNATTRIBUTED);
        add(&mut other, &row(Owner::OVERFLOW));

        let mut series = BTreeMap::new();
        for (place, label) in labels.enumerate() {
            let row = row(Owner::of_device(place));
            match label {
                Some(label) => count_row(&mut series, &row, &device_tags(label, manner.tags), manner.global),
                None => add(&mut other, &row),
            }
        }
        self.keep_within(manner.max_series, &mut series, &mut other);
        let overflow = other.iter().sum::<u64>() - unattributed;
        let devices = count_devices(&series);
        count_row(
            &mut series,
            &row(Owner::ROUTER),
            &[("device_name", Rc::clone(manner.router))],
            manner.global,
        );
        count_row(&mut series, &other, &[("device_name", "other".into())], manner.global);

        self.last = series.keys().map(|(tags, _)| Rc::clone(tags)).collect();
        self.rows = rows;
        self.rows.clear();
        let points = self.with_zeros(series.into_iter().map(|((tags, _), count)| (tags, count)));
        Counted { points, unattributed, overflow, devices }
    }

    /// Forgets what was counted since the last snapshot: the table could not be read to its end.
    pub fn discard(&mut self) {
        self.rows.clear();
    }

    /// Takes note of what was handed over: `delivered` says it of each of `points` by its place. With `doubt`, what
    /// was handed over with the snapshot before may not have arrived after all, and its zeros are due again.
    pub fn confirm(&mut self, points: &[Point], delivered: impl Fn(usize) -> bool, doubt: bool) {
        let mut held = Vec::with_capacity(points.len());
        let last_zeros = std::mem::take(&mut self.zeros);
        if doubt {
            held.extend(last_zeros);
        }
        for (place, point) in points.iter().enumerate() {
            let is_zero = point.fields == ZERO;
            let was_held = self.held.binary_search(&point.tags).is_ok();
            match (is_zero, delivered(place)) {
                (true, true) => self.zeros.push(Rc::clone(&point.tags)),
                (true, false) | (false, true) => held.push(Rc::clone(&point.tags)),
                (false, false) if was_held => held.push(Rc::clone(&point.tags)),
                (false, false) => {}
            }
        }
        held.sort();
        held.dedup();
        self.held = held;
    }

    /// The counted series with zeros for those that the receiver holds and this snapshot lacks; both in order.
    fn with_zeros(&self, counted: impl Iterator<Item = (Series, u64)>) -> Vec<Point> {
        let mut gone = self.held.iter().peekable();
        let mut points = Vec::new();
        for (tags, count) in counted {
            while let Some(series) = gone.next_if(|series| **series < tags) {
                points.push(point(Rc::clone(series), 0));
            }
            gone.next_if(|series| **series == tags);
            points.push(point(tags, count));
        }
        points.extend(gone.map(|series| point(Rc::clone(series), 0)));
        points
    }

    /// Moves to `other` what there is no room for: what the last snapshot held stays, new series enter in order.
    fn keep_within(&self, max: usize, series: &mut Counts, other: &mut Row) {
        if series.len() <= max {
            return;
        }
        let (stay, new): (Vec<_>, Vec<_>) =
            series.keys().cloned().partition(|(tags, _)| self.last.binary_search(tags).is_ok());
        let room = max.saturating_sub(stay.len());
        for surplus in new.iter().skip(room) {
            if let (Some(count), Some(sum)) = (series.remove(surplus), other.get_mut(surplus.1)) {
                *sum += count;
            }
        }
    }
}

/// Counts by series and cell.
type Counts = BTreeMap<(Series, usize), u64>;

const ZERO: [(&str, Value); 1] = [("count", Value::Integer(0))];

fn point(tags: Series, count: u64) -> Point {
    Point { measurement: "connection_state", tags, fields: vec![("count", Value::count(count))] }
}

fn device_tags(label: &Label, wanted: OptionalTags) -> Vec<(&'static str, Rc<str>)> {
    let mut tags = vec![("device_name", label.name.shared())];
    let device_type = label.device_type.filter(|_| wanted.device_type);
    tags.extend(device_type.map(|device_type| ("device_type", device_type.name().into())));
    let shown = |ip: IpAddr| Rc::from(ip.to_string());
    tags.extend(label.ip.filter(|_| wanted.ip).map(|ip| ("ip", shown(ip))));
    tags.extend(label.mac.filter(|_| wanted.mac).map(|mac| ("mac", Rc::from(mac.to_string()))));
    tags
}

fn count_row(series: &mut Counts, row: &Row, owner: &[(&'static str, Rc<str>)], global: &GlobalTags) {
    for (cell, count) in row.iter().enumerate().filter(|(_, count)| **count > 0) {
        let (protocol, state) = meaning(cell);
        let mut tags = owner.to_vec();
        tags.extend([("protocol", protocol.into()), ("state", state.name().into())]);
        *series.entry((Rc::new(Tags::new(tags, global)), cell)).or_default() += count;
    }
}

fn count_devices(series: &Counts) -> usize {
    let name =
        |tags: &Series| tags.iter().find(|(key, _)| *key == "device_name").map(|(_, name)| name.to_owned());
    let mut names: Vec<_> = series.keys().map(|(tags, _)| name(tags)).collect();
    names.dedup();
    names.len()
}

fn add(sum: &mut Row, row: &Row) {
    for (sum, count) in sum.iter_mut().zip(row) {
        *sum += count;
    }
}

fn cell(protocol: Protocol, state: State) -> usize {
    match protocol.class() {
        0 => state.index(),
        class => TCP_CELLS + 2 * (class - 1) + usize::from(state == State::Unreplied),
    }
}

/// The protocol and state that [`cell`] put there.
fn meaning(cell: usize) -> (&'static str, State) {
    let state = |index: usize| State::ALL.get(index).copied().unwrap_or(State::None);
    match cell.checked_sub(TCP_CELLS) {
        None => ("tcp", state(cell)),
        Some(rest) => {
            let name = Protocol::NAMES.get(rest / 2 + 1).copied().unwrap_or("other");
            (name, if rest % 2 == 0 { State::Active } else { State::Unreplied })
        }
    }
}

#[cfg(test)]
mod tests;
