//! What one output has handed over: which series its receiver holds, which are due to end, and what was lost.
//!
//! A series that was sent and has gone is sent once more as 0, so that no graph hangs at its last value; again, if the
//! kernel refused what carried it, within a bound. Each output keeps its own ledger, for what one receiver got says
//! nothing of another.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use crate::series::point::{Field, Point, Tags, Value};
use crate::series::schema::{FieldKind, Schema};
use crate::snapshot::{Part, Snapshot, by_output};

/// What an output has handed over since it began.
#[derive(Debug, Default)]
pub struct Ledger {
    /// What its figures are tagged with, so that they can be told from those of the first output.
    output: Option<&'static str>,
    /// By measurement.
    receivers: BTreeMap<&'static str, Holdings>,
    /// Datagrams that the kernel took.
    pub datagrams_sent: u64,
    /// Datagrams that it refused, or said later that nobody took; requests that were not acknowledged.
    pub send_errors: u64,
    /// What became of the snapshots of an output whose receiver acknowledges them; `None` of all others.
    pub acknowledged: Option<Acknowledged>,
}

/// What became of the snapshots that a receiver is to acknowledge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Acknowledged {
    /// Snapshots that the receiver has acknowledged, since the start.
    pub snapshots: u64,
    /// Those that it has refused, wholly or in part, and will never take.
    pub refused: u64,
    /// Those that were thrown out for want of room.
    pub lost: u64,
    /// Those that wait now.
    pub waiting: u64,
    /// The bytes of these, compressed.
    pub waiting_bytes: u64,
    /// Those that could not be written to the disk, and waited in memory.
    pub disk_errors: u64,
}

impl Acknowledged {
    fn fields(self) -> impl Iterator<Item = Field> {
        let Self { snapshots, refused, lost, waiting, waiting_bytes, disk_errors } = self;
        let figures = [snapshots, refused, lost, waiting, waiting_bytes, disk_errors].map(Value::count);
        by_output::ACKNOWLEDGED.into_iter().map(Into::into).zip(figures)
    }
}

/// The zeros that went with a snapshot: what it has ended. They are due again if it is lost.
#[derive(Clone, Debug, Default)]
pub struct Zeros(Vec<(&'static str, Vec<Held>)>);

impl Zeros {
    /// How many series that were.
    pub fn len(&self) -> usize {
        self.0.iter().map(|(_, series)| series.len()).sum()
    }

    /// Whether there were none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// How many series of one measurement may be due to end and have been in vain so far: as many as a snapshot has of
/// `connection_state` by default, should all of them end at once.
const ENDING_AT_MOST: usize = 8192;

/// What the receiver has of one measurement.
#[derive(Debug, Default)]
struct Holdings {
    /// The series that it holds above zero, as far as is known, in order.
    held: Vec<Held>,
    /// The zeros of the last snapshot that were handed over.
    zeros: Vec<Held>,
}

/// A series that the receiver holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Held {
    tags: Rc<Tags>,
    /// In how many snapshots it was sent as zero, which is in vain as long as it is held.
    zeros: u32,
    /// Which fields of [`Schema::ends_with_zero`] it has, a bit for each.
    fields: u64,
}

impl Ledger {
    /// A ledger whose figures carry the tag `output`, if any: every output but the first has its own point of
    /// `conntrack_exporter`.
    pub fn tagged(output: Option<&'static str>) -> Self {
        Self { output, ..Self::default() }
    }

    /// Its figures carry another tag from now on, or none.
    pub const fn tag(&mut self, output: Option<&'static str>) {
        self.output = output;
    }

    /// The points to send: those of the snapshot, zeros for what the receiver holds and the snapshot lacks, and in
    /// `conntrack_exporter` what only this output knows.
    pub fn complete(&self, snapshot: &Snapshot) -> Vec<Point> {
        let mut points = Vec::new();
        let mut lines = 0;
        for Part { schema, points: given, .. } in &snapshot.parts {
            let held = self.receivers.get(schema.name).map(|holdings| holdings.held.as_slice());
            let before = points.len();
            add_with_zeros(&mut points, schema, given, held.unwrap_or_default());
            if schema.name == by_output::COUNTED {
                lines = points.len() - before;
            }
        }
        for point in points.iter_mut().filter(|point| point.measurement == by_output::MEASUREMENT) {
            self.fill_in(point, lines);
        }
        points
    }

    /// What only the output knows of a snapshot. Of datagrams only those know that send some, of acknowledgements those
    /// that get some.
    fn fill_in(&self, point: &mut Point, lines: usize) {
        let figures = [
            (by_output::POINTS, Value::count(lines)),
            (by_output::DATAGRAMS_SENT, Value::count(self.datagrams_sent)),
            (by_output::SEND_ERRORS, Value::count(self.send_errors)),
        ];
        for (field, value) in &mut point.fields {
            if let Some((_, figure)) = figures.iter().find(|(name, _)| field == name) {
                *value = figure.clone();
            }
        }
        if let Some(acknowledged) = self.acknowledged {
            point.fields.retain(|(field, _)| field != by_output::DATAGRAMS_SENT);
            point.fields.extend(acknowledged.fields());
        }
        if let Some(output) = self.output {
            point.tags = Rc::new(point.tags.with(("output", output.into())));
        }
    }

    /// Takes note of what was handed over of `points`, which [`Ledger::complete`] gave for `snapshot`: `delivered`
    /// says it of each by its place. With `doubt`, what was handed over with the snapshot before may not have arrived
    /// after all, and its zeros are due again.
    pub fn confirm(
        &mut self,
        snapshot: &Snapshot,
        points: &[Point],
        delivered: impl Fn(usize) -> bool,
        doubt: bool,
    ) {
        // What is in doubt may be of any measurement, also of one that isn't due now.
        let zeros =
            self.receivers.iter_mut().map(|(name, holdings)| (*name, std::mem::take(&mut holdings.zeros)));
        let zeros: Vec<_> = zeros.filter(|_| doubt).collect();
        let parts = snapshot.parts.iter().map(|part| part.schema);
        for schema in parts.filter(|schema| !schema.ends_with_zero.is_empty()) {
            let places = points.iter().enumerate().filter(|(_, point)| point.measurement == schema.name);
            let outcome = places.map(|(place, point)| (point, delivered(place)));
            self.receivers.entry(schema.name).or_default().confirm(schema, outcome);
        }
        self.restore(Zeros(zeros));
    }

    /// The zeros that the snapshot that was confirmed last has ended series with.
    pub fn zeros(&self) -> Zeros {
        let zeros = self.receivers.iter().filter(|(_, holdings)| !holdings.zeros.is_empty());
        Zeros(zeros.map(|(name, holdings)| (*name, holdings.zeros.clone())).collect())
    }

    /// A snapshot that was confirmed has been lost after all: what it ended is due to end again.
    pub fn restore(&mut self, Zeros(zeros): Zeros) {
        for (name, zeros) in zeros {
            self.receivers.entry(name).or_default().hold(zeros);
        }
    }
}

impl Holdings {
    /// Points come in the order of their tags.
    fn confirm<'a>(&mut self, schema: &Schema, points: impl Iterator<Item = (&'a Point, bool)>) {
        let mut held = Vec::new();
        for (point, delivered) in points {
            let place = self.held.binary_search_by(|held| held.tags.cmp(&point.tags));
            let was_held = place.ok().and_then(|place| self.held.get(place));
            let zeros = was_held.map_or(0, |held| held.zeros).saturating_add(1);
            let holds = |zeros| Held { tags: Rc::clone(&point.tags), zeros, fields: ending(schema, point) };
            match (is_zero(schema, point), delivered) {
                (true, true) => self.zeros.push(holds(zeros)),
                (true, false) => held.push(holds(zeros)),
                (false, delivered) if delivered || was_held.is_some() => held.push(holds(0)),
                (false, _) => {}
            }
        }
        self.held = held;
        self.give_up_the_oldest();
    }

    /// The receiver may hold these after all.
    fn hold(&mut self, series: Vec<Held>) {
        self.held.extend(series);
        // What has come back since comes first of its tags.
        self.held.sort();
        self.held.dedup_by(|one, other| one.tags == other.tags);
        self.give_up_the_oldest();
    }

    /// Bounds the zeros that were in vain; those go first that have been so for longest.
    fn give_up_the_oldest(&mut self) {
        let mut ages: Vec<_> = self.held.iter().map(|held| held.zeros).filter(|zeros| *zeros > 0).collect();
        let surplus = ages.len().saturating_sub(ENDING_AT_MOST);
        if surplus == 0 {
            return;
        }
        ages.sort_unstable_by(|one, other| other.cmp(one));
        let Some(youngest) = ages.get(surplus - 1).copied() else { return };
        // Of the youngest that have to go only as many as are too many.
        let mut of_the_youngest = surplus - ages.iter().filter(|zeros| **zeros > youngest).count();
        self.held.retain(|held| {
            let goes = held.zeros > youngest || (held.zeros == youngest && of_the_youngest > 0);
            of_the_youngest -= usize::from(held.zeros == youngest && goes);
            !goes
        });
    }
}

/// The fields of `point` with which its series will end, a bit for each of [`Schema::ends_with_zero`].
fn ending(schema: &Schema, point: &Point) -> u64 {
    let has = |name: &str| point.fields.iter().any(|(field, _)| *field == name);
    let bits = schema.ends_with_zero.iter().zip(0_u32..).filter(|(name, _)| has(name));
    bits.fold(0, |fields, (_, bit)| fields | 1_u64.checked_shl(bit).unwrap_or_default())
}

/// Whether `point` is what a series of this measurement ends with.
fn is_zero(schema: &Schema, point: &Point) -> bool {
    point.fields.iter().all(|(name, value)| {
        schema.ends_with_zero.contains(&&**name) && matches!(value, Value::Integer(0) | Value::Float(0.0))
    })
}

/// What a series ends with that has these fields of [`Schema::ends_with_zero`].
fn zero(schema: &Schema, fields: u64) -> Vec<Field> {
    let names = schema.ends_with_zero.iter().zip(0_u32..);
    let kept = names.filter(|(_, bit)| fields.checked_shr(*bit).unwrap_or_default() & 1 == 1);
    kept.map(|(name, _)| ((*name).into(), zero_of(schema, name))).collect()
}

/// Zero, in the type of a field.
fn zero_of(schema: &Schema, name: &str) -> Value {
    match schema.fields.iter().find(|field| field.name == name).map(|field| field.kind) {
        Some(FieldKind::Float) => Value::Float(0.0),
        _ => Value::Integer(0),
    }
}

/// Adds the given points, and zeros for those series of `held` that they lack; both are in the order of their tags.
fn add_with_zeros(points: &mut Vec<Point>, schema: &Schema, given: &[Point], held: &[Held]) {
    let ended = |held: &Held| Point {
        measurement: schema.name,
        tags: Rc::clone(&held.tags),
        fields: zero(schema, held.fields),
        age: Duration::ZERO,
    };
    let mut gone = held.iter().peekable();
    for point in given {
        while let Some(held) = gone.next_if(|held| held.tags < point.tags) {
            points.push(ended(held));
        }
        gone.next_if(|held| held.tags == point.tags);
        points.push(point.clone());
    }
    points.extend(gone.map(ended));
}

#[cfg(test)]
mod tests;
