//! Points of what was counted per owner and cell: one for every device and cell that counts anything.

use super::Tick;
use crate::attribution::labels::OwnerTags;
use crate::census::cells::Cells;
use crate::census::per_owner::PerOwner;
use crate::series::Series;
use crate::series::limit::{Row, SeriesLimit};
use crate::series::point::Value;

/// Counts, and how they go out.
#[derive(Debug)]
pub struct CountedCells<'a, const N: usize, M> {
    /// What each owner has.
    pub counts: &'a PerOwner<Cells<N>>,
    /// The tags of a cell, beside those of the owner.
    pub meaning: M,
    /// The field that carries the count.
    pub field: &'static str,
}

/// What became of the counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// How much went to `other` because its series found no room.
    pub surplus: u64,
    /// How many series that were.
    pub series_overflow: u64,
    /// Devices with a point of their own.
    pub devices: usize,
}

/// A cell and its count.
type Counted = (usize, u32);

impl<const N: usize, M, const T: usize> CountedCells<'_, N, M>
where
    M: Fn(usize) -> [(&'static str, &'static str); T],
{
    /// Gives the points. Those of devices are at most `limits.max_series`; what finds no room goes to `other`, so that
    /// the sum stays true. The router and `other` are outside of the limit.
    pub fn report(&self, tick: &Tick<'_>, limit: &mut SeriesLimit, out: &mut Series<'_>) -> Outcome {
        let of_devices = tick.owners.devices.iter().flat_map(|of| self.rows(of, &self.sum(of), out));
        let (kept, surplus) = limit.apply(tick.limits.max_series, of_devices.collect());
        // In order of tags those of one name lie side by side.
        let mut shown: Vec<_> = kept.iter().map(|(tags, _)| tags.own("device_name")).collect();
        shown.dedup();
        let devices = shown.len();
        let (router, mut other) = (self.sum(&tick.owners.router), self.sum(&tick.owners.other));
        for (_, (cell, count)) in &surplus {
            other.add(*cell, *count);
        }
        let mut left_out: Vec<_> = surplus.iter().map(|(tags, _)| tags).collect();
        left_out.dedup();
        let series_overflow = left_out.len().try_into().unwrap_or(u64::MAX);
        let surplus = surplus.iter().map(|(_, (_, count))| u64::from(*count)).sum();
        let router = self.rows(&tick.owners.router, &router, out);
        let other = self.rows(&tick.owners.other, &other, out);
        for (tags, (_, count)) in kept.into_iter().chain(router).chain(other) {
            out.push(tags, vec![(self.field, Value::count(count))]);
        }
        Outcome { surplus, series_overflow, devices }
    }

    fn sum(&self, of: &OwnerTags) -> Cells<N> {
        Cells::sum(self.counts.rows(&of.owners))
    }

    /// A row for every cell that counts anything.
    fn rows(&self, of: &OwnerTags, cells: &Cells<N>, out: &Series<'_>) -> Vec<Row<Counted>> {
        let row = |counted: Counted| (out.tags(&of.tags, &(self.meaning)(counted.0)), counted);
        cells.counted().map(row).collect()
    }
}
