//! `connection_state`: how many connections each device has, by protocol and state.
//!
//! One point per device, protocol and state, with exactly one field: users' panels sum over the measurement without
//! naming a field. A series that was sent and is gone is sent once more as 0, so that no graph hangs at its last value.

mod catalogue;

use std::net::IpAddr;
use std::rc::Rc;

use crate::attribution::owners::OwnerId;
use crate::conntrack::flow::{Flow, Protocol, State};
use crate::devices::Label;
use crate::series::point::{GlobalTags, Point, Tags, Value};
use catalogue::{Catalogue, Known};

/// TCP's ten states, and two for every other protocol.
const TCP_CELLS: usize = 10;
const CELLS: usize = TCP_CELLS + 2 * (Protocol::NAMES.len() - 1);

/// What one owner has, by protocol and state.
type Row = [u64; CELLS];
const NOTHING: Row = [0; CELLS];

/// How many series are kept in the catalogue for each that may be shown, before it is begun anew.
const KNOWN_FOR_EACH_SHOWN: usize = 4;

/// A whole tag set.
type Series = Rc<Tags>;

/// The measurement, over the life of the process.
#[derive(Debug, Default)]
pub struct ConnectionState {
    /// By [`OwnerId::index`].
    rows: Vec<Row>,
    /// The series of all whom these may be.
    catalogue: Catalogue,
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
    pub fn see(&mut self, owner: OwnerId, flow: &Flow) {
        if self.rows.len() <= owner.index() {
            self.rows.resize(owner.index() + 1, [0; CELLS]);
        }
        let cell = cell(flow.protocol, flow.state);
        if let Some(count) = self.rows.get_mut(owner.index()).and_then(|row| row.get_mut(cell)) {
            *count += 1;
        }
    }

    /// Whether anything was counted of `owner` since the last snapshot.
    pub fn has_entries(&self, owner: OwnerId) -> bool {
        self.rows.get(owner.index()).is_some_and(|row| row.iter().any(|count| *count > 0))
    }

    /// Makes the points of what was counted since the last call, and begins anew. `labels` has one place for every
    /// device present; `None` where there is no room for it.
    pub fn points<'a>(
        &mut self,
        labels: impl Iterator<Item = Option<&'a Label>>,
        manner: &Manner<'_>,
    ) -> Counted {
        let labels: Vec<_> = labels.collect();
        let rows = std::mem::take(&mut self.rows);
        self.catalogue.complete(&rows, &labels, manner);
        let counted = Rows { rows: &rows, labels: &labels };
        let unattributed: u64 = counted.row(OwnerId::UNATTRIBUTED).iter().sum();
        let mut other = counted.without_label();

        let mut series: Vec<_> = self.counts(|known| counted.of_devices(known)).collect();
        self.keep_within(manner.max_series, &mut series, &mut other);
        let overflow = other.iter().sum::<u64>() - unattributed;
        let devices = self.count_devices(&series);
        let count_of_others = |known: &Known| match known.owners.first() {
            Some(&OwnerId::ROUTER) => cell_of(counted.row(OwnerId::ROUTER), known.cell),
            Some(&OwnerId::UNATTRIBUTED) => cell_of(&other, known.cell),
            _ => 0,
        };
        series.extend(self.counts(count_of_others));
        series.sort_unstable_by_key(|(place, _)| *place);

        let counts: Vec<_> =
            series.iter().filter_map(|(place, count)| Some((self.tags(*place)?, *count))).collect();
        let points = self.with_zeros(&counts);
        self.last = counts.into_iter().map(|(tags, _)| Rc::clone(tags)).collect();
        self.rows = rows;
        self.rows.clear();
        if self.catalogue.known().len() > KNOWN_FOR_EACH_SHOWN * manner.max_series {
            self.catalogue.clear();
        }
        Counted { points, unattributed, overflow, devices }
    }

    /// Takes note that owners, or what they are called, have changed.
    pub fn relabel(&mut self) {
        self.catalogue.clear();
    }

    /// The series, by their places in the catalogue, of which `count` gives more than nothing.
    fn counts(&self, count: impl Fn(&Known) -> u64) -> impl Iterator<Item = (usize, u64)> {
        let counted =
            self.catalogue.known().iter().enumerate().map(move |(place, known)| (place, count(known)));
        counted.filter(|(_, count)| *count > 0)
    }

    fn tags(&self, place: usize) -> Option<&Series> {
        self.catalogue.known().get(place).map(|known| &known.tags)
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
        for (place, point) in points.iter().enumerate() {
            let is_zero = point.fields == ZERO;
            let was_held = || self.held.binary_search(&point.tags).is_ok();
            match (is_zero, delivered(place)) {
                (true, true) => self.zeros.push(Rc::clone(&point.tags)),
                (true, false) | (false, true) => held.push(Rc::clone(&point.tags)),
                (false, false) if was_held() => held.push(Rc::clone(&point.tags)),
                (false, false) => {}
            }
        }
        // Points come in order; these may lie anywhere among them.
        if doubt {
            held.extend(last_zeros);
            held.sort();
            held.dedup();
        }
        self.held = held;
    }

    /// The counted series with zeros for those that the receiver holds and this snapshot lacks; both in order.
    fn with_zeros(&self, counted: &[(&Series, u64)]) -> Vec<Point> {
        let mut gone = self.held.iter().peekable();
        let mut points = Vec::with_capacity(counted.len());
        for (tags, count) in counted {
            // A series that goes on is mostly the very same one.
            if gone.next_if(|series| Rc::ptr_eq(series, tags)).is_none() {
                while let Some(series) = gone.next_if(|series| series < tags) {
                    points.push(point(Rc::clone(series), 0));
                }
                gone.next_if(|series| series == tags);
            }
            points.push(point(Rc::clone(tags), *count));
        }
        points.extend(gone.map(|series| point(Rc::clone(series), 0)));
        points
    }

    /// Moves to `other` what there is no room for: what the last snapshot held stays, new series enter in order.
    fn keep_within(&self, max: usize, series: &mut Vec<(usize, u64)>, other: &mut Row) {
        if series.len() <= max {
            return;
        }
        let held = |place: usize| self.tags(place).is_some_and(|tags| self.last.binary_search(tags).is_ok());
        let (mut stay, new): (Vec<_>, Vec<_>) = series.iter().partition(|(place, _)| held(*place));
        let room = max.saturating_sub(stay.len()).min(new.len());
        let (enter, surplus) = new.split_at(room);
        for (place, count) in surplus {
            let cell = self.catalogue.known().get(*place).map(|known| known.cell);
            if let Some(sum) = cell.and_then(|cell| other.get_mut(cell)) {
                *sum += count;
            }
        }
        stay.extend(enter);
        stay.sort_unstable();
        *series = stay;
    }

    fn count_devices(&self, series: &[(usize, u64)]) -> usize {
        let name = |place: usize| {
            self.tags(place)?.iter().find_map(|(key, name)| (key == "device_name").then_some(name))
        };
        // Series of one name lie side by side.
        let mut names: Vec<_> = series.iter().map(|(place, _)| name(*place)).collect();
        names.dedup();
        names.len()
    }
}

/// What was counted of whom, and who has a label.
struct Rows<'a> {
    rows: &'a [Row],
    labels: &'a [Option<&'a Label>],
}

impl Rows<'_> {
    fn row(&self, owner: OwnerId) -> &Row {
        self.rows.get(owner.index()).unwrap_or(&NOTHING)
    }

    /// What devices with a label have of a series.
    fn of_devices(&self, known: &Known) -> u64 {
        let shown = |owner: &&OwnerId| {
            owner.device().is_some_and(|place| matches!(self.labels.get(place), Some(Some(_))))
        };
        known.owners.iter().filter(shown).map(|owner| cell_of(self.row(*owner), known.cell)).sum()
    }

    /// What `other` has: the entries of nobody, and of those without a label.
    fn without_label(&self) -> Row {
        let mut sum = *self.row(OwnerId::UNATTRIBUTED);
        add(&mut sum, self.row(OwnerId::OVERFLOW));
        for (place, _) in self.labels.iter().enumerate().filter(|(_, label)| label.is_none()) {
            add(&mut sum, self.row(OwnerId::of_device(place)));
        }
        sum
    }
}

fn cell_of(row: &Row, cell: usize) -> u64 {
    row.get(cell).copied().unwrap_or(0)
}

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
